//! The functions are killed between any two calls, or lose an answer. What is retried, or found by the next sweep,
//! comes to the same end.

use lockwarden_core::ledger::{EventKind, Status};
use serde_json::Value;

use crate::world::{
    Fate, Kind, STATE, World, by_topic, keep, release, release_by_name, release_even_if,
};

const A: &str = "acme-tf-state/a.tfstate";
const B: &str = "acme-tf-state/b.tfstate";
const C: &str = "acme-tf-state/c.tfstate";

/// More calls than any run of these stories makes.
const MANY: usize = 200;

/// A lock that people were asked about, and the event that approves its release.
fn approved(kind: Kind) -> (World, String, Value) {
    let world = World::of_kind(kind);
    world.write_state(STATE);
    world.lock(kind, STATE, "ci-7");
    let request = world.ask_about(STATE);
    let event = by_topic(&world, "message-1", &release(&request));
    (world, request, event)
}

/// Disturbs one run of `approve` after the other at its first, second … call, until one is not disturbed any more, and
/// lets `mend` bring it to its end.
fn disturb_approve(fate: impl Fn(usize) -> Fate, mend: impl Fn(&World, &Value)) {
    for kind in Kind::ALL {
        let mut told_twice = 0;
        for number in 1..MANY {
            let (world, request, event) = approved(kind);
            world.run_one(world.approving("message-1", &event, fate(number)));
            let was_disturbed = world.was_disturbed();
            world.wait("46s");
            mend(&world, &event);
            assert_released(&world, &request, &format!("{kind:?}, {:?}", fate(number)));
            told_twice += world.told_count("released") - 1;
            if !was_disturbed {
                assert!(number > 5, "{kind:?}: only {number} calls");
                break;
            }
        }
        // Only around the publishing itself nobody can know whether the notice is out.
        assert!(
            told_twice <= 2,
            "{kind:?}: {told_twice} notices went out twice"
        );
    }
}

#[track_caller]
fn assert_released(world: &World, request: &str, story: &str) {
    let entry = world.entry(request);
    assert_eq!(world.locked(), Vec::<String>::new(), "{story}");
    assert_eq!(entry.status, Status::Released, "{story}: {entry:?}");
    let outcome = entry.outcome.as_ref().map(|outcome| outcome.result.word());
    assert_eq!(outcome, Some("released"), "{story}");
    assert_eq!(world.audited(request, EventKind::Decision), 1, "{story}");
    assert_eq!(world.audited(request, EventKind::Outcome), 1, "{story}");
    assert!(
        entry.unsent.is_empty(),
        "{story}: still owes {:?}",
        entry.unsent
    );
    let told = world.told_count("released");
    assert!((1..=2).contains(&told), "{story}: told {:?}", world.told());
    assert_eq!(world.told_count("rejected"), 0, "{story}");
}

fn retry(world: &World, event: &Value) {
    let answer = world.run_one(world.approving("message-1", event, Fate::Lives));
    let outcome = &answer.unwrap().unwrap()["outcomes"][0];
    assert_eq!(outcome["outcome"], "released", "{outcome}");
}

/// Nobody tries again, and sweeps look after it until nothing is left to do. Of a decision that did not get into the
/// ledger nobody knows: only its retry can carry it out, and until then nothing has happened.
fn sweeps(world: &World, event: &Value) {
    if world.entry_of(STATE).status == Status::Asked {
        assert!(world.deleted().is_empty());
        retry(world, event);
    }
    for _ in 0..3 {
        world.sweep();
        world.deliver_queue();
        world.wait("46s");
    }
}

/// Three locks of different kinds, all of them stale.
fn three_stale_locks() -> World {
    let world = World::new();
    for (kind, path) in [(Kind::Item, A), (Kind::Object, B), (Kind::Pair, C)] {
        world.lock(kind, path, path);
    }
    world.wait("20m");
    world
}

