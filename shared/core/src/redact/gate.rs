//! The cheap test that lets most of a log go by: only parts with a sign of a secret are read in all ways.
//!
//! A line that may be disguised, by colours or escapes, is undressed first; where two lines may have been one, a sign may be in
//! both of them.

use std::ops::Range;

use super::Accounts;
use super::margin::{self, Line};
use super::signs::{has_sign, is_cut};
use super::view;

/// How much in front of a line with a sign belongs to it (bytes): a secret key may stand above its access key.
const BEFORE: usize = 512;
/// How much behind it (bytes). What is longer than half of this is never looked for elsewhere, and a log puts something in front
/// of each line.
const BEHIND: usize = 8 * 1024;

/// The parts of `log` that are worth a closer look, each of whole lines; in order, none touching another.
pub(super) fn parts(log: &str, accounts: Accounts) -> Vec<Range<usize>> {
    let lines = margin::lines(log);
    let mut parts: Vec<Range<usize>> = Vec::new();
    // A row of a table is a frame with nothing in it, as far as margins go.
    let has_words = |line: &&Line| {
        let said = log.get(line.range.clone()).unwrap_or_default();
        line.width > 0 || said.contains(|character: char| character.is_alphanumeric())
    };
    let dressed = |line| (line, is_disguised(log, line));
    let mut lines = lines.iter().filter(has_words).map(dressed).peekable();
    while let Some((line, is_disguised)) = lines.next() {
        let next = lines.peek().copied();
        let is_signed = if is_disguised || next.is_some_and(|(_, is_disguised)| is_disguised) {
            is_signed_undressed(log, line, next.map(|(next, _)| next), accounts)
        } else {
            is_signed(log, line, next.map(|(next, _)| next), accounts)
        };
        if !is_signed {
            continue;
        }
        let start = begin_of_line(log, line.range.start.saturating_sub(BEFORE));
        let end = end_of_line(log, line.range.end + BEHIND);
        match parts.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => parts.push(start..end),
        }
    }
    parts
}

fn begin_of_line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let end = before.iter().rposition(|byte| *byte == b'\n');
    end.map_or(0, |end| end + 1)
}

fn end_of_line(text: &str, at: usize) -> usize {
    let behind = text.as_bytes().get(at..).unwrap_or_default();
    let end = behind.iter().position(|byte| *byte == b'\n');
    end.map_or(text.len(), |end| at + end + 1)
}

/// Whether a secret may be in a line or begin in it, where nothing hides it.
fn is_signed(text: &str, line: &Line, next: Option<&Line>, accounts: Accounts) -> bool {
    let of = |range: Range<usize>| text.get(range).unwrap_or_default();
    let below = next.map(|next| next.beside(text, line).content);
    let lower = below.map(of).unwrap_or_default();
    let end = line.content.end - line.range.start;
    is_cut(of(line.content.clone()), lower)
        || has_sign(of(line.range.clone()), end, lower, accounts)
}

/// The same for a line that hides something, or goes on in one that does.
fn is_signed_undressed(log: &str, line: &Line, next: Option<&Line>, accounts: Accounts) -> bool {
    let both = line.range.start..next.map_or(line.range.end, |next| next.range.end);
    let both = log.get(both).unwrap_or_default();
    view::undressed(both).iter().any(|text| {
        let lines = margin::lines(text);
        let each = lines.iter().enumerate();
        each.map(|(index, line)| (line, lines.get(index + 1)))
            .any(|(line, next)| is_signed(text, line, next, accounts))
    })
}

/// Whether there are colours, escapes or characters that nobody sees, which may hide a sign. Not those that end the message of
/// an object, nor quotes.
fn is_disguised(text: &str, line: &Line) -> bool {
    let [inside, behind] = [
        line.range.start..line.content.end,
        line.content.end..line.range.end,
    ]
    .map(|range| text.get(range).unwrap_or_default());
    let behind = behind.trim_start_matches("\\r").trim_start_matches("\\n");
    [inside, behind].into_iter().any(|text| {
        let bytes = text.as_bytes();
        bytes.iter().enumerate().any(|(at, byte)| match byte {
            b'\\' => bytes.get(at + 1) != Some(&b'"'),
            b'&' => bytes
                .get(at + 1)
                .is_some_and(|next| next.is_ascii_lowercase() || *next == b'#'),
            b'%' => bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit),
            b'[' => {
                // A colour has lost its escape byte.
                let rest = bytes.get(at + 1..).unwrap_or_default();
                let digits = rest
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit() || **byte == b';');
                rest.get(digits.count()) == Some(&b'm')
                    || at > 0 && bytes.get(at - 1) == Some(&b'^')
            }
            0x1b | 0xc2 | 0xe2 | 0xef => true,
            _ => false,
        })
    })
}
