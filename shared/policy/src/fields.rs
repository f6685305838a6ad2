//! The attributes of a block.

use hcl_edit::expr::Expression;
use hcl_edit::structure::Body;

use crate::complaints::Complaints;
use crate::read::place;

/// The attributes of one block, all of them known.
#[derive(Debug)]
pub(crate) struct Fields<'b>(&'b Body);

impl<'b> Fields<'b> {
    /// The attributes of `owner`; complains of those that are not `known`.
    pub(crate) fn of(
        body: &'b Body,
        known: &[&str],
        owner: &str,
        right: &str,
        complaints: &mut Complaints<'_>,
    ) -> Self {
        for attribute in body.attributes() {
            if !known.contains(&attribute.key.as_str()) {
                let why = format!("{owner} has no such attribute");
                complaints.add(place(&attribute.key), why, right);
            }
        }
        Self(body)
    }

    /// The same of a block, in which there are no other blocks.
    pub(crate) fn of_block(
        body: &'b Body,
        known: &[&str],
        owner: &str,
        complaints: &mut Complaints<'_>,
    ) -> Self {
        let right = format!("it may have `{}`", known.join("`, `"));
        for block in body.blocks() {
            let why = format!("{owner} has no blocks");
            complaints.add(place(&block.ident), why, right.as_str());
        }
        Self::of(body, known, owner, &right, complaints)
    }

    /// The value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&'b Expression> {
        self.0.get_attribute(name).map(|attribute| &attribute.value)
    }
}
