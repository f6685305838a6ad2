//! Between notice and approval the holder let go and another took the lock.

use lockwarden_local::{LockRecord, Mode};
use serde_json::json;

use crate::stack::shared;

const OLD: &str = "11111111-5b1a-7c2d-9e8f-1a2b3c4d5e6f";
const NEW: &str = "22222222-5b1a-7c2d-9e8f-1a2b3c4d5e6f";

#[tokio::test]
async fn the_new_lock_survives_and_its_holder_is_named() {
    let desk = shared();
    for mode in Mode::ALL {
        let key = format!("changed/{mode:?}.tfstate");
        desk.leave_a_lock(mode, &key, OLD).await;
        let request = desk.swept_until(&key, "stale").await["request"].clone();
        desk.stores.let_go(&key).await.unwrap();
        let newcomer = LockRecord {
            who: "bob@laptop".to_owned(),
            ..LockRecord::of_a_runner(NEW, &desk.path(&key))
        };
        desk.stores.take(mode, &key, &newcomer).await.unwrap();
        let decision = json!({"decision": "release", "request": request, "by": "alice"});

        let outcome = desk.decide(&decision).await;

        assert_eq!(outcome["outcome"], "changed_hands", "{mode:?}: {outcome}");
        assert_eq!(outcome["now_held_by"]["who"], "bob@laptop");
        assert_eq!(outcome["now_held_by"]["id"], NEW);
        assert!(desk.stores.is_locked(mode, &key).await.unwrap());
    }
}

#[tokio::test]
async fn a_lock_that_its_holder_let_go_is_told_as_ended() {
    let desk = shared();
    let key = "ended/terraform.tfstate";
    let inbox = desk.inbox("ended").await;
    desk.leave_a_lock(Mode::DynamodbTable, key, OLD).await;
    desk.swept_until(key, "stale").await;
    desk.notice(&inbox, "stale_lock", key).await;
    desk.stores.let_go(key).await.unwrap();

    desk.sweep().await;

    desk.notice(&inbox, "ended", key).await;
}
