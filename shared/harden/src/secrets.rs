//! Finds the secrets of a configuration and takes them out before anything else looks at it.
//!
//! Everything that is said, shown or rewritten is made from the text *after* this step, so no later code can leak a
//! secret. Lines stay where they are: a place in the cleaned text has the same line number as in the user's file.

mod shapes;
pub(crate) mod told;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::config::{Document, Item, Value};
use crate::place::{begins_its_line, slice};
use shapes::is_secret;
pub(crate) use shapes::sounds_secret;

/// What stands where a secret stood.
pub const PLACEHOLDER: &str = "(sensitive value removed)";

/// The S3 backend's arguments that hold a secret. `access_key` is one half of a credential and goes with the other.
///
/// Terraform: `internal/backend/remote-state/s3/backend.go: ConfigSchema`.
pub(crate) const SECRET_ARGUMENTS: [&str; 5] = [
    "access_key",
    "secret_key",
    "token",
    "sse_customer_key",
    "web_identity_token",
];

/// Shorter ones are not looked for elsewhere in the text: `x` as a secret would blank out every `x`.
const SHORTEST_TO_SEARCH: usize = 8;
/// A line of a secret with several counts as one of its own from this length on.
const LONG_LINE: usize = 16;

/// A secret as it stood in the text, for whoever has to remove it from other texts as well. It has no way to print itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretValue(String);

impl SecretValue {
    /// The secret itself. It must reach no output.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(PLACEHOLDER)
    }
}

/// A secret's place. Where it is a number in code, what replaces it has to bring its own quotes.
struct Found {
    at: Range<usize>,
    is_bare: bool,
}

impl Found {
    fn quoted(at: Range<usize>) -> Self {
        Self { at, is_bare: false }
    }

    /// The same line by line, without blanks at the ends and without the mark that a line of a comment begins with.
    fn pieces(&self, text: &str) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut start = self.at.start;
        for (index, line) in slice(text, self.at.clone())
            .split_inclusive('\n')
            .enumerate()
        {
            let is_whole = index > 0 || begins_its_line(text, start);
            let margin = if is_whole { margin(line) } else { 0 };
            let piece = start + margin..start + line.trim_end().len();
            if piece.start < piece.end {
                pieces.push(Self {
                    at: piece,
                    is_bare: self.is_bare,
                });
            }
            start += line.len();
        }
        pieces
    }
}

/// A text without its secrets.
pub(crate) struct Cleaned {
    pub(crate) text: String,
    /// What was taken out.
    pub(crate) values: Vec<SecretValue>,
    /// Where it stood in the user's text; none of them goes over the end of a line.
    pub(crate) places: Vec<Range<usize>>,
}

/// Takes the secrets out of a text.
///
/// A secret is also looked for in the rest of the text. `read` tells whether a text is still a configuration: a secret
/// that is an everyday word may be a name in the code too, and is then left there; so is, at worst, whatever looks like a
/// secret and is neither quoted nor in a comment.
pub(crate) fn take_out(text: &str, document: &Document, read: impl Fn(&str) -> bool) -> Cleaned {
    let found = all_of(text, document);
    let values: BTreeSet<&str> = found
        .iter()
        .flat_map(|found| worth_knowing(slice(text, found.at.clone())))
        .collect();
    let cleaned = |more: Vec<Found>, wanted: &dyn Fn(&Found) -> bool| {
        let pieces = more
            .iter()
            .chain(&found)
            .flat_map(|found| found.pieces(text));
        let places = merged(pieces.filter(wanted).collect());
        Cleaned {
            text: without(text, &places),
            values: values
                .iter()
                .map(|value| SecretValue((*value).to_owned()))
                .collect(),
            places: places.into_iter().map(|found| found.at).collect(),
        }
    };
    let everywhere = cleaned(places_of(&values, text, |_| true), &|_| true);
    if read(&everywhere.text) {
        return everywhere;
    }
    let is_no_word = |value: &str| {
        value
            .bytes()
            .any(|b| !(b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))
    };
    let but_words = cleaned(places_of(&values, text, is_no_word), &|_| true);
    if read(&but_words.text) {
        return but_words;
    }
    let stretches = &document.stretches;
    let is_no_code = |found: &Found| {
        found.is_bare || stretches.is_comment(&found.at) || stretches.is_quoted(&found.at)
    };
    cleaned(places_of(&values, text, is_no_word), &is_no_code)
}

