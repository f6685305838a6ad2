//! The fields of a lock block.
//!
//! The layout is that of Terraform's `statemgr/locker.go: LockInfo.String`, the same from 0.9 on and in OpenTofu: a name,
//! a colon, padding, a value. A value may be cut into several lines by a narrow terminal, and may be empty; what tells
//! the two apart is how wide the lines are.

use super::broken;
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

/// Whether a line was cut in the middle of `RequestID:`, `(lock ID:` or `Lock Info:`, so that the next one only looks like a
/// field.
pub(super) fn ends_in_half_a_name(text: &str) -> bool {
    let text = text.trim_end();
    ["Request", "Host", "request", "lock", "Opc", "Lock"]
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
        let is_cut = above.is_some_and(|above| ends_in_half_a_name(&above.text));
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
        let goes_on = rest
            .first()
            .is_none_or(|next| !next.text.trim().is_empty() && label(&next.text).is_none());
        if field == Field::Id && goes_on {
            // Nothing says that it is whole.
            block.lock.id = block.lock.id.filter(|id| !is_cut(id));
        }
    }
    block.count = seen.len();
    Some(block)
}

/// Whether this is the beginning of an ID in the shape of a UUID: half an ID in a command would be worse than none.
fn is_cut(id: &str) -> bool {
    (9..36).contains(&id.len()) && is_like_uuid(id)
}

pub(super) fn is_uuid(text: &str) -> bool {
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
/// It goes on (see `broken`) only if another field comes after: so no field runs into the next, and no line of a log that
/// stands between two fields is taken for a value.
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
    // Behind an empty `Info` a log goes on, but for Consul, which never leaves it empty (`consul/client.go: lock`), and where
    // the text under every lock error comes next.
    let is_empty = is_last && value.trim().is_empty();
    let is_of_consul = |line: &Line| line.text.trim_start().starts_with("consul session");
    let is_blank = |line: &&Line| line.text.trim().is_empty();
    let next = after.iter().skip(count).find(|line| !is_blank(line));
    let is_inside = next.is_some_and(|next| heads::is_boilerplate(&next.text));
    let is_nothing = is_empty && !is_inside && !after.first().is_some_and(is_of_consul);
    if count == 0 || !ends_well || is_complete || is_nothing {
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
    // The padding behind a name takes room too, and is gone where nothing stands behind it.
    let padding = if value.trim_end().is_empty() {
        field.padding()
    } else {
        0
    };
    let begin = broken::First {
        value,
        width: first.width + padding,
        is_word: matches!(field, Field::Id | Field::Version),
    };
    let cut_off = after.get(..count).unwrap_or_default();
    match broken::put_together(&begin, cut_off, widest) {
        Some(value) => Pieces { value, count },
        None => whole,
    }
}

/// A value without what stands around it: a comment behind it, the end of a string literal, quotes.
fn clean(value: &str) -> &str {
    let value = value.trim();
    let value = value.split(" # ").next().unwrap_or(value).trim_end();
    // A quote whose partner stands before it is part of the value.
    let is_of_literal = value.matches('"').count() % 2 == 1;
    let value = value
        .strip_suffix("\",")
        .filter(|_| is_of_literal)
        .unwrap_or(value);
    let value = value.strip_suffix("\\n").unwrap_or(value);
    let value = if value.starts_with('"') && value.len() > 1 || !is_of_literal {
        value
    } else {
        value.strip_suffix('"').unwrap_or(value)
    };
    value.trim_end_matches("\\n").trim_matches('`').trim()
}

#[cfg(test)]
mod tests;
