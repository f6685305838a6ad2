//! Secrets in addresses and in HTTP headers.

use std::sync::LazyLock;

use regex::Regex;

use super::Found;
use super::kind::Kind;
use super::pattern::compiled;
use super::table::{self, Row, Table};
use super::values;

/// Every secret in `text` that stands in an address or a header.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    find_user_parts(text, found);
    find_driver_passwords(text, found);
    table().find(text, found);
}

/// Whether one of the rows, addresses apart, matches anything in `text`.
pub(super) fn may_find(text: &str) -> bool {
    table().may_find(text)
}

fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(ROWS, &[]));
    &TABLE
}

/// What a text holds in which there may be one of these, addresses apart.
pub(super) fn signs() -> impl Iterator<Item = &'static str> {
    table::signs(ROWS)
}

/// To add a form, add a line.
const ROWS: &[Row] = &[
    // Presigned addresses of AWS (SigV4, "Authenticating requests: query parameters"), SAS of Azure, signed URLs of Google.
    (
        Kind::Signature,
        "-signature=|-credential=|-security-token=|accesskeyid=|accessid=|signature=|sig=|hmac=",
        r#"(?i-u:[?&;](?:X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|AWSAccessKeyId|GoogleAccessId|Signature|sig|hmac)=)([^&\s"'<>#`\\]+)"#,
    ),
    // `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`
    (
        Kind::Signature,
        "signature=",
        r#"(?i-u:\bSignature=)([0-9a-fA-F]{64})(?-u:\b)"#,
    ),
    (
        Kind::AwsAccessKey,
        "credential=",
        r"(?-u:\bCredential=)([A-Za-z0-9]{16,128})/[0-9]{8}/",
    ),
    // Any scheme after `Authorization`, and the two usual ones wherever they stand.
    (
        Kind::Token,
        "authorization",
        r#"(?i-u:\b(?:proxy-)?authorization["']?[ \t]*[:=][ \t]*["']?(?:bearer|basic|token|digest|negotiate|apikey|ntlm)[ \t]+)([^\s"'`\\,]+)"#,
    ),
    (
        Kind::Token,
        "authorization",
        r#"(?i-u:\bauthorization["']?[ \t]*[:=][ \t]*["']?)([A-Za-z0-9+/=_.~-]{16,})[ \t]*(?:["'\r\n\\]|\z)"#,
    ),
    (
        Kind::Token,
        "bearer",
        r"(?-u:\b(?:Bearer|bearer|BEARER)[ \t]+)([A-Za-z0-9._~+/=-]*[0-9][A-Za-z0-9._~+/=-]{7,})",
    ),
    (
        Kind::Token,
        "basic",
        r"(?-u:\b(?:Basic|basic)[ \t]+)([A-Za-z0-9+/]{8,}={1,2})",
    ),
    // `Cookie: a=1; b=2` and `Set-Cookie: …`: all of it, for any of them may be the session.
    (
        Kind::Token,
        "cookie",
        r#"(?i-u:\b(?:set-)?cookie[ \t]*:[ \t]*)([^\s"'\\]+=[^\r\n"'\\]+)"#,
    ),
    // Oracle's own: jdbc:oracle:thin:user/password@host
    (
        Kind::Password,
        "jdbc:oracle",
        r#"(?-u:jdbc:oracle:[a-z0-9]+:)[^\s/@"']+/([^\s@"']+)@"#,
    ),
];

