//! Signs of a secret: pieces of text of which every secret has one in it, before it or above it.
//!
//! Most of them are a part of ordinary words too, so each is looked at where it stands: `resource_key` is a name, but what it
//! names is no secret if it is `5`. Whoever adds a rule to a finder need not come here: names, forms and tables are theirs.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::assignments;
use super::glue;
use super::names::{self, Hint};
use super::pattern::compiled;
use super::values;
use super::worth;
use super::{Accounts, arguments, shapes, web};

/// So much on either side of the end of a line tells whether a sign was cut there (characters). No sign is longer.
const SEAM: usize = 40;

/// What every name of a secret has in it.
pub(super) const NAMES: &[&str] = &[
    "pass",
    "pwd",
    "pw",
    "secret",
    "token",
    "key",
    "cred",
    "auth",
    "cookie",
    "salt",
    "sas",
    "signature",
    "dockerc",
];
/// What is a sign wherever it stands: of a private key, and of an address with a password.
pub(super) const MARKS: &[&str] = &["---begin", "-- begin", "private-lines", "@tcp(", "@unix("];
/// Terraform asks so for the value of a variable, and the answer stands behind it.
const QUESTION: &str = "enter a value";

/// What was found of a sign, and what is to be asked there.
#[derive(Clone, Copy, Debug)]
enum Sign {
    Certain,
    Name,
    /// The begin of the form with this number.
    Form(usize),
    Address,
    /// A row of a table.
    Row,
}

struct Signs {
    search: AhoCorasick,
    each: Vec<Sign>,
}

fn signs() -> Option<&'static Signs> {
    static SIGNS: LazyLock<Option<Signs>> = LazyLock::new(|| {
        let certain = MARKS.iter().copied().chain([QUESTION]);
        let certain = certain.map(|sign| (sign, Sign::Certain));
        let names = NAMES.iter().map(|sign| (*sign, Sign::Name));
        let forms = shapes::starts().enumerate();
        let forms = forms.map(|(which, start)| (start, Sign::Form(which)));
        let rows = web::signs().chain(arguments::signs());
        let rows = rows.map(|sign| (sign, Sign::Row));
        let all = certain
            .chain(names)
            .chain(forms)
            .chain([("://", Sign::Address)])
            .chain(rows);
        let (texts, each): (Vec<&str>, Vec<Sign>) = all.unzip();
        let search = worth::search(texts)?;
        Some(Signs { search, each })
    });
    SIGNS.as_ref()
}

/// Whether `line` has a sign. Its content ends at `end`, and may go on with `below`.
pub(super) fn has_sign(line: &str, end: usize, below: &str, accounts: Accounts) -> bool {
    static LOOSE: LazyLock<Regex> = LazyLock::new(|| compiled(shapes::LOOSE_SIGN));
    static ACCOUNT: LazyLock<Regex> =
        LazyLock::new(|| compiled("(?-u)[0-9]{12}|[0-9]{4}-[0-9]{4}-[0-9]{4}"));
    let Some(signs) = signs() else { return true };
    let mut has_row = false;
    let mut named_to = 0;
    let is_found = signs.search.find_overlapping_iter(line).any(|found| {
        match signs.each.get(found.pattern().as_usize()) {
            Some(Sign::Certain) | None => true,
            Some(Sign::Name) if found.start() < named_to => false,
            Some(Sign::Name) => {
                let name = name_around(line, found.range());
                named_to = name.end;
                names_a_secret(line, name, end)
            }
            Some(Sign::Form(which)) => {
                shapes::begins(*which, line, found.start()) || {
                    shapes::may_begin(*which, line, found.start())
                        && goes_to_the_end(line, found.end(), end)
                }
            }
            Some(Sign::Address) => {
                let word = line.get(found.end()..).unwrap_or_default();
                let word = word
                    .split([' ', '\t', '"', '<', '>'])
                    .next()
                    .unwrap_or_default();
                word.contains('@') || goes_to_the_end(line, found.end(), end)
            }
            Some(Sign::Row) => {
                has_row = true;
                false
            }
        }
    });
    is_found
        || has_row && has_row_of_a_table(line, end, below)
        || LOOSE.is_match(line)
        || accounts == Accounts::Hidden && ACCOUNT.is_match(line)
}

/// Whether a row of a table finds something in the line, or in what it was before it was broken.
fn has_row_of_a_table(line: &str, end: usize, below: &str) -> bool {
    let plain = line.replace("\\\"", "\"");
    let content = line.get(..end).unwrap_or_default().replace("\\\"", "\"");
    let joined = format!("{content}{}", below.trim_start());
    let apart = format!("{content} {}", below.trim_start());
    [plain, joined, apart]
        .iter()
        .any(|text| web::may_find(text) || arguments::may_find(text))
}

