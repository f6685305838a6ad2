//! A quick look at whether a text is worth a closer one.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;

use super::pattern::compiled;
use super::{arguments, shapes, signs, web};

/// Whether there may be a secret in `text` that is not known by its form alone. No is certain.
pub(super) fn may_name_a_secret(text: &str) -> bool {
    static SEARCHED: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| search(names_and_places().collect()));
    SEARCHED
        .as_ref()
        .is_none_or(|searched| searched.is_match(text))
        || text.contains("://") && text.contains('@')
}

/// Whether a secret of any sort may begin in `text` and go on behind it. No is certain.
pub(super) fn may_begin_a_secret(text: &str) -> bool {
    static SEARCHED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        search(
            names_and_places()
                .chain(shapes::starts())
                .chain(["://"])
                .collect(),
        )
    });
    static LOOSE: LazyLock<Regex> = LazyLock::new(|| compiled(shapes::LOOSE_SIGN));
    SEARCHED
        .as_ref()
        .is_none_or(|searched| searched.is_match(text))
        || LOOSE.is_match(text)
}

/// What every secret has in or before it that is found by a name, or as a private key.
fn names_and_places() -> impl Iterator<Item = &'static str> {
    let names = signs::NAMES.iter().chain(signs::MARKS).copied();
    names.chain(web::signs()).chain(arguments::signs())
}

/// Looks for all of these in one pass, whatever their case.
pub(super) fn search(signs: Vec<&str>) -> Option<AhoCorasick> {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .prefilter(false)
        .build(signs)
        .ok()
}
