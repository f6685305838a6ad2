//! Undoing a release: exactly the record that was released comes back, and only where nobody holds the state.

use lockwarden_core::item::{Attribute, Content};
use lockwarden_core::ledger::{EventKind, Status};
use serde_json::Value;

use crate::world::{
    Answer, Call, FAR_TABLE, Fate, Kind, STATE, TABLE, World, by_topic, id_of, keep, outcome_of,
    record_text, release, release_even_if, restore,
};

/// More calls than any run of these stories makes.
const MANY: usize = 100;

/// What came to pass with a request before somebody wants it back.
type Story = fn(&World, &str);

/// A record as no serialiser would write it: what comes back must be this and not what it means.
fn odd_text() -> String {
    let text = record_text("ci-7", "2026-03-02T08:00:00Z", STATE);
    let text = text.replace(
        "\"Info\":\"\"",
        "\"Info\" : \"caf\\u00e9 \u{65e5}\u{672c}\"",
    );
    format!(" {}\n", text.replace(",\"Who\"", ",\r\n\t\"Who\""))
}

/// A lock that was released by a decision from the topic.
fn released(kind: Kind) -> (World, String) {
    let world = World::of_kind(kind);
    world.lock_with(kind, STATE, &odd_text());
    let request = world.ask_about(STATE);
    assert_eq!(world.release(&request), "released");
    assert!(world.is_free(STATE));
    world.forget_what_was_told();
    world.calls();
    (world, request)
}

/// The lock is there as it was before it was released, whole.
#[track_caller]
fn assert_is_back(world: &World, kind: Kind, story: &str) {
    let text = Attribute::Text(odd_text());
    assert_eq!(
        world.attribute(kind.table(), STATE, "Info"),
        kind.has_item().then_some(text),
        "{story}"
    );
    let body = kind.has_object().then(|| odd_text().into_bytes());
    assert_eq!(world.lock_file_body(STATE), body, "{story}");
}

#[test]
fn a_released_lock_comes_back_byte_for_byte_and_is_a_held_lock_again() {
    for kind in Kind::ALL {
        let (world, request) = released(kind);
        let outcome = world.decide(&restore(&request));
        assert_eq!(outcome_of(&outcome), "restored", "{kind:?}: {outcome}");
        assert_eq!(outcome["request"], request);
        assert_eq!(outcome["id"], id_of("ci-7"));
        let halves = usize::from(kind.has_item()) + usize::from(kind.has_object());
        assert_eq!(outcome["records"].as_array().unwrap().len(), halves);
        assert_is_back(&world, kind, &format!("{kind:?}"));
        let entry = world.entry(&request);
        assert_eq!(entry.status, Status::Restored, "{kind:?}");
        assert_eq!((entry.ended_at, entry.generation), (None, 1), "{kind:?}");
        assert!(
            entry.is_open() && entry.unsent.is_empty(),
            "{kind:?}: {entry:?}"
        );
        assert_eq!(world.told(), ["restored"], "{kind:?}");
        let report = world.sweep();
        assert_eq!(report["locks"][0]["request"], request, "{report}");
    }
}

#[test]
fn a_restore_is_written_down_first_and_its_outcome_together_with_the_item_where_that_can_be() {
    for (kind, expected) in [
        (Kind::Item, vec![Call::Commit, Call::PutItemAndCommit]),
        (
            Kind::Object,
            vec![Call::Commit, Call::PutLockFile, Call::Commit],
        ),
        (
            Kind::Pair,
            vec![Call::Commit, Call::PutLockFile, Call::PutItemAndCommit],
        ),
        (
            Kind::FarItem,
            vec![Call::Commit, Call::PutItem, Call::Commit],
        ),
        (
            Kind::FarPair,
            vec![Call::Commit, Call::PutLockFile, Call::PutItem, Call::Commit],
        ),
    ] {
        let (world, request) = released(kind);
        world.decide(&restore(&request));
        let calls = world.calls().into_iter();
        let mut writes = calls.filter(|call| call.writes() || *call == Call::Publish);
        let until_told: Vec<Call> = writes
            .by_ref()
            .take_while(|call| *call != Call::Publish)
            .collect();
        assert_eq!(until_told, expected, "{kind:?}");
    }
}

