//! Many locks that look stale at once are one notice, and may be one decision; each is still looked at on its own.

use lockwarden_core::ledger::{EventKind, Status};
use lockwarden_core::settings::{POLICY, RELEASES};
use serde_json::{Value, json};

use crate::world::{
    Call, Fate, Kind, World, by_topic, keep, outcome_of, record_text, release_storm,
};

/// More calls than any run of these stories makes.
const MANY: usize = 300;

fn path(number: usize) -> String {
    format!("acme-tf-state/units/{number}.tfstate")
}

/// So many locks, each of a host of its own and each in another kind of store than the one before; all of them stale.
fn stale(count: usize) -> World {
    stale_with(count, &[])
}

fn stale_with(count: usize, settings: &[(&str, &str)]) -> World {
    let world = World::with(settings);
    for number in 0..count {
        let kind = [Kind::Item, Kind::Object, Kind::Pair][number % 3];
        world.lock(kind, &path(number), &format!("ci-{number}"));
    }
    world.wait("20m");
    world
}

/// Six of them, in a storm whose code people know.
fn storm() -> (World, String) {
    let world = stale(6);
    world.sweep();
    let code = world.last_storm();
    (world, code)
}

/// What came of the lock with this number.
fn outcome_about(outcome: &Value, number: usize) -> Value {
    let locks = outcome["storm"]["locks"].as_array().unwrap();
    let mut about = locks.iter().filter(|lock| lock["lock_id"] == path(number));
    about.next().unwrap().clone()
}

#[test]
fn more_than_five_locks_of_one_sweep_are_one_notice() {
    let world = stale(5);
    world.sweep();
    assert_eq!(world.told(), ["stale_lock"; 5]);

    let world = stale(6);
    let report = world.sweep();
    assert_eq!(world.told(), ["storm"]);
    assert_eq!(
        (&report["notified"], &report["storms"]),
        (&json!(6), &json!(1))
    );
    assert_eq!(world.asked().len(), 6);
    for entry in world.entries() {
        assert_eq!((entry.status, entry.unsent.len()), (Status::Asked, 0));
        assert_eq!(world.audited(entry.code.as_str(), EventKind::Notice), 1);
    }
    world.wait("5m");
    world.sweep();
    assert_eq!(
        world.told(),
        ["storm"],
        "nobody is asked again before an hour is over"
    );
}

#[test]
fn three_locks_of_one_host_are_one_notice_and_the_others_are_told_alone() {
    let world = World::new();
    for number in 0..3 {
        world.lock(Kind::Item, &path(number), "ci-7");
    }
    world.lock(Kind::Item, &path(3), "ci-8");
    world.wait("20m");
    world.sweep();
    let mut told = world.told();
    told.sort_unstable();
    assert_eq!(told, ["stale_lock", "storm"]);
    let notices = world.notices();
    let storm = notices.iter().find_map(|told| told.notice.storm.as_ref());
    let storm = storm.unwrap();
    assert_eq!((storm.origin.as_deref(), storm.count), (Some("ci-7"), 3));
}

#[test]
fn what_is_not_plainly_stale_is_told_alone() {
    let world = stale(6);
    world.put_item(crate::world::TABLE, &path(10), "no lock that anybody knows");
    world.lock(Kind::Item, &path(11), "ci-a");
    world.lock(Kind::Object, &path(11), "ci-b");
    world.wait("20m");
    world.sweep();
    world.wait("5m");
    world.sweep();
    let mut told = world.told();
    told.sort_unstable();
    assert_eq!(told, ["split_lock", "storm", "unreadable_lock"]);
}

#[test]
fn reminders_of_many_are_one_notice_too_and_come_ever_later() {
    let (world, code) = storm();
    let mut told_after = Vec::new();
    for hour in 1..=8 {
        world.wait("1h");
        world.sweep();
        if world.told().len() > told_after.len() + 1 {
            told_after.push(hour);
        }
    }
    assert_eq!(told_after, [1, 3, 7]);
    assert_eq!(world.told(), ["storm"; 4]);
    assert_eq!(
        world.last_storm(),
        code,
        "the same locks are the same storm"
    );
}

