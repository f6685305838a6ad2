//! What a policy changes for locks and for people.

use jiff::SignedDuration;
use lockwarden_core::ledger::Status;
use lockwarden_core::policy::{Action, Policy, Severity, Terms};
use lockwarden_core::settings::POLICY;
use serde_json::{Value, json};

use crate::world::{
    Fate, Kind, STATE, TABLE, World, id_of, outcome_of, record_text, release, release_even_if,
};

/// The policy of most stories.
const RULES: &str = r#"
rule "long applies" {
  path        = "prod/**"
  operations  = ["apply"]
  stale_after = "4h"
  severity    = "page"
}
rule "dead plans" {
  operations  = ["plan"]
  holder      = "runner@*"
  stale_after = "30m"
  quiet_for   = "10m"
}
rule "frozen by hand" {
  operations = ["tflock"]
  action     = "ignore"
}
"#;

fn world(policy: &str) -> World {
    World::with(&[(POLICY, policy)])
}

/// `runner@HOLDER` takes a lock for this operation, in the lock table.
fn lock_for(world: &World, operation: &str, holder: &str) {
    let text = record_text(holder, &world.clock().to_string(), STATE);
    let text = text.replace("OperationTypeApply", operation);
    world.lock_with(Kind::Item, STATE, &text);
}

/// The verdict of a sweep on the one lock that there is.
#[track_caller]
fn verdict(world: &World) -> String {
    let report = world.sweep();
    assert_eq!(report["held"], 1, "{report}");
    report["locks"][0]["verdict"].as_str().unwrap().to_owned()
}

/// The attribute `severity` of the notices, in order.
fn severities(world: &World) -> Vec<String> {
    let notices = world.notices().into_iter();
    notices
        .map(|told| {
            let attributes = told.notice.render().attributes.into_iter();
            let mut severity = attributes.filter(|(name, _)| *name == "severity");
            severity.next().unwrap().1.value()
        })
        .collect()
}

/// The text between the fences of the first block of HCL in the README's section.
fn policy_in_the_readme() -> String {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (_, section) = readme.split_once("\n## Policy\n").unwrap();
    let (_, block) = section.split_once("```hcl\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_policy_in_the_readme_loads_and_says_what_the_readme_says() {
    let base = Terms::asking(
        SignedDuration::from_hours(9),
        SignedDuration::from_mins(5),
        SignedDuration::from_hours(1),
    );
    let text = policy_in_the_readme();
    assert!(text.len() < 1_000, "it fits into a setting");
    let policy: Policy = lockwarden_policy::read(&text, "README.md", base).unwrap();
    assert_eq!(policy.default.stale_after, SignedDuration::from_mins(15));
    let rules = policy.rules.iter().map(|rule| {
        let terms = &rule.terms;
        let limit = lockwarden_core::span::shown(terms.stale_after);
        (rule.name.as_str(), limit, terms.severity, terms.action)
    });
    assert_eq!(
        rules.collect::<Vec<_>>(),
        [
            (
                "long applies",
                "4 h".to_owned(),
                Severity::Page,
                Action::Notify
            ),
            (
                "dead plans",
                "30 min".to_owned(),
                Severity::Warning,
                Action::Release
            ),
            (
                "frozen by hand",
                "15 min".to_owned(),
                Severity::Warning,
                Action::Ignore
            ),
        ]
    );
    assert_eq!(policy.windows[0].most, Action::Notify);
    assert_eq!(policy.max_releases_per_sweep, 3);
    // A function starts with it.
    let world = world(&text);
    lock_for(&world, "OperationTypeApply", "ci-7");
    world.wait("20m");
    assert_eq!(verdict(&world), "held");
}

#[test]
fn the_mistake_in_the_readme_is_what_is_said_of_such_a_policy() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let text =
        "rule \"prod\" {\n  path = \"prod/**\"\n}\nrule \"app\" {\n  path = \"prod/app/*\"\n}\n";
    let limit = SignedDuration::from_mins(15);
    let base = Terms::asking(limit, limit, limit);
    let refused = lockwarden_policy::read(text, POLICY, base).unwrap_err();
    assert!(readme.contains(&format!("\n{refused}\n")), "{refused}");
}

