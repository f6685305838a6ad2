//! A policy object that is broken, in words.

use crate::policy::PolicyError;
use crate::text::{shown, shown_time};

/// How many lines of what is wrong are told.
const MOST_MISTAKES: usize = 25;
/// How much of one is told (characters).
const MISTAKE: usize = 1_000;
/// How much of a version's tag or reason (characters).
const VERSION: usize = 300;

/// What it means, in two lines.
pub(super) fn opening(error: &PolicyError) -> &'static str {
    if error.in_force.is_some() {
        "The policy object is broken. The last good version of it stays in force, and locks are judged by that: what was\n\
         changed in it since has no effect yet."
    } else {
        "The policy object is broken, and no version of it was ever good. NO LOCK IS JUDGED OR RELEASED until somebody mends\n\
         it: each sweep fails, and so does each decision to release."
    }
}

/// What to know, with a label.
pub(super) fn facts(error: &PolicyError) -> Vec<(&'static str, String)> {
    let in_force = error.in_force.as_ref().map_or_else(
        || "nothing".to_owned(),
        |good| {
            let etag = shown(&good.etag, VERSION);
            format!("version {etag}, first seen {}", shown_time(good.since))
        },
    );
    vec![
        ("Policy", error.uri.to_string()),
        ("Broken", shown(&error.version, VERSION)),
        ("Since", shown_time(error.since)),
        ("In force", in_force),
    ]
}

/// What is wrong, line by line.
pub(super) fn mistakes(error: &PolicyError) -> impl Iterator<Item = String> {
    let lines = error.why.lines().take(MOST_MISTAKES);
    lines.map(|line| shown(line, MISTAKE))
}

#[cfg(test)]
mod tests;
