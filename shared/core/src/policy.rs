//! Whether a lock is stale, and why.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::lock::Lock;
use crate::record::LockInfo;
use crate::span;

/// When a lock is stale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// From which hold time on a lock is stale.
    pub stale_after: SignedDuration,
    /// For how long a write of the state counts as a sign of life.
    pub quiet_for: SignedDuration,
}

/// By how much a holder's clock may be ahead before its `Created` is not believed.
pub const ALLOWED_SKEW: SignedDuration = SignedDuration::from_mins(2);

/// The name of the limits that hold where no rule says otherwise.
pub const DEFAULT_RULE: &str = "default";

/// How often a lock must be seen before it is called split or, as a lone lock object, unreadable: clients that lose on
/// DynamoDB make and remove a lock object on every retry.
pub const SIGHTINGS_FOR_GHOSTS: u32 = 2;

/// A lock with what is known about it at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The lock.
    pub lock: &'a Lock,
    /// When the ledger first saw it.
    pub first_seen: Timestamp,
    /// How many looks have seen the other side of its split, this one included; 0 where there is none.
    pub split_sightings: u32,
    /// What is known about the state object.
    pub state: &'a StateObject,
}

/// What a look at the state object gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateObject {
    /// It exists.
    Written {
        /// When it was last written, by S3's clock.
        at: Timestamp,
        /// Its entity tag without quotes: the MD5 of its bytes unless KMS or a multipart upload made it something else.
        etag: Option<String>,
    },
    /// There is none (a first apply, say).
    Absent,
    /// It could not be looked at; why.
    Unknown(String),
}

/// What a judgement says of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It cannot be understood.
    Unreadable,
    /// Two holders hold one state.
    Split,
    /// Held longer than the limit, and no sign of life was seen.
    Stale,
    /// Its `Created` is in the future.
    Skewed,
    /// Its state was written within the quiet period.
    Alive,
    /// Held for less than the limit.
    Held,
}

/// Something a person must say with open eyes before the lock may go: the words of a decision's `even_if`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvenIf {
    /// It is younger than the limit.
    Fresh,
    /// Its state was just written.
    Alive,
    /// It is not, or not wholly, understood.
    Unreadable,
    /// Its time is in the future.
    Skewed,
    /// It is one side of a split.
    Split,
}

/// How long a lock has been held: a range, since DynamoDB keeps no time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldTime {
    /// Since the lock object was stored or, without one, since the ledger first saw the lock.
    pub at_least: SignedDuration,
    /// Since the holder began trying, by its own clock; the same as `at_least` where S3 knows exactly.
    pub at_most: SignedDuration,
}

/// Whether the holder was seen to be alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignOfLife {
    /// The state was written within the quiet period.
    Seen {
        /// When.
        state_written: Timestamp,
    },
    /// Nothing was seen, which proves nothing.
    NoneSeen {
        /// When the state was last written, if it exists.
        state_written: Option<Timestamp>,
    },
    /// It was not possible to look; why.
    Unknown(String),
}

/// A verdict with its grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in a sentence without a full stop.
    pub why: String,
    /// The rule that set the limits.
    pub rule: String,
    /// How long the lock has been held.
    pub held: HoldTime,
    /// Whether the holder was seen to be alive.
    pub life: SignOfLife,
    /// What a release must say it does not mind, in order, each once; empty for a plain stale lock.
    pub objections: Vec<EvenIf>,
}

/// Judges one lock.
#[must_use]
pub fn judge(policy: &Policy, now: Timestamp, sighting: &Sighting<'_>) -> Judgement {
    let info = sighting.lock.info();
    let held = hold_time(now, sighting, info.as_ref().ok());
    let life = sign_of_life(policy, now, sighting, info.as_ref().ok());
    let is_alive = matches!(life, SignOfLife::Seen { .. });
    let is_fresh = held.at_most < policy.stale_after;
    let is_split = !sighting.lock.rivals.is_empty();
    let mut objections = Vec::new();
    let mut object_if = |applies: bool, word: EvenIf| {
        if applies {
            objections.push(word);
        }
    };
    let (verdict, why) = match &info {
        Err(why) => {
            object_if(is_alive, EvenIf::Alive);
            object_if(true, EvenIf::Unreadable);
            object_if(is_split, EvenIf::Split);
            (Verdict::Unreadable, why.clone())
        }
        Ok(info) => {
            let is_skewed = info.created > now + ALLOWED_SKEW;
            object_if(is_fresh && !is_skewed, EvenIf::Fresh);
            object_if(is_alive, EvenIf::Alive);
            object_if(!info.oddities().is_empty(), EvenIf::Unreadable);
            object_if(is_skewed, EvenIf::Skewed);
            object_if(is_split, EvenIf::Split);
            if is_split && sighting.split_sightings >= SIGHTINGS_FOR_GHOSTS {
                (
                    Verdict::Split,
                    "another holder holds the same state in the other store".to_owned(),
                )
            } else if is_skewed {
                (
                    Verdict::Skewed,
                    format!("its `Created` time {} is in the future", info.created),
                )
            } else if is_fresh {
                let limit = span::shown(policy.stale_after);
                (Verdict::Held, format!("younger than the limit of {limit}"))
            } else if is_alive {
                (
                    Verdict::Alive,
                    format!(
                        "its state was written within the last {}",
                        span::shown(policy.quiet_for)
                    ),
                )
            } else {
                (Verdict::Stale, stale_because(policy, held, &life, info))
            }
        }
    };
    Judgement {
        verdict,
        why,
        rule: DEFAULT_RULE.to_owned(),
        held,
        life,
        objections,
    }
}