#[test]
fn every_other_attribute_of_the_table_is_left_alone_by_a_restore() {
    let (world, request) = released(Kind::Pair);
    world.write_state(STATE);
    world.put_item(TABLE, "acme-tf-state/prod/other.tfstate", "{}");
    let (others, locked) = (world.not_locks(), world.locked().len());
    world.decide(&restore(&request));
    assert_eq!(world.not_locks(), others);
    assert_eq!(world.locked().len(), locked + 2);
}

#[test]
fn nothing_comes_back_where_somebody_holds_the_state_in_either_half() {
    for kind in Kind::ALL {
        let mut rivals = vec![Kind::Object];
        if kind.has_item() {
            rivals.push(if kind.table() == FAR_TABLE {
                Kind::FarItem
            } else {
                Kind::Item
            });
            rivals.push(if kind.table() == FAR_TABLE {
                Kind::FarPair
            } else {
                Kind::Pair
            });
        }
        for rival in rivals {
            let (world, request) = released(kind);
            world.lock(rival, STATE, "ci-8");
            let locked = world.locked();
            let outcome = world.decide(&restore(&request));
            let story = format!("{kind:?} against {rival:?}: {outcome}");
            assert_eq!(outcome_of(&outcome), "rejected", "{story}");
            assert_eq!(outcome["now_held_by"]["id"], id_of("ci-8"), "{story}");
            assert_eq!(world.locked(), locked, "{story}");
            assert_eq!(world.entry(&request).status, Status::Released, "{story}");
            world.unlock(STATE);
            assert_eq!(
                outcome_of(&world.decide(&restore(&request))),
                "restored",
                "{story}"
            );
            assert_is_back(&world, kind, &story);
        }
    }
}

#[test]
fn somebody_who_takes_the_state_while_it_is_put_back_keeps_it_and_meets_no_half_of_ours() {
    for (kind, rival, call) in [
        (Kind::Item, Kind::Item, Call::PutItemAndCommit),
        (Kind::Object, Kind::Object, Call::PutLockFile),
        (Kind::Pair, Kind::Object, Call::PutLockFile),
        (Kind::Pair, Kind::Pair, Call::PutLockFile),
        (Kind::Pair, Kind::Item, Call::PutLockFile),
        (Kind::Pair, Kind::Item, Call::PutItemAndCommit),
        (Kind::FarItem, Kind::FarItem, Call::PutItem),
        (Kind::FarPair, Kind::FarItem, Call::PutItem),
        (Kind::FarPair, Kind::FarItem, Call::PutLockFile),
    ] {
        let (world, request) = released(kind);
        world.just_before(call, move |world| {
            world.lock(rival, STATE, "ci-8");
        });
        let outcome = world.decide(&restore(&request));
        let story = format!("{kind:?}, {rival:?} before {call:?}: {outcome}");
        assert_eq!(outcome_of(&outcome), "rejected", "{story}");
        let locked = world.locked();
        assert!(
            locked.iter().all(|lock| lock.ends_with("runner@ci-8")),
            "{story}: {locked:?}"
        );
        let halves = usize::from(rival.has_item()) + usize::from(rival.has_object());
        assert_eq!(locked.len(), halves, "{story}");
        assert_eq!(world.entry(&request).status, Status::Released, "{story}");
    }
}

#[test]
fn only_what_was_released_can_be_put_back() {
    let stories: [(&str, Story); 7] = [
        ("asked", |_, _| {}),
        ("kept", |world, request| {
            world.decide(&keep(request, "2h"));
        }),
        ("ended", |world, _| {
            world.unlock(STATE);
            world.sweep();
        }),
        ("already released", |world, request| {
            world.unlock(STATE);
            world.release(request);
        }),
        ("changed hands", |world, request| {
            world.unlock(STATE);
            world.lock(Kind::Pair, STATE, "ci-8");
            world.release(request);
        }),
        ("restored", |world, request| {
            world.release(request);
            world.decide(&restore(request));
        }),
        ("restored and ended", |world, request| {
            world.release(request);
            world.decide(&restore(request));
            world.unlock(STATE);
            world.sweep();
        }),
    ];
    for kind in Kind::ALL {
        for (name, story) in stories {
            let world = World::of_kind(kind);
            world.lock_with(kind, STATE, &odd_text());
            let request = world.ask_about(STATE);
            story(&world, &request);
            let before = (world.locked(), world.entry(&request));
            let outcome = world.decide(&restore(&request));
            assert_eq!(
                outcome_of(&outcome),
                "rejected",
                "{kind:?}, {name}: {outcome}"
            );
            assert_eq!(
                (world.locked(), world.entry(&request)),
                before,
                "{kind:?}, {name}"
            );
        }
    }
}

