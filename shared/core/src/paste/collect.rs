//! The lines of one error, put together from a stream in which other lines, and other errors, stand between them.

use std::collections::VecDeque;

use super::command_line;
use super::earlier::Earlier;
use super::fields::{self, Field};
use super::found::{Found, Tool};
use super::heads::{self, Head};
use super::peel::{Context, Peeled};
use super::place::{Place, Places};
use super::{MOST_ERRORS, directory, judge, later};

/// An error has at most so many lines …
const MOST_LINES: usize = 250;
/// … and bytes.
const MOST_BYTES: usize = 32 << 10;
/// An error ends where so many lines with text in them say nothing more of it.
const PATIENCE: usize = 40;
/// After the last field of a block little more is to come.
const PATIENCE_AFTER_BLOCK: usize = 12;
/// So many streams are kept apart at a time.
const MOST_OPEN: usize = 32;

/// One line of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) width: usize,
}

/// The lines of an error so far.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) context: Context,
    pub(super) first: u64,
    pub(super) lines: Vec<Line>,
    /// The directory that a line just before it names.
    pub(super) directory: Option<(String, Option<Tool>)>,
    /// Where the program ran last in the same stream.
    pub(super) place: Place,
    /// The program that a line above names where the error does not: Terraform's `-json` stream begins with its version.
    pub(super) named_above: Option<Tool>,
    bytes: usize,
    /// Lines with text since the last that certainly belongs to it.
    strange: usize,
    has_block: bool,
    has_id: bool,
    has_last_field: bool,
    is_digest: bool,
}

/// Errors that are open, one for each stream, and those that are complete.
#[derive(Debug, Default)]
pub(super) struct Collector {
    open: Vec<Gathered>,
    earlier: Earlier,
    directory: Option<(u64, (String, Option<Tool>))>,
    places: Places,
    /// The lock IDs that runs asked for by their own debug logs, and where.
    asked: VecDeque<(u64, String)>,
    found: Found,
}

impl Collector {
    /// Whether no error is open.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Keeps a line that went by, in case the next one opens an error.
    pub(super) fn remember(&mut self, number: u64, line: &[u8]) {
        self.earlier.keep(number, line);
    }

    /// Takes the next line.
    pub(super) fn line(&mut self, number: u64, peeled: Peeled) {
        let text = peeled.text.trim();
        self.found.errored_state |= is_errored_state(text);
        if let Some(directory) = directory::of(text) {
            self.directory = Some((number, directory));
        }
        let head = heads::of(text);
        let source = peeled.context.source.clone();
        if let Some(told) = command_line::of(text) {
            self.places.learn(&source, told);
        }
        if let Some(id) = later::asked_for(text) {
            if self.asked.len() >= MOST_OPEN {
                self.asked.pop_front();
            }
            self.asked.push_back((number, id.to_owned()));
        }
        let is_over = peeled.is_edge || heads::ends(text) || self.is_next(&source, head, text);
        if is_over {
            self.close(&source);
        }
        if heads::is_unlocked(text) {
            later::unlocked(
                &mut self.found.errors,
                number,
                self.places.of(&source).unlocks(),
            );
        }
        if peeled.is_edge {
            return;
        }
        if let Some(open) = self
            .open
            .iter_mut()
            .find(|open| open.context.source == source)
        {
            open.push(peeled);
            if open.is_full() {
                self.close(&source);
            }
        } else if let Some(head) = head {
            self.open(number, peeled, head);
        } else {
            self.earlier.keep_peeled(number, peeled);
        }
    }

    /// Whether `head` begins another error than the one that is open for `source`.
    fn is_next(&self, source: &str, head: Option<Head>, text: &str) -> bool {
        let Some(open) = self.open.iter().find(|open| open.context.source == source) else {
            return false;
        };
        match head {
            Some(Head::Heading) => true,
            Some(Head::Digest) => !open.is_digest || heads::is_first(text),
            Some(Head::Block) => open.has_block,
            Some(Head::Message) => open.has_last_field,
            Some(Head::Field) => open.has_id && !open.ends_in_half_a_name(),
            None => false,
        }
    }

