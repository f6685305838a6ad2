//! Writes the time to exist of one item of a lock table, or takes it away, if the item is still what was judged.
//!
//! DynamoDB makes an item where an update finds none, unless the condition forbids it: here that would be a lock of nobody.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use jiff::Timestamp;
use lockwarden_core::expire::{ATTRIBUTE, Stamp};
use lockwarden_core::ledger::Change;

use crate::failure::{Failure, Kind};
use crate::ledger_items::{Item, Ledger};
use crate::ledger_write::{self, First, NotWritten};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:UpdateItem"];

/// The key of a lock table.
const LOCK_ID: &str = "LockID";
/// The item still holds the text that was judged, and no digest.
const UNCHANGED_TEXT: &str = "Info = :judged AND attribute_not_exists(Digest)";

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamped {
    /// It is written.
    Yes,
    /// The item holds something else, and nothing was written.
    Changed,
    /// There is no item, and none was made.
    Gone,
}

/// Writes the item and the change of the ledger in one transaction: both or neither. For a table in the ledger's account and
/// region.
///
/// # Errors
/// [`NotWritten`] where the ledger stood in the way or DynamoDB did not answer; then nothing was written.
pub async fn stamp_and_commit(
    client: &Client,
    stamp: &Stamp,
    ledger: &Ledger,
    change: &Change<'_>,
    now: Timestamp,
) -> Result<Stamped, NotWritten> {
    let update = Update::builder()
        .table_name(stamp.table())
        .key(LOCK_ID, AttributeValue::S(stamp.path().as_str().to_owned()))
        .update_expression(expression(stamp))
        .condition_expression(UNCHANGED_TEXT)
        .set_expression_attribute_values(Some(values(stamp)))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .map_err(|error| Failure::new(doing(stamp), error.to_string(), Kind::Lasting))?;
    let update = TransactWriteItem::builder().update(update).build();
    match ledger_write::commit_with(client, update, ledger, change, now).await? {
        First::Written => Ok(Stamped::Yes),
        First::Refused(there) => Ok(met(there.as_ref())),
    }
}

/// Writes the item alone, for a table in another account or region. The ledger is written after it.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn stamp(client: &Client, stamp: &Stamp) -> Result<Stamped, Failure> {
    let answer = client
        .update_item()
        .table_name(stamp.table())
        .key(LOCK_ID, AttributeValue::S(stamp.path().as_str().to_owned()))
        .update_expression(expression(stamp))
        .condition_expression(UNCHANGED_TEXT)
        .set_expression_attribute_values(Some(values(stamp)))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    match answer {
        Ok(_) => Ok(Stamped::Yes),
        Err(SdkError::ServiceError(error))
            if error.err().is_conditional_check_failed_exception() =>
        {
            Ok(met(item_in(error.err())))
        }
        Err(error) => Err(Failure::of(doing(stamp))(error)),
    }
}

fn item_in(error: &UpdateItemError) -> Option<&Item> {
    if let UpdateItemError::ConditionalCheckFailedException(failed) = error {
        failed.item()
    } else {
        None
    }
}

/// What an update that met another content than it expected found: another item, or none.
fn met(item: Option<&Item>) -> Stamped {
    match item {
        Some(item) if !item.is_empty() => Stamped::Changed,
        _ => Stamped::Gone,
    }
}

fn expression(stamp: &Stamp) -> String {
    match stamp.time_to_exist() {
        Some(_) => format!("SET {ATTRIBUTE} = :until"),
        None => format!("REMOVE {ATTRIBUTE}"),
    }
}

/// DynamoDB's TTL takes epoch seconds, as a number, and ignores anything else.
fn values(stamp: &Stamp) -> Item {
    let mut values = Item::from([(
        ":judged".to_owned(),
        AttributeValue::S(stamp.judged().to_owned()),
    )]);
    if let Some(until) = stamp.time_to_exist() {
        let seconds = AttributeValue::N(until.as_second().to_string());
        values.insert(":until".to_owned(), seconds);
    }
    values
}

