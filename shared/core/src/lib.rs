#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(
        clippy::wildcard_enum_match_arm,
        reason = "a test may ask for one variant only"
    )
)]

pub mod ids;
pub mod text;
pub mod span;
pub mod redact;

pub mod record;
pub mod item;
pub mod lock;
pub mod versions;
pub mod evidence;

pub mod settings;
pub mod policy;
pub mod token;
pub mod ledger;
pub mod storm;
pub mod decision;
pub mod sms;
pub mod release;
pub mod restore;
pub mod expire;
pub mod outcome;

pub mod paste;

pub mod commands;
pub mod notice;
pub mod report;
pub mod metrics;
pub mod error_chain;

#[cfg(test)]
mod testing;
