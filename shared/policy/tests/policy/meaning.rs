//! What is read from a policy that is right.

use jiff::SignedDuration;
use lockwarden_core::policy::{Action, OperationPattern, Policy, Severity};

use super::{base, read};

/// With a line for each attribute that there is.
const WHOLE: &str = r#"
max_releases_per_sweep = 7

rule "dead plans" {
  path         = "prod/**"
  holder       = "runner@*"
  operations   = ["plan", "state-*"]
  stale_after  = "30m"
  quiet_for    = "10m"
  remind_every = "2h"
  severity     = "page"
  action       = "release"
  topic        = "arn:aws:sns:eu-west-1:123456789012:plans"
}
rule others { severity = "info" }

window "change freeze" {
  from   = "2026-12-20T00:00Z"
  to     = "2027-01-03T00:00:00+01:00"
  action = "ignore"
}
default {
  stale_after  = "20m"
  quiet_for    = "6m"
  remind_every = "3h"
  severity     = "error"
  action       = "ignore"
  topic        = "arn:aws:sns:eu-west-1:123456789012:all"
}
"#;

#[test]
fn a_text_that_says_nothing_changes_nothing() {
    for empty in ["", "\n", "# nothing\n", "\u{feff}", "default {\n}\n"] {
        assert_eq!(
            read(empty).unwrap(),
            Policy::without_rules(base()),
            "{empty:?}"
        );
    }
}

#[test]
fn every_attribute_reaches_the_policy() {
    let policy = read(WHOLE).unwrap();
    assert_eq!(policy.max_releases_per_sweep, 7);

    let default = &policy.default;
    assert_eq!(default.stale_after, SignedDuration::from_mins(20));
    assert_eq!(default.quiet_for, SignedDuration::from_mins(6));
    assert_eq!(default.remind_every, SignedDuration::from_hours(3));
    assert_eq!(default.severity, Severity::Error);
    assert_eq!(default.action, Action::Ignore);
    assert_eq!(default.topic.as_ref().unwrap().name(), "all");

    let rule = &policy.rules[0];
    assert_eq!(rule.name.as_str(), "dead plans");
    assert_eq!(rule.applies.path.as_ref().unwrap().as_str(), "prod/**");
    assert_eq!(rule.applies.holder.as_ref().unwrap().as_str(), "runner@*");
    let operations = rule.applies.operations.iter();
    let operations: Vec<&str> = operations.map(OperationPattern::as_str).collect();
    assert_eq!(operations, ["plan", "state-*"]);
    assert_eq!(rule.terms.stale_after, SignedDuration::from_mins(30));
    assert_eq!(rule.terms.quiet_for, SignedDuration::from_mins(10));
    assert_eq!(rule.terms.remind_every, SignedDuration::from_hours(2));
    assert_eq!(rule.terms.severity, Severity::Page);
    assert_eq!(rule.terms.action, Action::Release);
    assert_eq!(rule.terms.topic.as_ref().unwrap().name(), "plans");

    let window = &policy.windows[0];
    assert_eq!(window.name.as_str(), "change freeze");
    assert_eq!(window.from.to_string(), "2026-12-20T00:00:00Z");
    assert_eq!(window.to.to_string(), "2027-01-02T23:00:00Z");
    assert_eq!(window.most, Action::Ignore);
}

#[test]
fn what_a_rule_does_not_say_is_the_defaults_wherever_that_stands() {
    let policy = read(WHOLE).unwrap();
    let mut expected = policy.default.clone();
    expected.severity = Severity::Info;
    assert_eq!(policy.rules[1].name.as_str(), "others");
    assert_eq!(policy.rules[1].terms, expected);
}

#[test]
fn what_the_default_does_not_say_is_the_settings() {
    let policy = read("default { stale_after = \"2h\" }").unwrap();
    let mut expected = base();
    expected.stale_after = SignedDuration::from_hours(2);
    assert_eq!(policy.default, expected);
}

#[test]
fn rules_keep_their_order() {
    let text = "rule \"z\" { path = \"a\" }\nrule \"a\" { path = \"b\" }\nrule \"m\" {}";
    let names: Vec<String> = read(text)
        .unwrap()
        .rules
        .iter()
        .map(|rule| rule.name.to_string())
        .collect();
    assert_eq!(names, ["z", "a", "m"]);
}

#[test]
fn limits_that_the_settings_chose_are_no_mistake_of_the_policy() {
    let mut short = base();
    short.stale_after = SignedDuration::from_secs(1);
    let text = "rule \"x\" { severity = \"page\" }";
    assert!(lockwarden_policy::read(text, "POLICY", short).is_ok());
}

#[test]
fn what_is_at_a_limit_is_within_it() {
    let name = "x".repeat(100);
    for good in [
        format!("rule \"{name}\" {{}}"),
        "default { stale_after = \"365d\" }".to_owned(),
        "default { stale_after = \"5m\" }".to_owned(),
        "max_releases_per_sweep = 1".to_owned(),
        "max_releases_per_sweep = 100".to_owned(),
        format!("#{}", " ".repeat(64 * 1024 - 1)),
    ] {
        assert!(read(&good).is_ok(), "{good}");
    }
}
