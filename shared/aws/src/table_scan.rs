//! Lists the locks of a lock table.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lockwarden_core::item::{Attribute, ItemKind, Place, Record};
use lockwarden_core::settings::Table;

use crate::failure::Failure;
use crate::listing::Listing;

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:Scan"];

/// DynamoDB filters on its side, so that of a table with a digest for every state only the locks travel, the phantoms, and
/// what belongs to somebody else.
const NOT_A_DIGEST: &str = "attribute_exists(Info) OR attribute_not_exists(Digest)";

/// Every lock of a table, all pages. Eventually consistent: a lock is read again before anything is done about it.
pub async fn scan(client: &Client, table: &Table) -> Listing {
    let mut listing = Listing::default();
    let mut start = None;
    loop {
        let page = client
            .scan()
            .table_name(&table.name)
            .set_index_name(table.index.clone())
            .filter_expression(NOT_A_DIGEST)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(Failure::of(format!("read the table {}", table.name)));
        let page = match page {
            Ok(page) => page,
            Err(failure) => {
                listing.failures.push(failure);
                return listing;
            }
        };
        let (passed, left) = (page.scanned_count(), page.count());
        listing.scanned += count(passed);
        listing.digests += count(passed - left);
        for item in page.items.unwrap_or_default() {
            match ItemKind::of(&attributes(&item)) {
                ItemKind::Lock { path, content } => listing.records.push(Record {
                    path,
                    place: Place::Dynamodb {
                        table: table.name.clone(),
                    },
                    content,
                }),
                ItemKind::Digest => listing.digests += 1,
                ItemKind::Foreign => listing.foreign += 1,
            }
        }
        start = page.last_evaluated_key;
        if start.is_none() {
            return listing;
        }
    }
}

fn count(number: i32) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// An item's attributes as far as they tell what it is.
pub(crate) fn attributes(item: &HashMap<String, AttributeValue>) -> BTreeMap<String, Attribute> {
    item.iter()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect()
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the SDK keeps the right to add types"
)]
fn attribute(value: &AttributeValue) -> Attribute {
    match value {
        AttributeValue::S(text) => Attribute::Text(text.clone()),
        AttributeValue::N(_) => Attribute::Number,
        AttributeValue::B(_) => Attribute::Other("B"),
        AttributeValue::Bool(_) => Attribute::Other("BOOL"),
        AttributeValue::Bs(_) => Attribute::Other("BS"),
        AttributeValue::L(_) => Attribute::Other("L"),
        AttributeValue::M(_) => Attribute::Other("M"),
        AttributeValue::Ns(_) => Attribute::Other("NS"),
        AttributeValue::Null(_) => Attribute::Other("NULL"),
        AttributeValue::Ss(_) => Attribute::Other("SS"),
        _ => Attribute::Other("of a new kind"),
    }
}
