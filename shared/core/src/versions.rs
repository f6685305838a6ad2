//! When an object was written, as far as its bucket remembers.

use jiff::Timestamp;

/// The writes of one object since some moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// When, the latest first, in whole seconds.
    pub written: Vec<Timestamp>,
    /// Whether the bucket keeps versions. Where it does not, there is one write at most, the last one.
    pub are_kept: bool,
    /// Whether all were read; of thousands only the latest are.
    pub are_all: bool,
}
