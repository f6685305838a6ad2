//! The dead-man's switch: a lock that people were asked about and did not answer for gets a time to exist.
//!
//! Terraform and OpenTofu write no such time, so DynamoDB's TTL alone ends none of their locks. Here it is written to one item,
//! only while that item holds the very text that people were asked about: a write without that condition would make an item
//! where none is, a lock that nobody holds and that nobody can unlock. A [`Stamp`] is leave for that write, and only
//! [`decide`] and [`withdraw`] give it.
//!
//! ```compile_fail
//! // The fields are private: nothing else can make one.
//! let forged = lockwarden_core::expire::Stamp { time_to_exist: None };
//! ```

use jiff::{SignedDuration, Timestamp};

use crate::evidence::{Beat, Looked, Run};
use crate::ids::LockPath;
use crate::item::{Content, Place};
use crate::ledger::{Entry, Status};
use crate::lock::Lock;
use crate::policy::{ByRule, Judgement, Known, Policy, SignOfLife};
use crate::release::{self, Look, Refusal, Standing};
use crate::span;
use crate::text::shown_time;

/// The attribute that DynamoDB has to be told about (`aws dynamodb update-time-to-live`): epoch seconds, a number.
pub const ATTRIBUTE: &str = "TimeToExist";
/// A lock is there at least this long after its time to exist was written: time for people to object.
pub const TIME_TO_OBJECT: SignedDuration = SignedDuration::from_hours(1);
/// A try that came to nothing is not made again for this long: whatever was in its way is still there at the next sweep.
pub const TRY_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(6);

/// Leave to write the time to exist of one item, or to take it away, only while the item holds the text that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    table: String,
    path: LockPath,
    judged: String,
    time_to_exist: Option<Timestamp>,
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
    /// It expires, and its holder shows signs of life: its time to exist is to be taken away.
    CallOff,
    /// Nothing; why, in a sentence without a full stop.
    Nothing(String),
}

impl Switch<'_> {
    /// What the switch wants with the lock of `entry`, which is there and was judged just now. It goes by what is certain, as
    /// a rule that releases does, and over nobody's head.
    #[must_use]
    pub fn wish(&self, entry: &Entry, lock: &Lock, judgement: &Judgement) -> Wish {
        let nothing = |why: &str| Wish::Nothing(why.to_owned());
        if let Some(at) = entry.time_to_exist {
            return if self.shows_life(judgement) {
                Wish::CallOff
            } else {
                Wish::Nothing(format!("it expires at {} already", shown_time(at)))
            };
        }
        if where_asked(entry) != Status::Asked {
            return nothing("people were not asked about it, or have answered");
        }
        if item_text(lock).is_none() {
            return nothing(
                "only a lock that is one DynamoDB item, and no half of a pair, expires",
            );
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
        if self.policy.holds_back_releases(self.now) {
            return nothing("a window of the policy lets nothing go by itself now");
        }
        let known = Known {
            sightings: entry.sightings,
            is_in_hands: entry.is_in_hands(),
            run: self.run,
        };
        match judgement.is_surely_dead(known, self.now) {
            ByRule::Release => Wish::Expire,
            ByRule::Wait => nothing("nobody has watched it for long enough"),
            ByRule::Nothing(why) => Wish::Nothing(why),
        }
    }

    fn shows_life(&self, judgement: &Judgement) -> bool {
        let beats = match self.run {
            Looked::At(Some(run)) => run.beat(self.now, judgement.terms.quiet_for) == Beat::Alive,
            Looked::At(None) | Looked::Unknown(_) => false,
        };
        beats || matches!(judgement.life, SignOfLife::Seen { .. })
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
    let time_to_exist = match switch.wish(entry, lock, &judgement) {
        Wish::Expire => Some(look.now + TIME_TO_OBJECT),
        Wish::CallOff => None,
        Wish::Nothing(why) => return Err(Refusal::NotByRule(why)),
    };
    stamp(lock, time_to_exist)
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
}

#[cfg(test)]
mod tests;
