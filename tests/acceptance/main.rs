//! x
mod template;