#[test]
fn each_lock_of_a_storm_can_still_be_decided_alone() {
    let (world, code) = storm();
    let link = {
        let notices = world.notices();
        let storm = notices[0].notice.storm.clone().unwrap();
        assert!(storm.locks.iter().all(|lock| lock.url.is_some()));
        storm.locks[0].clone()
    };
    assert_eq!(world.release(link.request.as_str()), "released");
    assert!(world.is_free(link.lock_id.as_str()));
    let outcome = world.decide(&release_storm(&code));
    assert_eq!(outcome["storm"]["released"], 5);
}

#[test]
fn one_decision_releases_all_and_one_notice_tells_of_it() {
    for by_topic in [false, true] {
        let (world, code) = storm();
        let decision = release_storm(&code);
        let outcome = if by_topic {
            world.decide_by_topic(&decision)
        } else {
            world.decide(&decision)
        };
        assert_eq!(outcome_of(&outcome), "released");
        assert_eq!(
            (&outcome["storm"]["released"], &outcome["storm"]["count"]),
            (&json!(6), &json!(6))
        );
        assert_eq!(world.locked(), [""; 0]);
        assert_eq!(world.told(), ["storm", "released"]);
        assert!(world.last_email().contains("6 of 6 were released."));
        assert_eq!(world.metric("Released"), 6);
        for entry in world.entries() {
            assert_eq!((entry.status, entry.unsent.len()), (Status::Released, 0));
            assert!(entry.watch.is_some(), "its state is watched like any other");
            let audit = world.audit(entry.code.as_str());
            let decided = audit.iter().find(|event| event.what == EventKind::Decision);
            let decided = decided.unwrap();
            assert_eq!(decided.by.as_deref(), Some("alice"));
            assert!(decided.detail.contains(&code), "{}", decided.detail);
        }
        world.wait("5m");
        world.sweep();
        assert_eq!(world.told(), ["storm", "released"]);
    }
}

#[test]
fn what_is_not_as_it_was_told_stays() {
    let (world, code) = storm();
    // Another run took one, one let go, one shows life, one is kept, one was put back after a release.
    world.unlock(&path(0));
    world.lock(Kind::Item, &path(0), "ci-new");
    world.unlock(&path(1));
    world.write_state(&path(2));
    let request = |number: usize| world.entry_of(&path(number)).code.to_string();
    world.decide(&keep(&request(3), "2h"));
    let restored = world.entries_of(&path(4)).remove(0).code.to_string();
    world.release(&restored);
    world.wait("1m");
    world.decide(&crate::world::restore(&restored));
    world.forget_what_was_told();

    let outcome = world.decide(&release_storm(&code));
    assert_eq!(outcome["storm"]["released"], 1);
    for (number, result) in [
        (0, "changed_hands"),
        (1, "already_released"),
        (2, "not_stale"),
        (3, "not_stale"),
        (4, "rejected"),
        (5, "released"),
    ] {
        assert_eq!(
            outcome_about(&outcome, number)["outcome"],
            result,
            "{number}: {outcome:#}"
        );
    }
    for number in [0, 2, 3, 4] {
        assert!(!world.is_free(&path(number)), "{number}");
    }
    assert_eq!(world.told(), ["released"], "one notice tells of all");
    assert_eq!(world.entry_of(&path(3)).status, Status::Kept);
    insta::assert_snapshot!(world.last_email());
    world.wait("1m");
    world.sweep();
    assert_eq!(world.told(), ["released"], "nothing of it is owed any more");
}