    fn open(&mut self, number: u64, peeled: Peeled, head: Head) {
        if self.open.len() >= MOST_OPEN {
            let oldest = self.open.first().map(|open| open.context.source.clone());
            self.close(&oldest.unwrap_or_default());
        }
        let near = self
            .directory
            .take_if(|(line, _)| number.saturating_sub(*line) <= 60);
        let mut open = Gathered {
            context: peeled.context.clone(),
            first: number,
            lines: Vec::new(),
            directory: near.map(|(_, directory)| directory),
            place: self.places.of(&peeled.context.source),
            named_above: None,
            bytes: 0,
            strange: 0,
            has_block: false,
            has_id: false,
            has_last_field: false,
            is_digest: false,
        };
        let earlier = std::mem::take(&mut self.earlier);
        if head != Head::Heading {
            let above = earlier.message_above(&open.context.source, number);
            if heads::is_first(&peeled.text) {
                let mut names = above.iter().map(|(_, line)| heads::program(&line.text));
                open.named_above = names.find_map(|program| program);
            } else {
                for (above, line) in above {
                    open.first = open.first.min(above);
                    open.push(line);
                }
            }
        }
        open.push(peeled);
        self.open.push(open);
    }

    /// Ends the error that is open for `source`.
    pub(super) fn close(&mut self, source: &str) {
        let position = self
            .open
            .iter()
            .position(|open| open.context.source == source);
        let Some(position) = position else {
            return;
        };
        let gathered = self.open.remove(position);
        let Some(error) = judge::judge(&gathered) else {
            return;
        };
        if let Some(same) = self
            .found
            .errors
            .iter_mut()
            .find(|known| known.is_same(&error))
        {
            same.times += 1;
            same.unit = same.unit.take().or(error.unit);
            same.workspace = same.workspace.take().or(error.workspace);
            // It was in the way again after that.
            same.unlocked_at = None;
        } else if self.found.errors.len() < MOST_ERRORS {
            self.found.errors.push(error);
        } else {
            self.found.more += 1;
        }
    }

    /// Ends every error.
    pub(super) fn finish(mut self) -> Found {
        while let Some(open) = self.open.first() {
            let source = open.context.source.clone();
            self.close(&source);
        }
        let mut found = self.found;
        // Errors of several streams end in another order than they begin.
        found.errors.sort_by_key(|error| error.line);
        later::weigh(&mut found.errors, &self.asked);
        found.tool = found.errors.iter().find_map(|error| error.tool);
        found
    }
}

impl Gathered {
    fn push(&mut self, peeled: Peeled) {
        let text = peeled.text.trim();
        let is_field = !self.ends_in_half_a_name();
        let field = fields::label(text)
            .filter(|_| is_field)
            .map(|(field, _)| field);
        let belongs = field.is_some() || heads::of(text).is_some() || heads::is_boilerplate(text);
        if belongs {
            self.strange = 0;
        } else if !text.is_empty() {
            self.strange += 1;
        }
        self.is_digest |= heads::is_digest(text);
        self.has_id |= field == Some(Field::Id);
        self.has_block |= heads::is_block_heading(text) || self.has_id;
        self.has_last_field |= matches!(field, Some(Field::Created | Field::Info));
        let mut text = peeled.text;
        cut(&mut text, MOST_BYTES / 4);
        self.bytes += text.len();
        self.lines.push(Line {
            text,
            width: peeled.width,
        });
    }

    fn ends_in_half_a_name(&self) -> bool {
        let is_text = |line: &&Line| !line.text.trim().is_empty();
        let last = self.lines.iter().rev().find(is_text);
        last.is_some_and(|line| fields::ends_in_half_a_name(&line.text))
    }

    fn is_full(&self) -> bool {
        let patience = if self.has_last_field {
            PATIENCE_AFTER_BLOCK
        } else {
            PATIENCE
        };
        self.strange > patience || self.lines.len() >= MOST_LINES || self.bytes >= MOST_BYTES
    }
}

/// Shortens a text to so many bytes, or a few less.
pub(super) fn cut(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}

/// Whether the line says that a state could not be saved, or how to push it (`backend/local/backend_apply.go`). The file's
/// name alone stands in many an ignore list.
fn is_errored_state(text: &str) -> bool {
    text.contains("file \"errored.tfstate\"") || text.contains("state push errored.tfstate")
}
