//! Lock errors in pasted text: from whatever a person copies, or a CI system logs, to the locks that it tells of.
//!
//! ```text
//! bytes -> lines -> unfold (JSON, escapes, <br>) -> peel (colours, prefixes, frames) -> collect (one error) -> judge
//! ```
//!
//! Everything is one pass with bounded memory, so that a log of any size can be read: a line is cut at
//! [`LONGEST_LINE`], an error at a few hundred lines, and at most [`MOST_ERRORS`] different errors are kept. A cheap test
//! (`gate`) lets the lines of an ordinary log go by without a closer look.
//!
//! A lock ID is only ever what stands after `ID:` in a block of lock fields, or in quotes where Terraform's message says
//! `lock ID "…"`. Request IDs have the same shape, so no rule here looks for the shape.
//!
//! Nothing that is returned is redacted, and all of it is foreign text: escape it before showing it.

mod found;
mod lines;
mod gate;
mod unfold;
mod cut_object;
mod escape;
mod html;
mod peel;
mod ansi;
mod prefix;
mod clock;
mod frame;
mod collect;
mod earlier;
mod directory;
mod command_line;
mod place;
mod later;
mod heads;
mod judge;
mod layout;
mod shape;
mod message;
mod names;
mod fields;
mod broken;
mod created;
mod backend;
mod cause;
mod digest;
mod unlock;

pub use found::{Cause, Found, Kind, LockError, PastedDigest, PastedLock, Store, Tool};

pub(crate) use peel::margin;

use collect::Collector;
use lines::Lines;
use peel::Context;

/// Of a longer line (bytes) each piece of this length is read as a line of its own.
pub const LONGEST_LINE: usize = 1 << 20;

/// At most so many different errors of one paste are kept; the others are counted.
pub const MOST_ERRORS: usize = 50;

/// JSON in JSON in HTML and so on is opened so many layers deep.
const DEEPEST: usize = 8;

/// Finds lock errors in pasted text, in one pass with bounded memory.
///
/// ```
/// let mut finder = lockwarden_core::paste::Finder::new();
/// finder.read(b"Error: Error acquiring the state lock\n\nError message: Conditional");
/// finder.read(b"CheckFailedException: The conditional request failed\nLock Info:\n  ID:        a1b2\n");
/// let found = finder.finish();
/// assert_eq!(found.errors[0].lock.id.as_deref(), Some("a1b2"));
/// ```
#[derive(Debug, Default)]
pub struct Finder {
    lines: Lines,
    collector: Collector,
}

impl Finder {
    /// A finder that has read nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next bytes. Where one call ends and the next begins makes no difference, not even inside a character.
    pub fn read(&mut self, bytes: &[u8]) {
        let Self { lines, collector } = self;
        lines.read(bytes, &mut |number, line| {
            take_line(collector, number, line);
        });
    }

    /// Ends the text and returns what was found.
    #[must_use]
    pub fn finish(mut self) -> Found {
        let Self { lines, collector } = &mut self;
        lines.finish(&mut |number, line| {
            take_line(collector, number, without_what_was_cut(line));
        });
        self.collector.finish()
    }
}

/// Finds the lock errors of a text.
#[must_use]
pub fn find(text: &str) -> Found {
    let mut finder = Finder::new();
    finder.read(text.as_bytes());
    finder.finish()
}

/// A text may be cut anywhere, and half a character, also one that a page spells, would be shown as others.
fn without_what_was_cut(line: &[u8]) -> &[u8] {
    let whole = match std::str::from_utf8(line) {
        Err(error) if error.error_len().is_none() => {
            line.get(..error.valid_up_to()).unwrap_or(line)
        }
        Ok(_) | Err(_) => line,
    };
    match whole.iter().rposition(|byte| *byte == b'&') {
        Some(at) if whole.get(at + 1..).is_some_and(html::begins_entity) => {
            whole.get(..at).unwrap_or(whole)
        }
        Some(_) | None => whole,
    }
}

fn take_line(collector: &mut Collector, number: u64, line: &[u8]) {
    if collector.is_idle() && !gate::may_matter(line) {
        collector.remember(number, line);
        return;
    }
    take(
        collector,
        number,
        &String::from_utf8_lossy(line),
        &Context::default(),
        0,
    );
}

/// Opens layer after layer until a plain line is left.
fn take(collector: &mut Collector, number: u64, line: &str, context: &Context, depth: usize) {
    let (inside, around) = peel::outside(line, context);
    let unfolded = (depth < DEEPEST).then(|| unfold::unfold(&inside)).flatten();
    let Some(unfolded) = unfolded else {
        collector.line(number, peel::peel(line, context));
        return;
    };
    let around = around.with(unfolded.unit.as_deref(), unfolded.via);
    for line in &unfolded.lines {
        take(collector, number, line, &around, depth + 1);
    }
    if unfolded.is_whole {
        collector.close(&around.source);
    }
}

#[cfg(test)]
mod tests;
