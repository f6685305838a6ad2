//! What the error itself says, apart from the fields of the lock and from the text under every lock error.
//!
//! Terraform and terminals break messages anywhere, between words and inside them. So phrases are looked for in the
//! message without any white space and in lower case, and only what stands in quotes is taken from the message as printed.

use super::collect::Line;
use super::fields::{self, Block};
use super::{heads, names};

/// A message has at most so many lines; what comes after is a log that goes on.
const MOST_LINES: usize = 24;

/// The message of an error.
#[derive(Debug)]
pub(super) struct Message {
    text: String,
    squeezed: String,
}

impl Message {
    /// The message among the lines of an error.
    pub(super) fn of(lines: &[Line], block: Option<&Block>, widest: usize) -> Self {
        let stop = lines
            .iter()
            .position(|line| heads::is_boilerplate(&line.text));
        let stop = match (stop, block) {
            (Some(stop), Some(block)) => Some(stop.min(block.first)),
            (stop, block) => stop.or(block.map(|block| block.first)),
        };
        let before = lines.get(..stop.unwrap_or(lines.len())).unwrap_or(lines);
        let mut message: Vec<Line> = Vec::new();
        for line in before {
            if line.text.trim().is_empty() {
                // Where nothing marks the end, a message ends with its paragraph.
                if stop.is_none() && message.last().is_some_and(|last| !goes_on(&last.text)) {
                    break;
                }
                continue;
            }
            message.push(line.clone());
            if message.len() >= MOST_LINES {
                break;
            }
        }
        // Consul's errors have nothing to say but `Lock Info:`, on the line of the heading.
        let heading = block.and_then(|block| lines.get(block.first));
        let before =
            heading.and_then(|line| Some((line.text.split_once("Lock Info:")?.0, line.width)));
        message.extend(before.map(|(text, width)| Line {
            text: text.to_owned(),
            width,
        }));
        Self::from_text(join(&message, widest))
    }

    /// All lines as one message.
    pub(super) fn whole(lines: &[Line], widest: usize) -> Self {
        Self::from_text(join(lines, widest))
    }

    fn from_text(text: String) -> Self {
        let text = straight(&text);
        let squeezed = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>();
        Self {
            text,
            squeezed: squeezed.to_ascii_lowercase(),
        }
    }

    /// Whether the message has a phrase, which is given in lower case and without spaces.
    pub(super) fn says(&self, phrase: &str) -> bool {
        self.squeezed.contains(phrase)
    }

    /// Whether it has one of them.
    pub(super) fn says_one_of(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.says(phrase))
    }

    /// Whether one of these words, in lower case, stands in it by itself.
    pub(super) fn has_word_of(&self, words: &[&str]) -> bool {
        self.text.split_whitespace().any(|word| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            words.iter().any(|wanted| word.eq_ignore_ascii_case(wanted))
        })
    }

    /// The same without the names in it.
    pub(super) fn without_names(&self, known: &[&str]) -> Self {
        Self::from_text(names::blanked(&self.text, known))
    }

    /// Where the first of the phrases stands, to see which of two comes first.
    pub(super) fn first_of(&self, phrases: &[&str]) -> Option<usize> {
        phrases
            .iter()
            .filter_map(|phrase| self.squeezed.find(phrase))
            .min()
    }

    /// What stands in quotes right behind a phrase.
    pub(super) fn quoted_after(&self, phrase: &str) -> Option<String> {
        let rest = self.behind(phrase)?.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (quoted, _) = rest.get(1..)?.split_once(quote)?;
        (!quoted.is_empty()).then(|| quoted.to_owned())
    }

    /// The word right behind a phrase.
    pub(super) fn word_after(&self, phrase: &str) -> Option<String> {
        let word = self.behind(phrase)?.split_whitespace().next()?;
        // Where a line ends at the very edge, the next word may have been glued to it. A UUID ends where it ends.
        let word = word
            .get(..36)
            .filter(|id| fields::is_uuid(id))
            .unwrap_or(word);
        Some(word.trim_end_matches([',', '.', ')']).to_owned()).filter(|word| !word.is_empty())
    }

    /// The text behind the first occurrence of a phrase.
    fn behind(&self, phrase: &str) -> Option<&str> {
        let at = self.squeezed.find(phrase)? + phrase.len();
        let mut squeezed = 0;
        for (position, character) in self.text.char_indices() {
            if squeezed >= at {
                return self.text.get(position..);
            }
            if !character.is_whitespace() {
                squeezed += character.len_utf8();
            }
        }
        None
    }
}

/// With the quotes that a keyboard has: chats and word processors set others.
fn straight(text: &str) -> String {
    let quote = |c| match c {
        '“' | '”' | '„' => '"',
        '‘' | '’' | '‚' => '\'',
        _ => c,
    };
    text.chars().map(quote).collect()
}

/// Whether a blank line behind this one does not end the message.
fn goes_on(text: &str) -> bool {
    let text = text.trim_end();
    text.ends_with("state lock") || text.ends_with("occurred:")
}

/// Lines as one text: glued where a terminal cut at its very edge, with a space where the line was broken at one.
fn join(lines: &[Line], widest: usize) -> String {
    let mut text = String::new();
    let mut was_cut = true;
    for line in lines {
        if !was_cut {
            text.push(' ');
        }
        text.push_str(if was_cut {
            line.text.trim_end()
        } else {
            line.text.trim()
        });
        was_cut = line.width >= widest && widest > 0;
    }
    text
}
