//! `template.yaml` tested like code: what each role may do, and what no resource may lack.
//!
//! The parameters are filled in as CloudFormation would do it (`cloudformation`), and the policies that come out are
//! asked as IAM would be (`iam`). So the two conditions that a local AWS cannot judge are tested here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test may stop at what they did not expect"
)]

mod cloudformation;
mod iam;
mod adapters;

mod rights;
mod topics;
mod page;
mod chat;
mod resources;
mod metrics;
mod alarms;
mod dashboard;
mod queries;
mod new_stores;
mod new_bucket;
mod companion;
mod settings;
mod interface;