#[test]
fn a_phantom_is_not_put_back() {
    let world = World::new();
    world.put_attributes(TABLE, STATE, &[]);
    world.ask_about(STATE);
    let request = world.entry_of(STATE).code.to_string();
    let outcome = world.decide(&release_even_if(&request, &["unreadable"]));
    assert_eq!(outcome_of(&outcome), "released", "{outcome}");
    let outcome = world.decide(&restore(&request));
    assert_eq!(outcome_of(&outcome), "rejected");
    assert!(
        outcome["why"].as_str().unwrap().contains("no text"),
        "{outcome}"
    );
    assert!(world.is_free(STATE));
}

#[test]
fn a_text_that_nobody_can_understand_comes_back_as_it_was() {
    for text in ["", "{", "not json\u{0}\u{1b}", "{\"ID\":\"\"}"] {
        let world = World::new();
        world.put_item(TABLE, STATE, text);
        let request = world.ask_about(STATE);
        let outcome = world.decide(&release_even_if(&request, &["unreadable"]));
        assert_eq!(outcome_of(&outcome), "released", "{text:?}");
        assert_eq!(
            outcome_of(&world.decide(&restore(&request))),
            "restored",
            "{text:?}"
        );
        assert!(
            world.holds(STATE, &Content::Text(text.to_owned())),
            "{text:?}"
        );
    }
}

#[test]
fn a_partly_released_pair_gets_its_first_half_back_only_while_the_second_is_still_its_own() {
    for is_taken in [false, true] {
        let world = World::new();
        world.lock_with(Kind::Pair, STATE, &odd_text());
        let request = world.ask_about(STATE);
        if is_taken {
            world.just_before(Call::DeleteItemAndCommit, |world| {
                world.lock(Kind::Item, STATE, "ci-8");
            });
        } else {
            world.right_after(Call::DeleteLockFile, |world| {
                world.deny(&format!("table {TABLE}"));
            });
        }
        let outcome = world.try_decide(&release(&request)).unwrap();
        world.mend();
        assert_eq!(outcome_of(&outcome), "partly_released", "{outcome}");
        // The sweep sees only the half that is left; the other one is not forgotten.
        world.wait("5m");
        world.sweep();
        let outcome = outcome_of(&world.decide(&restore(&request)));
        if is_taken {
            assert_eq!(outcome, "rejected");
            assert!(!world.has_object(STATE));
        } else {
            assert_eq!(outcome, "restored");
            assert_is_back(&world, Kind::Pair, "denied");
        }
    }
}

#[test]
fn a_pair_that_was_released_in_two_steps_comes_back_whole() {
    let world = World::new();
    world.lock_with(Kind::Pair, STATE, &odd_text());
    let request = world.ask_about(STATE);
    world.right_after(Call::DeleteLockFile, |world| {
        world.deny(&format!("table {TABLE}"));
    });
    assert_eq!(world.release(&request), "partly_released");
    world.mend();
    world.wait("5m");
    world.sweep();
    assert_eq!(world.release(&request), "released");
    assert_eq!(outcome_of(&world.decide(&restore(&request))), "restored");
    assert_is_back(&world, Kind::Pair, "in two steps");
}

#[test]
fn a_row_that_is_no_lock_stops_a_restore_and_is_told() {
    for kind in [Kind::Item, Kind::Pair] {
        let (world, request) = released(kind);
        world.put_attributes(
            TABLE,
            STATE,
            &[("Owner", Attribute::Text("ops".to_owned()))],
        );
        let outcome = world.decide(&restore(&request));
        assert_eq!(outcome_of(&outcome), "rejected", "{kind:?}");
        let why = outcome["why"].as_str().unwrap();
        assert!(why.contains("an item that is no lock"), "{why}");
        assert!(!world.has_object(STATE), "{kind:?}: half a lock is left");
        let entry = world.entry(&request);
        assert_eq!((entry.status, entry.restoring), (Status::Released, None));
        assert!(world.attribute(TABLE, STATE, "Owner").is_some());
    }
}

