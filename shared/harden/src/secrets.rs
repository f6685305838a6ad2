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
use crate::place::slice;
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
}

/// A text without its secrets.
pub(crate) struct Cleaned {
    pub(crate) text: String,
    /// What was taken out.
    pub(crate) values: Vec<SecretValue>,
    /// Where it stood in the user's text.
    pub(crate) places: Vec<Range<usize>>,
}

/// Takes the secrets out of a text.
///
/// A secret is also looked for in the rest of the text. `read` tells whether a text is still a configuration: a secret
/// that is an everyday word may be a name in the code too, and is then left there.
pub(crate) fn take_out(text: &str, document: &Document, read: impl Fn(&str) -> bool) -> Cleaned {
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

    let values: BTreeSet<&str> = found
        .iter()
        .flat_map(|found| worth_knowing(slice(text, found.at.clone())))
        .collect();
    let cleaned = |wanted: &dyn Fn(&str) -> bool| {
        let places = merged(
            places_of(&values, text, wanted)
                .iter()
                .chain(&found)
                .collect(),
        );
        Cleaned {
            text: without(text, &places),
            values: values
                .iter()
                .map(|value| SecretValue((*value).to_owned()))
                .collect(),
            places: places.into_iter().map(|found| found.at).collect(),
        }
    };
    let everywhere = cleaned(&|_| true);
    if read(&everywhere.text) {
        return everywhere;
    }
    let is_no_word = |value: &str| {
        value
            .bytes()
            .any(|b| !(b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))
    };
    cleaned(&is_no_word)
}

/// A secret as a whole and, where it goes over several lines, each of them: in another text they may be laid out
/// differently. A short line of many may be anything.
fn worth_knowing(secret: &str) -> impl Iterator<Item = &str> {
    let is_long = secret.trim().contains('\n');
    let lines = secret
        .lines()
        .map(|line| line.get(margin(line)..).unwrap_or_default().trim());
    let lines = lines.filter(move |line| is_long && line.len() >= LONG_LINE);
    std::iter::once(secret.trim())
        .chain(lines)
        .filter(|value| !value.is_empty())
}

fn places_of(values: &BTreeSet<&str>, text: &str, wanted: &dyn Fn(&str) -> bool) -> Vec<Found> {
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

/// The text with its secrets replaced line by line, so that no line moves.
fn without(text: &str, places: &[Found]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for found in places {
        clean.push_str(slice(text, done..found.at.start));
        done = found.at.end;
        if found.is_bare {
            clean.push_str(&format!("\"{PLACEHOLDER}\""));
            continue;
        }
        for (index, line) in slice(text, found.at.clone()).split('\n').enumerate() {
            if index > 0 {
                clean.push('\n');
                // A comment stays one.
                clean.push_str(slice(line, 0..margin(line)));
            }
            if !line.trim().is_empty() && (index == 0 || margin(line) < line.trim_end().len()) {
                clean.push_str(PLACEHOLDER);
            }
            if line.ends_with('\r') {
                clean.push('\r');
            }
        }
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

fn merged(mut all: Vec<&Found>) -> Vec<Found> {
    all.sort_by_key(|found| (found.at.start, found.at.end));
    let mut merged: Vec<Found> = Vec::new();
    for next in all {
        match merged.last_mut() {
            Some(last) if next.at.start < last.at.end => {
                last.at.end = last.at.end.max(next.at.end);
                last.is_bare |= next.is_bare;
            }
            Some(_) | None => merged.push(Found {
                at: next.at.clone(),
                is_bare: next.is_bare,
            }),
        }
    }
    merged
}
