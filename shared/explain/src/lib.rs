#![doc = include_str!("../README.md")]

pub mod question;
pub mod answer;

mod state;
mod advice;
mod run;
mod hidden;

pub mod live;
pub mod print;

pub use answer::{Answer, Desk, Pasted, explain};
pub use question::{NotAsked, Question};
