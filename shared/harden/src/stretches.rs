//! Which stretches of an HCL text are comments, and which are quoted.
//!
//! The parser knows where its nodes are, but comments are none. What is changed in a comment changes no configuration, so
//! it makes a difference whether a secret stands in one.

use std::ops::Range;

use crate::place::slice;

/// Comments and quoted texts (strings and heredocs) of an HCL text, each in the order of the text, without overlaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stretches {
    comments: Vec<Range<usize>>,
    quoted: Vec<Range<usize>>,
}

/// What the reader is in.
enum Inside {
    /// Code, with so many open braces. In a template its last brace closes it.
    Code { braces: usize },
    /// A string.
    Text,
}

impl Stretches {
    /// Those between two places of a text that can be parsed; of any other text they mean nothing, but take no longer.
    pub(crate) fn of(text: &str, within: Range<usize>) -> Self {
        let mut found = Self::default();
        let source = slice(text, 0..within.end);
        let mut stack = vec![Inside::Code { braces: 0 }];
        let (mut at, mut opened) = (within.start, within.start);
        while let Some(byte) = source.as_bytes().get(at).copied() {
            let rest = source.as_bytes().get(at..).unwrap_or_default();
            let is_outermost = stack.len() == 1;
            match stack.last_mut() {
                Some(Inside::Text) => {
                    at += match byte {
                        b'\\' => 2,
                        _ if rest.starts_with(b"$${") || rest.starts_with(b"%%{") => 3,
                        _ if rest.starts_with(b"${") || rest.starts_with(b"%{") => {
                            stack.push(Inside::Code { braces: 0 });
                            2
                        }
                        b'"' => {
                            stack.pop();
                            if stack.len() == 1 {
                                found.quoted.push(opened..at);
                            }
                            1
                        }
                        _ => 1,
                    };
                }
                Some(Inside::Code { braces }) => match byte {
                    b'"' => {
                        if is_outermost {
                            opened = at + 1;
                        }
                        stack.push(Inside::Text);
                        at += 1;
                    }
                    _ if let Some(end) = end_of_comment(source, at) => {
                        if is_outermost {
                            found.comments.push(at..end);
                        }
                        at = end;
                    }
                    _ if let Some(heredoc) = heredoc(source, at) => {
                        at = heredoc.end;
                        if is_outermost {
                            found.quoted.push(heredoc);
                        }
                    }
                    b'{' => {
                        *braces += 1;
                        at += 1;
                    }
                    b'}' => {
                        if *braces == 0 && !is_outermost {
                            stack.pop();
                        } else {
                            *braces = braces.saturating_sub(1);
                        }
                        at += 1;
                    }
                    _ => at += 1,
                },
                None => break,
            }
        }
        found
    }

    /// Of a text in which everything is quoted, such as JSON.
    pub(crate) fn all_quoted(text: &str) -> Self {
        let whole = 0..text.len();
        Self {
            comments: Vec::new(),
            quoted: Vec::from([whole]),
        }
    }

    /// Adds the comments of a part that is itself quoted, such as the contents of a `generate` block.
    pub(crate) fn add_comments(&mut self, part: Self) {
        self.comments.extend(part.comments);
        self.comments.sort_by_key(|range| range.start);
    }

    /// Whether a place is in a comment as a whole.
    pub(crate) fn is_comment(&self, at: &Range<usize>) -> bool {
        covers(&self.comments, at)
    }

    /// Whether a place is quoted as a whole.
    pub(crate) fn is_quoted(&self, at: &Range<usize>) -> bool {
        covers(&self.quoted, at)
    }
}

/// Whether one of the stretches, which are in order and do not overlap, holds the whole place.
fn covers(stretches: &[Range<usize>], at: &Range<usize>) -> bool {
    let behind = stretches.partition_point(|stretch| stretch.start <= at.start);
    let before = behind.checked_sub(1).and_then(|last| stretches.get(last));
    before.is_some_and(|stretch| at.end <= stretch.end)
}

/// Where the comment ends that begins here.
fn end_of_comment(text: &str, at: usize) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    let rest_of_text = || slice(text, at..text.len());
    if rest.starts_with(b"#") || rest.starts_with(b"//") {
        Some(rest_of_text().find('\n').map_or(text.len(), |end| at + end))
    } else if rest.starts_with(b"/*") {
        Some(
            rest_of_text()
                .find("*/")
                .map_or(text.len(), |end| at + end + 2),
        )
    } else {
        None
    }
}

/// The lines of the heredoc that is announced here, with the line that closes it.
fn heredoc(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.as_bytes().get(at..)?;
    if !rest.starts_with(b"<<") {
        return None;
    }
    let rest = slice(text, at + 2..text.len());
    let (head, _) = rest.split_once('\n')?;
    let marker = head.trim_end_matches('\r');
    let marker = marker.strip_prefix('-').unwrap_or(marker);
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if marker.is_empty() || !marker.chars().all(is_word) {
        return None;
    }
    let start = at + 2 + head.len() + 1;
    let mut end = start;
    for line in slice(text, start..text.len()).split_inclusive('\n') {
        end += line.len();
        if line.trim() == marker {
            break;
        }
    }
    Some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Vec<&str>, Vec<&str>) {
        let Stretches { comments, quoted } = Stretches::of(text, 0..text.len());
        let texts = |ranges: Vec<Range<usize>>| -> Vec<&str> {
            ranges.into_iter().map(|range| &text[range]).collect()
        };
        (texts(comments), texts(quoted))
    }

    #[test]
    fn comments_are_told_from_texts_that_look_like_them() {
        for (text, comments, quoted) in [
            ("a = 1 # b", &["# b"][..], &[][..]),
            ("a = \"# b\" // c\r\nd", &["// c\r"], &["# b"]),
            (
                "a /* \" \n */ = \"/* x */\"",
                &["/* \" \n */"],
                &["/* x */"],
            ),
            ("a = \"\\\"# b\" # c", &["# c"], &["\\\"# b"]),
            ("a = \"${f(\"#\")}#\" # c", &["# c"], &["${f(\"#\")}#"]),
            ("a = \"${{ b = 1 }}\" # c", &["# c"], &["${{ b = 1 }}"]),
            ("a = \"$${\" # c", &["# c"], &["$${"]),
            ("a = <<-EOT\n # b\n EOT\nc # d", &["# d"], &[" # b\n EOT\n"]),
            (
                "a = <<EOT\r\n# b\r\nEOT\r\n# d",
                &["# d"],
                &["# b\r\nEOT\r\n"],
            ),
            ("# <<EOT\na = 1 # b", &["# <<EOT", "# b"], &[]),
            ("/* open", &["/* open"], &[]),
        ] {
            assert_eq!(found(text), (comments.to_vec(), quoted.to_vec()), "{text}");
        }
    }

    #[test]
    fn a_place_counts_only_as_a_whole() {
        let text = "a = 1 # one\nb = 2 # two";
        let stretches = Stretches::of(text, 0..text.len());
        assert!(stretches.is_comment(&(8..11)));
        assert!(!stretches.is_comment(&(4..11)));
        assert!(!stretches.is_comment(&(8..20)));
        assert!(!stretches.is_quoted(&(8..11)));
        assert!(Stretches::all_quoted(text).is_quoted(&(4..11)));
    }
}
