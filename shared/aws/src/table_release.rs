//! Deletes one item of a lock table, if it is still what was judged.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use jiff::Timestamp;
use lockwarden_core::ledger::Change;
use lockwarden_core::release::{Expected, ItemHalf};

use crate::deleted::Deleted;
use crate::failure::{Failure, Kind};
use crate::ledger_items::{Item, Ledger};
use crate::ledger_write::{self, NotWritten, Part};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:DeleteItem"];

/// The key of a lock table.
const LOCK_ID: &str = "LockID";
/// The item still holds the text that was judged, and no digest.
const UNCHANGED_TEXT: &str = "Info = :judged AND attribute_not_exists(Digest)";
/// The item is still a bare key.
const STILL_A_PHANTOM: &str =
    "attribute_exists(LockID) AND attribute_not_exists(Info) AND attribute_not_exists(Digest)";

/// Deletes the item and writes the change to the ledger in one transaction: both or neither. For a table in the ledger's
/// account and region.
///
/// # Errors
/// [`NotWritten`] where the ledger stood in the way or DynamoDB did not answer; then nothing was deleted.
pub async fn delete_and_commit(
    client: &Client,
    half: &ItemHalf,
    ledger: &Ledger,
    change: &Change<'_>,
    now: Timestamp,
) -> Result<Deleted, NotWritten> {
    let (condition, judged) = condition(half);
    let delete = Delete::builder()
        .table_name(half.table())
        .key(LOCK_ID, AttributeValue::S(half.path().as_str().to_owned()))
        .condition_expression(condition)
        .set_expression_attribute_values(judged)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .map_err(|error| Failure::new(doing(half), error.to_string(), Kind::Lasting))?;
    let parts = ledger_write::parts(ledger, change, now)?;
    let kinds: Vec<Part> = parts.iter().map(|(part, _)| *part).collect();
    let mut items = vec![TransactWriteItem::builder().delete(delete).build()];
    items.extend(parts.into_iter().map(|(_, item)| item));
    let answer = client
        .transact_write_items()
        .set_transact_items(Some(items))
        .send()
        .await;
    let error = match answer {
        Ok(_) => return Ok(Deleted::Yes),
        Err(error) => error,
    };
    // The reasons stand in the order of the parts; the delete is the first.
    if let Some((first, rest)) = ledger_write::reasons(&error).and_then(<[_]>::split_first) {
        if let Some(reason) = ledger_write::refused(&kinds, rest) {
            return Err(reason);
        }
        if first.code() == Some("ConditionalCheckFailed") {
            return Ok(left(first.item()));
        }
    }
    Err(NotWritten::Failed(ledger_write::failure(
        doing(half),
        error,
    )))
}

/// Deletes the item alone. For a table in another account or region, where no transaction reaches both; the ledger is
/// written after it.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn delete(client: &Client, half: &ItemHalf) -> Result<Deleted, Failure> {
    let (condition, judged) = condition(half);
    let answer = client
        .delete_item()
        .table_name(half.table())
        .key(LOCK_ID, AttributeValue::S(half.path().as_str().to_owned()))
        .condition_expression(condition)
        .set_expression_attribute_values(judged)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    match answer {
        Ok(_) => Ok(Deleted::Yes),
        Err(SdkError::ServiceError(error))
            if error.err().is_conditional_check_failed_exception() =>
        {
            Ok(left(item_in(error.err())))
        }
        Err(error) => Err(Failure::of(doing(half))(error)),
    }
}

fn item_in(error: &DeleteItemError) -> Option<&Item> {
    if let DeleteItemError::ConditionalCheckFailedException(failed) = error {
        failed.item()
    } else {
        None
    }
}

/// What a delete that met another content than it expected found: another item, or none.
fn left(item: Option<&Item>) -> Deleted {
    match item {
        Some(item) if !item.is_empty() => Deleted::Changed,
        _ => Deleted::Gone,
    }
}

fn condition(half: &ItemHalf) -> (&'static str, Option<Item>) {
    match half.expected() {
        Expected::Info(text) => {
            let judged = Item::from([(":judged".to_owned(), AttributeValue::S(text.clone()))]);
            (UNCHANGED_TEXT, Some(judged))
        }
        Expected::Nothing => (STILL_A_PHANTOM, None),
    }
}

fn doing(half: &ItemHalf) -> String {
    format!("delete an item of the table {}", half.table())
}
