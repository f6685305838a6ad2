//! The blocks of a policy.

use hcl_edit::structure::{Block, Body};
use lockwarden_core::policy::{Action, Conditions, Name, Rule, Terms, Window};

use crate::complaints::Complaints;
use crate::fields::Fields;
use crate::read::place;
use crate::{reach, values};

const TERMS: [&str; 6] = [
    "stale_after",
    "quiet_for",
    "remind_every",
    "severity",
    "action",
    "topic",
];
const RULE: [&str; 9] = [
    "path",
    "holder",
    "operations",
    "stale_after",
    "quiet_for",
    "remind_every",
    "severity",
    "action",
    "topic",
];
const WINDOW: [&str; 3] = ["from", "to", "action"];

/// What holds where no rule applies.
pub(crate) fn default(body: &Body, base: Terms, complaints: &mut Complaints<'_>) -> Terms {
    let mut blocks = body.get_blocks("default");
    let first = blocks.next();
    for again in blocks {
        complaints.add(
            place(&again.ident),
            "there is a `default` already",
            "put both into one block",
        );
    }
    let Some(block) = first else {
        return base;
    };
    if let Some(label) = block.labels.first() {
        complaints.add(place(label), "`default` has no name", "write `default {`");
    }
    let fields = Fields::of_block(&block.body, &TERMS, "`default`", complaints);
    terms(&fields, &base, Action::Notify, complaints)
}

/// The rules that are sound, in order.
pub(crate) fn rules(body: &Body, default: &Terms, complaints: &mut Complaints<'_>) -> Vec<Rule> {
    let blocks: Vec<&Block> = body.get_blocks("rule").collect();
    let mut sound = Vec::new();
    for (block, name) in named(&blocks, "a rule", "rule \"long applies\" {", complaints) {
        let complaints_before = complaints.count();
        let fields = Fields::of_block(&block.body, &RULE, "a rule", complaints);
        let path = fields.get("path");
        let holder = fields.get("holder");
        let operations = fields.get("operations");
        let applies = Conditions {
            path: path.and_then(|value| values::path(value, complaints)),
            holder: holder.and_then(|value| values::holder(value, complaints)),
            operations: operations
                .and_then(|value| values::operations(value, complaints))
                .unwrap_or_default(),
        };
        let terms = terms(&fields, default, Action::Release, complaints);
        // With a condition that could not be read, a rule would seem to be about more than it is.
        if let (Some(name), true) = (name, complaints.count() == complaints_before) {
            let rule = Rule {
                name,
                applies,
                terms,
            };
            sound.push((block, rule));
        }
    }
    reach::check(&sound, complaints);
    sound.into_iter().map(|(_, rule)| rule).collect()
}

/// The windows that are sound.
pub(crate) fn windows(body: &Body, complaints: &mut Complaints<'_>) -> Vec<Window> {
    let blocks: Vec<&Block> = body.get_blocks("window").collect();
    let named = named(
        &blocks,
        "a window",
        "window \"change freeze\" {",
        complaints,
    );
    named
        .into_iter()
        .filter_map(|(block, name)| window(block, name, complaints))
        .collect()
}

fn window(block: &Block, name: Option<Name>, complaints: &mut Complaints<'_>) -> Option<Window> {
    let fields = Fields::of_block(&block.body, &WINDOW, "a window", complaints);
    for needed in WINDOW {
        if fields.get(needed).is_none() {
            let why = format!("a window needs `{needed}`");
            complaints.add(place(&block.ident), why, "it has `from`, `to` and `action`");
        }
    }
    let from = fields.get("from");
    let from = from.and_then(|value| values::moment(value, complaints));
    let end = fields.get("to");
    let to = end.and_then(|value| values::moment(value, complaints));
    let action = fields.get("action");
    let most = action.and_then(|value| {
        let why_not = "a window only takes away, and there is nothing above `release`";
        values::action(value, Action::Notify, why_not, complaints)
    });
    let (from, to, end) = (from?, to?, end?);
    if to <= from {
        complaints.add(
            place(end),
            "it is not later than `from`, so the window is never open",
            "a window ends after it begins",
        );
    }
    Some(Window {
        name: name?,
        from,
        to,
        most: most?,
    })
}

/// Each block with its name, where that is one and its own.
fn named<'b>(
    blocks: &[&'b Block],
    owner: &str,
    right: &str,
    complaints: &mut Complaints<'_>,
) -> Vec<(&'b Block, Option<Name>)> {
    let mut named: Vec<(&Block, Option<Name>)> = Vec::new();
    for block in blocks {
        let right = format!("write `{right}`");
        let name = match block.labels.as_slice() {
            [] => {
                complaints.add(place(&block.ident), format!("{owner} needs a name"), right);
                None
            }
            [_, second, ..] => {
                complaints.add(place(second), format!("{owner} has one name"), right);
                None
            }
            [label] => {
                let name = Name::parse(label.as_str())
                    .map_err(|error| complaints.add(place(label), error.to_string(), right));
                let mut earlier = named.iter();
                let twin = earlier.find(|(_, known)| known.as_ref() == name.as_ref().ok());
                match (name, twin) {
                    (Ok(_), Some((twin, _))) => {
                        let line = complaints.line(place(&twin.ident).start);
                        complaints.add(
                            place(label),
                            format!("the name is taken, in line {line}"),
                            "give each its own name",
                        );
                        None
                    }
                    (name, _) => name.ok(),
                }
            }
        };
        named.push((block, name));
    }
    named
}

/// The terms of a block, filled up from others; it may say `most`.
fn terms(
    fields: &Fields<'_>,
    base: &Terms,
    most: Action,
    complaints: &mut Complaints<'_>,
) -> Terms {
    let mut terms = base.clone();
    let mut span = |name: &str, place: &mut jiff::SignedDuration| {
        let value = fields.get(name);
        if let Some(span) = value.and_then(|value| values::span(value, complaints)) {
            *place = span;
        }
    };
    span("stale_after", &mut terms.stale_after);
    span("quiet_for", &mut terms.quiet_for);
    span("remind_every", &mut terms.remind_every);
    let severity = fields.get("severity");
    if let Some(severity) = severity.and_then(|value| values::severity(value, complaints)) {
        terms.severity = severity;
    }
    let action = fields.get("action");
    let why_not = "only a rule can say what is released";
    if let Some(action) = action.and_then(|value| values::action(value, most, why_not, complaints))
    {
        terms.action = action;
    }
    if let Some(topic) = fields.get("topic") {
        terms.topic = values::topic(topic, complaints);
    }
    // What others say together is theirs to mend.
    let said = fields.get("stale_after").or(fields.get("quiet_for"));
    if let (Some(said), true) = (said, terms.stale_after < terms.quiet_for) {
        complaints.add(
            place(said),
            "`stale_after` is shorter than `quiet_for`, so a lock would be stale while its last sign of life still counts",
            "make `stale_after` at least as long",
        );
    }
    terms
}
