//! Decisions that cannot be followed are answered, by the topic as by an invoke.

use lockwarden_local::Mode;
use serde_json::json;

use crate::stack::{SOON, shared};

#[tokio::test]
async fn a_message_that_is_no_decision_is_answered_with_a_right_one() {
    let desk = shared();
    let inbox = desk.inbox("wrong").await;

    desk.publish("please release the lock of prod, thanks")
        .await;

    loop {
        let notice = inbox.next_of_kind("rejected", SOON).await.unwrap();
        let why = notice["outcome"]["why"].as_str().unwrap();
        if why.contains("not a JSON object") {
            assert!(notice["outcome"]["example"].is_string(), "{notice}");
            return;
        }
    }
}

#[tokio::test]
async fn an_id_that_is_not_the_locks_is_refused_and_the_holder_named() {
    let desk = shared();
    let key = "wrong-id/terraform.tfstate";
    desk.leave_a_lock(
        Mode::DynamodbTable,
        key,
        "55555555-5b1a-7c2d-9e8f-1a2b3c4d5e6f",
    )
    .await;
    let decision =
        json!({"decision": "release", "lock_id": desk.path(key), "id": "another", "by": "alice"});

    let outcome = desk.decide(&decision).await;

    assert_eq!(outcome["outcome"], "rejected");
    let why = outcome["why"].as_str().unwrap();
    assert!(
        why.contains("55555555") && why.contains("runner@wrong-id-terraform-tfstate"),
        "{why}"
    );
    assert!(
        desk.stores
            .is_locked(Mode::DynamodbTable, key)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_lock_that_no_sweep_has_seen_is_released_by_path_and_id() {
    let desk = shared();
    for mode in Mode::ALL {
        let key = format!("unseen/{mode:?}.tfstate");
        let id = "66666666-5b1a-7c2d-9e8f-1a2b3c4d5e6f";
        desk.leave_a_lock(mode, &key, id).await;
        let mut decision =
            json!({"decision": "release", "lock_id": desk.path(&key), "id": id, "by": "alice"});
        if mode.has_file() {
            // S3 knows how young it is.
            decision["even_if"] = json!(["fresh"]);
        }

        let outcome = desk.decide(&decision).await;

        assert_eq!(outcome["outcome"], "released", "{mode:?}: {outcome}");
        assert!(!desk.stores.is_locked(mode, &key).await.unwrap());
    }
}
