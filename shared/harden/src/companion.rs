//! A lock table and a state bucket with all safeguards, as Terraform code to keep beside the backend.

use crate::config::Config;

/// The code for the table and the bucket of an S3 backend; `None` where the bucket's name is not known or not Amazon's.
///
/// It goes with any backend, also one without findings: how its bucket and table are made, no backend block shows. It says what
/// the template says of the stores that it makes (`NewStateBucket`, `NewLockTable`), but for what could stop the runs of others
/// in a bucket that is in use: no encryption is refused, nothing is deleted by age, and no ACL is switched off.
pub(crate) fn for_backend(config: &Config) -> Option<String> {
    let bucket = config.text("bucket").filter(|name| is_bucket_name(name))?;
    if config.backend != "s3" || config.has_own_endpoint() {
        return None;
    }
    let table = config
        .text("dynamodb_table")
        .or_else(|| config.text("lock_table"));
    let key = Key::of(config);
    let table_code = table
        .filter(|name| is_table_name(name))
        .map(|name| {
            // The name comes last: it may be any of the words that stand for something here.
            TABLE
                .replace("ENCRYPTION", key.of_table())
                .replace("TABLE_NAME", name)
        })
        .unwrap_or_default();
    let bucket_code = BUCKET
        .replace("KEY_ARN", key.arn())
        .replace("BUCKET_NAME", bucket);
    Some(format!(
        "{HEAD}{}{bucket_code}{table_code}",
        key.code(bucket)
    ))
}

/// The KMS key of the state.
enum Key<'a> {
    /// The backend names it.
    Named(&'a str),
    /// The backend has one, and what it is called only Terraform or Terragrunt can work out.
    Unknown,
    /// The backend has none.
    New,
}

impl<'a> Key<'a> {
    fn of(config: &'a Config) -> Self {
        if !config.has("kms_key_id") {
            return Self::New;
        }
        let name = config.text("kms_key_id").filter(|name| is_key_name(name));
        name.map_or(Self::Unknown, Self::Named)
    }

    /// What it is, as code.
    fn code(&self, bucket: &str) -> String {
        match self {
            Self::Named(name) => NAMED_KEY.replace("KEY_NAME", name),
            Self::Unknown => UNKNOWN_KEY.to_owned(),
            Self::New => NEW_KEY.replace("BUCKET_NAME", bucket),
        }
    }

    fn arn(&self) -> &'static str {
        match self {
            Self::Named(_) | Self::Unknown => "data.aws_kms_key.terraform_state.arn",
            Self::New => "aws_kms_key.terraform_state.arn",
        }
    }

    /// What encrypts the table. Where nobody chose a key, AWS's own is enough, as in the template: a lock record holds no secret, and
    /// a key that some role may not use would keep it from locking.
    fn of_table(&self) -> &'static str {
        match self {
            // What AWS has made for one service, no other can use.
            Self::Named(name) if name.contains("alias/aws/") => TABLE_WITHOUT_KEY,
            Self::Named(_) | Self::Unknown => TABLE_WITH_KEY,
            Self::New => TABLE_WITHOUT_KEY,
        }
    }
}

/// AWS documentation, KMS `DescribeKey`: an ID, an ARN, an alias or the ARN of an alias.
fn is_key_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_:/-".contains(&byte);
    (1..=2048).contains(&name.len()) && name.bytes().all(allowed)
}

/// AWS documentation, "General purpose bucket naming rules".
fn is_bucket_name(name: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
    };
    (3..=63).contains(&name.len()) && name.bytes().all(allowed)
}

/// AWS documentation, "Supported data types and naming rules in Amazon DynamoDB".
fn is_table_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (3..=255).contains(&name.len()) && name.bytes().all(allowed)
}

const HEAD: &str = r#"# What the backend stands on, with every safeguard. Keep it in a configuration of its own, since a bucket should not hold
# the only description of itself. The `import` blocks (Terraform 1.5) take over what exists; remove them for what does
# not. Read the plan before you apply it: nothing may be replaced, and what it would take away (tags, indexes of the table)
# belongs into this file first.
"#;

const NAMED_KEY: &str = r#"
# The key of the backend.
data "aws_kms_key" "terraform_state" {
  key_id = "KEY_NAME"
}
"#;

const UNKNOWN_KEY: &str = r#"
# The key of the backend, whose `kms_key_id` is worked out where it stands.
variable "kms_key_id" {
  type = string
}

data "aws_kms_key" "terraform_state" {
  key_id = var.kms_key_id
}
"#;

const NEW_KEY: &str = r#"
# A key for the states. Give every role that runs Terraform kms:Decrypt, kms:Encrypt and kms:GenerateDataKey on it, and then its
# ARN to each backend as `kms_key_id`: `encrypt = true` alone asks for S3's own key, whatever the bucket's default is.
resource "aws_kms_key" "terraform_state" {
  description         = "Terraform states in BUCKET_NAME"
  enable_key_rotation = true

  lifecycle {
    prevent_destroy = true
  }
}
"#;

const BUCKET: &str = r#"
import {
  to = aws_s3_bucket.terraform_state
  id = "BUCKET_NAME"
}

resource "aws_s3_bucket" "terraform_state" {
  bucket = "BUCKET_NAME"

  lifecycle {
    prevent_destroy = true
  }
}

# A broken or deleted state can be brought back.
resource "aws_s3_bucket_versioning" "terraform_state" {
  bucket = aws_s3_bucket.terraform_state.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "terraform_state" {
  bucket = aws_s3_bucket.terraform_state.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = KEY_ARN
    }
  }
}

resource "aws_s3_bucket_public_access_block" "terraform_state" {
  bucket = aws_s3_bucket.terraform_state.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "terraform_state" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.terraform_state.arn, "${aws_s3_bucket.terraform_state.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  # Terraform and OpenTofu write a lock file only where none is. So must everybody else.
  statement {
    sid       = "NobodyOverwritesALock"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.terraform_state.arn}/*.tflock"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:if-none-match"
      values   = ["true"]
    }
  }
}

# This replaces the bucket's policy: put statements that it has already into the document above.
resource "aws_s3_bucket_policy" "terraform_state" {
  bucket = aws_s3_bucket.terraform_state.id
  policy = data.aws_iam_policy_document.terraform_state.json
}
"#;

const TABLE: &str = r#"
import {
  to = aws_dynamodb_table.terraform_locks
  id = "TABLE_NAME"
}

resource "aws_dynamodb_table" "terraform_locks" {
  name                        = "TABLE_NAME"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "LockID"
  deletion_protection_enabled = true

  attribute {
    name = "LockID"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

ENCRYPTION

  # Nothing that Terraform or OpenTofu writes has this attribute, so by itself it ends no lock. A table has one such attribute: if
  # it has another already, keep that.
  ttl {
    attribute_name = "TimeToExist"
    enabled        = true
  }

  lifecycle {
    prevent_destroy = true
  }
}
"#;

const TABLE_WITH_KEY: &str = r"  # Before you apply this, give every role that runs Terraform kms:Decrypt, kms:Encrypt and kms:GenerateDataKey on the key for
  # DynamoDB too, and name it in Lockwarden's KmsKeyArns: who may not use it cannot lock. Without `kms_key_arn` it is AWS's own
  # key, which is enough for a lock record and needs no rights.
  server_side_encryption {
    enabled     = true
    kms_key_arn = data.aws_kms_key.terraform_state.arn
  }";

const TABLE_WITHOUT_KEY: &str = r"  # AWS's own key is enough: a lock record names a state and a holder and holds no secret.
  server_side_encryption {
    enabled = true
  }";