/// Disturbs one sweep after the other at its first, second … call and lets later ones go on: everybody is told of every
/// lock, normally once, and no lock is touched.
#[track_caller]
fn disturb_sweep(fate: impl Fn(usize) -> Fate) {
    let mut told_twice = 0;
    for number in 1..MANY {
        let world = three_stale_locks();
        let locked = world.locked();
        world.run_one(world.sweeping(fate(number)));
        let was_disturbed = world.was_disturbed();
        world.wait("5m");
        world.sweep();
        world.wait("5m");
        world.sweep();
        for path in [A, B, C] {
            let told = world.told_about(path);
            let is_told = told.iter().all(|kind| *kind == "stale_lock") && !told.is_empty();
            assert!(is_told, "{number}: {told:?}");
            told_twice += told.len() - 1;
            assert!(world.entry_of(path).unsent.is_empty());
        }
        assert_eq!(world.locked(), locked);
        if !was_disturbed {
            assert!(number > 15, "only {number} calls");
            // A sweep that dies between publishing and writing it down leaves at most the three in doubt, at few
            // moments.
            assert!(told_twice <= 9, "{told_twice} notices went out twice");
            return;
        }
    }
    panic!("a sweep made too many calls");
}

#[test]
fn a_sweep_that_is_killed_between_any_two_calls_is_made_up_for_by_the_next() {
    disturb_sweep(Fate::DiesBefore);
}

#[test]
fn a_sweep_that_loses_any_answer_is_made_up_for_by_the_next() {
    disturb_sweep(Fate::LosesAnswer);
}

#[test]
fn a_sweep_that_is_throttled_at_any_call_is_made_up_for_by_the_next() {
    disturb_sweep(|number| Fate::Fails(number, lockwarden_aws::Kind::Transient));
    disturb_sweep(|number| Fate::Fails(number, lockwarden_aws::Kind::Lasting));
}

#[test]
fn a_sweep_whose_calls_are_sent_twice_or_collide_is_made_up_for_by_the_next() {
    disturb_sweep(Fate::SentTwice);
    disturb_sweep(Fate::Collides);
}

#[test]
fn whoever_was_told_of_a_lock_hears_of_its_end_even_if_the_telling_was_not_noted() {
    for number in 1..MANY {
        let world = World::new();
        world.lock(Kind::Item, STATE, "ci-7");
        world.wait("20m");
        world.run_one(world.sweeping(Fate::DiesBefore(number)));
        let was_disturbed = world.was_disturbed();
        let was_told = !world.told().is_empty();
        world.unlock(STATE);
        for _ in 0..2 {
            world.wait("5m");
            world.sweep();
        }
        if was_told {
            assert_eq!(world.told(), ["stale_lock", "ended"], "{number}");
        }
        if !was_disturbed {
            return;
        }
    }
    panic!("a sweep made too many calls");
}

#[test]
fn a_sweep_that_dies_while_it_tells_of_an_end_is_made_up_for_by_the_next() {
    for number in 1..MANY {
        let world = World::new();
        world.lock(Kind::Pair, STATE, "ci-7");
        world.ask_about(STATE);
        world.unlock(STATE);
        world.run_one(world.sweeping(Fate::DiesBefore(number)));
        let was_disturbed = world.was_disturbed();
        for _ in 0..2 {
            world.wait("5m");
            world.sweep();
        }
        assert!(
            world.told_count("ended") >= 1,
            "{number}: {:?}",
            world.told()
        );
        assert_eq!(world.entry_of(STATE).status, Status::Ended);
        if !was_disturbed {
            return;
        }
    }
    panic!("a sweep made too many calls");
}

#[test]
fn an_approve_that_is_killed_between_any_two_calls_is_finished_by_its_retry() {
    disturb_approve(Fate::DiesBefore, retry);
}

#[test]
fn an_approve_that_loses_any_answer_is_finished_by_its_retry() {
    disturb_approve(Fate::LosesAnswer, retry);
}

#[test]
fn an_approve_that_is_throttled_at_any_call_is_finished_by_its_retry() {
    let throttled = |number| Fate::Fails(number, lockwarden_aws::Kind::Transient);
    disturb_approve(throttled, retry);
}

