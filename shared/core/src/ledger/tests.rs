use std::collections::BTreeSet;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::decision::{Action, Decision, NamedLock, Target};
use crate::ids::{LockId, StormCode};
use crate::item::Record;
use crate::lock::gather;
use crate::outcome::{DigestCheck, DigestRead, NewHolder, RecordName};
use crate::policy::EvenIf;
use crate::testing::{at, item, lock_file};
use crate::token::{Admission, TOKEN_BYTES, Token};

/// The contract's life cycle, written out once more: from where to where, without what stays where it is.
const STEPS: [(Status, &[Status]); 10] = [
    (
        Status::Seen,
        &[Status::Asked, Status::Deciding, Status::Ended],
    ),
    (
        Status::Asked,
        &[Status::Deciding, Status::Kept, Status::Ended],
    ),
    (
        Status::Kept,
        &[Status::Asked, Status::Deciding, Status::Ended],
    ),
    (
        Status::Deciding,
        &[
            Status::Released,
            Status::ChangedHands,
            Status::AlreadyReleased,
            Status::PartlyReleased,
            // Back to where it was.
            Status::Seen,
            Status::Asked,
            Status::Kept,
            Status::Restored,
        ],
    ),
    (
        Status::PartlyReleased,
        &[Status::Deciding, Status::Restored, Status::Ended],
    ),
    (Status::Released, &[Status::Restored]),
    (
        Status::Restored,
        &[Status::Deciding, Status::Asked, Status::Ended],
    ),
    (Status::ChangedHands, &[]),
    (Status::AlreadyReleased, &[]),
    (Status::Ended, &[]),
];

/// The statuses of a lock that is not there any more.
const OVER: [Status; 4] = [
    Status::Released,
    Status::ChangedHands,
    Status::AlreadyReleased,
    Status::Ended,
];

/// The statuses of a lock that is there, whole, and about which nobody decides at the moment.
const HELD: [Status; 4] = [Status::Seen, Status::Asked, Status::Kept, Status::Restored];

const RESULTS: [OutcomeKind; 9] = [
    OutcomeKind::Released,
    OutcomeKind::AlreadyReleased,
    OutcomeKind::ChangedHands,
    OutcomeKind::NotStale,
    OutcomeKind::Kept,
    OutcomeKind::Expiring,
    OutcomeKind::Restored,
    OutcomeKind::PartlyReleased,
    OutcomeKind::Rejected,
];

const FIRST_SIGHT: &str = "2026-01-01T01:00:00Z";
const NOW: &str = "2026-01-01T03:00:00Z";
const A_NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

fn lock_of(records: Vec<Record>) -> Lock {
    gather(records).remove(0)
}

/// A lock with both halves.
fn pair() -> Lock {
    lock_of(vec![item("t", "b/k", "A"), lock_file("b/k", "A")])
}

fn seen() -> Entry {
    let lock = pair();
    Entry::first_sight(lock.code(0), &lock, at(FIRST_SIGHT))
}

/// An entry with a life behind it that stands here.
fn standing_at(status: Status) -> Entry {
    Entry {
        status,
        decided: Some(decided("d-1")),
        ..seen()
    }
}

fn claimed(entry: &mut Entry, now: Timestamp) -> Option<NoticeKind> {
    entry.claim_unsent(now).map(|unsent| unsent.kind)
}

/// A notice without an outcome went out.
fn went_out(entry: &mut Entry, kind: NoticeKind) -> bool {
    let [unsent] = &owing(kind, NOW)[..] else {
        panic!("one is owed")
    };
    entry.sent(unsent, None, at(NOW))
}

fn told(count: u32, last: &str) -> Told {
    Told {
        count,
        last: Some(at(last)),
        unanswered: count,
        since: Some(at(last)),
        of_split: false,
        topic: None,
    }
}

fn owing(kind: NoticeKind, lease_until: &str) -> Vec<Unsent> {
    vec![Unsent {
        kind,
        outcome: None,
        lease_until: at(lease_until),
    }]
}

fn decided(delivery: &str) -> Decided {
    Decided {
        decision: Decision {
            action: Action::Release,
            target: Target {
                storm: None,
                request: Some(seen_code()),
                lock: None,
            },
            by: "alice".to_owned(),
            reason: None,
            even_if: BTreeSet::new(),
        },
        channel: Channel::Sns,
        verified: None,
        source: None,
        delivery: delivery.to_owned(),
        at: at(NOW),
        from: Status::Seen,
        lease_until: at(NOW) + DECISION_LEASE,
    }
}

fn seen_code() -> RequestCode {
    pair().code(0)
}

fn came_to(result: OutcomeKind) -> Outcome {
    Outcome::new(result, Some("alice".to_owned()))
}

/// An entry whose decision, taken where it stood at `from`, came to this.
fn concluded(from: Status, result: OutcomeKind) -> Result<Entry, WrongStep> {
    let mut entry = standing_at(from);
    entry.decide(decided("d-2"))?;
    entry.conclude(came_to(result), at(NOW))?;
    Ok(entry)
}

#[test]
fn the_life_cycle_has_the_steps_of_the_contract_and_no_other() {
    for (from, allowed) in STEPS {
        for to in Status::ALL {
            assert_eq!(
                from.may_become(to),
                allowed.contains(&to),
                "{from:?} to {to:?}"
            );
        }
    }
}

#[test]
fn every_status_has_a_row_in_the_life_cycle() {
    for status in Status::ALL {
        let rows = STEPS.iter().filter(|(from, _)| *from == status).count();
        assert_eq!(rows, 1, "{status:?}");
    }
}

#[test]
fn nothing_leads_out_of_an_end_but_putting_back_what_was_released() {
    for status in Status::ALL {
        assert_eq!(status.is_over(), OVER.contains(&status), "{status:?}");
        let leads_to: Vec<Status> = Status::ALL
            .into_iter()
            .filter(|to| status.may_become(*to))
            .collect();
        if status == Status::Released {
            assert_eq!(leads_to, [Status::Restored]);
        } else {
            assert_eq!(leads_to.is_empty(), status.is_over(), "{status:?}");
        }
    }
}

