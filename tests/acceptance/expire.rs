//! The dead-man's switch: a lock that people were asked about and did not answer for gets a time to exist. Whatever is not
//! certain, or not one item, stays for people.

use insta::assert_snapshot;
use lockwarden_core::expire::ATTRIBUTE;
use lockwarden_core::item::Attribute;
use lockwarden_core::ledger::{EventKind, Status};
use lockwarden_core::settings::{EXPIRE_AFTER, POLICY, RELEASES};
use serde_json::{Value, json};

use crate::world::{
    Call, Fate, Kind, STATE, World, id_of, keep, outcome_of, record_text, release, restore,
};

/// More calls than any run of these stories makes.
const MANY: usize = 100;
/// Locks of which the item is all.
const LONE_ITEMS: [Kind; 2] = [Kind::Item, Kind::FarItem];
/// Until people are asked, and then until nobody has answered for long enough.
const ASKED_AND_UNANSWERED: usize = 15 + 240;
const FREEZE: &str = "window \"freeze\" {\n from = \"2026-03-01T00:00Z\"\n to = \"2026-03-09T00:00Z\"\n action = \"notify\"\n}\n";

fn world(kind: Kind) -> World {
    world_with(kind, &[])
}

fn world_with(kind: Kind, more: &[(&str, &str)]) -> World {
    let settings: Vec<(&str, &str)> = [(EXPIRE_AFTER, "4h")].iter().chain(more).copied().collect();
    World::of_kind_with(kind, &settings)
}

/// Sweeps every five minutes for this many minutes; what sweep hands over is carried out at once.
fn sweep_for(world: &World, minutes: usize) {
    for _ in 0..minutes / 5 {
        world.wait("5m");
        world.sweep();
        world.deliver_queue();
    }
}

/// A lock of this kind whose time to exist is written.
fn expiring(kind: Kind) -> World {
    let world = world(kind);
    world.lock(kind, STATE, "ci-7");
    sweep_for(&world, ASKED_AND_UNANSWERED);
    assert!(is_stamped(&world, kind));
    world
}

/// A lock that was handed over and that `approve` does not know of yet; the event.
fn handed_over(kind: Kind) -> (World, String) {
    let world = world(kind);
    world.lock(kind, STATE, "ci-7");
    sweep_for(&world, ASKED_AND_UNANSWERED - 5);
    world.wait("5m");
    world.sweep();
    let event = world.queue().pop().unwrap();
    (world, event)
}

fn is_stamped(world: &World, kind: Kind) -> bool {
    world.attribute(kind.table(), STATE, ATTRIBUTE) == Some(Attribute::Number)
}

fn request(world: &World) -> String {
    world.entry_of(STATE).code.to_string()
}

/// What `approve` answers to whoever speaks in the name of the switch.
fn in_the_name_of_the_switch(world: &World) -> Value {
    let event = json!({"decision": "expire", "request": request(world), "by": "policy:expire"});
    world.decide(&event)
}

#[test]
fn a_lock_that_nobody_answers_about_gets_a_time_to_exist_and_people_are_told() {
    for kind in LONE_ITEMS {
        let world = world(kind);
        let text = world.lock(kind, STATE, "ci-7");
        sweep_for(&world, ASKED_AND_UNANSWERED - 5);
        assert!(!is_stamped(&world, kind), "{kind:?}: a sweep too early");
        sweep_for(&world, 5);
        assert!(is_stamped(&world, kind), "{kind:?}");
        assert_eq!(
            world.attribute(kind.table(), STATE, "Info"),
            Some(Attribute::Text(text))
        );
        let told = ["stale_lock", "reminder", "reminder", "expiring"];
        assert_eq!(world.told(), told, "{kind:?}");
        let entry = world.entry_of(STATE);
        assert_eq!(entry.status, Status::Asked);
        let in_an_hour = world.clock() + jiff::SignedDuration::from_hours(1);
        assert_eq!(entry.time_to_exist, Some(in_an_hour));
        assert_eq!(world.deleted(), []);
        // The reminders go on from there, at their pace.
        sweep_for(&world, 235);
        assert_eq!(world.told(), told, "{kind:?}");
        sweep_for(&world, 5);
        assert_eq!(world.told()[4..], ["reminder"], "{kind:?}");
    }
}