/// Whether what stands at `from` is one word up to the end of the content, and so may go on in the next line.
fn goes_to_the_end(line: &str, from: usize, end: usize) -> bool {
    let rest = line.get(from..end).unwrap_or_default();
    !rest.contains([' ', '\t', '"'])
}

/// The whole name that has a sign in it.
fn name_around(text: &str, sign: Range<usize>) -> Range<usize> {
    let is_part =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'.' | b'-' | b'$');
    let bytes = text.as_bytes();
    let before = bytes.get(..sign.start).unwrap_or_default();
    let behind = bytes.get(sign.end..).unwrap_or_default();
    let start = sign.start - before.iter().rev().take_while(is_part).count();
    let end = sign.end + behind.iter().take_while(is_part).count();
    start..end
}

/// Whether a secret may stand behind the name, or below it.
fn names_a_secret(text: &str, name: Range<usize>, end: usize) -> bool {
    const CLOSING: [char; 8] = ['\\', '"', '\'', '`', ']', ')', '*', '>'];
    let behind = text.get(name.end..end).unwrap_or_default();
    let open = behind.trim_start_matches(CLOSING);
    // The name itself may go on in the next line.
    let is_last = name.end >= end || open.trim_start_matches([' ', '\t', '=', ':']).is_empty();
    let name = assignments::with_words_before(text, name);
    let said = text.get(name).unwrap_or_default();
    match names::hint(said) {
        _ if behind.is_empty() => true,
        None => false,
        Some(_) if is_last || open.starts_with(',') => true,
        Some(Hint::Certain(_)) => !is_in_prose(said, open),
        Some(Hint::Likely(_)) => {
            let value =
                open.trim_start_matches([' ', '\t', '=', ':', '>', '|', '\\', '"', '\'', '`', '-']);
            let stop = |character: char| {
                character.is_whitespace() || matches!(character, '"' | '\'' | '\\' | ',')
            };
            let word = value.split(stop).next().unwrap_or_default();
            value.starts_with(['{', '[', '('])
                || word.len() == value.len()
                || values::is_mixed(word)
                || values::is_user_and_password(word)
        }
    }
}

/// Whether a word of prose follows a name: `the token has expired`. A variable and a flag may have
/// their value there.
fn is_in_prose(name: &str, behind: &str) -> bool {
    let word = behind.strip_prefix(' ').unwrap_or_default();
    let is_word = word.starts_with(|character: char| character.is_ascii_alphabetic());
    let word = word
        .split(|character: char| !character.is_ascii_alphanumeric())
        .next();
    let is_tie = matches!(word, Some("is" | "was" | "for" | "of"));
    let is_variable = name.contains('_') || !name.contains(|letter: char| letter.is_lowercase());
    is_word && !is_tie && !is_variable && !name.starts_with('-')
}

/// Whether the end of a line cuts a sign in two.
pub(super) fn is_cut(upper: &str, lower: &str) -> bool {
    let Some(signs) = signs() else { return true };
    if lower.is_empty() || !glue::may_be_broken(upper) {
        return false;
    }
    let last = upper.trim_end_matches('\\');
    let last = last
        .char_indices()
        .rev()
        .take(SEAM)
        .last()
        .and_then(|(at, _)| last.get(at..));
    let first = lower.trim_start();
    let first = first.get(
        ..first
            .char_indices()
            .nth(SEAM)
            .map_or(first.len(), |(at, _)| at),
    );
    let seam = last.map_or(0, str::len);
    let both = [last, first].map(Option::unwrap_or_default).concat();
    signs.search.find_overlapping_iter(&both).any(|found| {
        let crosses = |range: Range<usize>| range.start < seam && seam < range.end;
        match signs.each.get(found.pattern().as_usize()) {
            Some(Sign::Name) => {
                let name = name_around(&both, found.range());
                // A full stop ends a sentence more often than it stands in a name.
                let is_stop = both
                    .get(seam.saturating_sub(1)..=seam)
                    .is_none_or(|end| end.contains('.'));
                let is_cut = crosses(found.range()) || crosses(name.clone()) && !is_stop;
                is_cut && names_a_secret(&both, name, both.len())
            }
            Some(Sign::Form(which)) => {
                crosses(found.range()) && shapes::may_begin(*which, &both, found.start())
            }
            Some(Sign::Certain | Sign::Address | Sign::Row) | None => crosses(found.range()),
        }
    })
}
