//! Reads the ledger by exact key, consistently.

use aws_sdk_dynamodb::Client;
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{Delivery, Entry};

use crate::failure::Failure;
use crate::ledger_items::{Item, Ledger, delivery_key, entry_key, value_of};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:GetItem"];

/// The entry of a request; `None` where there is none.
///
/// # Errors
/// When DynamoDB does not answer or does not let us, or when the item cannot be understood.
pub async fn entry(
    client: &Client,
    ledger: &Ledger,
    code: &RequestCode,
) -> Result<Option<Entry>, Failure> {
    let item = item(client, ledger, entry_key(code)).await?;
    item.map(|item| value_of("an entry", item)).transpose()
}

/// What a delivery was answered; `None` where it was not answered yet.
///
/// # Errors
/// As [`entry`].
pub async fn delivery(
    client: &Client,
    ledger: &Ledger,
    id: &str,
) -> Result<Option<Delivery>, Failure> {
    let item = item(client, ledger, delivery_key(id)).await?;
    item.map(|item| value_of("an answer", item)).transpose()
}

async fn item(client: &Client, ledger: &Ledger, key: Item) -> Result<Option<Item>, Failure> {
    let answer = client
        .get_item()
        .table_name(&ledger.table)
        .set_key(Some(key))
        .consistent_read(true)
        .send()
        .await
        .map_err(Failure::of(format!("read the ledger {}", ledger.table)))?;
    Ok(answer.item)
}
