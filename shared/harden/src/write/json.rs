//! Edits of JSON objects. Order, indentation and the style of colons stay.

use super::{Edit, value_of};
use crate::config::{Config, Item};
use crate::place::slice;
use crate::rules::Member;

/// A new member behind another, laid out like it.
pub(super) fn add(text: &str, anchor: &Item, (name, value): (&str, &str)) -> Vec<Edit> {
    let colon = slice(text, anchor.name_at.end..anchor.value_at.start);
    let blanks = blanks_before(text, anchor);
    vec![Edit::insert(
        anchor.at().end,
        format!(",{blanks}\"{name}\"{colon}{value}"),
    )]
}

/// The blanks between a member and what stands before it.
fn blanks_before<'a>(text: &'a str, item: &Item) -> &'a str {
    let before = slice(text, 0..item.at().start);
    let start = before.trim_end_matches([' ', '\t', '\r', '\n']).len();
    slice(text, start..item.at().start)
}

/// Members go with the blanks and the comma up to the next one; those at the end, with the comma before them.
pub(super) fn remove(config: &Config, gone: &[&Item]) -> Vec<Edit> {
    let is_gone = |item: &Item| gone.iter().any(|gone| gone.at() == item.at());
    let last_kept = config.items.iter().rposition(|item| !is_gone(item));
    let mut edits = Vec::new();
    for (index, item) in config.items.iter().enumerate() {
        if !is_gone(item) {
            continue;
        }
        let at = item.at();
        let before = index
            .checked_sub(1)
            .and_then(|before| config.items.get(before));
        edits.push(match (config.items.get(index + 1), before) {
            (Some(next), _) if last_kept > Some(index) => Edit::delete(at.start..next.at().start),
            (_, Some(before)) => Edit::delete(before.at().end..at.end),
            (_, None) => Edit::delete(at),
        });
    }
    edits
}

/// The object stands where its first member stood; `more` is one that goes as well.
pub(super) fn group(
    text: &str,
    config: &Config,
    name: &str,
    (members, more): (&[Member], Option<&Item>),
) -> Vec<Edit> {
    let Some((first, others)) = members.split_first() else {
        return Vec::new();
    };
    let colon = slice(text, first.item.name_at.end..first.item.value_at.start);
    let outer = blanks_before(text, &first.item);
    let inner = match outer.rfind('\n') {
        // One step deeper: as much as this object's members are deeper than its closing brace, or two spaces.
        Some(line) => format!(
            "{outer}{}",
            step(text, config, slice(outer, line + 1..outer.len()))
        ),
        None => String::new(),
    };
    let outer = if inner.is_empty() { "" } else { outer };
    let separator = match others.first() {
        Some(next) if inner.is_empty() => format!(",{}", blanks_before(text, &next.item)),
        Some(_) | None => format!(",{inner}"),
    };
    let pairs: Vec<String> = members
        .iter()
        .map(|member| format!("\"{}\"{colon}{}", member.name, value_of(text, member)))
        .collect();
    let object = format!(
        "\"{name}\"{colon}{{{inner}{}{outer}}}",
        pairs.join(&separator)
    );
    let gone: Vec<&Item> = others
        .iter()
        .map(|member| &member.item)
        .chain(more)
        .collect();
    let mut edits = vec![Edit::replace(first.item.at(), object)];
    edits.extend(remove(config, &gone));
    edits
}

fn step<'a>(text: &'a str, config: &Config, members: &'a str) -> &'a str {
    let closing = slice(text, config.inside.clone())
        .rsplit('\n')
        .next()
        .unwrap_or_default();
    members
        .strip_prefix(closing)
        .filter(|step| !step.is_empty())
        .unwrap_or("  ")
}