#[test]
fn a_first_sight_asks_nobody_and_owes_nothing() {
    let entry = seen();
    assert_eq!(
        (entry.revision, entry.generation, entry.sightings),
        (0, 1, 1)
    );
    assert_eq!(entry.status, Status::Seen);
    assert_eq!(entry.lock(), pair());
    assert_eq!((entry.told, entry.unsent), (Told::default(), vec![]));
}

#[test]
fn people_are_asked_where_the_lock_is_held_and_nobody_decides() {
    for status in HELD {
        let mut entry = standing_at(status);
        entry.kept_until = Some(at("2026-01-01T02:00:00Z"));
        entry.ask(NoticeKind::StaleLock, at(NOW)).unwrap();
        assert_eq!(entry.status, Status::Asked, "{status:?}");
        assert_eq!(entry.kept_until, None);
        assert_eq!(
            entry.unsent,
            owing(NoticeKind::StaleLock, "2026-01-01T03:00:30Z")
        );
    }
}

#[test]
fn nobody_is_asked_about_a_lock_that_is_gone() {
    for status in OVER {
        let before = standing_at(status);
        let mut entry = before.clone();
        let wrong = entry.ask(NoticeKind::StaleLock, at(NOW)).unwrap_err();
        assert_eq!((wrong.from, wrong.to), (status, Status::Asked));
        assert_eq!(entry, before, "a step that does not exist changes nothing");
    }
}

#[test]
fn what_is_left_of_a_half_released_lock_is_told_again_and_stays_half_released() {
    let mut entry = standing_at(Status::PartlyReleased);
    entry.ask(NoticeKind::Reminder, at(NOW)).unwrap();
    assert_eq!(entry.status, Status::PartlyReleased);
    assert_eq!(
        entry.unsent,
        owing(NoticeKind::Reminder, "2026-01-01T03:00:30Z")
    );
}

#[test]
fn a_step_that_does_not_exist_is_told_in_words() {
    let mut entry = standing_at(Status::Ended);
    let wrong = entry.end(at(NOW)).unwrap_err();
    assert_snapshot!(wrong, @"request VPMZ9GT1 cannot go from Ended to Ended");
}

#[test]
fn a_lock_ends_unless_a_decision_is_on_its_way_or_it_is_over() {
    for status in Status::ALL {
        let mut entry = standing_at(status);
        let ends = entry.end(at(NOW)).is_ok();
        let may = !status.is_over() && status != Status::Deciding;
        assert_eq!(ends, may, "{status:?}");
        assert_eq!(entry.ended_at, may.then(|| at(NOW)), "{status:?}");
    }
}

#[test]
fn who_was_asked_is_told_the_end_and_who_was_not_is_left_in_peace() {
    let mut asked = standing_at(Status::Asked);
    asked.told = told(1, FIRST_SIGHT);
    asked.end(at(NOW)).unwrap();
    assert_eq!(
        asked.unsent,
        owing(NoticeKind::Ended, "2026-01-01T03:00:30Z")
    );

    // It may have gone out, and whoever sent it died before the note.
    let mut perhaps_told = standing_at(Status::Asked);
    perhaps_told.unsent = owing(NoticeKind::StaleLock, NOW);
    perhaps_told.end(at(NOW)).unwrap();
    assert_eq!(
        perhaps_told.unsent,
        owing(NoticeKind::Ended, "2026-01-01T03:00:30Z")
    );

    let mut never_told = standing_at(Status::Seen);
    never_told.end(at(NOW)).unwrap();
    assert_eq!(never_told.unsent, []);
}

#[test]
fn a_decision_is_taken_wherever_the_lock_is_still_there() {
    for status in Status::ALL {
        let mut entry = standing_at(status);
        entry.outcome = Some(came_to(OutcomeKind::NotStale));
        entry.unsent = owing(NoticeKind::Reminder, NOW);
        let may = !status.is_over() && status != Status::Deciding;
        let before = entry.clone();
        if entry.decide(decided("d-2")).is_err() {
            assert!(!may, "{status:?}");
            assert_eq!(entry, before, "the first decision stands");
            continue;
        }
        assert!(may, "{status:?}");
        let expected = Decided {
            from: status,
            ..decided("d-2")
        };
        assert_eq!(entry.decided, Some(expected));
        assert_eq!(entry.status, Status::Deciding);
        assert_eq!((entry.outcome, entry.unsent), (None, vec![]));
    }
}

#[test]
fn each_outcome_has_its_place_in_the_life_cycle() {
    for (result, status, notice) in [
        (
            OutcomeKind::Released,
            Status::Released,
            NoticeKind::Released,
        ),
        (
            OutcomeKind::AlreadyReleased,
            Status::AlreadyReleased,
            NoticeKind::Ended,
        ),
        (
            OutcomeKind::ChangedHands,
            Status::ChangedHands,
            NoticeKind::Rejected,
        ),
        (OutcomeKind::NotStale, Status::Asked, NoticeKind::Rejected),
        (OutcomeKind::Kept, Status::Kept, NoticeKind::Kept),
        (OutcomeKind::Expiring, Status::Asked, NoticeKind::Expiring),
        (
            OutcomeKind::PartlyReleased,
            Status::PartlyReleased,
            NoticeKind::Released,
        ),
        (OutcomeKind::Rejected, Status::Asked, NoticeKind::Rejected),
    ] {
        let entry = concluded(Status::Asked, result).unwrap();
        assert_eq!(entry.status, status, "{result:?}");
        assert_eq!(entry.outcome, Some(came_to(result)));
        let [owed] = &entry.unsent[..] else {
            panic!("{:?}", entry.unsent)
        };
        assert_eq!((owed.kind, &owed.outcome), (notice, &entry.outcome));
        assert_eq!(owed.lease_until, at("2026-01-01T03:00:30Z"));
        let ended_at = status.is_over().then(|| at(NOW));
        assert_eq!(entry.ended_at, ended_at, "{result:?}");
    }
}

