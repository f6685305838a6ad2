//! The stores that the template makes: real Terraform works with them as the printed backend block says, and Lockwarden
//! finds and releases locks there without anybody naming them once more.
//!
//! The local AWS makes them without encryption, lifecycle rules, point-in-time recovery and TTL, and it never evaluates
//! `s3:if-match` and `s3:if-none-match`. All of that is asserted on the template (`tests/acceptance/template/new_bucket.rs`).

use lockwarden_local::{Mode, Project, Stores, Terraform};
use serde_json::json;

use crate::real_terraform::{kill_and_release, say};
use crate::stack::Stack;

const TABLE: &str = "hardened-locks";
const BUCKET: &str = "hardened-tf-state";
const PARAMETERS: [(&str, &str); 4] = [
    ("LockTableNames", ""),
    ("StateBucketNames", ""),
    ("NewLockTableName", TABLE),
    ("NewStateBucketName", BUCKET),
];

#[tokio::test]
async fn terraform_works_with_the_stores_that_were_made_and_its_lock_is_released() {
    let Some(terraform) = Terraform::on_path().unwrap() else {
        return say("SKIPPED, hardened stores: no terraform or tofu 1.6 or later is on PATH");
    };
    if !terraform.knows(Mode::Both) {
        return say("SKIPPED, hardened stores: this version knows no lock files");
    }
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

#[tokio::test]
async fn the_bucket_that_was_made_keeps_versions_and_lets_in_nobody_else_and_no_other_encryption() {
    let stack = Stack::with(&PARAMETERS).await;
    let aws = &stack.aws;
    let about = |call: &str| aws.aws(&["s3api", call, "--bucket", BUCKET]).unwrap();
    assert_eq!(about("get-bucket-versioning")["Status"], "Enabled");
    let blocked = &about("get-public-access-block")["PublicAccessBlockConfiguration"];
    assert_eq!(
        *blocked,
        json!({"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true})
    );
    let put = [
        "s3api",
        "put-object",
        "--bucket",
        BUCKET,
        "--key",
        "x.tfstate",
    ];
    let with = |algorithm| aws.aws(&[&put[..], &["--server-side-encryption", algorithm]].concat());
    let refused = with("AES256").unwrap_err().to_string();
    assert!(refused.contains("AccessDenied"), "{refused}");
    aws.aws(&put).unwrap();
    let table = aws
        .aws(&["dynamodb", "describe-table", "--table-name", TABLE])
        .unwrap();
    assert_eq!(table["Table"]["DeletionProtectionEnabled"], true);
}
