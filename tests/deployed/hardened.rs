//! The stores that the template makes: real Terraform works with them as the printed backend block says, and Lockwarden
//! finds and releases locks there without anybody naming them once more.
//!
//! The local AWS makes them without encryption, lifecycle rules, point-in-time recovery and TTL, and it never evaluates
//! `s3:if-match` and `s3:if-none-match`. All of that is asserted on the template (`tests/acceptance/template/new_bucket.rs`).

use aws_sdk_s3::types::ServerSideEncryption;
use lockwarden_local::{LockRecord, Mode, Project, Stores, Terraform};

use crate::real_terraform::kill_and_release;
use crate::rights::{assert_denied, make_role};
use crate::stack::{CI_ROLE, QUIET, Stack};

const TABLE: &str = "hardened-locks";
const BUCKET: &str = "hardened-tf-state";
const ID: &str = "77777777-5b1a-7c2d-9e8f-1a2b3c4d5e6f";
const PARAMETERS: [(&str, &str); 4] = [
    ("LockTableNames", ""),
    ("StateBucketNames", ""),
    ("NewLockTableName", TABLE),
    ("NewStateBucketName", BUCKET),
];

#[tokio::test]
async fn terraform_works_with_the_stores_that_were_made_and_its_lock_is_released() {
    let tests = "Terraform with the stores that were made";
    let Some(terraform) = Terraform::for_tests(tests, Mode::Both).unwrap() else {
        return;
    };
    let stack = Stack::with(&PARAMETERS).await;
    let mut desk = stack.desk();
    desk.stores = Stores::existing(&desk.clients, TABLE, BUCKET);
    let key = "network/terraform.tfstate";
    let block = desk.deployed.output("BackendBlock").unwrap();
    let block = block.replace("CHANGE-ME/terraform.tfstate", key);
    let project = Project::with_backend(desk.aws, &terraform, &block, (Mode::Both, key)).unwrap();
    project.apply().unwrap();
    let written = desk.stores.snapshot().await.unwrap();
    assert!(written.objects.contains_key(key));
    assert!(written.items.contains_key(&format!("{BUCKET}/{key}-md5")));

    kill_and_release(&desk, &project, key, Mode::Both).await;
}

/// As a role, because the local AWS asks no bucket policy about the account's root.
#[tokio::test]
async fn a_role_locks_and_unlocks_as_terraform_does_and_writes_no_state_under_another_encryption() {
    let stack = Stack::with(&PARAMETERS).await;
    let desk = stack.desk();
    make_role(&desk, "ci", "*");
    let ci = desk.aws.clients_as(CI_ROLE).unwrap();
    let stores = Stores::existing(&ci, TABLE, BUCKET);
    let key = "roles/terraform.tfstate";
    let record = LockRecord::of_a_runner(ID, &format!("{BUCKET}/{key}"));
    stores.take(Mode::Both, key, &record).await.unwrap();
    assert!(stores.is_locked(Mode::Both, key).await.unwrap());
    stores.let_go(key).await.unwrap();
    assert!(!stores.is_locked(Mode::Both, key).await.unwrap());

    let put = || ci.s3.put_object().bucket(BUCKET).key(key);
    let by = |algorithm| put().server_side_encryption(algorithm).send();
    assert_denied(by(ServerSideEncryption::Aes256).await);
    let with_key = put().server_side_encryption(ServerSideEncryption::AwsKms);
    let key = desk.deployed.output("NewStateKeyArn").unwrap();
    with_key.ssekms_key_id(key).send().await.unwrap();
    put().send().await.unwrap();
}

#[tokio::test]
async fn what_was_made_keeps_versions_lets_in_no_public_and_is_not_deleted_by_accident() {
    let stack = Stack::with(&PARAMETERS).await;
    let aws = &stack.aws;
    let about = |call: &str| aws.aws(&["s3api", call, "--bucket", BUCKET]).unwrap();
    assert_eq!(about("get-bucket-versioning")["Status"], "Enabled");
    let blocked = &about("get-public-access-block")["PublicAccessBlockConfiguration"];
    assert!(
        blocked
            .as_object()
            .unwrap()
            .values()
            .all(|blocked| blocked == true)
    );
    let table = ["--table-name", TABLE];
    let said = aws
        .aws(&[&["dynamodb", "describe-table"][..], &table].concat())
        .unwrap();
    assert_eq!(said["Table"]["DeletionProtectionEnabled"], true);
    aws.aws(&[
        "cloudformation",
        "delete-stack",
        "--stack-name",
        &stack.deployed.stack,
    ])
    .unwrap();
    tokio::time::sleep(QUIET).await;
    let left = aws
        .aws(&[&["dynamodb", "describe-table"][..], &table].concat())
        .unwrap();
    assert_eq!(left["Table"]["TableStatus"], "ACTIVE");
    assert_eq!(about("get-bucket-versioning")["Status"], "Enabled");
}