#[test]
fn an_apply_with_hours_to_go_is_held_and_nobody_is_asked() {
    let world = world(RULES);
    lock_for(&world, "OperationTypeApply", "ci-7");
    world.wait("20m");
    assert_eq!(verdict(&world), "held");
    world.wait("219m");
    assert_eq!(verdict(&world), "held");
    assert_eq!(world.told(), [""; 0]);

    world.wait("1m");
    assert_eq!(verdict(&world), "stale");
    assert_eq!(world.told(), ["stale_lock"]);
    let mail = world.last_email();
    assert!(
        mail.contains("long applies") && mail.contains("over the limit of 4 h"),
        "{mail}"
    );
}

#[test]
fn a_plan_is_asked_about_at_the_limit_of_its_own_rule() {
    let world = world(RULES);
    lock_for(&world, "OperationTypePlan", "ci-7");
    world.wait("29m");
    assert_eq!(verdict(&world), "held");
    assert_eq!(world.told(), [""; 0]);
    world.wait("1m");
    assert_eq!(verdict(&world), "stale");
    assert_eq!(world.told(), ["stale_lock"]);
}

#[test]
fn a_lock_that_no_rule_is_about_has_the_default_limits() {
    let world = world(RULES);
    let elsewhere = "acme-tf-state/dev/network.tfstate";
    world.lock(Kind::Item, elsewhere, "ci-7");
    world.wait("15m");
    assert_eq!(verdict(&world), "stale");
    assert!(
        !world.last_email().contains("Rule:"),
        "{}",
        world.last_email()
    );
}

#[test]
fn a_sign_of_life_counts_for_as_long_as_the_rule_says() {
    for (operation, holder, still_alive) in [
        ("OperationTypePlan", "ci-7", true),
        ("OperationTypeRefresh", "ci-7", false),
    ] {
        let world = world(RULES);
        lock_for(&world, operation, holder);
        world.wait("40m");
        world.write_state(STATE);
        world.wait("9m");
        assert_eq!(verdict(&world) == "alive", still_alive, "{operation}");
    }
}

