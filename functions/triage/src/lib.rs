#![doc = include_str!("../README.md")]

pub mod ports;

mod answer;

pub mod aws;

pub use answer::handle;