#[test]
fn a_decision_from_before_a_restore_does_nothing_after_it_though_the_same_storm_was_told_again() {
    let (world, code) = storm();
    // It is sent now, and comes hours later.
    let late = by_topic(&world, "message-late", &release_storm(&code));
    world.wait("1m");
    world.decide(&release_storm(&code));
    for entry in world.entries() {
        world.decide(&crate::world::restore(entry.code.as_str()));
    }
    world.wait("2h");
    world.sweep();
    assert_eq!(world.last_storm(), code);
    let deleted = world.deleted().len();
    let answer = world.run_one(world.approving("message-late", &late, Fate::Lives));
    let outcome = answer.unwrap().unwrap()["outcomes"][0].clone();
    assert_eq!(outcome_of(&outcome), "rejected", "{outcome:#}");
    assert_eq!(world.deleted().len(), deleted);
}

#[test]
fn many_that_cannot_be_understood_are_told_alone_as_long_as_there_is_time() {
    let world = World::new();
    for number in 0..40 {
        world.put_item(
            crate::world::TABLE,
            &path(number),
            "no lock that anybody knows",
        );
    }
    world.wait("20m");
    world.give_sweeps("10s");
    world.right_after(Call::Publish, |world| world.wait("11s"));
    let failed = world.try_sweep().unwrap_err();
    assert!(failed.contains("it ran out of time"), "{failed}");
    assert!((1..40).contains(&world.asked().len()));
    world.give_sweeps("5m");
    world.wait("1m");
    world.sweep();
    assert_eq!(world.told_count("unreadable_lock"), 40);
}

#[test]
fn a_storm_says_nothing_with_open_eyes() {
    let world = World::new();
    for number in 0..6 {
        let text = record_text(
            &format!("ci-{number}"),
            &world.clock().to_string(),
            &path(number),
        );
        let odd = text.replace("\"Info\":\"\"", "\"Info\":\"\",\"Lease\":\"5m\"");
        world.lock_with(
            Kind::Item,
            &path(number),
            if number == 0 { &text } else { &odd },
        );
    }
    world.wait("20m");
    world.sweep();
    assert!(
        world
            .last_email()
            .contains("a release of the storm leaves it")
    );
    let outcome = world.decide(&release_storm(&world.last_storm()));
    assert_eq!(outcome["storm"]["released"], 1);
    assert!(world.is_free(&path(0)) && !world.is_free(&path(1)));
}

#[test]
fn a_storm_that_nobody_knows_is_refused_with_a_word_where_its_code_stands() {
    let (world, _) = storm();
    let outcome = world.decide(&release_storm("00000000"));
    assert_eq!(outcome_of(&outcome), "rejected");
    assert!(
        outcome["why"]
            .as_str()
            .unwrap()
            .contains("there is no storm 00000000")
    );
    assert_eq!(world.locked().len(), 8);
}

#[test]
fn with_releases_switched_off_a_storm_is_refused_once() {
    let world = stale_with(6, &[(RELEASES, "disabled")]);
    world.sweep();
    let outcome = world.decide(&release_storm(&world.last_storm()));
    assert_eq!(outcome_of(&outcome), "rejected");
    let why = outcome["why"].as_str().unwrap();
    assert!(why.contains("releases are switched off here"), "{why}");
    assert_eq!(world.told(), ["storm", "rejected"]);
    assert!(world.deleted().is_empty());
}

#[test]
fn a_rule_goes_first_and_a_storm_is_what_is_left_over() {
    let rules = "max_releases_per_sweep = 2\nrule \"dead\" {\n  operations = [\"apply\"]\n  action = \"release\"\n}\n";
    let world = World::with(&[(POLICY, rules)]);
    for number in 0..8 {
        world.lock(Kind::Object, &path(number), &format!("ci-{number}"));
    }
    for _ in 0..3 {
        world.wait("5m");
        world.sweep();
    }
    assert_eq!(world.queue().len(), 2);
    assert_eq!(world.told(), ["storm"]);
    assert_eq!(world.asked().len(), 6);
}

