//! Keeps refusals that name no known lock: so many a day, so that nobody fills the ledger with them.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use jiff::Timestamp;
use lockwarden_core::ledger::{Delivery, Event};

use crate::failure::{Failure, Kind};
use crate::ledger_items::{EXPIRES_AT, Item, Ledger, PK, delivery_item, expiring, item_of, key};
use crate::ledger_write;

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:PutItem", "dynamodb:UpdateItem"];

/// How many refusals of a day are kept and told.
pub const MOST_PER_DAY: u32 = 100;

/// What became of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept, and its notice is owed.
    Yes,
    /// There were too many today already.
    TooMany,
    /// The delivery was answered before.
    AnsweredBefore,
}

/// Keeps a refusal and the answer to its delivery.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn keep(
    client: &Client,
    ledger: &Ledger,
    event: &Event,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Kept, Failure> {
    let date = event.at.strftime("refused#%Y-%m-%d").to_string();
    let refusal = item_of("a refusal", key(&date, event.sort_key()), event)?;
    let refusal = expiring(refusal, event.at, ledger.keep_for);
    let until = refusal.get(EXPIRES_AT).cloned();
    let built = |error: aws_sdk_dynamodb::error::BuildError| {
        Failure::new(doing(ledger), error.to_string(), Kind::Lasting)
    };
    let answer = Put::builder()
        .table_name(&ledger.table)
        .set_item(Some(delivery_item(delivery, now)?))
        .condition_expression(format!("attribute_not_exists({PK})"))
        .build()
        .map_err(built)?;
    let count = Update::builder()
        .table_name(&ledger.table)
        .set_key(Some(key(date, "count")))
        .update_expression("ADD kept :one SET expires_at = :until")
        .condition_expression("attribute_not_exists(kept) OR kept < :most")
        .set_expression_attribute_values(Some(Item::from([
            (":one".to_owned(), AttributeValue::N("1".to_owned())),
            (
                ":most".to_owned(),
                AttributeValue::N(MOST_PER_DAY.to_string()),
            ),
            (
                ":until".to_owned(),
                until.unwrap_or(AttributeValue::Null(true)),
            ),
        ])))
        .build()
        .map_err(built)?;
    let refusal = Put::builder()
        .table_name(&ledger.table)
        .set_item(Some(refusal))
        .build()
        .map_err(built)?;
    let outcome = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(answer).build())
        .transact_items(TransactWriteItem::builder().update(count).build())
        .transact_items(TransactWriteItem::builder().put(refusal).build())
        .send()
        .await;
    let error = match outcome {
        Ok(_) => return Ok(Kept::Yes),
        Err(error) => error,
    };
    if let Some([answer, count, _]) = ledger_write::reasons(&error) {
        if answer.code() == Some("ConditionalCheckFailed") {
            return Ok(Kept::AnsweredBefore);
        }
        if count.code() == Some("ConditionalCheckFailed") {
            return Ok(Kept::TooMany);
        }
    }
    Err(ledger_write::failure(doing(ledger), error))
}

fn doing(ledger: &Ledger) -> String {
    format!("keep a refusal in the ledger {}", ledger.table)
}

#[cfg(test)]
mod tests {
    use lockwarden_core::ledger::EventKind;
    use lockwarden_core::outcome::{Outcome, OutcomeKind};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Answer, Aws, at, ledger};

    const NOW: &str = "2026-01-01T23:59:59Z";

    async fn kept(aws: &Aws) -> Result<Kept, Failure> {
        let event = Event::new(EventKind::Refusal, at(NOW), "no such request");
        let delivery = Delivery {
            id: "d-1".to_owned(),
            outcome: Outcome::new(OutcomeKind::Rejected, None),
            unsent_until: Some(at(NOW)),
        };
        keep(&aws.dynamodb(), &ledger(), &event, &delivery, at(NOW)).await
    }

    fn cancelling(codes: [&str; 3]) -> Aws {
        let reasons = codes.map(|code| json!({"Code": code}));
        Aws::in_turn([Answer::dynamodb_error(
            400,
            "TransactionCanceledException",
            json!({"CancellationReasons": reasons}),
        )])
    }

    #[tokio::test]
    async fn a_refusal_is_counted_answered_and_kept_at_once() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        assert_eq!(kept(&aws).await, Ok(Kept::Yes));
        let items = aws.only_asked().json()["TransactItems"].clone();
        let answer = &items[0]["Put"];
        assert_eq!(answer["Item"]["pk"]["S"], "delivery#d-1");
        assert_eq!(answer["ConditionExpression"], "attribute_not_exists(pk)");
        let refusal = &items[2]["Put"]["Item"];
        assert_eq!(refusal["pk"]["S"], "refused#2026-01-01");
        let until = &refusal["expires_at"];
        assert_eq!(
            items[1]["Update"],
            json!({
                "TableName": "ledger",
                "Key": {"pk": {"S": "refused#2026-01-01"}, "sk": {"S": "count"}},
                "UpdateExpression": "ADD kept :one SET expires_at = :until",
                "ConditionExpression": "attribute_not_exists(kept) OR kept < :most",
                "ExpressionAttributeValues":
                    {":one": {"N": "1"}, ":most": {"N": "100"}, ":until": until},
            })
        );
        assert_ne!(*until, Value::Null);
    }

    #[tokio::test]
    async fn a_refusal_too_many_or_told_before_is_not_kept() {
        let refused = "ConditionalCheckFailed";
        for (codes, expected) in [
            (["None", refused, "None"], Kept::TooMany),
            ([refused, "None", "None"], Kept::AnsweredBefore),
            ([refused, refused, "None"], Kept::AnsweredBefore),
        ] {
            assert_eq!(kept(&cancelling(codes)).await, Ok(expected), "{codes:?}");
        }
    }

    #[tokio::test]
    async fn many_refusals_at_once_wait_for_each_other() {
        let failure = kept(&cancelling(["None", "TransactionConflict", "None"])).await;
        assert!(failure.unwrap_err().is_transient());
    }
}
