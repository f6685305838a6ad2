//! What a notice offers to copy.

use serde::Serialize;

use super::Desk;
use crate::commands;
use crate::ids::RequestCode;
use crate::lock::Lock;
use crate::policy::Judgement;
use crate::release;

/// What to copy. A command that cannot be printed safely is missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Commands {
    /// Looks at the record as it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspect: Option<String>,
    /// Looks at the other half of a pair or the other side of a split.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inspect_others: Vec<String>,
    /// Terraform's own way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_unlock: Option<String>,
    /// Lockwarden's way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// What people have to do where Lockwarden may not; then there is no `release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<String>,
    /// Leaves it alone for two hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<String>,
}

impl Commands {
    /// The commands about a lock that is there, as it is judged.
    #[must_use]
    pub fn about(code: &RequestCode, lock: &Lock, judgement: &Judgement, desk: Desk<'_>) -> Self {
        let region = desk.topic.region();
        let by_hand_only = release::by_hand_only(lock).is_some();
        let release = if judgement.objections.is_empty() {
            commands::release(desk.topic, code)
        } else {
            commands::release_even_if(desk.function, region, code, &judgement.objections)
        };
        let first = lock.places.first();
        let by_hand = first.and_then(|place| commands::delete_by_hand(&lock.path, place, region));
        let rivals = lock.rivals.iter().map(|rival| &rival.place);
        let mut inspect = lock
            .places
            .iter()
            .chain(rivals)
            .map(|place| commands::inspect(&lock.path, place, region));
        Self {
            inspect: inspect.next().flatten(),
            inspect_others: inspect.flatten().collect(),
            force_unlock: lock.id().as_ref().and_then(commands::force_unlock),
            release: release.filter(|_| !by_hand_only),
            by_hand: by_hand.filter(|_| by_hand_only),
            keep: commands::keep(desk.topic, code, "2h"),
        }
    }
}
