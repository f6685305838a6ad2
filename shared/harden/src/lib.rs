#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(
        clippy::wildcard_enum_match_arm,
        reason = "a test may ask for one variant only"
    )
)]

pub mod format;
pub mod version;
pub mod finding;
pub mod hardened;

mod place;
mod stretches;
mod secrets;
mod config;
mod endpoint;
mod hcl;
mod json;
mod rules;
mod backend;
mod write;
mod diff;
mod companion;

pub use backend::Backend;
pub use config::Source;
pub use endpoint::Endpoint;
pub use finding::{Finding, Severity};
pub use format::{Format, NotRead};
pub use hardened::{Hardened, Options, Reply, harden};
pub use rules::{RULES, Rule};
pub use secrets::{PLACEHOLDER, SecretValue};
pub use version::Version;
