//! A store that cannot be read.

use lockwarden_local::Mode;
use serde_json::json;

use crate::stack::{SOON, Stack};

#[tokio::test]
async fn a_missing_table_fails_the_sweep_after_everything_else_was_done() {
    let stack = Stack::with(&[("LockTableNames", "no-such-table,terraform-state-locks")]).await;
    let desk = stack.desk();
    let inbox = desk.inbox("incomplete").await;
    let key = "prod/terraform.tfstate";
    desk.leave_a_lock(
        Mode::DynamodbTable,
        key,
        "88888888-5b1a-7c2d-9e8f-1a2b3c4d5e6f",
    )
    .await;

    let swept = desk.run_sweep(&json!({})).await;

    assert!(swept.failed);
    assert_eq!(swept.reply["errorType"], "SweepIncomplete");
    let message = swept.reply["errorMessage"].as_str().unwrap();
    assert!(message.contains("no-such-table"), "{message}");
    desk.notice(&inbox, "stale_lock", key).await;
}

#[tokio::test]
async fn a_test_notice_reaches_the_subscribers_and_says_how_many_there_are() {
    let stack = Stack::with(&[("NoticeEmail", "on-call@example.com")]).await;
    let desk = stack.desk();
    let inbox = desk.inbox("test-notice").await;

    let answered = desk.run_sweep(&json!({"test_notice": true})).await;

    // The local AWS takes every address as confirmed.
    let expected = json!({"test_notice": "sent", "confirmed": 2, "unconfirmed": []});
    assert_eq!(answered.reply, expected);
    inbox.next_of_kind("test", SOON).await.unwrap();
}
