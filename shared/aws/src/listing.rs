use lockwarden_core::item::Record;

use crate::failure::Failure;

/// What a look through one table or bucket gave.
#[derive(Debug, Default)]
pub struct Listing {
    /// The lock records.
    pub records: Vec<Record>,
    /// How many items or objects there are, before any filter.
    pub scanned: u64,
    /// How many of them are digests.
    pub digests: u64,
    /// How many belong to somebody else.
    pub foreign: u64,
    /// What could not be read. What was read before it counts all the same.
    pub failures: Vec<Failure>,
}