/// The part of an address before `@`: its password, or a token that stands there alone.
fn find_user_parts(text: &str, found: &mut Vec<Found>) {
    static USER_PART: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r#"(?-u:[A-Za-z][A-Za-z0-9+.-]*)://([^\s/?\#"'<>`:@\\]*)(?::([^\s"'<>`]{0,300}))?@"#,
        )
    });
    if !text.contains('@') {
        return;
    }
    let mut at = 0;
    // What follows a password is searched again: a list of addresses has no space between them.
    while let Some(captures) = USER_PART.captures_at(text, at) {
        at = captures.get_match().end();
        let (user, password) = (captures.get(1), captures.get(2));
        match (user, password) {
            (_, Some(password)) => {
                let secret = within_authority(password.as_str());
                let user = user.map_or("", |user| user.as_str());
                let host = text
                    .get(password.start() + secret.len() + 1..)
                    .unwrap_or_default();
                if !values::is_trivial(secret) && !is_port_and_path(user, secret, host) {
                    let range = password.start()..password.start() + secret.len();
                    at = range.end;
                    found.push(Found::new(Kind::Password, text, range));
                }
                // `https://PUBLIC:SECRET@sentry.example.com/1`, `https://TOKEN:x-oauth-basic@github.com`
                if is_token_of_user(user) {
                    let end = password.start() - 1;
                    found.push(Found::new(Kind::Token, text, end - user.len()..end));
                }
            }
            (Some(user), None) if is_token_of_user(user.as_str()) => {
                found.push(Found::new(Kind::Token, text, user.range()));
            }
            (Some(_) | None, None) => {}
        }
    }
}

/// Go's MySQL driver writes `user:password@tcp(host:3306)/db`, an address without a scheme.
fn find_driver_passwords(text: &str, found: &mut Vec<Found>) {
    static PASSWORD: LazyLock<Regex> =
        LazyLock::new(|| compiled(r#"(?-u:[A-Za-z0-9_.-]+:)([^\s"'`]{1,300})@(?:tcp|unix)\("#));
    // Without a fixed text at its start the pattern is slow, and most texts have no such address.
    if !text.contains("@tcp(") && !text.contains("@unix(") {
        return;
    }
    for captures in PASSWORD.captures_iter(text) {
        if let Some(password) = captures.get(1) {
            found.push(Found::new(Kind::Password, text, password.range()));
        }
    }
}

/// A password with a bare `/` or `@` in it is against the rules and met all the same. Where a later `@` belongs to the path or
/// the query, the password ends at the one before the host.
fn within_authority(candidate: &str) -> &str {
    let authority = candidate
        .find(['/', '?', '#'])
        .and_then(|end| candidate.get(..end))
        .and_then(|authority| authority.rfind('@'))
        .and_then(|at| candidate.get(..at));
    authority.unwrap_or(candidate)
}

/// `//host:8080/path@2`: no password, but a port and an `@` further on. A password can begin like a port and go on like a
/// path; what stands on both sides tells which of them is the host.
fn is_port_and_path(user: &str, candidate: &str, behind: &str) -> bool {
    let digits = candidate.bytes().take_while(u8::is_ascii_digit).count();
    let port = candidate
        .get(..digits)
        .and_then(|port| port.parse::<u16>().ok());
    let is_port = port.is_some_and(|port| port > 0)
        && !candidate.starts_with('0')
        && candidate
            .get(digits..)
            .is_some_and(|rest| rest.starts_with(['/', '?', '#']));
    let is_host = |text: &str| text.contains('.') || text == "localhost" || text.starts_with('[');
    let end = behind.find(|character: char| {
        !character.is_ascii_alphanumeric() && !matches!(character, '.' | '-')
    });
    let host = behind
        .get(..end.unwrap_or(behind.len()))
        .unwrap_or_default();
    let is_file = [".zip", ".git", ".json", ".tgz"]
        .iter()
        .any(|end| host.ends_with(end));
    is_port && (is_host(user) || is_file || !is_host(host))
}

/// Whether what stands alone before the `@` is a token rather than somebody's name: long, and with digits among its letters.
fn is_token_of_user(user: &str) -> bool {
    let has = |test: fn(&u8) -> bool| user.bytes().any(|byte| test(&byte));
    let is_plain = user
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_random =
        is_plain && user.len() >= 16 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    is_random || values::is_unmistakable(user)
}
