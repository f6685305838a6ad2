//! What a pasted error is answered with, where the lock can be looked at.

use lockwarden_core::ledger::Status;
use serde_json::{Value, json};

use crate::world::{Call, Fate, Kind, STATE, World, id_of, outcome_of, release};

const OTHER: &str = "acme-tf-state/prod/other.tfstate";

/// What Terraform prints when it does not get this lock.
fn printed(path: &str, holder: &str) -> String {
    format!(
        "│ Error: Error acquiring the state lock\n│ \n│ Error message: operation error S3: PutObject, https response error StatusCode: 412, \
         api error PreconditionFailed: At least one of the pre-conditions you specified did not hold\n│ Lock Info:\n│   ID:        {}\n\
         │   Path:      {path}\n│   Operation: OperationTypeApply\n│   Who:       runner@{holder}\n│   Version:   1.11.4\n\
         │   Created:   2026-03-02 08:00:00.123456789 +0000 UTC\n│   Info:      \n",
        id_of(holder)
    )
}

fn ask(world: &World, event: &Value) -> Value {
    world
        .run_one(world.asking(event, Fate::Lives))
        .unwrap()
        .unwrap()
}

fn ask_about(world: &World, path: &str, holder: &str) -> Value {
    ask(world, &json!({"text": printed(path, holder)}))
}

#[test]
fn a_stale_lock_is_judged_and_people_are_asked_at_once() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        world.wait("20m");
        let reply = ask_about(&world, STATE, "ci-7");
        assert_eq!(reply["kind"], "s3-lockfile");
        assert_eq!(reply["lock"]["id"], id_of("ci-7"));
        assert_eq!(reply["live"]["verdict"], "stale", "{kind:?}: {reply}");
        assert_eq!(world.told(), ["stale_lock"], "{kind:?}");
        let request = reply["live"]["request"].as_str().unwrap();
        let command = reply["commands"]["release"].as_str().unwrap();
        assert!(command.contains(request), "{command}");
        assert_eq!(outcome_of(&world.decide(&release(request))), "released");
    }
}

#[test]
fn who_asks_twice_asks_nobody_else_again() {
    let world = World::new();
    world.lock(Kind::Pair, STATE, "ci-7");
    world.wait("20m");
    ask_about(&world, STATE, "ci-7");
    world.wait("1m");
    ask_about(&world, STATE, "ci-7");
    world.sweep();
    assert_eq!(world.told(), ["stale_lock"]);
    assert_eq!(world.entry_of(STATE).status, Status::Asked);
}

#[test]
fn a_lock_whose_holder_is_at_work_is_not_to_be_unlocked() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let young = ask_about(&world, STATE, "ci-7");
    world.wait("20m");
    world.write_state(STATE);
    let alive = ask_about(&world, STATE, "ci-7");
    for (reply, verdict) in [(young, "held"), (alive, "alive")] {
        assert_eq!(reply["live"]["verdict"], verdict);
        let advice = reply["advice"].as_str().unwrap();
        assert!(advice.starts_with("Do NOT unlock."), "{advice}");
        assert_eq!(reply["commands"]["force_unlock"], Value::Null);
        assert_eq!(reply["commands"]["release"], Value::Null);
    }
    assert_eq!(world.told(), [] as [&str; 0]);
}

#[test]
fn a_lock_that_is_gone_or_another_s_is_not_to_be_unlocked() {
    let world = World::new();
    let gone = ask_about(&world, STATE, "ci-7");
    assert!(
        gone["advice"].as_str().unwrap().contains("gone already"),
        "{gone}"
    );
    world.lock(Kind::Pair, STATE, "ci-8");
    world.wait("20m");
    let other = ask_about(&world, STATE, "ci-7");
    let advice = other["advice"].as_str().unwrap();
    assert!(
        advice.contains(&id_of("ci-8")) && advice.contains("runner@ci-8"),
        "{advice}"
    );
    for reply in [gone, other] {
        assert_eq!(reply["live"]["verdict"], Value::Null);
        assert_eq!(reply["live"]["request"], Value::Null);
        assert_eq!(reply["commands"]["force_unlock"], Value::Null);
    }
}

