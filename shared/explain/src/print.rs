//! The answer for people, in a terminal.
//!
//! What was pasted is foreign text, so nothing unprintable of it reaches the terminal; a rewritten file keeps its lines.

mod words;

use lockwarden_core::text::{is_printable, shown};
use serde_json::Value;

use crate::answer::Answer;
use words::{commands, title, unseen};

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
        if let Some(configured) = at(error, "/configured").as_str() {
            self.line("");
            self.paragraph(&format!(
                "The configuration is that of another state, {}, so the commands take nothing from it.",
                shown(configured, FIELD)
            ));
        }
        if let Some(unseen) = unseen(error) {
            self.line("");
            self.paragraph(unseen);
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
        let mut has_findings = false;
        for finding in findings.chain(of_others).chain(of_file) {
            has_findings = true;
            let word = |name: &str| shown(finding[name].as_str().unwrap_or_default(), 1_000);
            self.line(&format!(
                "  [{}] {}: {}",
                word("severity"),
                word("rule"),
                word("message")
            ));
            self.line(&format!("      {}", word("change")));
        }
        if !has_findings {
            self.line(if name == "s3" {
                "  Nothing was found that is to be mended."
            } else {
                "  Only what is known about backends of S3 is looked for."
            });
        }
        self.block("The change:", at(backend, "/diff"));
        // Also where nothing was found: a block without findings may stand on a bucket without safeguards.
        self.block(
            "How its bucket and its table are made, no backend block shows. With all safeguards, like this:",
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
