//! The stores that the template makes where it is asked to: watched, there to stay, and told how to use. What the bucket lets happen is
//! in `new_bucket`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use lockwarden_core::settings::SweepSettings;
use lockwarden_harden::{Options, harden};

use super::cloudformation::{Stack, template};
use super::iam::Policy;

const BUCKET: (&str, &str) = ("NewStateBucketName", "acme-tf-state");
const TABLE: (&str, &str) = ("NewLockTableName", "tf-locks");
const MADE: [&str; 4] = [
    "NewStateKey",
    "NewStateBucket",
    "NewStateBucketPolicy",
    "NewLockTable",
];
const BUCKET_ARN: &str = "arn:aws:s3:::acme-tf-state";
const LOCK_FILE: &str = "arn:aws:s3:::acme-tf-state/prod/terraform.tfstate.tflock";
const STATE: &str = "arn:aws:s3:::acme-tf-state/prod/terraform.tfstate";
const TABLE_ARN: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/tf-locks";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/NewStateKey";

fn both() -> Stack {
    Stack::with(&[BUCKET, TABLE])
}

fn properties(id: &str) -> Value {
    both().properties(id).unwrap()
}

fn stores(parameters: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let given = Stack::with(parameters).environment("SweepFunction");
    let settings = SweepSettings::read(|name| given.get(name).cloned(), lockwarden_policy::read)
        .unwrap()
        .common;
    let tables = settings.tables.iter().map(|table| table.name.clone());
    let buckets = settings.buckets.iter().map(|bucket| bucket.name.clone());
    (tables.collect(), buckets.collect())
}

#[test]
fn nothing_is_made_until_it_is_asked_for() {
    let made = |parameters: &[(&str, &str)]| {
        let stack = Stack::with(parameters);
        let mut made = MADE.to_vec();
        made.retain(|id| stack.properties(id).is_some());
        made
    };
    assert!(
        made(&[
            ("LockTableNames", "a-locks"),
            ("StateBucketNames", "a-state")
        ])
        .is_empty()
    );
    assert_eq!(made(&[BUCKET]), MADE[..3]);
    assert_eq!(made(&[TABLE]), MADE[3..]);
    assert_eq!(made(&[BUCKET, TABLE]), MADE);
}

#[test]
fn what_is_made_outlives_the_stack() {
    let resources = &template()["Resources"];
    for id in MADE {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(resources[id][policy], "Retain", "{id}");
        }
    }
    assert_eq!(
        properties("NewLockTable")["DeletionProtectionEnabled"],
        true
    );
}

