//! What is said about secrets that no rule removes.

use std::collections::BTreeSet;
use std::ops::Range;

use super::PLACEHOLDER;
use crate::finding::{Finding, Severity};
use crate::place::Lines;
use crate::stretches::Stretches;

/// Lines outside of the backends that each get a finding; more are counted.
const MOST_FILE_FINDINGS: usize = 50;

/// The lines (from 0) that hold secrets in comments and nowhere else. No secret's place goes over the end of a line.
pub(crate) fn lines_of_comments(
    text: &str,
    secrets: &[Range<usize>],
    stretches: &Stretches,
) -> BTreeSet<usize> {
    let lines = Lines::of(text);
    let (inside, outside): (Vec<_>, Vec<_>) =
        secrets.iter().partition(|at| stretches.is_comment(at));
    let numbers = |places: Vec<&Range<usize>>| -> BTreeSet<usize> {
        places.iter().map(|at| lines.of_offset(at.start)).collect()
    };
    &numbers(inside) - &numbers(outside)
}

/// Secrets that the rewritten file shows as placeholders, since no rule removes them: those in comments, and those that are
/// not the backend's.
pub(crate) fn findings(
    (text, clean, hardened): (&str, &str, &str),
    in_comments: &BTreeSet<usize>,
) -> Vec<Finding> {
    if !hardened.contains(PLACEHOLDER) {
        return Vec::new();
    }
    let kept: BTreeSet<&str> = hardened.split('\n').map(str::trim).collect();
    let pairs = text.split('\n').zip(clean.split('\n')).enumerate();
    let lines = pairs.filter(|(_, (old, new))| old != new);
    let mut findings = lines.filter_map(|(index, (_, new))| {
        if in_comments.contains(&index) {
            Some(in_comment(index + 1))
        } else {
            kept.contains(new.trim()).then(|| in_code(index + 1))
        }
    });
    let mut told: Vec<Finding> = findings.by_ref().take(MOST_FILE_FINDINGS).collect();
    if let Some(next) = findings.next() {
        let more = findings.count() + 1;
        let message = format!(
            "{}; so it is with {more} lines from this one on",
            next.message
        );
        told.push(Finding { message, ..next });
    }
    told
}

fn in_comment(line: usize) -> Finding {
    Finding {
        rule: "secret-in-comment",
        severity: Severity::Medium,
        message: "a secret, or something that looks like one, is in a comment on this line"
            .to_owned(),
        change: format!(
            "the comment has `{PLACEHOLDER}` in its place: delete the line first, the diff brings it back so. Treat the secret as known to others"
        ),
        line,
    }
}

fn in_code(line: usize) -> Finding {
    Finding {
        rule: "secret-in-file",
        severity: Severity::Medium,
        message: "a secret, or something that looks like one, is on this line".to_owned(),
        change: format!(
            "shown as `{PLACEHOLDER}` and left alone by the diff; move it out of the file and treat it as known to others"
        ),
        line,
    }
}