#[test]
fn what_another_hand_has_put_back_is_neither_completed_nor_taken_away() {
    let (world, request) = released(Kind::Pair);
    world.put_lock_file(STATE, odd_text().as_bytes());
    let outcome = world.decide(&restore(&request));
    assert_eq!(outcome_of(&outcome), "rejected", "{outcome}");
    assert!(outcome["why"].as_str().unwrap().contains("is there again"));
    assert!(world.has_object(STATE));
}

#[test]
fn what_an_older_version_released_comes_back_too() {
    for kind in Kind::ALL {
        let (world, request) = released(kind);
        let mut entry = world.entry(&request);
        entry.released_from.clear();
        world.put_entry(&entry);
        assert_eq!(outcome_of(&world.decide(&restore(&request))), "restored");
        assert_is_back(&world, kind, "of an older version");
    }
}

#[test]
fn a_pair_that_was_half_released_and_lost_its_other_half_comes_back_whole() {
    let world = World::new();
    world.lock_with(Kind::Pair, STATE, &odd_text());
    let request = world.ask_about(STATE);
    world.right_after(Call::DeleteLockFile, |world| {
        world.deny(&format!("table {TABLE}"));
    });
    assert_eq!(world.release(&request), "partly_released");
    world.mend();
    world.unlock_item(STATE);
    let outcome = world.decide(&restore(&request));
    assert_eq!(outcome_of(&outcome), "restored");
    assert_is_back(&world, Kind::Pair, "lost its other half");
    assert_eq!(outcome["records"].as_array().unwrap().len(), 2);
}

#[test]
fn a_holder_who_was_there_for_a_moment_does_not_stop_a_restore() {
    for kind in [Kind::Item, Kind::Pair] {
        let (world, request) = released(kind);
        world.just_before(Call::PutItemAndCommit, |world| {
            world.lock(Kind::Item, STATE, "ci-8");
        });
        world.right_after(Call::PutItemAndCommit, |world| world.unlock_item(STATE));
        assert_eq!(
            outcome_of(&world.decide(&restore(&request))),
            "restored",
            "{kind:?}"
        );
        assert_is_back(&world, kind, "a holder for a moment");
    }
}

#[test]
fn a_restore_that_cannot_look_any_more_says_that_half_of_it_may_be_done() {
    let (world, request) = released(Kind::Pair);
    let event = restore_event(&world, &request);
    let number = {
        let (rehearsal, request) = released(Kind::Pair);
        rehearsal.calls();
        rehearsal.run_one(rehearsal.approving(
            "r-1",
            &restore_event(&rehearsal, &request),
            Fate::Lives,
        ));
        let calls = rehearsal.calls();
        calls
            .iter()
            .position(|call| *call == Call::PutItemAndCommit)
            .unwrap()
            + 1
    };
    world.run_one(world.approving("r-1", &event, Fate::DiesBefore(number)));
    world.wait("1m");
    world.deny(&format!("table {TABLE}"));
    world.try_sweep().unwrap_err();
    world.deliver_queue();
    let outcome = world.entry(&request);
    assert_eq!(
        (outcome.status, outcome.restoring),
        (Status::Released, None)
    );
    assert!(
        world.last_email().contains("may have been put back"),
        "{}",
        world.last_email()
    );
    assert!(
        world.has_object(STATE),
        "nobody knows, so nothing is taken away"
    );
}

#[test]
fn an_object_that_no_release_took_is_not_taken_away_by_a_restore_in_vain() {
    let world = World::new();
    world.lock_with(Kind::Pair, STATE, &odd_text());
    let request = world.ask_about(STATE);
    // Somebody removes the object by hand, the item is released, and the object is there again.
    world.unlock_object(STATE);
    world.wait("1m");
    world.sweep();
    assert_eq!(world.release(&request), "released");
    world.put_lock_file(STATE, odd_text().as_bytes());
    world.just_before(Call::PutItemAndCommit, |world| {
        world.lock(Kind::Item, STATE, "ci-8");
    });
    let outcome = world.decide(&restore(&request));
    assert_eq!(outcome_of(&outcome), "rejected", "{outcome}");
    assert!(world.has_object(STATE), "it is not ours to take away");
}

/// A restore that comes from the topic.
fn restore_event(world: &World, request: &str) -> Value {
    by_topic(world, "message-restore", &restore(request))
}

