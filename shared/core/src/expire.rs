//! The dead-man's switch: a lock that people were asked about and did not answer for gets a time to exist.
//!
//! Terraform and OpenTofu write no such time, so DynamoDB's TTL alone ends none of their locks. Here it is written to one item,
//! only while that item holds the very text that people were asked about: a write without that condition would make an item
//! where none is, a lock that nobody holds and that nobody can unlock. A [`Stamp`] is leave for that write, and only
//! [`decide`] and [`withdraw`] give it.
//!
//! ```compile_fail
//! // The fields are private: nothing else can make one.
//! let forged = lockwarden_core::expire::Stamp { time_to_exist: None, why: None };
//! ```

use jiff::{SignedDuration, Timestamp};

use crate::evidence::{Beat, Looked, Run};
use crate::ids::LockPath;
use crate::item::{Content, Place};
use crate::ledger::{Entry, Status};
use crate::lock::Lock;
use crate::policy::{ALLOWED_SKEW, ByRule, Judgement, Known, Policy, SignOfLife};
use crate::release::{self, Look, Refusal, Standing};
use crate::settings::{EXPIRE_AFTER, RELEASES};
use crate::span;
use crate::text::shown_time;

/// The attribute that DynamoDB has to be told about (`aws dynamodb update-time-to-live`): epoch seconds, a number.
pub const ATTRIBUTE: &str = "TimeToExist";
/// A lock is there at least this long after its time to exist was written: time for people to object.
pub const TIME_TO_OBJECT: SignedDuration = SignedDuration::from_hours(1);
/// Nobody can be given less time than this to answer: people sleep, and runs are longer than they seem.
pub const LEAST_TIME_TO_ANSWER: SignedDuration = SignedDuration::from_hours(1);
/// A try to write a time to exist that came to nothing is not made again for this long: whatever was in its way is still there
/// at the next sweep. Nobody hears more often than this that one could not be taken away.
pub const TRY_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(6);

/// Leave to write the time to exist of one item, or to take it away, only while the item holds the text that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    table: String,
    path: LockPath,
    judged: String,
    time_to_exist: Option<Timestamp>,
    why: Option<String>,
}

/// What the switch goes by, at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Switch<'a> {
    /// For how long nobody answered (`EXPIRE_AFTER`).
    pub after: SignedDuration,
    /// The limits, and the windows in which nothing goes by itself.
    pub policy: &'a Policy,
    /// The moment.
    pub now: Timestamp,
    /// What the run of the lock says of itself.
    pub run: &'a Looked<Option<Run>>,
}

/// What the switch wants with a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is to expire.
    Expire,
    /// It expires, and would not get a time to exist now: the one it has is to be taken away. Why, in a sentence without a full
    /// stop.
    CallOff(String),
    /// Nothing; why, in a sentence without a full stop.
    Nothing(String),
}

/// For how long nobody has to answer or, where the switch is off (`EXPIRE_AFTER`, `RELEASES`), the sentence that says so.
///
/// # Errors
/// That sentence, without a full stop.
pub fn after(
    expire_after: Option<SignedDuration>,
    releases: bool,
) -> Result<SignedDuration, String> {
    if !releases {
        return Err(format!(
            "releases are switched off here ({RELEASES}=disabled)"
        ));
    }
    expire_after.ok_or_else(|| format!("no lock expires here: {EXPIRE_AFTER} is not set"))
}

impl Wish {
    /// What is wanted with a lock that may not expire: nothing, or its end as one that does.
    #[must_use]
    pub fn of_forbidden(entry: &Entry, why: String) -> Self {
        if may_be_called_off(entry) {
            Self::CallOff(why)
        } else {
            Self::Nothing(why)
        }
    }
}