#[test]
fn an_approve_whose_calls_are_sent_twice_comes_to_the_same_end() {
    disturb_approve(Fate::SentTwice, retry);
}

#[test]
fn an_approve_that_is_killed_between_any_two_calls_is_finished_by_sweeps() {
    disturb_approve(Fate::DiesBefore, sweeps);
}

#[test]
fn an_approve_that_loses_any_answer_is_finished_by_sweeps() {
    disturb_approve(Fate::LosesAnswer, sweeps);
}

/// A decision that was left half-done, with its lease over, handed to `approve` by a sweep.
fn half_done(kind: Kind) -> (World, String) {
    let (world, request, _) = approved(kind);
    world.leave_half_done(&request);
    world.wait("46s");
    (world, request)
}

#[test]
fn a_finish_that_is_killed_between_any_two_calls_is_finished_by_the_next() {
    for fate in [Fate::DiesBefore, Fate::LosesAnswer, Fate::SentTwice] {
        for kind in Kind::ALL {
            for number in 1..MANY {
                let (world, request) = half_done(kind);
                let finish = serde_json::json!({"finish": request});
                world.run_one(world.approving("finish-1", &finish, fate(number)));
                let was_disturbed = world.was_disturbed();
                for _ in 0..3 {
                    world.wait("46s");
                    world.sweep();
                    world.deliver_queue();
                }
                assert_released(&world, &request, &format!("{kind:?}, {:?}", fate(number)));
                if !was_disturbed {
                    break;
                }
            }
        }
    }
}

/// A right is missing at one call after the other. Whatever that comes to, with the right back a decision ends it.
#[test]
fn a_release_that_is_denied_at_any_call_can_be_decided_again() {
    for kind in Kind::ALL {
        for number in 1..MANY {
            let (world, request, event) = approved(kind);
            let denied = Fate::Fails(number, lockwarden_aws::Kind::Lasting);
            world.run_one(world.approving("message-1", &event, denied));
            let was_disturbed = world.was_disturbed();
            for _ in 0..2 {
                world.wait("46s");
                world.sweep();
                world.deliver_queue();
            }
            world.decide(&release(&request));
            let story = format!("{kind:?}, call {number}");
            assert_eq!(world.locked(), Vec::<String>::new(), "{story}");
            assert_eq!(world.entry(&request).status, Status::Released, "{story}");
            if !was_disturbed {
                break;
            }
        }
    }
}

#[test]
fn a_half_done_release_is_judged_anew_before_it_is_finished() {
    for kind in Kind::ALL {
        let (world, request) = half_done(kind);
        world.write_state(STATE);
        world.sweep();
        world.deliver_queue();

        let outcome = world.entry(&request).outcome.unwrap();
        assert_eq!(outcome.result.word(), "not_stale", "{kind:?}");
        assert_eq!(world.deleted(), [], "{kind:?}");
        assert_eq!(world.entry(&request).status, Status::Asked, "{kind:?}");
        assert_eq!(world.told_count("rejected"), 1, "{kind:?}");
    }
}

#[test]
fn a_half_done_release_leaves_a_new_holder_alone() {
    for kind in Kind::ALL {
        let (world, request) = half_done(kind);
        world.unlock(STATE);
        world.lock(kind, STATE, "ci-8");
        let locked = world.locked();
        world.sweep();
        world.deliver_queue();

        assert_eq!(
            world.entry(&request).status,
            Status::ChangedHands,
            "{kind:?}"
        );
        assert_eq!(world.locked(), locked, "{kind:?}");
        assert_eq!(world.deleted(), [], "{kind:?}");
    }
}

#[test]
fn a_finish_that_was_just_begun_is_left_alone_for_a_while() {
    let (world, request) = half_done(Kind::Pair);
    let finish = serde_json::json!({"finish": request});
    // It reads the entry, takes it up, and is gone.
    world.run_one(world.approving("finish-1", &finish, Fate::DiesBefore(3)));

    assert_eq!(world.decide(&finish)["outcome"], "rejected");
    assert_eq!(world.deleted(), []);
    world.wait("46s");
    assert_eq!(world.decide(&finish)["outcome"], "released");
}

