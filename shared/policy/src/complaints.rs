//! What is wrong, and where.

use std::ops::Range;

use lockwarden_core::policy::Complaint;
use lockwarden_core::redact::{Accounts, Redactor};
use lockwarden_core::text;

/// The longest piece of the text in a complaint (characters).
const LONGEST_PIECE: usize = 60;

/// Collects everything that is wrong with a text.
#[derive(Debug)]
pub(crate) struct Complaints<'t> {
    text: &'t str,
    found: Vec<(usize, Complaint)>,
}

impl<'t> Complaints<'t> {
    pub(crate) fn about(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// Something is wrong at this place (bytes): `why`, and what would be `right`.
    pub(crate) fn add(
        &mut self,
        at: Range<usize>,
        why: impl Into<String>,
        right: impl Into<String>,
    ) {
        let (line, column) = self.line_and_column(at.start);
        let piece = self.text.get(at.clone()).unwrap_or_default();
        // The first line of a long piece is enough to find it by.
        let piece = piece.lines().next().unwrap_or_default();
        let complaint = Complaint {
            line,
            column,
            text: piece.to_owned(),
            why: why.into(),
            right: right.into(),
        };
        self.found.push((at.start, complaint));
    }

    /// How many there are, to tell later whether there are more.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// The line of a place, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_and_column(offset).0
    }

    /// From a place to the end of its line.
    pub(crate) fn rest_of_line(&self, offset: usize) -> Range<usize> {
        let rest = self.text.get(offset..).unwrap_or_default();
        offset..offset + rest.find(['\r', '\n']).unwrap_or(rest.len())
    }

    /// All of them, in the order of the text. The pieces are without the secrets of the text, hidden before they are cut: of a cut one
    /// nobody could tell any more that it is one.
    pub(crate) fn in_order(mut self) -> Vec<Complaint> {
        if self.found.is_empty() {
            return Vec::new();
        }
        self.found.sort_by_key(|(offset, _)| *offset);
        let mut redactor = Redactor::new(Accounts::Shown);
        redactor.learn(self.text);
        let mut shown = |piece: &str| text::shown(&redactor.redact(piece), LONGEST_PIECE);
        let in_order = self.found.into_iter().map(|(_, one)| Complaint {
            text: shown(&one.text),
            ..one
        });
        in_order.collect()
    }

    /// Line and column (in characters) of a place, both from 1.
    fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}
