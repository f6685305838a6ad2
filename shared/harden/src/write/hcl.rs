//! Edits of HCL bodies and objects. Comments stay, and new lines look like their neighbours.

use std::ops::Range;

use super::{Edit, rename, value_of};
use crate::config::{Config, Item, Shape};
use crate::place::{
    begins_its_line, indent, is_blank, line_end, line_start, newline, skip_blanks, slice,
};
use crate::rules::Member;

/// What follows an argument on its line.
struct Tail {
    /// Behind the comma, where there is one, else behind the argument.
    end: usize,
    has_comma: bool,
    /// Where the next thing begins that is not blank: a comment, another argument, a brace, or the line's end.
    next: usize,
    ends_line: bool,
    is_comment: bool,
}

fn tail(text: &str, config: &Config, item: &Item) -> Tail {
    let at = item.at().end;
    let comma = skip_blanks(text, at);
    let has_comma =
        config.shape == Shape::Object && slice(text, comma..text.len()).starts_with(',');
    let end = if has_comma { comma + 1 } else { at };
    let next = skip_blanks(text, end);
    let rest = slice(text, next..line_end(text, next));
    Tail {
        end,
        has_comma,
        next,
        ends_line: is_blank(rest),
        is_comment: ["#", "//", "/*"]
            .iter()
            .any(|start| rest.starts_with(start)),
    }
}

/// Whether the whole line is this argument and perhaps a comment that ends with it.
fn has_its_own_line(text: &str, item: &Item, tail: &Tail) -> bool {
    let rest = slice(text, tail.next..line_end(text, tail.next)).trim_end();
    let comment_ends = match rest.strip_prefix("/*") {
        Some(inside) => inside.find("*/").is_some_and(|end| end + 2 == inside.len()),
        None => true,
    };
    begins_its_line(text, item.at().start) && (tail.ends_line || tail.is_comment) && comment_ends
}

/// A new argument behind another, on a line of its own where that one has it.
pub(super) fn add(
    text: &str,
    config: &Config,
    anchor: &Item,
    (name, value): (&str, &str),
) -> Vec<Edit> {
    let tail = tail(text, config, anchor);
    let nl = newline(text);
    if has_its_own_line(text, anchor, &tail) {
        let comma = if tail.has_comma { "," } else { "" };
        let line = format!(
            "{}{}{value}{comma}",
            indent(text, anchor.at().start),
            aligned(text, anchor, name)
        );
        let end = line_end(text, tail.next);
        let is_last = !slice(text, 0..end).ends_with('\n');
        return vec![Edit::insert(
            end,
            if is_last {
                format!("{nl}{line}")
            } else {
                format!("{line}{nl}")
            },
        )];
    }
    match config.shape {
        Shape::Object | Shape::Json => {
            vec![Edit::insert(anchor.at().end, format!(", {name} = {value}"))]
        }
        Shape::Body if begins_its_line(text, anchor.at().start) => {
            let line = format!(
                "{nl}{}{}{value}",
                indent(text, anchor.at().start),
                aligned(text, anchor, name)
            );
            vec![Edit::insert(anchor.at().end, line)]
        }
        // A block on one line can hold one argument only, so it gets lines. Comments beside the argument stay there.
        Shape::Body => {
            let outer = indent(text, config.start);
            let inner = format!("{nl}{outer}  ");
            let (start, end) = (anchor.at().start, anchor.at().end);
            let before = slice(text, config.inside.start..start).trim_start();
            let after = slice(text, end..config.inside.end).trim_end();
            vec![
                Edit::replace(config.inside.start..start, format!("{inner}{before}")),
                Edit::replace(
                    end..config.inside.end,
                    format!("{after}{inner}{name} = {value}{nl}{outer}"),
                ),
            ]
        }
    }
}

/// `name = `, with the equals sign below that of the neighbour where it fits.
fn aligned(text: &str, neighbour: &Item, name: &str) -> String {
    let between = slice(text, neighbour.name_at.end..neighbour.value_at.start);
    let blanks = between.split_once('=').map_or("", |(blanks, _)| blanks);
    let width = if is_blank(blanks) {
        neighbour.name_at.len() + blanks.len()
    } else {
        0
    };
    format!("{name:<width$}= ", width = width.max(name.len() + 1))
}

/// Arguments go, each as [`remove_one`] says. Neighbours on one line may both want the comma between them.
pub(super) fn remove(text: &str, config: &Config, gone: &[&Item]) -> Vec<Edit> {
    let each = gone.iter().map(|item| remove_one(text, config, item));
    let mut edits: Vec<Edit> = each.collect();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut merged: Vec<Edit> = Vec::new();
    for edit in edits {
        match merged.last_mut() {
            Some(last) if edit.range.start < last.range.end => {
                last.range.end = last.range.end.max(edit.range.end);
                last.range.start = without_comma(text, &last.range);
            }
            Some(_) | None => merged.push(edit),
        }
    }
    merged
}

/// Where a stretch at the end of an object begins with the comma before it.
fn without_comma(text: &str, range: &Range<usize>) -> usize {
    let closes = slice(text, skip_blanks(text, range.end)..text.len()).starts_with('}');
    let before = slice(text, 0..range.start).trim_end_matches([' ', '\t']);
    match before.strip_suffix(',') {
        Some(before) if closes => before.len(),
        Some(_) | None => range.start,
    }
}

