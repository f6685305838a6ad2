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

#[cfg(test)]
mod tests {
    use lockwarden_core::item::Content;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Answer, Aws, TEXT, path};

    fn table(index: Option<&str>) -> Table {
        Table {
            name: "locks".to_owned(),
            index: index.map(str::to_owned),
            region: None,
            account: None,
        }
    }

    /// A page that passed `scanned` items and leaves these after the filter.
    fn page(scanned: u32, items: &Value, next: Option<&str>) -> Answer {
        let mut page = json!({
            "Items": items,
            "Count": items.as_array().unwrap().len(),
            "ScannedCount": scanned,
        });
        if let Some(next) = next {
            page["LastEvaluatedKey"] = json!({"LockID": {"S": next}});
        }
        Answer::json(&page)
    }

    fn lock(at_path: &str) -> Value {
        json!({"LockID": {"S": at_path}, "Info": {"S": TEXT}})
    }

    async fn scanned(aws: &Aws) -> Listing {
        scan(&aws.dynamodb(), &table(None)).await
    }

    #[tokio::test]
    async fn dynamodb_is_asked_for_everything_but_digests() {
        let aws = Aws::in_turn([page(0, &json!([]), None)]);
        scanned(&aws).await;
        let asked = aws.only_asked();
        assert_eq!(asked.operation(), "Scan");
        assert_eq!(
            asked.json(),
            json!({
                "TableName": "locks",
                "FilterExpression": "attribute_exists(Info) OR attribute_not_exists(Digest)",
            })
        );
    }

    #[tokio::test]
    async fn an_index_is_read_instead_of_the_table_where_one_is_named() {
        let aws = Aws::in_turn([page(0, &json!([]), None)]);
        scan(&aws.dynamodb(), &table(Some("by-info"))).await;
        assert_eq!(aws.only_asked().json()["IndexName"], "by-info");
    }

    #[tokio::test]
    async fn every_page_is_read_and_counted() {
        let foreign = json!({"LockID": {"S": "counter"}, "n": {"N": "7"}});
        let aws = Aws::in_turn([
            page(500, &json!([lock("b/one"), foreign]), Some("b/one")),
            // A page may be empty after the filter and not be the last.
            page(400, &json!([]), Some("b/two")),
            page(3, &json!([lock("b/three")]), None),
        ]);
        let listing = scanned(&aws).await;
        let starts: Vec<Value> = aws
            .asked()
            .iter()
            .map(|asked| asked.json()["ExclusiveStartKey"]["LockID"]["S"].clone())
            .collect();
        assert_eq!(starts, [json!(null), json!("b/one"), json!("b/two")]);
        let paths: Vec<&str> = listing.records.iter().map(|r| r.path.as_str()).collect();
        assert_eq!(paths, ["b/one", "b/three"]);
        assert_eq!(
            (listing.scanned, listing.digests, listing.foreign),
            (903, 900, 1)
        );
        assert_eq!(listing.failures, []);
    }

    #[tokio::test]
    async fn what_was_read_before_a_failure_counts_and_the_failure_is_told() {
        let aws = Aws::in_turn([
            page(1, &json!([lock("b/one")]), Some("b/one")),
            Answer::dynamodb_error(400, "ThrottlingException", json!({})),
        ]);
        let listing = scanned(&aws).await;
        assert_eq!(listing.records.len(), 1);
        let failures: Vec<String> = listing.failures.iter().map(Failure::to_string).collect();
        assert_eq!(
            failures,
            ["cannot read the table locks: ThrottlingException: so it is"]
        );
    }

    #[tokio::test]
    async fn an_item_is_what_its_attributes_say() {
        let items = json!([
            {"LockID": {"S": "b/phantom"}},
            {"LockID": {"S": "b/phantom-with-ttl"}, "TimeToExist": {"N": "1767225600"}},
            {"LockID": {"S": "b/both"}, "Info": {"S": TEXT}, "Digest": {"S": "d4a4"}},
            {"LockID": {"S": "b/odd"}, "Info": {"M": {}}},
            {"LockID": {"S": "b/k-md5"}, "Info": {"S": TEXT}},
            // The filter of an index or of an emulator may let it through.
            {"LockID": {"S": "b/digest-md5"}, "Digest": {"S": "d4a4"}},
        ]);
        let aws = Aws::in_turn([page(6, &items, None)]);
        let listing = scanned(&aws).await;
        let closed = |why: &str| Content::Closed(why.to_owned());
        let expected = [
            ("b/phantom", Content::Phantom),
            ("b/phantom-with-ttl", Content::Phantom),
            (
                "b/both",
                closed("the item holds `Info` and `Digest` at once"),
            ),
            (
                "b/odd",
                closed("its `Info` has the DynamoDB type M, not a string"),
            ),
            ("b/k-md5", Content::Text(TEXT.to_owned())),
        ];
        let expected = expected.map(|(at_path, content)| Record {
            path: path(at_path),
            place: Place::Dynamodb {
                table: "locks".to_owned(),
            },
            content,
        });
        assert_eq!(listing.records, expected);
        assert_eq!((listing.scanned, listing.digests), (6, 1));
    }
}
