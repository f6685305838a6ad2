//! The commands of a notice, pasted into a shell as they are.

use lockwarden_local::Mode;

use crate::stack::shared;

const ID: &str = "77777777-5b1a-7c2d-9e8f-1a2b3c4d5e6f";

#[tokio::test]
async fn look_shows_both_records_as_they_are_stored() {
    let desk = shared();
    let key = "look/it's a \"state\".tfstate";
    let inbox = desk.inbox("look").await;
    desk.leave_a_lock(Mode::Both, key, ID).await;
    desk.swept_until(key, "stale").await;
    let notice = desk.notice(&inbox, "stale_lock", key).await;
    let mut commands = vec![notice["commands"]["inspect"].as_str().unwrap()];
    let others = notice["commands"]["inspect_others"].as_array().unwrap();
    commands.extend(others.iter().map(|other| other.as_str().unwrap()));
    assert_eq!(commands.len(), 2);
    for command in commands {
        let shown = desk.aws.shell(command, "alice").unwrap();
        assert!(shown.contains(ID), "{command}\n{shown}");
    }
}

#[tokio::test]
async fn keep_keeps() {
    let desk = shared();
    let key = "keep/terraform.tfstate";
    let inbox = desk.inbox("keep").await;
    desk.leave_a_lock(Mode::DynamodbTable, key, ID).await;
    desk.swept_until(key, "stale").await;
    let notice = desk.notice(&inbox, "stale_lock", key).await;

    let command = notice["commands"]["keep"].as_str().unwrap();
    desk.aws.shell(command, "alice").unwrap();

    let kept = desk.notice(&inbox, "kept", key).await;
    assert_eq!(kept["outcome"]["by"], "alice");
    assert!(
        desk.stores
            .is_locked(Mode::DynamodbTable, key)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn what_needs_open_eyes_goes_by_its_own_command() {
    let desk = shared();
    let key = "open-eyes/terraform.tfstate";
    let inbox = desk.inbox("open-eyes").await;
    let item = aws_sdk_dynamodb::types::AttributeValue::S(desk.path(key));
    desk.stores
        .put_item([("LockID".to_owned(), item)].into())
        .await
        .unwrap();
    desk.swept_until(key, "unreadable").await;
    let notice = desk.notice(&inbox, "unreadable_lock", key).await;

    let command = notice["commands"]["release"].as_str().unwrap();
    let shown = desk.aws.shell(command, "alice").unwrap();

    assert!(shown.contains("\"released\""), "{command}\n{shown}");
    desk.notice(&inbox, "released", key).await;
}