/// The argument goes with its line; a comment on that line stays.
fn remove_one(text: &str, config: &Config, item: &Item) -> Edit {
    let tail = tail(text, config, item);
    let at = item.at();
    if begins_its_line(text, at.start) {
        if tail.ends_line {
            let start = line_start(text, at.start);
            let mark = slice(text, start..at.start).len()
                - slice(text, start..at.start)
                    .trim_start_matches('\u{feff}')
                    .len();
            return Edit::delete(start + mark..line_end(text, tail.next));
        }
        return Edit::delete(at.start..tail.next);
    }
    if tail.has_comma && !tail.ends_line {
        return Edit::delete(at.start..tail.next);
    }
    // The last one of its line: the comma before it goes too, where nothing else stands between.
    let before = config
        .items
        .iter()
        .rfind(|other| other.at().end <= at.start);
    let start = before.map(|other| other.at().end).filter(|end| {
        let between = slice(text, *end..at.start);
        !tail.has_comma && between.trim() == "," && !between.contains('\n')
    });
    let closes = slice(text, tail.next..text.len()).starts_with('}');
    let end = if start.is_none() && closes {
        tail.next
    } else {
        tail.end
    };
    Edit::delete(start.unwrap_or(at.start)..end)
}

/// Puts arguments into an object: around them where they stand together, else where the first one stood. `more` is one
/// that goes as well.
pub(super) fn group(
    text: &str,
    config: &Config,
    name: &str,
    (members, more): (&[Member], Option<&Item>),
) -> Vec<Edit> {
    let (Some(first), Some(last)) = (members.first(), members.last()) else {
        return Vec::new();
    };
    let between = config.items.iter().filter(|item| {
        item.at().start >= first.item.at().start && item.at().end <= last.item.at().end
    });
    let own_lines = members
        .iter()
        .all(|member| has_its_own_line(text, &member.item, &tail(text, config, &member.item)));
    if own_lines && between.count() == members.len() {
        let mut edits = wrap(text, config, name, members);
        edits.extend(more.map(|item| remove_one(text, config, item)));
        edits
    } else {
        gather(text, config, name, (members, more))
    }
}

fn wrap(text: &str, config: &Config, name: &str, members: &[Member]) -> Vec<Edit> {
    let (Some(first), Some(last)) = (members.first(), members.last()) else {
        return Vec::new();
    };
    let nl = newline(text);
    let start = first.item.at().start;
    let blanks = indent(text, start);
    let tail = tail(text, config, &last.item);
    let end = line_end(text, tail.next);
    let mut edits = vec![Edit::insert(start, format!("{name} = {{{nl}{blanks}  "))];
    // The lines of a heredoc are its value and stay where they are.
    let is_value = |offset: usize| {
        members
            .iter()
            .any(|member| member.item.value_at.start < offset && offset <= member.item.value_at.end)
    };
    let mut line = line_end(text, start);
    while line < end {
        if !is_value(line) && !is_blank(slice(text, line..line_end(text, line))) {
            edits.push(Edit::insert(line, "  "));
        }
        line = line_end(text, line);
    }
    for member in members {
        if member.item.name != member.name {
            edits.push(rename(text, &member.item, member.name));
        }
        if let Some(value) = &member.value {
            edits.push(Edit::replace(member.item.value_at.clone(), value));
        }
    }
    let comma = if tail.has_comma { "," } else { "" };
    let ends_text = !slice(text, 0..end).ends_with('\n');
    edits.push(Edit::insert(
        end,
        if ends_text {
            format!("{nl}{blanks}}}")
        } else {
            format!("{blanks}}}{comma}{nl}")
        },
    ));
    merge_insertions(edits)
}

/// Two pieces for one place become one piece, in their order.
fn merge_insertions(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut merged: Vec<Edit> = Vec::new();
    for edit in edits {
        match merged.last_mut() {
            Some(last) if last.range.end == edit.range.start && last.range.is_empty() => {
                last.range.end = edit.range.end;
                last.text.push_str(&edit.text);
            }
            Some(_) | None => merged.push(edit),
        }
    }
    merged
}

fn gather(
    text: &str,
    config: &Config,
    name: &str,
    (members, more): (&[Member], Option<&Item>),
) -> Vec<Edit> {
    let Some((first, others)) = members.split_first() else {
        return Vec::new();
    };
    let in_lines = begins_its_line(text, first.item.at().start);
    let (nl, blanks) = (newline(text), indent(text, first.item.at().start));
    let pairs = members
        .iter()
        .map(|member| format!("{} = {}", member.name, value_of(text, member)));
    let object = if in_lines {
        let lines: String = pairs.map(|pair| format!("{blanks}  {pair}{nl}")).collect();
        format!("{name} = {{{nl}{lines}{blanks}}}")
    } else {
        format!("{name} = {{ {} }}", pairs.collect::<Vec<_>>().join(", "))
    };
    let gone: Vec<&Item> = others
        .iter()
        .map(|member| &member.item)
        .chain(more)
        .collect();
    let mut edits = vec![Edit::replace(first.item.at(), object)];
    edits.extend(remove(text, config, &gone));
    edits
}
