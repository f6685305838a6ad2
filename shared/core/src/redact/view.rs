//! One text, read in several ways: without colours, with its escapes undone, with its percent signs decoded, with broken lines
//! put together.
//!
//! A secret in JSON inside JSON, in a coloured log line or at the edge of a terminal does not look like itself. Instead of
//! teaching every pattern all disguises, the text is undressed layer by layer, and what is found is led back to the text as it
//! was given.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use super::joined::{self, Doubt};
use super::margin;
use super::undress::{Edits, percent_decoded, plain, unescaped, without_entities};

/// JSON in JSON in JSON is what a log service makes of a log line that was JSON; more has not been met.
/// One more for a page that shows it.
const LEVELS: usize = 4;

/// A text, and where each part of it came from.
pub(super) struct View<'a> {
    /// What to search.
    pub(super) text: Cow<'a, str>,
    /// From the given text to this one; what stands between two edits was copied.
    layers: Vec<Rc<Vec<Edit>>>,
    /// Where the given text has ends of lines which may have been the ends of what stands there.
    doubts: Rc<[Doubt]>,
}

/// A part that was rewritten: `to` in the new text stands for `from` in the old one.
#[derive(Clone)]
struct Edit {
    from: Range<usize>,
    to: Range<usize>,
}

/// All ways to read a text.
pub(super) struct Views<'a> {
    /// The text as a whole, the most literal view first; only those that differ from the ones before.
    pub(super) whole: Vec<View<'a>>,
    /// Broken lines that were put together.
    pub(super) runs: Vec<View<'a>>,
    /// What the lines of a log say whose every line is an object of JSON.
    pub(super) said: Vec<View<'a>>,
    /// The whole text with its broken lines put together.
    pub(super) joined: Vec<View<'a>>,
}

/// All ways to read `text`.
pub(super) fn all(text: &str) -> Views<'_> {
    let levels = levels(View::given(text));
    let mut runs = Vec::new();
    let mut said = Vec::new();
    let mut joined = Vec::new();
    for level in &levels {
        let lines = margin::lines(&level.text);
        let messages = level.edited(joined::without_objects(&lines));
        let broken = joined::runs(&level.text, lines);
        for run in &broken {
            runs.extend(with_percent_decoded(opened(level.run(run))));
        }
        said.extend(messages.into_iter().flat_map(opened));
        let seams: Edits = broken.into_iter().flat_map(|run| run.seams).collect();
        joined.extend(level.edited(seams));
    }
    Views {
        whole: with_percent_decoded(levels),
        runs,
        said,
        joined,
    }
}

