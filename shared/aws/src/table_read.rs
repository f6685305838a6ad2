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