/// Whether the state object matters for the verdict: only for locks near or past their limit, so that a sweep does not
/// look at the state of every lock.
#[must_use]
pub fn wants_state(policy: &Policy, now: Timestamp, lock: &Lock, first_seen: Timestamp) -> bool {
    let sighting = Sighting {
        lock,
        first_seen,
        split_sightings: 0,
        state: &StateObject::Unknown("not looked at yet".to_owned()),
    };
    match lock.info() {
        Ok(info) => hold_time(now, &sighting, Some(&info)).at_most >= policy.stale_after,
        Err(_) => true,
    }
}

fn hold_time(now: Timestamp, sighting: &Sighting<'_>, info: Option<&LockInfo>) -> HoldTime {
    if let Some(taken) = sighting.lock.taken() {
        let exact = since(now, taken);
        return HoldTime {
            at_least: exact,
            at_most: exact,
        };
    }
    let at_least = since(now, sighting.first_seen);
    let at_most = info.map_or(at_least, |info| since(now, info.created).max(at_least));
    HoldTime { at_least, at_most }
}

fn since(now: Timestamp, then: Timestamp) -> SignedDuration {
    now.duration_since(then).max(SignedDuration::ZERO)
}

/// A write of the state that may be the holder's: recent, and not older than the lock. A write from before is that of the
/// holder before, and says nothing.
fn sign_of_life(
    policy: &Policy,
    now: Timestamp,
    sighting: &Sighting<'_>,
    info: Option<&LockInfo>,
) -> SignOfLife {
    let at = match sighting.state {
        StateObject::Written { at, .. } => *at,
        StateObject::Absent => {
            return SignOfLife::NoneSeen {
                state_written: None,
            };
        }
        StateObject::Unknown(why) => return SignOfLife::Unknown(why.clone()),
    };
    let taken = sighting.lock.taken().or(info.map(|info| info.created));
    // S3 tells whole seconds.
    let since_taken = taken.is_none_or(|taken| at.as_second() >= taken.as_second());
    if since_taken && since(now, at) <= policy.quiet_for {
        SignOfLife::Seen { state_written: at }
    } else {
        SignOfLife::NoneSeen {
            state_written: Some(at),
        }
    }
}

fn stale_because(policy: &Policy, held: HoldTime, life: &SignOfLife, info: &LockInfo) -> String {
    let how_long = if held.at_least >= policy.stale_after {
        "held"
    } else {
        "held, by the holder's clock,"
    };
    let seen = match life {
        SignOfLife::Seen { .. } | SignOfLife::NoneSeen { .. } => "no sign of life seen",
        SignOfLife::Unknown(_) => "no way to look for a sign of life",
    };
    let mut why = format!(
        "{how_long} for {}, over the limit of {}; {seen}",
        span::shown(held.at_most),
        span::shown(policy.stale_after)
    );
    let oddities = info.oddities();
    if !oddities.is_empty() {
        why.push_str(&format!("; the record has {}", oddities.join(" and ")));
    }
    why
}

impl EvenIf {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [
        Self::Fresh,
        Self::Alive,
        Self::Unreadable,
        Self::Skewed,
        Self::Split,
    ];

    /// The word in a message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Alive => "alive",
            Self::Unreadable => "unreadable",
            Self::Skewed => "skewed",
            Self::Split => "split",
        }
    }
}

impl Verdict {
    /// The word in a message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Split => "split",
            Self::Stale => "stale",
            Self::Skewed => "skewed",
            Self::Alive => "alive",
            Self::Held => "held",
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;
    use crate::lock::gather;
    use crate::testing::{at, item, item_with, lock_file, text_created};

    const POLICY: Policy = Policy {
        stale_after: SignedDuration::from_mins(15),
        quiet_for: SignedDuration::from_mins(5),
    };

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
        let short = Policy {
            stale_after: SignedDuration::from_secs(1),
            ..POLICY
        };
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
        let text =
            text_created("A", "2026-01-01T00:00:00Z").replace("OperationTypeApply", "tflock");
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
}
