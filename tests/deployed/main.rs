//! The whole stack, deployed from `template.yaml` on a local AWS that asks IAM before every call: the functions run with
//! their own roles, decisions travel by SNS, Terraform is the real one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "the helpers of a test may stop at what they did not expect, and say what was skipped"
)]

mod stack;

mod real_terraform;
mod changed_hands;
mod many_at_once;
mod odd_records;
mod wrong_decisions;
mod commands;
mod incomplete;
mod rights;
mod triage;
mod watched;
mod unattended;
mod hardened;
mod start;
