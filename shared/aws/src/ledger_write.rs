//! Writes changes of the ledger, each all of it or nothing.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Put, TransactWriteItem};
use jiff::Timestamp;
use lockwarden_core::ledger::{Change, Delivery};
use thiserror::Error;

use crate::failure::{Failure, Kind};
use crate::ledger_items::{
    Item, Ledger, PK, REVISION, delivery_item, entry_item, event_item, notice_item,
};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:PutItem"];

/// Why a change was not written.
#[derive(Debug, Error)]
pub enum NotWritten {
    /// Somebody else wrote the entry since it was read. Read it again.
    #[error("the entry was changed by somebody else")]
    Outdated,
    /// The delivery was answered before. The answer stands.
    #[error("the delivery was answered before")]
    AnsweredBefore,
    /// DynamoDB did not answer or did not let us.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Writes a change: the entry if nobody wrote it since it was read, and with it what the audit log gets.
///
/// # Errors
/// [`NotWritten`]; then nothing of it was written.
pub async fn commit(
    client: &Client,
    ledger: &Ledger,
    change: &Change<'_>,
    now: Timestamp,
) -> Result<(), NotWritten> {
    let parts = parts(ledger, change, now)?;
    let kinds: Vec<Part> = parts.iter().map(|(part, _)| *part).collect();
    let items = parts.into_iter().map(|(_, item)| item).collect();
    client
        .transact_write_items()
        .set_transact_items(Some(items))
        .send()
        .await
        .map_err(|error| not_written(ledger, &kinds, error))?;
    Ok(())
}

/// Takes the notice of a refusal upon itself until `unsent_until`, or notes that it went out; only if the answer is still
/// as `before`. Says whether it was.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn update_delivery(
    client: &Client,
    ledger: &Ledger,
    before: &Delivery,
    after: &Delivery,
    now: Timestamp,
) -> Result<bool, Failure> {
    let mut request = client
        .put_item()
        .table_name(&ledger.table)
        .set_item(Some(delivery_item(after, now)?));
    request = match before.unsent_until {
        Some(until) => request
            .condition_expression("unsent_until = :until")
            .expression_attribute_values(":until", AttributeValue::S(until.to_string())),
        None => request.condition_expression("attribute_not_exists(unsent_until)"),
    };
    match request.send().await {
        Ok(_) => Ok(true),
        Err(SdkError::ServiceError(error))
            if error.err().is_conditional_check_failed_exception() =>
        {
            Ok(false)
        }
        Err(error) => Err(Failure::of(doing(ledger))(error)),
    }
}

/// What became of a write to a lock table that goes together with a change of the ledger.
#[derive(Debug)]
pub(crate) enum First {
    /// Both were written.
    Written,
    /// The lock table's condition did not hold, and nothing was written; the item that is there, if any.
    Refused(Option<Item>),
}

/// Makes a write to a lock table and a change of the ledger in one transaction: both or neither.
pub(crate) async fn commit_with(
    client: &Client,
    first: TransactWriteItem,
    ledger: &Ledger,
    change: &Change<'_>,
    now: Timestamp,
) -> Result<First, NotWritten> {
    let parts = parts(ledger, change, now)?;
    let kinds: Vec<Part> = parts.iter().map(|(part, _)| *part).collect();
    let mut items = vec![first];
    items.extend(parts.into_iter().map(|(_, item)| item));
    let answer = client
        .transact_write_items()
        .set_transact_items(Some(items))
        .send()
        .await;
    let error = match answer {
        Ok(_) => return Ok(First::Written),
        Err(error) => error,
    };
    // The reasons stand in the order of the parts.
    if let Some((first, rest)) = reasons(&error).and_then(<[_]>::split_first) {
        if let Some(reason) = refused(&kinds, rest) {
            return Err(reason);
        }
        if first.code() == Some("ConditionalCheckFailed") {
            let there = first.item().filter(|item| !item.is_empty());
            return Ok(First::Refused(there.cloned()));
        }
    }
    let doing = format!("write to a lock table and to the ledger {}", ledger.table);
    Err(NotWritten::Failed(failure(doing, error)))
}

/// What a part of a transaction is, to say which one stood in its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The entry.
    Entry,
    /// A line of the audit log.
    Event,
    /// The answer to a delivery.
    Answer,
    /// A notice that went out.
    Notice,
}

/// The writes of a change.
fn parts(
    ledger: &Ledger,
    change: &Change<'_>,
    now: Timestamp,
) -> Result<Vec<(Part, TransactWriteItem)>, Failure> {
    let mut parts = Vec::new();
    if let Some(entry) = change.entry {
        let put = put(ledger, entry_item(ledger, entry)?);
        let put = match entry.revision {
            0 => put.condition_expression(format!("attribute_not_exists({PK})")),
            revision => put
                .condition_expression(format!("{REVISION} = :read"))
                .expression_attribute_values(":read", AttributeValue::N(revision.to_string())),
        };
        parts.push((Part::Entry, part(ledger, put)?));
    }
    for (code, event) in &change.events {
        let put = put(ledger, event_item(ledger, code, event)?);
        parts.push((Part::Event, part(ledger, put)?));
    }
    if let Some(delivery) = &change.answered {
        let put = put(ledger, delivery_item(delivery, now)?)
            .condition_expression(format!("attribute_not_exists({PK})"));
        parts.push((Part::Answer, part(ledger, put)?));
    }
    if let Some((message_id, code)) = &change.published {
        // Ids of messages are never given twice, so there is nothing to overwrite.
        let put = put(ledger, notice_item(message_id, code, now)?);
        parts.push((Part::Notice, part(ledger, put)?));
    }
    Ok(parts)
}