#[test]
fn the_same_delivery_has_one_effect_and_one_answer() {
    let (world, code) = storm();
    let event = by_topic(&world, "message-1", &release_storm(&code));
    let send = || world.run_one(world.approving("message-1", &event, Fate::Lives));
    let first = send().unwrap().unwrap();
    let deleted = world.deleted().len();
    world.lock(Kind::Item, &path(0), "ci-new");
    assert_eq!(send().unwrap().unwrap(), first);
    assert_eq!(world.deleted().len(), deleted);
    assert_eq!(world.told(), ["storm", "released"]);
}

#[test]
fn a_lock_that_changes_hands_between_look_and_delete_stays() {
    let (world, code) = storm();
    world.just_before(Call::DeleteItemAndCommit, |world| {
        let text = record_text("ci-new", &world.clock().to_string(), &path(0));
        world.put_item(crate::world::TABLE, &path(0), &text);
    });
    let outcome = world.decide(&release_storm(&code));
    assert_eq!(outcome_about(&outcome, 0)["outcome"], "changed_hands");
    assert_eq!(
        world.locked(),
        [format!(
            "item terraform-state-locks {}: runner@ci-new",
            path(0)
        )]
    );
}

/// Disturbs one run after the other at its first, second … call, until one is not disturbed any more.
fn disturb(fates: &[fn(usize) -> Fate], mut run: impl FnMut(Fate) -> bool) {
    for fate in fates {
        let mut number = 1;
        while run(fate(number)) {
            number += 1;
            assert!(number < MANY, "too many calls");
        }
        assert!(number > 20, "only {number} calls");
    }
}

const FATES: [fn(usize) -> Fate; 3] = [Fate::DiesBefore, Fate::LosesAnswer, Fate::Collides];

#[test]
fn a_decision_about_many_that_is_killed_anywhere_is_finished_by_its_next_delivery() {
    let mut told_too_often = 0;
    disturb(&FATES, |fate| {
        let (world, code) = storm();
        let event = by_topic(&world, "message-1", &release_storm(&code));
        world.run_one(world.approving("message-1", &event, fate));
        let was_disturbed = world.was_disturbed();
        world.wait("46s");
        let answer = world.run_one(world.approving("message-1", &event, Fate::Lives));
        let outcome = &answer.unwrap().unwrap()["outcomes"][0];
        assert_eq!(outcome["storm"]["released"], 6, "{fate:?}: {outcome:#}");
        assert_eq!(world.locked(), [""; 0], "{fate:?}");
        // Whatever is owed still is told by the next sweep.
        world.wait("5m");
        world.sweep();
        for entry in world.entries() {
            let code = entry.code.as_str();
            assert_eq!(entry.status, Status::Released, "{fate:?}");
            assert_eq!(entry.unsent.len(), 0, "{fate:?}");
            assert_eq!(world.audited(code, EventKind::Decision), 1, "{fate:?}");
            assert_eq!(world.audited(code, EventKind::Outcome), 1, "{fate:?}");
        }
        let told = world.told_count("released");
        assert!(told > 0, "{fate:?}: nobody heard of it");
        told_too_often += usize::from(told > 2);
        was_disturbed
    });
    // Only between the notice about all and the notes that it told of each.
    assert!(told_too_often <= 40, "{told_too_often}");
}

#[test]
fn a_sweep_that_is_killed_while_it_asks_about_many_leaves_nobody_unasked() {
    disturb(&FATES, |fate| {
        let world = stale(6);
        world.run_one(world.sweeping(fate));
        let was_disturbed = world.was_disturbed();
        for _ in 0..2 {
            world.wait("5m");
            drop(world.try_sweep());
        }
        for entry in world.entries() {
            assert!(
                entry.told.count > 0,
                "{fate:?}: nobody was asked about {}",
                entry.path
            );
            assert_eq!(entry.unsent.len(), 0, "{fate:?}");
        }
        assert!(world.told().len() <= 6, "{fate:?}: {:?}", world.told());
        // Whatever codes people hold, they are known.
        let notices = world.notices().into_iter();
        for storm in notices.filter_map(|told| told.notice.storm) {
            let outcome = world.decide(&release_storm(storm.code.as_str()));
            assert_ne!(outcome_of(&outcome), "rejected", "{fate:?}: {outcome:#}");
        }
        was_disturbed
    });
}

