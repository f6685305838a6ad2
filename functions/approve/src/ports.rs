//! What `approve` needs of the world. `aws` has it on AWS, and the acceptance tests have it in memory.
#![allow(
    async_fn_in_trait,
    reason = "each implementation is named in this workspace, and nothing is sent between threads"
)]

use std::time::Duration;

use jiff::Timestamp;
use lockwarden_aws::ledger_refusals::Kept;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::look::Look;
use lockwarden_aws::policy::ReadPolicy;
use lockwarden_aws::{Deleted, Failure, Stamped};
use lockwarden_core::evidence::Run;
use lockwarden_core::expire::Stamp;
use lockwarden_core::ids::{LockId, LockPath, RequestCode, StormCode};
use lockwarden_core::ledger::{Change, Delivery, Entry, Event};
use lockwarden_core::notice::Notice;
use lockwarden_core::release::{ItemHalf, LockFileHalf};
use lockwarden_core::restore::{ItemToPut, LockFileToPut};
use lockwarden_core::settings::Table;
use lockwarden_core::storm::Storm;

/// The lock records: look at one, delete one, put one back, let one expire.
pub trait Locks: Look {
    /// The digest that a table holds for a state.
    async fn digest(&self, table: &Table, path: &LockPath) -> Result<Option<String>, Failure>;
    /// The checksum of a state, if it is still the object with this entity tag.
    async fn state_md5(&self, path: &LockPath, etag: &str) -> Result<String, Failure>;
    /// Deletes a lock object, if it is still what was judged.
    async fn delete_lock_file(&self, half: &LockFileHalf) -> Result<Deleted, Failure>;
    /// Deletes an item, if it is still what was judged.
    async fn delete_item(&self, table: &Table, half: &ItemHalf) -> Result<Deleted, Failure>;
    /// Deletes an item, if it is still what was judged, and changes the ledger: both or neither.
    async fn delete_item_and_commit(
        &self,
        half: &ItemHalf,
        change: &Change<'_>,
    ) -> Result<Deleted, NotWritten>;
    /// Writes a lock object where none is, and returns its entity tag; `None` where the place was not free.
    async fn put_lock_file(&self, file: &LockFileToPut) -> Result<Option<String>, Failure>;
    /// Writes an item where none is; says whether the place was free.
    async fn put_item(&self, table: &Table, item: &ItemToPut) -> Result<bool, Failure>;
    /// Writes an item where none is, and changes the ledger: both or neither. Says whether the place was free.
    async fn put_item_and_commit(
        &self,
        item: &ItemToPut,
        change: &Change<'_>,
    ) -> Result<bool, NotWritten>;
    /// Writes the time to exist of an item, or takes it away, if the item is still what was judged.
    async fn stamp_item(&self, table: &Table, stamp: &Stamp) -> Result<Stamped, Failure>;
    /// The same, and changes the ledger: both or neither.
    async fn stamp_item_and_commit(
        &self,
        stamp: &Stamp,
        change: &Change<'_>,
    ) -> Result<Stamped, NotWritten>;
}

/// The ledger.
pub trait Ledger {
    /// The entry of a request, read consistently.
    async fn entry(&self, code: &RequestCode) -> Result<Option<Entry>, Failure>;
    /// Which locks people were asked about together, read consistently.
    async fn storm(&self, code: &StormCode) -> Result<Option<Storm>, Failure>;
    /// What a run that wraps Terraform says of the lock that it holds.
    async fn run(&self, id: &LockId) -> Result<Option<Run>, Failure>;
    /// What a delivery was answered, read consistently.
    async fn delivery(&self, id: &str) -> Result<Option<Delivery>, Failure>;
    /// The request that a notice was about, by the id of its message; `None` where no such notice is known.
    async fn notice_request(&self, message_id: &str) -> Result<Option<RequestCode>, Failure>;
    /// Writes a change, all of it or nothing.
    async fn commit(&self, change: &Change<'_>) -> Result<(), NotWritten>;
    /// Keeps a refusal that names no known lock, with the answer to its delivery.
    async fn keep_refusal(&self, event: &Event, answer: &Delivery) -> Result<Kept, Failure>;
    /// Changes whose task the notice of a refusal is; says whether it still was as `before`.
    async fn update_delivery(&self, before: &Delivery, after: &Delivery) -> Result<bool, Failure>;
    /// The latest events of a lock, newest first.
    async fn events(&self, code: &RequestCode, most: i32) -> Result<Vec<Event>, Failure>;
    /// The codes of the latest locks of a state, newest first.
    async fn codes(&self, path: &LockPath, most: i32) -> Result<Vec<RequestCode>, Failure>;
}

/// The topics that tell people.
pub trait Notices {
    /// Publishes a notice to its own topic or, where it names none, to the notice topic, and returns the id of its message.
    async fn publish(&self, notice: &Notice) -> Result<String, Failure>;
}

/// The clock, and where metrics go.
pub trait Machine {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Waits.
    async fn pause(&self, time: Duration);
    /// Prints a line of metrics.
    fn metrics(&self, line: &str);
}

/// All of it.
pub trait World: Locks + ReadPolicy + Ledger + Notices + Machine {}
impl<T: Locks + ReadPolicy + Ledger + Notices + Machine> World for T {}
