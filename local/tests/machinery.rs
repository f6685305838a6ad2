//! The local AWS and the real Terraform on it, tried before anything is built on them.
#![expect(clippy::unwrap_used, reason = "this whole file is tests")]

use std::net::TcpStream;
use std::time::Duration;

use lockwarden_local::{
    Access, Clients, Inbox, LockRecord, MiniStack, Mode, Project, Snapshot, Stores, Terraform,
    mails,
};
use serde_json::json;

const KEY: &str = "prod/terraform.tfstate";

async fn stores(aws: &MiniStack) -> Stores {
    Stores::create(&aws.clients(), "terraform-state-locks", "acme-tf-state")
        .await
        .unwrap()
}

async fn topic(clients: &Clients) -> String {
    clients
        .sns
        .create_topic()
        .name("notices")
        .send()
        .await
        .unwrap()
        .topic_arn
        .unwrap()
}

#[test]
fn a_local_aws_is_gone_with_its_value() {
    let aws = MiniStack::start(Access::Open).unwrap();
    let address = aws.endpoint().replace("http://", "");
    TcpStream::connect(&address).unwrap();
    drop(aws);
    assert!(
        TcpStream::connect(&address).is_err(),
        "{address} still answers"
    );
}

#[tokio::test]
async fn two_local_aws_know_nothing_of_each_other() {
    let (one, two) = (
        MiniStack::start(Access::Open).unwrap(),
        MiniStack::start(Access::Open).unwrap(),
    );
    let filled = stores(&one).await;
    filled.write_state(KEY, "{}").await.unwrap();
    let empty = stores(&two).await;
    assert_eq!(filled.snapshot().await.unwrap().objects.len(), 1);
    assert_eq!(empty.snapshot().await.unwrap().objects.len(), 0);
}

#[tokio::test]
async fn a_lock_is_taken_once() {
    let aws = MiniStack::start(Access::Open).unwrap();
    let stores = stores(&aws).await;
    let record = LockRecord::of_a_runner(
        "19a6fe30-cf25-8eaf-077f-083449d678bd",
        "acme-tf-state/prod/terraform.tfstate",
    );
    for mode in Mode::ALL {
        stores.take(mode, KEY, &record).await.unwrap();
        assert!(stores.is_locked(mode, KEY).await.unwrap());
        stores.take(mode, KEY, &record).await.unwrap_err();
        stores.let_go(KEY).await.unwrap();
        assert!(!stores.is_locked(mode, KEY).await.unwrap());
    }
}

#[tokio::test]
async fn a_killed_apply_leaves_its_lock_and_nothing_else() {
    let tests = "what a killed apply leaves";
    let Some(terraform) = Terraform::for_tests(tests, Mode::DynamodbTable).unwrap() else {
        return;
    };
    let aws = MiniStack::start(Access::Enforced).unwrap();
    let stores = stores(&aws).await;
    for mode in Mode::ALL.into_iter().filter(|mode| terraform.knows(*mode)) {
        let key = format!("{mode:?}/terraform.tfstate");
        let project = Project::new(&aws, &terraform, &stores, (mode, &key)).unwrap();
        project.apply().unwrap();
        let before = stores.snapshot().await.unwrap();

        project
            .start_slow_apply(&stores)
            .await
            .unwrap()
            .kill()
            .unwrap();

        let after = stores.snapshot().await.unwrap();
        assert_eq!(records(&after, &key), (mode.has_item(), mode.has_file()));
        assert_eq!(after.without_lock(&stores.bucket, &key), before);
        let refusal = project.plan().unwrap_err().to_string();
        assert!(
            refusal.contains("Error acquiring the state lock"),
            "{refusal}"
        );
        stores.let_go(&key).await.unwrap();
        assert!(project.plan().unwrap().contains("No changes."));
    }
}

fn records(snapshot: &Snapshot, key: &str) -> (bool, bool) {
    let item = snapshot.items.contains_key(&format!("acme-tf-state/{key}"));
    (
        item,
        snapshot.objects.contains_key(&format!("{key}.tflock")),
    )
}

#[tokio::test]
async fn what_is_published_reaches_the_inbox_and_the_mail() {
    let aws = MiniStack::start(Access::Enforced).unwrap();
    let clients = aws.clients();
    let topic = topic(&clients).await;
    let inbox = Inbox::open(&clients, &topic, "inbox").await.unwrap();
    let text = "A lock & its holder\n\nsecond paragraph";
    let message =
        json!({"default": "d", "email": text, "sqs": json!({"kind": "stale_lock"}).to_string()});
    let publish = clients
        .sns
        .publish()
        .topic_arn(&topic)
        .subject("A stale lock")
        .message_structure("json");
    publish.message(message.to_string()).send().await.unwrap();

    let notice = inbox
        .next_of_kind("stale_lock", Duration::from_secs(5))
        .await
        .unwrap();
    assert_eq!(notice, json!({"kind": "stale_lock"}));
    assert_eq!(inbox.next(Duration::ZERO).await.unwrap(), None);
    let mails = mails(&aws, &topic).unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (mails[0].subject.as_str(), mails[0].body.as_str()),
        ("A stale lock", text)
    );
}

#[test]
fn a_pasted_command_runs_with_this_aws_and_the_persons_name() {
    let aws = MiniStack::start(Access::Enforced).unwrap();
    let said = aws
        .shell(
            "aws sts get-caller-identity --output text && echo \"by $USER\"",
            "alice",
        )
        .unwrap();
    assert!(
        said.contains("000000000000") && said.ends_with("by alice\n"),
        "{said}"
    );
    let error = aws
        .shell("echo broken >&2; exit 3", "alice")
        .unwrap_err()
        .to_string();
    assert!(error.contains("broken"), "{error}");
}

#[tokio::test]
async fn a_role_may_do_what_its_policy_says_and_no_more() {
    let aws = MiniStack::start(Access::Enforced).unwrap();
    let stores = stores(&aws).await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
    }]});
    let rights = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*",
    }]});
    let create = [
        "iam",
        "create-role",
        "--role-name",
        "reader",
        "--assume-role-policy-document",
    ];
    let role = aws
        .aws(&[&create[..], &[&trust.to_string()]].concat())
        .unwrap();
    let put = [
        "iam",
        "put-role-policy",
        "--role-name",
        "reader",
        "--policy-name",
        "p",
        "--policy-document",
    ];
    aws.aws(&[&put[..], &[&rights.to_string()]].concat())
        .unwrap();

    let reader = aws
        .clients_as(role.pointer("/Role/Arn").unwrap().as_str().unwrap())
        .unwrap()
        .dynamodb;
    let key = aws_sdk_dynamodb::types::AttributeValue::S("b/k".to_owned());
    reader
        .get_item()
        .table_name(&stores.table)
        .key("LockID", key.clone())
        .send()
        .await
        .unwrap();
    let refused = reader
        .delete_item()
        .table_name(&stores.table)
        .key("LockID", key)
        .send()
        .await
        .unwrap_err();
    assert!(
        format!("{refused:?}").contains("AccessDenied"),
        "{refused:?}"
    );
}
