//! How the lines of an error lie on the page: what all of them share says nothing, how wide they are says where they were cut.

use super::collect::Line;
use super::{digest, fields, heads};

/// The text under every lock error goes on for so many lines behind its first.
const MOST_BELOW: usize = 3;

/// Lines without what was done to all of them: an indentation, the marks of a diff, blank lines in between.
pub(super) fn plain(lines: &[Line]) -> Vec<Line> {
    let unmarked = without_diff_marks(&levelled(lines.to_vec()));
    levelled(single_spaced(&unmarked))
}

/// Without the `-` that makes lines red in a fenced block of a diff, or another of its marks. A line that begins with one is nothing
/// special; an error of which every line does is.
fn without_diff_marks(lines: &[Line]) -> Vec<Line> {
    let past_mark = |line: &Line| {
        let rest = line.text.strip_prefix(['-', '+', '!'])?;
        let is_alone = rest.is_empty() || rest.starts_with([' ', '\t']);
        is_alone.then(|| rest.strip_prefix(' ').unwrap_or(rest).to_owned())
    };
    let is_blank = |line: &Line| line.text.trim().is_empty();
    let marked = |line: &&Line| is_blank(line) || past_mark(line).is_some();
    let count = lines.iter().take_while(marked).count();
    let (of_diff, rest) = lines.split_at(count);
    if of_diff.iter().filter(|line| !is_blank(line)).count() < 3 {
        return lines.to_vec();
    }
    let unmarked = of_diff.iter().map(|line| Line {
        text: past_mark(line).unwrap_or_default(),
        width: line.width,
    });
    unmarked.chain(rest.iter().cloned()).collect()
}

/// Some ways to copy text put a blank line after every line. Blank lines mean nothing then.
fn single_spaced(lines: &[Line]) -> Vec<Line> {
    let is_blank = |line: &Line| line.text.trim().is_empty();
    let pairs = lines
        .iter()
        .zip(lines.iter().skip(1))
        .take(last_known(lines));
    let texts = pairs.clone().filter(|(line, _)| !is_blank(line)).count();
    let spaced = pairs
        .filter(|(line, next)| !is_blank(line) && is_blank(next))
        .count();
    if texts < 3 || spaced * 4 < texts * 3 {
        return lines.to_vec();
    }
    let mut kept = Vec::new();
    let mut was_text = false;
    for line in lines {
        let is_filler = was_text && is_blank(line);
        was_text = !is_blank(line);
        if !is_filler {
            kept.push(line.clone());
        }
    }
    kept
}

/// The last line that certainly belongs to the error.
fn last_known(lines: &[Line]) -> usize {
    let is_advice = |line: &Line| digest::is_advice(heads::unmarked(&line.text));
    let is_known = |line: &Line| {
        let text = heads::unmarked(&line.text);
        fields::label(text).is_some() || heads::is_boilerplate(text) || is_advice(line)
    };
    let Some(last) = lines.iter().rposition(is_known) else {
        return lines.len();
    };
    if !lines.get(last).is_some_and(is_advice) {
        return last;
    }
    // What is advised stands at the end of the paragraph.
    let rest = lines.get(last..).unwrap_or_default();
    let more = rest.iter().take_while(|line| !line.text.trim().is_empty());
    last + more.count().saturating_sub(1)
}

/// The width that the text was broken to, if it was. A word that fits nowhere says nothing about it, and neither do the
/// lines of a log that goes on behind the error.
pub(super) fn widest(lines: &[Line]) -> usize {
    let last = last_known(lines);
    // The text under a lock, or about a digest, is of the same width. What comes after may be another log's.
    let is_block = lines
        .get(last)
        .is_some_and(|line| fields::label(&line.text).is_some());
    let more = if is_block { 0 } else { MOST_BELOW };
    let is_of_error = |(at, line): &(usize, &Line)| {
        *at <= last || *at <= last + more && !line.text.trim().is_empty()
    };
    let has_room = |line: &&Line| line.text.trim().contains(char::is_whitespace);
    let of_error = lines
        .iter()
        .enumerate()
        .take_while(is_of_error)
        .map(|(_, line)| line);
    let widths = of_error.filter(has_room).map(|line| line.width);
    widths.max().unwrap_or_default()
}

/// Without the indentation that all lines of the error share. A log that goes on behind it has another one.
fn levelled(mut lines: Vec<Line>) -> Vec<Line> {
    let indentation = |line: &Line| line.text.len() - line.text.trim_start().len();
    let of_error = lines.iter().take(last_known(&lines) + 1);
    let texts = of_error.filter(|line| !line.text.trim().is_empty());
    let shared = texts.map(indentation).min().unwrap_or_default();
    for line in &mut lines {
        let own = shared.min(indentation(line));
        line.text = line.text.get(own..).unwrap_or_default().to_owned();
    }
    lines
}