impl Switch<'_> {
    /// What the switch wants with the lock of `entry`, which is there and was judged just now. It goes by what is certain, as
    /// a rule that releases does, and over nobody's head. Whatever stands in the way of a time to exist takes one away.
    #[must_use]
    pub fn wish(&self, entry: &Entry, lock: &Lock, judgement: &Judgement) -> Wish {
        match (self.why_not(entry, lock, judgement), entry.time_to_exist) {
            (Some(why), _) => Wish::of_forbidden(entry, why),
            (None, Some(at)) => Wish::Nothing(format!("it expires at {} already", shown_time(at))),
            (None, None) => self.wish_by_time(entry),
        }
    }

    /// Whether people had their time to answer.
    fn wish_by_time(&self, entry: &Entry) -> Wish {
        let nothing = |why: &str| Wish::Nothing(why.to_owned());
        if where_asked(entry) != Status::Asked {
            return nothing("people were not asked about it, or have answered");
        }
        let Some(since) = entry.told.since else {
            return nothing("nobody knows since when people were asked about it");
        };
        let unanswered = self.now.duration_since(since);
        if unanswered < self.after {
            return Wish::Nothing(format!(
                "people were asked about it {} ago, and have {}",
                span::shown(unanswered),
                span::shown(self.after)
            ));
        }
        Wish::Expire
    }

    /// What stands in the way of a time to exist, whether the lock has one or not.
    fn why_not(&self, entry: &Entry, lock: &Lock, judgement: &Judgement) -> Option<String> {
        if item_text(lock).is_none() {
            let why = "only a lock that is one DynamoDB item, and no half of a pair, expires";
            return Some(why.to_owned());
        }
        if self.shows_life(judgement) {
            return Some("its holder shows signs of life".to_owned());
        }
        if self.showed_life(entry, judgement) {
            return Some("its holder has shown signs of life since people were asked".to_owned());
        }
        if self.policy.holds_back_releases(self.now) {
            return Some("a window of the policy lets nothing go by itself now".to_owned());
        }
        let known = Known {
            sightings: entry.sightings,
            is_in_hands: entry.is_in_hands(),
            run: self.run,
        };
        match judgement.is_surely_dead(known, self.now) {
            ByRule::Release => None,
            ByRule::Wait => Some("nobody has watched it for long enough".to_owned()),
            ByRule::Nothing(why) => Some(why),
        }
    }

    fn shows_life(&self, judgement: &Judgement) -> bool {
        let beats = match self.run {
            Looked::At(Some(run)) => run.beat(self.now, judgement.terms.quiet_for) == Beat::Alive,
            Looked::At(None) | Looked::Unknown(_) => false,
        };
        beats || matches!(judgement.life, SignOfLife::Seen { .. })
    }

    /// Whether it did since people were asked. A holder that writes now and then is quiet at most looks, and alive all the same.
    fn showed_life(&self, entry: &Entry, judgement: &Judgement) -> bool {
        let Some(since) = entry.told.since else {
            return false;
        };
        let has_beaten = match self.run {
            Looked::At(Some(run)) => {
                let is_to_be_trusted = run.beat_at <= self.now + ALLOWED_SKEW;
                run.ended_at.is_none() && is_to_be_trusted && run.beat_at >= since
            }
            Looked::At(None) | Looked::Unknown(_) => false,
        };
        let has_written = match judgement.life {
            SignOfLife::Seen { state_written }
            | SignOfLife::NoneSeen {
                state_written: Some(state_written),
            } => {
                // S3 tells whole seconds.
                state_written.as_second() >= since.as_second()
            }
            SignOfLife::NoneSeen {
                state_written: None,
            }
            | SignOfLife::Unknown(_) => false,
        };
        has_beaten || has_written
    }
}

