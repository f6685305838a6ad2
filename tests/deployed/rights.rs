//! What the roles may not do, asked of IAM itself. That they may do what the functions need is what all other tests here
//! show, since they run with these roles.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use lockwarden_local::Mode;

use crate::stack::{Desk, shared};

const ID: &str = "99999999-5b1a-7c2d-9e8f-1a2b3c4d5e6f";

/// The ARN of the role that a function runs with.
fn role_of(desk: &Desk<'_>, output: &str) -> String {
    let function = desk.deployed.output(output).unwrap();
    let said = desk.aws.aws(&[
        "lambda",
        "get-function-configuration",
        "--function-name",
        function,
    ]);
    said.unwrap()["Role"].as_str().unwrap().to_owned()
}

#[track_caller]
fn assert_denied<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, E>,
) {
    let error = result.unwrap_err();
    assert!(
        matches!(error.code(), Some("AccessDenied" | "AccessDeniedException")),
        "{error:?}"
    );
}

#[tokio::test]
async fn sweep_can_change_no_lock() {
    let desk = shared();
    let key = "rights/sweep.tfstate";
    desk.leave_a_lock(Mode::Both, key, ID).await;
    let sweep = desk
        .aws
        .clients_as(&role_of(&desk, "SweepFunctionName"))
        .unwrap();
    let table = &desk.stores.table;
    let lock = || AttributeValue::S(desk.path(key));

    let scan = sweep.dynamodb.scan().table_name(table);
    scan.send().await.unwrap();
    let delete = sweep.dynamodb.delete_item().table_name(table);
    assert_denied(delete.key("LockID", lock()).send().await);
    let put = sweep.dynamodb.put_item().table_name(table);
    assert_denied(put.item("LockID", lock()).send().await);
    let update = sweep.dynamodb.update_item().table_name(table);
    assert_denied(update.key("LockID", lock()).send().await);
    let object = sweep.s3.delete_object().bucket(&desk.stores.bucket);
    assert_denied(object.key(format!("{key}.tflock")).send().await);
    let state = sweep.s3.get_object().bucket(&desk.stores.bucket);
    assert_denied(state.key(key).send().await);
    assert!(desk.stores.is_locked(Mode::Both, key).await.unwrap());
}

#[tokio::test]
async fn approve_cannot_search_and_opens_no_state() {
    let desk = shared();
    let approve = desk
        .aws
        .clients_as(&role_of(&desk, "ApproveFunctionName"))
        .unwrap();
    let (table, bucket) = (&desk.stores.table, &desk.stores.bucket);

    assert_denied(approve.dynamodb.scan().table_name(table).send().await);
    assert_denied(approve.dynamodb.query().table_name(table).send().await);
    assert_denied(approve.s3.list_objects_v2().bucket(bucket).send().await);
    let state = approve.s3.get_object().bucket(bucket);
    assert_denied(state.key("rights/approve.tfstate").send().await);
    let state = approve.s3.put_object().bucket(bucket);
    assert_denied(state.key("rights/approve.tfstate").send().await);
    let update = approve.dynamodb.update_item().table_name(table);
    let key = AttributeValue::S("x".to_owned());
    assert_denied(update.key("LockID", key).send().await);
}