#[test]
fn several_finishes_at_once_finish_it_once() {
    for kind in Kind::ALL {
        for seed in 0..20 {
            let (world, request) = half_done(kind);
            let world = world.seeded(seed);
            let finish = serde_json::json!({"finish": request});
            let finishes = (0..5).map(|number| {
                let id = format!("finish-{number}");
                world.approving(&id, &finish, Fate::Lives)
            });
            world.run(finishes.collect());
            assert_released(&world, &request, &format!("{kind:?}, seed {seed}"));
            assert_eq!(world.told_count("released"), 1, "{kind:?}, seed {seed}");
        }
    }
}

#[test]
fn a_release_by_name_of_a_lock_that_no_sweep_has_seen_survives_any_crash() {
    for fate in [Fate::DiesBefore, Fate::LosesAnswer, Fate::SentTwice] {
        for kind in Kind::ALL {
            for number in 1..MANY {
                let world = World::of_kind(kind);
                world.lock(kind, STATE, "ci-7");
                world.wait("20m");
                let event = by_topic(&world, "message-1", &release_by_name(STATE, "ci-7"));
                world.run_one(world.approving("message-1", &event, fate(number)));
                let was_disturbed = world.was_disturbed();
                world.wait("46s");
                retry(&world, &event);
                let request = world.entry_of(STATE).code.to_string();
                assert_released(&world, &request, &format!("{kind:?}, {:?}", fate(number)));
                if !was_disturbed {
                    break;
                }
            }
        }
    }
}

/// A decision that changes no lock is answered the same by its retry, whatever happened to the first try, and told.
#[track_caller]
fn disturb_harmless(decision: impl Fn(&str) -> Value, outcome: &str, notice: &str) {
    for fate in [Fate::DiesBefore, Fate::LosesAnswer, Fate::SentTwice] {
        for number in 1..MANY {
            let (world, request, _) = approved(Kind::Pair);
            let locked = world.locked();
            let event = by_topic(&world, "message-1", &decision(&request));
            world.run_one(world.approving("message-1", &event, fate(number)));
            let was_disturbed = world.was_disturbed();
            world.wait("46s");
            let answer = world.run_one(world.approving("message-1", &event, Fate::Lives));
            let story = format!("{outcome}, {:?}", fate(number));
            let answer = answer.unwrap().unwrap();
            assert_eq!(answer["outcomes"][0]["outcome"], outcome, "{story}");
            let told = world.told_count(notice);
            assert!((1..=2).contains(&told), "{story}: {:?}", world.told());
            assert_eq!(world.locked(), locked, "{story}");
            if !was_disturbed {
                assert!(number > 3, "{story}: only {number} calls");
                break;
            }
        }
    }
}

#[test]
fn a_keep_survives_any_crash() {
    disturb_harmless(|request| keep(request, "1h"), "kept", "kept");
}

#[test]
fn a_refusal_survives_any_crash() {
    disturb_harmless(|_| release("7F3K2QWX"), "rejected", "rejected");
    let open_eyes = |request: &str| release_even_if(request, &["fresh"]);
    disturb_harmless(open_eyes, "rejected", "rejected");
}

#[test]
fn a_decision_about_a_lock_whose_release_was_just_begun_is_told_to_come_again() {
    let (world, request, _) = approved(Kind::Item);
    world.leave_half_done(&request);

    let busy = world.try_decide(&release(&request)).unwrap_err();
    assert!(
        busy.contains("another decision about the same lock"),
        "{busy}"
    );
    assert_eq!(world.deleted(), []);

    world.wait("46s");
    assert_eq!(world.release(&request), "already_released");
    assert_eq!(world.audited(&request, EventKind::Decision), 1);
    assert_eq!(world.deleted().len(), 1);
}