/// Compares, judges and, if all is right, allows the write that the switch wants.
///
/// # Errors
/// [`Refusal`], which is an answer and not a failure.
pub fn decide(
    entry: &Entry,
    look: &Look<'_>,
    after: SignedDuration,
    run: &Looked<Option<Run>>,
) -> Result<Stamp, Refusal> {
    let (lock, judgement) = release::compare(entry, look)?;
    let switch = Switch {
        after,
        policy: look.policy,
        now: look.now,
        run,
    };
    match switch.wish(entry, lock, &judgement) {
        Wish::Expire => stamp(lock, Some(look.now + TIME_TO_OBJECT)),
        Wish::CallOff(why) => stamp(lock, None).map(|stamp| stamp.because(why)),
        Wish::Nothing(why) => Err(Refusal::NotByRule(why)),
    }
}

/// Leave to take the time to exist of the lock of `entry` away, where the lock is still there.
///
/// # Errors
/// [`Refusal`] where it is not.
pub fn withdraw(entry: &Entry, present: &[Lock]) -> Result<Stamp, Refusal> {
    match release::standing(entry, present) {
        Standing::Same(lock) => stamp(lock, None),
        Standing::ChangedHands(holder) => Err(Refusal::ChangedHands(holder)),
        Standing::Gone => Err(Refusal::Gone),
    }
}

/// What may be done about the lock of `entry` where the switch is [off](after): its time to exist, if it has one, goes.
///
/// # Errors
/// [`Refusal`] where it has none, or the lock is not there.
pub fn decide_where_off(entry: &Entry, present: &[Lock], why: String) -> Result<Stamp, Refusal> {
    let stamp = withdraw(entry, present)?;
    if may_be_called_off(entry) {
        Ok(stamp.because(why))
    } else {
        Err(Refusal::NotByRule(why))
    }
}

fn may_be_called_off(entry: &Entry) -> bool {
    entry.time_to_exist.is_some() && where_asked(entry).may_be_kept()
}

fn stamp(lock: &Lock, time_to_exist: Option<Timestamp>) -> Result<Stamp, Refusal> {
    if let Some(why) = release::by_hand_only(lock) {
        return Err(Refusal::ByHandOnly(why));
    }
    let item = lock.places.iter().find_map(|place| match place {
        Place::Dynamodb { table } => Some(table),
        Place::S3 { .. } => None,
    });
    match (item, &lock.content) {
        (Some(table), Content::Text(text)) => Ok(Stamp {
            table: table.clone(),
            path: lock.path.clone(),
            judged: text.clone(),
            time_to_exist,
            why: None,
        }),
        (_, Content::Text(_) | Content::Phantom | Content::Closed(_)) => Err(Refusal::NotByRule(
            "there is no item with a text that could be compared".to_owned(),
        )),
    }
}

/// The text of a lock that is one item and nothing else. Of a pair the object would stay, and of a split the other side.
fn item_text(lock: &Lock) -> Option<&str> {
    match lock.places.as_slice() {
        [Place::Dynamodb { .. }] if lock.rivals.is_empty() => lock.content.text(),
        _ => None,
    }
}

/// Where the entry stands, or stood before the decision that is being carried out.
fn where_asked(entry: &Entry) -> Status {
    match (&entry.decided, entry.status) {
        (Some(decided), Status::Deciding) => decided.from,
        (_, status) => status,
    }
}

impl Stamp {
    /// Its table, as the setting names it.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Its key.
    #[must_use]
    pub fn path(&self) -> &LockPath {
        &self.path
    }

    /// The text that it must hold.
    #[must_use]
    pub fn judged(&self) -> &str {
        &self.judged
    }

    /// When DynamoDB may delete it; `None`: never again.
    #[must_use]
    pub fn time_to_exist(&self) -> Option<Timestamp> {
        self.time_to_exist
    }

    /// The same, with what stands in the way of its expiry.
    #[must_use]
    pub fn because(self, why: String) -> Self {
        Self {
            why: Some(why),
            ..self
        }
    }

    /// What stands in the way of its expiry, in a sentence without a full stop; `None` where a person keeps it, or nothing does.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }
}

#[cfg(test)]
mod tests;