#[test]
fn ten_sweeps_at_once_ask_about_each_lock_once() {
    for seed in 0..40 {
        let world = stale(8).seeded(seed);
        let sweeps = (0..10).map(|_| world.sweeping(Fate::Lives)).collect();
        world.run(sweeps);
        let mut asked = world.asked();
        asked.sort_unstable();
        asked.dedup();
        assert_eq!((world.asked().len(), asked.len()), (8, 8), "seed {seed}");
    }
}

#[test]
fn ten_copies_of_a_decision_release_each_lock_once() {
    for seed in 0..20 {
        let (world, code) = storm();
        let world = world.seeded(seed);
        let event = by_topic(&world, "message-1", &release_storm(&code));
        let copies = (0..10).map(|_| world.approving("message-1", &event, Fate::Lives));
        world.run(copies.collect());
        let answer = world.run_one(world.approving("message-1", &event, Fate::Lives));
        assert!(answer.unwrap().is_ok(), "seed {seed}");
        assert_eq!(world.locked(), [""; 0], "seed {seed}");
        for entry in world.entries() {
            assert_eq!(
                world.audited(entry.code.as_str(), EventKind::Decision),
                1,
                "seed {seed}"
            );
        }
        assert_eq!(world.told(), ["storm", "released"], "seed {seed}");
    }
}

#[test]
fn what_ended_of_many_is_one_notice() {
    let (world, _) = storm();
    for number in 0..6 {
        world.unlock(&path(number));
    }
    world.wait("5m");
    let report = world.sweep();
    assert_eq!(report["ended"], 6);
    assert_eq!(world.told(), ["storm", "ended"]);
    for entry in world.entries() {
        assert_eq!((entry.status, entry.unsent.len()), (Status::Ended, 0));
        assert_eq!(world.audited(entry.code.as_str(), EventKind::Notice), 2);
    }
    insta::assert_snapshot!(world.last_email());
}

#[test]
fn what_ended_of_a_few_is_told_of_each() {
    let (world, _) = storm();
    for number in 0..5 {
        world.unlock(&path(number));
    }
    world.wait("5m");
    world.sweep();
    assert_eq!(world.told_count("ended"), 5);
}

#[test]
fn what_rules_released_of_many_is_one_notice() {
    let rules = "max_releases_per_sweep = 50\nrule \"dead\" {\n  operations = [\"apply\"]\n  action = \"release\"\n}\n";
    let world = World::with(&[(POLICY, rules)]);
    for number in 0..70 {
        world.lock(Kind::Object, &path(number), &format!("ci-{number}"));
    }
    for _ in 0..4 {
        world.wait("5m");
        world.sweep();
        world.deliver_queue();
    }
    // Fifty, of which the next sweep tells; the other twenty, of which people were asked meanwhile.
    assert_eq!(world.told(), ["storm", "released"]);
    assert_eq!(world.metric("Released"), 70);
    let email = world.last_email();
    assert!(email.contains("50 locks were released."), "{email}");
    assert!(email.contains("by the rule `dead`"), "{email}");
    world.wait("5m");
    world.sweep();
    assert_eq!(world.told(), ["storm", "released", "released"]);
}

#[test]
fn a_sweep_that_is_killed_while_it_tells_of_many_leaves_nobody_untold() {
    disturb(&FATES, |fate| {
        let (world, _) = storm();
        for number in 0..6 {
            world.unlock(&path(number));
        }
        world.wait("5m");
        world.run_one(world.sweeping(fate));
        let was_disturbed = world.was_disturbed();
        for _ in 0..2 {
            world.wait("5m");
            drop(world.try_sweep());
        }
        for entry in world.entries() {
            assert_eq!(
                (entry.status, entry.unsent.len()),
                (Status::Ended, 0),
                "{fate:?}"
            );
        }
        assert!(world.told_count("ended") > 0, "{fate:?}");
        was_disturbed
    });
}
