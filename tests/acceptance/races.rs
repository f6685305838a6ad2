//! Holders, sweeps and decisions that meet at the worst moment.

use std::collections::BTreeSet;

use lockwarden_core::ledger::{EventKind, Status};
use serde_json::Value;

use crate::world::{
    Call, Fate, Kind, STATE, Task, World, by_topic, id_of, keep, outcome_of, release,
    release_by_name,
};

fn asked(kind: Kind) -> (World, String) {
    let world = World::of_kind(kind);
    world.lock(kind, STATE, "ci-7");
    let request = world.ask_about(STATE);
    (world, request)
}

/// The lock of `ci-8` is there as it was taken, and nothing of it was deleted.
#[track_caller]
fn assert_the_new_lock_is_untouched(world: &World, kind: Kind) {
    let halves = usize::from(kind.has_item()) + usize::from(kind.has_object());
    let locked = world.locked();
    assert_eq!(locked.len(), halves, "{kind:?}: {locked:?}");
    assert!(
        locked.iter().all(|lock| lock.ends_with("runner@ci-8")),
        "{locked:?}"
    );
}

#[test]
fn a_lock_that_changed_hands_after_the_notice_is_left_alone_and_its_holder_is_named() {
    for kind in Kind::ALL {
        let (world, request) = asked(kind);
        world.unlock(STATE);
        world.lock(kind, STATE, "ci-8");

        let outcome = world.decide(&release(&request));

        assert_eq!(outcome_of(&outcome), "changed_hands", "{kind:?}");
        assert_eq!(outcome["now_held_by"]["id"], id_of("ci-8"));
        assert_eq!(outcome["now_held_by"]["who"], "runner@ci-8");
        assert!(world.last_email().contains("runner@ci-8"));
        assert_the_new_lock_is_untouched(&world, kind);
        assert_eq!(world.deleted(), []);
        assert_eq!(world.entry(&request).status, Status::ChangedHands);
    }
}

#[test]
fn a_lock_that_changes_hands_between_look_and_delete_is_left_alone() {
    for (kind, delete) in [
        (Kind::Item, Call::DeleteItemAndCommit),
        (Kind::Object, Call::DeleteLockFile),
        (Kind::Pair, Call::DeleteLockFile),
        (Kind::FarItem, Call::DeleteItem),
        (Kind::FarPair, Call::DeleteLockFile),
    ] {
        let (world, request) = asked(kind);
        world.just_before(delete, move |world| {
            world.unlock(STATE);
            world.lock(kind, STATE, "ci-8");
        });

        let outcome = world.decide(&release(&request));

        assert_eq!(outcome_of(&outcome), "changed_hands", "{kind:?}: {outcome}");
        assert_eq!(outcome["now_held_by"]["who"], "runner@ci-8", "{kind:?}");
        assert_the_new_lock_is_untouched(&world, kind);
        assert_eq!(world.deleted(), []);
    }
}

#[test]
fn the_second_half_of_a_pair_that_changes_after_the_first_is_deleted_is_left_alone() {
    for (kind, delete) in [
        (Kind::Pair, Call::DeleteItemAndCommit),
        (Kind::FarPair, Call::DeleteItem),
    ] {
        let (world, request) = asked(kind);
        world.just_before(delete, move |world| {
            world.unlock_item(STATE);
            world.lock(
                if kind == Kind::Pair {
                    Kind::Item
                } else {
                    Kind::FarItem
                },
                STATE,
                "ci-8",
            );
        });

        let outcome = world.decide(&release(&request));

        assert_eq!(
            outcome_of(&outcome),
            "partly_released",
            "{kind:?}: {outcome}"
        );
        assert_eq!(outcome["now_held_by"]["who"], "runner@ci-8");
        assert_eq!(outcome["records"][0]["kind"], "s3");
        assert_eq!(world.locked().len(), 1);
        assert!(world.locked()[0].ends_with("runner@ci-8"));
        assert_eq!(world.deleted().len(), 1);
        assert_eq!(world.entry(&request).status, Status::PartlyReleased);

        world.unlock(STATE);
        world.wait("5m");
        world.sweep();
        assert_eq!(world.entry(&request).status, Status::Ended);
    }
}

