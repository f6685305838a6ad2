//! One line that holds many: JSON, string literals, HTML, `key=value` logs, blocks run together.

use serde_json::Value;

use super::found::Tool;
use super::{escape, gate, html};

/// The lines that were inside one.
#[derive(Debug, Default)]
pub(super) struct Unfolded {
    pub(super) lines: Vec<String>,
    /// The Terragrunt unit that the line names.
    pub(super) unit: Option<String>,
    pub(super) via: Option<Tool>,
    /// The lines are a whole error; nothing that follows belongs to it.
    pub(super) is_whole: bool,
}

/// The lines inside `line`; `None` where it is one plain line.
pub(super) fn unfold(line: &str) -> Option<Unfolded> {
    object(line)
        .or_else(|| key_value(line))
        .or_else(|| annotation(line))
        .or_else(|| literal(line))
        .or_else(|| page(line))
        .or_else(|| run_together(line))
}

impl Unfolded {
    fn of(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let lines = text.split(['\n', '\r']).map(str::to_owned).collect();
        Self {
            lines,
            ..Self::default()
        }
    }
}

/// A JSON object on one line: Terraform's `-json` stream, or a log that wraps every line or every output in an object.
fn object(line: &str) -> Option<Unfolded> {
    let text = line.trim().trim_end_matches(',');
    if !(text.starts_with('{') && text.ends_with('}')) {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let mut unfolded = Unfolded::default();
    if let Some(diagnostic) = value.get("diagnostic") {
        // Terraform's `views/json/diagnostic.go: Diagnostic`. `@message` only repeats the summary.
        let part = |name| {
            diagnostic
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let text = format!("Error: {}\n\n{}", part("summary"), part("detail"));
        unfolded = Unfolded::of(&text);
        unfolded.is_whole = true;
    } else {
        gather(&value, &mut unfolded.lines);
    }
    // Terragrunt's JSON log.
    if value.get("tf-path").is_some() || value.get("prefix").is_some() {
        unfolded.via = Some(Tool::Terragrunt);
        let unit = value.get("prefix").and_then(Value::as_str).map(unbracketed);
        unfolded.unit = unit.filter(|unit| !unit.is_empty());
    }
    Some(unfolded)
}

/// Where a log keeps its message; such a text is part of the log even where no word in it tells.
const MESSAGE_KEYS: [&str; 9] = [
    "@message",
    "msg",
    "message",
    "MESSAGE",
    "log",
    "line",
    "text",
    "textPayload",
    "content",
];

/// The strings of a value that are messages or may hold a lock error.
fn gather(value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) => {
                        if MESSAGE_KEYS.contains(&name.as_str())
                            || gate::may_matter(text.as_bytes())
                        {
                            let text = text.strip_suffix('\n').unwrap_or(text);
                            lines.extend(Unfolded::of(text).lines);
                        }
                    }
                    Value::Null | Value::Bool(_) | Value::Number(_) => {}
                    Value::Array(_) | Value::Object(_) => gather(value, lines),
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                gather(value, lines);
            }
        }
        Value::String(text) => {
            if gate::may_matter(text.as_bytes()) {
                lines.extend(Unfolded::of(text).lines);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `time=… level=… prefix=… tf-path=terraform msg=…`, Terragrunt's key-value format (its `pkg/log/format`).
fn key_value(line: &str) -> Option<Unfolded> {
    let text = line.trim_start();
    if !text.starts_with("time=") {
        return None;
    }
    let (head, message) = text.split_once(" msg=")?;
    let quoted = message.strip_prefix('"');
    let mut unfolded = match quoted {
        Some(quoted) => Unfolded::of(&escape::resolve(quoted.trim_end().trim_end_matches('"'))),
        None => Unfolded::of(message),
    };
    let value = |name: &str| {
        let (_, rest) = head.split_once(name)?;
        rest.split(' ').next()
    };
    let unit = value(" prefix=").map(unbracketed);
    unfolded.unit = unit.filter(|unit| !unit.is_empty());
    let is_terragrunt = unfolded.unit.is_some() || value(" tf-path=").is_some();
    unfolded.via = is_terragrunt.then_some(Tool::Terragrunt);
    Some(unfolded)
}

fn unbracketed(text: &str) -> String {
    text.trim_matches(['"', '[', ']', ' ']).to_owned()
}

/// `::error::first%0Asecond`, a workflow command of GitHub Actions, which escapes line feeds its own way.
fn annotation(line: &str) -> Option<Unfolded> {
    let has_ends = line.contains("%0A") && line.trim_start().starts_with("::");
    has_ends.then(|| {
        let text = line.replace("%0D", "").replace("%0A", "\n");
        Unfolded::of(&text.replace("%25", "%"))
    })
}

/// A string literal, or text with literal `\n`s, at any depth: each call resolves one level.
fn literal(line: &str) -> Option<Unfolded> {
    escape::is_escaped(line).then(|| Unfolded::of(&escape::resolve(line)))
}

/// Several lines kept apart by `<br>` alone.
fn page(line: &str) -> Option<Unfolded> {
    if !(line.contains("<br") || line.contains("&#10;") || line.contains("&lt;br")) {
        return None;
    }
    let plain = html::plain(line);
    let text = plain.strip_suffix('\n').unwrap_or(&plain);
    text.contains('\n').then(|| Unfolded::of(text))
}

/// A whole block on one line, as chats leave it that turn line feeds into spaces.
fn run_together(line: &str) -> Option<Unfolded> {
    let path_at = line.find(" Path:")?;
    let id_at = line.get(..path_at)?.rfind("ID:")?;
    let (head, mut rest) = line.split_at(id_at);
    if head.ends_with(|c: char| !c.is_whitespace()) {
        return None;
    }
    let mut lines = vec![head.to_owned()];
    for (label, is_required) in [
        (" Path:", true),
        (" Operation:", true),
        (" Who:", true),
        (" Version:", false),
        (" Created:", false),
        (" Info:", false),
        (" Terraform acquires", false),
        (" OpenTofu acquires", false),
    ] {
        match rest.find(label) {
            Some(at) => {
                let (before, from) = rest.split_at(at);
                lines.push(before.to_owned());
                rest = from;
            }
            None if is_required => return None,
            None => {}
        }
    }
    lines.push(rest.to_owned());
    Some(Unfolded {
        lines,
        ..Unfolded::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(line: &str) -> Vec<String> {
        unfold(line)
            .map(|unfolded| unfolded.lines)
            .unwrap_or_default()
    }

    #[test]
    fn a_diagnostic_of_terraform_is_a_whole_error() {
        let line = r#"{"@message":"Error: x","diagnostic":{"summary":"x","detail":"y\nz"}}"#;
        let unfolded = unfold(line).unwrap();
        assert_eq!(unfolded.lines, ["Error: x", "", "y", "z"]);
        assert!(unfolded.is_whole);
    }

    #[test]
    fn of_other_objects_only_messages_and_lock_text_count() {
        assert_eq!(
            lines(r#"{"log":"one\n","id":"i-0","nested":[{"err":"Lock Info:\n  ID: a"}],"n":1}"#),
            ["one", "Lock Info:", "  ID: a"]
        );
        assert_eq!(lines(r#"{"ID":"a","Operation":"b"}"#), [""; 0]);
    }

    #[test]
    fn terragrunts_logs_name_the_unit() {
        for line in [
            "time=2024-01-15T03:50:00Z level=stderr prefix=prod/vpc tf-path=terraform msg=  ID: a",
            r#"time=2024-01-15T03:50:00Z level=stderr prefix=[prod/vpc] msg="  ID: a""#,
            r#"{"level":"stderr","msg":"  ID: a","prefix":"prod/vpc"}"#,
        ] {
            let unfolded = unfold(line).unwrap();
            assert_eq!(unfolded.lines, ["  ID: a"], "{line}");
            assert_eq!(unfolded.unit.as_deref(), Some("prod/vpc"), "{line}");
            assert_eq!(unfolded.via, Some(Tool::Terragrunt), "{line}");
        }
    }

    #[test]
    fn a_block_that_was_run_together_is_taken_apart() {
        assert_eq!(
            lines(
                "Lock Info: ID: a Path: b/k Operation: init Who: c@d Info: Terraform acquires it"
            ),
            [
                "Lock Info: ",
                "ID: a",
                " Path: b/k",
                " Operation: init",
                " Who: c@d",
                " Info:",
                " Terraform acquires it"
            ]
        );
    }

    #[test]
    fn a_plain_line_stays_one() {
        for line in [
            "  ID:        a",
            "  Who:       CORP\\nadia@WS",
            "{ not json }",
            "a <br",
            "time=now",
        ] {
            assert!(unfold(line).is_none(), "{line}");
        }
    }
}
