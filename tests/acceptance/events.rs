//! Every file in `events/` is sent to its function, in the situation that its name says. The same files serve
//! `cargo lambda invoke FUNCTION --data-file events/FUNCTION/SITUATION.json`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::world::{Fate, Kind, Link, Page, Task, World, keep, release};

/// The lock that the events are about: the state, the ID, and the request code that follows from the two.
const STATE: &str = "acme-tf-state/prod/terraform.tfstate";
const ID: &str = "a1b2c3d4-e5f6-7890-abcd-ef1234567890";
const REQUEST: &str = "0GHC0AXS";
/// The code of a storm of seven locks, of which this is one.
const STORM: &str = "YKZC1HJ1";
/// Another state, whose lock people are asked about too where an event needs one.
const OTHER: &str = "acme-tf-state/prod/network.tfstate";

/// The situations of `approve`.
const APPROVE: &[&str] = &[
    "a-pair",
    "approved",
    "changed-hands",
    "chat-keep",
    "chat-release",
    "direct-release",
    "empty",
    "even-if-by-open-topic",
    "even-if-by-restricted-topic",
    "even-if-direct",
    "expire",
    "expire-by-anybody",
    "finish",
    "finish-nothing",
    "history",
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
    "restore",
    "restore-held",
    "signs-of-life",
    "sms-keep",
    "sms-other-notice",
    "sms-release",
    "sms-typo",
    "sms-unlisted",
    "storm",
    "storm-unknown",
    "two-messages",
    "unknown-field",
    "unknown-request",
    "unprintable-name",
    "wrong-id",
    "wrong-version",
];

/// The situations of the approval page.
const PAGE: &[&str] = &[
    "page-changed-hands",
    "page-even-if-by-iam",
    "page-even-if-by-link",
    "page-expired",
    "page-json",
    "page-keep",
    "page-oversized",
    "page-put",
    "page-release",
    "page-restore",
    "page-root",
    "page-show",
    "page-spent",
    "page-unknown-code",
    "page-wrong-token",
    "page-wrong-typed",
];

/// The token in the link of the first notice.
const TOKEN: &str = "ha65l5ppmc2mmuoy24shbfwryxauwhco";

/// The situations of `triage`.
const TRIAGE: &[&str] = &[
    "alive",
    "azurerm",
    "changed-hands",
    "ci-log",
    "config-only",
    "digest-mismatch",
    "gone",
    "hide-accounts",
    "missing-table",
    "not-a-lock-error",
    "not-hcl",
    "several",
    "stale-lock",
    "with-config",
    "wrong-workspace",
    "young-lock",
];

/// The situations of `sweep`.
const SWEEP: &[&str] = &["manual", "scheduled", "test-notice"];

#[test]
fn every_event_has_its_situation_and_every_situation_its_event() {
    let approve = [APPROVE, PAGE].concat();
    for (function, situations) in [
        ("approve", &approve[..]),
        ("sweep", SWEEP),
        ("triage", TRIAGE),
    ] {
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
        if PAGE.contains(&situation) {
            return;
        }
        let event = std::fs::read_to_string(file).unwrap();
        let world = before_approve(situation);
        let task =
            world.approving_text("8476a536-e9f4-11e8-9739-2dfe598c3fcd", &event, Fate::Lives);
        insta::assert_snapshot!(story(&world, task));
    });
}

/// What a button of the template sends, with a request in it as Amazon Q puts it in.
fn sent_by(button: &str) -> String {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    let (_, action) = template.split_once(&format!("\n  {button}:\n")).unwrap();
    let (_, payload) = action.split_once(" --payload ").unwrap();
    let (payload, _) = payload.split_once('\'').unwrap();
    payload.replace("$request", REQUEST)
}

#[test]
fn the_events_from_chat_are_what_its_buttons_send() {
    for (situation, button) in [
        ("chat-release", "ReleaseInChat"),
        ("chat-keep", "KeepInChat"),
    ] {
        let event = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../events/approve")
            .join(format!("{situation}.json"));
        let event = std::fs::read_to_string(event).unwrap();
        assert_eq!(event.trim_end(), sent_by(button), "{situation}");
    }
}