#[test]
fn a_decision_that_comes_to_nothing_goes_back_to_where_it_was() {
    for from in HELD {
        for result in [OutcomeKind::NotStale, OutcomeKind::Rejected] {
            let entry = concluded(from, result).unwrap();
            assert_eq!(entry.status, from, "{result:?}");
            assert_eq!(entry.ended_at, None);
        }
    }
}

#[test]
fn what_is_half_gone_stays_half_gone_until_it_is_gone() {
    for (result, status) in [
        (OutcomeKind::NotStale, Status::PartlyReleased),
        (OutcomeKind::Rejected, Status::PartlyReleased),
        (OutcomeKind::PartlyReleased, Status::PartlyReleased),
        (OutcomeKind::Released, Status::Released),
        (OutcomeKind::ChangedHands, Status::ChangedHands),
        (OutcomeKind::AlreadyReleased, Status::AlreadyReleased),
    ] {
        let entry = concluded(Status::PartlyReleased, result).unwrap();
        assert_eq!(entry.status, status, "{result:?}");
    }
}

#[test]
fn only_a_decision_that_is_being_carried_out_comes_to_something() {
    for status in Status::ALL {
        for result in RESULTS {
            let mut entry = standing_at(status);
            entry.decided.as_mut().unwrap().from = Status::Asked;
            let before = entry.clone();
            let is_done = entry.conclude(came_to(result), at(NOW)).is_ok();
            // Back comes a lock by `restore` alone.
            let may = status == Status::Deciding && result != OutcomeKind::Restored;
            assert_eq!(is_done, may, "{status:?} {result:?}");
            assert!(is_done || entry == before);
        }
    }
}

/// What a restore was asked for, and what came of it.
fn putting_back() -> (Decided, Outcome) {
    let decision = Decision {
        action: Action::Restore,
        ..decided("d-9").decision
    };
    let decided = Decided {
        decision,
        ..decided("d-9")
    };
    (decided, came_to(OutcomeKind::Restored))
}

#[test]
fn only_what_was_released_is_put_back() {
    for status in Status::ALL {
        let before = standing_at(status);
        let mut entry = before.clone();
        let (decided, outcome) = putting_back();
        let is_back = put_back(&mut entry, decided, outcome, at(NOW)).is_ok();
        let was_released = matches!(status, Status::Released | Status::PartlyReleased);
        assert_eq!(is_back, was_released, "{status:?}");
        assert!(is_back || entry == before, "{status:?}");
    }
}

fn put_back(
    entry: &mut Entry,
    decided: Decided,
    outcome: Outcome,
    now: Timestamp,
) -> Result<(), WrongStep> {
    entry.begin_restore(decided)?;
    entry.restore(outcome, now)
}

#[test]
fn a_restore_is_begun_once_and_found_again_until_it_came_to_something() {
    let mut entry = standing_at(Status::Released);
    let (decided, outcome) = putting_back();
    assert!(!entry.is_open());
    entry.restore(outcome.clone(), at(NOW)).unwrap_err();
    entry.begin_restore(decided.clone()).unwrap();
    assert!(entry.is_open() && entry.status == Status::Released);
    entry.begin_restore(decided).unwrap_err();
    let lease_end = entry.begun().unwrap().lease_until;
    assert_eq!(entry.left_half_done(lease_end - A_NANOSECOND), None);
    assert!(entry.left_half_done(lease_end).is_some());
    entry.take_up(lease_end);
    assert_eq!(entry.left_half_done(lease_end), None);

    let mut given_up = entry.clone();
    given_up.give_up_restore();
    assert!(!given_up.is_open() && given_up.status == Status::Released);
    entry.restore(outcome, at(NOW)).unwrap();
    assert_eq!((entry.status, entry.begun()), (Status::Restored, None));
}

#[test]
fn a_lock_that_was_put_back_is_held_again_and_people_hear_of_it_at_once() {
    let mut entry = concluded(Status::Asked, OutcomeKind::Released).unwrap();
    entry.unsent.clear();
    let released = entry.clone();
    let later = at("2026-01-01T04:00:00Z");
    let (decided, outcome) = putting_back();
    put_back(&mut entry, decided.clone(), outcome.clone(), later).unwrap();
    let expected = Entry {
        status: Status::Restored,
        ended_at: None,
        restored_at: Some(later),
        kept_until: Some(later + KEEP_FOR),
        decided: Some(Decided {
            from: Status::Released,
            ..decided
        }),
        outcome: Some(outcome.clone()),
        released_from: Vec::new(),
        watch: None,
        unsent: vec![Unsent {
            kind: NoticeKind::Restored,
            outcome: Some(outcome),
            lease_until: later + NOTICE_LEASE,
        }],
        ..released
    };
    assert_eq!(entry, expected);
    assert!(entry.is_open());
    assert_eq!(entry.expires_at(SignedDuration::from_hours(1)), None);
}

#[test]
fn whoever_puts_a_lock_back_is_left_in_peace_for_a_while() {
    let mut entry = standing_at(Status::Released);
    entry.told = told(1, FIRST_SIGHT);
    let (decided, outcome) = putting_back();
    put_back(&mut entry, decided, outcome, at(NOW)).unwrap();
    let end = at(NOW) + KEEP_FOR;
    assert!(!entry.wants_reminder(end - A_NANOSECOND, REMIND_EVERY));
    assert!(entry.wants_reminder(end, REMIND_EVERY));
}

