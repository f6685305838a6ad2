//! Tables of patterns, of which most are never tried: a text without the sign of a pattern has no match of it.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;

use super::Found;
use super::kind::Kind;
use super::pattern::compiled;
use super::values;

/// One row: what the secret is; texts of which every match holds one, in any case, kept apart by `|`; and the pattern, with the
/// secret as each of its groups.
pub(super) type Row = (Kind, &'static str, &'static str);

/// The signs of all rows.
pub(super) fn signs(rows: &'static [Row]) -> impl Iterator<Item = &'static str> {
    rows.iter().flat_map(|(_, signs, _)| signs.split('|'))
}

/// The rows, ready to be searched for.
pub(super) struct Table {
    patterns: Vec<(Kind, Regex)>,
    signs: Option<AhoCorasick>,
    /// The row of each sign.
    rows: Vec<usize>,
}

impl Table {
    /// `words` stand for parts that several patterns have.
    pub(super) fn new(rows: &[Row], words: &[(&str, &str)]) -> Self {
        let pattern = |form: &str| {
            let full = words.iter().fold(form.to_owned(), |form, (word, part)| {
                form.replace(word, part)
            });
            // The fast engine knows only the word boundaries of ASCII.
            compiled(&full.replace(r"\b", r"(?-u:\b)"))
        };
        let signs: Vec<(usize, &str)> = rows
            .iter()
            .enumerate()
            .flat_map(|(row, (_, signs, _))| signs.split('|').map(move |sign| (row, sign)))
            .collect();
        Self {
            patterns: rows
                .iter()
                .map(|(kind, _, form)| (*kind, pattern(form)))
                .collect(),
            signs: AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .kind(Some(AhoCorasickKind::DFA))
                .prefilter(false)
                .build(signs.iter().map(|(_, sign)| *sign))
                .ok(),
            rows: signs.iter().map(|(row, _)| *row).collect(),
        }
    }

    /// Every secret in `text` that a row describes.
    pub(super) fn find(&self, text: &str, found: &mut Vec<Found>) {
        for row in self.rows_in(text) {
            let Some((kind, pattern)) = self.patterns.get(row) else {
                continue;
            };
            for captures in pattern.captures_iter(text) {
                for secret in captures.iter().skip(1).flatten() {
                    if !values::is_trivial(secret.as_str()) {
                        found.push(Found::new(*kind, text, secret.range()));
                    }
                }
            }
        }
    }

    /// Whether a row matches anything in `text`.
    pub(super) fn may_find(&self, text: &str) -> bool {
        let patterns = self.rows_in(text).into_iter();
        patterns
            .filter_map(|row| self.patterns.get(row))
            .any(|(_, pattern)| pattern.is_match(text))
    }

    /// The rows of which `text` has a sign.
    fn rows_in(&self, text: &str) -> BTreeSet<usize> {
        let Some(signs) = &self.signs else {
            return (0..self.patterns.len()).collect();
        };
        signs
            .find_overlapping_iter(text)
            .filter_map(|sign| self.rows.get(sign.pattern().as_usize()).copied())
            .collect()
    }
}