#[test]
fn approve_shows_every_page() {
    insta::glob!("../../events/approve", "page-*.json", |file| {
        let situation = file.file_stem().unwrap().to_str().unwrap();
        let event = std::fs::read_to_string(file).unwrap();
        let world = before_page(situation);
        let page = world.visit_with(&event);
        insta::assert_snapshot!(page_story(&world, &page));
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

#[test]
fn triage_answers_every_event() {
    insta::glob!("../../events/triage", "*.json", |file| {
        let situation = file.file_stem().unwrap().to_str().unwrap();
        let event: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let world = World::new();
        held(&world, Kind::Item);
        if situation != "young-lock" {
            world.wait("20m");
        }
        match situation {
            "alive" => world.write_state(STATE),
            "gone" => world.unlock(STATE),
            "changed-hands" => {
                world.unlock(STATE);
                world.lock(Kind::Item, STATE, "ci-node-08");
            }
            _ => {}
        }
        let task = world.asking(&event, Fate::Lives);
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
        "expire" => World::with(&[("EXPIRE_AFTER", "4h")]),
        "releases-disabled" => World::with(&[("RELEASES", "disabled")]),
        "even-if-by-restricted-topic" => World::with(&[("TOPIC_RESTRICTED", "true")]),
        _ if situation.starts_with("sms-") => World::with_phones(&[]),
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
    if situation == "storm" {
        for unit in 1..=6 {
            let path = format!("acme-tf-state/units/{unit}.tfstate");
            world.lock(Kind::Object, &path, "ci-node-07");
        }
    }
    if !is_about_a_young_lock(situation) {
        world.wait("20m");
    }
    world.sweep();
    if situation == "storm" {
        assert_eq!(world.last_storm(), STORM);
        world.unlock("acme-tf-state/units/2.tfstate");
    }
    assert_eq!(world.entry_of(STATE).code.as_str(), REQUEST);
    match situation {
        "nothing-locked" => world.unlock(STATE),
        "signs-of-life" => world.write_state(STATE),
        "changed-hands" => {
            world.lock(Kind::Item, STATE, "ci-node-08");
        }
        "expire" => {
            world.wait("4h");
            world.sweep();
        }
        "finish" => world.leave_half_done(REQUEST),
        "sms-other-notice" => {
            world.lock(Kind::Item, OTHER, "ci-node-08");
            world.ask_about(OTHER);
        }
        "history" => {
            world.wait("5m");
            world.decide(&keep(REQUEST, "30m"));
            world.wait("30m");
            world.decide_by_topic(&release(REQUEST));
        }
        "restore" | "restore-held" => {
            world.wait("5m");
            assert_eq!(world.release(REQUEST), "released");
            if situation == "restore-held" {
                world.lock(Kind::Item, STATE, "ci-node-08");
            }
        }
        _ => {}
    }
    world.wait("5m");
    world.forget_what_was_told();
    world
}

/// People were asked about the lock and have the link; then what the situation says came to pass.
fn before_page(situation: &str) -> World {
    assert!(
        PAGE.contains(&situation),
        "no test knows events/approve/{situation}.json"
    );
    let world = World::new();
    held(&world, Kind::Pair);
    world.ask_about(STATE);
    assert_eq!(world.link(STATE), Link::new(REQUEST, TOKEN));
    world.wait("5m");
    match situation {
        "page-expired" => world.wait("24h"),
        "page-restore" | "page-spent" => {
            let form = Link::new(REQUEST, TOKEN).post("release", "a1b2c3d4");
            assert_eq!(world.visit(&form).headline(), "Released");
        }
        "page-changed-hands" => {
            world.unlock(STATE);
            world.lock(Kind::Pair, STATE, "ci-node-08");
        }
        _ if situation.starts_with("page-even-if") => world.write_state(STATE),
        _ => {}
    }
    world.forget_what_was_told();
    world
}

/// What the browser got, and what is true afterwards. The hash of the style sheet changes with the sheet.
fn page_story(world: &World, page: &Page) -> String {
    let mut story = format!("{}\n", page.status);
    for (name, value) in &page.headers {
        let value = match value.split_once("'sha256-") {
            Some((before, after)) => {
                format!("{before}'sha256-…'{}", after.split_once('\'').unwrap().1)
            }
            None => value.clone(),
        };
        writeln!(story, "{name}: {value}").unwrap();
    }
    writeln!(story, "\n{}", page.text()).unwrap();
    let buttons = page.buttons();
    let buttons = if buttons.is_empty() {
        "none".to_owned()
    } else {
        buttons.join(", ")
    };
    writeln!(story, "\nButtons: {buttons}").unwrap();
    story.push_str(&afterwards(world));
    story
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
    let reply = serde_json::to_string_pretty(&reply).unwrap();
    format!("{reply}\n{}", afterwards(world))
}

fn afterwards(world: &World) -> String {
    let mut story = "\nTold:\n".to_owned();
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