#[test]
fn a_decision_is_about_the_life_that_the_lock_has_now() {
    assert_eq!(seen().alive_since(), None, "the first life has no before");

    let mut back = standing_at(Status::Ended);
    let second_sight = at("2026-01-01T05:00:00Z");
    back.live_again(&pair(), second_sight);
    assert_eq!(back.alive_since(), Some(second_sight));

    let put_back_at = at("2026-01-01T06:00:00Z");
    for mut entry in [standing_at(Status::Released), back] {
        entry.status = Status::Released;
        let (decided, outcome) = putting_back();
        put_back(&mut entry, decided, outcome, put_back_at).unwrap();
        assert_eq!(entry.alive_since(), Some(put_back_at));
    }
}

#[test]
fn a_new_life_is_younger_than_what_was_put_back_in_the_one_before() {
    let mut entry = standing_at(Status::Ended);
    entry.restored_at = Some(at("2026-01-01T02:00:00Z"));
    entry.live_again(&pair(), at(NOW));
    assert_eq!(entry.alive_since(), Some(at(NOW)));
}

#[test]
fn a_link_outlives_every_step_of_its_lock() {
    let mut entry = seen();
    entry.tokens = one_token();
    let opens = |entry: &Entry| entry.tokens.admit(&token(), at(NOW));
    entry.ask(NoticeKind::StaleLock, at(NOW)).unwrap();
    assert_eq!(opens(&entry), Some(Admission::Decide), "asked");
    entry.decide(decided("d-2")).unwrap();
    assert_eq!(opens(&entry), Some(Admission::Decide), "deciding");
    entry.take_up(at(NOW));
    entry
        .conclude(came_to(OutcomeKind::Released), at(NOW))
        .unwrap();
    assert_eq!(opens(&entry), Some(Admission::Decide), "released");
    let (decided, outcome) = putting_back();
    put_back(&mut entry, decided, outcome, at(NOW)).unwrap();
    assert_eq!(opens(&entry), Some(Admission::Undo), "put back");
    entry.end(at(NOW)).unwrap();
    assert_eq!(opens(&entry), Some(Admission::Undo), "ended");
}

#[test]
fn a_link_opens_nothing_in_the_next_life_of_its_lock() {
    let mut entry = standing_at(Status::Ended);
    entry.tokens = one_token();
    entry.live_again(&pair(), at(NOW));
    assert_eq!(entry.tokens.admit(&token(), at(NOW)), None);
}

#[test]
fn keeping_lasts_until_the_outcome_says() {
    let mut entry = standing_at(Status::Asked);
    entry.decide(decided("d-2")).unwrap();
    let until = Some(at("2026-01-01T05:00:00Z"));
    let outcome = Outcome {
        until,
        ..came_to(OutcomeKind::Kept)
    };
    entry.conclude(outcome, at(NOW)).unwrap();
    assert_eq!((entry.status, entry.kept_until), (Status::Kept, until));
}

#[test]
fn only_who_was_asked_can_be_quiet() {
    for from in Status::ALL {
        let may = matches!(from, Status::Asked | Status::Kept);
        assert_eq!(from.may_be_kept(), may, "{from:?}");
        let kept = concluded(from, OutcomeKind::Kept);
        assert_eq!(kept.is_ok(), may, "{from:?}");
    }
}

#[test]
fn what_a_release_took_is_remembered_whatever_looks_see_later() {
    let whole = concluded(Status::Asked, OutcomeKind::Released).unwrap();
    assert_eq!(whole.released_from, pair().places);

    let mut half = concluded(Status::Asked, OutcomeKind::PartlyReleased).unwrap();
    let [object, item] = &pair().places[..] else {
        panic!("a pair")
    };
    assert_eq!(half.released_from, std::slice::from_ref(object));
    let left = Lock {
        places: vec![item.clone()],
        ..pair()
    };
    half.see(&left, at(NOW));
    assert_eq!(half.places, std::slice::from_ref(item));
    assert_eq!(half.every_place(), [item.clone(), object.clone()]);

    half.decide(decided("d-3")).unwrap();
    half.conclude(came_to(OutcomeKind::Released), at(NOW))
        .unwrap();
    assert_eq!(half.released_from, [object.clone(), item.clone()]);
    let (decided, outcome) = putting_back();
    put_back(&mut half, decided, outcome, at(NOW)).unwrap();
    assert_eq!(half.places, [item.clone(), object.clone()]);
    assert_eq!(half.released_from, []);
}

#[test]
fn a_notice_is_nobody_elses_until_its_lease_is_over() {
    let mut entry = seen();
    entry.ask(NoticeKind::StaleLock, at(NOW)).unwrap();
    let end = at(NOW) + NOTICE_LEASE;
    let before = entry.clone();
    assert_eq!(entry.claim_unsent(end - A_NANOSECOND), None);
    assert_eq!(entry, before);
    assert_eq!(claimed(&mut entry, end), Some(NoticeKind::StaleLock));
    let next_end = end + NOTICE_LEASE;
    assert_eq!(entry.claim_unsent(next_end - A_NANOSECOND), None);
    assert_eq!(claimed(&mut entry, next_end), Some(NoticeKind::StaleLock));
}

#[test]
fn where_no_notice_is_owed_none_is_claimed() {
    assert_eq!(seen().claim_unsent(at(NOW)), None);
}

#[test]
fn a_notice_is_owed_until_that_very_one_is_out() {
    let mut entry = seen();
    entry.ask(NoticeKind::StaleLock, at(NOW)).unwrap();
    assert!(!went_out(&mut entry, NoticeKind::Released));
    assert_eq!(entry.told, Told::default());
    assert_eq!(entry.unsent.len(), 1);
    assert!(went_out(&mut entry, NoticeKind::StaleLock));
    assert_eq!((entry.told.clone(), &entry.unsent), (told(1, NOW), &vec![]));
    assert!(!went_out(&mut entry, NoticeKind::StaleLock), "sent before");
    assert_eq!(entry.told, told(1, NOW));
}

#[test]
fn only_a_notice_that_asks_counts_as_asking() {
    let mut entry = standing_at(Status::Kept);
    entry.told = told(3, FIRST_SIGHT);
    entry.unsent = owing(NoticeKind::Kept, NOW);
    assert!(went_out(&mut entry, NoticeKind::Kept));
    assert_eq!(entry.told, told(3, FIRST_SIGHT));
}

