//! Values that were cut into several lines.

use super::collect::Line;

/// Where a value begins.
pub(super) struct First<'v> {
    pub(super) value: &'v str,
    /// How wide its line is, with the padding that is gone where nothing stands behind a name.
    pub(super) width: usize,
    /// There is no space in such a value, so none is lost where its line ends.
    pub(super) is_word: bool,
}

/// The value with the lines that it was cut into; `None` where one of these lines stands for itself.
///
/// A line goes on where the first word of the next one would not have fitted behind it. At the very edge the text was cut
/// between two characters, before it at a space.
pub(super) fn put_together(first: &First<'_>, after: &[Line], widest: usize) -> Option<String> {
    let mut whole = first.value.trim_end().to_owned();
    let mut width = first.width;
    for line in after {
        let piece = line.text.trim_end();
        let word = piece.split_whitespace().next().unwrap_or_default();
        let had_no_room = width + 1 + word.chars().count() > widest;
        let has_spaces = piece.trim().contains(char::is_whitespace);
        if !had_no_room || has_spaces && first.is_word {
            return None;
        }
        if width >= widest || first.is_word {
            whole.push_str(piece);
        } else {
            whole.push(' ');
            whole.push_str(piece.trim_start());
        }
        width = line.width;
    }
    Some(whole)
}