#[test]
fn the_notices_say_when_it_goes_and_how_to_stop_it() {
    let world = expiring(Kind::Item);
    assert_snapshot!("expiring", world.last_email());
    sweep_for(&world, 240);
    assert_snapshot!("reminder_of_what_expires", world.last_email());
    world.delete_expired();
    world.wait("5m");
    world.sweep();
    assert_snapshot!("expired", world.last_email());
}

#[test]
fn the_audit_log_tells_the_whole_story() {
    let world = expiring(Kind::Item);
    world.wait("2h");
    world.delete_expired();
    world.sweep();
    let audit = world.audit(&request(&world));
    let of_switch = audit.iter().filter(|event| {
        matches!(
            event.what,
            EventKind::ByRule | EventKind::Decision | EventKind::Outcome | EventKind::Ended
        )
    });
    let lines: Vec<String> = of_switch
        .map(|event| {
            let by = event.by.as_deref().unwrap_or("nobody");
            format!("{} {} ({by})", event.what.word(), event.detail)
        })
        .collect();
    assert_eq!(
        lines,
        [
            "by_rule nobody answered, so it is to expire (nobody)",
            "decision expire (policy:expire)",
            "outcome expiring: people were asked, and nobody answered (policy:expire)",
            "ended its time to exist was over (nobody)",
        ]
    );
}

#[test]
fn after_its_end_the_state_is_watched_as_after_a_release() {
    for kind in LONE_ITEMS {
        let world = expiring(kind);
        world.wait("2h");
        world.delete_expired();
        world.sweep();
        assert!(world.is_free(STATE), "{kind:?}");
        assert_eq!(world.entry_of(STATE).status, Status::Ended);
        assert_eq!(world.told().last(), Some(&"ended"));
        world.wait("10m");
        world.write_state(STATE);
        sweep_for(&world, 10);
        assert_eq!(world.told().last(), Some(&"zombie_write"), "{kind:?}");
        assert!(world.last_email().contains("after its lock expired"));
    }
}

#[test]
fn a_holder_that_lets_go_before_its_time_was_over_let_go() {
    let world = expiring(Kind::Item);
    world.wait("30m");
    world.unlock(STATE);
    world.sweep();
    assert!(world.last_email().contains("its holder let go"));
    assert_eq!(world.entry_of(STATE).watch, None);
}

#[test]
fn who_decides_about_a_lock_that_expired_hears_why_it_is_gone() {
    for decision in [release, |request: &str| keep(request, "1h")] {
        let world = expiring(Kind::Item);
        world.wait("2h");
        world.delete_expired();
        let outcome = world.decide(&decision(&request(&world)));
        assert_eq!(outcome_of(&outcome), "already_released");
        assert!(
            outcome["why"]
                .as_str()
                .unwrap()
                .contains("its time to exist was over")
        );
        assert!(world.entry_of(STATE).watch.is_some());
        assert!(world.last_email().contains("make sure that it is gone"));
    }
}

#[test]
fn without_the_setting_no_lock_expires() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    for _ in 0..3 * 24 {
        world.wait("1h");
        world.sweep();
        assert!(world.queue().is_empty());
    }
    let outcome = in_the_name_of_the_switch(&world);
    assert_eq!(outcome_of(&outcome), "not_stale");
    assert_eq!(
        outcome["why"],
        "no lock expires here: EXPIRE_AFTER is not set"
    );
    assert!(!is_stamped(&world, Kind::Item));
}

