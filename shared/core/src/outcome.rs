//! What came of a decision: the reply of `approve`, the text of its notice, and a line in the ledger.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{LockId, LockPath, RequestCode, StormCode};
use crate::item::Place;
use crate::policy::StateObject;
use crate::record::LockInfo;

/// What came of a decision. An outcome is an answer, not an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// In one word.
    #[serde(rename = "outcome")]
    pub result: OutcomeKind,
    /// The request it answers, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestCode>,
    /// The state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_id: Option<LockPath>,
    /// The lock ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<LockId>,
    /// Who decided, as the decision claims.
    pub by: Option<String>,
    /// Who decided, as AWS vouches for; `null` where it does not.
    pub by_verified: Option<String>,
    /// What was released.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordName>,
    /// `false` where the record was found gone when a decision that was left half-done was taken up again: Lockwarden
    /// may have deleted it, or the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
    /// Whether the state's digest in the lock table fits the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<DigestCheck>,
    /// How that was found out, or why not, where the state itself was to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_read: Option<DigestRead>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Until when nobody is reminded (`kept`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When DynamoDB may delete the lock (`expiring`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_exist: Option<Timestamp>,
    /// Why it came to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// A decision that would be right (`rejected`, `not_stale`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// The lock that is there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now_held_by: Option<NewHolder>,
    /// Of a decision about many locks: what came of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<StormOutcome>,
}

/// What came of a decision about many locks that were told together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormOutcome {
    /// What people call them together.
    pub code: StormCode,
    /// How many locks it was about.
    pub count: usize,
    /// How many of them were released.
    pub released: usize,
    /// What came of each, at most [`StormOutcome::MOST`], those that were not released first.
    pub locks: Vec<LockOutcome>,
}

/// What came of one lock of many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockOutcome {
    /// In one word.
    #[serde(rename = "outcome")]
    pub result: OutcomeKind,
    /// Its request; `None` where there is none any more.
    pub request: Option<RequestCode>,
    /// Its state.
    pub lock_id: Option<LockPath>,
    /// Whether the state's digest in the lock table fits the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<DigestCheck>,
    /// Why it came to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The word for an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// The lock is gone, by this decision.
    Released,
    /// The lock was gone before.
    AlreadyReleased,
    /// Another lock is there now. It was left alone.
    ChangedHands,
    /// The lock is not stale, and the decision did not say that it may go all the same.
    NotStale,
    /// Nobody is reminded for a while.
    Kept,
    /// A released lock was put back.
    Restored,
    /// Nobody answered, so the lock has a time to exist. It is still there.
    Expiring,
    /// The first half of a pair is gone, the second was left alone: it changed meanwhile, or the release was stopped.
    PartlyReleased,
    /// The decision was wrong or not allowed.
    Rejected,
}

/// Whether a state's digest fits the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigestCheck {
    /// It does.
    Match,
    /// It differs from the entity tag of the state: the next plan fails with "state data in S3 does not have the expected
    /// content", unless the bucket encrypts with KMS, where an entity tag is no checksum.
    Mismatch,
    /// It cannot be told (a state uploaded in parts, or no right to look).
    Unknown,
}

/// What came of reading a state for the sake of its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigestRead {
    /// The digest was compared with the checksum of the state itself.
    Whole,
    /// The state was not read to its end; why.
    Not(String),
}

/// A released record, by its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordName {
    /// An object.
    S3 {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
    },
    /// An item.
    Dynamodb {
        /// Its table.
        table: String,
    },
}

impl From<&Place> for RecordName {
    fn from(place: &Place) -> Self {
        match place {
            Place::S3 { bucket, key, .. } => Self::S3 {
                bucket: bucket.clone(),
                key: key.clone(),
            },
            Place::Dynamodb { table } => Self::Dynamodb {
                table: table.clone(),
            },
        }
    }
}

/// Who holds the state now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewHolder {
    /// The new lock's ID; `None` where its record cannot be read.
    pub id: Option<LockId>,
    /// `user@host`.
    pub who: String,
    /// What it does, as in the record.
    pub operation: String,
    /// Its `Created` time.
    pub created: Option<Timestamp>,
}

impl NewHolder {
    /// From what can be read of the new lock.
    #[must_use]
    pub fn of(info: Option<&LockInfo>) -> Self {
        match info {
            Some(info) => Self {
                id: Some(info.id.clone()),
                who: info.who.clone(),
                operation: info.operation.as_str().to_owned(),
                created: Some(info.created),
            },
            None => Self {
                id: None,
                who: String::new(),
                operation: String::new(),
                created: None,
            },
        }
    }
}

impl Outcome {
    /// An outcome with nothing but its word and who decided.
    #[must_use]
    pub fn new(result: OutcomeKind, by: Option<String>) -> Self {
        Self {
            result,
            request: None,
            lock_id: None,
            id: None,
            by,
            by_verified: None,
            records: Vec::new(),
            confirmed: None,
            digest: None,
            digest_read: None,
            next: None,
            until: None,
            time_to_exist: None,
            why: None,
            example: None,
            now_held_by: None,
            storm: None,
        }
    }

