//! What is drawn around a line: Terraform's box, Markdown quotes and fences, comment marks.

/// A line without its frame, and which part of a box it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unframed<'a> {
    pub(super) text: &'a str,
    /// The whole line is the upper or lower edge of a box.
    pub(super) is_edge: bool,
}

/// Removes every layer of frame. The indentation inside the innermost frame is kept.
pub(super) fn strip(text: &str) -> Unframed<'_> {
    let mut text = without_end(text);
    let mut has_bar = false;
    while let Some((rest, is_bar)) = mark(text.trim_start()) {
        text = rest;
        has_bar |= is_bar;
    }
    if has_bar {
        // A box may be closed on the right as well.
        text = without_end(without_right_side(text));
    }
    let visible = text.trim();
    if visible.starts_with("```") || visible.starts_with("~~~") {
        text = "";
    }
    Unframed {
        text,
        is_edge: is_edge(visible),
    }
}

/// Without the right sides of boxes and the padding before them.
pub(super) fn without_right_side(text: &str) -> &str {
    let inside = text
        .trim_end()
        .trim_end_matches(['│', '┃', '║', '|'])
        .trim_end();
    // An ASCII bar behind them may belong to a prefix: `runner-1  |`.
    inside.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '│' | '┃' | '║'))
}

/// Line ends that are written out.
fn without_end(text: &str) -> &str {
    let text = text.trim_end();
    let shorter = text.strip_suffix('\\').unwrap_or(text);
    shorter.trim_end()
}

/// Past one mark of a frame and one space; and whether the mark is a bar.
pub(super) fn mark(text: &str) -> Option<(&str, bool)> {
    let rest = text
        .strip_prefix(['│', '┃', '║'])
        .map(|rest| (rest, true))
        .or_else(|| spaced(text, "|").map(|rest| (rest, true)))
        .or_else(|| text.strip_prefix('>').map(|rest| (rest, false)))
        .or_else(|| spaced(text, "#").map(|rest| (rest, false)))
        .or_else(|| spaced(text, "//").map(|rest| (rest, false)));
    rest.map(|(rest, is_bar)| (rest.strip_prefix(' ').unwrap_or(rest), is_bar))
}

/// Past a mark that other text begins with too, where it stands by itself.
fn spaced<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(mark)?;
    (rest.is_empty() || rest.starts_with([' ', '\t', '│', '|'])).then_some(rest)
}

/// `╷`, `╵`, and the edges that people draw: `┌───┐`, `+----+`.
fn is_edge(text: &str) -> bool {
    let has_corner = text.starts_with(['╷', '╵', '┌', '└', '╔', '╚', '╭', '╰', '+']);
    has_corner
        && text.chars().skip(1).all(|c| {
            matches!(
                c,
                '─' | '═' | '━' | '┐' | '┘' | '╗' | '╝' | '╮' | '╯' | '-' | '+'
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_go_and_indentation_inside_stays() {
        for (framed, text) in [
            ("│   ID:  a", "  ID:  a"),
            ("> │   ID:  a  │", "  ID:  a"),
            ("# |   ID:  a |", "  ID:  a"),
            ("    //   ID: a \\", "  ID: a"),
            ("    ID: a", "    ID: a"),
            ("│", ""),
            ("```text", ""),
            ("| │ a", "a"),
            (">> a", "a"),
            ("#hash |x", "#hash |x"),
            ("|x| a", "|x| a"),
        ] {
            assert_eq!(strip(framed).text, text, "{framed}");
        }
    }

    #[test]
    fn the_edges_of_a_box_are_told() {
        for edge in ["╷", "│ ╵", "┌────┐", "+-----+"] {
            assert!(strip(edge).is_edge, "{edge}");
        }
        for other in ["+ create", "│", "a", ""] {
            assert!(!strip(other).is_edge, "{other}");
        }
    }
}
