//! What `sweep` needs of the world. `aws` has it on AWS, and the acceptance tests have it in memory.
#![allow(
    async_fn_in_trait,
    reason = "each implementation is named in this workspace, and nothing is sent between threads"
)]

use jiff::Timestamp;
use lockwarden_aws::ledger_find::Entries;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::look::Look;
use lockwarden_aws::policy::ReadPolicy;
use lockwarden_aws::subscribers::Subscriber;
use lockwarden_aws::{Failure, Listing};
use lockwarden_core::evidence::Run;
use lockwarden_core::ids::{LockId, LockPath, RequestCode};
use lockwarden_core::ledger::{Change, Entry};
use lockwarden_core::notice::Notice;
use lockwarden_core::policy::PolicyEntry;
use lockwarden_core::report::SweepReport;
use lockwarden_core::settings::{Bucket, Table};
use lockwarden_core::storm::Storm;
use lockwarden_core::token::TOKEN_BYTES;
use lockwarden_core::versions::Versions;

/// The lock records: look at one, list them.
pub trait Locks: Look {
    /// Every lock of a table.
    async fn list_table(&self, table: &Table) -> Listing;
    /// Every lock object of a bucket.
    async fn list_bucket(&self, bucket: &Bucket) -> Listing;
    /// When an object was written since a moment, as far as its bucket remembers.
    async fn versions(
        &self,
        bucket: &str,
        key: &str,
        since: Timestamp,
    ) -> Result<Versions, Failure>;
}

/// The policy, and what the ledger knows of it.
pub trait KeepPolicy: ReadPolicy {
    /// Writes what is known of the policy object, if nobody wrote it since it was read.
    async fn save_policy(&self, entry: &PolicyEntry) -> Result<(), NotWritten>;
}

/// The ledger.
pub trait Ledger {
    /// The entries of these codes, read consistently.
    async fn entries(&self, codes: &[RequestCode]) -> Result<Entries, Failure>;
    /// The entry of a request, read consistently.
    async fn entry(&self, code: &RequestCode) -> Result<Option<Entry>, Failure>;
    /// The codes of the latest locks of a state, newest first, at most `most`; the latest may still be missing.
    async fn codes(&self, path: &LockPath, most: i32) -> Result<Vec<RequestCode>, Failure>;
    /// The codes of the entries that still want something.
    async fn open(&self) -> Result<Vec<RequestCode>, Failure>;
    /// Writes a change, all of it or nothing.
    async fn commit(&self, change: &Change<'_>) -> Result<(), NotWritten>;
    /// Keeps which locks people are asked about together.
    async fn keep_storm(&self, storm: &Storm) -> Result<(), Failure>;
    /// What a run that wraps Terraform says of the lock that it holds.
    async fn run(&self, id: &LockId) -> Result<Option<Run>, Failure>;
    /// The report of the sweep before; `None` before the first.
    async fn last_report(&self) -> Result<Option<SweepReport>, Failure>;
    /// Keeps the report in the place of the one before.
    async fn keep_report(&self, report: &SweepReport) -> Result<(), Failure>;
}

/// The topics that tell people.
pub trait Notices {
    /// Publishes a notice to its own topic or, where it names none, to the notice topic, and returns the id of its message.
    async fn publish(&self, notice: &Notice) -> Result<String, Failure>;
    /// Who gets the notices.
    async fn subscribers(&self) -> Result<Vec<Subscriber>, Failure>;
}

/// The function that carries out decisions.
pub trait Approve {
    /// Puts an event into its queue.
    async fn hand_over(&self, event: &str) -> Result<(), Failure>;
}

/// The clock, the dice, and where metrics go.
pub trait Machine {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Random bytes that nobody can guess.
    fn random(&self) -> [u8; TOKEN_BYTES];
    /// Prints a line of metrics.
    fn metrics(&self, line: &str);
}

/// All of it.
pub trait World: Locks + KeepPolicy + Ledger + Notices + Approve + Machine {}
impl<T: Locks + KeepPolicy + Ledger + Notices + Approve + Machine> World for T {}