/// Disturbs a restore at its first, second … call, and delivers it again.
fn disturb_restore(fate: impl Fn(usize) -> Fate) {
    for kind in Kind::ALL {
        for number in 1..MANY {
            let (world, request) = released(kind);
            let event = restore_event(&world, &request);
            world.run_one(world.approving("message-restore", &event, fate(number)));
            let was_disturbed = world.was_disturbed();
            world.wait("61s");
            let again = world.run_one(world.approving("message-restore", &event, Fate::Lives));
            let story = format!("{kind:?}, {:?}", fate(number));
            let outcome = again.unwrap().unwrap()["outcomes"][0].clone();
            assert_eq!(outcome_of(&outcome), "restored", "{story}: {outcome}");
            assert_restored_once(&world, &request, kind, &story);
            if !was_disturbed {
                assert!(number > 5, "{kind:?}: only {number} calls");
                break;
            }
        }
    }
}

#[track_caller]
fn assert_restored_once(world: &World, request: &str, kind: Kind, story: &str) {
    world.wait("61s");
    world.sweep();
    assert_is_back(world, kind, story);
    let entry = world.entry(request);
    assert_eq!(entry.status, Status::Restored, "{story}");
    assert!(entry.unsent.is_empty(), "{story}: owes {:?}", entry.unsent);
    let told = world.told_count("restored");
    assert!((1..=2).contains(&told), "{story}: {:?}", world.told());
    assert_eq!(world.told().len(), told, "{story}: {:?}", world.told());
    assert_eq!(world.audited(request, EventKind::Decision), 2, "{story}");
    assert_eq!(world.audited(request, EventKind::Outcome), 2, "{story}");
}

#[test]
fn a_restore_that_is_killed_anywhere_comes_to_its_end_when_it_is_delivered_again() {
    disturb_restore(Fate::DiesBefore);
}

#[test]
fn a_restore_that_loses_any_answer_comes_to_its_end_when_it_is_delivered_again() {
    disturb_restore(Fate::LosesAnswer);
}

#[test]
fn a_restore_any_of_whose_calls_fails_comes_to_its_end_when_it_is_delivered_again() {
    disturb_restore(|number| Fate::Fails(number, lockwarden_aws::Kind::Transient));
}

#[test]
fn a_restore_any_of_whose_calls_is_sent_twice_restores() {
    disturb_restore(Fate::SentTwice);
}

#[test]
fn a_restore_any_of_whose_writes_collides_restores() {
    disturb_restore(Fate::Collides);
}

#[test]
fn a_sweep_between_a_killed_restore_and_its_second_delivery_leaves_one_story() {
    for kind in Kind::ALL {
        for number in 1..MANY {
            let (world, request) = released(kind);
            let event = restore_event(&world, &request);
            world.run_one(world.approving("message-restore", &event, Fate::DiesBefore(number)));
            if !world.was_disturbed() {
                break;
            }
            world.wait("46s");
            world.sweep();
            world.deliver_queue();
            world.wait("15s");
            let again = world.run_one(world.approving("message-restore", &event, Fate::Lives));
            let outcome = again.unwrap().unwrap()["outcomes"][0].clone();
            let story = format!("{kind:?}, killed before call {number}: {outcome}");
            assert_eq!(outcome_of(&outcome), "restored", "{story}");
            assert_is_back(&world, kind, &story);
            assert_eq!(world.entry(&request).status, Status::Restored, "{story}");
        }
    }
}

#[test]
fn a_rival_that_comes_while_a_restore_lies_half_done_meets_no_half_of_ours_in_the_end() {
    for (kind, rival) in [(Kind::Pair, Kind::Item), (Kind::FarPair, Kind::FarItem)] {
        for number in 1..MANY {
            let (world, request) = released(kind);
            let event = restore_event(&world, &request);
            world.run_one(world.approving("message-restore", &event, Fate::DiesBefore(number)));
            if !world.was_disturbed() || world.attribute(kind.table(), STATE, "Info").is_some() {
                break;
            }
            world.lock(rival, STATE, "ci-8");
            world.wait("61s");
            let again = world.run_one(world.approving("message-restore", &event, Fate::Lives));
            let outcome = again.unwrap().unwrap()["outcomes"][0].clone();
            let story = format!("{kind:?}, killed before call {number}: {outcome}");
            assert_eq!(outcome_of(&outcome), "rejected", "{story}");
            assert!(
                !world.has_object(STATE),
                "{story}: a split is left: {:?}",
                world.locked()
            );
        }
    }
}

