//! A look at a few states by name: as a sweep would do it, now, and about nothing else.

use lockwarden_core::ledger::Status;
use serde_json::{Value, json};

use crate::world::{Call, Fate, Kind, STATE, TABLE, World, id_of, outcome_of, release};

const OTHER: &str = "acme-tf-state/prod/other.tfstate";

fn look_at(world: &World, paths: &[&str]) -> Value {
    let event = json!({"look_at": paths});
    let reply = world.run_one(world.sweeping_for(event, Fate::Lives));
    reply.unwrap().unwrap()["looked_at"].clone()
}

#[test]
fn a_stale_lock_that_is_looked_at_is_asked_about_at_once() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        world.lock(kind, OTHER, "ci-8");
        world.wait("20m");
        let looked = look_at(&world, &[STATE]);
        let lock = &looked[0]["locks"][0];
        assert_eq!(looked[0]["lock_id"], STATE);
        assert_eq!(lock["verdict"], "stale", "{kind:?}: {lock}");
        assert_eq!(lock["id"], id_of("ci-7"));
        assert_eq!(world.told_about(STATE), ["stale_lock"]);
        assert_eq!(world.told_about(OTHER), [] as [&str; 0]);
        assert_eq!(world.entries().len(), 1, "nothing else is written down");
        // What was opened is a request like any other.
        let request = lock["request"].as_str().unwrap();
        assert_eq!(outcome_of(&world.decide(&release(request))), "released");
    }
}

#[test]
fn a_look_lists_nothing_and_keeps_no_report() {
    let world = World::new();
    world.lock(Kind::Pair, STATE, "ci-7");
    world.sweep();
    let report = world.kept_report();
    world.wait("20m");
    world.calls();
    look_at(&world, &[STATE]);
    let calls = world.calls();
    for never in [
        Call::ListTable,
        Call::ListBucket,
        Call::Open,
        Call::KeepReport,
    ] {
        assert!(!calls.contains(&never), "{calls:?}");
    }
    assert_eq!(world.kept_report(), report);
    assert_eq!(world.metric("SweepCompleted"), 1, "of the sweep alone");
}

#[test]
fn who_looks_again_asks_nobody_again() {
    let world = World::new();
    world.lock(Kind::Pair, STATE, "ci-7");
    world.wait("20m");
    let first = look_at(&world, &[STATE]);
    world.wait("1m");
    let second = look_at(&world, &[STATE, STATE]);
    world.sweep();
    assert_eq!(world.told(), ["stale_lock"]);
    let code = |looked: &Value| looked[0]["locks"][0]["request"].clone();
    assert_eq!(code(&first), code(&second));
    assert_eq!(world.entry_of(STATE).status, Status::Asked);
}

#[test]
fn a_young_lock_is_shown_and_nobody_is_asked() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let looked = look_at(&world, &[STATE, OTHER]);
    assert_eq!(looked[0]["locks"][0]["verdict"], "held");
    assert_eq!(
        looked[1],
        json!({"lock_id": OTHER, "locks": [], "tables": [TABLE], "incomplete": []})
    );
    assert_eq!(world.told(), [] as [&str; 0]);
}

#[test]
fn a_store_that_does_not_answer_is_no_free_state() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.deny(&format!("table {TABLE}"));
    let looked = look_at(&world, &[STATE]);
    assert_eq!(looked[0]["locks"], json!([]));
    assert!(
        looked[0]["incomplete"][0]["why"]
            .as_str()
            .unwrap()
            .contains("AccessDenied")
    );
}

#[test]
fn a_state_in_a_bucket_of_somebody_else_is_no_free_state() {
    let world = World::new();
    let elsewhere = "somebody-elses-state/a.tfstate";
    let looked = look_at(&world, &[elsewhere]);
    assert_eq!(looked[0]["locks"], json!([]));
    assert_eq!(looked[0]["incomplete"][0]["store"], elsewhere);
    let why = looked[0]["incomplete"][0]["why"].as_str().unwrap();
    assert!(why.contains("STATE_BUCKETS"), "{why}");
}

#[test]
fn nobody_looks_at_the_whole_world_by_name() {
    let world = World::new();
    let event = json!({"look_at": vec![STATE; 6]});
    let refused = world
        .run_one(world.sweeping_for(event, Fate::Lives))
        .unwrap();
    assert!(refused.unwrap_err().contains("TooMany"));
    assert_eq!(world.calls(), []);
}