#[test]
fn what_is_not_certain_or_not_one_item_is_left_to_people() {
    type Doubt = fn(&World);
    let doubts: [(&str, Doubt); 9] = [
        ("an object", |world| {
            world.lock(Kind::Object, STATE, "ci-7");
        }),
        ("a pair", |world| {
            world.lock(Kind::Pair, STATE, "ci-7");
        }),
        ("a split", |world| {
            world.lock(Kind::Item, STATE, "ci-7");
            world.lock(Kind::Object, STATE, "ci-8");
        }),
        ("an item that nobody can read", |world| {
            world.put_item(Kind::Item.table(), STATE, "locked by hand");
        }),
        ("a phantom", |world| {
            world.put_attributes(Kind::Item.table(), STATE, &[]);
        }),
        ("a record with something odd", |world| {
            let text = record_text("ci-7", &world.clock().to_string(), STATE);
            let odd = text.replace("\"Info\":\"\"", "\"Info\":\"\",\"Lease\":\"5m\"");
            world.put_item(Kind::Item.table(), STATE, &odd);
        }),
        ("a lock from the future", |world| {
            let future = world.clock() + jiff::SignedDuration::from_hours(24 * 30);
            let text = record_text("ci-7", &future.to_string(), STATE);
            world.put_item(Kind::Item.table(), STATE, &text);
        }),
        ("nobody may look at the state", |world| {
            world.deny("state");
            world.lock(Kind::Item, STATE, "ci-7");
        }),
        ("nobody may look for the run", |world| {
            world.deny("runs of the ledger");
            world.lock(Kind::Item, STATE, "ci-7");
        }),
    ];
    for (doubt, make) in doubts {
        let world = world(Kind::Item);
        make(&world);
        for _ in 0..3 * 24 {
            world.wait("1h");
            world.sweep();
            assert!(world.queue().is_empty(), "{doubt}");
        }
        // Whoever speaks in the name of the switch gets no more.
        for entry in world.entries_of(STATE) {
            let event = json!({"decision": "expire", "request": entry.code, "by": "policy:expire"});
            assert_eq!(outcome_of(&world.decide(&event)), "not_stale", "{doubt}");
        }
        assert!(!is_stamped(&world, Kind::Item), "{doubt}");
        assert!(
            world.told().contains(&"reminder"),
            "{doubt}: {:?}",
            world.told()
        );
    }
}

#[test]
fn a_lock_whose_run_is_heard_of_does_not_expire() {
    let world = world(Kind::Item);
    world.lock(Kind::Item, STATE, "ci-7");
    for _ in 0..100 {
        world.wait("5m");
        world.put_run(&id_of("ci-7"), &json!({"beat_at": world.clock()}));
        world.sweep();
        assert!(world.queue().is_empty());
    }
}

#[test]
fn no_lock_expires_over_the_head_of_a_person() {
    type Person = fn(&World, &str);
    let persons: [Person; 2] = [
        |world, request| assert_eq!(outcome_of(&world.decide(&keep(request, "1h"))), "kept"),
        |world, request| {
            assert_eq!(world.release(request), "released");
            assert_eq!(outcome_of(&world.decide(&restore(request))), "restored");
        },
    ];
    for decide in persons {
        let world = world(Kind::Item);
        world.lock(Kind::Item, STATE, "ci-7");
        sweep_for(&world, 60);
        decide(&world, &request(&world));
        for _ in 0..3 * 24 {
            world.wait("1h");
            world.sweep();
            assert!(world.queue().is_empty());
        }
        assert_eq!(outcome_of(&in_the_name_of_the_switch(&world)), "not_stale");
    }
}

#[test]
fn nobody_else_can_let_a_lock_expire() {
    let world = world(Kind::Item);
    world.lock(Kind::Item, STATE, "ci-7");
    sweep_for(&world, 200);
    let request = request(&world);
    let by = |decision: &str, by: &str| json!({"decision": decision, "request": request, "by": by});
    assert_eq!(
        outcome_of(&in_the_name_of_the_switch(&world)),
        "not_stale",
        "too early"
    );
    let due = || sweep_for(&world, ASKED_AND_UNANSWERED - 205);
    due();
    world.wait("5m");
    for (decision, name) in [
        ("expire", "alice"),
        ("expire", "policy:dead plans"),
        ("release", "policy:expire"),
        ("keep", "policy:expire"),
    ] {
        let outcome = world.decide(&by(decision, name));
        assert_eq!(
            outcome_of(&outcome),
            "rejected",
            "{decision} {name}: {outcome}"
        );
    }
    // By the topic nobody speaks in the name of the switch, even when it is due.
    let outcome = world.decide_by_topic(&by("expire", "policy:expire"));
    assert_eq!(outcome_of(&outcome), "rejected");
    assert!(!is_stamped(&world, Kind::Item));
    assert_eq!(outcome_of(&in_the_name_of_the_switch(&world)), "expiring");
}

