//! From the text to the policy.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::structure::Body;
use lockwarden_core::policy::{Policy, Refused, Terms};

use crate::blocks;
use crate::complaints::Complaints;
use crate::fields::Fields;
use crate::values;

/// The longest policy (bytes).
pub const LONGEST: usize = 64 * 1024;

/// The most releases by rules that a sweep may be allowed.
const MOST_RELEASES: u32 = 100;

/// What a policy is made of.
const PARTS: &str =
    "a policy has the blocks `default`, `rule` and `window`, and `max_releases_per_sweep`";

/// Reads the text of a policy. What it does not say is as in `base`; an empty text says nothing. `name` is where the text is
/// from, for complaints.
///
/// # Errors
/// [`Refused`], with everything that is wrong, not only the first.
pub fn read(text: &str, name: &str, base: Terms) -> Result<Policy, Refused> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut complaints = Complaints::about(text);
    let policy = policy(text, base, &mut complaints);
    match (policy, complaints.in_order()) {
        (Some(policy), complaints) if complaints.is_empty() => Ok(policy),
        (_, complaints) => Err(Refused {
            name: name.to_owned(),
            complaints,
        }),
    }
}

/// `None` where the text is not read at all; other complaints leave out what they are about.
fn policy(text: &str, base: Terms, complaints: &mut Complaints<'_>) -> Option<Policy> {
    if text.len() > LONGEST {
        complaints.add(
            complaints.rest_of_line(0),
            format!("the policy has {} bytes", text.len()),
            format!("it may have {LONGEST}"),
        );
        return None;
    }
    let body = parse(text, complaints)?;
    let fields = Fields::of(
        &body,
        &["max_releases_per_sweep"],
        "a policy",
        PARTS,
        complaints,
    );
    let max_releases_per_sweep = fields
        .get("max_releases_per_sweep")
        .and_then(|value| values::count(value, 1..=MOST_RELEASES, complaints))
        .unwrap_or(Policy::DEFAULT_MAX_RELEASES);
    for block in body.blocks() {
        if !["default", "rule", "window"].contains(&block.ident.as_str()) {
            complaints.add(place(&block.ident), "there is no such block", PARTS);
        }
    }
    let default = blocks::default(&body, base, complaints);
    let rules = blocks::rules(&body, &default, complaints);
    let windows = blocks::windows(&body, complaints);
    Some(Policy {
        default,
        rules,
        windows,
        max_releases_per_sweep,
    })
}

/// The parser stops at 64 levels of nesting and 128 operators in a row, so no text can use up the stack.
fn parse(text: &str, complaints: &mut Complaints<'_>) -> Option<Body> {
    text.parse()
        .map_err(|error: hcl_edit::parser::Error| {
            let at = complaints.rest_of_line(error.location().offset().min(text.len()));
            // That is how the parser says it, and it does so before anybody else could.
            if error.message().contains("redefined attribute") {
                complaints.add(at, "it is set twice in one block", "keep one of the two");
                return;
            }
            let problem = error.message().replace('\n', "; ");
            complaints.add(
                at,
                format!("it is not HCL: {problem}"),
                "blocks and attributes are written as in Terraform",
            );
        })
        .ok()
}

/// Where something stands. Everything that was parsed has a place.
pub(crate) fn place(node: &impl Span) -> Range<usize> {
    node.span().unwrap_or_default()
}