#[test]
fn what_is_made_is_watched_beside_what_is_named() {
    let [a, b] = [
        ("LockTableNames", "a-locks,b-locks"),
        ("StateBucketNames", "a-state,b-state"),
    ];
    let names = |list: &[&str]| {
        list.iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    for (given, tables, buckets) in [
        (&[TABLE][..], &["tf-locks"][..], &[][..]),
        (&[BUCKET], &[], &["acme-tf-state"]),
        (&[BUCKET, TABLE], &["tf-locks"], &["acme-tf-state"]),
        (&[a, TABLE], &["a-locks", "b-locks", "tf-locks"], &[]),
        (&[b, BUCKET], &[], &["a-state", "b-state", "acme-tf-state"]),
        (&[a, BUCKET], &["a-locks", "b-locks"], &["acme-tf-state"]),
    ] {
        assert_eq!(stores(given), (names(tables), names(buckets)), "{given:?}");
        assert_eq!(Stack::with(given).objections(), [""; 0]);
    }
}

#[test]
fn both_roles_reach_what_is_made_as_they_reach_what_is_named() {
    let named = [
        ("LockTableNames", "tf-locks"),
        ("StateBucketNames", "acme-tf-state"),
        ("KmsKeyArns", KEY),
    ];
    let more = [
        BUCKET,
        TABLE,
        ("LockTableNames", "a-locks"),
        ("StateBucketNames", "a-state"),
        ("KmsKeyArns", "arn:aws:kms:eu-west-1:111122223333:key/a"),
    ];
    for role in ["SweepRole", "ApproveRole"] {
        let rights = |parameters: &[(&str, &str)]| {
            let policy = Policy::of_role(&Stack::with(parameters), role);
            [TABLE_ARN, BUCKET_ARN, LOCK_FILE, STATE, KEY].map(|on| policy.actions_on(on).join(" "))
        };
        assert_eq!(rights(&[BUCKET, TABLE]), rights(&named), "{role}");
        assert_eq!(rights(&more), rights(&named), "{role}, beside others");
        let policy = Policy::of_role(&Stack::with(&more), role);
        assert!(policy.may(
            "dynamodb:GetItem",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/a-locks",
            &[]
        ));
        assert!(policy.may("s3:GetObject", "arn:aws:s3:::a-state/x.tflock", &[]));
    }
    let approve = Policy::of_role(&both(), "ApproveRole");
    let of_digest = [(
        "dynamodb:LeadingKeys",
        "acme-tf-state/prod/terraform.tfstate-md5",
    )];
    assert!(!approve.may("dynamodb:DeleteItem", TABLE_ARN, &of_digest));
}

#[test]
fn a_prefix_goes_with_the_bucket_that_is_made_and_with_no_second_one() {
    let prefix = ("StateKeyPrefix", "prod/");
    let stack = Stack::with(&[BUCKET, prefix]);
    assert_eq!(stack.objections(), [""; 0]);
    assert_eq!(
        stack.environment("SweepFunction")["STATE_BUCKETS"],
        "acme-tf-state/prod/"
    );
    let two = Stack::with(&[BUCKET, prefix, ("StateBucketNames", "a-state")]);
    assert!(two.objections()[0].starts_with("StateKeyPrefix goes with exactly one bucket."));
    let none = Stack::with(&[TABLE, prefix]);
    assert!(none.objections()[0].starts_with("StateKeyPrefix goes with a bucket."));
}

/// Terraform's `lockWithDynamoDB` (`s3/client.go`) writes and reads by this key alone.
#[test]
fn the_table_is_one_that_terraform_locks_with() {
    let table = properties("NewLockTable");
    assert_eq!(
        table["KeySchema"],
        json!([{"AttributeName": "LockID", "KeyType": "HASH"}])
    );
    assert_eq!(
        table["AttributeDefinitions"],
        json!([{"AttributeName": "LockID", "AttributeType": "S"}])
    );
    assert_eq!(table["TableName"], "tf-locks");
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(
        table["PointInTimeRecoverySpecification"],
        json!({"PointInTimeRecoveryEnabled": true})
    );
    assert_eq!(table["SSESpecification"], json!({"SSEEnabled": true}));
    assert_eq!(
        table["TimeToLiveSpecification"],
        json!({"AttributeName": "TimeToExist", "Enabled": true})
    );
}

#[test]
fn the_backend_block_is_printed_as_it_has_to_be_written() {
    let block = |stack: &Stack| {
        stack
            .output("BackendBlock")
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_snapshot!(block(&Stack::with(&[BUCKET])), @r#"
    terraform {
      backend "s3" {
        bucket       = "acme-tf-state"
        key          = "CHANGE-ME/terraform.tfstate"
        region       = "eu-west-1"
        encrypt      = true
        kms_key_id   = "arn:aws:kms:eu-west-1:111122223333:key/NewStateKey"
        use_lockfile = true
      }
    }
    "#);
    assert_snapshot!(block(&both()), @r#"
    terraform {
      backend "s3" {
        bucket       = "acme-tf-state"
        key          = "CHANGE-ME/terraform.tfstate"
        region       = "eu-west-1"
        encrypt      = true
        kms_key_id   = "arn:aws:kms:eu-west-1:111122223333:key/NewStateKey"
        use_lockfile = true

        # As long as some runs know no lock files: a run that asks one place only does not see locks in the other.
        dynamodb_table = "tf-locks"
      }
    }
    "#);
    assert_eq!(Stack::with(&[TABLE]).output("BackendBlock"), None);
    assert_eq!(both().output("NewStateKeyArn"), Some(json!(KEY)));
}

/// What triage would say of it, for a Terraform as old as the block allows.
#[test]
fn the_backend_block_is_as_hard_as_triage_wants_backends_to_be() {
    for given in [&[BUCKET][..], &[BUCKET, TABLE]] {
        let block = Stack::with(given).output("BackendBlock").unwrap();
        let options = Options {
            format: None,
            terraform: None,
            file: None,
        };
        let read = harden(block.as_str().unwrap().as_bytes(), options).unwrap();
        let findings = read.backends.iter().flat_map(|backend| &backend.findings);
        let findings: Vec<String> = findings
            .chain(&read.findings)
            .map(|finding| format!("{finding:?}"))
            .collect();
        assert_eq!(findings, [""; 0], "{given:?}");
        assert_eq!(read.diff, "");
    }
}
