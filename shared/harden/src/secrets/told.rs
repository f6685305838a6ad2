//! What is said about secrets that no rule removes.

use std::collections::BTreeSet;
use std::ops::Range;

use super::PLACEHOLDER;
use crate::finding::{Finding, Severity};
use crate::place::Lines;
use crate::stretches::Stretches;

/// Lines outside of the backends that each get a finding; more are counted.
const MOST_FILE_FINDINGS: usize = 50;

/// The lines (from 0) that hold secrets in comments and nowhere else.
pub(crate) fn lines_of_comments(
    (text, clean): (&str, &str),
    secrets: &[Range<usize>],
    stretches: &Stretches,
) -> BTreeSet<usize> {
    let lines = Lines::of(text);
    let (mut inside, mut outside) = (BTreeSet::new(), BTreeSet::new());
    for at in secrets {
        let touched = lines.of_offset(at.start)..=lines.of_offset(at.end.saturating_sub(1));
        let is_comment = stretches.is_comment(at);
        (if is_comment {
            &mut inside
        } else {
            &mut outside
        })
        .extend(touched);
    }
    let pairs = text.split('\n').zip(clean.split('\n')).enumerate();
    let changed = pairs
        .filter(|(_, (old, new))| old != new)
        .map(|(index, _)| index);
    changed
        .filter(|line| inside.contains(line) && !outside.contains(line))
        .collect()
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
