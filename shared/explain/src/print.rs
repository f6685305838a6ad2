//! The answer for people, in a terminal.
//!
//! What was pasted is foreign text, so nothing unprintable of it reaches the terminal; a rewritten file keeps its lines.

use lockwarden_core::text::{is_printable, shown};
use serde_json::Value;

use crate::answer::Answer;

/// The longest foreign value on a line (characters).
const FIELD: usize = 300;
/// Paragraphs are this wide (characters).
const WIDTH: usize = 96;

/// The answer in words.
#[must_use]
pub fn text(answer: &Answer) -> String {
    let mut page = Page::default();
    let answer = answer.json();
    page.error(answer);
    let others = at(answer, "/others").as_array();
    for other in others.into_iter().flatten() {
        page.line("");
        page.line("Also in this text:");
        page.error(other);
    }
    if let Some(more) = at(answer, "/more").as_u64() {
        page.line("");
        page.line(&format!("{more} more errors were left out."));
    }
    page.backend(at(answer, "/backend"));
    page.0
}

/// The lines that are written so far.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Broken between words. What stands in a paragraph is to be read; what is to be copied is never broken.
    fn paragraph(&mut self, text: &str) {
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&line);
    }

    fn error(&mut self, error: &Value) {
        if let Some(title) = title(error) {
            self.line(&title);
            self.line("");
        }
        if let Some(advice) = at(error, "/advice").as_str() {
            self.paragraph(&shown(advice, 4_000));
        }
        let mut is_apart = false;
        let lock = at(error, "/lock");
        let is_of_caller = at(lock, "/is_of_caller").as_bool() == Some(true);
        for (label, value) in [
            ("Lock ID", at(lock, "/id")),
            ("State", at(lock, "/path")),
            (
                if is_of_caller { "Failed run" } else { "Holder" },
                at(lock, "/who"),
            ),
            ("Operation", at(lock, "/operation")),
            ("Began trying", at(lock, "/created")),
            ("Version", at(lock, "/version")),
            ("Info", at(lock, "/info")),
            ("Directory", at(error, "/unit")),
            ("Workspace", at(error, "/workspace")),
            ("Now", at(error, "/live/verdict")),
            ("Because", at(error, "/live/why")),
            ("Request", at(error, "/live/request")),
            ("Calculated", at(error, "/digest/calculated")),
            ("Stored", at(error, "/digest/stored")),
        ] {
            if let Some(value) = value.as_str().filter(|value| !value.is_empty()) {
                if !is_apart {
                    self.line("");
                    is_apart = true;
                }
                self.line(&format!("{label:<13}{}", shown(value, FIELD)));
            }
        }
        for (label, command) in commands(error) {
            if let Some(command) = command.as_str() {
                self.line("");
                self.line(&label);
                self.line(&format!("  {}", shown(command, 8_000)));
            }
        }
    }

    fn backend(&mut self, backend: &Value) {
        if let Some(why) = at(backend, "/not_read").as_str() {
            self.line("");
            self.line(&format!(
                "The configuration could not be read: {}",
                shown(why, 1_000)
            ));
            return;
        }
        if backend.is_null() {
            return;
        }
        self.line("");
        let name = at(backend, "/backend").as_str().unwrap_or("no");
        self.line(&format!("Backend: {}", shown(name, 40)));
        let others = at(backend, "/others").as_array().into_iter().flatten();
        let of_others =
            others.flat_map(|other| at(other, "/findings").as_array().into_iter().flatten());
        let findings = at(backend, "/findings").as_array().into_iter().flatten();
        let of_file = at(backend, "/file_findings")
            .as_array()
            .into_iter()
            .flatten();
        for finding in findings.chain(of_others).chain(of_file) {
            let word = |name: &str| shown(finding[name].as_str().unwrap_or_default(), 1_000);
            self.line(&format!(
                "  [{}] {}: {}",
                word("severity"),
                word("rule"),
                word("message")
            ));
            self.line(&format!("      {}", word("change")));
        }
        self.block("The change:", at(backend, "/diff"));
        self.block(
            "A table and a bucket with all safeguards:",
            at(backend, "/companion"),
        );
    }

    fn block(&mut self, label: &str, text: &Value) {
        let Some(text) = text.as_str().filter(|text| !text.is_empty()) else {
            return;
        };
        self.line("");
        self.line(label);
        self.line("");
        for line in text.lines() {
            let safe: String = line.chars().map(printable).collect();
            self.line(&safe);
        }
    }
}