#[test]
fn a_rival_and_another_writer_at_the_same_moment_meet_no_half_of_ours_in_the_end() {
    for number in 1..MANY {
        let (world, request) = released(Kind::Pair);
        world.just_before(Call::PutItemAndCommit, |world| {
            world.lock(Kind::Item, STATE, "ci-8");
        });
        let fate = Fate::Collides(number);
        let answer = world.run_one(world.approving("invoke-1", &restore(&request), fate));
        let story = format!("{fate:?}: {answer:?}, {:?}", world.locked());
        let outcome = answer.unwrap().expect(&story);
        assert_eq!(outcome_of(&outcome), "rejected", "{story}");
        let left = world.locked();
        assert!(
            !world.has_object(STATE),
            "{story}: a split is left: {left:?}"
        );
        assert_eq!(world.entry(&request).status, Status::Released, "{story}");
        if !world.was_disturbed() {
            break;
        }
    }
}

/// What a restore that nobody delivers again comes to: sweeps look after it.
fn abandon_restore(rival: Option<fn(&World, Kind)>) {
    for kind in Kind::ALL {
        for number in 1..MANY {
            let (world, request) = released(kind);
            let fate = Fate::DiesBefore(number);
            world.run_one(world.approving("invoke-1", &restore(&request), fate));
            if !world.was_disturbed() {
                assert!(number > 5, "{kind:?}: only {number} calls");
                break;
            }
            let was_decided = world.audited(&request, EventKind::Decision) == 2;
            if let Some(rival) = rival {
                rival(&world, kind);
            }
            for _ in 0..3 {
                world.wait("46s");
                world.sweep();
                world.deliver_queue();
            }
            let story = format!("{kind:?}, killed before call {number}");
            let is_back = world.entry(&request).status == Status::Restored;
            assert!(is_back == was_decided || rival.is_some(), "{story}");
            if is_back {
                assert_restored_once(&world, &request, kind, &story);
            } else {
                assert_eq!(world.entry(&request).status, Status::Released, "{story}");
                assert_nothing_of_ours(&world, &story);
            }
        }
    }
}

#[track_caller]
fn assert_nothing_of_ours(world: &World, story: &str) {
    let locked = world.locked();
    let ours = locked.iter().filter(|lock| lock.ends_with("runner@ci-7"));
    assert_eq!(ours.count(), 0, "{story}: {locked:?}");
}

#[test]
fn a_restore_that_is_killed_anywhere_and_never_delivered_again_is_whole_or_nothing() {
    abandon_restore(None);
}

#[test]
fn a_rival_that_takes_a_place_that_is_free_meanwhile_is_left_alone_and_meets_no_half_of_ours() {
    abandon_restore(Some(|world, kind| {
        let is_free = world.attribute(kind.table(), STATE, "Info").is_none();
        if kind.has_item() && is_free {
            world.put_item(
                kind.table(),
                STATE,
                &record_text("ci-8", "2026-03-02T08:30:00Z", STATE),
            );
        }
    }));
}

#[test]
fn a_late_copy_of_the_old_release_does_nothing_to_the_restored_lock() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.lock_with(kind, STATE, &odd_text());
        let request = world.ask_about(STATE);
        let by_invoke = release(&request);
        let event = by_topic(&world, "message-1", &by_invoke);
        world
            .run_one(world.approving("message-1", &event, Fate::Lives))
            .unwrap()
            .unwrap();
        for wait in ["1s", "2h", "3d"] {
            let deleted = world.deleted().len();
            world.decide(&restore(&request));
            world.wait(wait);
            let copy = world.run_one(world.approving("message-1", &event, Fate::Lives));
            let copy = copy.unwrap().unwrap()["outcomes"][0].clone();
            assert_eq!(outcome_of(&copy), "released", "the same answer: {copy}");
            assert_is_back(&world, kind, &format!("{kind:?}, {wait}"));
            assert_eq!(world.deleted().len(), deleted, "{kind:?}");
            assert_eq!(world.entry(&request).status, Status::Restored);
            world.wait("20m");
            assert_eq!(world.release(&request), "released", "a new one works");
        }
    }
}