#[test]
fn a_decision_is_left_half_done_when_its_lease_is_over() {
    let mut entry = seen();
    entry.decide(decided("d-2")).unwrap();
    let end = at(NOW) + DECISION_LEASE;
    assert_eq!(entry.left_half_done(end - A_NANOSECOND), None);
    let left = entry.left_half_done(end).unwrap();
    assert_eq!((left.delivery.as_str(), left.from), ("d-2", Status::Seen));
}

#[test]
fn who_takes_up_a_decision_has_it_for_a_whole_lease() {
    let mut entry = seen();
    entry.decide(decided("d-2")).unwrap();
    let later = at("2026-01-01T09:00:00Z");
    entry.take_up(later);
    let end = later + DECISION_LEASE;
    assert_eq!(entry.left_half_done(end - A_NANOSECOND), None);
    assert!(entry.left_half_done(end).is_some());
}

#[test]
fn a_decision_that_came_to_something_is_not_left_half_done() {
    let much_later = at("2026-02-01T00:00:00Z");
    for status in Status::ALL {
        let is_left = standing_at(status).left_half_done(much_later).is_some();
        assert_eq!(is_left, status == Status::Deciding, "{status:?}");
    }
}

#[test]
fn the_leases_fit_between_the_tries_of_lambda() {
    // Lambda tries a failed event again after a minute; who holds a lease must have lost it by then.
    for lease in [NOTICE_LEASE, DECISION_LEASE] {
        assert!(lease < SignedDuration::from_mins(1), "{lease}");
    }
}

#[test]
fn looks_in_quick_succession_are_one_sighting() {
    let mut entry = seen();
    let gap_over = at(FIRST_SIGHT) + SIGHTING_GAP;
    assert!(!entry.see(&pair(), gap_over - A_NANOSECOND));
    assert_eq!(entry.sightings, 1);
    assert!(entry.see(&pair(), gap_over));
    assert_eq!(entry.sightings, 2);
}

#[test]
fn sightings_are_counted_only_as_far_as_they_matter() {
    let mut entry = seen();
    for hour in 2..9 {
        let looked = at(&format!("2026-01-01T0{hour}:00:00Z"));
        assert_eq!(entry.see(&pair(), looked), hour == 2);
    }
    assert_eq!(entry.sightings, SIGHTINGS_FOR_GHOSTS);
}

#[test]
fn a_place_that_came_or_went_is_noted() {
    let mut entry = seen();
    let half = lock_of(vec![item("t", "b/k", "A")]);
    assert!(entry.see(&half, at(FIRST_SIGHT)));
    assert_eq!((&entry.places, entry.sightings), (&half.places, 1));
    assert!(!entry.see(&half, at(FIRST_SIGHT)));
}

/// The item's side of a split whose other side is the lock object of `rival`.
fn split_from(rival: &str) -> Lock {
    let sides = gather(vec![item("t", "b/k", "A"), lock_file("b/k", rival)]);
    sides.into_iter().find(Lock::has_item).unwrap()
}

fn seen_split_from(rival: &str) -> Entry {
    let lock = split_from(rival);
    Entry::first_sight(lock.code(0), &lock, at(FIRST_SIGHT))
}

#[test]
fn a_split_counts_once_its_other_side_was_seen_long_enough() {
    let mut entry = seen_split_from("B");
    let gap_over = at(FIRST_SIGHT) + SIGHTING_GAP;
    assert!(!entry.see(&split_from("B"), gap_over - A_NANOSECOND));
    assert_eq!(entry.split_sightings(), 1);
    assert!(entry.see(&split_from("B"), gap_over));
    assert_eq!(entry.split_sightings(), 2);
    assert!(!entry.see(&split_from("B"), at(NOW)));
    assert_eq!(entry.split_sightings(), SIGHTINGS_FOR_GHOSTS);
}

#[test]
fn another_other_side_is_counted_anew() {
    let mut entry = seen_split_from("B");
    let later = at(FIRST_SIGHT) + SIGHTING_GAP;
    assert!(entry.see(&split_from("C"), later));
    assert_eq!((entry.sightings, entry.split_sightings()), (2, 1));
    let much_later = later + SIGHTING_GAP;
    assert!(!entry.see(&split_from("C"), much_later - A_NANOSECOND));
    assert!(entry.see(&split_from("C"), much_later));
    assert_eq!(entry.split_sightings(), 2);
}

#[test]
fn a_split_is_forgotten_when_its_other_side_is_gone() {
    let mut entry = seen_split_from("B");
    let alone = lock_of(vec![item("t", "b/k", "A")]);
    assert!(entry.see(&alone, at(FIRST_SIGHT)));
    assert_eq!((entry.split_sightings(), &entry.split), (0, &None));
    assert!(!entry.see(&alone, at(FIRST_SIGHT)));
}

#[test]
fn a_new_life_keeps_nothing_but_code_revision_the_count_of_lives_and_what_is_owed() {
    let ended = Entry {
        revision: 17,
        generation: 2,
        ended_at: Some(at(NOW)),
        ..full()
    };
    let mut entry = ended.clone();
    let half = lock_of(vec![item("t", "b/k", "A")]);
    let later = at("2026-03-01T00:00:00Z");
    entry.live_again(&half, later);
    let expected = Entry {
        revision: 17,
        generation: 3,
        unsent: ended.unsent,
        ..Entry::first_sight(ended.code, &half, later)
    };
    assert_eq!(entry, expected);
}

#[test]
fn an_entry_is_about_its_lock_and_about_no_other() {
    let entry = seen();
    assert!(entry.is_about(&pair()));
    assert!(entry.is_about(&lock_of(vec![item("t", "b/k", "A")])));
    for other in [
        item("t", "b/k", "B"),
        item("t", "b/other", "A"),
        item("t2", "b/k", "A"),
    ] {
        assert!(!entry.is_about(&lock_of(vec![other])));
    }
}

