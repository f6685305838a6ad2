//! The policy that is in force now, for whoever judges without keeping the ledger of it.
#![allow(
    async_fn_in_trait,
    reason = "each implementation is named in this workspace, and nothing is sent between threads"
)]

use lockwarden_core::policy::{
    NoPolicy, ObjectIs, Policy, PolicyEntry, PolicyReading, PolicySource, PolicyUri, Reader,
};

use crate::failure::{Failure, Kind};

/// The policy object, and what the ledger knows of it.
pub trait ReadPolicy {
    /// What the object says now.
    async fn policy_object(&self, uri: &PolicyUri) -> PolicyReading;
    /// What the ledger knows of it, read consistently.
    async fn policy_entry(&self) -> Result<Option<PolicyEntry>, Failure>;
}

/// The policy that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// The policy.
    pub policy: Policy,
    /// Why it is the last good version and not what the object says now, if that is so.
    pub why_last_good: Option<String>,
}

/// The policy that is in force: of the setting, of the object, or the last good version of that, which sweeps keep.
///
/// # Errors
/// Where there is none. It is transient where the next try may find one.
pub async fn in_force(
    world: &impl ReadPolicy,
    source: &PolicySource,
    read: Reader,
) -> Result<Current, Failure> {
    let as_said = |policy: Policy| Current {
        policy,
        why_last_good: None,
    };
    let object = match source {
        PolicySource::Setting(policy) => return Ok(as_said(policy.clone())),
        PolicySource::Object(object) => object,
    };
    let reading = world.policy_object(&object.uri).await;
    // Most versions are good, and then nobody needs the one before.
    if let Ok(good) = object.in_force(reading.clone(), None, read) {
        return Ok(as_said(good.policy));
    }
    let known = PolicyEntry::about(&object.uri, world.policy_entry().await?);
    match object.in_force(reading, known.good.as_ref(), read) {
        Ok(in_force) => Ok(Current {
            policy: in_force.policy,
            why_last_good: match in_force.object {
                ObjectIs::Good(_) => None,
                ObjectIs::Broken(flaw) => Some(flaw.why),
                ObjectIs::OutOfReach(why) => Some(why),
            },
        }),
        Err(none) => Err(without(none)),
    }
}

/// There is no policy to judge by.
#[must_use]
pub fn without(none: NoPolicy) -> Failure {
    let kind = match none.flaw {
        Some(_) => Kind::Lasting,
        None => Kind::Transient,
    };
    Failure::new("judge without a policy", none.why, kind)
}
