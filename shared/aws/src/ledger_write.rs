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
use crate::ledger_items::{Item, Ledger, PK, REVISION, delivery_item, entry_item, event_item};

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

/// What a part of a transaction is, to say which one stood in its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The entry.
    Entry,
    /// A line of the audit log.
    Event,
    /// The answer to a delivery.
    Answer,
}

/// The writes of a change.
pub(crate) fn parts(
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
pub(crate) fn refused(parts: &[Part], reasons: &[CancellationReason]) -> Option<NotWritten> {
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
