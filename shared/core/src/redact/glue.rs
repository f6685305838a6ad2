//! How a line goes on in the next one: whether two lines were one, and what stood between them.

use std::sync::LazyLock;

use regex::Regex;

use super::margin::Line;
use super::pattern::compiled;
use super::shapes;

/// Narrower terminals are not met (columns).
const NARROWEST: usize = 40;
/// Nor wider ones. Longer lines were broken by nobody.
const WIDEST: usize = 240;

/// How two lines are put together: what stands between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glue {
    /// Nothing: the line was broken. Two lines of one width tell after how many columns.
    Nothing { width: Option<usize>, is_sure: bool },
    /// Nothing, and the backslash goes: a shell's own way to go on.
    Continued,
    /// A space: the line was broken at one, or its value stands below its name.
    Space,
}

/// Whether a line may have been broken at its end, as far as it tells by itself.
pub(super) fn may_be_broken(line: &str) -> bool {
    line.ends_with('\\') || line.len() >= NARROWEST
}

/// How `below` goes on with `above`; `None` where it does not. `before` is the width at which `above` surely went on with the
/// line before it.
pub(super) fn glue(
    upper: &str,
    lower: &str,
    above: &Line,
    below: &Line,
    before: Option<usize>,
) -> Option<Glue> {
    if below.width == 0 || above.width == 0 {
        return None;
    }
    if upper.ends_with('\\') && !upper.ends_with("\\\\") {
        return Some(Glue::Continued);
    }
    // A terminal breaks a line together with its prefix; a program breaks it before somebody puts one on.
    let has_prefix = above.has_margin() && !below.has_margin();
    let is_usual = |width: usize| (NARROWEST..=WIDEST).contains(&width);
    let fits = |(width, next): (usize, usize)| is_usual(width) && next <= width;
    let all = (above.whole, below.whole);
    let said = (above.width, below.width);
    let (width, next) = if has_prefix || fits(all) && !fits(said) {
        all
    } else {
        said
    };
    // A wider line below shows that there was room. But behind the last piece stands what ends an object of JSON, so that only
    // what is in front of a quote must have found room.
    let piece = lower.chars().position(|character| character == '"');
    let may_be_broken = is_usual(width) && !shapes::ends_with_a_complete_one(upper);
    if may_be_broken && (next <= width || piece.is_some_and(|piece| piece <= width)) {
        // The line that ends a broken one is shorter; nothing goes on behind it.
        let is_last = before.is_some_and(|before| width.max(above.whole) < before);
        let is_as_before = before.is_some() && [Some(width), Some(above.whole)].contains(&before);
        let is_as_wide = next == width || is_as_before && next < width;
        let is_sure = is_as_wide || is_quote_open(upper, lower);
        if !is_last && (is_sure || !is_a_field(lower)) {
            return Some(Glue::Nothing {
                width: is_as_wide.then_some(width),
                is_sure,
            });
        }
    }
    (is_left_open(upper) && is_one_value(upper, lower)).then_some(Glue::Space)
}

/// Whether a line begins with the name of one of the fields of a lock error, or with a time, as those of a log do.
fn is_a_field(line: &str) -> bool {
    static FIELD: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?-u)\A[ \t]*(?:(?:ID|Path|Operation|Who|Version|Created|Info|Lock Info|Error|Warning):|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ])",
        )
    });
    FIELD.is_match(line)
}

/// Whether a quotation begins on one line and ends on the next.
fn is_quote_open(upper: &str, lower: &str) -> bool {
    lower.contains('"') && upper.bytes().filter(|byte| *byte == b'"').count() % 2 == 1
}

pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether a line ends where a value is due: with a sign of assignment, a flag, or the scheme of a header.
fn is_left_open(line: &str) -> bool {
    static OPEN: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r#"(?-u)(?:[=:>]["']?|[ \t]--?[A-Za-z][A-Za-z0-9-]*|\b(?:[Bb]earer|[Bb]asic|AsPlainText))[*_ \t]*\z"#,
        )
    });
    let near = line.len().saturating_sub(80);
    let near = (near..line.len()).find_map(|at| line.get(at..));
    near.is_some_and(|end| OPEN.is_match(end))
}

/// Whether the line below an open one is its value: one word or one quotation, that stands further in.
fn is_one_value(upper: &str, lower: &str) -> bool {
    let value = lower.trim();
    let is_short = value.len() < 4096;
    let is_quoted =
        value.starts_with(['"', '\'']) && value.trim_end_matches([',', ';']).ends_with(['"', '\'']);
    let is_alone =
        is_quoted || !value.contains(char::is_whitespace) && !value.ends_with([':', '{', '[', '(']);
    is_short && is_alone && indent(lower) > indent(upper) && !value.starts_with("- ")
}
