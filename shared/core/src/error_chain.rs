//! An error with everything behind it, in one line.
//!
//! An SDK error prints as `service error` and keeps what happened in its sources, so a log line without them tells
//! nobody anything.

use std::error::Error;

/// `error` and its causes, joined by `: `. A cause that its parent already printed is not repeated.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        next = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read table `t`")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("access denied")]
    struct Inner;

    #[test]
    fn every_cause_is_in_the_line() {
        assert_eq!(chain(&Outer(Inner)), "cannot read table `t`: access denied");
    }
}
