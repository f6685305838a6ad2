//! The change as a unified diff that `patch` applies and that shows no secret.
//!
//! A diff has to show what it removes, and a secret must not be shown. So lines with a secret that the rewritten file
//! changes are deleted first, by a command that names line numbers only, and the diff applies to what is left. Lines with
//! a secret that stay as they are (in a `provider` block, for example) are never shown as context. A comment can lose its
//! secret without any effect, so its line is deleted as well, and the diff adds it again with the placeholder.

use std::collections::BTreeSet;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Lines around a change, as `diff -u` shows them.
const CONTEXT: usize = 3;

/// A diff and what has to be done before it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Diff {
    /// Empty where nothing changes.
    pub(crate) text: String,
    /// Numbers of the lines to delete from the user's file first, from 1.
    pub(crate) secret_lines: Vec<usize>,
}

/// Compares the user's text with the rewritten one. The second text is the user's with its secrets replaced: line by line
/// the same, but for those that hold a secret. Where all secrets of a line are in comments, the line is replaced as well.
pub(crate) fn between(
    (text, clean, hardened): (&str, &str, &str),
    in_comments: &BTreeSet<usize>,
    file: &str,
) -> Diff {
    let original: Vec<&str> = text.split_inclusive('\n').collect();
    let old: Vec<&str> = clean.split_inclusive('\n').collect();
    let new: Vec<&str> = hardened.split_inclusive('\n').collect();
    let is_secret = |line: usize| original.get(line) != old.get(line);
    let operations = capture_diff_slices(Algorithm::Myers, &old, &new);

    let changed = operations
        .iter()
        .filter(|operation| !matches!(operation, DiffOp::Equal { .. }));
    let deleted: BTreeSet<usize> = changed
        .flat_map(DiffOp::old_range)
        .filter(|line| is_secret(*line))
        .chain(in_comments.iter().copied())
        .collect();
    let mut lines = Vec::new();
    for operation in &operations {
        if let DiffOp::Equal { .. } = operation {
            let kept = operation
                .old_range()
                .filter_map(|line| Some((line, *old.get(line)?)));
            lines.extend(kept.map(|(line, text)| Line {
                sign: if in_comments.contains(&line) {
                    '+'
                } else {
                    ' '
                },
                text,
                is_shown: in_comments.contains(&line) || !is_secret(line),
            }));
        } else {
            let gone = operation
                .old_range()
                .filter(|line| !deleted.contains(line))
                .filter_map(|line| old.get(line));
            lines.extend(gone.map(|text| Line {
                sign: '-',
                text,
                is_shown: true,
            }));
            let added = operation.new_range().filter_map(|line| new.get(line));
            lines.extend(added.map(|text| Line {
                sign: '+',
                text,
                is_shown: true,
            }));
        }
    }
    let secret_lines: Vec<usize> = deleted.into_iter().map(|line| line + 1).collect();
    let hunks = hunks(&lines);
    if hunks.is_empty() && secret_lines.is_empty() {
        return Diff::default();
    }
    Diff {
        text: format!("{}{hunks}", header(&secret_lines, file, hunks.is_empty())),
        secret_lines,
    }
}

struct Line<'a> {
    sign: char,
    text: &'a str,
    is_shown: bool,
}

/// What to do with the diff. `patch` skips over it.
fn header(secret_lines: &[usize], file: &str, is_all: bool) -> String {
    let delete = delete_lines(secret_lines, file);
    let names = format!("--- a/{file}\n+++ b/{file}\n");
    if is_all {
        format!(
            "# Lines with secrets are not shown. Deleting them is all that changes:\n#   {delete}\n"
        )
    } else if secret_lines.is_empty() {
        format!("# Apply with: patch {file} hardening.diff\n{names}")
    } else {
        format!(
            "# Lines with secrets are not in this diff. Delete them first, then apply it:\n#   {delete}\n\
             #   patch {file} hardening.diff\n{names}"
        )
    }
}

/// A command that deletes these lines, for any POSIX shell. It leaves no copy with the secrets behind.
fn delete_lines(lines: &[usize], file: &str) -> String {
    let each: Vec<String> = lines.iter().map(|line| format!("{line}d")).collect();
    format!(
        "sed '{}' {file} > {file}.new && mv {file}.new {file}",
        each.join(";")
    )
}

/// The changes with their context. Changes whose contexts touch share a hunk.
fn hunks(lines: &[Line<'_>]) -> String {
    let mut text = String::new();
    let (mut old, mut new, mut index) = (1, 1, 0);
    while index < lines.len() {
        let Some((start, end)) = next_hunk(lines, index) else {
            break;
        };
        for line in lines.get(index..start).unwrap_or_default() {
            old += usize::from(line.sign != '+');
            new += usize::from(line.sign != '-');
        }
        let hunk = lines.get(start..end).unwrap_or_default();
        let removed = hunk.iter().filter(|line| line.sign != '+').count();
        let added = hunk.iter().filter(|line| line.sign != '-').count();
        // A side without lines is numbered by the line before it.
        let from = if removed == 0 { old - 1 } else { old };
        let to = if added == 0 { new - 1 } else { new };
        text.push_str(&format!("@@ -{from},{removed} +{to},{added} @@\n"));
        for line in hunk {
            text.push(line.sign);
            text.push_str(line.text);
            if !line.text.ends_with('\n') {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
        old += removed;
        new += added;
        index = end;
    }
    text
}

/// From where to where the next hunk goes.
fn next_hunk(lines: &[Line<'_>], from: usize) -> Option<(usize, usize)> {
    let is_change = |index: usize| lines.get(index).is_some_and(|line| line.sign != ' ');
    let is_context = |index: usize| {
        lines
            .get(index)
            .is_some_and(|line| line.sign == ' ' && line.is_shown)
    };
    let first = (from..lines.len()).find(|index| is_change(*index))?;
    let mut last = first;
    loop {
        let next = (last + 1..lines.len()).find(|index| is_change(*index));
        // With no more context between them than each would show, they are one hunk.
        match next
            .filter(|next| next - last <= 2 * CONTEXT + 1 && (last + 1..*next).all(is_context))
        {
            Some(next) => last = next,
            None => break,
        }
    }
    let before = (1..=CONTEXT)
        .take_while(|step| first >= from + step && is_context(first - step))
        .count();
    let after = (1..=CONTEXT)
        .take_while(|step| is_context(last + step))
        .count();
    // With more context on one side, `patch` takes the other side for an end of the file; so it has to be one.
    let at_end = last + 1 + after == lines.len();
    let before = if at_end { before } else { before.min(after) };
    let at_start = before == first;
    let after = if at_start { after } else { after.min(before) };
    Some((first - before, last + 1 + after))
}
