//! What a notice is about, in a word.

use serde::{Deserialize, Serialize};

use crate::outcome::OutcomeKind;

/// What a notice is about. The words are part of the contract: filter policies name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A lock looks stale.
    StaleLock,
    /// It still does.
    Reminder,
    /// A lock cannot be understood.
    UnreadableLock,
    /// Two holders hold one state.
    SplitLock,
    /// Many locks look stale at once.
    Storm,
    /// A lock, or half of it, was released.
    Released,
    /// Nobody is reminded for a while.
    Kept,
    /// A released lock was put back.
    Restored,
    /// Nobody answered, so the lock expires unless somebody keeps it.
    Expiring,
    /// The lock is gone without us; nothing to do.
    Ended,
    /// A decision was not carried out.
    Rejected,
    /// A state was written after its lock was released, and no newer lock explains it.
    ZombieWrite,
    /// The policy object is broken.
    PolicyError,
    /// Sent by hand, to see who gets it.
    Test,
}

impl NoticeKind {
    /// The notice of an outcome.
    #[must_use]
    pub fn of_outcome(result: OutcomeKind) -> Self {
        match result {
            OutcomeKind::Released | OutcomeKind::PartlyReleased => Self::Released,
            OutcomeKind::AlreadyReleased => Self::Ended,
            OutcomeKind::Kept => Self::Kept,
            OutcomeKind::Restored => Self::Restored,
            OutcomeKind::Expiring => Self::Expiring,
            OutcomeKind::ChangedHands | OutcomeKind::NotStale | OutcomeKind::Rejected => {
                Self::Rejected
            }
        }
    }

    /// Whether it asks people for a decision.
    #[must_use]
    pub fn asks(self) -> bool {
        match self {
            Self::StaleLock
            | Self::Reminder
            | Self::UnreadableLock
            | Self::SplitLock
            | Self::Storm => true,
            Self::Released
            | Self::Kept
            | Self::Restored
            | Self::Expiring
            | Self::Ended
            | Self::Rejected
            | Self::ZombieWrite
            | Self::PolicyError
            | Self::Test => false,
        }
    }

    /// The word in a message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::StaleLock => "stale_lock",
            Self::Reminder => "reminder",
            Self::UnreadableLock => "unreadable_lock",
            Self::SplitLock => "split_lock",
            Self::Storm => "storm",
            Self::Released => "released",
            Self::Kept => "kept",
            Self::Restored => "restored",
            Self::Expiring => "expiring",
            Self::Ended => "ended",
            Self::Rejected => "rejected",
            Self::ZombieWrite => "zombie_write",
            Self::PolicyError => "policy_error",
            Self::Test => "test",
        }
    }
}
