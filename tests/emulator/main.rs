//! The adapters, and `sweep` on them, with real SDK calls against a local AWS.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "the helpers of a test may stop at what they did not expect, and print what was measured"
)]

mod lab;

mod stores;
mod release;
mod ledger;
mod many;
mod hardened;
