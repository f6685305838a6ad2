//! What people are shown about a holder before they decide, and that gathering it fails nothing.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::{Call, Kind, STATE, World, buckets, id_of};

const OTHER: &str = "acme-tf-state/prod/other.tfstate";
const THIRD: &str = "acme-tf-state/prod/third.tfstate";

/// The evidence in the last notice, as a machine reads it.
#[track_caller]
fn evidence(world: &World) -> Value {
    let last = world.notices().pop().unwrap();
    json!(last.notice)["verdict"]["evidence"].clone()
}

/// A lock of this holder, twenty minutes later and swept.
fn asked(world: &World) {
    world.wait("20m");
    world.sweep();
}

#[test]
fn writes_since_the_lock_are_counted() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.write_state(STATE);
        world.wait("1m");
        world.lock(kind, STATE, "ci-7");
        for _ in 0..3 {
            world.wait("30s");
            world.write_state(STATE);
        }
        asked(&world);
        let writes = &evidence(&world)["state_writes"];
        assert_eq!(
            (&writes["count"], &writes["or_more"]),
            (&json!(3), &json!(false)),
            "{kind:?}"
        );
        assert!(world.last_email().contains("written 3 times since"));
    }
}

#[test]
fn without_versions_only_the_last_write_is_known_and_the_notice_says_so() {
    let world = World::new();
    world.keep_no_versions();
    world.lock(Kind::Pair, STATE, "ci-7");
    for _ in 0..3 {
        world.wait("30s");
        world.write_state(STATE);
    }
    asked(&world);
    assert!(world.last_email().contains("written at least once since"));
}

#[test]
fn what_else_the_holder_and_its_host_have_locked_is_told() {
    let world = World::new();
    world.lock(Kind::Pair, STATE, "ci-7");
    world.lock(Kind::Object, OTHER, "ci-7");
    world.lock(Kind::Item, THIRD, "ci-7");
    world.sweep();
    world.unlock(THIRD);
    world.wait("16m");
    world.lock(Kind::Item, "acme-tf-state/prod/fourth.tfstate", "ci-7");
    world.sweep();
    let notices = world.notices();
    let of_state = notices.iter().find(|told| {
        let lock = told.notice.lock.as_ref();
        lock.is_some_and(|lock| lock.lock_id.as_str() == STATE)
    });
    let message: Value = serde_json::from_str(&of_state.unwrap().message).unwrap();
    assert_snapshot!(message["email"].as_str().unwrap());
}

#[test]
fn a_state_that_was_stuck_before_within_a_day_is_said_to_be_stuck_again() {
    let world = World::new();
    for (holder, flaps) in [("ci-1", 0), ("ci-2", 1), ("ci-3", 2)] {
        world.lock(Kind::Item, STATE, holder);
        asked(&world);
        assert_eq!(evidence(&world)["flaps"], flaps, "{holder}");
        world.unlock(STATE);
        world.wait("5m");
        world.sweep();
    }
    // One that was gone before anybody was asked is nobody's trouble.
    world.lock(Kind::Item, STATE, "ci-4");
    world.sweep();
    world.unlock(STATE);
    world.wait("5m");
    world.sweep();
    world.lock(Kind::Item, STATE, "ci-5");
    asked(&world);
    assert!(
        world
            .last_email()
            .contains("this state was stuck 3 times before within a day")
    );
    world.unlock(STATE);
    world.sweep();
    world.wait("25h");
    world.lock(Kind::Item, STATE, "ci-6");
    asked(&world);
    assert!(!world.last_email().contains("stuck"), "a day is over");
}

#[test]
fn a_run_that_says_something_of_itself_is_shown_with_its_job() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let started = world.clock();
    world.put_run(&id_of("ci-7"), &json!({
        "job_url": "https://ci.example.com/jobs/7", "who": "runner@ci-7", "started_at": started, "beat_at": started,
    }));
    asked(&world);
    assert_eq!(
        evidence(&world)["run"]["job_url"],
        "https://ci.example.com/jobs/7"
    );
    assert!(
        world
            .last_email()
            .contains("Its job: https://ci.example.com/jobs/7")
    );
}

#[test]
fn whatever_a_run_says_of_itself_nobody_is_sent_anywhere_else() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let now = world.clock();
    let who = "x\u{1b}[2J\n".repeat(10_000);
    world.put_run(
        &id_of("ci-7"),
        &json!({"job_url": "javascript:alert(1)", "who": who, "beat_at": now}),
    );
    asked(&world);
    let last = world.notices().pop().unwrap();
    assert!(!last.message.contains("javascript") && !last.message.contains("\\u001b"));
    assert!(last.message.len() < 32 * 1024);
}

#[test]
fn evidence_that_nobody_may_look_at_is_told_as_unknown_and_fails_no_sweep() {
    for denied in ["versions of the bucket acme-tf-state", "runs of the ledger"] {
        let world = World::new();
        world.lock(Kind::Pair, STATE, "ci-7");
        world.deny(denied);
        asked(&world);
        assert_eq!(world.told(), ["stale_lock"], "{denied}");
        assert_eq!(world.metric("SweepIncomplete"), 0, "{denied}");
        assert!(world.last_email().contains("unknown: "), "{denied}");
    }
}

#[test]
fn a_state_out_of_reach_is_told_as_unknown() {
    let world = World::with(&buckets("acme-tf-state/elsewhere/"));
    world.lock(Kind::Item, STATE, "ci-7");
    asked(&world);
    assert!(evidence(&world)["state_writes"]["unknown"].is_string());
}

#[test]
fn nobody_gathers_evidence_about_a_young_lock() {
    let world = World::new();
    world.lock(Kind::Pair, STATE, "ci-7");
    world.wait("10m");
    world.calls();
    world.sweep();
    let calls = world.calls();
    for never in [Call::Versions, Call::Run] {
        assert!(!calls.contains(&never), "{calls:?}");
    }
}
