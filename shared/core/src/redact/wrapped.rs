//! Secrets that a narrow terminal has broken over several lines.

use super::Found;
use super::kind::Kind;
use super::values;

/// A line is broken only where the terminal ends, and nobody has one that is narrower.
const NARROWEST: usize = 60;
/// A session token has some 2000 characters at most.
const MOST_LINES: usize = 40;
/// How far before a secret its line may begin; a name, a prefix and an indent are not longer.
const LONGEST_MARGIN: usize = 300;

/// Lets a secret that fills its line go on over the lines below that hold nothing but more of it.
pub(super) fn extend(text: &str, found: &mut Found) {
    // Keys have lines of their own; `pem` knows them.
    if found.kind == Kind::PrivateKey {
        return;
    }
    let Some(width) = width_of_line_to(text, found) else {
        return;
    };
    let end = found.range.end;
    let mut at = end + line_break(text, end);
    let below = text.get(at..).unwrap_or_default();
    for line in below.split_inclusive('\n').take(MOST_LINES) {
        let content = line.trim_end_matches(['\n', '\r', '"', '\'', ',', ';']);
        if !is_more(content, width) {
            break;
        }
        found.range.end = at + content.len();
        at += line.len();
        if content.len() < width {
            break;
        }
    }
    if found.range.end > end {
        *found = Found::new(found.kind, text, found.range.clone());
    }
}

/// How long the line that ends with the secret is; `None` where it does not end there or is too short to have been broken.
fn width_of_line_to(text: &str, found: &Found) -> Option<usize> {
    if line_break(text, found.range.end) == 0 {
        return None;
    }
    let near = text.get(..found.range.start)?;
    let margin = near
        .bytes()
        .rev()
        .take_while(|byte| *byte != b'\n')
        .take(LONGEST_MARGIN)
        .count();
    let width = margin + found.range.len();
    (width >= NARROWEST && margin < LONGEST_MARGIN && !found.secret.contains('\n')).then_some(width)
}

/// The length of the line break at `at`; none where the line goes on.
fn line_break(text: &str, at: usize) -> usize {
    match text.get(at..) {
        Some(rest) if rest.starts_with("\r\n") => 2,
        Some(rest) if rest.starts_with('\n') => 1,
        Some(_) | None => 0,
    }
}

/// Whether a line is nothing but more characters of a token, and neither a word nor an ID.
fn is_more(line: &str, width: usize) -> bool {
    let is_token = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'%')
    };
    (4..=width).contains(&line.len())
        && line.bytes().all(is_token)
        && !line
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && (values::is_mixed(line) || line.len() == width)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::redact::{Accounts, Redactor};

    fn redacted(text: &str) -> String {
        Redactor::new(Accounts::Shown).redact(text)
    }

    /// A session token as a terminal of 72 columns shows it.
    fn broken(start: &str, end: &str, line_break: &str) -> String {
        let token = format!("{start}IQoJb3JpZ2luX2Vj{}=={end}", "aB3xY9Qz".repeat(40));
        let lines: Vec<&[u8]> = token.as_bytes().chunks(72).collect();
        let lines: Vec<&str> = lines
            .iter()
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        lines.join(line_break)
    }

    #[test]
    fn a_token_that_a_terminal_broke_is_hidden_to_its_end() {
        for (start, end) in [
            ("aws_session_token = ", ""),
            ("  \"SessionToken\": \"", "\","),
            ("", ""),
        ] {
            for line_break in ["\n", "\r\n"] {
                let text = broken(start, end, line_break) + "\nbuild-7f3k2\nLock Info:\n  ID: x";
                assert_eq!(
                    redacted(&text),
                    format!("{start}[redacted:token:1]{end}\nbuild-7f3k2\nLock Info:\n  ID: x")
                );
            }
        }
    }

    #[test]
    fn what_stands_below_a_secret_stays() {
        for below in [
            "Error",
            "19a6fe30-cf25-8eaf-077f-083449d678bd",
            "28877368bfd2175bbaf0a00a2b3f261d",
            "acme-tf-state/prod/terraform.tfstate is locked",
            "terraform",
        ] {
            let text = format!("export GITHUB_TOKEN={}\n{below}\n", "a1B2c3".repeat(10));
            assert!(
                redacted(&text).ends_with(&format!("\n{below}\n")),
                "{below}"
            );
        }
    }

    #[test]
    fn a_short_line_was_not_broken() {
        assert_snapshot!(redacted("TOKEN=a1b2c3d4\nmodule1v2\n"), @"
        TOKEN=[redacted:token:1]
        module1v2
        ");
    }
}
