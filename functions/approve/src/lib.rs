#![doc = include_str!("../README.md")]

pub mod ports;
pub mod incoming;

mod answer;
mod find;
mod follow;
mod carry_out;
mod outcomes;
mod tell;

pub mod aws;

pub use answer::{Approve, Reply, handle};
