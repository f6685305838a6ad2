//! Finds the open entries of the ledger and reads many at once.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::Entry;

use crate::failure::{Failure, Kind};
use crate::ledger_items::{Ledger, OPEN, OPEN_VALUE, code_of, entry_key, value_of};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:BatchGetItem", "dynamodb:Query"];

/// The most keys that one BatchGetItem takes.
const AT_ONCE: usize = 100;
/// How long to wait before what DynamoDB left out is asked for again; it may leave out anything when it is busy.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

/// The codes of all entries that still want something. The index may be a moment behind, so each is read again.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn open(client: &Client, ledger: &Ledger) -> Result<Vec<RequestCode>, Failure> {
    let mut codes = Vec::new();
    let mut start = None;
    loop {
        let page = client
            .query()
            .table_name(&ledger.table)
            .index_name(OPEN)
            .key_condition_expression("#open = :yes")
            .expression_attribute_names("#open", OPEN)
            .expression_attribute_values(":yes", AttributeValue::S(OPEN_VALUE.to_owned()))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(Failure::of(format!(
                "find open entries of the ledger {}",
                ledger.table
            )))?;
        codes.extend(page.items().iter().filter_map(code_of));
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(codes);
        }
    }
}

/// The entries of these codes, read consistently; a code without an entry gives none.
///
/// # Errors
/// As [`open`], when DynamoDB leaves out the same keys again and again, and when an item cannot be understood.
pub async fn entries(
    client: &Client,
    ledger: &Ledger,
    codes: &[RequestCode],
) -> Result<Vec<Entry>, Failure> {
    let mut found = Vec::with_capacity(codes.len());
    for codes in codes.chunks(AT_ONCE) {
        let mut keys = KeysAndAttributes::builder().consistent_read(true);
        for code in codes {
            keys = keys.keys(entry_key(code));
        }
        let keys = keys
            .build()
            .map_err(|error| Failure::new(doing(ledger), error.to_string(), Kind::Lasting))?;
        batch(client, ledger, keys, &mut found).await?;
    }
    Ok(found)
}

async fn batch(
    client: &Client,
    ledger: &Ledger,
    mut keys: KeysAndAttributes,
    found: &mut Vec<Entry>,
) -> Result<(), Failure> {
    let mut pauses = PAUSES.iter();
    loop {
        let mut answer = client
            .batch_get_item()
            .request_items(&ledger.table, keys)
            .send()
            .await
            .map_err(Failure::of(doing(ledger)))?;
        let items = answer.responses.take().unwrap_or_default();
        for item in items.into_values().flatten() {
            found.push(value_of("an entry", item)?);
        }
        let left_out = answer.unprocessed_keys.unwrap_or_default();
        let Some(rest) = left_out.into_values().next() else {
            return Ok(());
        };
        let Some(pause) = pauses.next() else {
            let why = "DynamoDB was too busy to answer all of it";
            return Err(Failure::new(doing(ledger), why, Kind::Transient));
        };
        tokio::time::sleep(*pause).await;
        keys = rest;
    }
}

fn doing(ledger: &Ledger) -> String {
    format!("read entries of the ledger {}", ledger.table)
}
