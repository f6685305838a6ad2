//! A rule releases what is certainly dead, and asks nobody. Whatever is not certain, people are asked about.

use lockwarden_core::ledger::{Channel, EventKind, Status};
use lockwarden_core::settings::{POLICY, RELEASES};
use serde_json::{Value, json};

use crate::world::{Call, Fate, Kind, STATE, World, id_of, keep, outcome_of, record_text, restore};

const RULES: &str = r#"
rule "dead plans" {
  operations  = ["plan"]
  stale_after = "30m"
  quiet_for   = "10m"
  action      = "release"
}
"#;
const BY: &str = "policy:dead plans";
/// More calls than any run of these stories makes.
const MANY: usize = 100;

fn world() -> World {
    world_with(&[])
}

fn world_with(more: &[(&str, &str)]) -> World {
    let settings: Vec<(&str, &str)> = [(POLICY, RULES)].iter().chain(more).copied().collect();
    World::with(&settings)
}

fn path(number: usize) -> String {
    format!("acme-tf-state/prod/{number}.tfstate")
}

/// A plan takes the lock now, in the place of this kind.
fn plan(world: &World, kind: Kind, path: &str, holder: &str) {
    let text = record_text(holder, &world.clock().to_string(), path);
    world.lock_with(
        kind,
        path,
        &text.replace("OperationTypeApply", "OperationTypePlan"),
    );
}

/// Sweeps every five minutes for this many minutes; what sweep hands over is carried out at once.
fn sweep_for(world: &World, minutes: usize) {
    for _ in 0..minutes / 5 {
        world.wait("5m");
        world.sweep();
        world.deliver_queue();
    }
}

/// What `approve` answers to a decision in the name of a rule, from whoever may invoke it.
fn in_the_name_of(world: &World, rule: &str, request: &str) -> Value {
    let event = json!({"decision": "release", "request": request, "by": format!("policy:{rule}")});
    world.decide(&event)
}

#[test]
fn a_dead_plan_is_released_after_its_limit_and_nobody_was_asked() {
    for kind in Kind::ALL {
        let world = World::of_kind_with(kind, &[(POLICY, RULES)]);
        plan(&world, kind, STATE, "ci-7");
        sweep_for(&world, 25);
        assert_eq!(world.told(), [""; 0], "{kind:?}");
        sweep_for(&world, 15);
        assert!(world.is_free(STATE), "{kind:?}");
        assert_eq!(world.told(), ["released"], "{kind:?}");
        assert!(
            world
                .last_email()
                .contains("the rule `dead plans` of the policy")
        );
        let entry = world.entry_of(STATE);
        assert_eq!(entry.status, Status::Released);
        let decision = world.audit(entry.code.as_str()).into_iter();
        let mut decision = decision.filter(|event| event.what == EventKind::Decision);
        let decision = decision.next().unwrap();
        assert_eq!(
            (decision.by.as_deref(), decision.channel),
            (Some(BY), Some(Channel::Rule))
        );
        assert_eq!(decision.verified, None);
    }
}

#[test]
fn people_are_asked_where_the_rule_is_not_certain() {
    type Doubt = fn(&World);
    let doubts: [(&str, Doubt); 5] = [
        ("nobody may look at the state", |world| {
            world.deny("state");
            plan(world, Kind::Item, STATE, "ci-7");
        }),
        ("nobody may look for the run", |world| {
            world.deny("runs of the ledger");
            plan(world, Kind::Item, STATE, "ci-7");
        }),
        ("it is an apply", |world| {
            world.lock(Kind::Item, STATE, "ci-7");
        }),
        ("its record has something odd", |world| {
            let text = record_text("ci-7", &world.clock().to_string(), STATE);
            let text = text.replace("OperationTypeApply", "OperationTypePlan");
            world.lock_with(
                Kind::Item,
                STATE,
                &text.replace("\"Info\":\"\"", "\"Info\":\"\",\"Lease\":\"5m\""),
            );
        }),
        ("two hold it", |world| {
            plan(world, Kind::Item, STATE, "ci-7");
            plan(world, Kind::Object, STATE, "ci-8");
        }),
    ];
    for (doubt, make) in doubts {
        let world = world();
        make(&world);
        sweep_for(&world, 60);
        assert!(!world.is_free(STATE), "{doubt}");
        let asked = world
            .notices()
            .iter()
            .filter(|told| told.notice.kind.asks())
            .count();
        assert!(asked > 0, "{doubt}: {:?}", world.told());
        assert_eq!(world.told_count("released"), 0, "{doubt}");
    }
}

#[test]
fn a_plan_whose_run_is_heard_of_is_left_to_people() {
    let world = world();
    plan(&world, Kind::Item, STATE, "ci-7");
    for _ in 0..10 {
        world.wait("5m");
        world.put_run(&id_of("ci-7"), &json!({"beat_at": world.clock()}));
        world.sweep();
        world.deliver_queue();
    }
    assert!(!world.is_free(STATE));
    assert_eq!(world.told(), ["stale_lock"]);
}

