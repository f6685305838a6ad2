//! Secrets that are known by their form alone, wherever they stand.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;

use super::Found;
use super::kind::Kind;
use super::pattern::compiled;

/// One form: what it is, the text it begins with, and the pattern of what follows. To add a form, add a line. Sources: each
/// service's documentation of its token format; for AWS, "IAM identifiers" (prefixes of unique IDs; those of users and roles
/// are no credentials) and the base64 head of the session tokens of STS.
const FORMS: &[(Kind, &str, &str)] = &[
    (Kind::AwsAccessKey, "AKIA", "[A-Z0-9]{16}"),
    (Kind::AwsAccessKey, "ASIA", "[A-Z0-9]{16}"),
    (Kind::AwsAccessKey, "ABIA", "[A-Z0-9]{16}"),
    (Kind::AwsAccessKey, "ACCA", "[A-Z0-9]{16}"),
    (Kind::Token, "IQoJb3JpZ2lu", "[A-Za-z0-9/+=%]{20,}"),
    (Kind::Token, "FwoGZXIvYXdz", "[A-Za-z0-9/+=%]{20,}"),
    (Kind::Token, "FQoGZXIvYXdz", "[A-Za-z0-9/+=%]{20,}"),
    (Kind::ApiKey, "ABSK", "[A-Za-z0-9+/]{40,}={0,2}"),
    (
        Kind::Jwt,
        "eyJ",
        r"[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,4}",
    ),
    (Kind::Token, "ghp_", "[A-Za-z0-9]{20,}"),
    (Kind::Token, "gho_", "[A-Za-z0-9]{20,}"),
    (Kind::Token, "ghu_", "[A-Za-z0-9]{20,}"),
    (Kind::Token, "ghs_", "[A-Za-z0-9]{20,}"),
    (Kind::Token, "ghr_", "[A-Za-z0-9]{20,}"),
    (Kind::Token, "github_pat_", "[A-Za-z0-9_]{20,}"),
    (
        Kind::Token,
        "gl",
        "(?:pat|dt|cbt|ptt|rt|soat|ft|imt|agent|oas|ffct)-[A-Za-z0-9_.-]{16,}|(?:sa|c)_[A-Za-z0-9_+/=]{30,}",
    ),
    (Kind::Token, "xox", "[a-z]-[A-Za-z0-9-]{10,}"),
    (Kind::Token, "xapp-", "[A-Za-z0-9-]{10,}"),
    (
        Kind::Token,
        "hooks.slack.com/services/",
        "[A-Za-z0-9/]{20,}",
    ),
    (
        Kind::Token,
        "hooks.slack.com/workflows/",
        "[A-Za-z0-9/]{20,}",
    ),
    (
        Kind::Token,
        "discord.com/api/webhooks/",
        "[0-9]+/[A-Za-z0-9_-]{20,}",
    ),
    (
        Kind::Token,
        "discordapp.com/api/webhooks/",
        "[0-9]+/[A-Za-z0-9_-]{20,}",
    ),
    (
        Kind::Token,
        "webhook.office.com/webhookb2/",
        "[A-Za-z0-9@/-]{30,}",
    ),
    (
        Kind::Token,
        "outlook.office.com/webhook/",
        "[A-Za-z0-9@/-]{30,}",
    ),
    (Kind::Token, "hf_", "[A-Za-z0-9]{30,}"),
    (Kind::Token, "hvs.", "[A-Za-z0-9_-]{20,}"),
    (Kind::Token, "hvb.", "[A-Za-z0-9_-]{20,}"),
    (Kind::Token, "hvr.", "[A-Za-z0-9_-]{20,}"),
    (Kind::ApiKey, "sk_live_", "[A-Za-z0-9]{10,}"),
    (Kind::ApiKey, "sk_test_", "[A-Za-z0-9]{10,}"),
    (Kind::ApiKey, "rk_live_", "[A-Za-z0-9]{10,}"),
    (Kind::ApiKey, "rk_test_", "[A-Za-z0-9]{10,}"),
    (Kind::Secret, "whsec_", "[A-Za-z0-9+/=]{20,}"),
    (Kind::Token, "npm_", "[A-Za-z0-9]{30,}"),
    (Kind::Token, "pypi-", "[A-Za-z0-9_-]{50,}"),
    (Kind::ApiKey, "AIza", "[A-Za-z0-9_-]{35}"),
    (Kind::Secret, "GOCSPX-", "[A-Za-z0-9_-]{20,}"),
    (Kind::Token, "ya29.", "[A-Za-z0-9_-]{20,}"),
    (
        Kind::ApiKey,
        "sk-",
        "(?:proj-|ant-|svcacct-)[A-Za-z0-9_-]{20,}",
    ),
    (
        Kind::ApiKey,
        "SG.",
        r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    ),
    (Kind::Token, "dop_v1_", "[a-f0-9]{64}"),
    (Kind::Token, "doo_v1_", "[a-f0-9]{64}"),
    (Kind::Token, "dor_v1_", "[a-f0-9]{64}"),
    (Kind::Token, "dapi", "[a-f0-9]{32}"),
    (Kind::Token, "dckr_", "(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    (
        Kind::Token,
        "dp.",
        r"(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{30,}",
    ),
    (Kind::Token, "ATATT3", "[A-Za-z0-9_=-]{20,}"),
    (Kind::Token, "shp", "(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    (Kind::ApiKey, "NRAK-", "[A-Z0-9]{20,}"),
    (Kind::Token, "sbp_", "[A-Za-z0-9_-]{30,}"),
    (Kind::Token, "lin_api_", "[A-Za-z0-9_-]{30,}"),
    (Kind::Token, "pul-", "[A-Za-z0-9_-]{30,}"),
    (Kind::Token, "tskey-", "(?:auth|api)-[A-Za-z0-9_-]{30,}"),
    (Kind::PrivateKey, "AGE-SECRET-KEY-", "1[A-Z0-9]{50,}"),
];

/// Forms whose first text is too short, or not the first. Each is a pattern of its own.
const LOOSE_FORMS: &[(Kind, &str)] = &[
    // Terraform Cloud
    (
        Kind::Token,
        r"[A-Za-z0-9]{10,20}\.atlasv1\.[A-Za-z0-9_=-]{20,}",
    ),
    // A client secret of Azure's directory
    (Kind::Secret, r"[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{30,40}"),
    // Twilio's API keys and account IDs
    (Kind::ApiKey, r"(?:SK|AC)[0-9a-f]{32}\b"),
    // Vault's service tokens before 1.10
    (Kind::Token, r"s\.[A-Za-z0-9]{24}\b"),
];

/// Tokens of one length: with its last character such a token is complete. Sources as above; of GitHub's, "Behind GitHub's new
/// authentication token formats", where the last six characters are a checksum.
const COMPLETE: &str = concat!(
    r"(?:\A|[^A-Za-z0-9])(?-u:A[KS]IA[A-Z0-9]{16}|ABIA[A-Z0-9]{16}|ACCA[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{36}",
    r"|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}|gl(?:pat|dt|ptt|rt|ft)-[A-Za-z0-9_-]{20}|npm_[A-Za-z0-9]{36}",
    r"|xox[bp]-[0-9]{10,13}-[0-9]{10,13}(?:-[0-9]{10,13})?-[A-Za-z0-9]{24,32}|hooks\.slack\.com/services/T[A-Z0-9]{8,10}/B[A-Z0-9]{8,10}/[A-Za-z0-9]{24}",
    r"|AIza[A-Za-z0-9_-]{35}|do[por]_v1_[a-f0-9]{64}|dapi[a-f0-9]{32}|shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}|(?:SK|AC)[0-9a-f]{32}|s\.[A-Za-z0-9]{24})\z",
);
/// None of them is longer (bytes).
const LONGEST_COMPLETE: usize = 100;

/// Whether `line` ends with a token that is complete, so that nothing of it stands in the next line.
pub(super) fn ends_with_a_complete_one(line: &str) -> bool {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| compiled(COMPLETE));
    let line = line.trim_end();
    let near = line.len().saturating_sub(LONGEST_COMPLETE);
    let near = (near..line.len()).find_map(|at| line.get(at..));
    near.is_some_and(|end| PATTERN.is_match(end))
}