#[test]
fn with_releases_switched_off_nothing_expires() {
    let world = world_with(Kind::Item, &[(RELEASES, "disabled")]);
    world.lock(Kind::Item, STATE, "ci-7");
    sweep_for(&world, 24 * 60);
    let outcome = in_the_name_of_the_switch(&world);
    assert_eq!(outcome_of(&outcome), "not_stale");
    assert_eq!(
        outcome["why"],
        "releases are switched off here (RELEASES=disabled)"
    );
    assert!(!is_stamped(&world, Kind::Item));
    assert_eq!(world.audited(&request(&world), EventKind::ByRule), 0);
    assert_eq!(
        world.told_count("rejected") + world.told_count("expiring"),
        0
    );
}

#[test]
fn what_comes_to_nothing_is_tried_some_times_a_day() {
    let world = world(Kind::Item);
    world.lock(Kind::Item, STATE, "ci-7");
    for _ in 0..24 * 12 {
        world.wait("5m");
        world.sweep();
        world.lose_queue();
    }
    assert_eq!(world.audited(&request(&world), EventKind::ByRule), 4);
}

#[test]
fn in_a_freeze_nothing_expires() {
    let world = world_with(Kind::Item, &[(POLICY, FREEZE)]);
    world.lock(Kind::Item, STATE, "ci-7");
    sweep_for(&world, 24 * 60);
    assert_eq!(outcome_of(&in_the_name_of_the_switch(&world)), "not_stale");
    assert_eq!(world.audited(&request(&world), EventKind::ByRule), 0);
}

#[test]
fn no_more_expire_in_one_sweep_than_rules_may_release() {
    let world = world_with(Kind::Item, &[(POLICY, "max_releases_per_sweep = 2")]);
    for number in 0..5 {
        let path = format!("acme-tf-state/prod/{number}.tfstate");
        world.lock(Kind::Item, &path, &format!("ci-{number}"));
    }
    sweep_for(&world, ASKED_AND_UNANSWERED);
    assert_eq!(world.told_count("expiring"), 2);
    sweep_for(&world, 10);
    assert_eq!(world.told_count("expiring"), 5);
}

#[test]
fn who_only_looks_lets_nothing_expire() {
    let world = world(Kind::Item);
    world.lock(Kind::Item, STATE, "ci-7");
    sweep_for(&world, ASKED_AND_UNANSWERED - 5);
    world.wait("10m");
    world.run_one(world.sweeping_for(json!({"look_at": [STATE]}), Fate::Lives));
    assert!(world.queue().is_empty());
}

#[test]
fn what_changed_in_between_is_left_as_it_is() {
    type Change = fn(&World);
    let changes: [(&str, Change); 5] = [
        ("another holder", |world| {
            world.unlock(STATE);
            world.lock(Kind::Item, STATE, "ci-8");
        }),
        ("no holder", |world| world.unlock(STATE)),
        ("a sign of life", |world| world.write_state(STATE)),
        ("an object beside it", |world| {
            world.lock(Kind::Object, STATE, "ci-8");
        }),
        ("a person", |world| {
            let kept = world.decide(&keep(&request(world), "1h"));
            assert_eq!(outcome_of(&kept), "kept");
        }),
    ];
    for (what, change) in changes {
        let (world, _) = handed_over(Kind::Item);
        change(&world);
        let locked = world.locked();
        let told = world.told().len();
        world.deliver_queue();
        assert_eq!(world.locked(), locked, "{what}");
        assert!(!is_stamped(&world, Kind::Item), "{what}");
        assert_eq!(world.told().len(), told, "{what}: nobody has to hear of it");
    }
}

