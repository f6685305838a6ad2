//! The fields of a lock block.
//!
//! The layout is that of Terraform's `statemgr/locker.go: LockInfo.String`, the same from 0.9 on and in OpenTofu: a name,
//! a colon, padding, a value. A value may be cut into several lines by a narrow terminal, and may be empty; what tells
//! the two apart is how wide the lines are.

use super::collect::Line;
use super::created;
use super::found::PastedLock;
use super::heads;

/// The name of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Path,
    Operation,
    Who,
    Version,
    Created,
    Info,
}

const FIELDS: [(&str, Field); 7] = [
    ("ID:", Field::Id),
    ("Path:", Field::Path),
    ("Operation:", Field::Operation),
    ("Who:", Field::Who),
    ("Version:", Field::Version),
    ("Created:", Field::Created),
    ("Info:", Field::Info),
];

impl Field {
    /// How many spaces stand behind the name, but for the last one (`LockInfo.String` pads to eleven).
    fn padding(self) -> usize {
        let name = FIELDS.iter().find(|(_, field)| *field == self);
        name.map_or(0, |(name, _)| 10 - name.len())
    }
}

/// The field that a line begins with, and what follows the colon.
pub(super) fn label(text: &str) -> Option<(Field, &str)> {
    let text =
        text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '*'));
    let is_alone =
        |rest: &&str| rest.is_empty() || rest.starts_with([' ', '\t', '\u{a0}', '`', '*']);
    let named = FIELDS.iter().find_map(|(name, field)| {
        let rest = text.strip_prefix(name).filter(is_alone)?;
        // Bold Markdown: `**ID:** a1b2`.
        Some((*field, rest.strip_prefix("**").unwrap_or(rest)))
    });
    named.or_else(|| behind_unknown_prefix(text))
}

/// Whether a line was cut in the middle of `RequestID:` or `(lock ID:`, so that the next one only looks like a field.
pub(super) fn ends_in_a_word_before_id(text: &str) -> bool {
    let text = text.trim_end();
    ["Request", "Host", "request", "lock", "Opc"]
        .iter()
        .any(|word| text.ends_with(word))
}

/// A field whose padding is the very one that Terraform prints, behind a prefix that nobody knows.
fn behind_unknown_prefix(text: &str) -> Option<(Field, &str)> {
    const PADDED: [(&str, Field); 7] = [
        ("  ID:        ", Field::Id),
        ("  Path:      ", Field::Path),
        ("  Operation: ", Field::Operation),
        ("  Who:       ", Field::Who),
        ("  Version:   ", Field::Version),
        ("  Created:   ", Field::Created),
        ("  Info:      ", Field::Info),
    ];
    PADDED
        .iter()
        .find_map(|(padded, field)| Some((*field, text.split_once(padded)?.1)))
}

/// The block in the lines of an error.
#[derive(Debug)]
pub(super) struct Block {
    /// The line of its heading, or of its first field.
    pub(super) first: usize,
    /// How many fields it has.
    pub(super) count: usize,
    pub(super) lock: PastedLock,
}

/// Reads the first block of `lines`; `None` where there is none.
pub(super) fn read(lines: &[Line], widest: usize) -> Option<Block> {
    let heading = lines
        .iter()
        .position(|line| heads::is_block_heading(&line.text));
    let from = heading.map_or(0, |heading| heading + 1);
    let is_field = |at: &usize| {
        let above = at.checked_sub(1).and_then(|above| lines.get(above));
        let is_cut = above.is_some_and(|above| ends_in_a_word_before_id(&above.text));
        !is_cut
            && lines
                .get(*at)
                .is_some_and(|line| label(&line.text).is_some())
    };
    let first_field = (from..lines.len()).find(is_field)?;
    let mut block = Block {
        first: heading.unwrap_or(first_field),
        count: 0,
        lock: PastedLock::default(),
    };
    let mut rest = lines.get(first_field..)?;
    let mut seen: Vec<Field> = Vec::new();
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        let Some((field, value)) = label(&line.text) else {
            if heads::is_boilerplate(&line.text) {
                break;
            }
            continue;
        };
        if seen.contains(&field) {
            break;
        }
        seen.push(field);
        let pieces = pieces(field, line, value, after, widest);
        rest = after.get(pieces.count..).unwrap_or_default();
        block.set(field, &pieces.value);
    }
    block.count = seen.len();
    if seen.last() == Some(&Field::Id) {
        block.lock.id = block.lock.id.filter(|id| !is_cut(id));
    }
    Some(block)
}

/// Whether this is the beginning of an ID in the shape of a UUID: half an ID in a command would be worse than none.
fn is_cut(id: &str) -> bool {
    (9..36).contains(&id.len()) && is_like_uuid(id)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && is_like_uuid(text)
}

/// Whether the characters are those of a UUID, as far as they go.
fn is_like_uuid(text: &str) -> bool {
    text.chars().enumerate().all(|(at, c)| match at {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    })
}

impl Block {
    fn set(&mut self, field: Field, value: &str) {
        let value = clean(value);
        let text = (!value.is_empty()).then(|| value.to_owned());
        let lock = &mut self.lock;
        match field {
            Field::Id => lock.id = text,
            Field::Path => lock.path = text,
            Field::Operation => lock.operation = text,
            Field::Who => lock.who = text,
            Field::Version => lock.version = text,
            Field::Created => lock.created = created::parse(value),
            Field::Info => lock.info = text,
        }
    }
}

