//! A quick look at whether a text is worth a closer one.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::shapes;

/// What every secret has in or before it that is found by a name, an address, a header or an argument.
const SIGNS: &[&str] = &[
    "pass", "pwd", "pw=", "pw:", "secret", "token", "key", "cred", "auth", "cookie", "sas", "salt", "sig", "docker", "://",
    "begin", "private-lines", "bearer", "basic", "login", "webhook", "@tcp(", "@unix(", "--from-literal", "--value",
    " -p", " -u", "'-u", "\"-u", "--user", "--proxy-user", "enter a value", "account",
];

/// Whether there may be a secret in `text`. No is certain.
pub(super) fn may_hold_a_secret(text: &str) -> bool {
    static SEARCHED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(SIGNS.iter().copied().chain(shapes::starts()))
            .ok()
    });
    SEARCHED
        .as_ref()
        .is_none_or(|searched| searched.is_match(text))
        || shapes::has_loose_form(text)
}
