#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(
        clippy::wildcard_enum_match_arm,
        reason = "a test may ask for one variant only"
    )
)]

mod read;
mod blocks;
mod reach;
mod fields;
mod values;
mod complaints;

pub use read::{LONGEST, read};