fn doing(stamp: &Stamp) -> String {
    format!(
        "write the time to exist of an item of the table {}",
        stamp.table()
    )
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use lockwarden_core::evidence::Looked;
    use lockwarden_core::expire;
    use lockwarden_core::item::Content;
    use lockwarden_core::ledger::{Entry, Event, EventKind, Status, Told};
    use lockwarden_core::lock::{Lock, gather};
    use lockwarden_core::policy::{Policy, StateObject, Terms};
    use lockwarden_core::release::Look;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Answer, Aws, TEXT, at, item_record, ledger};

    const NOW: &str = "2026-01-03T00:00:00.9Z";

    fn lock() -> Vec<Lock> {
        gather(vec![item_record(Content::Text(TEXT.to_owned()))])
    }

    /// People were asked about the lock a day and more ago, and nobody answered.
    fn asked() -> Entry {
        let lock = &lock()[0];
        Entry {
            status: Status::Asked,
            sightings: 2,
            told: Told {
                since: Some(at("2026-01-01T01:00:00Z")),
                ..Told::default()
            },
            revision: 3,
            ..Entry::first_sight(lock.code(0), lock, at("2026-01-01T00:10:00Z"))
        }
    }

    fn to_stamp() -> Stamp {
        let mins = SignedDuration::from_mins;
        let policy = Policy::without_rules(Terms::asking(mins(15), mins(5), mins(60)));
        let present = lock();
        let look = Look {
            policy: &policy,
            now: at(NOW),
            present: &present,
            state: &StateObject::Absent,
        };
        let day = SignedDuration::from_hours(24);
        expire::decide(&asked(), &look, day, &Looked::At(None)).unwrap()
    }

    fn to_withdraw() -> Stamp {
        expire::withdraw(&asked(), &lock()).unwrap()
    }

    /// What DynamoDB is asked to write, and under which condition: an hour from now, in whole seconds.
    fn guarded_stamp() -> Value {
        json!({
            "TableName": "locks",
            "Key": {"LockID": {"S": "b/k"}},
            "UpdateExpression": "SET TimeToExist = :until",
            "ConditionExpression": "Info = :judged AND attribute_not_exists(Digest)",
            "ExpressionAttributeValues": {":judged": {"S": TEXT}, ":until": {"N": "1767402000"}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        })
    }

    fn guarded_withdrawal() -> Value {
        json!({
            "TableName": "locks",
            "Key": {"LockID": {"S": "b/k"}},
            "UpdateExpression": "REMOVE TimeToExist",
            "ConditionExpression": "Info = :judged AND attribute_not_exists(Digest)",
            "ExpressionAttributeValues": {":judged": {"S": TEXT}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        })
    }

    async fn stamped_and_committed(aws: &Aws, to_write: &Stamp) -> Result<Stamped, NotWritten> {
        let entry = asked();
        let events = vec![Event::new(EventKind::Outcome, at(NOW), "expiring")];
        let change = Change::of(&entry, events);
        stamp_and_commit(&aws.dynamodb(), to_write, &ledger(), &change, at(NOW)).await
    }

    #[tokio::test]
    async fn an_item_gets_a_time_to_exist_only_while_it_holds_the_text_that_was_judged() {
        for (to_write, guarded) in [
            (to_stamp(), guarded_stamp()),
            (to_withdraw(), guarded_withdrawal()),
        ] {
            let aws = Aws::in_turn([Answer::json(&json!({}))]);
            let written = stamp(&aws.dynamodb(), &to_write).await;
            assert_eq!(written, Ok(Stamped::Yes));
            let asked = aws.only_asked();
            assert_eq!(asked.operation(), "UpdateItem");
            assert_eq!(asked.json(), guarded);
        }
    }

    #[tokio::test]
    async fn the_time_to_exist_and_its_outcome_are_one_transaction() {
        for (to_write, guarded) in [
            (to_stamp(), guarded_stamp()),
            (to_withdraw(), guarded_withdrawal()),
        ] {
            let aws = Aws::in_turn([Answer::json(&json!({}))]);
            let written = stamped_and_committed(&aws, &to_write).await.unwrap();
            assert_eq!(written, Stamped::Yes);
            let asked = aws.only_asked();
            assert_eq!(asked.operation(), "TransactWriteItems");
            let items = asked.json()["TransactItems"].clone();
            assert_eq!(items[0], json!({"Update": guarded}));
            assert_eq!(items[1]["Put"]["ConditionExpression"], "revision = :read");
        }
    }

    #[tokio::test]
    async fn where_another_lock_is_or_none_nothing_is_written() {
        let item = json!({"Item": {"LockID": {"S": "b/k"}, "Info": {"S": "another text"}}});
        for (besides, there) in [(item.clone(), Stamped::Changed), (json!({}), Stamped::Gone)] {
            let code = "ConditionalCheckFailedException";
            let aws = Aws::in_turn([Answer::dynamodb_error(400, code, besides.clone())]);
            assert_eq!(stamp(&aws.dynamodb(), &to_stamp()).await, Ok(there));

            let mut first = json!({"Code": "ConditionalCheckFailed", "Message": "so it is"});
            first["Item"] = besides["Item"].clone();
            let reasons =
                json!({"CancellationReasons": [first, {"Code": "None"}, {"Code": "None"}]});
            let code = "TransactionCanceledException";
            let aws = Aws::in_turn([Answer::dynamodb_error(400, code, reasons)]);
            let written = stamped_and_committed(&aws, &to_stamp()).await;
            assert_eq!(written.unwrap(), there);
        }
    }

    #[tokio::test]
    async fn what_nobody_wrote_is_a_failure() {
        for (status, code, kind) in [
            (400, "ThrottlingException", Kind::Transient),
            (400, "AccessDeniedException", Kind::Lasting),
        ] {
            let aws = Aws::in_turn([Answer::dynamodb_error(status, code, json!({}))]);
            let failure = stamp(&aws.dynamodb(), &to_stamp()).await.unwrap_err();
            assert_eq!(failure.kind, kind, "{failure}");
        }
    }
}