#[test]
fn only_time_that_is_certain_counts() {
    let world = world();
    // It says that it began two hours ago, and nobody saw it before.
    let text = record_text(
        "ci-7",
        &(world.clock() - jiff::SignedDuration::from_hours(2)).to_string(),
        STATE,
    );
    world.lock_with(
        Kind::Item,
        STATE,
        &text.replace("OperationTypeApply", "OperationTypePlan"),
    );
    sweep_for(&world, 25);
    assert_eq!(
        world.told(),
        ["stale_lock"],
        "so long nobody waits without being told"
    );
    assert!(!world.is_free(STATE));
    sweep_for(&world, 15);
    assert!(world.is_free(STATE), "it was watched for half an hour");
    assert_eq!(world.told(), ["stale_lock", "released"]);
}

#[test]
fn one_look_is_not_enough_however_old_the_lock_is() {
    let world = world();
    plan(&world, Kind::Object, STATE, "ci-7");
    world.wait("3h");
    world.sweep();
    world.deliver_queue();
    assert!(!world.is_free(STATE) && world.told().is_empty());
    sweep_for(&world, 5);
    assert!(world.is_free(STATE));
}

#[test]
fn past_the_cap_people_are_asked() {
    let rules = format!("max_releases_per_sweep = 2\n{RULES}");
    let world = World::with(&[(POLICY, &rules)]);
    for number in 0..5 {
        plan(&world, Kind::Object, &path(number), &format!("ci-{number}"));
    }
    world.wait("20m");
    world.sweep();
    world.wait("15m");
    let report = world.sweep();
    world.deliver_queue();
    assert_eq!(
        (&report["by_rule"], &report["notified"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(world.locked().len(), 3);
    assert_eq!(world.told_count("stale_lock"), 3);
    // The next sweep tells what came of it, and may release as many again, though people know of these by now.
    sweep_for(&world, 5);
    assert_eq!(world.told_count("released"), 2);
    assert_eq!(world.locked().len(), 1);
}

#[test]
fn no_rule_goes_over_the_head_of_a_person() {
    type Person = fn(&World, &str);
    let persons: [Person; 2] = [
        |world, request| assert_eq!(outcome_of(&world.decide(&keep(request, "1h"))), "kept"),
        |world, request| {
            assert_eq!(world.release(request), "released");
            assert_eq!(outcome_of(&world.decide(&restore(request))), "restored");
        },
    ];
    for decide in persons {
        let world = world();
        let long_ago = world.clock() - jiff::SignedDuration::from_hours(2);
        let text = record_text("ci-7", &long_ago.to_string(), STATE);
        world.lock_with(
            Kind::Item,
            STATE,
            &text.replace("OperationTypeApply", "OperationTypePlan"),
        );
        sweep_for(&world, 5);
        let request = world.entry_of(STATE).code.to_string();
        decide(&world, &request);
        sweep_for(&world, 180);
        assert!(!world.is_free(STATE));
        assert_ne!(
            outcome_of(&in_the_name_of(&world, "dead plans", &request)),
            "released"
        );
    }
}

#[test]
fn whoever_speaks_in_the_name_of_a_rule_gets_no_more_than_the_rule_gives() {
    let world = world();
    plan(&world, Kind::Object, STATE, "ci-7");
    world.lock(Kind::Object, &path(1), "ci-8");
    sweep_for(&world, 10);
    let request = |at: &str| world.entry_of(at).code.to_string();
    for (rule, at) in [
        ("dead plans", STATE),    // too young
        ("dead plans", &path(1)), // an apply
        ("default", &path(1)),
        ("no such rule", STATE),
    ] {
        let outcome = in_the_name_of(&world, rule, &request(at));
        assert_eq!(outcome_of(&outcome), "not_stale", "{rule}: {outcome}");
        assert!(!world.is_free(at));
    }
    assert_eq!(world.told(), [""; 0]);
    // Stale by now, and still none of these rules says so.
    sweep_for(&world, 15);
    world.wait("20m");
    for (rule, at) in [("default", &*path(1)), ("no such rule", STATE)] {
        let outcome = in_the_name_of(&world, rule, &request(at));
        assert_eq!(outcome_of(&outcome), "not_stale", "{rule}: {outcome}");
        assert!(!world.is_free(at));
    }
    let odd =
        json!({"decision": "release", "request": request(STATE), "by": BY, "even_if": ["fresh"]});
    assert_eq!(outcome_of(&world.decide(&odd)), "rejected");
    let kept = json!({"decision": "keep", "request": request(STATE), "by": BY});
    assert_eq!(outcome_of(&world.decide(&kept)), "rejected");
}

#[test]
fn what_changed_hands_in_between_stays() {
    let world = world();
    plan(&world, Kind::Pair, STATE, "ci-7");
    sweep_for(&world, 25);
    world.wait("10m");
    world.sweep();
    assert_eq!(world.queue().len(), 1);
    world.unlock(STATE);
    plan(&world, Kind::Pair, STATE, "ci-8");
    world.deliver_queue();
    assert!(!world.is_free(STATE));
    assert_eq!(world.deleted(), []);
    assert_eq!(
        world.told(),
        [""; 0],
        "nobody was asked, so nobody has to hear of it"
    );
}

#[test]
fn with_releases_switched_off_people_are_asked_instead() {
    let world = world_with(&[(RELEASES, "disabled")]);
    plan(&world, Kind::Item, STATE, "ci-7");
    sweep_for(&world, 60);
    assert!(!world.is_free(STATE));
    assert_eq!(world.told(), ["stale_lock"]);
}

#[test]
fn in_a_freeze_people_are_asked_instead() {
    let rules = format!(
        "{RULES}\nwindow \"change freeze\" {{\n  from = \"2026-03-01T00:00Z\"\n  to = \"2026-03-09T00:00Z\"\n  action = \"notify\"\n}}\n"
    );
    let world = World::with(&[(POLICY, &rules)]);
    plan(&world, Kind::Item, STATE, "ci-7");
    sweep_for(&world, 60);
    assert!(!world.is_free(STATE));
    assert_eq!(world.told(), ["stale_lock"]);
}

#[test]
fn who_only_looks_releases_nothing_and_wakes_nobody() {
    let world = world();
    plan(&world, Kind::Object, STATE, "ci-7");
    sweep_for(&world, 25);
    world.wait("10m");
    for _ in 0..3 {
        let event = json!({"look_at": [STATE]});
        world.run_one(world.sweeping_for(event, Fate::Lives));
        world.wait("1m");
    }
    assert!(world.queue().is_empty() && world.told().is_empty());
}

#[test]
fn a_lock_that_approve_never_answered_for_is_asked_about_at_the_next_sweep() {
    for broken in [true, false] {
        let world = world();
        plan(&world, Kind::Item, STATE, "ci-7");
        sweep_for(&world, 25);
        if broken {
            world.deny("approve");
        }
        world.wait("10m");
        let _ = world.try_sweep();
        world.wait("5m");
        let _ = world.try_sweep();
        assert_eq!(world.told(), ["stale_lock"], "broken: {broken}");
        // Late is not wrong: the rule still says so.
        world.deliver_queue();
        assert_eq!(world.is_free(STATE), !broken);
    }
}

#[test]
fn killed_anywhere_it_comes_to_the_same_end() {
    for kind in Kind::ALL {
        for number in 1..MANY {
            let world = World::of_kind_with(kind, &[(POLICY, RULES)]);
            plan(&world, kind, STATE, "ci-7");
            sweep_for(&world, 25);
            world.wait("10m");
            world.sweep();
            let event = world.queue().pop().unwrap();
            world.run_one(world.approving_text("r-1", &event, Fate::DiesBefore(number)));
            let was_disturbed = world.was_disturbed();
            world.calls();
            // Lambda tries again, with the same id.
            world.wait("1m");
            world.run_one(world.approving_text("r-1", &event, Fate::Lives));
            assert!(world.is_free(STATE), "{kind:?}, {number}");
            // What rules released the next sweep tells.
            sweep_for(&world, 5);
            assert_eq!(world.told(), ["released"], "{kind:?}, {number}");
            if !was_disturbed {
                assert!(number > 5);
                break;
            }
        }
    }
}

#[test]
fn a_decision_of_a_rule_that_was_left_half_done_is_derived_anew() {
    let mut left_half_done = 0;
    for number in 1..MANY {
        let world = world();
        plan(&world, Kind::Pair, STATE, "ci-7");
        sweep_for(&world, 25);
        world.wait("10m");
        world.sweep();
        let event = world.queue().pop().unwrap();
        world.run_one(world.approving_text("r-1", &event, Fate::DiesBefore(number)));
        if !world.was_disturbed() {
            break;
        }
        if world.entry_of(STATE).status != Status::Deciding || world.locked().len() < 2 {
            continue;
        }
        left_half_done += 1;
        world.put_run(&id_of("ci-7"), &json!({"beat_at": world.clock()}));
        world.wait("1m");
        world.run_one(world.approving_text("r-1", &event, Fate::Lives));
        assert_eq!(world.locked().len(), 2, "{number}");
        assert_ne!(world.entry_of(STATE).status, Status::Deciding);
    }
    assert!(left_half_done > 0);
}

#[test]
fn no_sweep_deletes_anything_itself() {
    let world = world();
    plan(&world, Kind::Pair, STATE, "ci-7");
    sweep_for(&world, 25);
    world.wait("10m");
    world.calls();
    world.sweep();
    let calls = world.calls();
    assert!(calls.contains(&Call::HandOver));
    assert!(!calls.iter().any(|call| matches!(
        call,
        Call::DeleteItem | Call::DeleteLockFile | Call::DeleteItemAndCommit
    )));
}
