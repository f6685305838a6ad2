//! What hides a text from whoever searches it, and how it is taken off: colours, entities, escapes, percent signs.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::kind::Placeholder;
use super::pattern::compiled;

/// Stands for a placeholder of an earlier run, so that its words are not read as names. Unicode promises that no text
/// uses this code point.
pub(super) const REDACTED: char = '\u{fdd0}';

/// Parts of a text, in order, each with what takes its place.
pub(super) type Edits = Vec<(Range<usize>, String)>;

/// Colours away, also where the escape byte was lost, was made visible or became U+FFFD; characters that nobody sees away;
/// the wide signs of an East Asian keyboard narrow; earlier placeholders marked.
pub(super) fn plain(text: &str) -> Edits {
    static NOISE: LazyLock<Regex> = LazyLock::new(|| {
        compiled(&format!(
            concat!(
                r"(?<placeholder>{})|(?:\x1b|\^\[|\\e|\\033|\\x1[bB]|\\u001[bB])\[[0-9;?]*[A-Za-z]|\x{{fffd}}?\[[0-9;]*m",
                r"|[\x{{ad}}\x{{200b}}-\x{{200f}}\x{{2060}}-\x{{2064}}\x{{feff}}]|(?<wide>[＝：＂＇])",
            ),
            Placeholder::pattern()
        ))
    });
    changes(&NOISE, text, |found| {
        if found.name("placeholder").is_some() {
            return Some(REDACTED.to_string());
        }
        let narrow = match found.name("wide").map(|wide| wide.as_str()) {
            Some("＝") => "=",
            Some("：") => ":",
            Some("＂") => "\"",
            Some("＇") => "'",
            Some(_) | None => "",
        };
        Some(narrow.to_owned())
    })
}

/// HTML's escapes undone. Not together with the others: a `\n` between two `&quot;` does not end a line.
pub(super) fn without_entities(text: &str) -> Edits {
    if !text.contains('&') {
        return Edits::new();
    }
    static ENTITIES: LazyLock<Regex> =
        LazyLock::new(|| compiled("&(?:quot|#34|#[xX]22|apos|#39|#[xX]27|amp|lt|gt);"));
    changes(&ENTITIES, text, |found| {
        let character = match found.get_match().as_str() {
            "&amp;" => "&",
            "&lt;" => "<",
            "&gt;" => ">",
            "&apos;" | "&#39;" | "&#x27;" | "&#X27;" => "'",
            _ => "\"",
        };
        Some(character.to_owned())
    })
}

/// One level of JSON's and HCL's escapes undone.
pub(super) fn unescaped(text: &str) -> Edits {
    if !text.contains(['\\', '$', '%']) {
        return Edits::new();
    }
    static ESCAPES: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r"(?<colour>\\u001[bB]\[[0-9;?]*[A-Za-z])",
            r"|\\u(?<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?<low>[dD][c-fC-F][0-9a-fA-F]{2})",
            r"|\\u(?<short>[0-9a-fA-F]{4})|\\U(?<long>[0-9a-fA-F]{8})",
            r#"|\\(?<one>[nrtbf"'/\\])"#,
            r"|(?<template>\$\$\{|%%\{)",
        ))
    });
    changes(&ESCAPES, text, |found| {
        let part = |name| found.name(name).map(|part| part.as_str());
        let unicode = |hex| u32::from_str_radix(hex, 16).ok();
        if part("colour").is_some() {
            return Some(String::new());
        }
        if let (Some(high), Some(low)) = (part("high"), part("low")) {
            let units = [high, low].map(|hex| u16::from_str_radix(hex, 16).unwrap_or_default());
            return String::from_utf16(&units).ok();
        }
        if let Some(hex) = part("short").or(part("long")) {
            return unicode(hex)
                .and_then(char::from_u32)
                .map(|character| character.to_string());
        }
        if let Some(template) = part("template") {
            return template.get(1..).map(str::to_owned);
        }
        let one = match part("one")? {
            "n" => "\n",
            "r" => "\r",
            "t" => "\t",
            "b" | "f" => " ",
            other => other,
        };
        Some(one.to_owned())
    })
}

/// `%40` as `@`, where the bytes are text.
pub(super) fn percent_decoded(text: &str) -> Edits {
    if !text.contains('%') {
        return Edits::new();
    }
    static RUN: LazyLock<Regex> = LazyLock::new(|| compiled("(?:%[0-9a-fA-F]{2})+"));
    let mut edits = Vec::new();
    for found in RUN.find_iter(text) {
        let bytes: Vec<u8> = found
            .as_str()
            .split('%')
            .filter_map(|hex| u8::from_str_radix(hex, 16).ok())
            .collect();
        // One edit for each character, so that a secret may begin in the middle of a run.
        let mut at = found.start();
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                let from = at..at + 3 * character.len_utf8();
                at = from.end;
                edits.push((from, character.to_string()));
            }
            at += 3 * chunk.invalid().len();
        }
    }
    edits
}

/// Each match of `pattern` with what takes its place; `None` leaves it as it is.
fn changes(
    pattern: &Regex,
    text: &str,
    new: impl Fn(&regex::Captures<'_>) -> Option<String>,
) -> Edits {
    pattern
        .captures_iter(text)
        .filter_map(|found| Some((found.get_match().range(), new(&found)?)))
        .collect()
}
