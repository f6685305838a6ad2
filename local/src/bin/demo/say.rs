//! What the demo prints.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a demo is there to print"
)]

use std::error::Error;

/// A headline: the number of the step, and what it is about.
pub(crate) fn step(number: usize, text: &str) {
    println!("\n{number}. {text}");
}

/// A line below a headline.
pub(crate) fn line(text: &str) {
    println!("   {text}");
}

/// A text that somebody else wrote, set off by a bar.
pub(crate) fn quote(text: &str) {
    for line in text.lines() {
        println!("   | {line}");
    }
}

/// What went wrong, with its causes.
pub(crate) fn trouble(error: &(dyn Error + 'static)) {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    eprintln!("\nThe demo stopped: {told}");
}
