use super::*;
use crate::item::Content;
use crate::lock::gather;
use crate::testing::{at, item, item_with, lock_file, plain_policy, text_of};

const NOW: &str = "2026-01-01T01:00:00Z";

fn lock() -> Lock {
    gather(vec![item("t", "acme/prod/a", "A")]).remove(0)
}

fn rule(name: &str, path: Option<&str>, action: Action) -> Rule {
    let base = plain_policy(SignedDuration::from_mins(15)).default;
    Rule {
        name: Name::parse(name).unwrap(),
        applies: Conditions {
            path: path.map(|path| Glob::of_path(path).unwrap()),
            ..Conditions::default()
        },
        terms: Terms { action, ..base },
    }
}

fn window(name: &str, from: &str, to: &str, most: Action) -> Window {
    Window {
        name: Name::parse(name).unwrap(),
        from: at(from),
        to: at(to),
        most,
    }
}

fn policy(rules: Vec<Rule>, windows: Vec<Window>) -> Policy {
    Policy {
        rules,
        windows,
        ..plain_policy(SignedDuration::from_mins(15))
    }
}

#[test]
fn the_first_rule_that_applies_wins() {
    let rules = vec![
        rule("dev", Some("dev/**"), Action::Ignore),
        rule("prod", Some("prod/**"), Action::Release),
        rule("all", None, Action::Ignore),
    ];
    let policy = policy(rules, Vec::new());
    let applied = policy.terms(&lock(), at(NOW));
    assert_eq!(applied.rule_name(), "prod");
    assert_eq!(applied.terms, policy.rules[1].terms);
    assert_eq!(applied.window, None);
}

#[test]
fn where_no_rule_applies_the_default_holds() {
    let policy = policy(
        vec![rule("dev", Some("dev/**"), Action::Ignore)],
        Vec::new(),
    );
    let applied = policy.terms(&lock(), at(NOW));
    assert_eq!(applied.rule_name(), DEFAULT_RULE);
    assert_eq!(applied.terms, policy.default);
}

#[test]
fn what_cannot_be_read_or_is_split_is_never_released_by_a_rule() {
    let policy = policy(vec![rule("all", None, Action::Release)], Vec::new());
    let action = |lock: &Lock| policy.terms(lock, at(NOW)).terms.action;
    assert_eq!(action(&lock()), Action::Release);
    let unreadable = Lock {
        content: Content::Phantom,
        ..lock()
    };
    assert_eq!(action(&unreadable), Action::Notify);
    let both = vec![item("t", "acme/prod/a", "A"), lock_file("acme/prod/a", "B")];
    for side in gather(both) {
        assert_eq!(action(&side), Action::Notify);
    }
}

#[test]
fn a_window_takes_away_and_never_gives() {
    let (from, to) = ("2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z");
    for (rules, most, left) in [
        (Action::Release, Action::Notify, Action::Notify),
        (Action::Release, Action::Ignore, Action::Ignore),
        (Action::Notify, Action::Notify, Action::Notify),
        (Action::Ignore, Action::Notify, Action::Ignore),
        (Action::Notify, Action::Release, Action::Notify),
    ] {
        let windows = vec![window("freeze", from, to, most)];
        let policy = policy(vec![rule("all", None, rules)], windows);
        let applied = policy.terms(&lock(), at(NOW));
        assert_eq!(applied.terms.action, left, "{rules:?} {most:?}");
        assert_eq!(applied.window.is_some(), left < rules, "{rules:?} {most:?}");
    }
}

#[test]
fn a_window_begins_with_its_first_moment_and_ends_before_its_last() {
    let freeze = window(
        "freeze",
        "2026-01-01T00:00:00Z",
        "2026-01-01T02:00:00Z",
        Action::Ignore,
    );
    for (now, is_open) in [
        ("2025-12-31T23:59:59.999Z", false),
        ("2026-01-01T00:00:00Z", true),
        ("2026-01-01T01:59:59.999Z", true),
        ("2026-01-01T02:00:00Z", false),
    ] {
        assert_eq!(freeze.is_open(at(now)), is_open, "{now}");
    }
}

#[test]
fn of_several_open_windows_the_strictest_holds_and_of_equals_the_last_to_end() {
    let windows = vec![
        window(
            "notify",
            "2026-01-01T00:00:00Z",
            "2026-01-09T00:00:00Z",
            Action::Notify,
        ),
        window(
            "short",
            "2026-01-01T00:00:00Z",
            "2026-01-02T00:00:00Z",
            Action::Ignore,
        ),
        window(
            "long",
            "2026-01-01T00:00:00Z",
            "2026-01-03T00:00:00Z",
            Action::Ignore,
        ),
        window(
            "over",
            "2025-01-01T00:00:00Z",
            "2025-01-03T00:00:00Z",
            Action::Ignore,
        ),
    ];
    let policy = policy(vec![rule("all", None, Action::Release)], windows);
    let applied = policy.terms(&lock(), at(NOW));
    assert_eq!(applied.terms.action, Action::Ignore);
    assert_eq!(applied.window.unwrap().name.as_str(), "long");
}

