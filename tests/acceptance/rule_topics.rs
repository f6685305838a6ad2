//! A rule with a topic of its own: who is asked there hears the rest of the story there too.

use lockwarden_core::notice::StormLock;
use lockwarden_core::settings::POLICY;
use serde_json::{Value, json};

use crate::world::{Fate, Kind, STATE, World, keep, outcome_of, restore};

const RULES: &str = "rule \"team a\" {\n  path = \"prod/**\"\n  topic = \"arn:aws:sns:eu-west-1:123456789012:team-a\"\n}";
/// A state that no rule is about.
const OTHER: &str = "acme-tf-state/dev/network.tfstate";

fn world() -> World {
    World::with(&[(POLICY, RULES)])
}

/// What was told, in order, and where: the name of a topic of its own, or nothing.
fn told(world: &World) -> Vec<(&'static str, String)> {
    let notices = world.notices().into_iter().map(|told| told.notice);
    notices
        .map(|notice| {
            let topic = notice.topic.as_ref().map(|topic| topic.name().to_owned());
            (notice.kind.word(), topic.unwrap_or_default())
        })
        .collect()
}

/// Each of these was told in the rule's topic.
fn in_team_a(kinds: &[&'static str]) -> Vec<(&'static str, String)> {
    kinds
        .iter()
        .map(|kind| (*kind, "team-a".to_owned()))
        .collect()
}

fn stores(report: &Value) -> Vec<&str> {
    let incomplete = report["incomplete"].as_array().unwrap().iter();
    incomplete
        .map(|part| part["store"].as_str().unwrap())
        .collect()
}

#[test]
fn who_is_asked_in_the_topic_of_a_rule_hears_the_rest_there() {
    let world = world();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.wait("1h");
    world.sweep();
    assert_eq!(outcome_of(&world.decide(&keep(&request, "1h"))), "kept");
    assert_eq!(world.release(&request), "released");
    assert_eq!(outcome_of(&world.decide(&restore(&request))), "restored");
    world.unlock(STATE);
    world.wait("5m");
    world.sweep();
    let kinds = [
        "stale_lock",
        "reminder",
        "kept",
        "released",
        "restored",
        "ended",
    ];
    assert_eq!(told(&world), in_team_a(&kinds));
}

#[test]
fn a_write_after_the_release_is_told_where_people_were_asked() {
    let world = world();
    world.lock(Kind::Object, STATE, "ci-7");
    let request = world.ask_about(STATE);
    assert_eq!(world.release(&request), "released");
    world.wait("10m");
    world.write_state(STATE);
    world.wait("5m");
    world.sweep();
    assert_eq!(
        told(&world),
        in_team_a(&["stale_lock", "released", "zombie_write"])
    );
}

#[test]
fn a_refusal_is_told_where_people_were_asked() {
    let world = world();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.write_state(STATE);
    assert_eq!(world.release(&request), "not_stale");
    assert_eq!(told(&world), in_team_a(&["stale_lock", "rejected"]));
}

#[test]
fn a_lock_of_no_rule_is_told_in_the_notice_topic() {
    let world = world();
    world.lock(Kind::Item, OTHER, "ci-7");
    let request = world.ask_about(OTHER);
    assert_eq!(world.release(&request), "released");
    let expected = ["stale_lock", "released"].map(|kind| (kind, String::new()));
    assert_eq!(told(&world), expected);
}

#[test]
fn what_comes_of_a_lock_goes_where_people_were_asked_whatever_the_rule_says_by_then() {
    let before = world();
    before.lock(Kind::Item, STATE, "ci-7");
    let request = before.ask_about(STATE);
    let without = World::new().with_the_stores_of(&before);
    assert_eq!(without.release(&request), "released");
    assert_eq!(told(&without), in_team_a(&["stale_lock", "released"]));
}

#[test]
fn nobody_is_left_untold_because_of_a_wrong_topic() {
    let world = world();
    world.deny("topic team-a");
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    let error = world.try_sweep().unwrap_err();
    assert!(
        error.starts_with("SweepIncomplete: topic arn:aws:sns:eu-west-1:123456789012:team-a: "),
        "{error}"
    );
    let report = world.kept_report().unwrap();
    assert_eq!(report["notified"], 1, "people were told all the same");
    // What is told later goes to the same people.
    let request = world.entry_of(STATE).code.to_string();
    assert_eq!(world.release(&request), "released");
    let expected = ["stale_lock", "released"].map(|kind| (kind, String::new()));
    assert_eq!(told(&world), expected);
}

#[test]
fn a_topic_that_goes_after_people_were_asked_loses_no_outcome() {
    let world = world();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.deny("topic team-a");
    assert_eq!(world.release(&request), "released");
    let expected = [("stale_lock", "team-a"), ("released", "")];
    assert_eq!(
        told(&world),
        expected.map(|(kind, topic)| (kind, topic.to_owned()))
    );
}

#[test]
fn a_topic_that_is_too_busy_gets_its_notice_later() {
    let world = world();
    world.throttle("topic team-a");
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    assert!(world.try_sweep().is_err());
    assert_eq!(told(&world), []);
    world.mend();
    world.wait("5m");
    world.sweep();
    assert_eq!(told(&world), in_team_a(&["stale_lock"]));
}

#[test]
fn a_look_says_which_topic_took_nothing() {
    let world = world();
    world.deny("topic team-a");
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    let look = world.sweeping_for(json!({"look_at": [STATE]}), Fate::Lives);
    let reply = world.run_one(look).unwrap().unwrap();
    let looked = &reply["looked_at"][0];
    assert_eq!(
        stores(looked),
        ["topic arn:aws:sns:eu-west-1:123456789012:team-a"]
    );
    assert_eq!(told(&world), [("stale_lock", String::new())]);
}

#[test]
fn the_page_names_the_topic_that_hears_of_the_decision() {
    let world = world();
    world.lock(Kind::Item, STATE, "ci-7");
    world.ask_about(STATE);
    let page = world.visit(&world.link(STATE).get());
    assert!(page.body.contains("team-a"), "{}", page.body);
    assert!(!page.body.contains("lockwarden-notices"), "{}", page.body);
}

#[test]
fn the_end_of_a_question_that_a_dead_sweep_may_have_asked_is_told_where_it_went() {
    let world = world();
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    world.throttle("topic team-a");
    assert!(world.try_sweep().is_err());
    world.mend();
    world.unlock(STATE);
    world.wait("5m");
    world.sweep();
    assert_eq!(told(&world), in_team_a(&["ended"]));
}

/// So many locks of one dead machine, in the rule's part of the bucket and beside it.
fn many(world: &World, count: usize) {
    for number in 0..count {
        for part in ["prod", "dev"] {
            let path = format!("acme-tf-state/{part}/{number}.tfstate");
            world.lock(Kind::Item, &path, "ci-7");
        }
    }
}

#[test]
fn many_locks_at_once_are_one_notice_in_each_topic_and_its_outcome_goes_there() {
    let world = world();
    many(&world, 6);
    world.wait("20m");
    world.sweep();
    let mut storms = told(&world);
    storms.sort();
    let expected = [("storm", ""), ("storm", "team-a")];
    assert_eq!(
        storms,
        expected.map(|(kind, topic)| (kind, topic.to_owned()))
    );
    for storm in world.notices().into_iter().map(|told| told.notice) {
        world.forget_what_was_told();
        let facts = storm.storm.as_ref().unwrap();
        let in_prod = |lock: &StormLock| lock.lock_id.as_str().contains("/prod/");
        assert_eq!(facts.count, 6);
        assert!(
            facts
                .locks
                .iter()
                .all(|lock| in_prod(lock) == storm.topic.is_some())
        );
        let decision = json!({"decision": "release", "storm": facts.code, "by": "alice"});
        assert_eq!(outcome_of(&world.decide(&decision)), "released");
        let topic = storm.topic.as_ref().map(|topic| topic.name().to_owned());
        assert_eq!(told(&world), [("released", topic.unwrap_or_default())]);
    }
}

#[test]
fn many_locks_whose_topic_takes_nothing_are_told_in_the_notice_topic() {
    let world = world();
    world.deny("topic team-a");
    many(&world, 6);
    world.wait("20m");
    let error = world.try_sweep().unwrap_err();
    assert!(
        error.contains("topic arn:aws:sns:eu-west-1:123456789012:team-a: "),
        "{error}"
    );
    let expected = ["storm", "storm"].map(|kind| (kind, String::new()));
    assert_eq!(told(&world), expected);
    assert!(
        world
            .entries()
            .iter()
            .all(|entry| entry.told.topic.is_none())
    );
}