/// The commands, each under what it is for.
fn commands(error: &Value) -> [(String, &Value); 6] {
    // A lock without a known holder is released when what was in the way is mended.
    let when = if at(error, "/errored_state") == true {
        "once the state is pushed"
    } else if at(error, "/kind") == "unlock-failed" {
        "once that is mended and the run is over"
    } else if at(error, "/cause") == "lock-file-left" {
        "if it is that run's own"
    } else if at(error, "/own_at").is_u64() {
        "once that run is over"
    } else {
        "once the holder is dead"
    };
    let command = |name: &str| at(error, &format!("/commands/{name}"));
    [
        (look(command("inspect")), command("inspect")),
        (
            "Work out the checksum of the state:".to_owned(),
            command("verify"),
        ),
        (
            "Set the digest, if the state is right and its checksum is the new value here:"
                .to_owned(),
            command("set_digest"),
        ),
        (format!("Unlock, {when}:"), command("force_unlock")),
        (
            format!("Remove the record by hand, {when}:"),
            command("remove"),
        ),
        (
            format!("Or release it through Lockwarden, {when}:"),
            command("release"),
        ),
    ]
}

/// What a command looks at.
fn look(command: &Value) -> String {
    let command = command.as_str().unwrap_or_default();
    let what = if command.contains(" describe-table") {
        "Look at the table"
    } else if command.contains(" head-bucket") {
        "Look at the bucket"
    } else if command.contains(" list-object-versions") {
        "Look for a former version of the state"
    } else if command.contains(" get-caller-identity") {
        "See who you are to AWS"
    } else {
        "Look at the record"
    };
    format!("{what}:")
}

/// What it is, in a line. Where it is no lock error, the advice says all.
fn title(error: &Value) -> Option<String> {
    let is_released = at(error, "/unlocked_at").is_u64();
    let is_held = match at(error, "/held").as_bool() {
        _ if is_released => true,
        Some(is_held) => is_held,
        // What stands behind it is known, and it is not a holder.
        None => at(error, "/cause").is_null(),
    };
    let title = match at(error, "/kind").as_str().unwrap_or_default() {
        "dynamodb" if is_held => "A lock in DynamoDB",
        "dynamodb" => "Locking in DynamoDB failed",
        "s3-lockfile" if is_held => "A lock file in S3",
        "s3-lockfile" => "Locking by a lock file in S3 failed",
        "digest-mismatch" => "A state that does not fit its digest",
        "unlock-failed" if at(error, "/cause") == "half-released" => {
            "A lock that is released, although an error was printed"
        }
        "unlock-failed" => "A release that failed",
        "other-backend" if at(error, "/digest").is_object() => {
            "A state that does not fit its checksum, in another backend"
        }
        "other-backend" if is_held => "A lock of another backend",
        "other-backend" => "Locking in another backend failed",
        "unknown-backend" if is_held => "A lock of a backend that the text does not name",
        "unknown-backend" => "Locking failed",
        _ => return None,
    };
    let name = at(error, "/backend_name").as_str();
    let name = name.map_or_else(String::new, |name| format!(": {}", shown(name, 40)));
    let since = if is_released { ", released since" } else { "" };
    Some(format!("{title}{name}{since}"))
}

/// A part of the answer; `null` where it is not there.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// A character of a file, or what stands for one that a terminal would obey.
fn printable(character: char) -> char {
    if character == '\t' || is_printable(character) {
        character
    } else {
        '\u{fffd}'
    }
}
