//! Showing text that somebody else wrote, and times.
//!
//! Whoever can take a lock writes its `Who`, `Path`, `Operation` and `ID`, and may put anything there: terminal escapes,
//! right-to-left marks, line breaks that fake a second message. Nothing of that reaches a reader raw.

use jiff::Timestamp;

/// `text` with everything unprintable written as `\u{…}`, at most `limit` characters, `…` where it was cut.
#[must_use]
pub fn shown(text: &str, limit: usize) -> String {
    let mut safe = String::new();
    let mut count = 0_usize;
    for character in text.chars() {
        let piece = if is_printable(character) {
            character.to_string()
        } else {
            character.escape_unicode().to_string()
        };
        count += piece.chars().count();
        if count > limit {
            safe.push('…');
            break;
        }
        safe.push_str(&piece);
    }
    safe
}

/// Like [`shown`], in ASCII: other characters become `?`, and a cut is marked by `...`.
///
/// SNS subjects must be ASCII (AWS's older pages, and Publish fails on a bad one, so the notice would be lost).
#[must_use]
pub fn shown_ascii(text: &str, limit: usize) -> String {
    let ascii: String = text
        .chars()
        .map(|c| {
            if c == ' ' || c.is_ascii_graphic() {
                c
            } else {
                '?'
            }
        })
        .collect();
    if ascii.len() <= limit {
        return ascii;
    }
    let head: String = ascii.chars().take(limit.saturating_sub(3)).collect();
    format!("{head}...")
}

/// The end of `text`, at most `limit` characters of ASCII, with `...` in front where it was cut: of a path, the end says
/// more than the start.
#[must_use]
pub fn tail_ascii(text: &str, limit: usize) -> String {
    let ascii = shown_ascii(text, usize::MAX);
    if ascii.len() <= limit {
        return ascii;
    }
    let tail: String = ascii
        .chars()
        .skip(ascii.len() - limit.saturating_sub(3))
        .collect();
    format!("...{tail}")
}

/// A time as people read it, to the second, in UTC.
#[must_use]
pub fn shown_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Whether a reader sees the character as itself. `char::escape_debug` knows Unicode's unprintable characters, among
/// them format characters such as U+202E; quotes and the backslash are printable although it escapes them.
#[must_use]
pub fn is_printable(character: char) -> bool {
    matches!(character, '"' | '\'' | '\\') || character.escape_debug().count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unprintable_gets_through() {
        assert_eq!(
            shown("a\u{1b}[31mb\nc\u{202e}d", 100),
            "a\\u{1b}[31mb\\u{a}c\\u{202e}d"
        );
        assert_eq!(shown("Zoë's \"C:\\x\" 日本", 100), "Zoë's \"C:\\x\" 日本");
    }

    #[test]
    fn long_text_is_cut_at_its_limit() {
        assert_eq!(shown("abcdef", 6), "abcdef");
        assert_eq!(shown("abcdefg", 6), "abcdef…");
        assert_eq!(shown_ascii("abcdefgh", 6), "abc...");
        assert_eq!(tail_ascii("acme/prod/x.tfstate", 12), "...x.tfstate");
        assert_eq!(tail_ascii("é", 12), "?");
    }
}