#[test]
fn where_either_half_of_a_pair_changed_neither_is_deleted() {
    for changed in [Kind::Item, Kind::Object] {
        let (world, request) = asked(Kind::Pair);
        world.lock(changed, STATE, "ci-8");

        let outcome = world.decide(&release(&request));

        assert_eq!(
            outcome_of(&outcome),
            "changed_hands",
            "{changed:?}: {outcome}"
        );
        assert_eq!(world.locked().len(), 2);
        assert_eq!(world.deleted(), []);
    }
}

#[test]
fn the_half_that_is_left_where_the_other_changed_hands_is_still_told() {
    let (world, request) = asked(Kind::Pair);
    world.lock(Kind::Object, STATE, "ci-8");
    assert_eq!(world.release(&request), "changed_hands");

    world.wait("5m");
    let report = world.sweep();
    assert_eq!(report["held"], 2, "{report}");
    world.wait("5m");
    world.sweep();
    assert_eq!(world.told_count("split_lock"), 1, "{:?}", world.told());
}

#[test]
fn a_half_done_release_of_a_pair_whose_object_slot_was_taken_is_partly_released() {
    let (world, request) = asked(Kind::Pair);
    world.right_after(Call::DeleteLockFile, |world| {
        world.throttle("table terraform-state-locks");
    });
    world.try_decide(&release(&request)).unwrap_err();
    world.mend();
    world.lock(Kind::Object, STATE, "ci-8");
    world.wait("1m");
    world.sweep();
    world.deliver_queue();

    let outcome = world.entry(&request).outcome.unwrap();
    assert_eq!(outcome.result.word(), "partly_released", "{outcome:?}");
    assert_eq!(world.sweep()["held"], 2);
}

#[test]
fn what_is_left_of_a_half_released_pair_is_told_again() {
    let (world, request) = asked(Kind::Pair);
    world.right_after(Call::DeleteLockFile, |world| {
        world.throttle("table terraform-state-locks");
    });
    world.try_decide(&release(&request)).unwrap_err();
    world.mend();
    world.lock(Kind::Object, STATE, "ci-8");
    world.wait("1m");
    world.sweep();
    world.deliver_queue();
    assert_eq!(world.entry(&request).status, Status::PartlyReleased);
    let told = world.told().len();

    for _ in 0..5 {
        world.wait("20m");
        world.sweep();
    }

    assert!(world.told().len() > told, "{:?}", world.told());
    assert_eq!(world.locked().len(), 2);
}

#[test]
fn a_holder_that_lets_go_between_look_and_delete_ends_it() {
    for (kind, delete, expected) in [
        // One transaction: it was not us.
        (Kind::Item, Call::DeleteItemAndCommit, "already_released"),
        // Delete and ledger are two steps: an earlier try of ours may have deleted it.
        (Kind::Object, Call::DeleteLockFile, "released"),
        (Kind::FarItem, Call::DeleteItem, "released"),
    ] {
        let (world, request) = asked(kind);
        world.just_before(delete, |world| world.unlock(STATE));

        let outcome = world.decide(&release(&request));

        assert_eq!(outcome_of(&outcome), expected, "{kind:?}: {outcome}");
        if expected == "released" {
            assert_eq!(outcome["confirmed"], false, "{kind:?}");
        }
        assert_eq!(world.deleted(), []);
        assert!(world.entry(&request).status.is_over());
    }
}

/// Twenty copies of one approval, by the topic and by hand, under many ids and some under the same.
fn copies(world: &World, request: &str, kind: Kind) -> Vec<String> {
    let tasks: Vec<Task<'_>> = (0..20)
        .map(|number| {
            let id = format!("copy-{}", number % 15);
            let decision = if number % 5 == 0 && kind != Kind::FarItem {
                release_by_name(STATE, "ci-7")
            } else {
                release(request)
            };
            if number % 2 == 0 {
                world.approving(&id, &decision, Fate::Lives)
            } else {
                let id = format!("sns-{id}");
                world.approving(&id, &by_topic(world, &id, &decision), Fate::Lives)
            }
        })
        .collect();
    let answers = world.run(tasks).into_iter();
    answers
        .map(|answer| {
            let reply = answer.unwrap().unwrap();
            let outcome = reply
                .get("outcomes")
                .map_or(&reply, |outcomes| &outcomes[0]);
            outcome_of(outcome)
        })
        .collect()
}

