//! A look at one lock, consistently: every function needs it before it says or does anything.
#![allow(
    async_fn_in_trait,
    reason = "each implementation is named in this workspace, and nothing is sent between threads"
)]

use lockwarden_core::ids::LockPath;
use lockwarden_core::item::{Place, Record};
use lockwarden_core::lock::{self, Lock};
use lockwarden_core::policy::StateObject;
use lockwarden_core::settings::{OutOfReach, Settings, Table};

use crate::failure::Failure;

/// The lock records, one by one.
pub trait Look {
    /// The item of a state, read consistently.
    async fn item(&self, table: &Table, path: &LockPath) -> Result<Option<Record>, Failure>;
    /// The lock object beside a state.
    async fn lock_file(&self, path: &LockPath) -> Result<Option<Record>, Failure>;
    /// What can be known of the state object.
    async fn state_object(&self, path: &LockPath) -> StateObject;
}

/// What can be known of what is there.
pub type Present = Result<Vec<Lock>, OutOfReach>;

/// Every lock that is where the lock of `places` is, or beside it; with no places, everywhere on the path. [`OutOfReach`]
/// where a place is not configured any more: then nobody can say that a lock is gone.
///
/// # Errors
/// When a store does not answer or does not let us.
pub async fn present(
    look: &impl Look,
    settings: &Settings,
    path: &LockPath,
    places: &[Place],
) -> Result<Present, Failure> {
    let slots = match settings.slots(path, places) {
        Ok(slots) => slots,
        Err(out_of_reach) => return Ok(Err(out_of_reach)),
    };
    let mut records = Vec::new();
    for table in slots.tables {
        records.extend(look.item(table, path).await?);
    }
    if slots.lock_file {
        records.extend(look.lock_file(path).await?);
    }
    Ok(Ok(lock::gather(records)))
}

/// What can be known of a state object; only in the configured buckets anybody looks.
pub async fn state(look: &impl Look, settings: &Settings, path: &LockPath) -> StateObject {
    if settings.covers_state(path) {
        look.state_object(path).await
    } else {
        StateObject::Unknown("its bucket is not among the configured STATE_BUCKETS".to_owned())
    }
}
