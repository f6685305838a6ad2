//! Bytes to lines, however they come in.

use super::LONGEST_LINE;

/// Splits bytes at line feeds, carriage returns, or both together. A carriage return alone ends a line too: progress
/// bars and GitLab's section marks put them in front of the text that a person sees.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What has no end yet.
    begun: Vec<u8>,
    /// Line feeds (or lone carriage returns) so far.
    ended: u64,
    after_return: bool,
}

impl Lines {
    /// Gives every line that ends within `bytes` to `each`, with its number from 1.
    pub(super) fn read(&mut self, mut bytes: &[u8], each: &mut impl FnMut(u64, &[u8])) {
        while let Some(first) = bytes.first() {
            if std::mem::take(&mut self.after_return) && *first == b'\n' {
                bytes = bytes.get(1..).unwrap_or_default();
                continue;
            }
            let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
            let room = LONGEST_LINE.saturating_sub(self.begun.len());
            let window = bytes.get(..room).unwrap_or(bytes);
            if let Some(end) = window.iter().position(is_end) {
                let (line, rest) = bytes.split_at(end);
                self.end(line, each);
                self.after_return = rest.first() == Some(&b'\r');
                self.ended += 1;
                bytes = rest.get(1..).unwrap_or_default();
            } else {
                let (piece, rest) = bytes.split_at(window.len());
                self.begun.extend_from_slice(piece);
                if self.begun.len() >= LONGEST_LINE {
                    self.end(&[], each);
                }
                bytes = rest;
            }
        }
    }

    /// Gives the last line, where the text does not end with a line's end.
    pub(super) fn finish(&mut self, each: &mut impl FnMut(u64, &[u8])) {
        if !self.begun.is_empty() {
            self.end(&[], each);
        }
    }

    fn end(&mut self, last: &[u8], each: &mut impl FnMut(u64, &[u8])) {
        let number = self.ended + 1;
        if self.begun.is_empty() {
            each(number, last);
        } else {
            self.begun.extend_from_slice(last);
            each(number, &self.begun);
            self.begun.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<(u64, String)> {
        let mut lines = Lines::default();
        let mut all = Vec::new();
        let mut each = |number, line: &[u8]| {
            all.push((number, String::from_utf8_lossy(line).into_owned()));
        };
        for chunk in chunks {
            lines.read(chunk, &mut each);
        }
        lines.finish(&mut each);
        all
    }

    #[test]
    fn every_kind_of_line_end_ends_a_line() {
        let texts = |chunks: &[&[u8]]| -> Vec<String> {
            split(chunks).into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(texts(&[b"a\nb\r\nc\rd"]), ["a", "b", "c", "d"]);
        assert_eq!(texts(&[b"a\r", b"\nb", b"\n\nc\r\n"]), ["a", "b", "", "c"]);
        assert_eq!(texts(&[b""]), [""; 0]);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let numbers: Vec<u64> = split(&[b"a\r\n\r\nb\nc"]).iter().map(|(n, _)| *n).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
    }

    #[test]
    fn a_line_without_end_is_given_in_pieces_wherever_the_chunks_end() {
        let long = vec![b'x'; 2 * LONGEST_LINE];
        let whole = split(&[&long, b"\ny"]);
        assert_eq!(
            whole
                .iter()
                .map(|(n, text)| (*n, text.len()))
                .collect::<Vec<_>>(),
            [(1, LONGEST_LINE), (1, LONGEST_LINE), (1, 0), (2, 1)]
        );
        let (first, rest) = long.split_at(12_345);
        assert_eq!(split(&[first, rest, b"\ny"]), whole);
        let joined = [&long[..], b"\ny"].concat();
        assert_eq!(split(&[&joined]), whole);
    }
}