#[test]
fn twenty_copies_of_an_approval_release_once_and_tell_once() {
    for kind in Kind::ALL {
        for seed in 0..40 {
            let world = World::of_kind(kind).seeded(seed);
            world.lock(kind, STATE, "ci-7");
            let request = world.ask_about(STATE);

            let words = copies(&world, &request, kind);

            let halves = usize::from(kind.has_item()) + usize::from(kind.has_object());
            assert_eq!(world.deleted().len(), halves, "{kind:?}, seed {seed}");
            assert_eq!(
                world.told(),
                ["stale_lock", "released"],
                "{kind:?}, seed {seed}"
            );
            assert_eq!(world.metric("Released"), 1);
            assert_eq!(
                world.audited(&request, EventKind::Decision),
                1,
                "seed {seed}"
            );
            let different: BTreeSet<&String> = words.iter().collect();
            assert!(words.contains(&"released".to_owned()), "{words:?}");
            assert!(
                different
                    .iter()
                    .all(|word| ["released", "already_released"].contains(&word.as_str())),
                "{kind:?}, seed {seed}: {words:?}"
            );
        }
    }
}

#[test]
fn copies_whose_writes_collide_release_once_and_tell_once() {
    for seed in 0..40 {
        let world = World::of_kind(Kind::Pair).seeded(seed);
        world.lock(Kind::Pair, STATE, "ci-7");
        let request = world.ask_about(STATE);
        let world = world.with_conflicts(5);

        let tasks: Vec<Task<'_>> = (0..20)
            .map(|number| {
                let id = format!("sns-{number}");
                world.approving(&id, &by_topic(&world, &id, &release(&request)), Fate::Lives)
            })
            .collect();
        let answers = world.run(tasks);
        world.let_no_writes_collide();
        assert_eq!(answers.len(), 20);

        // What is left owing or half done is for the next sweeps.
        for _ in 0..3 {
            world.wait("1m");
            world.sweep();
            world.deliver_queue();
        }
        assert_eq!(world.locked(), [""; 0], "seed {seed}");
        assert_eq!(world.deleted().len(), 2, "seed {seed}");
        assert_eq!(
            world.entry(&request).status,
            Status::Released,
            "seed {seed}"
        );
        assert!(
            (1..=2).contains(&world.told_count("released")),
            "seed {seed}"
        );
    }
}

#[test]
fn an_approve_whose_write_collides_at_any_point_goes_on_at_once() {
    for kind in Kind::ALL {
        for number in 1..100 {
            let (world, request) = asked(kind);
            let task = world.approving("a", &release(&request), Fate::Collides(number));
            let answer = world.run_one(task).unwrap();
            let word = answer.map(|outcome| outcome_of(&outcome));
            assert_eq!(word, Ok("released".to_owned()), "{kind:?}, call {number}");
            if !world.was_disturbed() {
                break;
            }
        }
    }
}

#[test]
fn a_release_and_a_keep_at_once_come_to_one_of_the_two() {
    let mut seen = BTreeSet::new();
    for seed in 0..60 {
        let world = World::new().seeded(seed);
        world.lock(Kind::Item, STATE, "ci-7");
        let request = world.ask_about(STATE);
        let answers = world.run(vec![
            world.approving("a", &release(&request), Fate::Lives),
            world.approving("b", &keep(&request, "1h"), Fate::Lives),
        ]);
        let words: Vec<String> = answers
            .into_iter()
            .map(|answer| outcome_of(&answer.unwrap().unwrap()))
            .collect();
        // Whatever the order, a release that was decided is carried out.
        assert_eq!(words[0], "released", "seed {seed}");
        assert_eq!(world.locked(), [""; 0]);
        seen.insert(words[1].clone());
    }
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(seen, ["already_released", "kept"]);
}

#[test]
fn a_delivery_that_comes_again_gets_the_same_answer_and_tells_nobody() {
    for decision in [
        release as fn(&str) -> Value,
        |_| release("7F3K2QWX"),
        |code| keep(code, "1h"),
    ] {
        let (world, request) = asked(Kind::Item);
        let event = by_topic(&world, "m-1", &decision(&request));
        let first = world
            .run_one(world.approving("m-1", &event, Fate::Lives))
            .unwrap();
        let told = world.told();
        world.calls();

        world.wait("9d");
        let again = world
            .run_one(world.approving("other-invoke", &event, Fate::Lives))
            .unwrap();

        assert_eq!(first, again);
        assert_eq!(world.told(), told);
        assert!(!world.calls().iter().any(|call| call.writes()));
    }
}

