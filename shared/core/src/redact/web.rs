//! Secrets in addresses, in HTTP headers and in the arguments of the programs that send them.

use std::sync::LazyLock;

use regex::Regex;

use super::Found;
use super::kind::Kind;
use super::pattern::compiled;
use super::values;

/// Every secret in `text` that stands in an address, a header or an argument of a known form.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    find_user_parts(text, found);
    find_driver_passwords(text, found);
    static FORMS: LazyLock<Vec<(Kind, Regex)>> = LazyLock::new(|| {
        FORMS_OF_SECRETS
            .iter()
            .map(|(kind, form)| (*kind, compiled(form)))
            .collect()
    });
    for (kind, form) in FORMS.iter() {
        for captures in form.captures_iter(text) {
            for secret in captures.iter().skip(1).flatten() {
                if !values::is_trivial(secret.as_str()) {
                    found.push(Found::new(*kind, text, secret.range()));
                }
            }
        }
    }
}

/// Each with the secret as its group.
const FORMS_OF_SECRETS: &[(Kind, &str)] = &[
    // Presigned addresses of AWS (SigV4, "Authenticating requests: query parameters"), SAS of Azure, signed URLs of Google.
    (
        Kind::Signature,
        r#"(?i-u:[?&;](?:X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|AWSAccessKeyId|GoogleAccessId|Signature|sig|hmac)=)([^&\s"'<>#`\\]+)"#,
    ),
    // `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`
    (
        Kind::Signature,
        r#"(?i-u:\bSignature=)([0-9a-fA-F]{64})(?-u:\b)"#,
    ),
    (
        Kind::AwsAccessKey,
        r"(?-u:\bCredential=)([A-Za-z0-9]{16,128})/[0-9]{8}/",
    ),
    // Any scheme after `Authorization`, and the two usual ones wherever they stand.
    (
        Kind::Token,
        r#"(?i-u:\b(?:proxy-)?authorization["']?[ \t]*[:=][ \t]*["']?(?:bearer|basic|token|digest|negotiate|apikey|ntlm)[ \t]+)([^\s"'`\\,]+)"#,
    ),
    (
        Kind::Token,
        r#"(?i-u:\bauthorization["']?[ \t]*[:=][ \t]*["']?)([A-Za-z0-9+/=_.~-]{16,})[ \t]*(?:["'\r\n\\]|\z)"#,
    ),
    (
        Kind::Token,
        r"(?-u:\b(?:Bearer|bearer|BEARER)[ \t]+)([A-Za-z0-9._~+/=-]*[0-9][A-Za-z0-9._~+/=-]{7,})",
    ),
    (
        Kind::Token,
        r"(?-u:\b(?:Basic|basic)[ \t]+)([A-Za-z0-9+/]{8,}={1,2})",
    ),
    // `Cookie: a=1; b=2` and `Set-Cookie: …`: all of it, for any of them may be the session.
    (
        Kind::Token,
        r#"(?i-u:\b(?:set-)?cookie[ \t]*:[ \t]*)([^\s"'\\]+=[^\r\n"'\\]+)"#,
    ),
    // `curl -u name:password`, `--user name:password`
    (
        Kind::Password,
        r#"(?-u:(?:[ \t'"]-u|--user|--proxy-user)[ =]?["']?[A-Za-z0-9._@+-]+:)([^\s"'`\\]+)"#,
    ),
    // Passwords as an argument of one letter, of programs known to take one.
    (
        Kind::Password,
        r#"(?-u:\b)(?:(?:docker|podman|helm registry|oras|buildah|skopeo)[^\n|;&]{0,80} (?:login|copy)[^\n|;&]{0,120}? -p[ =]?)["']?([^\s"'`]+)"#,
    ),
    (
        Kind::Password,
        r#"(?-u:\b)(?:(?:sshpass -p|mysql[a-z]*(?: [^\n|;&]{0,120})?? -p))[ ]?["']?([^\s"'`-][^\s"'`]*)"#,
    ),
    // ~/.netrc, also on several lines
    (
        Kind::Password,
        r"(?-u:\blogin\s+)\S+(?-u:\s+password\s+)(\S+)",
    ),
    // `aws configure set NAME VALUE`, `setenv NAME VALUE`, `ENV NAME VALUE`
    (
        Kind::Secret,
        r#"(?i-u:\b(?:configure set|setenv|env|arg)[ \t]+[a-z0-9_.]*(?:secret|token|passw(?:or)?d|api_?key|access_key|private_key)(?:_key)?[ \t]+)["']?([^\s"'=][^\s"']*)"#,
    ),
    // What was typed at Terraform's prompt for a variable (internal/command/meta_input.go and ui_input.go).
    (
        Kind::Secret,
        r"(?i-u:\bvar\.[a-z0-9_-]*(?:secret|token|passw(?:or)?d|passphrase|key|credential)[a-z0-9_-]*)\r?\n(?:[^\n]*\n){0,6}?[^\n]*Enter a value:[ \t]*([^\s]+)",
    ),
    // Oracle's own: jdbc:oracle:thin:user/password@host
    (
        Kind::Password,
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
    let mut at = 0;
    // What follows a password is searched again: a list of addresses has no space between them.
    while let Some(captures) = USER_PART.captures_at(text, at) {
        at = captures.get_match().end();
        let (user, password) = (captures.get(1), captures.get(2));
        match (user, password) {
            (_, Some(password)) => {
                let secret = within_authority(password.as_str());
                if !values::is_trivial(secret) && !is_port_and_path(secret) {
                    let range = password.start()..password.start() + secret.len();
                    at = range.end;
                    found.push(Found::new(Kind::Password, text, range));
                }
            }
            (Some(user), None) if values::is_unmistakable(user.as_str()) => {
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

/// `//host:8080/path@2`: no password, but a port and an `@` further on.
fn is_port_and_path(candidate: &str) -> bool {
    let digits = candidate.bytes().take_while(u8::is_ascii_digit).count();
    (1..=5).contains(&digits)
        && candidate
            .get(digits..)
            .is_some_and(|rest| rest.starts_with(['/', '?', '#']))
}