#[test]
fn a_frozen_state_is_in_the_report_and_nobody_is_asked_ever() {
    let world = world(RULES);
    lock_for(&world, "tflock", "alice");
    for _ in 0..50 {
        world.wait("30m");
        let report = world.sweep();
        assert_eq!(report["locks"][0]["verdict"], "ignored");
        assert_eq!(
            report["locks"][0]["why"],
            "the rule `frozen by hand` says that nobody is asked about it"
        );
        assert_eq!(
            (&report["stale"], &report["oldest_age_seconds"]),
            (&json!(0), &json!(0))
        );
    }
    assert_eq!(world.told(), [""; 0]);
    assert_eq!(world.entry_of(STATE).status, Status::Seen);
    world.unlock(STATE);
    world.wait("5m");
    world.sweep();
    assert_eq!(world.entry_of(STATE).status, Status::Ended);
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn an_unreadable_lock_can_be_ignored_by_its_path_and_by_nothing_else() {
    for (rule, asked) in [
        (
            "rule \"x\" {\n  path = \"prod/**\"\n  action = \"ignore\"\n}",
            false,
        ),
        (
            "rule \"x\" {\n  holder = \"*\"\n  action = \"ignore\"\n}",
            true,
        ),
        (
            "rule \"x\" {\n  operations = [\"*\"]\n  action = \"ignore\"\n}",
            true,
        ),
        ("default { action = \"ignore\" }", false),
    ] {
        let world = world(rule);
        world.put_item(TABLE, STATE, "locked by hand");
        let expected = if asked { "unreadable" } else { "ignored" };
        assert_eq!(verdict(&world), expected, "{rule}");
        assert_eq!(world.told().len(), usize::from(asked), "{rule}");
    }
}

#[test]
fn both_sides_of_a_split_can_be_ignored() {
    let world = world("rule \"x\" {\n  path = \"prod/**\"\n  action = \"ignore\"\n}");
    world.lock(Kind::Item, STATE, "ci-7");
    world.lock(Kind::Object, STATE, "ci-8");
    for _ in 0..3 {
        world.wait("20m");
        let report = world.sweep();
        for lock in report["locks"].as_array().unwrap() {
            assert_eq!(lock["verdict"], "ignored");
        }
    }
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn who_was_asked_before_the_rule_came_is_not_reminded_and_hears_of_the_end() {
    let before = World::new();
    lock_for(&before, "tflock", "alice");
    before.ask_about(STATE);
    before.forget_what_was_told();

    let world = world(RULES).with_the_stores_of(&before);
    for _ in 0..5 {
        world.wait("1h");
        assert_eq!(verdict(&world), "ignored");
    }
    assert_eq!(world.told(), [""; 0]);
    world.unlock(STATE);
    world.sweep();
    assert_eq!(world.told(), ["ended"]);
}

#[test]
fn a_question_that_a_dead_sweep_owes_is_not_asked_of_an_ignored_lock() {
    let before = World::new();
    lock_for(&before, "tflock", "alice");
    before.wait("20m");
    before.throttle("topic");
    assert!(before.try_sweep().is_err());
    assert_eq!(before.told(), [""; 0]);

    let ignoring = world(RULES).with_the_stores_of(&before);
    ignoring.wait("1h");
    assert_eq!(verdict(&ignoring), "ignored");
    assert_eq!(ignoring.told(), [""; 0]);

    // Without the rule it is asked after all.
    let after = World::new().with_the_stores_of(&ignoring);
    after.sweep();
    assert_eq!(after.told(), ["stale_lock"]);
}

#[test]
fn the_severity_of_a_question_is_that_of_the_rule() {
    let world = world(RULES);
    lock_for(&world, "OperationTypeApply", "ci-7");
    world.wait("4h");
    world.sweep();
    world.wait("1h");
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();
    assert_eq!(world.release(&request), "released");
    assert_eq!(world.told(), ["stale_lock", "reminder", "released"]);
    assert_eq!(severities(&world), ["page", "page", "info"]);
}

#[test]
fn how_often_people_are_reminded_is_up_to_the_rule() {
    let world = world("rule \"x\" {\n  path = \"prod/**\"\n  remind_every = \"10m\"\n}");
    world.lock(Kind::Item, STATE, "ci-7");
    world.ask_about(STATE);
    world.wait("10m");
    world.sweep();
    assert_eq!(world.told(), ["stale_lock", "reminder"]);
}

#[test]
fn a_window_keeps_people_in_peace_for_its_time() {
    let world = world(
        "window \"freeze\" {\n  from = \"2026-03-02T08:00Z\"\n  to = \"2026-03-02T10:00Z\"\n  action = \"ignore\"\n}",
    );
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("119m");
    let report = world.sweep();
    assert_eq!(
        report["locks"][0]["why"],
        "the window `freeze` says until 2026-03-02 10:00:00 UTC that nobody is asked about it"
    );
    assert_eq!(world.told(), [""; 0]);
    world.wait("1m");
    assert_eq!(verdict(&world), "stale");
    assert_eq!(world.told(), ["stale_lock"]);
}

#[test]
fn a_window_that_lets_people_be_asked_changes_nothing_for_them() {
    let world = world(
        "window \"freeze\" {\n  from = \"2026-03-02T08:00Z\"\n  to = \"2026-03-02T10:00Z\"\n  action = \"notify\"\n}",
    );
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    assert_eq!(verdict(&world), "stale");
    assert_eq!(world.told(), ["stale_lock"]);
}

#[test]
fn the_default_of_a_policy_goes_before_the_settings() {
    let world = World::with(&[
        ("STALE_AFTER", "2h"),
        ("REMIND_EVERY", "3h"),
        (
            POLICY,
            "default {\n  stale_after = \"10m\"\n  severity = \"error\"\n}",
        ),
    ]);
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("10m");
    assert_eq!(verdict(&world), "stale");
    assert_eq!(severities(&world), ["error"]);
    // What it does not say is as set.
    world.wait("179m");
    world.sweep();
    assert_eq!(world.told(), ["stale_lock"]);
    world.wait("1m");
    world.sweep();
    assert_eq!(world.told(), ["stale_lock", "reminder"]);
}

#[test]
fn approve_goes_by_the_limit_of_the_rule() {
    let world = world(RULES);
    lock_for(&world, "OperationTypeApply", "ci-7");
    world.wait("20m");
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();
    let refused = world.decide(&release(&request));
    assert_eq!(refused["outcome"], "not_stale");
    let why = refused["why"].as_str().unwrap();
    assert!(why.contains("younger than the limit of 4 h"), "{why}");
    assert_eq!(
        outcome_of(&world.decide(&release_even_if(&request, &["fresh"]))),
        "released"
    );
    assert!(world.is_free(STATE));
}

#[test]
fn a_rule_that_ignores_a_lock_forbids_nobody_to_release_it() {
    let world = world("rule \"x\" {\n  path = \"prod/**\"\n  action = \"ignore\"\n}");
    world.lock(Kind::Pair, STATE, "ci-7");
    world.wait("5m");
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();
    assert_eq!(world.release(&request), "not_stale");
    world.wait("15m");
    assert_eq!(world.release(&request), "released");
    assert!(world.is_free(STATE));
}

#[test]
fn what_is_odd_about_an_ignored_lock_has_to_be_said_all_the_same() {
    let world = world(RULES);
    lock_for(&world, "tflock", "alice");
    world.wait("20m");
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();
    let refused = world.decide(&release(&request));
    assert_eq!(refused["outcome"], "not_stale");
    assert_eq!(
        refused["why"],
        "ignored: the rule `frozen by hand` says that nobody is asked about it"
    );
    let decision = release_even_if(&request, &["unreadable"]);
    assert_eq!(outcome_of(&world.decide(&decision)), "released");
}

/// What `triage` says of the lock of this holder.
fn triage(world: &World, operation: &str, holder: &str) -> Value {
    let printed = format!(
        "Error: Error acquiring the state lock\n\nError message: ConditionalCheckFailedException: The conditional request failed\n\
         Lock Info:\n  ID:        {}\n  Path:      {STATE}\n  Operation: {operation}\n  Who:       runner@{holder}\n  Version:   1.11.4\n\
         \u{20} Created:   2026-03-02 08:00:00 +0000 UTC\n  Info:      \n",
        id_of(holder)
    );
    let asking = world.asking(&json!({"text": printed}), Fate::Lives);
    world.run_one(asking).unwrap().unwrap()
}

#[test]
fn triage_goes_by_the_policy_too() {
    for (operation, wait, verdict) in [
        ("OperationTypeApply", "20m", "held"),
        ("OperationTypeApply", "4h", "stale"),
        ("OperationTypePlan", "20m", "held"),
        ("OperationTypePlan", "30m", "stale"),
        ("tflock", "5m", "held"),
        ("tflock", "9h", "ignored"),
    ] {
        let world = world(RULES);
        lock_for(&world, operation, "ci-7");
        world.wait(wait);
        let reply = triage(&world, operation, "ci-7");
        assert_eq!(reply["live"]["verdict"], verdict, "{operation} {wait}");
        assert_eq!(world.told().len(), usize::from(verdict == "stale"));
    }
}
