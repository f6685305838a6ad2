//! Puts one item back into a lock table, where none is.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::Timestamp;
use lockwarden_core::ledger::Change;
use lockwarden_core::restore::ItemToPut;

use crate::failure::{Failure, Kind};
use crate::ledger_items::{Item, Ledger};
use crate::ledger_write::{self, First, NotWritten};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:PutItem"];

/// Terraform's own condition, when it takes a lock (`s3/client.go: lockWithDynamoDB`).
const NOBODY_HOLDS_IT: &str = "attribute_not_exists(LockID)";

/// Writes the item and the change of the ledger in one transaction: both or neither. Says whether the place was free.
///
/// # Errors
/// [`NotWritten`] where the ledger stood in the way or DynamoDB did not answer; then nothing was written.
pub async fn put_and_commit(
    client: &Client,
    to_put: &ItemToPut,
    ledger: &Ledger,
    change: &Change<'_>,
    now: Timestamp,
) -> Result<bool, NotWritten> {
    let put = Put::builder()
        .table_name(to_put.table())
        .set_item(Some(item(to_put)))
        .condition_expression(NOBODY_HOLDS_IT)
        .build()
        .map_err(|error| Failure::new(doing(to_put), error.to_string(), Kind::Lasting))?;
    let put = TransactWriteItem::builder().put(put).build();
    let written = ledger_write::commit_with(client, put, ledger, change, now).await?;
    Ok(matches!(written, First::Written))
}

/// Writes the item alone, for a table in another account or region. Says whether the place was free.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn put(client: &Client, to_put: &ItemToPut) -> Result<bool, Failure> {
    let answer = client
        .put_item()
        .table_name(to_put.table())
        .set_item(Some(item(to_put)))
        .condition_expression(NOBODY_HOLDS_IT)
        .send()
        .await;
    match answer {
        Ok(_) => Ok(true),
        Err(SdkError::ServiceError(error))
            if error.err().is_conditional_check_failed_exception() =>
        {
            Ok(false)
        }
        Err(error) => Err(Failure::of(doing(to_put))(error)),
    }
}

fn item(to_put: &ItemToPut) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    Item::from([
        ("LockID".to_owned(), text(to_put.path().as_str())),
        ("Info".to_owned(), text(to_put.text())),
    ])
}

fn doing(to_put: &ItemToPut) -> String {
    format!("put an item back into the table {}", to_put.table())
}