    /// What came of a decision about many locks, from what came of each: `partly_released` if any was, else `released` if any was, else the word that holds for all
    /// of them or, where there is no such word, `not_stale`.
    #[must_use]
    pub fn of_storm(code: StormCode, by: String, of_each: &[Self]) -> Self {
        let released = |outcome: &&Self| outcome.result == OutcomeKind::Released;
        let count = of_each.iter().filter(released).count();
        let is_half = |outcome: &Self| outcome.result == OutcomeKind::PartlyReleased;
        let result = match of_each {
            // Nothing is worse than a lock that is half gone.
            _ if of_each.iter().any(is_half) => OutcomeKind::PartlyReleased,
            _ if count > 0 => OutcomeKind::Released,
            [first, rest @ ..] if rest.iter().all(|other| other.result == first.result) => {
                first.result
            }
            _ => OutcomeKind::NotStale,
        };
        let mut locks: Vec<LockOutcome> = of_each.iter().map(LockOutcome::of).collect();
        locks.sort_by_key(|lock| lock.result == OutcomeKind::Released);
        locks.truncate(StormOutcome::MOST);
        Self {
            storm: Some(StormOutcome {
                code,
                count: of_each.len(),
                released: count,
                locks,
            }),
            ..Self::new(result, Some(by))
        }
    }

    /// The same with a reason.
    #[must_use]
    pub fn because(self, why: impl Into<String>) -> Self {
        Self {
            why: Some(why.into()),
            ..self
        }
    }

    /// The result's word and the reason, as the audit log has them.
    #[must_use]
    pub fn in_words(&self) -> String {
        let word = self.result.word();
        match &self.why {
            Some(why) => format!("{word}: {why}"),
            None => word.to_owned(),
        }
    }
}

impl StormOutcome {
    /// The most locks that are listed.
    pub const MOST: usize = 100;
}

impl LockOutcome {
    fn of(outcome: &Outcome) -> Self {
        Self {
            result: outcome.result,
            request: outcome.request.clone(),
            lock_id: outcome.lock_id.clone(),
            digest: outcome.digest,
            why: outcome.why.clone(),
        }
    }
}

impl DigestCheck {
    /// Compares the digest that a lock table holds with the state object, as far as its entity tag tells.
    ///
    /// Terraform compares the same in `s3/client.go: RemoteClient.Get`, with the MD5 of the state itself.
    #[must_use]
    pub fn of(digest: Option<&str>, state: &StateObject) -> Self {
        match (state, digest) {
            (StateObject::Absent, None) => Self::Match,
            (StateObject::Absent, Some(_)) => Self::Mismatch,
            // The tag of an object that was uploaded in parts is `…-2`, and no checksum of the whole.
            (
                StateObject::Written {
                    etag: Some(etag), ..
                },
                Some(digest),
            ) if !etag.contains('-') => {
                if etag.eq_ignore_ascii_case(digest) {
                    Self::Match
                } else {
                    Self::Mismatch
                }
            }
            (StateObject::Written { .. } | StateObject::Unknown(_), _) => Self::Unknown,
        }
    }
}

impl OutcomeKind {
    /// The word in a message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::AlreadyReleased => "already_released",
            Self::ChangedHands => "changed_hands",
            Self::NotStale => "not_stale",
            Self::Kept => "kept",
            Self::Restored => "restored",
            Self::Expiring => "expiring",
            Self::PartlyReleased => "partly_released",
            Self::Rejected => "rejected",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn of_many_locks_those_that_stay_are_listed_first() {
        let code = || StormCode::parse("9HXM4TQA").unwrap();
        let of = |results: &[OutcomeKind]| {
            let each: Vec<Outcome> = results.iter().map(|it| Outcome::new(*it, None)).collect();
            Outcome::of_storm(code(), "alice".to_owned(), &each)
        };
        use OutcomeKind::{AlreadyReleased, ChangedHands, NotStale, PartlyReleased, Released};
        let some = of(&[Released, ChangedHands, Released]);
        let storm = some.storm.unwrap();
        assert_eq!((some.result, storm.count, storm.released), (Released, 3, 2));
        let order: Vec<OutcomeKind> = storm.locks.iter().map(|lock| lock.result).collect();
        assert_eq!(order, [ChangedHands, Released, Released]);
        assert_eq!(of(&[AlreadyReleased; 2]).result, AlreadyReleased);
        assert_eq!(of(&[AlreadyReleased, ChangedHands]).result, NotStale);
        assert_eq!(of(&[Released, PartlyReleased]).result, PartlyReleased);
        let many = of(&[Released; 150]).storm.unwrap();
        assert_eq!((many.count, many.locks.len()), (150, 100));
    }

    #[test]
    fn a_digest_is_compared_only_where_that_tells_something() {
        let written = |etag: Option<&str>| StateObject::Written {
            at: at("2026-01-01T00:00:00Z"),
            etag: etag.map(str::to_owned),
        };
        let unknown = StateObject::Unknown("denied".to_owned());
        for (digest, state, check) in [
            (Some("d4a4"), written(Some("D4A4")), DigestCheck::Match),
            (Some("d4a4"), written(Some("beef")), DigestCheck::Mismatch),
            (Some("d4a4"), written(Some("d4a4-2")), DigestCheck::Unknown),
            (Some("d4a4"), written(None), DigestCheck::Unknown),
            (None, written(Some("d4a4")), DigestCheck::Unknown),
            (Some("d4a4"), StateObject::Absent, DigestCheck::Mismatch),
            (None, StateObject::Absent, DigestCheck::Match),
            (Some("d4a4"), unknown, DigestCheck::Unknown),
        ] {
            assert_eq!(
                DigestCheck::of(digest, &state),
                check,
                "{digest:?} {state:?}"
            );
        }
    }
}