const REMIND_EVERY: SignedDuration = SignedDuration::from_hours(1);

#[test]
fn an_unanswered_request_is_repeated_when_its_time_has_come() {
    let mut entry = standing_at(Status::Asked);
    entry.told = told(1, "2026-01-01T02:00:00Z");
    assert!(!entry.wants_reminder(at(NOW) - A_NANOSECOND, REMIND_EVERY));
    assert!(entry.wants_reminder(at(NOW), REMIND_EVERY));
}

#[test]
fn reminders_come_further_and_further_apart_up_to_a_day() {
    let pauses = |first: SignedDuration| -> Vec<i64> {
        let mut entry = standing_at(Status::Asked);
        let pause = |count| {
            entry.told = told(count, FIRST_SIGHT);
            let due = (1..).find(|hours| {
                let then = at(FIRST_SIGHT) + SignedDuration::from_hours(*hours);
                entry.wants_reminder(then, first)
            });
            due.unwrap()
        };
        [1, 2, 3, 4, 5, 6, 7, 40, u32::MAX].map(pause).to_vec()
    };
    assert_eq!(pauses(REMIND_EVERY), [1, 2, 4, 8, 16, 24, 24, 24, 24]);
    // Whoever wants it less often than daily gets it so.
    let weekly = SignedDuration::from_hours(168);
    assert_eq!(pauses(weekly), [168; 9]);
}

#[test]
fn an_answer_lets_reminders_begin_anew() {
    let mut entry = standing_at(Status::Asked);
    entry.told = told(5, FIRST_SIGHT);
    entry.decide(decided("d-2")).unwrap();
    entry.conclude(came_to(OutcomeKind::Kept), at(NOW)).unwrap();
    assert_eq!((entry.told.count, entry.told.unanswered), (5, 0));
}

#[test]
fn a_lock_that_was_kept_or_put_back_is_asked_about_again_when_its_time_is_up() {
    for status in [Status::Kept, Status::Restored] {
        let mut entry = standing_at(status);
        entry.told = told(1, FIRST_SIGHT);
        entry.kept_until = Some(at(NOW));
        assert!(!entry.wants_reminder(at(NOW) - A_NANOSECOND, REMIND_EVERY));
        assert!(entry.wants_reminder(at(NOW), REMIND_EVERY), "{status:?}");
    }
}

#[test]
fn who_was_asked_but_never_told_is_told_at_once() {
    assert!(standing_at(Status::Asked).wants_reminder(at(FIRST_SIGHT), REMIND_EVERY));
}

#[test]
fn nobody_is_reminded_while_a_notice_is_owed_or_nothing_was_asked() {
    let much_later = at("2026-02-01T00:00:00Z");
    for status in Status::ALL {
        let mut entry = standing_at(status);
        entry.kept_until = Some(at(FIRST_SIGHT));
        entry.told = told(1, FIRST_SIGHT);
        let wants = matches!(
            status,
            Status::Asked | Status::Kept | Status::Restored | Status::PartlyReleased
        );
        assert_eq!(
            entry.wants_reminder(much_later, REMIND_EVERY),
            wants,
            "{status:?}"
        );
        entry.unsent = owing(NoticeKind::StaleLock, FIRST_SIGHT);
        assert!(!entry.wants_reminder(much_later, REMIND_EVERY));
    }
}

#[test]
fn an_entry_is_open_while_the_lock_is_there_or_a_notice_is_owed() {
    for status in Status::ALL {
        let mut entry = standing_at(status);
        assert_eq!(entry.is_open(), !OVER.contains(&status), "{status:?}");
        entry.unsent = owing(NoticeKind::Released, NOW);
        assert!(entry.is_open(), "{status:?}");
    }
}

#[test]
fn an_entry_is_kept_for_so_long_after_the_end_of_its_lock() {
    let keep_for = SignedDuration::from_hours(24 * 400);
    assert_eq!(seen().expires_at(keep_for), None);
    let released = concluded(Status::Asked, OutcomeKind::Released).unwrap();
    let expected = at("2027-02-05T03:00:00Z").as_second();
    assert_eq!(released.expires_at(keep_for), Some(expected));
}

/// The marks of one link that works for a day.
fn one_token() -> TokenMarks {
    let mut tokens = TokenMarks::default();
    tokens.add(&token(), at(NOW), at("2026-01-02T03:00:00Z"));
    tokens
}

fn token() -> Token {
    Token::of([7; TOKEN_BYTES])
}

/// An entry with every field set.
fn full() -> Entry {
    let decision = Decision {
        action: Action::Keep {
            for_: SignedDuration::from_mins(90),
        },
        target: Target {
            storm: None,
            request: Some(seen_code()),
            lock: Some(NamedLock {
                path: pair().path,
                id: LockId::new("A-0000").unwrap(),
            }),
        },
        by: "alice".to_owned(),
        reason: Some("its runner is gone".to_owned()),
        even_if: EvenIf::ALL.into_iter().collect(),
    };
    Entry {
        revision: 4,
        generation: 2,
        sightings: 2,
        split: seen_split_from("B").split,
        status: Status::PartlyReleased,
        told: told(3, "2026-01-01T02:30:00.123456789Z"),
        unsent: owing(NoticeKind::Released, NOW),
        kept_until: Some(at("2026-01-01T04:00:00Z")),
        decided: Some(Decided {
            decision,
            channel: Channel::Invoke,
            verified: Some("arn:aws:iam::123456789012:user/alice".to_owned()),
            from: Status::Kept,
            ..decided("d-3")
        }),
        outcome: Some(full_outcome()),
        ended_at: Some(at(NOW)),
        restored_at: Some(at("2026-01-01T02:45:00Z")),
        tokens: one_token(),
        ..seen()
    }
}