fn with_percent_decoded(mut views: Vec<View<'_>>) -> Vec<View<'_>> {
    let decoded: Vec<View<'_>> = [views.first(), views.get(1..).and_then(<[_]>::last)]
        .into_iter()
        .flatten()
        .filter_map(|view| view.edited(percent_decoded(&view.text)))
        .collect();
    views.extend(decoded);
    views
}

/// The texts of `text` as a whole, as [`all`] has them.
pub(super) fn undressed(text: &str) -> Vec<String> {
    let views = with_percent_decoded(levels(View::given(text)));
    views
        .into_iter()
        .map(|view| view.text.into_owned())
        .collect()
}

/// The text with all its escapes undone: the form in which two spellings of one secret are equal.
pub(super) fn bare(text: &str) -> String {
    levels(View::given(text))
        .pop()
        .map_or_else(|| text.to_owned(), |view| view.text.into_owned())
}

/// The view without colours, then with one level of escapes undone after the other.
fn levels(given: View<'_>) -> Vec<View<'_>> {
    opened(given.edited(plain(&given.text)).unwrap_or(given))
}

/// The view, then with one level of escapes undone after the other.
fn opened(view: View<'_>) -> Vec<View<'_>> {
    let mut views = vec![view];
    for _ in 0..LEVELS {
        let Some(next) = views.last().and_then(|view| {
            view.edited(without_entities(&view.text))
                .or_else(|| view.edited(unescaped(&view.text)))
        }) else {
            break;
        };
        views.push(next);
    }
    views
}

impl<'a> View<'a> {
    fn given(text: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            layers: Vec::new(),
            doubts: Rc::default(),
        }
    }

    /// Only the lines of `run`, put together.
    fn run(&self, run: &joined::Run) -> Self {
        let mut text = String::with_capacity(run.range.len());
        let mut edits = vec![Edit {
            from: 0..run.range.start,
            to: 0..0,
        }];
        let mut copied = run.range.start;
        for (from, new) in &run.seams {
            text.push_str(self.text.get(copied..from.start).unwrap_or_default());
            let at = text.len();
            text.push_str(new);
            copied = from.end;
            edits.push(Edit {
                from: from.clone(),
                to: at..text.len(),
            });
        }
        text.push_str(self.text.get(copied..run.range.end).unwrap_or_default());
        let mut layers = self.layers.clone();
        layers.push(Rc::new(edits));
        let doubts = run.doubts.iter().map(|doubt| Doubt {
            end: self.origin_of(doubt.end),
            limit: doubt.limit.map(|limit| self.origin_of(limit)),
        });
        Self {
            text: Cow::Owned(text),
            layers,
            doubts: doubts.collect(),
        }
    }

    /// Where what was found at `range` must end: where it goes over an end of a line that is in doubt, it may take only so much
    /// of the next line.
    pub(super) fn limit(&self, range: &Range<usize>) -> usize {
        let origin = self.origin(range.clone());
        let crossed = self.doubts.iter().find_map(|doubt| {
            doubt
                .limit
                .filter(|limit| origin.start < doubt.end && *limit < origin.end)
        });
        let Some(limit) = crossed else {
            return range.end;
        };
        let inside = self.text.get(range.clone()).unwrap_or_default();
        let mut ends = inside.char_indices().map(|(at, _)| range.start + at).rev();
        ends.find(|end| self.origin(range.start..*end).end <= limit)
            .unwrap_or(range.start)
    }

    /// Where in the given text the line ends that ends at `at` in this one.
    fn origin_of(&self, at: usize) -> usize {
        let layers = self.layers.iter().rev();
        layers.fold(at, |at, edits| end_before(edits, at))
    }

    /// The part of the given text that `range` of this one stands for.
    pub(super) fn origin(&self, range: Range<usize>) -> Range<usize> {
        let (mut start, mut end) = (range.start, range.end);
        for edits in self.layers.iter().rev() {
            end = if end > start {
                end_before(edits, end)
            } else {
                start_before(edits, start)
            };
            start = start_before(edits, start);
        }
        start..end
    }

    /// The view with these changes; `None` where there are none.
    fn edited(&self, changes: Edits) -> Option<Self> {
        if changes.is_empty() {
            return None;
        }
        let mut text = String::with_capacity(self.text.len());
        let mut edits = Vec::with_capacity(changes.len());
        let mut copied = 0;
        for (from, new) in changes {
            text.push_str(self.text.get(copied..from.start).unwrap_or_default());
            let at = text.len();
            text.push_str(&new);
            copied = from.end;
            edits.push(Edit {
                from,
                to: at..text.len(),
            });
        }
        text.push_str(self.text.get(copied..).unwrap_or_default());
        let mut layers = self.layers.clone();
        layers.push(Rc::new(edits));
        Some(Self {
            text: Cow::Owned(text),
            layers,
            doubts: Rc::clone(&self.doubts),
        })
    }
}

/// Where the character at `at` began before the edits.
fn start_before(edits: &[Edit], at: usize) -> usize {
    match last_edit(edits, at) {
        Some(edit) if at < edit.to.end => edit.from.start,
        Some(edit) => edit.from.end + (at - edit.to.end),
        None => at,
    }
}

/// Where the character that ends at `at` ended before the edits. What was taken out behind it is not part of it.
fn end_before(edits: &[Edit], at: usize) -> usize {
    let inside = at.saturating_sub(1);
    match last_edit(edits, inside) {
        Some(edit) if inside < edit.to.end => edit.from.end,
        Some(edit) => edit.from.end + (at - edit.to.end),
        None => at,
    }
}

/// The last edit that begins at or before `at`.
fn last_edit(edits: &[Edit], at: usize) -> Option<&Edit> {
    let after = edits.partition_point(|edit| edit.to.start <= at);
    after.checked_sub(1).and_then(|index| edits.get(index))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        all(text)
            .whole
            .into_iter()
            .map(|view| view.text.into_owned())
            .collect()
    }

    #[test]
    fn a_text_without_disguise_is_read_once() {
        assert_eq!(texts("ID: 42"), ["ID: 42"]);
    }

    #[test]
    fn colours_are_taken_off_however_the_escape_byte_was_lost() {
        for colour in [
            "\u{1b}[31m",
            "^[[1;31m",
            "\\033[0m",
            "\\x1b[K",
            "\\u001b[31m",
            "[31m",
            "\u{fffd}[0m",
        ] {
            assert_eq!(texts(&format!("a{colour}b"))[0], "ab", "{colour:?}");
        }
    }

    #[test]
    fn escapes_are_undone_level_by_level() {
        assert_eq!(
            texts(r#"{\\\"a\\\"}"#),
            [r#"{\\\"a\\\"}"#, r#"{\"a\"}"#, r#"{"a"}"#]
        );
        assert_eq!(
            texts("&quot;&amp;\\u00e9\\ud83d\\ude00$${").last().unwrap(),
            "\"&é😀${"
        );
        assert_eq!(texts("C:\\dir\\q"), ["C:\\dir\\q"]);
        assert_eq!(texts("p%40s%C3%A9%ff"), ["p%40s%C3%A9%ff", "p@sé%ff"]);
    }

    #[test]
    fn what_is_found_leads_back_to_the_text_as_given() {
        for (text, part, origin) in [
            ("a\u{1b}[0mb\u{1b}[0m c", "ab", "a\u{1b}[0mb"),
            (r#"x \"a\\nb\" y"#, "a\nb", r"a\\nb"),
            ("u%3Ap%40w", "p@w", "p%40w"),
            ("%3Ap", "p", "p"),
            (r#"\"é\""#, "é", "é"),
        ] {
            let views = all(text).whole;
            let (view, at) = views
                .iter()
                .rev()
                .find_map(|view| view.text.find(part).map(|at| (view, at)))
                .unwrap();
            assert_eq!(&text[view.origin(at..at + part.len())], origin, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_part_of_every_view_leads_to_whole_characters(
            text in r#"([a-zé😀 ]|\\"|\\\\|\\n|\\u00e9|%40|%C3%A9|\x1b\[0m|&quot;|\[redacted:token:7\]|password=[a-z0-9]{34,40}\n|│ ){0,20}"#,
        ) {
            let views = all(&text);
            for view in views.whole.iter().chain(&views.runs).chain(&views.joined) {
                let ends: Vec<usize> = view.text.char_indices().map(|(at, _)| at).chain([view.text.len()]).collect();
                for (index, start) in ends.iter().enumerate() {
                    for end in ends.iter().skip(index) {
                        prop_assert!(text.get(view.origin(*start..*end)).is_some());
                    }
                }
            }
        }
    }
}
