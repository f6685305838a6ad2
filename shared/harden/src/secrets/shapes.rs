//! Secrets that show by their own shape, or by the name beside them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::PLACEHOLDER;
use crate::place::slice;
use crate::stretches::Stretches;

/// Shorter words are prose.
const SHORTEST_WORD: usize = 16;
/// The same for a word behind an equals sign.
const SHORTEST_ASSIGNED: usize = 6;
const WORDS: &str = "access_?key|secret|token|passw|credential|private_?key|customer_?key|api_?key|account_?key|conn_str|connection_?string";

/// The places of the secrets of a text that show by themselves, comments included.
pub(super) fn places(text: &str, stretches: &Stretches) -> Vec<Range<usize>> {
    let assigned = ASSIGNMENT.captures_iter(text).filter_map(|assignment| {
        let (whole, name) = (assignment.get(0)?, assignment.get(1)?);
        let value = assignment.iter().skip(2).flatten().next()?;
        let is_word = assignment.get(4).is_some();
        let is_found = is_secret_name(name.as_str())
            && is_secret(value.as_str())
            && (!is_word || is_secret_word(text, whole.as_str(), value.range(), stretches));
        is_found.then(|| value.range())
    });
    let shapes = [
        &*ACCESS_KEY_ID,
        &*SECRET_KEY,
        &*JSON_WEB_TOKEN,
        &*PRIVATE_KEY,
        &*CUT_PRIVATE_KEY,
        &*PASSWORD_IN_URL,
        &*USER_IN_URL,
    ];
    let shaped = shapes.into_iter().flat_map(|shape| {
        let values = shape
            .captures_iter(text)
            .filter_map(|capture| capture.get(1));
        values.filter(|value| is_secret(value.as_str()) && !is_harmless(value.as_str()))
    });
    assigned.chain(shaped.map(|value| value.range())).collect()
}

/// Whether a name calls what it names a secret.
pub(crate) fn sounds_secret(name: &str) -> bool {
    SECRET_WORD.is_match(name) && is_secret_name(name)
}

/// Whether a literal is the name of an environment variable.
pub(super) fn is_variable_name(literal: &str) -> bool {
    VARIABLE_NAME.is_match(literal)
}

/// Whether a value without quotes is a secret. In code it is a reference. In a comment, `=` says that somebody took code out
/// of use, so that less is asked of it than behind a colon, as in prose.
fn is_secret_word(text: &str, assignment: &str, at: Range<usize>, stretches: &Stretches) -> bool {
    let word = slice(text, at.clone());
    let next = slice(text, at.end..text.len()).chars().next();
    let is_reference = matches!(next, Some('.' | '[' | '('));
    if stretches.is_comment(&at) {
        let is_assigned = assignment.contains('=') && !is_reference;
        return has_letters_and_digits(word)
            && word.len()
                >= if is_assigned {
                    SHORTEST_ASSIGNED
                } else {
                    SHORTEST_WORD
                };
    }
    stretches.is_quoted(&at) && has_letters_and_digits(word) && word.len() >= SHORTEST_WORD
}

/// Whether a name with a secret word in it is that of a secret. A name for where one is kept is not.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let kept_elsewhere = [
        "_file",
        "_files",
        "_path",
        "_paths",
        "_arn",
        "_arns",
        "_name",
        "_names",
        "_url",
        "_urls",
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
pub(super) fn is_secret(value: &str) -> bool {
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

fn has_letters_and_digits(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic())
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
    let value = r#"\\*"((?:[^"\\\n]|\\[^"\n])*)|'([^'\n]*)'|([A-Za-z0-9/+=_-]+)"#;
    pattern(&format!(
        r#"([A-Za-z0-9_.-]*(?i-u:{WORDS})[A-Za-z0-9_.-]*)\\*["']?[ \t]*[=:][ \t]*(?:{value})"#
    ))
});
static SECRET_WORD: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("(?i-u:{WORDS})")));
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
/// A private key up to its end. In a comment each line may begin with a mark.
static PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"-----BEGIN [A-Z ]*PRIVATE KEY-----((?:[A-Za-z0-9+/= \t\r\n#*]|\\[nr])*)-----END")
});
/// A private key without its end: of the lines below, those that are one long word.
static CUT_PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----([ \t]*(?:[A-Za-z0-9+/=]|\\[nr])*(?:[ \t]*\r?\n[ \t]*(?:#+|\*|//)?[ \t]*[A-Za-z0-9+/=]{16,})*)",
    )
});
/// The password of `scheme://user:password@host`; a port and a path are none.
static PASSWORD_IN_URL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"://[^ \t\r\n"'/@:]*:([^ \t\r\n"'/@][^ \t\r\n"']*)@[A-Za-z0-9\[$]"#)
});
/// A token in the place of the user, as in `https://TOKEN@host`.
static USER_IN_URL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"://([A-Za-z0-9_-]{20,})@[A-Za-z0-9\[$]"));
