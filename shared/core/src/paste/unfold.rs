//! One line that holds many: JSON, string literals, HTML, `key=value` logs, blocks run together.

use serde_json::Value;

use super::found::Tool;
use super::{cut_object, escape, gate, heads, html};

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
    let text = heads::unmarked(line).trim_end().trim_end_matches(',');
    if !text.starts_with('{') {
        return None;
    }
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) if error.is_eof() => cut_object::read(text)?,
        Err(_) => return None,
    };
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
    let value = |name: &str| {
        let (_, rest) = head.split_once(name)?;
        rest.split(' ').next()
    };
    let path = value(" tf-path=");
    // The format with `tf-path` quotes nothing, so a quote there is the message's own.
    let quoted = message.strip_prefix('"').filter(|_| path.is_none());
    let mut unfolded = match quoted {
        Some(quoted) => Unfolded::of(&escape::resolve(quoted.trim_end().trim_end_matches('"'))),
        None => Unfolded::of(message),
    };
    let unit = value(" prefix=").map(unbracketed);
    unfolded.unit = unit.filter(|unit| !unit.is_empty());
    let is_terragrunt = unfolded.unit.is_some() || path.is_some();
    unfolded.via = is_terragrunt.then_some(Tool::Terragrunt);
    Some(unfolded)
}

fn unbracketed(text: &str) -> String {
    text.trim_matches(['"', '[', ']', ' ']).to_owned()
}

/// `::error title=Terraform::first%0Asecond`, a workflow command of GitHub Actions, which escapes line feeds its own way
/// (`@actions/core/command.ts: escapeData`). One without escapes is a prefix like others.
fn annotation(line: &str) -> Option<Unfolded> {
    let (_, text) = heads::unmarked(line).strip_prefix("::")?.split_once("::")?;
    is_percent_escaped(text).then(|| {
        // Of an escape that was cut off nothing is left to tell.
        let cut = ["%", "%0", "%2"]
            .iter()
            .find_map(|half| text.strip_suffix(half));
        let text = cut.unwrap_or(text).replace("%0D", "");
        let text = text.replace("%0A", "\n");
        Unfolded::of(&text.replace("%25", "%"))
    })
}

/// Whether a text has escapes of a workflow command.
pub(super) fn is_percent_escaped(text: &str) -> bool {
    ["%0A", "%0D", "%25"]
        .iter()
        .any(|escape| text.contains(escape))
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
mod tests;