#[test]
fn no_phantom_is_made_and_no_new_holder_is_touched_at_the_last_moment() {
    for kind in LONE_ITEMS {
        let is_far = kind == Kind::FarItem;
        let call = if is_far {
            Call::StampItem
        } else {
            Call::StampItemAndCommit
        };
        let (world, _) = handed_over(kind);
        world.just_before(call, |world| world.unlock(STATE));
        world.deliver_queue();
        assert!(world.is_free(STATE), "{kind:?}");
        assert_eq!(world.entry_of(STATE).status, Status::AlreadyReleased);

        let (world, _) = handed_over(kind);
        world.just_before(call, move |world| {
            world.unlock(STATE);
            world.lock(kind, STATE, "ci-8");
        });
        world.deliver_queue();
        assert!(!is_stamped(&world, kind), "{kind:?}");
        assert!(world.locked()[0].ends_with("runner@ci-8"), "{kind:?}");
        assert_eq!(world.entry_of(STATE).status, Status::ChangedHands);
    }
}

#[test]
fn killed_or_unheard_anywhere_it_comes_to_the_same_end() {
    let fates: [fn(usize) -> Fate; 3] = [Fate::DiesBefore, Fate::LosesAnswer, Fate::SentTwice];
    for kind in LONE_ITEMS {
        for fate in fates {
            let mut refused = 0;
            for number in 1..MANY {
                let (world, event) = handed_over(kind);
                world.run_one(world.approving_text("r-1", &event, fate(number)));
                let was_disturbed = world.was_disturbed();
                // Lambda tries again, with the same id.
                world.wait("1m");
                world.run_one(world.approving_text("r-1", &event, Fate::Lives));
                let entry = world.entry_of(STATE);
                assert_eq!(entry.status, Status::Asked, "{kind:?}, {number}");
                // Not to know whether there is a sign of life is not to let it expire.
                let was_refused = world.audited(entry.code.as_str(), EventKind::Refusal) > 0;
                refused += usize::from(was_refused);
                assert_eq!(is_stamped(&world, kind), !was_refused, "{kind:?}, {number}");
                assert_eq!(entry.time_to_exist.is_some(), !was_refused);
                let told = world.told_count("expiring");
                let expected = if was_refused { 0..=0 } else { 1..=2 };
                assert!(expected.contains(&told), "{kind:?}, {number}: {told}");
                if !was_disturbed {
                    assert!(number > 5);
                    break;
                }
            }
            // The answers to two looks can be lost: at the state, and at the run.
            let looks = usize::from(matches!(fate(1), Fate::LosesAnswer(_))) * 2;
            assert_eq!(refused, looks, "{kind:?}");
        }
    }
}

#[test]
fn a_copy_of_the_delivery_changes_nothing() {
    let (world, event) = handed_over(Kind::Item);
    for _ in 0..3 {
        world.run_one(world.approving_text("r-1", &event, Fate::Lives));
        world.wait("10m");
    }
    assert_eq!(world.told_count("expiring"), 1);
    let entry = world.entry_of(STATE);
    // Another delivery neither.
    assert_eq!(outcome_of(&in_the_name_of_the_switch(&world)), "not_stale");
    assert_eq!(world.entry_of(STATE).time_to_exist, entry.time_to_exist);
}

#[test]
fn a_decision_that_was_left_half_done_is_derived_anew_and_undone_where_it_must_be() {
    for kind in LONE_ITEMS {
        let mut left_half_done = 0;
        for number in 1..MANY {
            let (world, event) = handed_over(kind);
            world.run_one(world.approving_text("r-1", &event, Fate::DiesBefore(number)));
            if !world.was_disturbed() {
                break;
            }
            if world.entry_of(STATE).status != Status::Deciding {
                continue;
            }
            left_half_done += 1;
            world.wait("1m");
            world.put_run(&id_of("ci-7"), &json!({"beat_at": world.clock()}));
            world.run_one(world.approving_text("r-1", &event, Fate::Lives));
            assert!(!is_stamped(&world, kind), "{kind:?}, {number}");
            assert_eq!(world.entry_of(STATE).status, Status::Asked);
        }
        assert!(left_half_done > 0, "{kind:?}");
    }
}