#[test]
fn a_release_that_was_published_before_the_restore_and_comes_after_it_is_refused() {
    for kind in Kind::ALL {
        let (world, request) = released(kind);
        let late = by_topic(&world, "message-late", &release(&request));
        let late_keep = by_topic(&world, "message-keep", &keep(&request, "2h"));
        world.wait("1s");
        world.decide(&restore(&request));
        for wait in ["1s", "2h"] {
            world.wait(wait);
            for (id, event) in [("message-late", &late), ("message-keep", &late_keep)] {
                let answer = world.run_one(world.approving(id, event, Fate::Lives));
                let outcome = answer.unwrap().unwrap()["outcomes"][0].clone();
                assert_eq!(outcome_of(&outcome), "rejected", "{kind:?}: {outcome}");
            }
        }
        assert_is_back(&world, kind, &format!("{kind:?}"));
        let fresh = world.decide_by_topic(&release(&request));
        assert_eq!(outcome_of(&fresh), "released", "{kind:?}: {fresh}");
    }
}

#[test]
fn a_late_copy_of_the_restore_does_nothing_to_what_was_released_again() {
    for kind in Kind::ALL {
        let (world, request) = released(kind);
        let event = restore_event(&world, &request);
        world
            .run_one(world.approving("message-restore", &event, Fate::Lives))
            .unwrap()
            .unwrap();
        world.wait("20m");
        assert_eq!(world.release(&request), "released");
        world.wait("1h");
        let copy = world.run_one(world.approving("message-restore", &event, Fate::Lives));
        let copy = copy.unwrap().unwrap()["outcomes"][0].clone();
        assert_eq!(outcome_of(&copy), "restored", "the same answer");
        assert!(world.is_free(STATE), "{kind:?}");
        assert_eq!(world.entry(&request).status, Status::Released);
    }
}

#[test]
fn a_restore_that_was_published_before_the_release_and_comes_after_it_is_refused() {
    let world = World::new();
    world.lock_with(Kind::Pair, STATE, &odd_text());
    let request = world.ask_about(STATE);
    world.release(&request);
    let late = restore_event(&world, &request);
    world.wait("1m");
    world.decide(&restore(&request));
    world.wait("20m");
    assert_eq!(world.release(&request), "released");
    world.wait("1m");
    let answer = world.run_one(world.approving("message-restore", &late, Fate::Lives));
    let outcome = answer.unwrap().unwrap()["outcomes"][0].clone();
    assert_eq!(outcome_of(&outcome), "rejected", "{outcome}");
    assert!(world.is_free(STATE));
}

#[test]
fn two_restores_at_once_put_one_lock_back() {
    for kind in Kind::ALL {
        for seed in 0..40 {
            let world = World::of_kind(kind).seeded(seed);
            world.lock_with(kind, STATE, &odd_text());
            let request = world.ask_about(STATE);
            world.release(&request);
            world.forget_what_was_told();
            let decision = restore(&request);
            let tasks = ["a", "b", "c"].map(|id| world.approving(id, &decision, Fate::Lives));
            let answers = world.run(tasks.into_iter().collect());
            let outcomes: Vec<String> = answers
                .into_iter()
                .map(|answer| outcome_of(&answer.unwrap().unwrap()))
                .collect();
            let story = format!("{kind:?}, {seed}: {outcomes:?}");
            let restored = outcomes.iter().filter(|outcome| *outcome == "restored");
            assert_eq!(restored.count(), 1, "{story}");
            assert_is_back(&world, kind, &story);
            assert_eq!(world.entry(&request).status, Status::Restored, "{story}");
            assert_eq!(world.told_count("restored"), 1, "{story}");
        }
    }
}

#[test]
fn restores_and_a_new_holder_at_once_leave_one_holder() {
    for kind in Kind::ALL {
        for seed in 0..60 {
            let world = World::of_kind(kind).seeded(seed);
            world.lock_with(kind, STATE, &odd_text());
            let request = world.ask_about(STATE);
            world.release(&request);
            let decision = restore(&request);
            let mut tasks: Vec<_> = ["a", "b"]
                .map(|id| world.approving(id, &decision, Fate::Lives))
                .into();
            tasks.push(world.somebody(move |world, _| {
                if world.is_free(STATE) {
                    world.lock(kind, STATE, "ci-8");
                }
            }));
            world.run(tasks);
            let locked = world.locked();
            let halves = usize::from(kind.has_item()) + usize::from(kind.has_object());
            assert_eq!(locked.len(), halves, "{kind:?}, {seed}: {locked:?}");
            let first = locked[0].rsplit(' ').next().unwrap();
            assert!(
                locked.iter().all(|lock| lock.ends_with(first)),
                "{kind:?}, {seed}: {locked:?}"
            );
        }
    }
}