#[cfg(test)]
mod tests {
    use lockwarden_core::ledger::{Delivery, Entry, Event, EventKind};
    use lockwarden_core::outcome::{Outcome, OutcomeKind};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Answer, Aws, TEXT, at, entry, ledger, restore};

    const NOW: &str = "2026-01-01T03:00:00Z";

    /// What DynamoDB is asked to write, and under which condition.
    fn guarded_put() -> Value {
        json!({
            "TableName": "locks",
            "Item": {"LockID": {"S": "b/k"}, "Info": {"S": TEXT}},
            "ConditionExpression": "attribute_not_exists(LockID)",
        })
    }

    async fn is_put(aws: &Aws) -> Result<bool, Failure> {
        put(&aws.dynamodb(), restore().item().unwrap()).await
    }

    /// Puts the item back together with a change of every kind.
    async fn is_put_and_committed(aws: &Aws) -> Result<bool, NotWritten> {
        let entry = Entry {
            revision: 3,
            ..entry()
        };
        let events = vec![Event::new(EventKind::Outcome, at(NOW), "restored")];
        let change = Change::of(&entry, events).answering(Delivery {
            id: "d-1".to_owned(),
            outcome: Outcome::new(OutcomeKind::Restored, None),
            unsent_until: None,
        });
        let restore = restore();
        let item = restore.item().unwrap();
        put_and_commit(&aws.dynamodb(), item, &ledger(), &change, at(NOW)).await
    }

    /// An AWS that cancels the transaction, for a reason for each part: the item, the entry, the event, the answer.
    fn cancelling(codes: [&str; 4]) -> Aws {
        let reasons = codes.map(|code| json!({"Code": code}));
        Aws::in_turn([Answer::dynamodb_error(
            400,
            "TransactionCanceledException",
            json!({"CancellationReasons": reasons}),
        )])
    }

    #[tokio::test]
    async fn an_item_goes_back_with_its_exact_text_and_only_where_none_is() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        assert_eq!(is_put(&aws).await, Ok(true));
        let asked = aws.only_asked();
        assert_eq!(asked.operation(), "PutItem");
        assert_eq!(asked.json(), guarded_put());
    }

    #[tokio::test]
    async fn an_item_that_somebody_else_holds_is_left_alone() {
        let code = "ConditionalCheckFailedException";
        let aws = Aws::in_turn([Answer::dynamodb_error(400, code, json!({}))]);
        assert_eq!(is_put(&aws).await, Ok(false));
    }

    #[tokio::test]
    async fn a_write_that_nobody_carried_out_is_a_failure() {
        for (status, code, kind) in [
            (400, "ThrottlingException", Kind::Transient),
            (500, "InternalServerError", Kind::Transient),
            (400, "AccessDeniedException", Kind::Lasting),
        ] {
            let aws = Aws::in_turn([Answer::dynamodb_error(status, code, json!({}))]);
            let failure = is_put(&aws).await.unwrap_err();
            assert_eq!(failure.kind, kind, "{failure}");
            assert_eq!(failure.doing, "put an item back into the table locks");
        }
    }

    #[tokio::test]
    async fn the_item_and_what_the_ledger_says_of_it_are_one_transaction() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        assert!(is_put_and_committed(&aws).await.unwrap());
        let asked = aws.only_asked();
        assert_eq!(asked.operation(), "TransactWriteItems");
        let items = asked.json()["TransactItems"].clone();
        assert_eq!(items[0], json!({"Put": guarded_put()}));
        let conditions: Vec<&Value> = items.as_array().unwrap()[1..]
            .iter()
            .map(|item| &item["Put"]["ConditionExpression"])
            .collect();
        let new = json!("attribute_not_exists(pk)");
        assert_eq!(
            conditions,
            [&json!("revision = :read"), &Value::Null, &new],
            "the entry, the event, the answer"
        );
    }

    #[tokio::test]
    async fn a_transaction_that_found_the_place_taken_says_so() {
        let aws = cancelling(["ConditionalCheckFailed", "None", "None", "None"]);
        assert!(!is_put_and_committed(&aws).await.unwrap());
    }

    #[tokio::test]
    async fn a_ledger_that_moved_on_comes_before_what_the_write_met() {
        for first in ["None", "ConditionalCheckFailed"] {
            let aws = cancelling([first, "ConditionalCheckFailed", "None", "None"]);
            let outdated = is_put_and_committed(&aws).await;
            assert!(matches!(outdated, Err(NotWritten::Outdated)), "{first}");
            let aws = cancelling([first, "None", "None", "ConditionalCheckFailed"]);
            let answered = is_put_and_committed(&aws).await;
            assert!(
                matches!(answered, Err(NotWritten::AnsweredBefore)),
                "{first}"
            );
        }
    }

    #[tokio::test]
    async fn a_transaction_that_met_another_may_be_tried_again() {
        for (code, kind) in [
            ("TransactionConflict", Kind::Transient),
            ("ThrottlingError", Kind::Transient),
            ("ValidationError", Kind::Lasting),
        ] {
            let aws = cancelling([code, "None", "None", "None"]);
            let failed = is_put_and_committed(&aws).await;
            let Err(NotWritten::Failed(failure)) = failed else {
                panic!("{code}: {failed:?}")
            };
            assert_eq!(failure.kind, kind, "{code}");
        }
    }
}