#[test]
fn who_keeps_it_takes_its_time_away_and_it_does_not_come_back() {
    for kind in LONE_ITEMS {
        let world = expiring(kind);
        let outcome = world.decide(&keep(&request(&world), "2h"));
        assert_eq!(outcome_of(&outcome), "kept", "{kind:?}");
        assert_eq!(outcome["why"], "it does not expire any more");
        assert!(!is_stamped(&world, kind), "{kind:?}");
        assert_eq!(world.entry_of(STATE).time_to_exist, None);
        sweep_for(&world, 3 * 24 * 60);
        world.delete_expired();
        assert!(!world.is_free(STATE), "{kind:?}");
        assert_eq!(world.told_count("expiring"), 1);
    }
}

#[test]
fn a_keep_that_is_killed_or_unheard_anywhere_still_keeps() {
    let fates: [fn(usize) -> Fate; 2] = [Fate::DiesBefore, Fate::LosesAnswer];
    for kind in LONE_ITEMS {
        for fate in fates {
            for number in 1..MANY {
                let world = expiring(kind);
                let decision = keep(&request(&world), "2h");
                world.run_one(world.approving("r-1", &decision, fate(number)));
                let was_disturbed = world.was_disturbed();
                world.wait("1m");
                if world.entry_of(STATE).status == Status::Deciding && number % 2 == 0 {
                    // Who invoked it does not try again, and the next sweep has it finished.
                    world.sweep();
                    world.deliver_queue();
                } else {
                    world.run_one(world.approving("r-1", &decision, Fate::Lives));
                }
                assert!(!is_stamped(&world, kind), "{kind:?}, {number}");
                let entry = world.entry_of(STATE);
                assert_eq!((entry.status, entry.time_to_exist), (Status::Kept, None));
                if !was_disturbed {
                    assert!(number > 5);
                    break;
                }
            }
        }
    }
}

#[test]
fn a_keep_that_cannot_stop_it_says_so() {
    for kind in LONE_ITEMS {
        let world = expiring(kind);
        world.deny(&format!("writes of the table {}", kind.table()));
        let outcome = world.decide(&keep(&request(&world), "2h"));
        assert_eq!(outcome_of(&outcome), "rejected", "{kind:?}");
        let why = outcome["why"].as_str().unwrap();
        assert!(why.contains("AccessDenied"), "{why}");
        assert!(
            why.ends_with("it still expires, after 2026-03-02 13:15:00 UTC"),
            "{why}"
        );
        assert_eq!(world.told().last(), Some(&"rejected"));
        assert!(is_stamped(&world, kind));
        assert!(world.entry_of(STATE).time_to_exist.is_some());
        world.mend();
        assert_eq!(
            outcome_of(&world.decide(&keep(&request(&world), "2h"))),
            "kept"
        );
        assert!(!is_stamped(&world, kind));
    }
}

#[test]
fn a_keep_about_another_holder_touches_nothing() {
    for kind in LONE_ITEMS {
        let world = expiring(kind);
        world.unlock(STATE);
        world.lock(kind, STATE, "ci-8");
        let outcome = world.decide(&keep(&request(&world), "2h"));
        assert_eq!(outcome_of(&outcome), "changed_hands");
        assert!(world.locked()[0].ends_with("runner@ci-8"));
    }
}

#[test]
fn a_holder_that_shows_life_after_all_keeps_its_lock() {
    for kind in LONE_ITEMS {
        for show_life in SIGNS_OF_LIFE {
            let world = expiring(kind);
            world.wait("4m");
            show_life(&world);
            world.wait("1m");
            world.sweep();
            world.deliver_queue();
            assert!(!is_stamped(&world, kind), "{kind:?}");
            let entry = world.entry_of(STATE);
            assert_eq!((entry.status, entry.time_to_exist), (Status::Kept, None));
            assert_eq!(world.told().last(), Some(&"kept"));
            assert!(
                world
                    .last_email()
                    .contains("its holder shows signs of life")
            );
            // It may be stuck again, and then people are asked before anything else happens.
            sweep_for(&world, 60 + 235);
            assert_eq!(world.told_count("expiring"), 1, "{kind:?}");
            sweep_for(&world, 15);
            assert_eq!(world.told_count("expiring"), 2, "{kind:?}");
        }
    }
}

