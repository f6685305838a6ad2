//! The numbers of AWS accounts. They are no secrets, and are hidden only on request.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Found;
use super::kind::Kind;
use super::pattern::compiled;

/// Every number of an account in `text` that what stands around it gives away.
///
/// A run of twelve digits alone may be the number of a build. In a name with hyphens, as buckets and roles have, it is taken
/// for an account; so is what stands behind the word, and what an address of AWS has in the account's place.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r"(?-u)\barn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:([0-9]{12})\b",
            r#"|(?i:accounts?(?:[ _-]?(?:id|number))?s?)\b["'`]?[ \t]*(?:[:=(/|]|is|was)*[ \t]*\[?["'`(]?([0-9]{12}|[0-9]{4}-[0-9]{4}-[0-9]{4})\b"#,
            r"|\b([0-9]{12})\.dkr\.ecr\.|\bsqs\.[a-z0-9-]+\.amazonaws\.com/([0-9]{12})/",
            // `acme-tf-state-123456789012`, `123456789012-cloudtrail`
            r"|\b[A-Za-z][A-Za-z0-9.]*(?:[-_][A-Za-z][A-Za-z0-9.]*)*[-_]([0-9]{12})\b",
            r"|\b([0-9]{12})[-_][A-Za-z]",
            // As AWS's console writes it
            r"|\b([0-9]{4}-[0-9]{4}-[0-9]{4})\b",
        ))
    });
    for captures in ACCOUNT.captures_iter(text) {
        for number in captures.iter().skip(1).flatten() {
            if !is_in_longer(text, number.range()) {
                found.push(Found::new(Kind::Account, text, number.range()));
            }
        }
    }
}

/// Both spellings of the number: with hyphens and without.
pub(super) fn spellings(number: &str) -> Vec<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let groups: Vec<&str> = [0..4, 4..8, 8..12]
        .into_iter()
        .filter_map(|group| digits.get(group))
        .collect();
    let hyphened = groups.join("-");
    vec![digits, hyphened]
}

/// Whether the digits are the end of a lock ID or a part of another number.
pub(super) fn is_in_longer(text: &str, range: Range<usize>) -> bool {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        compiled(r"(?i-u)(?:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-|[0-9a-f])\z|[0-9]-\z")
    });
    static AFTER: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?i-u)\A(?:[0-9a-f]|-[0-9])"));
    let start = range.start.saturating_sub(16);
    let before = (start..=range.start).find_map(|at| text.get(at..range.start));
    let after = text.get(range.end..).unwrap_or_default();
    before.is_some_and(|before| BEFORE.is_match(before)) || AFTER.is_match(after)
}
