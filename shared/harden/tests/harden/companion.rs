//! The code for the bucket and the table.

use std::collections::BTreeSet;

use hcl_edit::structure::{Block, BlockLabel, Body};
use regex::Regex;

use crate::{read, s3_with};

#[test]
fn the_companion_has_every_safeguard_of_table_and_bucket() {
    let text = s3_with("dynamodb_table = \"locks\"");
    let companion = read(&text).companion.unwrap();
    for needed in [
        "id = \"acme-tf-state\"",
        "bucket = \"acme-tf-state\"",
        "status = \"Enabled\"",
        "sse_algorithm     = \"aws:kms\"",
        "restrict_public_buckets = true",
        "aws:SecureTransport",
        "name                        = \"locks\"",
        "hash_key                    = \"LockID\"",
        "deletion_protection_enabled = true",
        "point_in_time_recovery",
        "server_side_encryption {",
    ] {
        assert!(companion.contains(needed), "{needed}");
    }
    let without_table = read(&s3_with("")).companion.unwrap();
    assert!(!without_table.contains("dynamodb"));
    for unknown in [
        s3_with("bucket = local.bucket"),
        s3_with("bucket = \"x\\\" }\""),
        s3_with("endpoints = { s3 = \"https://minio.example.com\" }"),
    ] {
        assert_eq!(read(&unknown).companion, None);
    }
    let odd_table = read(&s3_with("dynamodb_table = \"a\\\"b\""))
        .companion
        .unwrap();
    assert!(!odd_table.contains("dynamodb"));
}

/// The arguments and blocks that the documentation of the AWS provider lists, as far as the companion needs them.
///
/// Source: hashicorp/terraform-provider-aws, `website/docs/r/TYPE.html.markdown` and, for the policy document,
/// `website/docs/d/`; v6.68.0 for `s3_bucket_versioning`, the latest stored page for the others. The provider itself is not
/// asked: it cannot be had without a download.
const DOCUMENTED: [(&str, &[&str]); 11] = [
    ("aws_kms_key", &["description", "enable_key_rotation"]),
    ("data.aws_kms_key", &["key_id"]),
    ("aws_s3_bucket", &["bucket"]),
    (
        "aws_s3_bucket_versioning",
        &[
            "bucket",
            "versioning_configuration",
            "versioning_configuration.status",
        ],
    ),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        &[
            "bucket",
            "rule",
            "rule.bucket_key_enabled",
            "rule.apply_server_side_encryption_by_default",
            "rule.apply_server_side_encryption_by_default.sse_algorithm",
            "rule.apply_server_side_encryption_by_default.kms_master_key_id",
        ],
    ),
    (
        "aws_s3_bucket_public_access_block",
        &[
            "bucket",
            "block_public_acls",
            "block_public_policy",
            "ignore_public_acls",
            "restrict_public_buckets",
        ],
    ),
    (
        "data.aws_iam_policy_document",
        &[
            "statement",
            "statement.sid",
            "statement.effect",
            "statement.actions",
            "statement.resources",
            "statement.principals",
            "statement.principals.type",
            "statement.principals.identifiers",
            "statement.condition",
            "statement.condition.test",
            "statement.condition.variable",
            "statement.condition.values",
        ],
    ),
    ("aws_s3_bucket_policy", &["bucket", "policy"]),
    (
        "aws_dynamodb_table",
        &[
            "name",
            "billing_mode",
            "hash_key",
            "deletion_protection_enabled",
            "attribute",
            "attribute.name",
            "attribute.type",
            "point_in_time_recovery",
            "point_in_time_recovery.enabled",
            "server_side_encryption",
            "server_side_encryption.enabled",
            "server_side_encryption.kms_key_arn",
            "ttl",
            "ttl.attribute_name",
            "ttl.enabled",
        ],
    ),
    // Terraform's own: `internal/configs/resource.go: resourceBlockSchema` and `named_values.go: variableBlockSchema`.
    ("lifecycle", &["prevent_destroy"]),
    ("variable", &["type"]),
];

/// A companion for each way to name a key.
pub(crate) fn companions() -> [String; 3] {
    [
        "-kms_key_id",
        "kms_key_id = \"alias/state\"",
        "kms_key_id = local.key",
    ]
    .map(|key| {
        let text = s3_with(&format!("dynamodb_table = \"locks\"\n{key}"));
        read(&text).companion.unwrap()
    })
}

#[test]
fn the_companion_says_nothing_that_the_provider_does_not_document() {
    let mut types = BTreeSet::from(["lifecycle"]);
    for companion in companions() {
        let body: Body = companion.parse().unwrap();
        for block in body.blocks() {
            let label = block.labels.first().map_or("", |label| label.as_str());
            let kind = match block.ident.as_str() {
                "import" => continue,
                "variable" => "variable".to_owned(),
                "data" => format!("data.{label}"),
                "resource" => label.to_owned(),
                other => panic!("{other}"),
            };
            types.insert(documented(&kind).0);
            let mut names = Vec::new();
            names_in(block, "", &mut names);
            for name in names {
                assert!(
                    documented(&kind).1.contains(&name.as_str()),
                    "{kind}: {name}"
                );
            }
        }
    }
    assert_eq!(types.len(), DOCUMENTED.len(), "{types:?}");
}