fn beat(world: &World) {
    world.put_run(&id_of("ci-7"), &json!({"beat_at": world.clock()}));
}

/// The two signs of life that anybody can see.
const SIGNS_OF_LIFE: [fn(&World); 2] = [|world| world.write_state(STATE), beat];

/// One sweep, five minutes from now, is enough to call it off.
#[track_caller]
fn assert_called_off(world: &World, kind: Kind, why: &str) {
    sweep_for(world, 5);
    assert!(!is_stamped(world, kind), "{kind:?}: {why}");
    let entry = world.entry_of(STATE);
    assert_eq!((entry.status, entry.time_to_exist), (Status::Kept, None));
    assert_eq!(world.told().last(), Some(&"kept"));
    let email = world.last_email();
    let email = email.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(email.contains(why), "{why}: {email}");
}

#[test]
fn a_call_off_that_is_lost_or_dies_is_made_again_by_the_next_sweep() {
    for kind in LONE_ITEMS {
        for number in 0..MANY {
            let world = expiring(kind);
            world.wait("5m");
            beat(&world);
            world.sweep();
            let event = world.queue().pop().unwrap();
            world.lose_queue();
            if number > 0 {
                world.run_one(world.approving_text("r-1", &event, Fate::DiesBefore(number)));
                if !world.was_disturbed() {
                    assert!(number > 5);
                    break;
                }
            }
            sweep_for(&world, 5);
            assert!(!is_stamped(&world, kind), "{kind:?}, {number}");
            let entry = world.entry_of(STATE);
            assert_eq!((entry.status, entry.time_to_exist), (Status::Kept, None));
            assert!((1..=2).contains(&world.told_count("kept")), "{number}");
        }
    }
}

#[test]
fn a_holder_that_shows_life_now_and_then_never_gets_a_time_to_exist() {
    for show_life in SIGNS_OF_LIFE {
        for between_sweeps in [5, 10] {
            let world = world(Kind::Item);
            world.lock(Kind::Item, STATE, "ci-7");
            for minute in 1..24 * 60 {
                world.wait("1m");
                if minute % 8 == 0 {
                    show_life(&world);
                }
                if minute % between_sweeps == 0 {
                    world.sweep();
                    world.deliver_queue();
                }
            }
            assert!(world.told_count("stale_lock") > 0, "people are asked");
            assert_eq!(world.told_count("expiring"), 0, "{between_sweeps}");
        }
    }
}

#[test]
fn a_sign_of_life_between_two_sweeps_far_apart_calls_it_off() {
    for kind in LONE_ITEMS {
        for show_life in SIGNS_OF_LIFE {
            let world = expiring(kind);
            world.wait("1m");
            show_life(&world);
            world.wait("10m");
            assert_called_off(
                &world,
                kind,
                "its holder has shown signs of life since people were asked",
            );
        }
    }
}

#[test]
fn where_locks_do_not_expire_any_more_none_keeps_its_time() {
    let off = [
        (
            &[(EXPIRE_AFTER, "4h"), (RELEASES, "disabled")][..],
            "releases are switched off here (RELEASES=disabled), so it does not expire any more",
        ),
        (
            &[],
            "no lock expires here: EXPIRE_AFTER is not set, so it does not expire any more",
        ),
    ];
    for kind in LONE_ITEMS {
        for (settings, why) in off {
            let dead = World::of_kind_with(kind, settings).with_the_stores_of(&expiring(kind));
            assert_called_off(&dead, kind, why);
            let alive = World::of_kind_with(kind, settings).with_the_stores_of(&expiring(kind));
            alive.wait("1m");
            alive.write_state(STATE);
            assert_called_off(&alive, kind, why);
        }
    }
}

#[test]
fn what_would_forbid_a_time_to_exist_takes_it_away() {
    let ignoring = "default {\n action = \"ignore\"\n}\n";
    for kind in LONE_ITEMS {
        for (policy, why) in [
            (FREEZE, "a window of the policy lets nothing go by itself"),
            (ignoring, "it is ignored"),
        ] {
            let world = world_with(kind, &[(POLICY, policy)]).with_the_stores_of(&expiring(kind));
            assert_called_off(&world, kind, why);
        }
        let world = expiring(kind);
        world.lock(Kind::Object, STATE, "ci-8");
        sweep_for(&world, 5);
        assert!(!is_stamped(&world, kind), "{kind:?}: a split");
    }
}