/// What begins one of these, or stands in the middle of it.
pub(super) const LOOSE_SIGN: &str =
    r"(?-u)\.atlasv1|8Q~|\b(?:SK|AC)[0-9a-f]{4}|\bs\.[A-Za-z0-9]{4}";

/// The texts that the others begin with.
pub(super) fn starts() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|(_, start, _)| *start)
}

/// Whether the form with this number begins at `start`, if what stands behind belongs to it.
pub(super) fn may_begin(which: usize, text: &str, start: usize) -> bool {
    let form = FORMS.get(which).map(|(_, form, _)| *form);
    let rest = text.get(start..).unwrap_or_default();
    form.is_some_and(|form| rest.starts_with(form)) && is_alone(text, start)
}

/// Whether the form with this number stands at `start`.
pub(super) fn begins(which: usize, text: &str, start: usize) -> bool {
    let length = FORMS.get(which).map_or(0, |(_, form, _)| form.len());
    may_begin(which, text, start)
        && rests().get(which).is_some_and(|rest| {
            text.get(start + length..)
                .is_some_and(|behind| rest.is_match(behind))
        })
}

/// What follows the first text of each form.
fn rests() -> &'static [Regex] {
    static RESTS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        FORMS
            .iter()
            .map(|(_, _, rest)| compiled(&format!(r"(?-u)\A(?:{rest})")))
            .collect()
    });
    &RESTS
}

