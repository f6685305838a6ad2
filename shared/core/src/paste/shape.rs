//! Whether a program printed an error, or a person writes about one.
//!
//! "Error acquiring the state lock is what you get when …" stands in guides, runbooks and chats. What a program prints has
//! a shape: the heading begins its line, nothing but a colon follows it on that line, and more of the error is there.

use super::collect::Line;
use super::found::PastedLock;
use super::message::Message;
use super::{backend, cause, heads, unlock};

/// What Terraform puts before a heading, again and again.
const LEADS: [&str; 9] = [
    "Error: ",
    "error: ",
    "ERROR: ",
    "Error loading state: ",
    "error loading state: ",
    "Failed to load state: ",
    "Error message: ",
    "Error locking state: ",
    "* ",
];

/// Whether the lines of an error without a lock block are a program's output.
pub(super) fn is_printed(lines: &[Line], message: &Message) -> bool {
    let mut begins = lines.iter().filter_map(|line| begin(&line.text));
    match begins.find(Begin::is_clean) {
        None => false,
        Some(begin) if begin.has_lead => true,
        Some(_) => goes_on(lines, message),
    }
}

/// How a line with a heading looks.
struct Begin<'l> {
    /// Terraform's own `Error: ` or the like stands before it.
    has_lead: bool,
    before: &'l str,
    after: &'l str,
}

impl Begin<'_> {
    fn is_clean(&self) -> bool {
        let is_at_the_beginning = self.before.is_empty();
        // Behind a prefix that nobody knows, `Error: ` shows where Terraform's line begins; in a sentence it is quoted.
        let is_behind_a_prefix = self.has_lead
            && !self.before.ends_with(['"', '\'', '`', '(', '*', '_'])
            && self.before.split_whitespace().count() <= 2;
        (is_at_the_beginning || is_behind_a_prefix)
            && (self.after.is_empty() || self.after.starts_with([':', '!']))
    }
}

fn begin(line: &str) -> Option<Begin<'_>> {
    let phrase = heads::phrase_in(line)?;
    let (mut before, after) = line.split_once(phrase)?;
    let mut has_lead = false;
    while let Some(rest) = LEADS.iter().find_map(|lead| before.strip_suffix(lead)) {
        has_lead |= !before.ends_with("* ");
        before = rest;
    }
    Some(Begin {
        has_lead,
        before: before.trim(),
        after: after.trim(),
    })
}

/// Whether more of an error follows than its heading: the line `Error message:`, the text under every lock error, or the words
/// of a service.
fn goes_on(lines: &[Line], message: &Message) -> bool {
    let is_next = |line: &Line| {
        let text = line.text.trim_start();
        text.starts_with("Error message:") || heads::is_boilerplate(text)
    };
    lines.iter().any(is_next)
        || cause::is_occupied(message)
        || backend::of(message, &PastedLock::default()).is_some()
        || unlock::cause(message).is_some()
        || unlock::tried(message).is_some()
}
