#![doc = include_str!("../README.md")]

pub mod connect;
pub mod failure;
pub mod look;
pub mod policy;

pub mod table_scan;
pub mod table_read;
pub mod table_release;
pub mod table_restore;
pub mod table_expire;

pub mod bucket_list;
pub mod bucket_read;
pub mod bucket_versions;
pub mod bucket_release;
pub mod bucket_restore;
pub mod bucket_state;

pub mod policy_object;

pub mod ledger_items;
pub mod ledger_read;
pub mod ledger_find;
pub mod ledger_write;
pub mod ledger_refusals;
pub mod ledger_report;
pub mod ledger_policy;
pub mod ledger_runs;
pub mod ledger_storms;
pub mod ledger_history;

pub mod notices;
pub mod own_topic;
pub mod subscribers;
pub mod hand_over;
pub mod look_by_name;

mod deleted;
mod listing;

pub use deleted::Deleted;
pub use failure::{Failure, Kind};
pub use listing::Listing;
pub use table_expire::Stamped;

#[cfg(test)]
mod testing;
