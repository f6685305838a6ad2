//! What the roles may not do, asked of IAM itself. That they may do what the functions need is what all other tests here
//! show, since they run with these roles.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use lockwarden_local::{Clients, Mode, invoke};
use serde_json::{Value, json};

use crate::stack::{CI_ROLE, Desk, shared};

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
pub(crate) fn assert_denied<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, E>,
) {
    let error = result.unwrap_err();
    assert!(
        matches!(
            error.code(),
            // The last is what SNS says.
            Some("AccessDenied" | "AccessDeniedException" | "AuthorizationError")
        ),
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

/// Neither looks into a store, decides, tells, nor invokes what it should not.
async fn assert_is_kept_out(desk: &Desk<'_>, clients: &Clients, of_functions: &[&str]) {
    let (table, bucket) = (&desk.stores.table, &desk.stores.bucket);
    let item = clients.dynamodb.get_item().table_name(table);
    let key = AttributeValue::S("x".to_owned());
    assert_denied(item.key("LockID", key).send().await);
    let ledger = desk.deployed.output("LedgerTableName").unwrap();
    assert_denied(clients.dynamodb.scan().table_name(ledger).send().await);
    assert_denied(clients.s3.list_objects_v2().bucket(bucket).send().await);
    let object = clients.s3.get_object().bucket(bucket);
    assert_denied(object.key("x.tflock").send().await);
    for topic in ["NoticeTopicArn", "ApprovalTopicArn"] {
        let publish = clients.sns.publish().message("{}");
        let topic = desk.deployed.output(topic).unwrap();
        assert_denied(publish.topic_arn(topic).send().await);
    }
    for function in of_functions {
        let function = desk.deployed.output(function).unwrap();
        let invoke = clients.lambda.invoke().function_name(function);
        assert_denied(invoke.send().await);
    }
}

#[tokio::test]
async fn triage_reaches_nothing_but_sweep() {
    let desk = shared();
    let triage = role_of(&desk, "TriageFunctionName");
    let clients = desk.aws.clients_as(&triage).unwrap();
    let others = ["ApproveFunctionName", "TriageFunctionName"];
    assert_is_kept_out(&desk, &clients, &others).await;
}

/// Makes a role that the account may take on, and that may do this to anything, as far as its own rights go.
pub(crate) fn make_role(desk: &Desk<'_>, name: &str, action: &str) {
    let statement = |action: &str, more: Value| {
        let mut statement = json!({"Effect": "Allow", "Action": action});
        let more = more.as_object().unwrap().clone();
        statement.as_object_mut().unwrap().extend(more);
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    let root = "arn:aws:iam::000000000000:root";
    let trust = statement("sts:AssumeRole", json!({"Principal": {"AWS": root}}));
    let rights = statement(action, json!({"Resource": "*"}));
    let make = ["iam", "create-role", "--role-name", name];
    let trust = ["--assume-role-policy-document", &trust];
    desk.aws.aws(&[&make[..], &trust].concat()).unwrap();
    let give = ["iam", "put-role-policy", "--role-name", name];
    let rights = ["--policy-name", "anything", "--policy-document", &rights];
    desk.aws.aws(&[&give[..], &rights].concat()).unwrap();
}

#[tokio::test]
async fn a_named_role_may_ask_triage_and_do_nothing_else() {
    let desk = shared();
    for name in ["ci", "stranger"] {
        make_role(&desk, name, "sts:AssumeRole");
    }
    let caller = desk.deployed.output("TriageCallerRoleArn").unwrap();
    let clients = desk.aws.clients_through(&[CI_ROLE, caller]).unwrap();

    let triage = desk.deployed.output("TriageFunctionName").unwrap();
    let question = json!({"text": "Error: Error acquiring the state lock"});
    let answered = invoke(&clients, triage, &question).await.unwrap();
    assert_eq!(answered.reply["kind"], "unknown-backend", "{answered:?}");

    let others = ["SweepFunctionName", "ApproveFunctionName"];
    assert_is_kept_out(&desk, &clients, &others).await;
    let stranger = CI_ROLE.replace("/ci", "/stranger");
    let refused = desk.aws.clients_through(&[&stranger, caller]);
    let why = refused.unwrap_err().to_string();
    assert!(
        why.contains("AccessDenied") && why.contains("TriageCallerRole"),
        "{why}"
    );
}
