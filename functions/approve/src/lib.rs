#![doc = include_str!("../README.md")]

pub mod ports;
pub mod incoming;

mod answer;
mod find;
mod follow;
mod carry_out;
mod restore;
mod storm;
mod expire;
mod digest;
mod history;
mod sms;
mod page;
mod outcomes;
mod tell;

pub mod aws;

pub use answer::{Approve, Invoked, PAGE_ALIAS, Reply, handle};
pub use history::{History, HistoryLine};
pub use page::PageReply;
