//! The code for the bucket and the table.

use std::collections::BTreeSet;

use hcl_edit::structure::{Block, Body};

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
const DOCUMENTED: [(&str, &[&str]); 9] = [
    ("aws_kms_key", &["description", "enable_key_rotation"]),
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
        "aws_iam_policy_document",
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
        ],
    ),
    // Terraform's own: `internal/configs/resource.go: resourceBlockSchema`.
    ("lifecycle", &["prevent_destroy"]),
];

#[test]
fn the_companion_says_nothing_that_the_provider_does_not_document() {
    let companion = read(&s3_with("dynamodb_table = \"locks\""))
        .companion
        .unwrap();
    let body: Body = companion.parse().unwrap();
    let mut types = BTreeSet::from(["lifecycle"]);
    for block in body.blocks() {
        match block.ident.as_str() {
            "resource" | "data" => {
                let kind = block.labels[0].as_str();
                types.insert(documented(kind).0);
                let mut names = Vec::new();
                names_in(block, "", &mut names);
                for name in names {
                    assert!(
                        documented(kind).1.contains(&name.as_str()),
                        "{kind}: {name}"
                    );
                }
            }
            other => assert_eq!(other, "import"),
        }
    }
    assert_eq!(types.len(), DOCUMENTED.len(), "{types:?}");
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
