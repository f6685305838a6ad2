//! Releasing a record where it is stored: through Lockwarden, which compares first, or by hand.

use lockwarden_core::commands::{self, quoted};
use lockwarden_core::ids::LockId;
use lockwarden_core::paste::{Cause, Kind, LockError, Store};
use lockwarden_core::policy::Verdict;
use lockwarden_core::settings::TopicArn;
use serde_json::json;

use super::look::{dynamodb, key, s3, table};
use super::unlock::is_plain;
use crate::live::Live;
use crate::state::State;

/// Releases the lock through the approvals topic.
pub(super) fn through_lockwarden(
    error: &LockError,
    state: &State,
    live: Option<&Live>,
    topic: Option<&TopicArn>,
) -> Option<String> {
    let topic = topic?;
    match live {
        // Anything else needs words that a person has to choose: they stand in its notice.
        Some(Live::Same(lock)) => {
            return (lock.verdict == Verdict::Stale)
                .then(|| commands::release(topic, &lock.request))
                .flatten();
        }
        Some(Live::Unnamed(_) | Live::Other { .. } | Live::Gone | Live::NotLooked { .. })
        | None => {}
    }
    let path = state.path.as_ref()?;
    let id = LockId::new(error.lock.id.clone()?).ok()?;
    commands::release_by_name(topic, path, &id)
}

/// Deletes the record if it still has the ID of the paste; an object, if it still is the one that was looked at.
pub(super) fn by_hand(error: &LockError, state: &State) -> Option<String> {
    match store(error) {
        Store::S3Lockfile => object(state),
        Store::Dynamodb => {
            let id = error.lock.id.as_deref().filter(|id| is_plain(id))?;
            let values = json!({":id": {"S": format!("\"ID\":{}", json!(id))}}).to_string();
            item(
                state,
                "contains(Info, :id) AND attribute_not_exists(Digest)",
                &quoted(&values)?,
            )
        }
    }
}

/// Deletes what stands in a lock's place and has no ID: an item if it is still empty, or still what was looked at. A digest stays,
/// and where the text does not say which store it was, nothing is deleted.
pub(super) fn without_id(error: &LockError, state: &State) -> Option<String> {
    let store = match (error.kind, error.tried_in.as_slice()) {
        (Kind::S3Lockfile, _) | (Kind::UnlockFailed, [Store::S3Lockfile]) => Store::S3Lockfile,
        (Kind::Dynamodb, _) | (Kind::UnlockFailed, [Store::Dynamodb]) => Store::Dynamodb,
        _ => return None,
    };
    match store {
        Store::S3Lockfile => object(state),
        Store::Dynamodb if error.cause == Some(Cause::EmptyOrGone) => item(
            state,
            "(attribute_not_exists(Info) OR Info = :nothing) AND attribute_not_exists(Digest)",
            &quoted(&json!({":nothing": {"S": ""}}).to_string())?,
        ),
        Store::Dynamodb => item(
            state,
            "Info = :seen AND attribute_not_exists(Digest)",
            "\"{\\\":seen\\\":${INFO:?set it to the value of Info as the look prints it, with its type}}\"",
        ),
    }
}

/// Deletes the lock object, if it still is the one that was looked at.
fn object(state: &State) -> Option<String> {
    let (bucket, key) = state.path.as_ref()?.lock_file()?;
    Some(format!(
        "aws s3api delete-object{} --bucket {} --key {} --if-match \"${{ETAG:?set it to the ETag of the record}}\"",
        s3(state)?,
        quoted(&bucket)?,
        quoted(&key)?
    ))
}

/// Deletes the item, if this holds for it. `values` are quoted.
fn item(state: &State, condition: &str, values: &str) -> Option<String> {
    Some(format!(
        "aws dynamodb delete-item{} --table-name {} --key {} --condition-expression {} --expression-attribute-values {values}",
        dynamodb(state)?,
        table(state)?,
        key(state, "")?,
        quoted(condition)?
    ))
}

/// The store of the record that is to go.
fn store(error: &LockError) -> Store {
    if error.cause == Some(Cause::LockFileLeft) || error.kind == Kind::S3Lockfile {
        return Store::S3Lockfile;
    }
    error.left.unwrap_or(Store::Dynamodb)
}
