//! A quick look at whether a text is worth a closer one.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::{arguments, web};

/// What every secret has in or before it that is found by a name, or as a private key.
const SIGNS: &[&str] = &[
    "pass",
    "pwd",
    "pw=",
    "pw:",
    "secret",
    "token",
    "key",
    "cred",
    "auth",
    "cookie",
    "sas=",
    "salt",
    "signature",
    "dockerc",
    "---begin",
    "-- begin",
    "private-lines",
    "@tcp(",
    "@unix(",
];

/// Whether there may be a secret in `text` that is not known by its form alone. No is certain.
pub(super) fn may_name_a_secret(text: &str) -> bool {
    static SEARCHED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .prefilter(false)
            .build(
                SIGNS
                    .iter()
                    .copied()
                    .chain(web::signs())
                    .chain(arguments::signs()),
            )
            .ok()
    });
    SEARCHED
        .as_ref()
        .is_none_or(|searched| searched.is_match(text))
        || text.contains("://") && text.contains('@')
}
