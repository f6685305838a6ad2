//! The lines of a text without what a CI, a terminal or a program that writes JSON has put around each of them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern::compiled;
use crate::paste;

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// All of it, without its end.
    pub(super) range: Range<usize>,
    /// What is left without prefixes and frames.
    pub(super) content: Range<usize>,
    /// Whether the line is an object of JSON that a program has put around the content.
    pub(super) is_object: bool,
    /// How many columns the content has.
    pub(super) width: usize,
    /// How many characters all of it has: a terminal breaks a line as it is, with its escapes.
    pub(super) whole: usize,
}

impl Line {
    /// The line of `text` below `above`: where nothing stands in front of that one, what looks like a margin is none; nor is
    /// the second half of an arrow a mark of a quotation.
    pub(super) fn beside(&self, text: &str, above: &Self) -> Self {
        let mut line = self.clone();
        if !above.has_margin() && !above.is_object {
            line.content = self.range.clone();
            line.width = self.whole;
            return line;
        }
        let margin = |line: &Self| text.get(line.range.start..line.content.start);
        let [upper, lower] = [above, self].map(|line| margin(line).unwrap_or_default());
        let more = lower.strip_prefix(upper).unwrap_or(lower);
        if more.trim() == ">" {
            line.content.start -= more.len();
            line.width += more.len();
        }
        line
    }

    /// Whether something was put in front of the line.
    pub(super) fn has_margin(&self) -> bool {
        self.content.start > self.range.start
    }
}

/// The lines of `text`.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let (content, is_object) = content(line);
        lines.push(Line {
            is_object,
            range: start..start + line.len(),
            width: columns(line.get(content.clone()).unwrap_or_default()),
            whole: line.chars().count(),
            content: start + content.start..start + content.end,
        });
    }
    lines
}

/// What is left of one line, and whether it was the message of an object.
fn content(line: &str) -> (Range<usize>, bool) {
    let mut start = paste::margin(line);
    let mut end = line.len();
    let message = message(line.get(start..end).unwrap_or_default());
    let is_object = message.is_some();
    if let Some(message) = message {
        end = start + message.end;
        start += message.start;
        start += paste::margin(line.get(start..end).unwrap_or_default());
    }
    let content = line.get(start..end).unwrap_or_default();
    if start > 0 {
        let open = content.trim_end();
        let inside = open.trim_end_matches(['│', '┃', '║', '|']);
        if inside.len() < open.len() {
            end = start + inside.trim_end().len();
        }
    }
    (start..end.max(start), is_object)
}

/// The text in `{"log":"…\n","stream":"stderr"}`, where a program writes each line as an object.
fn message(line: &str) -> Option<Range<usize>> {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r#"\A\{(?:"[^"\\]{1,40}":(?:"[^"\\]{0,80}"|[0-9.]+|true|false|null),){0,8}"(?:log|line|text|body|output|message|msg|@message)":[ ]?""#,
        )
    });
    static TAIL: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r#"\A"(?:,"[^"\\]{1,40}":(?:"[^"\\]{0,80}"|[0-9.]+|true|false|null)){0,8}\}[\s,]*\z"#,
        )
    });
    if !line.starts_with("{\"") {
        return None;
    }
    let start = HEAD.find(line)?.end();
    let mut is_escaped = false;
    let end = line.get(start..)?.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })?;
    if !TAIL.is_match(line.get(start + end..)?) {
        return None;
    }
    let message = line.get(start..start + end)?;
    let message = message.trim_end_matches("\\n").trim_end_matches("\\r");
    Some(start..start + message.len())
}

/// How wide a text is. An escape of JSON was one character when the line was broken.
fn columns(text: &str) -> usize {
    let mut columns = 0;
    let mut is_escaped = false;
    for character in text.chars() {
        is_escaped = character == '\\' && !is_escaped;
        columns += usize::from(!is_escaped);
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_around_a_line_is_no_part_of_it() {
        for (line, content) in [
            ("  a = b", "  a = b"),
            ("2024-01-15T03:42:11.1234567Z a = b", "a = b"),
            ("│   a = b", "  a = b"),
            ("│ a = b   │", "a = b"),
            ("> > a", "a"),
            ("[pod/runner-7c9d/main] a", "a"),
            ("runner-1  | a", "a"),
            ("14:02:03.100 STDERR [envs/prod/vpc] terraform: a", "a"),
            (r#"{"log":"a \"b\"\n","stream":"stderr"}"#, r#"a \"b\""#),
            (r#"{"level":"info","msg":"│ a"}"#, "a"),
            (r#"{"password":"a"}"#, r#"{"password":"a"}"#),
            ("", ""),
        ] {
            let lines = lines(line);
            let found = lines
                .first()
                .map_or("", |line_found| &line[line_found.content.clone()]);
            assert_eq!(found, content, "{line}");
        }
    }
}
