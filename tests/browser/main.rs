//! The approval page in a real browser, on the deployed stack, with links from real notices.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "the helpers of a test may stop at what they did not expect; those of the deployed tests are shared"
)]

#[path = "../deployed/stack.rs"]
mod stack;

mod window;

mod decide;
mod harmless;
mod pictures;
