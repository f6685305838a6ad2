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
use crate::ledger_write::{self, First, NotWritten};

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
    let delete = TransactWriteItem::builder().delete(delete).build();
    match ledger_write::commit_with(client, delete, ledger, change, now).await? {
        First::Written => Ok(Deleted::Yes),
        First::Refused(there) => Ok(left(there.as_ref())),
    }
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

#[cfg(test)]
mod tests {
    use lockwarden_core::item::Content;
    use lockwarden_core::ledger::{Delivery, Entry, Event, EventKind};
    use lockwarden_core::outcome::{Outcome, OutcomeKind};
    use lockwarden_core::release::Release;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Answer, Aws, TEXT, at, entry, item_record, ledger, release};

    const NOW: &str = "2026-01-01T03:00:00Z";

    fn text_release() -> Release {
        release(&item_record(Content::Text(TEXT.to_owned())))
    }

    /// What DynamoDB is asked to delete, and under which condition.
    fn guarded_delete() -> Value {
        json!({
            "TableName": "locks",
            "Key": {"LockID": {"S": "b/k"}},
            "ConditionExpression": "Info = :judged AND attribute_not_exists(Digest)",
            "ExpressionAttributeValues": {":judged": {"S": TEXT}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        })
    }

    fn guarded_phantom_delete() -> Value {
        json!({
            "TableName": "locks",
            "Key": {"LockID": {"S": "b/k"}},
            "ConditionExpression":
                "attribute_exists(LockID) AND attribute_not_exists(Info) AND attribute_not_exists(Digest)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        })
    }

    async fn deleted(aws: &Aws, release: &Release) -> Result<Deleted, Failure> {
        delete(&aws.dynamodb(), release.item().unwrap()).await
    }

    /// Deletes what `release` allows together with a change of every kind.
    async fn deleted_and_committed(aws: &Aws, release: &Release) -> Result<Deleted, NotWritten> {
        let entry = Entry {
            revision: 3,
            ..entry()
        };
        let events = vec![Event::new(EventKind::Outcome, at(NOW), "released")];
        let change = Change::of(&entry, events).answering(Delivery {
            id: "d-1".to_owned(),
            outcome: Outcome::new(OutcomeKind::Released, None),
            unsent_until: None,
        });
        let half = release.item().unwrap();
        delete_and_commit(&aws.dynamodb(), half, &ledger(), &change, at(NOW)).await
    }

    /// An AWS that cancels the transaction, for a reason for each part: the delete, the entry, the event, the answer.
    fn cancelling(reasons: [Value; 4]) -> Aws {
        let reasons = json!({"CancellationReasons": reasons});
        Aws::in_turn([Answer::dynamodb_error(
            400,
            "TransactionCanceledException",
            reasons,
        )])
    }

    fn fine() -> Value {
        json!({"Code": "None"})
    }

    fn because(code: &str) -> Value {
        json!({"Code": code, "Message": "so it is"})
    }

    fn changed() -> Value {
        let item = json!({"LockID": {"S": "b/k"}, "Info": {"S": "another text"}});
        json!({"Code": "ConditionalCheckFailed", "Message": "so it is", "Item": item})
    }

    #[tokio::test]
    async fn an_item_is_deleted_only_while_it_holds_the_text_that_was_judged() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        assert_eq!(deleted(&aws, &text_release()).await, Ok(Deleted::Yes));
        let asked = aws.only_asked();
        assert_eq!(asked.operation(), "DeleteItem");
        assert_eq!(asked.json(), guarded_delete());
    }

    #[tokio::test]
    async fn a_phantom_is_deleted_only_while_it_is_still_one() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        let phantom = release(&item_record(Content::Phantom));
        assert_eq!(deleted(&aws, &phantom).await, Ok(Deleted::Yes));
        assert_eq!(aws.only_asked().json(), guarded_phantom_delete());
    }

    #[tokio::test]
    async fn a_delete_that_met_something_else_tells_what_it_met() {
        let item = json!({"Item": {"LockID": {"S": "b/k"}, "Info": {"S": "another text"}}});
        for (besides, met) in [(item, Deleted::Changed), (json!({}), Deleted::Gone)] {
            let code = "ConditionalCheckFailedException";
            let aws = Aws::in_turn([Answer::dynamodb_error(400, code, besides)]);
            assert_eq!(deleted(&aws, &text_release()).await, Ok(met));
        }
    }

    #[tokio::test]
    async fn a_delete_that_nobody_carried_out_is_a_failure() {
        for (status, code, kind) in [
            (400, "ThrottlingException", Kind::Transient),
            (500, "InternalServerError", Kind::Transient),
            (400, "AccessDeniedException", Kind::Lasting),
            (400, "ResourceNotFoundException", Kind::Lasting),
        ] {
            let aws = Aws::in_turn([Answer::dynamodb_error(status, code, json!({}))]);
            let failure = deleted(&aws, &text_release()).await.unwrap_err();
            assert_eq!(failure.kind, kind, "{failure}");
        }
    }

    #[tokio::test]
    async fn the_delete_and_its_outcome_are_one_transaction() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        let deleted = deleted_and_committed(&aws, &text_release()).await;
        assert_eq!(deleted.unwrap(), Deleted::Yes);
        let asked = aws.only_asked();
        assert_eq!(asked.operation(), "TransactWriteItems");
        let items = asked.json()["TransactItems"].clone();
        assert_eq!(items[0], json!({"Delete": guarded_delete()}));
        let puts: Vec<(&Value, &Value, &Value)> = items.as_array().unwrap()[1..]
            .iter()
            .map(|item| &item["Put"])
            .map(|put| {
                (
                    &put["TableName"],
                    &put["Item"]["pk"]["S"],
                    &put["ConditionExpression"],
                )
            })
            .collect();
        let pk = json!(format!("lock#{}", entry().code));
        assert_eq!(
            puts,
            [
                (&json!("ledger"), &pk, &json!("revision = :read")),
                (&json!("ledger"), &pk, &json!(null)),
                (
                    &json!("ledger"),
                    &json!("delivery#d-1"),
                    &json!("attribute_not_exists(pk)")
                ),
            ]
        );
    }

    #[tokio::test]
    async fn a_phantom_in_a_transaction_is_deleted_only_while_it_is_still_one() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        let phantom = release(&item_record(Content::Phantom));
        deleted_and_committed(&aws, &phantom).await.unwrap();
        let first = &aws.only_asked().json()["TransactItems"][0];
        assert_eq!(*first, json!({"Delete": guarded_phantom_delete()}));
    }

    #[tokio::test]
    async fn a_transaction_that_met_another_item_tells_what_it_met() {
        for (reason, met) in [
            (changed(), Deleted::Changed),
            (because("ConditionalCheckFailed"), Deleted::Gone),
        ] {
            let aws = cancelling([reason, fine(), fine(), fine()]);
            let deleted = deleted_and_committed(&aws, &text_release()).await;
            assert_eq!(deleted.unwrap(), met);
        }
    }

    #[tokio::test]
    async fn a_ledger_that_moved_on_comes_before_what_the_delete_met() {
        let refused = || because("ConditionalCheckFailed");
        for first in [fine(), refused(), changed()] {
            let aws = cancelling([first.clone(), refused(), fine(), fine()]);
            let outdated = deleted_and_committed(&aws, &text_release()).await;
            assert!(matches!(outdated, Err(NotWritten::Outdated)), "{first}");
            let aws = cancelling([first.clone(), fine(), fine(), refused()]);
            let answered = deleted_and_committed(&aws, &text_release()).await;
            assert!(
                matches!(answered, Err(NotWritten::AnsweredBefore)),
                "{first}"
            );
        }
    }

    #[tokio::test]
    async fn who_meets_another_writer_may_try_again() {
        for code in [
            "TransactionConflict",
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
        ] {
            let aws = cancelling([because(code), fine(), fine(), fine()]);
            let failed = deleted_and_committed(&aws, &text_release()).await;
            let Err(NotWritten::Failed(failure)) = failed else {
                panic!("{code}: {failed:?}")
            };
            assert!(failure.is_transient(), "{code}");
        }
    }

    #[tokio::test]
    async fn a_transaction_that_is_wrong_stays_wrong() {
        let aws = cancelling([because("ValidationError"), fine(), fine(), fine()]);
        let failed = deleted_and_committed(&aws, &text_release()).await;
        let Err(NotWritten::Failed(failure)) = failed else {
            panic!("{failed:?}")
        };
        assert_eq!(failure.kind, Kind::Lasting);
    }
}
