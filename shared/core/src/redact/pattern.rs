//! Patterns that are compiled once.

use regex::Regex;

/// Compiles a pattern of this crate.
///
/// A pattern that was left out in silence would let its secrets through, so this one place ends the process instead. It
/// cannot happen to a tested build: the patterns are constants, and the tests match each of them.
#[expect(
    clippy::expect_used,
    reason = "a missing pattern leaks; the patterns are constants and tests compile each"
)]
pub(super) fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this crate are regular expressions")
}
