//! Colour codes, also where the escape character was lost or spelled out on the way.

use std::borrow::Cow;

/// How an escape character arrives; U+FFFD stands for a lost one.
const ARRIVALS: [&str; 5] = ["\u{1b}", "\u{fffd}", "␛", "^[", "#x1B"];

/// How it is spelled in a string literal, where the literal itself was not resolved.
const SPELLINGS: [&str; 4] = ["\\x1b", "\\u001b", "\\033", "\\e"];

/// `text` without colour codes and other terminal sequences, zero-width marks and a byte order mark.
pub(super) fn strip(text: &str) -> Cow<'_, str> {
    strip_with(text, true)
}

/// The same, but string literals in the text stay valid.
pub(super) fn strip_outside_literals(text: &str) -> Cow<'_, str> {
    strip_with(text, false)
}

fn strip_with(text: &str, in_literals: bool) -> Cow<'_, str> {
    let may_have = text.contains('[') || text.contains(is_invisible);
    if !may_have {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(code) = spelled(rest) {
            if in_literals && let Some(past) = control(code, true) {
                rest = past;
                continue;
            }
            // Kept together with its bracket, so that the rest is not taken for a code without escape character.
            let (kept, past) = rest.split_at(rest.len() - code.len());
            plain.push_str(kept);
            rest = past;
            continue;
        }
        if let Some(past) = sequence(rest) {
            rest = past;
            continue;
        }
        if !is_invisible(character) {
            plain.push(character);
        }
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    Cow::Owned(plain)
}

fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{1b}' | '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{9b}' | '\u{8}'
    )
}

/// Past a spelled escape character and its bracket.
fn spelled(text: &str) -> Option<&str> {
    SPELLINGS
        .iter()
        .find_map(|spelling| text.strip_prefix(spelling)?.strip_prefix('['))
}

/// Past a sequence that begins here; `None` where none does.
fn sequence(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix("\u{1b}]") {
        // A title or link: up to BEL or ESC \.
        let end = rest.find(['\u{7}', '\u{1b}'])?;
        let past = rest.get(end..)?;
        return Some(
            past.strip_prefix("\u{1b}\\")
                .unwrap_or_else(|| past.get(1..).unwrap_or_default()),
        );
    }
    if let Some(rest) = text.strip_prefix('\u{9b}') {
        return control(rest, true);
    }
    for spelling in ARRIVALS {
        if let Some(rest) = text.strip_prefix(spelling) {
            return control(rest.strip_prefix('[')?, true);
        }
    }
    control(text.strip_prefix('[')?, false)
}

/// Past the parameters and the final letter of a control sequence. Without its escape character only colours and line
/// erasure are taken for one, because other text stands in brackets too.
fn control(text: &str, has_escape: bool) -> Option<&str> {
    let past =
        text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ';' | ':' | '?'));
    let has_parameters = past.len() < text.len();
    let Some(last) = past.chars().next() else {
        // A text may end in the middle of a sequence.
        return has_escape.then_some(past);
    };
    let fits = if has_escape {
        last.is_ascii_alphabetic()
    } else {
        has_parameters && matches!(last, 'm' | 'K')
    };
    fits.then(|| past.get(1..)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_however_their_escape_character_is_spelled() {
        for text in [
            "\u{1b}[31m│\u{1b}[0m a",
            "[31m│[0m a",
            "\u{fffd}[31m│\u{fffd}[0m a",
            "^[[31m│^[[0m a",
            "\\x1b[31m│\\033[0m a",
            "\u{feff}\u{1b}]8;;x\u{7}│\u{1b}]8;;\u{1b}\\ a",
            "\u{1b}[0K│\u{9b}1;31m a\u{1b}[m",
            "│ a\u{1b}[0",
        ] {
            assert_eq!(strip(text), "│ a", "{text:?}");
        }
    }

    #[test]
    fn what_a_literal_spells_stays_for_whoever_resolves_it() {
        let literal = r#"{"log":"\u001b[31m[pod/a] b\u001b[0m"}"#;
        let coloured = format!("\u{1b}[31m{literal}\u{1b}[0m");
        assert_eq!(strip_outside_literals(&coloured), literal);
        assert_eq!(strip(literal), r#"{"log":"[pod/a] b"}"#);
    }

    #[test]
    fn other_brackets_stay() {
        for text in ["[envs/prod] a", "[id=0]", "a[0]", "[2m left", "^[x", "["] {
            let expected = if text == "[2m left" { " left" } else { text };
            assert_eq!(strip(text), expected);
        }
    }
}
