//! Places in a text: slices, lines, columns. Offsets are bytes.

use std::ops::Range;

/// The text of a range; empty where the range is not one of this text.
pub(crate) fn slice(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// Line and column (in characters) of an offset, both from 1.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = slice(text, 0..offset);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (line, slice(before, start..before.len()).chars().count() + 1)
}

/// Where the lines of a text begin, for many questions about one text.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self(std::iter::once(0).chain(ends).collect())
    }

    /// The line of an offset, from 0.
    pub(crate) fn of_offset(&self, offset: usize) -> usize {
        self.0
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }
}

/// Where the line of an offset begins.
pub(crate) fn line_start(text: &str, offset: usize) -> usize {
    slice(text, 0..offset).rfind('\n').map_or(0, |end| end + 1)
}

/// Where the next line begins, or the text ends.
pub(crate) fn line_end(text: &str, offset: usize) -> usize {
    let rest = slice(text, offset..text.len());
    rest.find('\n').map_or(text.len(), |end| offset + end + 1)
}

/// Whether nothing but blanks stands before an offset on its line.
pub(crate) fn begins_its_line(text: &str, offset: usize) -> bool {
    let head = slice(text, line_start(text, offset)..offset);
    is_blank(head.trim_start_matches('\u{feff}'))
}

/// Spaces, tabs and line ends only.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n'))
}

/// The blanks that the line of an offset begins with.
pub(crate) fn indent(text: &str, offset: usize) -> &str {
    let start = line_start(text, offset);
    let line = slice(text, start..line_end(text, start));
    let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
    slice(line, 0..blank)
}

/// The end of line that a text uses: that of its first line.
pub(crate) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(end) if slice(text, 0..end).ends_with('\r') => "\r\n",
        Some(_) | None => "\n",
    }
}

/// The next offset that is not a space or a tab.
pub(crate) fn skip_blanks(text: &str, offset: usize) -> usize {
    let rest = slice(text, offset..text.len());
    offset + rest.len() - rest.trim_start_matches([' ', '\t']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let text = "a\né b\n";
        assert_eq!(line_and_column(text, 0), (1, 1));
        assert_eq!(line_and_column(text, 4), (2, 2));
        assert_eq!(line_and_column(text, text.len()), (3, 1));
        assert_eq!((line_start(text, 4), line_end(text, 4)), (2, 7));
        let lines = Lines::of(text);
        assert_eq!(
            [0, 1, 2, 6, 7, 99].map(|at| lines.of_offset(at)),
            [0, 0, 1, 1, 2, 2]
        );
    }

    #[test]
    fn a_line_begins_after_its_blanks() {
        let text = "\t x = 1 # y\r\n";
        assert!(begins_its_line(text, 2));
        assert!(!begins_its_line(text, 6));
        assert_eq!((indent(text, 5), newline(text)), ("\t ", "\r\n"));
        assert!(begins_its_line("\u{feff}x", 3));
    }
}
