//! Every file in `events/` is sent to its function, in the situation that its name says. The same files serve
//! `cargo lambda invoke FUNCTION --data-file events/FUNCTION/SITUATION.json`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::world::{Fate, Kind, Task, World};

/// The lock that the events are about: the state, the ID, and the request code that follows from the two.
const STATE: &str = "acme-tf-state/prod/terraform.tfstate";
const ID: &str = "a1b2c3d4-e5f6-7890-abcd-ef1234567890";
const REQUEST: &str = "0GHC0AXS";

/// The situations of `approve`.
const APPROVE: &[&str] = &[
    "a-pair",
    "approved",
    "changed-hands",
    "direct-release",
    "empty",
    "even-if-by-open-topic",
    "even-if-by-restricted-topic",
    "even-if-direct",
    "finish",
    "finish-nothing",
    "keep",
    "lock-id-without-id",
    "missing-by",
    "not-json",
    "not-stale",
    "nothing-locked",
    "other-topic",
    "oversized",
    "release-by-lock-id",
    "releases-disabled",
    "request-and-lock-disagree",
    "reserved-name",
    "signs-of-life",
    "two-messages",
    "unknown-field",
    "unknown-request",
    "unprintable-name",
    "wrong-id",
    "wrong-version",
];

/// The situations of `sweep`.
const SWEEP: &[&str] = &["manual", "scheduled", "test-notice"];

#[test]
fn every_event_has_its_situation_and_every_situation_its_event() {
    for (function, situations) in [("approve", APPROVE), ("sweep", SWEEP)] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../events")
            .join(function);
        let mut files: Vec<String> = folder
            .read_dir()
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let mut expected: Vec<String> = situations
            .iter()
            .map(|name| format!("{name}.json"))
            .collect();
        expected.sort();
        assert_eq!(files, expected, "events/{function}");
    }
}

#[test]
fn approve_answers_every_event() {
    insta::glob!("../../events/approve", "*.json", |file| {
        let situation = file.file_stem().unwrap().to_str().unwrap();
        let event = std::fs::read_to_string(file).unwrap();
        let world = before_approve(situation);
        let task =
            world.approving_text("8476a536-e9f4-11e8-9739-2dfe598c3fcd", &event, Fate::Lives);
        insta::assert_snapshot!(story(&world, task));
    });
}

#[test]
fn sweep_answers_every_event() {
    insta::glob!("../../events/sweep", "*.json", |file| {
        let event = std::fs::read_to_string(file).unwrap();
        let world = World::new();
        held(&world, Kind::Item);
        world.wait("20m");
        let task = world.sweeping_for(serde_json::from_str(&event).unwrap(), Fate::Lives);
        insta::assert_snapshot!(story(&world, task));
    });
}

/// The world as it is before `approve` gets the event of a situation. People were asked about the lock unless it is
/// new.
fn before_approve(situation: &str) -> World {
    assert!(
        APPROVE.contains(&situation),
        "no test knows events/approve/{situation}.json"
    );
    let world = match situation {
        "releases-disabled" => World::with(&[("RELEASES", "disabled")]),
        "even-if-by-restricted-topic" => World::with(&[("TOPIC_RESTRICTED", "true")]),
        _ => World::new(),
    };
    held(
        &world,
        if situation == "a-pair" {
            Kind::Pair
        } else {
            Kind::Item
        },
    );
    if !is_about_a_young_lock(situation) {
        world.wait("20m");
    }
    world.sweep();
    assert_eq!(world.entry_of(STATE).code.as_str(), REQUEST);
    match situation {
        "nothing-locked" => world.unlock(STATE),
        "signs-of-life" => world.write_state(STATE),
        "changed-hands" => {
            world.lock(Kind::Item, STATE, "ci-node-08");
        }
        "finish" => world.leave_half_done(REQUEST),
        _ => {}
    }
    world.wait("5m");
    world.forget_what_was_told();
    world
}

fn is_about_a_young_lock(situation: &str) -> bool {
    situation.starts_with("even-if") || situation == "not-stale"
}

fn held(world: &World, kind: Kind) {
    let text = format!(
        r#"{{"ID":"{ID}","Operation":"OperationTypeApply","Info":"","Who":"runner@ci-node-07","Version":"1.11.4","Created":"2026-03-02T08:00:00Z","Path":"{STATE}"}}"#
    );
    world.lock_with(kind, STATE, &text);
}

/// What the function answered, whom it told what, what is still locked, and what it counted.
fn story(world: &World, task: Task<'_>) -> String {
    let reply = world.run_one(task).unwrap().unwrap();
    let mut story = format!(
        "{}\n\nTold:\n",
        serde_json::to_string_pretty(&reply).unwrap()
    );
    for told in world.notices() {
        writeln!(story, "- {}: {}", told.notice.kind.word(), told.subject).unwrap();
    }
    story.push_str("\nStill locked:\n");
    for lock in world.locked() {
        writeln!(story, "- {lock}").unwrap();
    }
    story.push_str("\nCounted:\n");
    for line in world.metrics() {
        writeln!(story, "- {}", counted(&line)).unwrap();
    }
    story
}

fn counted(line: &Value) -> String {
    let values = line.as_object().unwrap().iter();
    let values = values.filter(|(name, _)| *name != "_aws");
    let values: Vec<String> = values
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    values.join(", ")
}
