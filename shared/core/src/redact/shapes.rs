//! Secrets that are known by their form alone, wherever they stand.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Found;
use super::kind::Kind;
use super::pattern::compiled;

/// Forms that begin with a fixed text. Sources: each service's documentation of its token format; for AWS, "IAM identifiers"
/// (prefixes of unique IDs; those of users and roles are no credentials) and the base64 head of the session tokens of STS.
const FORMS: &[(Kind, &str)] = &[
    (Kind::AwsAccessKey, r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    (
        Kind::Token,
        r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9/+=%]{20,}",
    ),
    (Kind::ApiKey, r"ABSK[A-Za-z0-9+/]{40,}={0,2}"),
    (Kind::Jwt, r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,4}"),
    (Kind::Token, r"gh[pousr]_[A-Za-z0-9]{20,}"),
    (Kind::Token, r"github_pat_[A-Za-z0-9_]{20,}"),
    (
        Kind::Token,
        r"gl(?:pat|dt|cbt|ptt|rt|soat|ft|imt|agent|oas|ffct)-[A-Za-z0-9_.-]{16,}",
    ),
    (Kind::Token, r"xox[a-z]-[A-Za-z0-9-]{10,}"),
    (Kind::Token, r"xapp-[A-Za-z0-9-]{10,}"),
    (Kind::Token, r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,}"),
    (Kind::Token, r"hv[sbr]\.[A-Za-z0-9_-]{20,}"),
    (Kind::ApiKey, r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    (Kind::Secret, r"whsec_[A-Za-z0-9+/=]{20,}"),
    (Kind::Token, r"npm_[A-Za-z0-9]{30,}"),
    (Kind::Token, r"pypi-[A-Za-z0-9_-]{50,}"),
    (Kind::ApiKey, r"AIza[A-Za-z0-9_-]{35}"),
    (Kind::Secret, r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    (Kind::Token, r"ya29\.[A-Za-z0-9_-]{20,}"),
    (
        Kind::ApiKey,
        r"sk-(?:proj-|ant-|svcacct-)[A-Za-z0-9_-]{20,}",
    ),
    (Kind::ApiKey, r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    (Kind::Token, r"do[oprt]_v1_[a-f0-9]{64}"),
    (Kind::Token, r"dapi[a-f0-9]{32}"),
    (Kind::Token, r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    (
        Kind::Token,
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{30,}",
    ),
    (Kind::Token, r"gl(?:sa|c)_[A-Za-z0-9_+/=]{30,}"),
    (Kind::Token, r"ATATT3[A-Za-z0-9_=-]{20,}"),
    (Kind::Token, r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    (Kind::ApiKey, r"NRAK-[A-Z0-9]{20,}"),
    (
        Kind::Token,
        r"(?:sbp|lin_api|pul|tskey-auth|tskey-api)[_-][A-Za-z0-9_-]{30,}",
    ),
    (Kind::PrivateKey, r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
];

/// Forms with their fixed text in the middle; tried apart, because they are searched in another way.
const INNER_FORMS: &[(Kind, &str)] = &[
    (
        Kind::Token,
        r"[A-Za-z0-9]{10,20}\.atlasv1\.[A-Za-z0-9_=-]{20,}",
    ),
    (Kind::Secret, r"[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{30,40}"),
];

/// How far around an access key ID its secret key is looked for, in bytes: a few lines of a credentials file or of a table.
const BESIDE: usize = 300;

/// Every secret in `text` that its form gives away.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    static OUTER: LazyLock<Regex> = LazyLock::new(|| any_of(FORMS));
    static INNER: LazyLock<Regex> = LazyLock::new(|| any_of(INNER_FORMS));
    let first = found.len();
    for (forms, pattern) in [(FORMS, &OUTER), (INNER_FORMS, &INNER)] {
        for captures in pattern.captures_iter(text) {
            let range = captures.get_match().range();
            let which = (1..captures.len()).find(|group| captures.get(*group).is_some());
            let kind = which.and_then(|group| forms.get(group - 1));
            if let Some((kind, _)) = kind
                && is_alone(text, range.start)
            {
                found.push(Found::new(*kind, text, range));
            }
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

/// The numbers of AWS accounts: in ARNs and addresses, and beside a name that says so.
pub(super) fn find_accounts(text: &str, found: &mut Vec<Found>) {
    static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r"(?-u)arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:([0-9]{12})\b",
            r#"|(?i:account(?:[ _-]?(?:id|number))?s?)["']?[ \t]*[:=(]*[ \t]*\[?["'(]?([0-9]{12})\b"#,
            r"|\b([0-9]{12})\.dkr\.ecr\.|\bsqs\.[a-z0-9-]+\.amazonaws\.com/([0-9]{12})/",
        ))
    });
    for captures in ACCOUNT.captures_iter(text) {
        for group in captures.iter().skip(1).flatten() {
            found.push(Found::new(Kind::Account, text, group.range()));
        }
    }
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
