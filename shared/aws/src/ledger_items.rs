//! Ledger entries, events and answers as DynamoDB items and back. The layout is part of the contract: other tools read it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{Delivery, Entry, Event};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, Kind};

/// A DynamoDB item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The ledger's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Its name.
    pub table: String,
    /// How long a lock is kept after its end.
    pub keep_for: SignedDuration,
}

/// For how long a delivery is remembered. SNS tries for 23 days, and a dead letter lies for 14 more.
const DELIVERIES_KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// The partition key.
pub(crate) const PK: &str = "pk";
/// The sort key.
pub(crate) const SK: &str = "sk";
/// The key of the sparse index over entries that still want something; its one value is [`OPEN_VALUE`].
pub(crate) const OPEN: &str = "open";
/// The value of [`OPEN`].
pub(crate) const OPEN_VALUE: &str = "yes";
/// DynamoDB's TTL attribute, epoch seconds.
pub(crate) const EXPIRES_AT: &str = "expires_at";
/// The attribute that counts an entry's writes.
pub(crate) const REVISION: &str = "revision";

const LOCK_PREFIX: &str = "lock#";

/// The key of a lock's entry.
pub(crate) fn entry_key(code: &RequestCode) -> Item {
    key(format!("{LOCK_PREFIX}{code}"), "lock")
}

/// The request code of an entry's key.
pub(crate) fn code_of(key: &Item) -> Option<RequestCode> {
    let pk = key.get(PK)?.as_s().ok()?;
    RequestCode::parse(pk.strip_prefix(LOCK_PREFIX)?).ok()
}

/// The key of the answer to a delivery.
pub(crate) fn delivery_key(id: &str) -> Item {
    key(format!("delivery#{id}"), "answer")
}

pub(crate) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(pk.into())),
        (SK.to_owned(), AttributeValue::S(sk.into())),
    ])
}

/// An entry, one write later than it says.
pub(crate) fn entry_item(ledger: &Ledger, entry: &Entry) -> Result<Item, Failure> {
    let mut item = item_of("an entry", entry_key(&entry.code), entry)?;
    let revision = AttributeValue::N((entry.revision + 1).to_string());
    item.insert(REVISION.to_owned(), revision);
    if entry.is_open() {
        item.insert(OPEN.to_owned(), AttributeValue::S(OPEN_VALUE.to_owned()));
    }
    if let Some(second) = entry.expires_at(ledger.keep_for) {
        item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(second.to_string()));
    }
    Ok(item)
}

/// A line of the audit log. Nobody knows yet when its lock will end, so it is kept for twice the time.
pub(crate) fn event_item(
    ledger: &Ledger,
    code: &RequestCode,
    event: &Event,
) -> Result<Item, Failure> {
    let key = key(format!("{LOCK_PREFIX}{code}"), event.sort_key());
    let item = item_of("an event", key, event)?;
    Ok(expiring(item, event.at, ledger.keep_for * 2))
}

/// The answer to a delivery.
pub(crate) fn delivery_item(delivery: &Delivery, now: Timestamp) -> Result<Item, Failure> {
    let item = item_of("an answer", delivery_key(&delivery.id), delivery)?;
    Ok(expiring(item, now, DELIVERIES_KEPT))
}

/// An item that DynamoDB removes some time after `from`.
pub(crate) fn expiring(mut item: Item, from: Timestamp, after: SignedDuration) -> Item {
    let second = from
        .checked_add(after)
        .unwrap_or(Timestamp::MAX)
        .as_second();
    item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(second.to_string()));
    item
}

/// A value with its key.
pub(crate) fn item_of<T: Serialize>(what: &str, key: Item, value: &T) -> Result<Item, Failure> {
    let item: Item = serde_dynamo::to_item(value)
        .map_err(|error| unusable(format!("write {what} of the ledger"), &error))?;
    Ok(item.into_iter().chain(key).collect())
}

/// A value from its item.
pub(crate) fn value_of<T: DeserializeOwned>(what: &str, item: Item) -> Result<T, Failure> {
    serde_dynamo::from_item(item)
        .map_err(|error| unusable(format!("understand {what} of the ledger"), &error))
}

fn unusable(doing: String, error: &serde_dynamo::Error) -> Failure {
    Failure::new(doing, error.to_string(), Kind::Lasting)
}
