//! Lines that a terminal, a box or a mail program has broken, put together again.
//!
//! A name, an address or a secret that goes on in the next line is none to a finder that reads line by line. Here the lines
//! lose what a CI or a box put around them, and those that were one become one.
//!
//! Lines of one width were surely one. A line that only may have been broken is joined too, for what is joined is only
//! searched; but what is found there takes no more of the next line than its first word. Of a word of less than 8 characters
//! it takes nothing: so little tells no secret, and lines that begin with such words are what a lock error is made of.
//!
//! Not joined are lines broken after fewer than 40 columns or more than 240, and a secret that nothing but its look gives away
//! over several lines: a run begins at a sign of a secret. Two unrelated lines of one width are taken for one.

use std::ops::Range;

use super::glue::{Glue, glue, indent};
use super::margin::Line;
use super::undress::Edits;
use super::worth;

/// So many characters of a secret tell it; fewer do not.
const SHORTEST_PIECE: usize = 8;
/// A sign of a secret that the end of a line has cut is looked for among so many characters on either side.
const SEAM: usize = 40;
/// A session token has some 2000 characters at most; 40 columns need so many lines for it.
const MOST_LINES: usize = 64;

/// Lines that were one.
pub(super) struct Run {
    /// From the begin of its first line to the end of its last one.
    pub(super) range: Range<usize>,
    /// What to take out, or to put in its place, to make it one line again.
    pub(super) seams: Edits,
    /// Where the lines may have been two.
    pub(super) doubts: Vec<Doubt>,
}

/// A place at which a line may have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// The end of the line above.
    pub(super) end: usize,
    /// What is found above goes on up to here at most; `None` where the line below is one word, and may go on itself.
    pub(super) limit: Option<usize>,
}

/// What to take out of a text where each line is an object of JSON, so that what the objects say is left; nothing where no lines
/// are. A name in one object and its value in the next are found there.
pub(super) fn without_objects(lines: &[Line]) -> Edits {
    if !lines
        .windows(2)
        .any(|pair| pair.iter().all(|line| line.is_object))
    {
        return Edits::new();
    }
    let objects = lines.iter().filter(|line| line.is_object);
    objects
        .flat_map(|line| {
            [
                (line.range.start..line.content.start, String::new()),
                (line.content.end..line.range.end, String::new()),
            ]
        })
        .filter(|(range, _)| !range.is_empty())
        .collect()
}

/// The lines of a text that may have been one and may hold a secret, at least two in each run.
pub(super) fn runs(text: &str, lines: Vec<Line>) -> Vec<Run> {
    let lines = without_gaps(lines);
    let mut runs: Vec<Run> = Vec::new();
    let mut current: Option<Run> = None;
    let mut is_worth = false;
    // Whether what was found before may reach over the end of the line: it was surely one with the line before it, or is one word.
    let mut goes_on = false;
    let mut width_before = None;
    let mut lines = lines.into_iter();
    let Some(mut above) = lines.next() else {
        return runs;
    };
    for next_line in lines {
        let below = next_line.beside(text, &above);
        let upper = text.get(above.content.clone()).unwrap_or_default();
        let lower = text.get(below.content.clone()).unwrap_or_default();
        let is_full = current
            .as_ref()
            .is_some_and(|run| run.seams.len() >= MOST_LINES);
        let glue = (!is_full)
            .then(|| glue(upper, lower, &above, &below, width_before))
            .flatten();
        let is_doubtful = matches!(glue, Some(Glue::Nothing { is_sure: false, .. }));
        let has_sign = glue.is_some() && has_sign(upper, lower);
        // What may have been two lines is worth a look only behind a sign of a secret.
        let Some(glue) = glue.filter(|_| !is_doubtful || has_sign || goes_on) else {
            runs.extend(current.take().filter(|_| is_worth));
            (is_worth, goes_on, width_before) = (false, false, None);
            above = next_line;
            continue;
        };
        is_worth |= has_sign;
        goes_on = !is_doubtful || has_sign || !lower.trim().contains(char::is_whitespace);
        let run = current.get_or_insert_with(|| Run {
            range: above.range.start..above.range.end,
            seams: Vec::new(),
            doubts: Vec::new(),
        });
        run.range.end = below.range.end;
        let (cut, between, width) = match glue {
            Glue::Nothing { width, .. } => (0, "", width),
            Glue::Continued => (1, "", None),
            Glue::Space => (0, " ", None),
        };
        width_before = width;
        let start = above.content.end - cut;
        // An indent that both lines have was put in front of them later.
        let is_margin = glue == Glue::Space || indent(lower) <= indent(upper) && indent(lower) != 1;
        let margin = if is_margin { indent(lower) } else { 0 };
        let next = below.content.start + margin;
        run.seams.push((start..next, between.to_owned()));
        if is_doubtful {
            run.doubts.push(Doubt {
                end: start,
                limit: limit(text, start, next..below.content.end),
            });
        }
        above = below;
    }
    runs.extend(current.filter(|_| is_worth));
    runs
}

