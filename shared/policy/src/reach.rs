//! Rules that can never apply, since an earlier one takes all their locks.

use hcl_edit::structure::Block;
use lockwarden_core::policy::Rule;

use crate::complaints::Complaints;
use crate::read::place;

/// Complains of each rule that one earlier rule is known to cover. What several cover together is not noticed.
pub(crate) fn check(rules: &[(&Block, Rule)], complaints: &mut Complaints<'_>) {
    for (index, (block, rule)) in rules.iter().enumerate() {
        let mut earlier = rules.iter().take(index);
        let Some((cover, covering)) =
            earlier.find(|(_, earlier)| earlier.applies.cover(&rule.applies))
        else {
            continue;
        };
        let line = complaints.line(place(&cover.ident).start);
        let label = block.labels.first().map(place).unwrap_or_default();
        complaints.add(
            label,
            format!(
                "it can never apply: the rule `{}` in line {line} takes every lock that this one is about",
                covering.name
            ),
            "put the narrower rule first, or take one out",
        );
    }
}
