//! Text inside a string literal: JSON's escapes and Go's `%q`.

/// What follows a literal `\n` where a string holds a lock error. Without such a follower a backslash is a backslash:
/// `CORP\nadia@HOST` is a holder.
const FOLLOWERS: [&str; 22] = [
    "ID:",
    "Path:",
    "Operation:",
    "Who:",
    "Version:",
    "Created:",
    "Info:",
    "Lock Info:",
    "Error info:",
    "Error",
    "Terraform ",
    "OpenTofu ",
    "Failed to",
    "Bucket:",
    "Key:",
    "Calculated checksum:",
    "The checksum",
    "This may be",
    "StatusCode:",
    "RequestID:",
    "ConditionalCheck",
    "PreconditionFailed",
];

/// Whether the line holds literal `\n`s that stand for line feeds of a lock error.
pub(super) fn is_escaped(line: &str) -> bool {
    line.match_indices("\\n").any(|(at, found)| {
        let after = line.get(at + found.len()..).unwrap_or_default();
        let follower = past_decoration(after);
        FOLLOWERS.iter().any(|word| follower.starts_with(word))
    })
}

/// Past indentation, bars, colour codes and further escapes.
fn past_decoration(mut text: &str) -> &str {
    loop {
        let plain = text.trim_start_matches(|c: char| {
            c.is_whitespace()
                || matches!(c, '│' | '|' | '╷' | '╵' | '*' | '>' | '\u{1b}' | '\u{fffd}')
        });
        let shorter = escaped(plain).or_else(|| colour(plain));
        match shorter {
            Some(shorter) => text = shorter,
            None => return plain,
        }
    }
}

/// Past `\n`, `\t`, `\u001b` and the like, with any number of backslashes.
fn escaped(text: &str) -> Option<&str> {
    let code = text.strip_prefix('\\')?.trim_start_matches('\\');
    let mut rest = code.chars();
    match rest.next()? {
        'n' | 'r' | 't' => Some(rest.as_str()),
        'u' => code.get(5..),
        'x' => code.get(3..),
        _ => None,
    }
}

/// Past `[31m`.
fn colour(text: &str) -> Option<&str> {
    text.strip_prefix('[')?
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
        .strip_prefix('m')
}

/// One level of escapes resolved; what is no escape stays.
pub(super) fn resolve(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        rest = one(after, &mut plain);
    }
    plain.push_str(rest);
    plain
}

/// Resolves the escape whose backslash is already gone, and returns what comes after it.
fn one<'a>(after: &'a str, plain: &mut String) -> &'a str {
    let mut characters = after.chars();
    let Some(code) = characters.next() else {
        plain.push('\\');
        return after;
    };
    let rest = characters.as_str();
    let resolved = match code {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '"' | '\\' | '/' => code,
        'u' => return hexadecimal(after, 4, plain),
        'x' => return hexadecimal(after, 2, plain),
        _ => {
            plain.push('\\');
            return after;
        }
    };
    plain.push(resolved);
    rest
}

/// `u2502` and `x1b`; a pair of surrogates makes one character.
fn hexadecimal<'a>(code: &'a str, digits: usize, plain: &mut String) -> &'a str {
    let number = |text: &str| u32::from_str_radix(text.get(1..=digits)?, 16).ok();
    let rest = code.get(1 + digits..).unwrap_or_default();
    let Some(first) = number(code) else {
        plain.push('\\');
        return code;
    };
    if let Some(character) = char::from_u32(first) {
        plain.push(character);
        return rest;
    }
    let second = rest.strip_prefix('\\').and_then(number);
    let pair = second.and_then(|second| {
        let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
        char::from_u32(0x10000 + ((first - 0xD800) << 10) + low)
    });
    match pair {
        Some(character) if first < 0xDC00 => {
            plain.push(character);
            rest.get(2 + digits..).unwrap_or_default()
        }
        Some(_) | None => {
            plain.push(char::REPLACEMENT_CHARACTER);
            rest
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_is_an_escape_only_where_lock_text_follows() {
        for escaped in [
            r"Lock Info:\n  ID: a",
            r"\\n  Path: b",
            r#"msg="x\n\u2502 Error: y""#,
            r"x\n\x1b[31m\x1b[0m Lock Info:",
        ] {
            assert!(is_escaped(escaped), "{escaped}");
        }
        for plain in [r"  Who:  CORP\nadia@HOST", r"C:\new\Path", "ID: a\n"] {
            assert!(!is_escaped(plain), "{plain}");
        }
    }

    #[test]
    fn one_level_is_resolved_at_a_time() {
        assert_eq!(resolve(r#"a\n\tb\\n\"c\/d"#), "a\n\tb\\n\"c/d");
        assert_eq!(
            resolve(r"\u2502\u001b[0m\x1b\ud83d\ude00"),
            "│\u{1b}[0m\u{1b}😀"
        );
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in [r"CORP\bob", r"\", r"\u12", r"\uzzzz", r"\x", "é\\q"] {
            assert_eq!(resolve(text), text);
        }
        assert_eq!(resolve(r"\ud83dx"), "\u{fffd}x");
        assert_eq!(resolve(r"\udc00\udc00"), "\u{fffd}\u{fffd}");
    }
}
