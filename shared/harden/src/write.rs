//! Carries out wishes about configurations as small edits of the text, so that everything else stays as it is.
//!
//! Edits that would overlap wait: the rules are asked again about the result, and wish again for what is left.

mod hcl;
mod json;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::config::{Config, Item, Shape};
use crate::place::slice;
use crate::rules::{Change, Member};

/// A piece of text to put in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

impl Edit {
    fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            range,
            text: text.into(),
        }
    }

    fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }

    fn delete(range: Range<usize>) -> Self {
        Self::replace(range, "")
    }
}

/// The text after these changes of its configurations.
pub(crate) fn carry_out(text: &str, wishes: Vec<(&Config, Vec<Change>)>) -> String {
    let edits = wishes
        .iter()
        .flat_map(|(config, changes)| changes.iter().map(|change| edits_for(text, config, change)));
    apply(text, edits.collect())
}

fn edits_for(text: &str, config: &Config, change: &Change) -> Vec<Edit> {
    match change {
        Change::Set(item, value) => vec![Edit::replace(item.value_at.clone(), value)],
        Change::Rename(item, name) => {
            let mut edits = vec![rename(text, item, name)];
            let gone: Vec<&Item> = twin(config, name).into_iter().collect();
            edits.extend(remove(text, config, &gone));
            edits
        }
        Change::Add {
            name,
            value,
            beside,
        } => {
            // It may be there as `null`, and nothing can be there twice.
            if let Some(item) = config.items.iter().find(|item| item.name == *name) {
                return vec![Edit::replace(item.value_at.clone(), *value)];
            }
            let Some(anchor) = anchor(config, beside) else {
                return Vec::new();
            };
            match config.shape {
                Shape::Body | Shape::Object => hcl::add(text, config, anchor, (name, value)),
                Shape::Json => json::add(text, anchor, (name, value)),
            }
        }
        Change::Remove(item) => remove(text, config, &[item]),
        Change::RemoveFrom { outer, item } => remove(text, &inside(config, outer), &[item]),
        Change::Group { name, members } => {
            let twin = twin(config, name);
            match config.shape {
                Shape::Body | Shape::Object => hcl::group(text, config, name, (members, twin)),
                Shape::Json => json::group(text, config, name, (members, twin)),
            }
        }
    }
}

/// An object among the arguments, as if it were a configuration of its own.
fn inside(config: &Config, outer: &Item) -> Config {
    let at = &outer.value_at;
    Config {
        start: at.start,
        inside: at.start + 1..at.end.saturating_sub(1).max(at.start + 1),
        shape: match config.shape {
            Shape::Body | Shape::Object => Shape::Object,
            Shape::Json => Shape::Json,
        },
        items: outer.value.members().to_vec(),
        ..config.clone()
    }
}

fn remove(text: &str, config: &Config, gone: &[&Item]) -> Vec<Edit> {
    match config.shape {
        Shape::Body | Shape::Object => hcl::remove(text, config, gone),
        Shape::Json => json::remove(config, gone),
    }
}

/// An argument that has a name already, as `null`: it goes when something else gets the name.
fn twin<'a>(config: &'a Config, name: &str) -> Option<&'a Item> {
    config.items.iter().find(|item| item.name == name)
}

/// The argument to stand beside: the first of these names, else the last that is there.
fn anchor<'a>(config: &'a Config, beside: &[&str]) -> Option<&'a Item> {
    let named = |name: &&str| config.items.iter().find(|item| item.name == *name);
    beside
        .iter()
        .find_map(named)
        .or_else(|| config.items.last())
}

/// A name keeps the quotes that it has.
fn rename(text: &str, item: &Item, name: &str) -> Edit {
    let quote = if slice(text, item.name_at.clone()).starts_with('"') {
        "\""
    } else {
        ""
    };
    Edit::replace(item.name_at.clone(), format!("{quote}{name}{quote}"))
}

/// The text of a member's value in its new place.
fn value_of<'a>(text: &'a str, member: &'a Member) -> &'a str {
    match &member.value {
        Some(value) => value,
        None => slice(text, member.item.value_at.clone()),
    }
}

/// Applies wish after wish, each whole or, where it overlaps an earlier one, not at all.
fn apply(text: &str, wishes: Vec<Vec<Edit>>) -> String {
    // By their start; none of them overlap, so each one's neighbours are all that a new one can overlap.
    let mut taken: BTreeMap<(usize, usize), String> = BTreeMap::new();
    for mut wish in wishes {
        wish.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let overlaps_itself = wish.windows(2).any(
            |pair| matches!(pair, [one, next] if next.range.start < one.range.end || one.range == next.range),
        );
        if overlaps_itself {
            continue;
        }
        if !wish.iter().any(|edit| overlaps_any(&taken, &edit.range)) {
            taken.extend(
                wish.into_iter()
                    .map(|edit| ((edit.range.start, edit.range.end), edit.text)),
            );
        }
    }
    let mut result = String::with_capacity(text.len() + 256);
    let mut done = 0;
    for ((start, end), new) in taken {
        result.push_str(slice(text, done..start));
        result.push_str(&new);
        done = end;
    }
    result.push_str(slice(text, done..text.len()));
    result
}

/// An insertion at the edge of what is replaced is no overlap; one at the place of another insertion is.
fn overlaps_any(taken: &BTreeMap<(usize, usize), String>, range: &Range<usize>) -> bool {
    let key = (range.start, range.end);
    let before = taken.range(..key).next_back();
    let after = taken.range(key..).next();
    before.is_some_and(|((_, end), _)| range.start < *end)
        || after.is_some_and(|((start, end), _)| *start < range.end || (*start, *end) == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(wishes: &[&[(Range<usize>, &str)]]) -> String {
        let edits = |wish: &[(Range<usize>, &str)]| {
            let edits = wish.iter();
            edits
                .map(|(range, text)| Edit::replace(range.clone(), *text))
                .collect()
        };
        apply(
            "0123456789",
            wishes.iter().map(|wish| edits(wish)).collect(),
        )
    }

    #[test]
    fn a_wish_is_carried_out_whole_or_not_at_all() {
        for (wishes, expected) in [
            (&[&[(2..4, "x")][..], &[(4..4, "y")]][..], "01xy456789"),
            (&[&[(2..4, "x")], &[(2..2, "y")]], "01yx456789"),
            (&[&[(2..4, "x")], &[(3..5, "y"), (7..8, "z")]], "01x456789"),
            (&[&[(2..6, "x")], &[(3..3, "y")]], "01x6789"),
            (&[&[(3..3, "y")], &[(2..6, "x")]], "012y3456789"),
            (&[&[(3..3, "y")], &[(3..3, "z")]], "012y3456789"),
            (&[&[(2..5, "x"), (4..6, "y")], &[(8..9, "z")]], "01234567z9"),
        ] {
            assert_eq!(applied(wishes), expected);
        }
    }
}
