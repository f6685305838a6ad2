//! Where an entry stands, and the steps from one place to the next.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::RequestCode;
use crate::outcome::OutcomeKind;

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Seen; nobody was told.
    Seen,
    /// People were asked.
    Asked,
    /// Somebody said to leave it for a while.
    Kept,
    /// A decision is being carried out.
    Deciding,
    /// Gone, by a decision.
    Released,
    /// Another lock took its place.
    ChangedHands,
    /// Gone before a decision reached it.
    AlreadyReleased,
    /// One half of a pair is gone.
    PartlyReleased,
    /// Put back after it was released: it is a held lock again.
    Restored,
    /// Its holder let go.
    Ended,
}

/// A step that the life cycle does not have.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("request {code} cannot go from {from:?} to {to:?}")]
pub struct WrongStep {
    /// Whose.
    pub code: RequestCode,
    /// Where it stands.
    pub from: Status,
    /// Where it was to go.
    pub to: Status,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Seen,
        Self::Asked,
        Self::Kept,
        Self::Deciding,
        Self::Released,
        Self::ChangedHands,
        Self::AlreadyReleased,
        Self::PartlyReleased,
        Self::Restored,
        Self::Ended,
    ];

    /// Whether the life cycle has this step. Staying where it is (a reminder, a longer `keep`) is no step.
    #[must_use]
    pub fn may_become(self, to: Self) -> bool {
        use Status::{
            AlreadyReleased, Asked, ChangedHands, Deciding, Ended, Kept, PartlyReleased, Released,
            Restored, Seen,
        };
        match self {
            Seen => matches!(to, Asked | Deciding | Ended),
            Asked => matches!(to, Deciding | Kept | Ended),
            Kept | Restored => matches!(to, Asked | Deciding | Ended),
            Deciding => {
                matches!(
                    to,
                    Released
                        | ChangedHands
                        | AlreadyReleased
                        | PartlyReleased
                        | Seen
                        | Asked
                        | Kept
                        | Restored
                )
            }
            PartlyReleased => matches!(to, Deciding | Restored | Ended),
            Released => to == Restored,
            ChangedHands | AlreadyReleased | Ended => false,
        }
    }

    /// Where an outcome leads, for a decision that was taken at `from`.
    pub(super) fn after(result: OutcomeKind, from: Self) -> Self {
        match result {
            OutcomeKind::Released => Self::Released,
            OutcomeKind::ChangedHands => Self::ChangedHands,
            OutcomeKind::AlreadyReleased => Self::AlreadyReleased,
            OutcomeKind::PartlyReleased => Self::PartlyReleased,
            OutcomeKind::Kept => Self::Kept,
            OutcomeKind::Restored => Self::Restored,
            // A lock that is half gone stays half gone whatever the next decision comes to.
            // What expires is there, and people may still answer.
            OutcomeKind::NotStale | OutcomeKind::Rejected | OutcomeKind::Expiring => from,
        }
    }

    /// Whether people can be left alone about the lock for a while: only where they were asked.
    #[must_use]
    pub fn may_be_kept(self) -> bool {
        matches!(self, Self::Asked | Self::Kept)
    }

    /// Whether the lock is gone, as far as the ledger knows.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Released | Self::ChangedHands | Self::AlreadyReleased | Self::Ended
        )
    }
}
