//! Acceptance tests: the two functions in a world that is held in memory, and the template that puts them on AWS.
//!
//! A test tells a story: holders lock and unlock, a sweep runs, somebody decides. Then it looks at what is true: what
//! is still locked, what people were told, what the ledger knows. `world` is the stage; it answers as the adapters in
//! `shared/aws` do, and it can throttle, lose an answer, kill a function between any two calls, and let somebody else
//! in between a look and a delete.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test may stop at what they did not expect"
)]

mod world;

mod events;
mod storms;
mod sweeps;
mod looks;
mod policy;
mod policy_object;
mod rule_topics;
mod by_rule;
mod expire;
mod weeks;
mod triage;
mod incomplete;
mod shapes;
mod releases;
mod digests;
mod decisions;
mod page;
mod restores;
mod watches;
mod evidence;
mod sms;
mod history;
mod logs;
mod races;
mod crashes;
mod anything;
mod scale;
mod tidy;

mod template;