/// A value put together, and how many lines after its first it took.
struct Pieces {
    value: String,
    count: usize,
}

/// Puts a value together that was cut into several lines.
///
/// A line goes on where the first word of the next one would not have fitted behind it, and only if another field comes
/// after: so no field runs into the next, and no line of a log that stands between two fields is taken for a value.
fn pieces(field: Field, first: &Line, value: &str, after: &[Line], widest: usize) -> Pieces {
    let whole = Pieces {
        value: value.to_owned(),
        count: 0,
    };
    let is_last = field == Field::Info;
    let count = after
        .iter()
        .take_while(|line| !(line.text.trim().is_empty() || label(&line.text).is_some()))
        .count();
    let ends_well = match after.get(count) {
        Some(line) => label(&line.text).is_some() != is_last,
        None => is_last,
    };
    let is_complete = field == Field::Id && is_uuid(value.trim());
    if count == 0 || !ends_well || is_complete || is_last && value.trim().is_empty() {
        return whole;
    }
    if field == Field::Id
        && let Some(next) = after.first()
    {
        // Half of it on either line: no width has to say so.
        let joined = format!("{}{}", value.trim(), next.text.trim());
        if is_uuid(&joined) {
            return Pieces {
                value: joined,
                count: 1,
            };
        }
    }
    let mut put_together = value.trim_end().to_owned();
    // The padding behind a name takes room too, and is gone where nothing stands behind it.
    let padding = if put_together.is_empty() {
        field.padding()
    } else {
        0
    };
    let mut width = first.width + padding;
    for line in after.iter().take(count) {
        let piece = line.text.trim_end();
        let word = piece.split_whitespace().next().unwrap_or_default();
        let had_no_room = width + 1 + word.chars().count() > widest;
        let has_spaces = piece.trim().contains(char::is_whitespace);
        if !had_no_room || has_spaces && matches!(field, Field::Id | Field::Version) {
            return whole;
        }
        // At the very edge the terminal cut between two characters, before it at a space.
        let is_cut = width >= widest || matches!(field, Field::Id | Field::Version);
        if is_cut {
            put_together.push_str(piece);
        } else {
            put_together.push(' ');
            put_together.push_str(piece.trim_start());
        }
        width = line.width;
    }
    Pieces {
        value: put_together,
        count,
    }
}

/// A value without what stands around it: a comment behind it, the end of a string literal, quotes.
fn clean(value: &str) -> &str {
    let value = value.trim();
    let value = value.split(" # ").next().unwrap_or(value).trim_end();
    let value = value.strip_suffix("\",").unwrap_or(value);
    let value = value.strip_suffix("\\n").unwrap_or(value);
    let value = if value.starts_with('"') {
        value
    } else {
        value.strip_suffix('"').unwrap_or(value)
    };
    value.trim_end_matches("\\n").trim_matches('`').trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(text: &str, widest: usize) -> PastedLock {
        let lines: Vec<Line> = text
            .lines()
            .map(|line| Line {
                text: line.to_owned(),
                width: line.trim_end().chars().count(),
            })
            .collect();
        read(&lines, widest).unwrap().lock
    }

    #[test]
    fn a_line_of_a_log_between_two_fields_belongs_to_neither() {
        let lock = lock(
            "Lock Info:\n  ID:        a-1\nadded\n  Path:      b/k\nnpm WARN\n  Who:       c@d",
            74,
        );
        assert_eq!(
            (lock.id.as_deref(), lock.path.as_deref()),
            (Some("a-1"), Some("b/k"))
        );
    }

    #[test]
    fn what_comes_after_the_last_field_is_no_part_of_it() {
        let lock = lock(
            "Lock Info:\n  ID:        a-1\n  Path:      acme-tf-state/prod/\nnetwork is down",
            32,
        );
        assert_eq!(lock.path.as_deref(), Some("acme-tf-state/prod/"));
    }

    #[test]
    fn a_value_that_was_cut_is_put_together() {
        let cut = lock(
            "Lock Info:\n  ID:        a1\nb2\n  Who:       alice exam\nple@host\n  Version:   1",
            23,
        );
        assert_eq!(
            (cut.id.as_deref(), cut.who.as_deref()),
            (Some("a1"), Some("alice example@host"))
        );
        let broken = lock(
            "Lock Info:\n  ID:\nlock-7-of-monday\n  Who:       alice\nexample@host\n  Version:   1",
            26,
        );
        assert_eq!(
            (broken.id.as_deref(), broken.who.as_deref()),
            (Some("lock-7-of-monday"), Some("alice example@host"))
        );
    }

    #[test]
    fn a_name_is_a_field_only_where_a_line_begins_with_it() {
        for (line, value) in [
            ("  ID:        a", Some("a")),
            ("ID: a", Some("a")),
            ("\"  ID:        a\",", Some("a\",")),
            ("**ID:** a", Some("a")),
            ("anything at all>  ID:        a", Some("a")),
            ("anything at all>  ID:        **", Some("**")),
            ("RequestID: a", None),
            ("Run ID: a", None),
            ("\"ID\":\"a\"", None),
            ("ID:a", None),
        ] {
            assert_eq!(label(line).map(|(_, value)| value.trim()), value, "{line}");
        }
    }
}
