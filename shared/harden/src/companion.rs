//! A lock table and a state bucket with all safeguards, as Terraform code to keep beside the backend.

use crate::config::Config;

/// The code for the table and the bucket of an S3 backend; `None` where the bucket's name is not known or not Amazon's.
pub(crate) fn for_backend(config: &Config) -> Option<String> {
    let bucket = config.text("bucket").filter(|name| is_bucket_name(name))?;
    if config.backend != "s3" || config.has_own_endpoint() {
        return None;
    }
    let table = config
        .text("dynamodb_table")
        .or_else(|| config.text("lock_table"));
    let table = table
        .filter(|name| is_table_name(name))
        .map(table_code)
        .unwrap_or_default();
    Some(format!(
        "{}{}{table}",
        HEAD,
        BUCKET.replace("BUCKET_NAME", bucket)
    ))
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

fn table_code(name: &str) -> String {
    TABLE.replace("TABLE_NAME", name)
}

const HEAD: &str = r#"# What the backend stands on, with every safeguard. Keep it in a configuration of its own, since a bucket should not hold
# the only description of itself. The `import` blocks (Terraform 1.5) take over what exists; remove them for what does
# not. Read the plan before you apply it: nothing may be replaced, and what it would take away (tags, indexes of the table)
# belongs into this file first.

# Before the bucket and the table use this key, give every role that runs Terraform kms:Decrypt, kms:Encrypt and
# kms:GenerateDataKey on it: without them the next run cannot read its state or take its lock.
resource "aws_kms_key" "terraform_state" {
  description         = "Terraform state and its locks"
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
      kms_master_key_id = aws_kms_key.terraform_state.arn
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

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.terraform_state.arn
  }

  lifecycle {
    prevent_destroy = true
  }
}
"#;
