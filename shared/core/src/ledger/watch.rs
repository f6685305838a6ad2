//! A released state is watched for a while: releasing a lock does not stop its old holder.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::item::Place;
use crate::policy::{ALLOWED_SKEW, StateObject};

/// How long a state is watched after its lock was released. A run that still wants to write does so by then: Terraform writes
/// when a resource is done, at the latest 20 s later (`backend/local/hook_state.go: PostStateUpdate`).
pub const WATCH_FOR: SignedDuration = SignedDuration::from_hours(2);

/// A state that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// When its lock was released.
    pub since: Timestamp,
    /// When nobody looks any more.
    pub until: Timestamp,
}

/// A write of a state after its lock was released, which no newer lock explains: seen, not proven to be the old holder's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZombieWrite {
    /// When the lock was released.
    pub released_at: Timestamp,
    /// When the state was written.
    pub written_at: Timestamp,
    /// Whether every lock object since the release is known. Where it is not, a normal run that began and ended between two
    /// sweeps looks the same.
    pub knows_every_lock: bool,
}

/// What is known of the locks of a state since its release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewerLocks {
    /// When they were taken or, by the holder's clock, asked for.
    pub taken: Vec<Timestamp>,
    /// Whether no lock can be missing: every holder of this state leaves a lock object, and the bucket remembers each.
    pub are_all: bool,
}

impl Watch {
    /// From a release on.
    #[must_use]
    pub fn from(since: Timestamp) -> Self {
        Self {
            since,
            until: since + WATCH_FOR,
        }
    }

    /// When the state was written after the release, if it was. S3 tells whole seconds, so a write in the very second of the
    /// release may have come before it.
    #[must_use]
    pub fn write_after_release(&self, state: &StateObject) -> Option<Timestamp> {
        match state {
            StateObject::Written { at, .. } if at.as_second() > self.since.as_second() => Some(*at),
            StateObject::Written { .. } | StateObject::Absent | StateObject::Unknown(_) => None,
        }
    }

    /// What a write is, with what is known of the locks: `None` where a newer lock explains it.
    #[must_use]
    pub fn judge(&self, written_at: Timestamp, locks: &NewerLocks) -> Option<ZombieWrite> {
        // The holder's clock may be ahead of S3's.
        let latest = written_at + ALLOWED_SKEW;
        let is_explained = locks.taken.iter().any(|taken| *taken <= latest);
        (!is_explained).then_some(ZombieWrite {
            released_at: self.since,
            written_at,
            knows_every_lock: locks.are_all,
        })
    }
}

impl Entry {
    /// Whether whoever locked the state left a lock object, so that later ones probably do too.
    #[must_use]
    pub fn had_lock_object(&self) -> bool {
        let mut places = self.places.iter().chain(&self.released_from);
        places.any(|place| matches!(place, Place::S3 { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn written(time: &str) -> StateObject {
        StateObject::Written {
            at: at(time),
            etag: None,
        }
    }

    fn watch() -> Watch {
        Watch::from(at("2026-01-01T10:00:00.7Z"))
    }

    #[test]
    fn only_a_write_after_the_second_of_the_release_is_late() {
        for (time, is_late) in [
            ("2026-01-01T09:59:59Z", false),
            ("2026-01-01T10:00:00Z", false),
            ("2026-01-01T10:00:01Z", true),
        ] {
            let late = watch().write_after_release(&written(time));
            assert_eq!(late, is_late.then(|| at(time)));
        }
        for nothing in [
            StateObject::Absent,
            StateObject::Unknown("denied".to_owned()),
        ] {
            assert_eq!(watch().write_after_release(&nothing), None);
        }
    }

    #[test]
    fn a_lock_that_was_taken_before_the_write_explains_it() {
        let written_at = at("2026-01-01T10:10:00Z");
        for (taken, is_explained) in [
            (vec![], false),
            (vec!["2026-01-01T10:13:00Z"], false),
            (vec!["2026-01-01T10:05:00Z"], true),
            // By a clock that is ahead.
            (vec!["2026-01-01T10:11:59Z"], true),
            // It waited for the lock since before the release.
            (vec!["2026-01-01T09:30:00Z"], true),
            (vec!["2026-01-01T10:30:00Z", "2026-01-01T10:05:00Z"], true),
        ] {
            let locks = NewerLocks {
                taken: taken.iter().map(|time| at(time)).collect(),
                are_all: true,
            };
            let zombie = watch().judge(written_at, &locks);
            assert_eq!(zombie.is_none(), is_explained, "{taken:?}");
        }
    }

    #[test]
    fn a_watch_ends() {
        assert_eq!(watch().until, at("2026-01-01T12:00:00.7Z"));
    }
}