/// How far what is found above may go on in the line `below` it.
fn limit(text: &str, end: usize, below: Range<usize>) -> Option<usize> {
    let lower = text.get(below.clone()).unwrap_or_default();
    let word = lower.find(char::is_whitespace).unwrap_or(lower.len());
    let said = lower.get(..word).unwrap_or_default();
    let is_id = word == 36
        && said
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if said.chars().count() < SHORTEST_PIECE || is_id {
        return Some(end);
    }
    (word < lower.len()).then_some(below.start + word)
}

/// Whether there may be a secret that begins in `upper`, or where the two lines meet.
fn has_sign(upper: &str, lower: &str) -> bool {
    if worth::may_begin_a_secret(upper) {
        return true;
    }
    let last = upper.char_indices().rev().take(SEAM).last();
    let first = lower
        .char_indices()
        .nth(SEAM)
        .map_or(lower.len(), |(at, _)| at);
    let last = last.and_then(|(at, _)| upper.get(at..)).unwrap_or_default();
    let first = lower.get(..first).unwrap_or_default();
    worth::may_begin_a_secret(&format!("{last}{}", first.trim_start()))
}

/// Where a program put an empty line behind every line, those lines are left out.
fn without_gaps(lines: Vec<Line>) -> Vec<Line> {
    let is_blank = |line: &Line| line.width == 0;
    let is_spaced = lines.len() > 2 && lines.windows(2).all(|pair| pair.iter().any(is_blank));
    if !is_spaced {
        return lines;
    }
    lines.into_iter().filter(|line| !is_blank(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::margin;
    use super::*;

    fn joined(text: &str) -> Vec<String> {
        let runs = runs(text, margin::lines(text)).into_iter().map(|run| {
            let mut line = String::new();
            let mut copied = run.range.start;
            for (from, new) in run.seams {
                line.push_str(&text[copied..from.start]);
                line.push_str(&new);
                copied = from.end;
            }
            line + &text[copied..run.range.end]
        });
        runs.collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(joined(text), expected, "{text}");
    }

    const WIDE: &str = "token=6789 0123456789 0123456789 0123456789";

    #[test]
    fn lines_of_one_width_were_one() {
        let whole = format!("{WIDE}{WIDE}0123");
        check(&format!("a\n{WIDE}\n{WIDE}\n0123\nb"), &[&whole]);
        check(
            &format!("│ {WIDE}\n│ {WIDE}\n│ 0123\n"),
            &[&format!("│ {whole}")],
        );
        check(&format!("{WIDE}\r\n{WIDE}\r\n0123"), &[&whole]);
        check(&format!("{WIDE}\n\n{WIDE}\n\n0123\n"), &[&whole]);
    }

    #[test]
    fn a_terminal_breaks_a_line_with_its_prefix() {
        let first = format!("2024-01-15T03:42:11Z {WIDE}");
        let second = &first.replace(['-', 'T', 'Z', ':'], "x");
        check(
            &format!("{first}\n{second}\n0123"),
            &[&format!("{first}{second}0123")],
        );
    }

    #[test]
    fn lines_of_json_are_joined_by_what_they_say() {
        let object = |text: &str| format!("{{\"log\":\"{text}\\n\",\"stream\":\"stderr\"}}\n");
        let text = object(WIDE) + &object(WIDE) + &object("x9");
        assert!(
            joined(&text)[0].contains(&format!("{WIDE}{WIDE}x9")),
            "{text}"
        );
    }

    #[test]
    fn a_line_that_may_have_been_broken_is_joined_behind_a_sign_of_a_secret() {
        check(&format!("{WIDE}\nx1y2 z"), &[&format!("{WIDE}x1y2 z")]);
        check(&format!("{WIDE}\nLock Info:"), &[]);
        check(&format!("{}\nx1y2 z", WIDE.replace("token", "taken")), &[]);
        let cut = WIDE.replace("token=", "taken=") + "pass";
        check(&format!("{cut}\nword=x1"), &[&format!("{cut}word=x1")]);
        check("a short token=\nx1y2", &[]);
    }

    #[test]
    fn what_is_found_above_may_go_on_up_to_the_first_word_below() {
        for (below, length) in [
            ("x1y2z3w4v5 and more", Some(11)),
            ("x1y2z3w4v5", None),
            ("x1y2z3w and more", Some(0)),
            ("19a6fe30-cf25-8eaf-077f-083449d678bd", Some(0)),
        ] {
            let text = format!("{WIDE}\n{below}");
            let runs = runs(&text, margin::lines(&text));
            let limit = length.map(|length: usize| WIDE.len() + length);
            let doubt = Doubt {
                end: WIDE.len(),
                limit,
            };
            assert_eq!(runs[0].doubts, [doubt], "{below}");
        }
    }

    #[test]
    fn nothing_goes_on_behind_the_end_of_a_broken_line() {
        check(
            &format!("{WIDE}\n{WIDE}\n{}\nx1y2", "a1".repeat(20)),
            &[&format!("{WIDE}{WIDE}{}", "a1".repeat(20))],
        );
    }

    #[test]
    fn a_value_below_its_name_belongs_to_it() {
        check("password:\n  x1", &["password: x1"]);
        check("x --password \\\n  x1 --yes", &["x --password   x1 --yes"]);
        check("password:\nx1", &[]);
        check("password:\n  ID:        x", &[]);
        check("password:\n\nError: x", &[]);
    }
}
