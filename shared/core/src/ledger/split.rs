//! What the looks have seen of the other side of a split.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::SIGHTING_GAP;
use crate::ids::RequestCode;
use crate::lock::Lock;
use crate::policy::SIGHTINGS_FOR_GHOSTS;

/// Which other side a split has, and since when. Each client that loses on DynamoDB makes a lock object of its own for a
/// moment, so looks count only as long as they see the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitSeen {
    /// The codes of the locks on the other side.
    pub rivals: Vec<RequestCode>,
    /// When they were first seen.
    pub first_seen: Timestamp,
    /// How many looks have seen them, counted to [`SIGHTINGS_FOR_GHOSTS`].
    pub sightings: u32,
}

impl SplitSeen {
    /// What a look at `lock` makes of what the look `before` saw.
    pub(super) fn next(before: Option<&Self>, lock: &Lock, now: Timestamp) -> Option<Self> {
        let rivals = lock.rival_codes();
        if rivals.is_empty() {
            return None;
        }
        match before.filter(|before| before.rivals == rivals) {
            None => Some(Self {
                rivals,
                first_seen: now,
                sightings: 1,
            }),
            Some(before) => {
                let counts = before.sightings < SIGHTINGS_FOR_GHOSTS
                    && now.duration_since(before.first_seen) >= SIGHTING_GAP;
                Some(Self {
                    sightings: before.sightings + u32::from(counts),
                    ..before.clone()
                })
            }
        }
    }
}