/// How far around an access key ID its secret key is looked for, in bytes: a few lines of a credentials file or of a table.
const BESIDE: usize = 300;

/// Every secret in `text` that its form gives away.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    static STARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .prefilter(false)
            .build(FORMS.iter().map(|(_, start, _)| start))
            .ok()
    });
    static LOOSE: LazyLock<Regex> = LazyLock::new(|| any_of(LOOSE_FORMS));
    let first = found.len();
    for start in STARTS.iter().flat_map(|starts| starts.find_iter(text)) {
        if !is_alone(text, start.start()) {
            continue;
        }
        let which = start.pattern().as_usize();
        let rest = text.get(start.end()..).unwrap_or_default();
        let end = rests().get(which).and_then(|pattern| pattern.find(rest));
        if let (Some((kind, ..)), Some(end)) = (FORMS.get(which), end) {
            let range = start.start()..start.end() + end.end();
            found.push(Found::new(*kind, text, range));
        }
    }
    for captures in LOOSE.captures_iter(text) {
        let range = captures.get_match().range();
        let which = (1..captures.len()).find(|group| captures.get(*group).is_some());
        let form = which.and_then(|group| LOOSE_FORMS.get(group - 1));
        if let Some((kind, _)) = form
            && is_alone(text, range.start)
        {
            found.push(Found::new(*kind, text, range));
        }
    }
    let access_keys: Vec<Range<usize>> = found
        .iter()
        .skip(first)
        .filter(|found| found.kind == Kind::AwsAccessKey)
        .map(|found| found.range.clone())
        .collect();
    find_secret_keys(text, &access_keys, found);
}

/// Runs of exactly 40 characters of base64 near an access key ID. A commit hash has 40 characters too, but no capitals.
fn find_secret_keys(text: &str, access_keys: &[Range<usize>], found: &mut Vec<Found>) {
    static RUN: LazyLock<Regex> = LazyLock::new(|| compiled("[A-Za-z0-9/+]{40,}"));
    let mut searched = 0;
    for access_key in access_keys {
        let mut start = access_key.start.saturating_sub(BESIDE).max(searched);
        let mut end = (access_key.end + BESIDE).min(text.len());
        while !text.is_char_boundary(start) {
            start += 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let Some(window) = text.get(start..end) else {
            continue;
        };
        searched = end;
        for run in RUN.find_iter(window).filter(|run| run.len() == 40) {
            let has = |test: fn(&u8) -> bool| run.as_str().bytes().any(|byte| test(&byte));
            let is_random = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
            if is_random && (has(u8::is_ascii_digit) || has(|byte| matches!(byte, b'/' | b'+'))) {
                let range = start + run.start()..start + run.end();
                found.push(Found::new(Kind::AwsSecretKey, text, range));
            }
        }
    }
}

/// Whether a match at `start` is no part of a longer word. What stands behind it is taken by the forms themselves.
fn is_alone(text: &str, start: usize) -> bool {
    text.get(..start)
        .and_then(|before| before.bytes().next_back())
        .is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// One pattern with a group for each form.
fn any_of(forms: &[(Kind, &str)]) -> Regex {
    let groups: Vec<String> = forms.iter().map(|(_, form)| format!("({form})")).collect();
    compiled(&format!("(?-u){}", groups.join("|")))
}