/// Every reference is to something that the code has: Terraform would say so only with the provider at hand.
#[test]
fn the_companion_refers_to_nothing_that_is_not_in_it() {
    let reference = Regex::new(r"\b(?:data\.)?aws_[a-z0-9_]+\.[a-z_]+|\bvar\.[a-z_]+").unwrap();
    for companion in companions() {
        let body: Body = companion.parse().unwrap();
        let mut there: Vec<String> = Vec::new();
        for block in body.blocks() {
            let labels: Vec<&str> = block.labels.iter().map(BlockLabel::as_str).collect();
            match block.ident.as_str() {
                "resource" => there.push(labels.join(".")),
                "variable" => there.push(format!("var.{}", labels[0])),
                _ => there.push(format!("data.{}", labels.join("."))),
            }
        }
        let references: Vec<&str> = reference
            .find_iter(&companion)
            .map(|found| found.as_str())
            .collect();
        assert!(references.len() > 8, "{references:?}");
        for reference in references {
            assert!(there.iter().any(|name| name == reference), "{reference}");
        }
    }
}

#[test]
fn the_key_of_the_backend_is_that_of_bucket_and_table() {
    let companion = |lines: &str| {
        let text = s3_with(&format!("dynamodb_table = \"locks\"\n{lines}"));
        read(&text).companion.unwrap()
    };
    let own = "arn:aws:kms:eu-west-1:123456789012:key/mrk-0a1b2c3d";
    for name in ["alias/state", own, "0a1b2c3d-5b1a-7c2d-9e8f-1a2b3c4d5e6f"] {
        let named = companion(&format!("kms_key_id = \"{name}\""));
        assert!(named.contains(&format!("key_id = \"{name}\"\n")), "{named}");
        assert_eq!(
            named
                .matches("= data.aws_kms_key.terraform_state.arn")
                .count(),
            2
        );
        assert!(!named.contains("resource \"aws_kms_key\""), "{named}");
    }
    for unknown in ["local.key", "\"a\\\" b\"", "\"alias/é\""] {
        let asks = companion(&format!("kms_key_id = {unknown}"));
        assert!(asks.contains("key_id = var.kms_key_id\n"), "{asks}");
        assert_eq!(
            asks.matches("= data.aws_kms_key.terraform_state.arn")
                .count(),
            2
        );
    }
    let of_s3 = companion("kms_key_id = \"alias/aws/s3\"");
    assert!(
        of_s3.contains("key_id = \"alias/aws/s3\"\n") && !of_s3.contains("kms_key_arn ="),
        "{of_s3}"
    );
    // Without one, the table needs none of its own.
    for none in ["-kms_key_id", "kms_key_id = \"\""] {
        let made = companion(none);
        assert!(
            made.contains("description         = \"Terraform states in acme-tf-state\""),
            "{made}"
        );
        assert_eq!(made.matches("= aws_kms_key.terraform_state.arn").count(), 1);
        assert!(!made.contains("kms_key_arn ="), "{made}");
    }
    // Without a table, nothing is said of one.
    assert!(
        !read(&s3_with(""))
            .companion
            .unwrap()
            .contains("kms_key_arn")
    );
}

#[test]
fn a_name_that_is_a_word_of_the_code_is_still_a_name() {
    let text = s3_with("dynamodb_table = \"ENCRYPTION\"\nkms_key_id = \"alias/BUCKET_NAME\"");
    let companion = read(&text).companion.unwrap();
    assert!(companion.contains("id = \"ENCRYPTION\""), "{companion}");
    assert!(
        companion.contains("key_id = \"alias/BUCKET_NAME\""),
        "{companion}"
    );
}

fn documented(kind: &str) -> (&'static str, &'static [&'static str]) {
    *DOCUMENTED.iter().find(|(known, _)| *known == kind).unwrap()
}

/// The dotted names of all arguments and blocks, those of `lifecycle` aside, which are looked up at once.
fn names_in(block: &Block, prefix: &str, names: &mut Vec<String>) {
    for attribute in block.body.attributes() {
        names.push(format!("{prefix}{}", attribute.key.as_str()));
    }
    for inner in block.body.blocks() {
        let name = inner.ident.as_str();
        if name == "lifecycle" {
            let mut own = Vec::new();
            names_in(inner, "", &mut own);
            assert_eq!(own, documented("lifecycle").1);
        } else {
            names.push(format!("{prefix}{name}"));
            names_in(inner, &format!("{prefix}{name}."), names);
        }
    }
}
