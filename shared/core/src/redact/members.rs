//! Secrets in a map or a list that is named like secrets: `passwords = { db = "…" }`, and YAML's lines below a name.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Found;
use super::kind::Kind;
use super::names;
use super::pattern::compiled;
use super::tie::Tie;
use super::value_text::{self, Form, Value};
use super::values;

/// A map is not read further (bytes).
const LONGEST: usize = 8 * 1024;

/// What the name above the members says.
#[derive(Clone, Copy)]
pub(super) struct Above {
    pub(super) kind: Kind,
    /// Where the name begins.
    pub(super) name: usize,
    /// Whether it names several secrets, so that each member is one.
    pub(super) is_collection: bool,
}

/// The secrets among the members that begin at `start`, behind the sign of assignment; and where the members end. `None` where
/// there is no map and no list below.
pub(super) fn find(
    text: &str,
    start: usize,
    above: Above,
    found: &mut Vec<Found>,
) -> Option<usize> {
    let rest = text.get(start..value_text::floor(text, start + LONGEST))?;
    if rest.starts_with('{') && !rest.starts_with("{{") {
        let inside = start..start + closing(rest);
        of_map(text, inside.clone(), above, found);
        return Some(inside.end);
    }
    let is_line_end = rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
    is_line_end.then(|| of_lines(text, start..start + rest.len(), above, found))
}

/// The length up to the bracket that closes the first one. Brackets in quotes count for nothing.
fn closing(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut is_escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            _ if is_escaped => is_escaped = false,
            (_, b'\\') => is_escaped = true,
            (Some(open), byte) if byte == open => quote = None,
            (None, b'"') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') => depth = depth.saturating_sub(1),
            (Some(_) | None, _) => {}
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// `name = value`, `"name": value`, on one line or several.
fn of_map(text: &str, inside: Range<usize>, above: Above, found: &mut Vec<Found>) {
    static MEMBER: LazyLock<Regex> =
        LazyLock::new(|| compiled(r#"["']?([A-Za-z0-9_.@/-]{1,80})["']?[ \t]*(?:=>|[=:])[ \t]*"#));
    let mut at = inside.start;
    while let Some(member) = text
        .get(..inside.end)
        .and_then(|text| MEMBER.captures_at(text, at))
    {
        at = member.get_match().end();
        let name = member.get(1).map_or("", |name| name.as_str());
        for value in value_text::read(text, at, Tie::Equals { spaced: true }) {
            if value.range.end > inside.end {
                continue;
            }
            at = at.max(value.range.end);
            hide(text, name, value, above, found);
        }
    }
}

/// The lines below a name of YAML that stand further in; a list may stand at its column.
fn of_lines(text: &str, rest: Range<usize>, above: Above, found: &mut Vec<Found>) -> usize {
    static MEMBER: LazyLock<Regex> = LazyLock::new(|| {
        compiled(r#"\A[ \t]*(?:-[ \t]+)?(?:["']?([A-Za-z0-9_.@/-]{1,80})["']?:[ \t]+)?"#)
    });
    let line_start = text
        .get(..above.name)
        .and_then(|text| text.rfind('\n'))
        .map_or(0, |at| at + 1);
    let column = above.name - line_start;
    let lines = text.get(rest.clone()).unwrap_or_default();
    let mut at = rest.start;
    for (index, line) in lines.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        if index == 0 {
            continue;
        }
        let Some(inner) = line.get(column..).filter(|inner| is_member(inner)) else {
            return start;
        };
        let Some(member) = MEMBER.captures(inner) else {
            continue;
        };
        let name = member.get(1).map_or("value", |name| name.as_str());
        let is_item = member.get_match().as_str().trim_start().starts_with('-');
        let is_lone = member.get(1).is_none() && !is_item;
        let value_start = start + column + member.get_match().end();
        for value in value_text::read(text, value_start, Tie::Colon { spaced: true }) {
            if value.range.end <= at && !(is_lone && value.has_words) {
                hide(text, name, value, above, found);
            }
        }
    }
    at
}

fn is_member(line: &str) -> bool {
    line.starts_with([' ', '\t']) && !line.trim().is_empty() || line.starts_with("- ")
}

fn hide(text: &str, name: &str, value: Value, above: Above, found: &mut Vec<Found>) {
    let said = text.get(value.range.clone()).unwrap_or_default();
    let is_bare = value.form == Form::Bare;
    let is_sought = if above.is_collection {
        !(names::is_property(name) || is_bare && said.ends_with(':'))
    } else {
        matches!(
            name,
            "value" | "plain" | "plaintext" | "data" | "stringData" | "text" | "default"
        ) && !said.ends_with(':')
    };
    let is_nothing = values::is_trivial(said)
        || is_bare && values::is_expression(said)
        || said.len() <= 3 && said.bytes().all(|byte| byte.is_ascii_digit());
    if is_sought && !is_nothing {
        let range = if value.has_words {
            value.line
        } else {
            value.range
        };
        found.push(Found::new(above.kind, text, range));
    }
}
