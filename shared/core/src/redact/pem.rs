//! Private keys in armour: PEM, OpenSSH, SSH2, PGP and PuTTY, whole, wrapped by a CI's prefixes, or cut off.

use std::sync::LazyLock;

use regex::Regex;

use super::Found;
use super::kind::Kind;
use super::pattern::compiled;

/// A key is never longer. RSA with 16384 bits has 12 KiB; a PGP key with its prefixes on every line can have more.
const LONGEST: usize = 64 * 1024;

/// Every private key in `text`, from its first line to its last.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    static BEGIN: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"-{4,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-Lines: ?[0-9]{1,3}",
        )
    });
    let mut at = 0;
    while let Some(begin) = BEGIN.find_at(text, at) {
        let mut limit = (begin.end() + LONGEST).min(text.len());
        while !text.is_char_boundary(limit) {
            limit += 1;
        }
        let Some(rest) = text.get(begin.end()..limit) else {
            break;
        };
        // A second key begins where the first was cut off.
        let rest = BEGIN
            .find(rest)
            .and_then(|next| rest.get(..next.start()))
            .unwrap_or(rest);
        let end = begin.end() + body(rest);
        let start = if begin.as_str().starts_with('-') {
            begin.start()
        } else {
            begin.end()
        };
        if end > start {
            found.push(Found::new(Kind::PrivateKey, text, start..end));
        }
        at = end.max(begin.end());
    }
}

/// How much of what follows the first line belongs to the key.
fn body(rest: &str) -> usize {
    static END: LazyLock<Regex> = LazyLock::new(|| {
        compiled(r"-{4,5} ?END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-MAC: ?[0-9a-f]*")
    });
    if let Some(end) = END.find(rest) {
        return end.end();
    }
    let (first, lines) = rest.split_at(rest.find('\n').unwrap_or(rest.len()));
    let on_first = words_of_key(first);
    let mut end = on_first;
    let mut at = first.len();
    let mut margin = None;
    for line in lines.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line
            .trim_end()
            .trim_end_matches(['"', '\'', ',', ';', '\\']);
        let word = content.split_whitespace().next_back().unwrap_or_default();
        let before = content.len() - word.len();
        // Every line of a key stands at the same column. This tells its short last line from what comes after it.
        let is_key = is_base64(word)
            && word.len() >= 4
            && margin.map_or(word.len() >= 16, |margin| margin == before);
        if is_key {
            margin = Some(before);
            end = start + content.len();
        } else if margin.is_some() || !is_header(content) {
            break;
        }
    }
    end
}

/// The length of the key's words at the start of `line`, where its line breaks became spaces or `\n`.
fn words_of_key(line: &str) -> usize {
    static WORDS: LazyLock<Regex> =
        LazyLock::new(|| compiled(r"\A(?:(?:\\+[nr]|[ \t])*[A-Za-z0-9+/=]{16,})+"));
    WORDS.find(line).map_or(0, |words| words.end())
}

/// Lines between the first line of the armour and the key: PEM's and PGP's headers, the empty line after them, and the
/// empty rest of the first line.
fn is_header(line: &str) -> bool {
    const HEADERS: [&str; 8] = [
        "Proc-Type:",
        "DEK-Info:",
        "Version:",
        "Comment:",
        "Hash:",
        "Charset:",
        "Subject:",
        "X-",
    ];
    line.len() < 200
        && (!line.contains(|character: char| character.is_ascii_alphabetic())
            || HEADERS.iter().any(|header| line.contains(header)))
}

fn is_base64(word: &str) -> bool {
    word.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

/// The same key under other prefixes is the same key: the last word of each line.
pub(super) fn without_prefixes(key: &str) -> String {
    key.lines()
        .filter_map(|line| line.split_whitespace().next_back())
        .collect()
}
