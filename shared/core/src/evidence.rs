//! What speaks for and against the life of a holder, besides the age of its lock: shown to whoever decides.
//!
//! Each piece may be missing for a reason of its own, and none of them can fail a sweep. Nothing here gives leave to release
//! anything: a heartbeat can be forged by whoever may write one, and a host that is at work elsewhere proves nothing about the
//! run that holds this lock.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{LockPath, RequestCode};
use crate::ledger::Entry;
use crate::versions::Versions;

mod holders;
mod run;

pub use self::holders::{Elsewhere, Holders, NewerLock};
pub use self::run::{Beat, Run};

/// The evidence about one lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The writes of the state since the lock was taken.
    pub state_writes: Looked<Writes>,
    /// What a run that wraps Terraform last said of itself; `null` where none did.
    pub run: Looked<Option<Run>>,
    /// What else the holder and its host have locked.
    #[serde(flatten)]
    pub elsewhere: Elsewhere,
    /// How often people were asked about other locks of this state within a day: it flaps.
    pub flaps: Looked<usize>,
}

/// For how long a lock that people were asked about is remembered against its state.
pub const FLAPS_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// How many of these entries of one state are of other locks that people were asked about, and that ended within a day.
#[must_use]
pub fn flaps(entries: &[Entry], own: &RequestCode, now: Timestamp) -> usize {
    let is_recent = |ended: Timestamp| now.duration_since(ended) <= FLAPS_WITHIN;
    entries
        .iter()
        .filter(|entry| entry.code != *own && entry.told.count > 0)
        .filter(|entry| entry.ended_at.is_some_and(is_recent))
        .count()
}

/// Something that was looked at, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Looked<T> {
    /// It was not; why.
    Unknown(String),
    /// It was.
    #[serde(untagged)]
    At(T),
}

/// The writes of a state since its lock was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Writes {
    /// How many; with `or_more`, at least as many.
    pub count: usize,
    /// Whether there may be more: the bucket keeps no versions, or keeps too many to count.
    pub or_more: bool,
    /// The last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

impl Writes {
    /// What a bucket remembers.
    #[must_use]
    pub fn of(versions: &Versions) -> Self {
        let count = versions.written.len();
        Self {
            count,
            // Without versions each write takes the place of the one before; where none is left, none was.
            or_more: count > 0 && !(versions.are_kept && versions.are_all),
            last: versions.written.iter().max().copied(),
        }
    }
}

impl<T> Looked<T> {
    /// What a look gave, or why it failed.
    pub fn of<E: fmt::Display>(look: Result<T, E>) -> Self {
        match look {
            Ok(found) => Self::At(found),
            Err(failure) => Self::Unknown(failure.to_string()),
        }
    }

    /// What was found, if anybody looked.
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::At(found) => Some(found),
            Self::Unknown(_) => None,
        }
    }
}

/// Paths as evidence shows them: a few, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paths {
    /// The first of them, sorted.
    pub first: Vec<LockPath>,
    /// How many are not among them.
    pub more: usize,
}

impl Paths {
    /// How many paths are shown.
    pub const MOST: usize = 3;

    fn of(mut paths: Vec<LockPath>) -> Self {
        paths.sort();
        paths.dedup();
        let more = paths.len().saturating_sub(Self::MOST);
        paths.truncate(Self::MOST);
        Self { first: paths, more }
    }

    /// Whether there is none.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.first.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::at;

    fn versions(written: &[&str], are_kept: bool, are_all: bool) -> Versions {
        Versions {
            written: written.iter().map(|time| at(time)).collect(),
            are_kept,
            are_all,
        }
    }

    #[test]
    fn writes_are_counted_as_far_as_the_bucket_remembers() {
        let times = ["2026-01-01T10:20:00Z", "2026-01-01T10:00:00Z"];
        for (versions, count, or_more) in [
            (versions(&times, true, true), 2, false),
            (versions(&times, true, false), 2, true),
            (versions(&times[..1], false, true), 1, true),
            (versions(&[], false, true), 0, false),
        ] {
            let writes = Writes::of(&versions);
            assert_eq!((writes.count, writes.or_more), (count, or_more));
            assert_eq!(writes.last, versions.written.first().copied());
        }
    }

    #[test]
    fn a_machine_reads_what_is_known_and_why_something_is_not() {
        let evidence = Evidence {
            state_writes: Looked::At(Writes::of(&versions(&["2026-01-01T10:20:00Z"], true, true))),
            run: Looked::At(None),
            elsewhere: Elsewhere::default(),
            flaps: Looked::At(0),
        };
        assert_eq!(
            json!(evidence),
            json!({
                "state_writes": {"count": 1, "or_more": false, "last": "2026-01-01T10:20:00Z"},
                "run": null,
                "holds_too": {"first": [], "more": 0},
                "held_before": {"first": [], "more": 0},
                "newer_on_host": null,
                "flaps": 0,
            })
        );
        let unknown = Evidence {
            state_writes: Looked::Unknown("AccessDenied".to_owned()),
            ..evidence
        };
        assert_eq!(
            json!(unknown)["state_writes"],
            json!({"unknown": "AccessDenied"})
        );
    }

    #[test]
    fn of_many_paths_a_few_are_shown() {
        let path = |name: &str| LockPath::new(name).unwrap();
        let paths = ["b/d", "b/a", "b/c", "b/a", "b/b"].map(path);
        let shown = Paths::of(paths.to_vec());
        assert_eq!(shown.first, ["b/a", "b/b", "b/c"].map(path));
        assert_eq!(shown.more, 1);
    }
}