#[test]
fn a_time_that_cannot_be_taken_away_is_told_now_and_then_and_tried_at_each_sweep() {
    for kind in LONE_ITEMS {
        let world = World::of_kind_with(kind, &[]).with_the_stores_of(&expiring(kind));
        world.deny(&format!("writes of the table {}", kind.table()));
        sweep_for(&world, 6 * 60);
        assert_eq!(world.told_count("rejected"), 1, "{kind:?}");
        let email = world.last_email();
        assert!(email.contains("AccessDenied"), "{email}");
        assert!(email.contains("it still expires, after"), "{email}");
        sweep_for(&world, 5);
        assert_eq!(world.told_count("rejected"), 2, "{kind:?}");
        world.mend();
        assert_called_off(&world, kind, "so it does not expire any more");
    }
}

#[test]
fn a_question_that_is_owed_does_not_stand_in_the_way_of_a_sign_of_life() {
    for number in 1..MANY {
        let world = expiring(Kind::Item);
        sweep_for(&world, 235);
        world.wait("5m");
        world.run_one(world.sweeping(Fate::DiesBefore(number)));
        assert!(world.was_disturbed(), "no reminder was owed");
        if world.entry_of(STATE).unsent.is_empty() {
            continue;
        }
        beat(&world);
        assert_called_off(&world, Kind::Item, "its holder shows signs of life");
        return;
    }
    panic!("no reminder was owed");
}

#[test]
fn a_stamped_lock_is_released_and_comes_back_without_its_time() {
    for kind in LONE_ITEMS {
        let world = expiring(kind);
        let request = request(&world);
        assert_eq!(world.release(&request), "released", "{kind:?}");
        assert!(world.is_free(STATE));
        assert_eq!(outcome_of(&world.decide(&restore(&request))), "restored");
        assert!(
            !world.is_free(STATE) && !is_stamped(&world, kind),
            "{kind:?}"
        );
        assert_eq!(world.entry_of(STATE).time_to_exist, None);
    }
}

#[test]
fn the_page_says_when_it_goes() {
    let world = expiring(Kind::Item);
    let link = world.links(STATE).pop().unwrap();
    let page = world.visit(&link.get());
    let words = "DynamoDB deletes it some time after\n2026-03-02 13:15:00 UTC\n. Keep it";
    assert!(page.text().contains(words), "{}", page.text());
    assert!(page.buttons().contains(&"keep"));
}

#[test]
fn no_sweep_writes_a_time_to_exist_itself() {
    let world = world(Kind::Item);
    world.lock(Kind::Item, STATE, "ci-7");
    sweep_for(&world, ASKED_AND_UNANSWERED - 5);
    world.wait("5m");
    world.calls();
    let report = world.sweep();
    assert_eq!(report["by_rule"], 0, "no rule released it");
    let calls = world.calls();
    assert!(calls.contains(&Call::HandOver));
    assert!(!calls.contains(&Call::StampItem) && !calls.contains(&Call::StampItemAndCommit));
}

#[test]
fn of_many_that_expire_each_is_told_on_its_own() {
    let world = world_with(Kind::Item, &[(POLICY, "max_releases_per_sweep = 100")]);
    for number in 0..8 {
        let path = format!("acme-tf-state/prod/{number}.tfstate");
        world.lock(Kind::Item, &path, &format!("ci-{number}"));
    }
    sweep_for(&world, ASKED_AND_UNANSWERED);
    assert_eq!(
        (world.told_count("storm"), world.told_count("expiring")),
        (3, 8)
    );
    world.forget_what_was_told();
    sweep_for(&world, 240);
    assert_eq!(world.told(), ["reminder"; 8]);
    world.forget_what_was_told();
    world.delete_expired();
    world.wait("5m");
    world.sweep();
    assert_eq!(world.told(), ["ended"; 8]);
    assert!(world.last_email().contains("its time to exist was over"));
}