#[test]
fn copies_of_one_refused_delivery_at_once_are_answered_alike_and_told_once() {
    for seed in 0..40 {
        for request in [None, Some("7F3K2QWX")] {
            let world = World::new().seeded(seed);
            world.lock(Kind::Item, STATE, "ci-7");
            world.sweep();
            // Not stale yet, or unknown.
            let young = world.entry_of(STATE).code.to_string();
            let event = by_topic(&world, "m-1", &release(request.unwrap_or(&young)));

            let tasks = (0..10).map(|_| world.approving("m-1", &event, Fate::Lives));
            let answers: Vec<Value> = world
                .run(tasks.collect())
                .into_iter()
                .map(|answer| answer.unwrap().unwrap())
                .collect();

            assert!(answers.iter().all(|answer| *answer == answers[0]));
            assert_eq!(world.told(), ["rejected"], "seed {seed}, {request:?}");
            assert_eq!(world.metric("RejectedDecisions"), 1, "seed {seed}");
        }
    }
}

#[test]
fn a_late_copy_does_nothing_to_a_lock_that_came_back() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        let text = world.lock(kind, STATE, "ci-7");
        let request = world.ask_about(STATE);
        let event = by_topic(&world, "m-1", &release(&request));
        let other = by_topic(&world, "m-2", &release(&request));
        world.run_one(world.approving("m-1", &event, Fate::Lives));
        assert_eq!(world.locked(), [""; 0]);
        let deleted = world.deleted().len();

        // A backup brings the very same record back; nobody has swept yet.
        world.wait("1h");
        world.lock_with(kind, STATE, &text);
        for late in [&event, &other] {
            let id = late["Records"][0]["Sns"]["MessageId"].as_str().unwrap();
            world
                .run_one(world.approving(id, late, Fate::Lives))
                .unwrap()
                .unwrap();
            assert_eq!(world.deleted().len(), deleted, "{kind:?}, {id}");
        }

        // And after people were asked anew, a decision from before that is still not about this lock.
        world.ask_about(STATE);
        let third = {
            let mut third = event.clone();
            third["Records"][0]["Sns"]["MessageId"] = "m-3".into();
            third
        };
        let reply = world
            .run_one(world.approving("m-3", &third, Fate::Lives))
            .unwrap()
            .unwrap();
        assert_eq!(
            reply["outcomes"][0]["outcome"], "rejected",
            "{kind:?}: {reply}"
        );
        assert_eq!(world.deleted().len(), deleted, "{kind:?}");
        assert_eq!(world.release(&request), "released", "{kind:?}");
    }
}

#[test]
fn a_sweep_and_an_approval_at_once_agree() {
    for kind in Kind::ALL {
        for seed in 0..40 {
            let world = World::of_kind(kind).seeded(seed);
            world.lock(kind, STATE, "ci-7");
            let request = world.ask_about(STATE);
            world.wait("1h");
            let mut answers = world.run(vec![
                world.approving("a", &release(&request), Fate::Lives),
                world.sweeping(Fate::Lives),
                world.sweeping(Fate::Lives),
            ]);
            let word = outcome_of(&answers.remove(0).unwrap().unwrap());
            world.wait("1m");
            world.sweep();

            assert_eq!(word, "released", "{kind:?}, seed {seed}");
            assert_eq!(world.entry(&request).status, Status::Released);
            assert_eq!(world.told_count("released"), 1, "{kind:?}, seed {seed}");
            assert_eq!(world.told_count("ended"), 0, "{kind:?}, seed {seed}");
        }
    }
}

#[test]
fn a_first_sight_by_a_sweep_and_by_a_decision_at_once_open_one_entry() {
    for seed in 0..40 {
        let world = World::new().seeded(seed);
        world.lock(Kind::Pair, STATE, "ci-7");
        world.wait("20m");
        let mut answers = world.run(vec![
            world.approving("a", &release_by_name(STATE, "ci-7"), Fate::Lives),
            world.sweeping(Fate::Lives),
        ]);
        let word = outcome_of(&answers.remove(0).unwrap().unwrap());
        assert_eq!(word, "released", "seed {seed}");
        assert_eq!(world.entries_of(STATE).len(), 1, "seed {seed}");
    }
}