fn put(ledger: &Ledger, item: Item) -> PutBuilder {
    Put::builder()
        .table_name(&ledger.table)
        .set_item(Some(item))
}

fn part(ledger: &Ledger, put: PutBuilder) -> Result<TransactWriteItem, Failure> {
    let put = put
        .build()
        .map_err(|error| Failure::new(doing(ledger), error.to_string(), Kind::Lasting))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn not_written(
    ledger: &Ledger,
    parts: &[Part],
    error: SdkError<TransactWriteItemsError>,
) -> NotWritten {
    match reasons(&error).and_then(|reasons| refused(parts, reasons)) {
        Some(reason) => reason,
        None => NotWritten::Failed(failure(doing(ledger), error)),
    }
}

/// What stood in the way of a transaction, where it was one of the ledger's conditions.
fn refused(parts: &[Part], reasons: &[CancellationReason]) -> Option<NotWritten> {
    let failed = |wanted: Part, code: &str| {
        parts
            .iter()
            .zip(reasons)
            .any(|(part, reason)| *part == wanted && reason.code() == Some(code))
    };
    if failed(Part::Answer, "ConditionalCheckFailed") {
        Some(NotWritten::AnsweredBefore)
    } else if failed(Part::Entry, "ConditionalCheckFailed")
        // Somebody else is writing the same items at this moment.
        || failed(Part::Entry, "TransactionConflict")
        || failed(Part::Answer, "TransactionConflict")
    {
        Some(NotWritten::Outdated)
    } else {
        None
    }
}

/// Why a transaction was cancelled, part by part.
pub(crate) fn reasons(error: &SdkError<TransactWriteItemsError>) -> Option<&[CancellationReason]> {
    let error = error.as_service_error()?;
    if let TransactWriteItemsError::TransactionCanceledException(cancelled) = error {
        Some(cancelled.cancellation_reasons())
    } else {
        None
    }
}

/// A transaction's failure that is none of the conditions: transient where a part was throttled or met another writer.
pub(crate) fn failure(doing: String, error: SdkError<TransactWriteItemsError>) -> Failure {
    let passes = reasons(&error).is_some_and(|reasons| {
        reasons.iter().any(|reason| {
            matches!(
                reason.code(),
                Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
            )
        })
    });
    let failure = Failure::of(doing)(error);
    if passes {
        Failure {
            kind: Kind::Transient,
            ..failure
        }
    } else {
        failure
    }
}

fn doing(ledger: &Ledger) -> String {
    format!("write to the ledger {}", ledger.table)
}

#[cfg(test)]
mod tests {
    use lockwarden_core::ledger::{Entry, Event, EventKind};
    use lockwarden_core::outcome::{Outcome, OutcomeKind};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Answer, Aws, at, entry, ledger};

    const NOW: &str = "2026-01-01T03:00:00Z";

    fn answer(unsent_until: Option<&str>) -> Delivery {
        Delivery {
            id: "d-1".to_owned(),
            outcome: Outcome::new(OutcomeKind::Rejected, None),
            unsent_until: unsent_until.map(at),
        }
    }

    /// Writes an entry that was read at this revision, a line of the audit log and an answer.
    async fn committed(aws: &Aws, revision: u64) -> Result<(), NotWritten> {
        let entry = Entry {
            revision,
            ..entry()
        };
        let event = Event::new(EventKind::Seen, at(NOW), "first sight");
        let change = Change::of(&entry, vec![event]).answering(answer(None));
        commit(&aws.dynamodb(), &ledger(), &change, at(NOW)).await
    }

    /// What each part of the transaction puts and when: sort key, condition, values.
    fn puts(aws: &Aws) -> Vec<(String, Value, Value)> {
        let items = aws.only_asked().json()["TransactItems"].clone();
        let puts = items.as_array().unwrap().iter().map(|item| &item["Put"]);
        puts.map(|put| {
            assert_eq!(put["TableName"], "ledger");
            (
                put["Item"]["sk"]["S"].as_str().unwrap().to_owned(),
                put["ConditionExpression"].clone(),
                put["ExpressionAttributeValues"].clone(),
            )
        })
        .collect()
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
    async fn an_entry_is_written_only_if_nobody_wrote_it_since_it_was_read() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        committed(&aws, 7).await.unwrap();
        let event = "event#2026-01-01T03:00:00.000000Z#seen#sweep".to_owned();
        let new = json!("attribute_not_exists(pk)");
        let (sk, condition, values) = puts(&aws).remove(0);
        assert_eq!(
            (sk.as_str(), condition),
            ("lock", json!("revision = :read"))
        );
        assert_eq!(values, json!({":read": {"N": "7"}}));
        assert_eq!(
            puts(&aws)[1..],
            [
                (event, Value::Null, Value::Null),
                ("answer".to_owned(), new, Value::Null),
            ]
        );
        let item = &aws.only_asked().json()["TransactItems"][0]["Put"]["Item"];
        assert_eq!(item["revision"], json!({"N": "8"}));
    }

    #[tokio::test]
    async fn a_new_entry_never_takes_the_place_of_another() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        committed(&aws, 0).await.unwrap();
        let (_, condition, values) = puts(&aws).remove(0);
        assert_eq!(
            (condition, values),
            (json!("attribute_not_exists(pk)"), Value::Null)
        );
    }

    #[tokio::test]
    async fn a_notice_that_went_out_is_written_with_its_entry() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        let entry = Entry {
            revision: 7,
            ..entry()
        };
        let change = Change::of(&entry, Vec::new()).publishing("m-1".to_owned());
        let written = commit(&aws.dynamodb(), &ledger(), &change, at(NOW)).await;
        written.unwrap();
        let keys: Vec<String> = puts(&aws).into_iter().map(|(sk, _, _)| sk).collect();
        assert_eq!(keys, ["lock", "notice"]);
        let item = &aws.only_asked().json()["TransactItems"][1]["Put"]["Item"];
        assert_eq!(item["pk"], json!({"S": "notice#m-1"}));
        assert_eq!(item["code"], json!({"S": entry.code.as_str()}));
        assert_eq!(
            puts(&aws)[1].1,
            Value::Null,
            "an id that is there already is no reason to fail"
        );
    }

    #[tokio::test]
    async fn who_comes_second_reads_again() {
        for codes in [
            ["ConditionalCheckFailed", "None", "None"],
            ["TransactionConflict", "None", "None"],
            ["None", "None", "TransactionConflict"],
        ] {
            let written = committed(&cancelling(codes), 7).await;
            assert!(matches!(written, Err(NotWritten::Outdated)), "{codes:?}");
        }
    }

    #[tokio::test]
    async fn a_delivery_that_was_answered_before_keeps_its_answer() {
        for codes in [
            ["None", "None", "ConditionalCheckFailed"],
            ["ConditionalCheckFailed", "None", "ConditionalCheckFailed"],
        ] {
            let written = committed(&cancelling(codes), 7).await;
            assert!(
                matches!(written, Err(NotWritten::AnsweredBefore)),
                "{codes:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_write_that_nobody_refused_and_nobody_took_is_a_failure() {
        for (aws, kind) in [
            (
                cancelling(["None", "ThrottlingError", "None"]),
                Kind::Transient,
            ),
            (
                cancelling(["None", "ValidationError", "None"]),
                Kind::Lasting,
            ),
            (Aws::in_turn([Answer::TimedOut]), Kind::Transient),
            (
                Aws::in_turn([Answer::dynamodb_error(
                    400,
                    "AccessDeniedException",
                    json!({}),
                )]),
                Kind::Lasting,
            ),
        ] {
            let written = committed(&aws, 7).await;
            let Err(NotWritten::Failed(failure)) = written else {
                panic!("{written:?}")
            };
            assert_eq!(failure.kind, kind, "{failure}");
        }
    }

    #[tokio::test]
    async fn the_notice_of_a_refusal_is_taken_only_from_who_had_it_last() {
        let (before, after) = (
            answer(Some("2026-01-01T03:00:30.000000001Z")),
            answer(Some("2026-01-01T03:01:00Z")),
        );
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        let updated = update_delivery(&aws.dynamodb(), &ledger(), &before, &after, at(NOW)).await;
        assert_eq!(updated, Ok(true));
        let asked = aws.only_asked().json();
        assert_eq!(asked["ConditionExpression"], "unsent_until = :until");
        // The text of the condition must be the text that was stored.
        let stored = delivery_item(&before, at(NOW)).unwrap();
        assert_eq!(
            asked["ExpressionAttributeValues"][":until"]["S"],
            json!(stored["unsent_until"].as_s().unwrap())
        );
        assert_eq!(asked["Item"]["unsent_until"]["S"], "2026-01-01T03:01:00Z");
    }

    #[tokio::test]
    async fn a_notice_that_is_not_owed_stays_so() {
        let aws = Aws::in_turn([Answer::dynamodb_error(
            400,
            "ConditionalCheckFailedException",
            json!({}),
        )]);
        let updated = update_delivery(
            &aws.dynamodb(),
            &ledger(),
            &answer(None),
            &answer(None),
            at(NOW),
        )
        .await;
        assert_eq!(updated, Ok(false));
        let asked = aws.only_asked().json();
        assert_eq!(
            asked["ConditionExpression"],
            "attribute_not_exists(unsent_until)"
        );
    }
}
