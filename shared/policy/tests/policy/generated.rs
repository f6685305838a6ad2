//! Any text, and any policy.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use lockwarden_core::policy::{
    Action, Conditions, Glob, Name, OperationPattern, Policy, Rule, Severity, Terms, Window,
};
use lockwarden_core::settings::TopicArn;
use proptest::prelude::*;

use super::{base, read};

/// The policy as somebody might write it.
fn printed(policy: &Policy) -> String {
    let mut text = format!(
        "max_releases_per_sweep = {}\n",
        policy.max_releases_per_sweep
    );
    let _ = writeln!(text, "default {{\n{}}}", terms(&policy.default));
    for rule in &policy.rules {
        let _ = writeln!(text, "rule {} {{", quoted(rule.name.as_str()));
        if let Some(path) = &rule.applies.path {
            let _ = writeln!(text, "  path = {}", quoted(path.as_str()));
        }
        if let Some(holder) = &rule.applies.holder {
            let _ = writeln!(text, "  holder = {}", quoted(holder.as_str()));
        }
        if !rule.applies.operations.is_empty() {
            let all = rule.applies.operations.iter();
            let all: Vec<String> = all.map(|one| quoted(one.as_str())).collect();
            let _ = writeln!(text, "  operations = [{}]", all.join(", "));
        }
        let _ = writeln!(text, "{}}}", terms(&rule.terms));
    }
    for window in &policy.windows {
        let _ = write!(
            text,
            "window {} {{\n  from = \"{}\"\n  to = \"{}\"\n  action = \"{}\"\n}}\n",
            quoted(window.name.as_str()),
            window.from,
            window.to,
            window.most.word()
        );
    }
    text
}

fn terms(terms: &Terms) -> String {
    let topic = terms.topic.as_ref();
    let topic = topic.map(|topic| format!("  topic = \"{}\"\n", topic.as_str()));
    format!(
        "  stale_after = \"{}s\"\n  quiet_for = \"{}s\"\n  remind_every = \"{}s\"\n  severity = \"{}\"\n  action = \"{}\"\n{}",
        terms.stale_after.as_secs(),
        terms.quiet_for.as_secs(),
        terms.remind_every.as_secs(),
        terms.severity.word(),
        terms.action.word(),
        topic.unwrap_or_default(),
    )
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace("${", "$${").replace("%{", "%%{"))
}

/// At least as long as any `quiet_for` and at most a year.
fn any_terms(actions: &'static [Action]) -> impl Strategy<Value = Terms> {
    (
        600_i64..31_536_000,
        1_i64..600,
        1_i64..31_536_000,
        prop::sample::select(Severity::ALL.to_vec()),
        prop::sample::select(actions),
        prop::option::of("[a-z]{1,9}"),
    )
        .prop_map(
            |(stale_after, quiet_for, remind_every, severity, action, topic)| Terms {
                stale_after: SignedDuration::from_secs(stale_after),
                quiet_for: SignedDuration::from_secs(quiet_for),
                remind_every: SignedDuration::from_secs(remind_every),
                severity,
                action,
                topic: topic.map(|name| {
                    TopicArn::parse(&format!("arn:aws:sns:eu-west-1:123456789012:{name}")).unwrap()
                }),
            },
        )
}

fn any_conditions() -> impl Strategy<Value = Conditions> {
    (
        prop::option::of("[a-z${}%é]{0,3}[a-z]/([*?a-z]|\\*\\*)"),
        prop::option::of("[a-z\"\\\\]{0,4}[a-z]@[a-z*? ]{1,4}"),
        prop::collection::vec("plan|apply|migration|state-[*mr]|[a-zA-Z\"${ ]{1,8}", 0..4),
    )
        .prop_filter_map("no patterns", |(path, holder, operations)| {
            let operations: Result<Vec<_>, _> = operations
                .iter()
                .map(|one| OperationPattern::parse(one))
                .collect();
            Some(Conditions {
                path: path.map(|path| Glob::of_path(&path)).transpose().ok()?,
                holder: holder
                    .map(|holder| Glob::of_text(&holder))
                    .transpose()
                    .ok()?,
                operations: operations.ok()?,
            })
        })
}