fn full_outcome() -> Outcome {
    let entry = seen();
    let lock = entry.lock();
    Outcome {
        result: OutcomeKind::PartlyReleased,
        request: Some(entry.code),
        lock_id: Some(entry.path),
        id: lock.id(),
        by: Some("alice".to_owned()),
        by_verified: Some("arn:aws:iam::123456789012:user/alice".to_owned()),
        records: entry.places.iter().map(RecordName::from).collect(),
        confirmed: Some(false),
        digest: Some(DigestCheck::Mismatch),
        digest_read: Some(DigestRead::Whole),
        next: Some("terraform plan".to_owned()),
        until: Some(at(NOW)),
        time_to_exist: Some(at(NOW)),
        why: Some("the item changed meanwhile".to_owned()),
        example: Some("{}".to_owned()),
        now_held_by: Some(NewHolder::of(lock.info().ok().as_ref())),
        storm: Outcome::of_storm(
            StormCode::parse("9HXM4TQA").unwrap(),
            "alice".to_owned(),
            &[Outcome::new(OutcomeKind::NotStale, None).because("it is alive")],
        )
        .storm,
    }
}

fn there_and_back<T>(value: &T) -> T
where
    T: Serialize + serde::de::DeserializeOwned,
{
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

#[test]
fn an_entry_is_read_as_it_was_written() {
    for entry in [seen(), full()] {
        assert_eq!(there_and_back(&entry), entry);
    }
}

#[test]
fn what_an_entry_lacks_is_not_written() {
    let written = serde_json::to_value(seen()).unwrap();
    let names: Vec<&str> = written
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_snapshot!(names.join(" "), @"code content first_seen generation places revision sightings state status told");
    assert_snapshot!(written["told"], @r#"{"count":0,"of_split":false,"unanswered":0}"#);
}

#[test]
fn an_event_is_read_as_it_was_written() {
    let bare = Event::new(EventKind::Ended, at(NOW), "its holder let go");
    let full = Event {
        what: EventKind::Decision,
        channel: Some(Channel::Sns),
        delivery: Some("d-1".to_owned()),
        by: Some("alice".to_owned()),
        verified: Some("arn:aws:iam::123456789012:user/alice".to_owned()),
        source: Some("203.0.113.7".to_owned()),
        ..bare.clone()
    };
    for event in [bare, full] {
        assert_eq!(there_and_back(&event), event);
    }
}

#[test]
fn an_answer_is_read_as_it_was_written() {
    let delivery = Delivery {
        id: "d-1".to_owned(),
        outcome: full_outcome(),
        unsent_until: None,
    };
    let owed = Delivery {
        outcome: came_to(OutcomeKind::Rejected),
        unsent_until: Some(at("2026-01-01T03:00:00.000000001Z")),
        ..delivery.clone()
    };
    for delivery in [delivery, owed] {
        assert_eq!(there_and_back(&delivery), delivery);
    }
}

#[test]
fn a_change_names_the_lock_of_its_events() {
    let entry = seen();
    let event = Event::new(EventKind::Seen, at(NOW), "first sight");
    let delivery = Delivery {
        id: "d-1".to_owned(),
        outcome: came_to(OutcomeKind::Released),
        unsent_until: None,
    };
    let change = Change::of(&entry, vec![event.clone()]).answering(delivery.clone());
    assert_eq!(change.entry, Some(&entry));
    assert_eq!(change.events, [(entry.code.clone(), event)]);
    assert_eq!(change.answered, Some(delivery));
}

#[test]
fn a_notice_that_went_out_is_known_by_the_id_of_its_message() {
    let entry = seen();
    let published = |id: &str| {
        let change = Change::of(&entry, Vec::new());
        change.publishing(id.to_owned()).published
    };
    let expected = Some(("m-1".to_owned(), entry.code.clone()));
    assert_eq!(published("m-1"), expected);
    assert_eq!(published(""), None, "there is nothing to find it by");
    let about_nothing = Change::default().publishing("m-1".to_owned());
    assert_eq!(about_nothing.published, None);
}

#[test]
fn events_of_one_moment_and_one_lock_have_keys_of_their_own() {
    let event = |what, delivery: Option<&str>| Event {
        delivery: delivery.map(str::to_owned),
        ..Event::new(what, at(NOW), "")
    };
    let mut keys: Vec<String> = [
        EventKind::Seen,
        EventKind::Notice,
        EventKind::Decision,
        EventKind::Refusal,
        EventKind::Outcome,
        EventKind::Ended,
    ]
    .into_iter()
    .flat_map(|what| [None, Some("d-1"), Some("d-2")].map(|delivery| event(what, delivery)))
    .map(|event| event.sort_key())
    .collect();
    assert_snapshot!(keys[0], @"event#2026-01-01T03:00:00.000000Z#seen#sweep");
    assert_snapshot!(keys[7], @"event#2026-01-01T03:00:00.000000Z#decision#d-1");
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all);
}

/// Any moment that a clock may show: since 1970.
fn moments() -> impl Strategy<Value = Timestamp> {
    let seconds = 0..at("9999-12-30T00:00:00Z").as_second();
    let nanos = prop_oneof![
        Just(0),
        Just(1_000),
        Just(999_999_000),
        0..1_000_000_000_i32
    ];
    (seconds, nanos).prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

/// Two moments, some far apart and some within a second, where the digits behind the point decide.
fn two_moments() -> impl Strategy<Value = [Timestamp; 2]> {
    let apart = prop_oneof![
        -2_000_000_000_i64..2_000_000_000,
        any::<i32>().prop_map(|far| i64::from(far) * 1_000_000_000)
    ];
    (moments(), apart).prop_map(|(one, nanos)| {
        let other = one
            .saturating_add(SignedDuration::from_nanos(nanos))
            .unwrap();
        [one, other.max(Timestamp::UNIX_EPOCH)]
    })
}

/// The moment to the microsecond, as far as sort keys tell.
fn microsecond(moment: Timestamp) -> i64 {
    moment.as_microsecond()
}

proptest! {
    #[test]
    fn events_sort_by_time_whatever_they_are_about([one, other] in two_moments()) {
        let early = Event::new(EventKind::Seen, one, "").sort_key();
        let late = Event::new(EventKind::Decision, other, "").sort_key();
        let by_time = microsecond(one).cmp(&microsecond(other));
        prop_assert!(by_time.is_eq() || early.cmp(&late) == by_time, "{} {}", early, late);
    }

    /// `first_seen` is the sort key of the index `by-state`.
    #[test]
    fn first_sights_sort_as_text_and_are_read_to_the_microsecond([one, other] in two_moments()) {
        let written = |moment| serde_json::to_value(Entry { first_seen: moment, ..seen() }).unwrap();
        let texts = [one, other].map(|moment| written(moment)["first_seen"].to_string());
        let by_time = microsecond(one).cmp(&microsecond(other));
        prop_assert_eq!(texts[0].cmp(&texts[1]), by_time);
        let read: Entry = serde_json::from_value(written(one)).unwrap();
        prop_assert_eq!(microsecond(read.first_seen), microsecond(one));
    }

    #[test]
    fn any_stored_text_is_kept_byte_for_byte(text in any::<String>()) {
        let entry = Entry { content: Content::Text(text), ..seen() };
        prop_assert_eq!(there_and_back(&entry), entry);
    }
}

#[test]
fn what_came_of_a_decision_is_owed_whatever_happens_next() {
    let half_gone = || concluded(Status::Asked, OutcomeKind::PartlyReleased).unwrap();
    let kinds = |entry: &Entry| -> Vec<NoticeKind> {
        entry.unsent.iter().map(|unsent| unsent.kind).collect()
    };
    let mut ended = half_gone();
    ended.told = told(1, NOW);
    ended.end(at(NOW)).unwrap();
    assert_eq!(kinds(&ended), [NoticeKind::Released, NoticeKind::Ended]);

    let mut decided_again = half_gone();
    decided_again.decide(decided("d-2")).unwrap();
    assert_eq!(kinds(&decided_again), [NoticeKind::Released]);
    let told_then = decided_again.unsent[0].outcome.clone().unwrap();
    assert_eq!(told_then.result, OutcomeKind::PartlyReleased);

    let mut back = half_gone();
    back.live_again(&pair(), at(NOW));
    assert_eq!(kinds(&back), [NoticeKind::Released]);
}

#[test]
fn a_question_that_was_not_asked_yet_is_moot_once_it_is_decided() {
    let mut entry = seen();
    entry.ask(NoticeKind::StaleLock, at(NOW)).unwrap();
    entry.decide(decided("d-1")).unwrap();
    assert_eq!(entry.unsent, []);
}

#[test]
fn nobody_is_asked_while_a_decision_is_carried_out() {
    let mut entry = standing_at(Status::Deciding);
    entry.ask(NoticeKind::Reminder, at(NOW)).unwrap_err();
    assert_eq!(entry.unsent, []);
}

#[test]
fn a_kept_lock_whose_release_comes_to_nothing_is_still_kept_until_then() {
    let mut entry = concluded(Status::Kept, OutcomeKind::NotStale).unwrap();
    entry.kept_until = Some(at(NOW));
    entry.decide(decided("d-2")).unwrap();
    entry
        .conclude(came_to(OutcomeKind::NotStale), at(NOW))
        .unwrap();
    assert_eq!(
        (entry.status, entry.kept_until),
        (Status::Kept, Some(at(NOW)))
    );
}

#[test]
fn nobody_answers_by_letting_a_lock_expire() {
    let mut entry = Entry {
        told: told(3, "2026-01-01T02:00:00Z"),
        decided: Some(Decided {
            decision: Decision {
                action: Action::Expire,
                ..decided("d-1").decision
            },
            ..decided("d-1")
        }),
        ..standing_at(Status::Deciding)
    };
    entry.decided.as_mut().unwrap().from = Status::Asked;
    let expiring = Outcome {
        time_to_exist: Some(at("2026-01-01T04:00:00Z")),
        ..came_to(OutcomeKind::Expiring)
    };
    entry.conclude(expiring, at(NOW)).unwrap();
    assert_eq!(entry.status, Status::Asked);
    assert_eq!(
        (entry.told.unanswered, entry.told.since),
        (3, Some(at("2026-01-01T02:00:00Z")))
    );
    // Its notice takes the place of a reminder.
    assert_eq!(entry.told.last, Some(at(NOW)));
    assert!(!entry.is_past_its_time(at("2026-01-01T03:59:59Z")));
    assert!(entry.is_past_its_time(at("2026-01-01T04:00:00Z")));
}

#[test]
fn the_time_since_people_were_asked_counts_from_the_first_question_after_an_answer() {
    let mut entry = seen();
    entry.ask(NoticeKind::StaleLock, at(NOW)).unwrap();
    assert!(went_out(&mut entry, NoticeKind::StaleLock));
    assert_eq!(entry.told.since, Some(at(NOW)));
    entry.unsent = owing(NoticeKind::Reminder, NOW);
    let reminder = entry.unsent[0].clone();
    assert!(entry.sent(&reminder, None, at("2026-01-01T05:00:00Z")));
    assert_eq!(entry.told.since, Some(at(NOW)));
    entry.decide(decided("d-1")).unwrap();
    entry
        .conclude(came_to(OutcomeKind::Kept), at("2026-01-01T06:00:00Z"))
        .unwrap();
    assert_eq!((entry.told.since, entry.told.unanswered), (None, 0));
}

#[test]
fn a_try_that_came_to_nothing_is_not_made_again_at_once() {
    let mut entry = seen();
    assert!(entry.may_try_expiry(at(NOW)));
    entry.expiry_tried_at = Some(at(NOW));
    let again = at(NOW) + crate::expire::TRY_AGAIN_AFTER;
    assert!(!entry.may_try_expiry(again - A_NANOSECOND));
    assert!(entry.may_try_expiry(again));
}
