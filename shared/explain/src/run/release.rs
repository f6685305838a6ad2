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
        Store::S3Lockfile => {
            let (bucket, key) = state.path.as_ref()?.lock_file()?;
            Some(format!(
                "aws s3api delete-object{} --bucket {} --key {} --if-match \"${{ETAG:?set it to the ETag of the record}}\"",
                s3(state)?,
                quoted(&bucket)?,
                quoted(&key)?
            ))
        }
        Store::Dynamodb => {
            let id = error.lock.id.as_deref().filter(|id| is_plain(id))?;
            let values = json!({":id": {"S": format!("\"ID\":{}", json!(id))}}).to_string();
            Some(format!(
                "aws dynamodb delete-item{} --table-name {} --key {} --condition-expression 'contains(Info, :id)' \
                 --expression-attribute-values {}",
                dynamodb(state)?,
                table(state)?,
                key(state, "")?,
                quoted(&values)?
            ))
        }
    }
}

/// The store of the record that is to go.
fn store(error: &LockError) -> Store {
    if error.cause == Some(Cause::LockFileLeft) || error.kind == Kind::S3Lockfile {
        return Store::S3Lockfile;
    }
    error.left.unwrap_or(Store::Dynamodb)
}
