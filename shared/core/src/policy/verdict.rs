//! What is said of a lock.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Terms;

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
    /// People would be asked about it, but the policy says not to.
    Ignored,
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
    /// The rule that set the terms.
    pub rule: String,
    /// What holds for it.
    pub terms: Terms,
    /// How long the lock has been held.
    pub held: HoldTime,
    /// Whether the holder was seen to be alive.
    pub life: SignOfLife,
    /// What a release must say it does not mind, in order, each once; empty for a plain stale lock.
    pub objections: Vec<EvenIf>,
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
    /// Whether people are asked about such a lock, sooner or later.
    #[must_use]
    pub fn asks(self) -> bool {
        match self {
            Self::Unreadable | Self::Split | Self::Stale | Self::Skewed => true,
            Self::Alive | Self::Held | Self::Ignored => false,
        }
    }

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
            Self::Ignored => "ignored",
        }
    }
}
