use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::lock::gather;
use crate::testing::{at, item, item_with, lock_file, plain_policy, text_created};

static POLICY: Policy = plain_policy(SignedDuration::from_mins(15));

struct Case {
    lock: Lock,
    now: &'static str,
    first_seen: &'static str,
    split_sightings: u32,
    state: StateObject,
}

impl Case {
    fn ddb(created: &str, now: &'static str) -> Self {
        let lock = gather(vec![item_with("t", "b/k", &text_created("A", created))]).remove(0);
        Self {
            lock,
            now,
            first_seen: now,
            split_sightings: 1,
            state: StateObject::Absent,
        }
    }

    fn judged(&self) -> Judgement {
        let sighting = Sighting {
            lock: &self.lock,
            first_seen: at(self.first_seen),
            split_sightings: self.split_sightings,
            state: &self.state,
        };
        judge(&POLICY, at(self.now), &sighting)
    }
}

fn written(text: &str) -> StateObject {
    StateObject::Written {
        at: at(text),
        etag: None,
    }
}

#[test]
fn exactly_at_the_limit_is_stale() {
    assert_eq!(
        Case::ddb("2026-01-01T00:00:00Z", "2026-01-01T00:14:59Z")
            .judged()
            .verdict,
        Verdict::Held
    );
    assert_eq!(
        Case::ddb("2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z")
            .judged()
            .verdict,
        Verdict::Stale
    );
}

#[test]
fn a_dynamodb_lock_has_a_range_from_first_sight_to_created() {
    let case = Case {
        first_seen: "2026-01-01T00:50:00Z",
        ..Case::ddb("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")
    };
    let held = case.judged().held;
    assert_eq!(held.at_least, SignedDuration::from_mins(10));
    assert_eq!(held.at_most, SignedDuration::from_mins(60));
}

#[test]
fn a_lock_object_tells_the_hold_time_exactly_whatever_created_says() {
    // Created an hour before it was taken: the holder waited with `-lock-timeout`.
    let mut case = Case::ddb("2026-01-01T00:00:00Z", "2026-01-01T01:10:00Z");
    case.lock = gather(vec![lock_file("b/k", "A")]).remove(0);
    case.lock.content = crate::item::Content::Text(text_created("A", "2026-01-01T00:00:00Z"));
    if let Some(crate::item::Place::S3 { modified, .. }) = case.lock.places.first_mut() {
        *modified = at("2026-01-01T01:00:00Z");
    }
    let judged = case.judged();
    assert_eq!(
        (judged.held.at_least, judged.held.at_most),
        (SignedDuration::from_mins(10), SignedDuration::from_mins(10))
    );
    assert_eq!(judged.verdict, Verdict::Held);
}

#[test]
fn a_recent_write_of_the_state_beats_any_age() {
    let mut case = Case::ddb("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z");
    case.state = written("2026-01-02T23:55:00Z");
    assert_eq!(case.judged().verdict, Verdict::Alive);
    case.state = written("2026-01-02T23:54:59Z");
    assert_eq!(case.judged().verdict, Verdict::Stale);
}

#[test]
fn a_write_from_before_the_lock_was_taken_is_no_sign_of_its_holder() {
    let short = plain_policy(SignedDuration::from_secs(1));
    let judged = |written_at: &str| {
        let case = Case::ddb("2026-01-01T00:00:10.5Z", "2026-01-01T00:01:00Z");
        let sighting = Sighting {
            lock: &case.lock,
            first_seen: at(case.now),
            split_sightings: 1,
            state: &written(written_at),
        };
        judge(&short, at(case.now), &sighting).verdict
    };
    assert_eq!(judged("2026-01-01T00:00:09Z"), Verdict::Stale);
    assert_eq!(judged("2026-01-01T00:00:10Z"), Verdict::Alive);
}

#[test]
fn a_time_in_the_future_is_skewed_and_never_stale() {
    let case = Case {
        first_seen: "2026-01-01T00:00:00Z",
        ..Case::ddb("2026-01-09T00:00:00Z", "2026-01-08T00:00:00Z")
    };
    assert_eq!(case.judged().verdict, Verdict::Skewed);
    assert_eq!(case.judged().objections, [EvenIf::Skewed]);
    // Two minutes are forgiven.
    let case = Case::ddb("2026-01-01T00:02:00Z", "2026-01-01T00:00:00Z");
    assert_eq!(case.judged().verdict, Verdict::Held);
}

#[test]
fn a_split_needs_two_split_sightings() {
    let lock = gather(vec![item("t", "b/k", "A"), lock_file("b/k", "B")]).remove(1);
    let mut case = Case {
        lock,
        ..Case::ddb("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
    };
    assert_eq!(case.judged().verdict, Verdict::Stale);
    assert_eq!(case.judged().objections, [EvenIf::Split]);
    case.split_sightings = 2;
    assert_eq!(case.judged().verdict, Verdict::Split);
}

#[test]
fn an_unreadable_lock_is_never_stale() {
    let mut case = Case::ddb("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    case.first_seen = "2026-01-01T00:00:00Z";
    case.lock.content = crate::item::Content::Phantom;
    assert_eq!(case.judged().verdict, Verdict::Unreadable);
    assert_eq!(case.judged().objections, [EvenIf::Unreadable]);
}

#[test]
fn every_objection_that_applies_is_listed() {
    let mut case = Case::ddb("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z");
    case.state = written("2026-01-01T00:00:30Z");
    let text = text_created("A", "2026-01-01T00:00:00Z").replace("OperationTypeApply", "tflock");
    case.lock.content = crate::item::Content::Text(text);
    assert_eq!(
        case.judged().objections,
        [EvenIf::Fresh, EvenIf::Alive, EvenIf::Unreadable]
    );
}

#[test]
fn the_reason_says_by_which_clock_and_what_was_seen() {
    let mut case = Case::ddb("2026-01-01T00:00:00Z", "2026-01-01T03:12:00Z");
    assert_snapshot!(case.judged().why, @"held, by the holder's clock, for 3 h 12 min, over the limit of 15 min; no sign of life seen");
    case.first_seen = "2026-01-01T00:10:00Z";
    case.state = StateObject::Unknown("the bucket is not configured".to_owned());
    assert_snapshot!(case.judged().why, @"held for 3 h 12 min, over the limit of 15 min; no way to look for a sign of life");
}

proptest! {
    #[test]
    fn what_is_stale_stays_stale_as_time_passes(age in 0_i64..200_000, later in 0_i64..200_000) {
        let created = at("2026-01-01T00:00:00Z");
        let lock = gather(vec![item_with("t", "b/k", &text_created("A", "2026-01-01T00:00:00Z"))]).remove(0);
        let verdict = |seconds: i64| {
            let now = created + SignedDuration::from_secs(seconds);
            let sighting = Sighting { lock: &lock, first_seen: created, split_sightings: 1, state: &StateObject::Absent };
            judge(&POLICY, now, &sighting).verdict
        };
        prop_assert!(verdict(age) != Verdict::Stale || verdict(age + later) == Verdict::Stale);
    }
}
