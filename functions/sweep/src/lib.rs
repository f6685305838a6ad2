#![doc = include_str!("../README.md")]

pub mod ports;
pub mod event;

mod sweep;
mod policy;
mod survey;
mod attend;
mod by_rule;
mod expire;
mod ask;
mod evidence;
mod loose_ends;
mod watch;
mod look_at;
mod tell;

pub mod aws;

pub use event::{Event, TestReply};
pub use sweep::{Sweep, run, sweep};