#[test]
fn a_restored_lock_is_left_alone_for_an_hour_then_asked_about_again() {
    for kind in Kind::ALL {
        let (world, request) = released(kind);
        world.decide(&restore(&request));
        world.forget_what_was_told();
        for _ in 0..11 {
            world.wait("5m");
            world.sweep();
        }
        assert_eq!(world.told(), Vec::<&str>::new(), "{kind:?}");
        assert_eq!(world.entry(&request).status, Status::Restored, "{kind:?}");
        world.wait("5m");
        world.sweep();
        assert_eq!(world.told().len(), 1, "{kind:?}");
        assert_eq!(world.entry(&request).status, Status::Asked, "{kind:?}");
        assert_eq!(world.link(STATE).code, request, "the new notice has a link");
        assert_eq!(world.release(&request), "released", "{kind:?}");
        assert_eq!(
            outcome_of(&world.decide(&restore(&request))),
            "restored",
            "{kind:?}"
        );
        assert_is_back(&world, kind, "a second time");
    }
}

#[test]
fn a_restored_lock_may_be_released_before_anybody_is_asked_again() {
    for kind in Kind::ALL {
        let (world, request) = released(kind);
        world.decide(&restore(&request));
        world.wait("20m");
        let outcome = world.decide(&release(&request));
        assert_eq!(outcome_of(&outcome), "released", "{kind:?}: {outcome}");
        assert!(world.is_free(STATE), "{kind:?}");
    }
}

#[test]
fn a_restored_lock_that_goes_has_ended() {
    for kind in Kind::ALL {
        let (world, request) = released(kind);
        world.decide(&restore(&request));
        world.forget_what_was_told();
        world.wait("10m");
        world.unlock(STATE);
        let report = world.sweep();
        assert_eq!(report["ended"], 1, "{kind:?}: {report}");
        assert_eq!(world.entry(&request).status, Status::Ended, "{kind:?}");
        assert_eq!(world.told(), ["ended"], "{kind:?}");
        assert!(world.entry(&request).ended_at.is_some());
    }
}

#[test]
fn a_store_that_does_not_work_puts_nothing_back_by_half() {
    for (kind, store) in [
        (Kind::Pair, format!("writes of the table {TABLE}")),
        (Kind::Pair, "ledger".to_owned()),
        (Kind::Pair, "writes of the ledger".to_owned()),
        (Kind::FarPair, format!("writes of the table {FAR_TABLE}")),
    ] {
        for lasts in [false, true] {
            let (world, request) = released(kind);
            let broken = store.clone();
            world.right_after(Call::PutLockFile, move |world| {
                if lasts {
                    world.deny(&broken);
                } else {
                    world.throttle(&broken);
                }
            });
            let answer = try_restore(&world, &request);
            let story = format!("{kind:?}, {store}, denied: {lasts}: {answer:?}");
            world.mend();
            if lasts {
                // Nobody tries again what no retry can mend, so nothing of ours may be left in the place.
                assert!(!world.has_object(STATE), "{story}");
            } else {
                assert!(answer.is_err(), "{story}");
                world.wait("61s");
                let again = try_restore(&world, &request).unwrap();
                assert_eq!(outcome_of(&again), "restored", "{story}");
                assert_is_back(&world, kind, &story);
            }
        }
    }
}

/// The same invoke each time.
fn try_restore(world: &World, request: &str) -> Answer {
    let task = world.approving("invoke-1", &restore(request), Fate::Lives);
    world.run_one(task).unwrap()
}

#[test]
fn a_restore_that_names_another_lock_is_refused() {
    let (world, request) = released(Kind::Pair);
    let mut decision = restore(&request);
    decision["lock_id"] = STATE.into();
    decision["id"] = id_of("ci-8").into();
    assert_eq!(outcome_of(&world.decide(&decision)), "rejected");
    let unknown = world.decide(&restore("7F3K2QWX"));
    assert_eq!(outcome_of(&unknown), "rejected");
    assert!(world.is_free(STATE));
    decision["id"] = id_of("ci-7").into();
    assert_eq!(outcome_of(&world.decide(&decision)), "restored");
}
