//! Many deliveries of one approval, on the ways that they really come.

use futures_util::future::join_all;
use lockwarden_local::{Mode, invoke};
use serde_json::{Value, json};

use crate::stack::{count, shared};

const ID: &str = "33333333-5b1a-7c2d-9e8f-1a2b3c4d5e6f";

#[tokio::test]
async fn twenty_approvals_at_once_delete_once_and_tell_once() {
    let desk = shared();
    for mode in Mode::ALL {
        let key = format!("many/{mode:?}.tfstate");
        let inbox = desk.inbox(&format!("many-{mode:?}")).await;
        desk.leave_a_lock(mode, &key, ID).await;
        let request = desk.swept_until(&key, "stale").await["request"].clone();
        let decision = json!({"decision": "release", "request": request, "by": "alice"});
        let text = decision.to_string();
        let function = desk.deployed.output("ApproveFunctionName").unwrap();

        let by_topic = join_all((0..10).map(|_| desk.publish(&text)));
        let by_invoke = join_all((0..10).map(|_| invoke(&desk.clients, function, &decision)));
        let (_, invoked) = futures_util::join!(by_topic, by_invoke);

        let notices = desk.notices_about(&inbox, &key).await;
        assert_eq!(count(&notices, "released"), 1, "{mode:?}: {notices:?}");
        assert_eq!(count(&notices, "rejected"), 0, "{mode:?}: {notices:?}");
        assert!(!desk.stores.is_locked(mode, &key).await.unwrap());
        let outcomes: Vec<Value> = invoked
            .into_iter()
            .map(|invoked| invoked.unwrap())
            .filter(|invoked| !invoked.failed)
            .map(|invoked| invoked.reply["outcome"].clone())
            .collect();
        let known = |outcome: &Value| *outcome == "released" || *outcome == "already_released";
        assert!(
            !outcomes.is_empty() && outcomes.iter().all(known),
            "{mode:?}: {outcomes:?}"
        );
    }
}

#[tokio::test]
async fn several_sweeps_at_once_tell_once() {
    let desk = shared();
    let key = "sweeps/terraform.tfstate";
    let inbox = desk.inbox("sweeps").await;
    desk.leave_a_lock(Mode::DynamodbTable, key, ID).await;

    join_all((0..5).map(|_| desk.sweep())).await;

    let notices = desk.notices_about(&inbox, key).await;
    assert_eq!(count(&notices, "stale_lock"), 1, "{notices:?}");
}

#[tokio::test]
async fn an_approval_that_comes_again_does_nothing_to_a_newer_lock() {
    let desk = shared();
    let key = "late/terraform.tfstate";
    let inbox = desk.inbox("late").await;
    desk.leave_a_lock(Mode::Both, key, ID).await;
    let request = desk.swept_until(key, "stale").await["request"].clone();
    let decision = json!({"decision": "release", "request": request, "by": "alice"}).to_string();
    desk.publish(&decision).await;
    desk.notice(&inbox, "released", key).await;
    let newer = "44444444-5b1a-7c2d-9e8f-1a2b3c4d5e6f";
    desk.leave_a_lock(Mode::Both, key, newer).await;

    desk.publish(&decision).await;

    let notices = desk.notices_about(&inbox, key).await;
    assert_eq!(count(&notices, "released"), 0, "{notices:?}");
    assert!(desk.stores.is_locked(Mode::Both, key).await.unwrap());
}
