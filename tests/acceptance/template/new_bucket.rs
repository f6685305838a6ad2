//! The state bucket that the template makes where it is asked to: what it keeps, and what its policy denies.

use serde_json::{Value, json};

use super::cloudformation::{Stack, template};
use super::iam::Policy;

const BUCKET_ARN: &str = "arn:aws:s3:::acme-tf-state";
const LOCK_FILE: &str = "arn:aws:s3:::acme-tf-state/prod/terraform.tfstate.tflock";
const STATE: &str = "arn:aws:s3:::acme-tf-state/prod/terraform.tfstate";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/NewStateKey";

fn stack() -> Stack {
    Stack::with(&[("NewStateBucketName", "acme-tf-state")])
}

fn properties(id: &str) -> Value {
    stack().properties(id).unwrap()
}

#[test]
fn the_bucket_keeps_versions_encrypts_with_its_key_and_is_nobodys_elses() {
    let bucket = properties("NewStateBucket");
    assert_eq!(bucket["BucketName"], "acme-tf-state");
    assert_eq!(
        bucket["VersioningConfiguration"],
        json!({"Status": "Enabled"})
    );
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"];
    assert_eq!(
        *encryption,
        json!([{"BucketKeyEnabled": true, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}])
    );
    let blocked = bucket["PublicAccessBlockConfiguration"]
        .as_object()
        .unwrap();
    assert!(blocked.len() == 4 && blocked.values().all(|blocked| blocked == true));
    assert_eq!(
        bucket["OwnershipControls"],
        json!({"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    );
    assert_eq!(properties("NewStateKey")["EnableKeyRotation"], true);
}

#[test]
fn old_lock_files_go_soon_and_old_states_late_and_the_last_of_each_never() {
    let bucket = properties("NewStateBucket");
    let rules = bucket["LifecycleConfiguration"]["Rules"]
        .as_array()
        .unwrap();
    let expiring = rules.iter().filter_map(|rule| {
        let expiry = rule.get("NoncurrentVersionExpiration")?;
        let below = rule.get("ObjectSizeLessThan").and_then(Value::as_str);
        Some((
            below,
            expiry["NoncurrentDays"].as_i64()?,
            expiry["NewerNoncurrentVersions"].as_i64()?,
        ))
    });
    assert_eq!(
        expiring.collect::<Vec<_>>(),
        [(Some("1024"), 14, 20), (None, 400, 20)]
    );
    let kept = template()["Parameters"]["LedgerRetentionDays"]["Default"].as_i64();
    assert_eq!(kept, Some(400), "as long as the audit log");
    assert!(rules.iter().all(|rule| rule["Status"] == "Enabled"));
    assert!(
        rules
            .iter()
            .all(|rule| rule.get("ExpirationInDays").is_none()),
        "nothing that is current expires"
    );
    let left_over = rules.last().unwrap();
    assert_eq!(
        left_over["AbortIncompleteMultipartUpload"],
        json!({"DaysAfterInitiation": 7})
    );
    // S3 refuses this together with a size.
    assert_eq!(
        (
            &left_over["ExpiredObjectDeleteMarker"],
            left_over.get("ObjectSizeLessThan")
        ),
        (&json!(true), None)
    );
}

fn policy() -> Policy {
    Policy::of_resource(&stack(), "NewStateBucketPolicy")
}

const TLS: (&str, &str) = ("aws:SecureTransport", "true");
const NONE_THERE: (&str, &str) = ("s3:if-none-match", "*");

#[test]
fn the_bucket_is_reached_by_tls_only() {
    let policy = policy();
    let plain = [("aws:SecureTransport", "false")];
    for (action, on) in [
        ("s3:ListBucket", BUCKET_ARN),
        ("s3:GetObject", STATE),
        ("s3:PutObject", LOCK_FILE),
    ] {
        assert!(policy.denies(action, on, &plain), "{action}");
        assert!(!policy.denies(action, on, &[TLS, NONE_THERE]), "{action}");
    }
}

#[test]
fn a_state_is_encrypted_with_kms_whatever_the_backend_says() {
    let policy = policy();
    let asks_for = |algorithm| {
        policy.denies(
            "s3:PutObject",
            STATE,
            &[TLS, ("s3:x-amz-server-side-encryption", algorithm)],
        )
    };
    assert!(asks_for("AES256") && !asks_for("aws:kms"));
    assert!(
        !policy.denies("s3:PutObject", STATE, &[TLS]),
        "the bucket's default is right"
    );
}

#[test]
fn a_lock_file_is_written_only_where_none_is() {
    let policy = policy();
    assert!(policy.denies("s3:PutObject", LOCK_FILE, &[TLS]));
    assert!(!policy.denies("s3:PutObject", LOCK_FILE, &[TLS, NONE_THERE]));
    assert!(
        !policy.denies("s3:PutObject", STATE, &[TLS]),
        "states are overwritten all the time"
    );
}

/// Terraform's `unlockWithFile` and OpenTofu's `s3Unlock` delete without `If-Match`.
#[test]
fn lockwarden_deletes_by_etag_only_and_terraform_still_unlocks() {
    let policy = policy();
    let deletes = |role: &str, action, context: &[(&str, &str)]| {
        let principal = format!("arn:aws:iam::111122223333:role/{role}");
        let context = [&[TLS, ("aws:PrincipalArn", &*principal)], context].concat();
        !policy.denies(action, LOCK_FILE, &context)
    };
    let by_etag = [("s3:if-match", "6805f2cfc46c0f04559748bb039d69ae")];
    assert!(deletes("ci", "s3:DeleteObject", &[]));
    assert!(!deletes("ApproveRole", "s3:DeleteObject", &[]));
    assert!(!deletes("ApproveRole", "s3:DeleteObjectVersion", &[]));
    assert!(deletes("ApproveRole", "s3:DeleteObject", &by_etag));
}
