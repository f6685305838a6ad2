//! Finds the secrets of a configuration and takes them out before anything else looks at it.
//!
//! Everything that is said, shown or rewritten is made from the text *after* this step, so no later code can leak a
//! secret. Lines stay where they are: a place in the cleaned text has the same line number as in the user's file.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use crate::config::{Document, Item, Value};
use crate::place::slice;

/// What stands where a secret stood.
pub const PLACEHOLDER: &str = "(sensitive value removed)";

/// The S3 backend's arguments that hold a secret. `access_key` is one half of a credential and goes with the other.
///
/// Terraform: `internal/backend/remote-state/s3/backend.go: ConfigSchema`.
pub(crate) const SECRET_ARGUMENTS: [&str; 5] = [
    "access_key",
    "secret_key",
    "token",
    "sse_customer_key",
    "web_identity_token",
];

/// Shorter ones are not looked for elsewhere in the text: `x` as a secret would blank out every `x`.
const SHORTEST_TO_SEARCH: usize = 8;

/// A secret as it stood in the text, for whoever has to remove it from other texts as well. It has no way to print itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretValue(String);

impl SecretValue {
    /// The secret itself. It must reach no output.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(PLACEHOLDER)
    }
}

/// A secret's place. Where it is a number in code, what replaces it has to bring its own quotes.
struct Found {
    at: Range<usize>,
    is_bare: bool,
}

impl Found {
    fn quoted(at: Range<usize>) -> Self {
        Self { at, is_bare: false }
    }
}

/// The text without its secrets, and these.
///
/// A secret is also looked for in the rest of the text. `read` tells whether a text is still a configuration: a secret
/// that is an everyday word may be a name in the code too, and is then left there.
pub(crate) fn take_out(
    text: &str,
    document: &Document,
    read: impl Fn(&str) -> bool,
) -> (String, Vec<SecretValue>) {
    let mut found = Vec::new();
    for config in &document.configs {
        of_items(text, &config.items, &mut found);
    }
    by_shape(text, &mut found);
    let values: BTreeSet<&str> = found
        .iter()
        .map(|found| slice(text, found.at.clone()).trim())
        .collect();
    let values: Vec<&str> = values
        .into_iter()
        .filter(|value| !value.is_empty())
        .collect();
    let secrets = values
        .iter()
        .map(|value| SecretValue((*value).to_owned()))
        .collect();
    let everywhere = without(text, places_of(&values, text, |_| true), &found);
    if read(&everywhere) {
        return (everywhere, secrets);
    }
    let is_no_word = |value: &str| {
        value
            .bytes()
            .any(|b| !(b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))
    };
    (
        without(text, places_of(&values, text, is_no_word), &found),
        secrets,
    )
}

fn places_of(values: &[&str], text: &str, wanted: impl Fn(&str) -> bool) -> Vec<Found> {
    let searched = values
        .iter()
        .filter(|value| value.len() >= SHORTEST_TO_SEARCH && wanted(value));
    // One pass for all of them. No automaton for so many or so long ones: then they are where they were found, at least.
    let Ok(all) = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(searched)
    else {
        return Vec::new();
    };
    all.find_iter(text)
        .map(|place| Found::quoted(place.range()))
        .collect()
}

/// The literals in arguments that are known to be secret, whatever they look like.
fn of_items(text: &str, items: &[Item], found: &mut Vec<Found>) {
    for item in items {
        if let Value::Object(inner) = &item.value {
            of_items(text, inner, found);
        }
        if !SECRET_ARGUMENTS.contains(&item.name.as_str()) {
            continue;
        }
        if let Value::Number(_) = &item.value {
            found.push(Found {
                at: item.value_at.clone(),
                is_bare: true,
            });
        }
        // The name of an environment variable, as in `get_env("AWS_SECRET_ACCESS_KEY")`, is no secret.
        let secret = |at: &&Range<usize>| {
            let text = slice(text, (*at).clone());
            is_secret(text) && !VARIABLE_NAME.is_match(text)
        };
        found.extend(
            item.literals
                .iter()
                .filter(secret)
                .cloned()
                .map(Found::quoted),
        );
    }
}

/// Secrets that show by their own shape or by the name beside them, anywhere in the text, comments included.
fn by_shape(text: &str, found: &mut Vec<Found>) {
    for assignment in ASSIGNMENT.captures_iter(text) {
        let (Some(name), Some(value)) = (
            assignment.get(1),
            assignment.iter().skip(2).flatten().next(),
        ) else {
            continue;
        };
        let is_word = assignment.get(4).is_some();
        if is_secret_name(name.as_str())
            && is_secret(value.as_str())
            && (!is_word || looks_random(value.as_str()))
        {
            found.push(Found::quoted(value.range()));
        }
    }
    for shape in [
        &*ACCESS_KEY_ID,
        &*SECRET_KEY,
        &*JSON_WEB_TOKEN,
        &*PRIVATE_KEY,
        &*PASSWORD_IN_URL,
    ] {
        let values = shape
            .captures_iter(text)
            .filter_map(|capture| capture.get(1));
        let secret =
            values.filter(|value| is_secret(value.as_str()) && !is_harmless(value.as_str()));
        found.extend(secret.map(|value| Found::quoted(value.range())));
    }
}

