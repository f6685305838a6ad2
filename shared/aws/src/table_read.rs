//! Reads one item of a lock table, consistently.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lockwarden_core::ids::LockPath;
use lockwarden_core::item::{ItemKind, Place, Record};

use crate::failure::Failure;
use crate::table_scan::attributes;

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:GetItem"];

/// The lock record of a state; `None` where the table has none.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn record(
    client: &Client,
    table: &str,
    path: &LockPath,
) -> Result<Option<Record>, Failure> {
    let item = item(client, table, path.as_str()).await?;
    Ok(item.and_then(|item| record_of(table, &item)))
}

/// The digest that the table holds for a state; `None` where it holds none.
///
/// # Errors
/// As [`record`].
pub async fn digest(
    client: &Client,
    table: &str,
    path: &LockPath,
) -> Result<Option<String>, Failure> {
    let item = item(client, table, &path.digest_key()).await?;
    let digest = item.as_ref().and_then(|item| item.get("Digest"));
    Ok(digest.and_then(|digest| digest.as_s().ok()).cloned())
}

/// An item as a lock record, if it is one.
pub(crate) fn record_of(table: &str, item: &HashMap<String, AttributeValue>) -> Option<Record> {
    match ItemKind::of(&attributes(item)) {
        ItemKind::Lock { path, content } => Some(Record {
            path,
            place: Place::Dynamodb {
                table: table.to_owned(),
            },
            content,
        }),
        ItemKind::Digest | ItemKind::Foreign => None,
    }
}

async fn item(
    client: &Client,
    table: &str,
    key: &str,
) -> Result<Option<HashMap<String, AttributeValue>>, Failure> {
    let answer = client
        .get_item()
        .table_name(table)
        .key("LockID", AttributeValue::S(key.to_owned()))
        .consistent_read(true)
        .send()
        .await
        .map_err(Failure::of(format!("read an item of the table {table}")))?;
    Ok(answer.item)
}

#[cfg(test)]
mod tests {
    use lockwarden_core::item::Content;
    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, Aws, TEXT, item_record, path};

    #[tokio::test]
    async fn a_record_is_read_consistently_by_its_key() {
        let item = json!({"LockID": {"S": "b/k"}, "Info": {"S": TEXT}});
        let aws = Aws::in_turn([Answer::json(&json!({"Item": item}))]);
        let read = record(&aws.dynamodb(), "locks", &path("b/k")).await;
        assert_eq!(read, Ok(Some(item_record(Content::Text(TEXT.to_owned())))));
        assert_eq!(
            aws.only_asked().json(),
            json!({"TableName": "locks", "Key": {"LockID": {"S": "b/k"}}, "ConsistentRead": true})
        );
    }

    #[tokio::test]
    async fn where_there_is_no_lock_there_is_no_record() {
        for answer in [
            json!({}),
            json!({"Item": {"LockID": {"S": "b/k"}, "Digest": {"S": "d4a4"}}}),
            json!({"Item": {"LockID": {"S": "b/k"}, "owner": {"S": "us"}}}),
        ] {
            let client = Aws::in_turn([Answer::json(&answer)]).dynamodb();
            assert_eq!(record(&client, "locks", &path("b/k")).await, Ok(None));
        }
    }

    #[tokio::test]
    async fn the_digest_of_a_state_stands_under_its_own_key() {
        let item = json!({"LockID": {"S": "b/k-md5"}, "Digest": {"S": "d4a4"}});
        let aws = Aws::in_turn([
            Answer::json(&json!({"Item": item})),
            Answer::json(&json!({})),
        ]);
        let client = aws.dynamodb();
        let known = digest(&client, "locks", &path("b/k")).await;
        assert_eq!(known, Ok(Some("d4a4".to_owned())));
        assert_eq!(aws.asked()[0].json()["Key"]["LockID"]["S"], "b/k-md5");
        assert_eq!(digest(&client, "locks", &path("b/k")).await, Ok(None));
    }
}