fn judged(policy: &Policy, lock: &Lock, now: &str) -> Judgement {
    let sighting = Sighting {
        lock,
        first_seen: at("2026-01-01T00:00:00Z"),
        split_sightings: 2,
        state: &StateObject::Absent,
    };
    judge(policy, at(now), &sighting)
}

#[test]
fn a_rule_that_ignores_takes_the_place_of_every_verdict_that_asks_and_of_no_other() {
    let ignoring = policy(vec![rule("frozen", None, Action::Ignore)], Vec::new());
    let asking = policy(Vec::new(), Vec::new());
    let unreadable = Lock {
        content: Content::Phantom,
        ..lock()
    };
    let with = |from: &str, to: &str| {
        let text = text_of("A").replace(from, to);
        gather(vec![item_with("t", "acme/prod/a", &text)]).remove(0)
    };
    let odd = with("OperationTypeApply", "tflock");
    let skewed = with("2026-01-01", "2027-01-01");
    let split = vec![item("t", "acme/prod/a", "A"), lock_file("acme/prod/a", "B")];
    let mut seen = Vec::new();
    for lock in [lock(), unreadable, odd, skewed, gather(split).remove(0)] {
        for now in ["2026-01-01T00:01:00Z", "2026-01-09T00:00:00Z"] {
            let (ignored, asked) = (judged(&ignoring, &lock, now), judged(&asking, &lock, now));
            let expected = if asked.verdict.asks() {
                (
                    Verdict::Ignored,
                    "the rule `frozen` says that nobody is asked about it",
                )
            } else {
                (asked.verdict, asked.why.as_str())
            };
            assert_eq!((ignored.verdict, ignored.why.as_str()), expected);
            assert_eq!(ignored.rule, "frozen");
            // A person who releases it needs the same words as without the rule.
            assert_eq!(ignored.objections, asked.objections);
            seen.push(asked.verdict);
        }
    }
    seen.sort();
    seen.dedup();
    use Verdict::{Held, Skewed, Split, Stale, Unreadable};
    assert_eq!(seen, [Unreadable, Split, Stale, Skewed, Held]);
}

#[test]
fn what_ignores_a_lock_is_named() {
    let freeze = window(
        "freeze",
        "2026-01-01T00:00:00Z",
        "2026-01-03T00:00:00Z",
        Action::Ignore,
    );
    let in_window = judged(&policy(Vec::new(), vec![freeze]), &lock(), NOW);
    assert_eq!(
        in_window.why,
        "the window `freeze` says until 2026-01-03 00:00:00 UTC that nobody is asked about it"
    );
    let mut by_default = policy(Vec::new(), Vec::new());
    by_default.default.action = Action::Ignore;
    assert_eq!(
        judged(&by_default, &lock(), NOW).why,
        "the default of the policy says that nobody is asked about it"
    );
}

#[test]
fn each_limit_is_that_of_the_rule() {
    let mut long = rule("long", Some("prod/**"), Action::Notify);
    long.terms.stale_after = SignedDuration::from_hours(4);
    let policy = policy(vec![long], Vec::new());
    let judgement = judged(&policy, &lock(), "2026-01-01T03:59:59Z");
    assert_eq!(judgement.verdict, Verdict::Held);
    assert_eq!(judgement.why, "younger than the limit of 4 h");
    assert_eq!(judgement.objections, [EvenIf::Fresh]);
    assert_eq!(judgement.rule, "long");
    let judgement = judged(&policy, &lock(), "2026-01-01T04:00:00Z");
    assert_eq!(judgement.verdict, Verdict::Stale);
}

#[test]
fn nobody_looks_at_the_state_of_a_lock_that_is_within_the_limit_of_its_rule() {
    let mut long = rule("long", Some("prod/**"), Action::Notify);
    long.terms.stale_after = SignedDuration::from_hours(4);
    let wants = |policy: &Policy, now: &str| wants_state(policy, at(now), &lock(), at(NOW));
    let with_long = policy(vec![long], Vec::new());
    assert!(!wants(&with_long, "2026-01-01T03:59:59Z"));
    assert!(wants(&with_long, "2026-01-01T04:00:00Z"));
    // With a sign of life an ignored lock is `alive`.
    let ignoring = policy(vec![rule("x", None, Action::Ignore)], Vec::new());
    assert!(wants(&ignoring, "2026-01-01T04:00:00Z"));
}