fn any_rules() -> impl Strategy<Value = Vec<Rule>> {
    let one = (any_conditions(), any_terms(&Action::ALL));
    prop::collection::vec(one, 0..6).prop_map(|all| {
        let mut rules: Vec<Rule> = Vec::new();
        for (index, (applies, terms)) in all.into_iter().enumerate() {
            if !rules.iter().any(|rule| rule.applies.cover(&applies)) {
                let name = Name::parse(&format!("rule \"{index}\" ${{é}}")).unwrap();
                rules.push(Rule {
                    name,
                    applies,
                    terms,
                });
            }
        }
        rules
    })
}

fn any_windows() -> impl Strategy<Value = Vec<Window>> {
    let one = (
        1_700_000_000_i64..1_900_000_000,
        1_i64..100_000_000,
        prop::sample::select(vec![Action::Ignore, Action::Notify]),
    );
    prop::collection::vec(one, 0..4).prop_map(|all| {
        let windows = all.into_iter().enumerate();
        windows
            .map(|(index, (from, length, most))| Window {
                name: Name::parse(&format!("window {index}")).unwrap(),
                from: Timestamp::from_second(from).unwrap(),
                to: Timestamp::from_second(from + length).unwrap(),
                most,
            })
            .collect()
    })
}

fn any_policy() -> impl Strategy<Value = Policy> {
    (
        any_terms(&[Action::Ignore, Action::Notify]),
        any_rules(),
        any_windows(),
        1_u32..=100,
    )
        .prop_map(|(default, mut rules, windows, max_releases_per_sweep)| {
            // A rule without a topic has the default's.
            for rule in &mut rules {
                rule.terms.topic = rule.terms.topic.take().or(default.topic.clone());
            }
            Policy {
                default,
                rules,
                windows,
                max_releases_per_sweep,
            }
        })
}

/// Pieces that a policy is made of, in any order.
fn any_mixture() -> impl Strategy<Value = String> {
    let pieces = vec![
        "rule",
        "window",
        "default",
        "\"x\"",
        "\"y\"",
        "{",
        "}",
        "\n",
        "=",
        "path",
        "holder",
        "operations",
        "stale_after",
        "quiet_for",
        "action",
        "from",
        "to",
        "topic",
        "severity",
        "[",
        "]",
        ",",
        "\"plan\"",
        "\"4h\"",
        "\"**\"",
        "\"release\"",
        "\"2026-12-20T00:00Z\"",
        "7",
        "-",
        "null",
        "${",
        "#",
        "<<E\n",
        "é",
        " ",
        "max_releases_per_sweep",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #[test]
    fn a_printed_policy_is_read_back_as_it_was(policy in any_policy()) {
        let text = printed(&policy);
        prop_assert_eq!(read(&text), Ok(policy), "{}", text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*") {
        drop(read(&text));
    }

    #[test]
    fn every_complaint_has_a_place_in_the_text(text in any_mixture()) {
        if let Err(refused) = read(&text) {
            prop_assert!(!refused.complaints.is_empty());
            let places: Vec<_> = refused.complaints.iter().map(|one| (one.line, one.column)).collect();
            prop_assert!(places.is_sorted(), "{}", refused);
            for (line, column) in places {
                let length = text.split('\n').nth(line - 1).map(|line| line.chars().count());
                prop_assert!(length.is_some_and(|length| column <= length + 1), "{}", refused);
            }
        }
    }

    #[test]
    fn a_policy_that_lost_a_piece_is_read_or_refused(policy in any_policy(), at in 0.0..1.0_f64, length in 1_usize..20) {
        let text: Vec<char> = printed(&policy).chars().collect();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
        let from = (text.len() as f64 * at) as usize;
        let rest = text.iter().enumerate().filter(|(index, _)| *index < from || *index >= from + length);
        let text: String = rest.map(|(_, character)| *character).collect();
        match read(&text) {
            Ok(policy) => prop_assert!(policy.default.action < Action::Release),
            Err(refused) => prop_assert!(!refused.complaints.is_empty()),
        }
    }
}

#[test]
fn the_base_is_what_an_empty_policy_is() {
    assert_eq!(read("").unwrap().default, base());
}
