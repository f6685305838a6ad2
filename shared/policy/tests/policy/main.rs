//! What a policy means, what is refused, and any text at all.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test may stop at what they did not expect"
)]

mod meaning;
mod refusals;
mod generated;

use jiff::SignedDuration;
use lockwarden_core::policy::{Policy, Refused, Terms};

/// What the settings say.
fn base() -> Terms {
    Terms::asking(
        SignedDuration::from_mins(15),
        SignedDuration::from_mins(5),
        SignedDuration::from_hours(1),
    )
}

fn read(text: &str) -> Result<Policy, Refused> {
    lockwarden_policy::read(text, "POLICY", base())
}