fn all_of(text: &str, document: &Document) -> Vec<Found> {
    let mut found = Vec::new();
    for config in &document.configs {
        of_items(text, &config.items, &mut found);
    }
    let named = document.secret_literals.iter().filter(|at| {
        let literal = slice(text, (*at).clone());
        is_value(literal) && !literal.starts_with("arn:")
    });
    found.extend(named.cloned().map(Found::quoted));
    let shaped = shapes::places(text, &document.stretches);
    found.extend(shaped.into_iter().map(Found::quoted));
    found
}

/// A secret as a whole and, where it goes over several lines, each of them: in another text they may be laid out
/// differently. A short line of many may be anything.
fn worth_knowing(secret: &str) -> impl Iterator<Item = &str> {
    let is_long = secret.trim().contains('\n');
    let lines = secret
        .lines()
        .map(|line| slice(line, margin(line)..line.len()).trim());
    let lines = lines.filter(move |line| is_long && line.len() >= LONG_LINE);
    std::iter::once(secret.trim())
        .chain(lines)
        .filter(|value| !value.is_empty())
}

fn places_of(values: &BTreeSet<&str>, text: &str, wanted: impl Fn(&str) -> bool) -> Vec<Found> {
    let searched = values
        .iter()
        .filter(|value| value.len() >= SHORTEST_TO_SEARCH && wanted(value));
    // One pass for all of them. No automaton for so many or so long ones: then they are where they were found, at least.
    let Ok(all) = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(searched)
    else {
        return Vec::new();
    };
    all.find_iter(text)
        .map(|place| Found::quoted(place.range()))
        .collect()
}

/// The literals in arguments that are known to be secret, whatever they look like.
fn of_items(text: &str, items: &[Item], found: &mut Vec<Found>) {
    for item in items {
        if let Value::Object(inner) = &item.value {
            of_items(text, inner, found);
        }
        if !SECRET_ARGUMENTS.contains(&item.name.as_str()) {
            continue;
        }
        if let Value::Number(_) = &item.value {
            found.push(Found {
                at: item.value_at.clone(),
                is_bare: true,
            });
        }
        let secret = |at: &&Range<usize>| is_value(slice(text, (*at).clone()));
        found.extend(
            item.literals
                .iter()
                .filter(secret)
                .cloned()
                .map(Found::quoted),
        );
    }
}

/// Whether a literal can be a secret. The name of an environment variable, as in `get_env("AWS_SECRET_ACCESS_KEY")`, is none.
fn is_value(literal: &str) -> bool {
    is_secret(literal) && !shapes::is_variable_name(literal)
}

/// The text with a placeholder in each of these places. They hold no end of a line, so no line moves.
fn without(text: &str, places: &[Found]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for found in places {
        clean.push_str(slice(text, done..found.at.start));
        done = found.at.end;
        let quote = if found.is_bare { "\"" } else { "" };
        clean.push_str(&format!("{quote}{PLACEHOLDER}{quote}"));
    }
    clean.push_str(slice(text, done..text.len()));
    clean
}

/// How much of a line is blanks and the mark of a comment.
fn margin(line: &str) -> usize {
    let rest = line.trim_start_matches([' ', '\t']);
    let rest = rest
        .strip_prefix("//")
        .unwrap_or_else(|| rest.trim_start_matches(['#', '*']));
    line.len() - rest.trim_start_matches([' ', '\t']).len()
}

fn merged(mut all: Vec<Found>) -> Vec<Found> {
    all.sort_by_key(|found| (found.at.start, found.at.end));
    let mut merged: Vec<Found> = Vec::new();
    for next in all {
        match merged.last_mut() {
            Some(last) if next.at.start < last.at.end => {
                last.at.end = last.at.end.max(next.at.end);
                last.is_bare |= next.is_bare;
            }
            Some(_) | None => merged.push(next),
        }
    }
    merged
}