/// Whether a name with a secret word in it is that of a secret. A name for where one is kept is not.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let kept_elsewhere = [
        "_file",
        "_files",
        "_path",
        "_arn",
        "_name",
        "_url",
        "_validation",
        "_check",
        "_id",
        "_ids",
        "_ttl",
        "_version",
    ];
    name.ends_with("access_key_id") || !kept_elsewhere.iter().any(|end| name.ends_with(end))
}

/// Whether a value can be a secret at all: not nothing, not a truth value, not a mere reference, not taken out before.
fn is_secret(value: &str) -> bool {
    let value = value.trim();
    // Without its end, the reference goes on behind a quote; the parser has found the literals in it.
    let ends_well =
        |rest: &str| !rest.contains('"') && rest.find('}').is_none_or(|end| end + 1 == rest.len());
    let is_reference = value.strip_prefix("${").is_some_and(ends_well);
    !value.is_empty()
        && !value.contains(PLACEHOLDER)
        && !["true", "false", "null"].contains(&value)
        && !is_reference
}

/// Whether a word without quotes can be a secret: prose and references cannot.
fn looks_random(word: &str) -> bool {
    word.len() >= 16
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Forty hexadecimal digits are a commit, not a secret key; digits before a slash are a port, not a password.
fn is_harmless(value: &str) -> bool {
    let port = value.split('/').next().unwrap_or_default();
    let is_port =
        value.contains('/') && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    is_port
        || value
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
}

/// The text with its secrets replaced line by line, so that no line moves.
fn without(text: &str, more: Vec<Found>, found: &[Found]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for found in merged(more.iter().chain(found).collect()) {
        clean.push_str(slice(text, done..found.at.start));
        done = found.at.end;
        if found.is_bare {
            clean.push_str(&format!("\"{PLACEHOLDER}\""));
            continue;
        }
        for (index, line) in slice(text, found.at).split('\n').enumerate() {
            if index > 0 {
                clean.push('\n');
            }
            if !line.trim().is_empty() {
                clean.push_str(PLACEHOLDER);
            }
            if line.ends_with('\r') {
                clean.push('\r');
            }
        }
    }
    clean.push_str(slice(text, done..text.len()));
    clean
}

fn merged(mut all: Vec<&Found>) -> Vec<Found> {
    all.sort_by_key(|found| (found.at.start, found.at.end));
    let mut merged: Vec<Found> = Vec::new();
    for next in all {
        match merged.last_mut() {
            Some(last) if next.at.start < last.at.end => {
                last.at.end = last.at.end.max(next.at.end);
                last.is_bare |= next.is_bare;
            }
            Some(_) | None => merged.push(Found {
                at: next.at.clone(),
                is_bare: next.is_bare,
            }),
        }
    }
    merged
}

/// A pattern of this file.
fn pattern(text: &str) -> Regex {
    #[expect(
        clippy::expect_used,
        reason = "a constant; every test that looks for secrets compiles it"
    )]
    Regex::new(text).expect("a valid pattern")
}

/// A secret-sounding name and its value: `name = "value"`, `"name": "value"`, also with single quotes, escaped quotes or
/// none, as comments have it.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    let words = "access_?key|secret|token|passw|credential|private_?key|customer_?key|api_?key|account_?key|conn_str|connection_?string";
    let value = r#"\\*"((?:[^"\\\n]|\\[^"\n])*)|'([^'\n]*)'|([A-Za-z0-9/+=_-]+)"#;
    pattern(&format!(
        r#"([A-Za-z0-9_.-]*(?i-u:{words})[A-Za-z0-9_.-]*)\\*["']?[ \t]*[=:][ \t]*(?:{value})"#
    ))
});
static VARIABLE_NAME: LazyLock<Regex> =
    LazyLock::new(|| pattern("^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$"));
/// AWS documentation, "IAM identifiers": unique ID prefixes.
static ACCESS_KEY_ID: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?-u:\b)((?:AKIA|ASIA)[A-Z0-9]{16})(?-u:\b)"));
/// A whole string of 40 characters of base64 is the shape of a secret key, of 44 with `=` that of an SSE-C key.
static SECRET_KEY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"["']([A-Za-z0-9/+]{40}|[A-Za-z0-9/+]{43}=)\\*["']"#));
static JSON_WEB_TOKEN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)"));
static PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"-----BEGIN [A-Z ]*PRIVATE KEY-----((?:[A-Za-z0-9+/= \t\r\n]|\\[nr])*)")
});
/// The password of `scheme://user:password@host`; a port and a path are none.
static PASSWORD_IN_URL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"://[^ \t\r\n"'/@:]*:([^ \t\r\n"'/@][^ \t\r\n"']*)@[A-Za-z0-9\[$]"#)
});
