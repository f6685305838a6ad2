//! The last lines that opened nothing: one of the next may be the block of the message in them.

use std::collections::VecDeque;

use super::collect::cut;
use super::heads;
use super::peel::{self, Context, Peeled};

/// So many lines before a block are kept for its message.
const REMEMBERED: usize = 12;
/// Of each of them (bytes).
const REMEMBERED_EACH: usize = 2_000;
/// The last lines, with their numbers.
#[derive(Debug, Default)]
pub(super) struct Earlier(VecDeque<(u64, Kept)>);

/// A line that opened nothing, but may turn out to be the message above a block.
#[derive(Debug)]
enum Kept {
    /// As it came: most lines of a log are never looked at.
    Raw(Vec<u8>),
    Peeled(Peeled),
}

impl Earlier {
    /// Keeps a line as it came.
    pub(super) fn keep(&mut self, number: u64, line: &[u8]) {
        let head = line.get(..REMEMBERED_EACH).unwrap_or(line);
        // The oldest is written over, so that an ordinary line costs no allocation.
        let mut kept = match self.oldest() {
            Some(Kept::Raw(oldest)) => oldest,
            Some(Kept::Peeled(_)) | None => Vec::new(),
        };
        kept.clear();
        kept.extend_from_slice(head);
        self.0.push_back((number, Kept::Raw(kept)));
    }

    /// Keeps a line that was looked at.
    pub(super) fn keep_peeled(&mut self, number: u64, mut peeled: Peeled) {
        self.oldest();
        cut(&mut peeled.text, REMEMBERED_EACH);
        self.0.push_back((number, Kept::Peeled(peeled)));
    }

    /// The line that must go before another one is kept.
    fn oldest(&mut self) -> Option<Kept> {
        let is_full = self.0.len() >= REMEMBERED;
        is_full
            .then(|| self.0.pop_front())
            .flatten()
            .map(|(_, line)| line)
    }

    /// The lines of one paragraph just above line `number`, up to an `Error:` among them.
    pub(super) fn message_above(self, source: &str, number: u64) -> Vec<(u64, Peeled)> {
        let mut below = number;
        let mut above = Vec::new();
        for (number, line) in self.0.into_iter().rev() {
            let line = match line {
                Kept::Raw(bytes) => {
                    peel::peel(&String::from_utf8_lossy(&bytes), &Context::default())
                }
                Kept::Peeled(peeled) => peeled,
            };
            if line.context.source != source {
                continue;
            }
            let text = line.text.trim();
            let is_far = below.saturating_sub(number) > 8;
            let is_heading = text.starts_with("Error: ");
            if is_far || text.is_empty() || line.is_edge || heads::ends(text) && !is_heading {
                break;
            }
            below = number;
            above.push((number, line));
            if is_heading {
                break;
            }
        }
        above.reverse();
        above
    }
}
