//! Where a value begins and ends in the ways people write one: quoted, bare, in a block, in a list.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern::compiled;
use super::tie::Tie;

/// A value is never longer; a quote that does not close must not swallow a log.
const LONGEST: usize = 64 * 1024;

/// Nor is one of several words, without quotes.
const LONGEST_PHRASE: usize = 300;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// In quotes, without them.
    Quoted,
    /// Up to the next space or what else ends it.
    Bare,
    /// A heredoc or a block of YAML, without its first line.
    Block,
}

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) range: Range<usize>,
    pub(super) form: Form,
    /// The value and the words that follow it on its line, without a comment. The same as `range` unless it is bare.
    pub(super) line: Range<usize>,
    /// Whether such words follow.
    pub(super) has_words: bool,
}

impl Value {
    fn new(form: Form, range: Range<usize>) -> Self {
        Self {
            line: range.clone(),
            range,
            form,
            has_words: false,
        }
    }
}

/// The values that begin at `start`: one, both sides of `"old" -> "new"`, or the members of a list.
pub(super) fn read(text: &str, start: usize, tie: Tie) -> Vec<Value> {
    static ARROW: LazyLock<Regex> = LazyLock::new(|| compiled(r#"\A["'`]?[ \t]*(?:->|=>)[ \t]*"#));
    let mut values = Vec::new();
    let mut at = start;
    loop {
        let read = one_or_list(text, at, tie);
        let Some(last) = read.last().map(|value| value.range.end) else {
            return values;
        };
        values.extend(read);
        // A plan shows a change as `"old" -> "new"` (Terraform 0.12 and later) or `"old" => "new"` (before).
        let Some(arrow) = text.get(last..).and_then(|rest| ARROW.find(rest)) else {
            return values;
        };
        at = last + arrow.end();
    }
}

fn one_or_list(text: &str, at: usize, tie: Tie) -> Vec<Value> {
    static CALL: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"\A(?:\[|(?:sensitive|nonsensitive|base64encode|trimspace|chomp|tostring|coalesce|try)\()[ \t]*",
        )
    });
    static MEMBER: LazyLock<Regex> = LazyLock::new(|| compiled(r#"\A[\s,]*["']"#));
    let Some(rest) = text.get(at..) else {
        return Vec::new();
    };
    let Some(open) = CALL.find(rest) else {
        return one(text, at, tie).into_iter().collect();
    };
    let mut values = Vec::new();
    let mut at = at + open.end();
    while let Some(member) = text.get(at..).and_then(|rest| MEMBER.find(rest)) {
        let Some(value) = quoted(text, at + member.end() - 1) else {
            break;
        };
        at = (value.range.end + 1).min(text.len());
        values.push(value);
    }
    if values.is_empty() {
        values.extend(bare(text, at, tie));
    }
    values
}

fn one(text: &str, at: usize, tie: Tie) -> Option<Value> {
    let rest = text.get(at..)?;
    match rest.chars().next()? {
        '"' | '\'' | '`' => quoted(text, at),
        '<' if rest.starts_with("<<") => heredoc(text, at),
        '|' | '>' if matches!(tie, Tie::Colon { .. }) => yaml_block(text, at),
        _ => bare(text, at, tie),
    }
}

/// The text between the quote at `at` and the next of its kind that is not escaped.
fn quoted(text: &str, at: usize) -> Option<Value> {
    let rest = text.get(at..)?;
    let quote = rest.chars().next()?;
    let opening = if rest.starts_with(r#"""""#) { 3 } else { 1 };
    let start = at + opening;
    let inside = text.get(start..floor(text, start + LONGEST))?;
    let mut is_escaped = false;
    let mut line_end = None;
    let mut end = inside.len();
    for (index, character) in inside.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if character == '\\' {
            is_escaped = true;
        } else if character == quote {
            end = index;
            break;
        } else if character == '\n' && opening == 1 {
            line_end = line_end.or(Some(index));
            // Only a secret that was wrapped goes on: a line of nothing but its characters.
            if !goes_on(inside.get(index + 1..).unwrap_or_default(), quote) {
                end = index;
                break;
            }
        }
    }
    let value = inside.get(..end)?.trim_end_matches('\r');
    Some(Value::new(Form::Quoted, start..start + value.len()))
}

/// Whether the line that `rest` begins with can be more of a wrapped secret.
fn goes_on(rest: &str, quote: char) -> bool {
    let line = rest.lines().next().unwrap_or_default().trim();
    let line = line.split(quote).next().unwrap_or_default();
    line.len() >= 4
        && line
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_'))
}

/// The largest place in `text` up to `at` where a character begins.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// HCL's and the shell's `<<EOT`: the lines up to the one that ends in the tag; to the end of a text that was cut off.
fn heredoc(text: &str, at: usize) -> Option<Value> {
    static OPENING: LazyLock<Regex> =
        LazyLock::new(|| compiled(r#"\A<<[-~]?["']?([A-Za-z_][A-Za-z0-9_]*)["']?[^\n]*\n"#));
    let rest = text.get(at..floor(text, at + LONGEST))?;
    let opening = OPENING.captures(rest)?;
    let tag = opening.get(1)?.as_str();
    let start = opening.get_match().end();
    let mut end = start;
    for line in rest.get(start..)?.split_inclusive('\n') {
        if line.split_whitespace().next_back() == Some(tag) {
            break;
        }
        end += line.len();
    }
    block(text, at + start, at + end)
}

/// `name: |` and `name: >-`: the lines below that are indented more than the name. All lines have the same prefix, if any, so
/// it is enough to look at the column of the name.
fn yaml_block(text: &str, at: usize) -> Option<Value> {
    static OPENING: LazyLock<Regex> = LazyLock::new(|| compiled(r"\A[|>][+-]?[0-9]?[ \t]*\r?\n"));
    let rest = text.get(at..floor(text, at + LONGEST))?;
    let start = OPENING.find(rest)?.end();
    let line = text.get(..at)?.rsplit('\n').next()?.trim_end();
    let name = line.split_whitespace().next_back()?;
    let column = line.len() - name.len();
    let mut end = start;
    let mut length = start;
    for line in rest.get(start..)?.split_inclusive('\n') {
        length += line.len();
        match line.trim_end().as_bytes().get(column) {
            Some(b' ' | b'\t') => end = length,
            Some(_) => break,
            // An empty line in the block, or behind it.
            None => {}
        }
    }
    block(text, at + start, at + end)
}

/// The lines from `start` to `end` without the space around them.
fn block(text: &str, start: usize, end: usize) -> Option<Value> {
    let lines = text.get(start..end)?;
    let start = start + (lines.len() - lines.trim_start().len());
    Some(Value::new(Form::Block, start..start + lines.trim().len()))
}

/// The text up to the next space, or to what shows that something else begins.
fn bare(text: &str, at: usize, tie: Tie) -> Option<Value> {
    // A quote or a bracket ends a value only where something that follows a value comes behind it.
    static END: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r#"\s|["'`](?:[\s,;:)}\]\\]|\z)|[;&,][A-Za-z0-9_.-]+ ?=|,["']|[;,]["')}\]]*(?:\s|\z)|\z"#,
        )
    });
    static ESCAPED_END: LazyLock<Regex> =
        LazyLock::new(|| compiled(r#"[\s"]|\\+(?:[nrt"]|u00)|[;&,][A-Za-z0-9_.-]+ ?=|\z"#));
    static TAG_END: LazyLock<Regex> = LazyLock::new(|| compiled(r"<|\z"));
    static CELL_END: LazyLock<Regex> = LazyLock::new(|| compiled(r"[ \t]*(?:\||\n|\z)"));
    let rest = text.get(at..floor(text, at + LONGEST))?;
    if is_no_bare_value(rest) {
        return None;
    }
    let end = match tie {
        Tie::Tag => &TAG_END,
        Tie::Cell => &CELL_END,
        Tie::Equals { .. } | Tie::Colon { .. } | Tie::Flag | Tie::Phrase | Tie::Loose
            if is_in_json(text, at) =>
        {
            &ESCAPED_END
        }
        Tie::Equals { .. } | Tie::Colon { .. } | Tie::Flag | Tie::Phrase | Tie::Loose => &END,
    };
    let mut end = end.find(rest)?.start();
    if tie != Tie::Tag {
        end = rest.get(..end)?.trim_end_matches([')', '}', ']']).len();
    }
    let words = words_behind(rest.get(end..)?);
    (end > 0).then_some(Value {
        range: at..at + end,
        line: at..at + end + words,
        form: Form::Bare,
        has_words: words > 0,
    })
}

/// The length of the words up to the end of the line or to a comment.
fn words_behind(rest: &str) -> usize {
    let rest = rest.get(..floor(rest, LONGEST_PHRASE)).unwrap_or_default();
    static WORDS: LazyLock<Regex> =
        LazyLock::new(|| compiled(r#"\A(?:[ \t]+[^\s#|"'<>=][^\s|"'<>=]*)+"#));
    WORDS.find(rest).map_or(0, |words| words.end())
}

/// `{` that begins an object, and a quote in disguise, which the next view shows as a quote.
fn is_no_bare_value(rest: &str) -> bool {
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r#"\A(?:\{(?:\s|["'}]|\z|[A-Za-z_]+ ?[=:])|&(?:quot|#34|#[xX]22|apos|#39|#[xX]27);)"#,
        )
    });
    OTHER.is_match(rest)
}

/// Whether the text near `at` is the inside of a JSON string, where `\n` ends a line.
fn is_in_json(text: &str, at: usize) -> bool {
    let near = text.get(floor(text, at.saturating_sub(300))..at);
    let line = near.and_then(|near| near.rsplit('\n').next());
    line.is_some_and(|line| {
        ["\":", "\\\"", "\\n"]
            .iter()
            .any(|sign| line.contains(sign))
    })
}