#[test]
fn where_nobody_can_look_the_rest_is_answered() {
    for broken in [
        "sweep function",
        "reads of the ledger",
        "bucket acme-tf-state",
    ] {
        let world = World::new();
        world.lock(Kind::Pair, STATE, "ci-7");
        world.wait("20m");
        world.deny(broken);
        let reply = ask_about(&world, STATE, "ci-7");
        assert_eq!(reply["lock"]["id"], id_of("ci-7"), "{broken}");
        let command = reply["commands"]["force_unlock"].as_str();
        assert_eq!(
            command,
            Some(&*format!("terraform force-unlock {}", id_of("ci-7")))
        );
        assert_eq!(world.told(), [] as [&str; 0], "{broken}");
        let why = reply["live"]["why"].as_str().unwrap();
        assert!(why.starts_with("not looked: "), "{broken}: {why}");
    }
}

#[test]
fn only_locks_of_s3_backends_are_looked_at_and_three_states_at_most() {
    let world = World::new();
    for text in [
        "nothing to see here".to_owned(),
        "Error: Error acquiring the state lock\n\nError message: state blob is already locked\nLock Info:\n  ID: a1b2c3d4-0000-0000-0000-000000000000\n  Path: tfstate/prod.tfstate\n".to_owned(),
        "Error: Error locking state: Error acquiring the state lock: resource temporarily unavailable\nLock Info:\n  ID: a1b2\n  Path: terraform.tfstate\n".to_owned(),
    ] {
        ask(&world, &json!({"text": text}));
        assert_eq!(world.calls(), [], "{text}");
    }
    let many: String = (0..9)
        .map(|count| {
            printed(
                &format!("acme-tf-state/{count}.tfstate"),
                &format!("ci-{count}"),
            )
        })
        .collect();
    let reply = ask(&world, &json!({"text": many}));
    let looks = world.calls();
    assert_eq!(
        looks.iter().filter(|call| **call == Call::LookAt).count(),
        1
    );
    assert_eq!(looks.iter().filter(|call| **call == Call::Item).count(), 3);
    assert_eq!(reply["others"].as_array().unwrap().len(), 8);
}

#[test]
fn a_state_that_nobody_configured_is_not_looked_at() {
    let world = World::new();
    let text = printed("somebody-elses-bucket/prod.tfstate", "ci-7");
    let reply = ask(&world, &json!({"text": text}));
    let calls = world.calls();
    assert!(!calls.contains(&Call::LockFile), "{calls:?}");
    assert_eq!(reply["lock"]["path"], "somebody-elses-bucket/prod.tfstate");
}

#[test]
fn the_configured_state_is_looked_at_whatever_path_is_printed() {
    let world = World::new();
    world.lock(Kind::Pair, STATE, "ci-7");
    world.wait("20m");
    let (bucket, key) = STATE.split_once('/').unwrap();
    let config = format!("bucket = \"{bucket}\"\nkey = \"{key}\"\nregion = \"eu-west-1\"\n");
    let event = json!({"text": printed("somewhere/else", "ci-7"), "config": config, "config_format": "tfbackend"});
    let reply = ask(&world, &event);
    assert_eq!(reply["live"]["verdict"], "stale", "{reply}");
}

#[test]
fn a_question_changes_no_lock() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        world.lock(kind, OTHER, "ci-8");
        world.wait("20m");
        let before = (world.locked(), world.not_locks());
        ask_about(&world, STATE, "ci-7");
        assert_eq!(before, (world.locked(), world.not_locks()));
        assert_eq!(world.told_about(OTHER), [] as [&str; 0]);
    }
}

#[test]
fn what_is_no_question_is_refused_with_a_right_one() {
    let world = World::new();
    for event in [
        json!({}),
        json!({"text": 7}),
        json!({"txt": "x"}),
        json!(null),
        json!("x"),
    ] {
        let refused = world.run_one(world.asking(&event, Fate::Lives)).unwrap();
        let why = refused.unwrap_err();
        assert!(
            why.starts_with("NotAsked: ") && why.contains("text"),
            "{why}"
        );
    }
    assert_eq!(world.calls(), []);
}
