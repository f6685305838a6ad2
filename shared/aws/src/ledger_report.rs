//! Keeps the report of the last sweep, and reads it.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use lockwarden_core::report::SweepReport;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::ledger_items::{Ledger, item_of, key, value_of};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:GetItem", "dynamodb:PutItem"];

#[derive(Serialize)]
struct LastSweep<'a> {
    at: Timestamp,
    report: &'a SweepReport,
}

#[derive(Deserialize)]
struct ReadSweep {
    report: SweepReport,
}

/// The report of the last sweep; `None` before the first.
///
/// # Errors
/// When DynamoDB does not answer or does not let us, or when the report is of another version.
pub async fn last(client: &Client, ledger: &Ledger) -> Result<Option<SweepReport>, Failure> {
    let answer = client
        .get_item()
        .table_name(&ledger.table)
        .set_key(Some(key("sweep", "last")))
        .send()
        .await
        .map_err(Failure::of(format!(
            "read the last report in the ledger {}",
            ledger.table
        )))?;
    let read = answer.item.map(|item| value_of("a report", item));
    Ok(read.transpose()?.map(|ReadSweep { report }| report))
}

/// Keeps the report in the place of the one before.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn keep(
    client: &Client,
    ledger: &Ledger,
    report: &SweepReport,
    at: Timestamp,
) -> Result<(), Failure> {
    let item = item_of("a report", key("sweep", "last"), &LastSweep { at, report })?;
    client
        .put_item()
        .table_name(&ledger.table)
        .set_item(Some(item))
        .send()
        .await
        .map_err(Failure::of(format!("write to the ledger {}", ledger.table)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, Aws, at, ledger};

    #[tokio::test]
    async fn the_last_report_takes_the_place_of_the_one_before() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        let report = SweepReport::default();
        let now = at("2026-01-01T03:00:00Z");
        let kept = keep(&aws.dynamodb(), &ledger(), &report, now).await;
        assert_eq!(kept, Ok(()));
        let asked = aws.only_asked();
        assert_eq!(asked.operation(), "PutItem");
        let item = &asked.json()["Item"];
        assert_eq!(
            (&item["pk"]["S"], &item["sk"]["S"]),
            (&json!("sweep"), &json!("last"))
        );
        assert_eq!(item["at"]["S"], "2026-01-01T03:00:00Z");
        assert_eq!(asked.json().get("ConditionExpression"), None);
    }

    #[tokio::test]
    async fn what_was_kept_is_read_again() {
        let keeps = Aws::in_turn([Answer::json(&json!({}))]);
        let report = SweepReport {
            held: 3,
            oldest_age_seconds: 900,
            ..SweepReport::default()
        };
        let now = at("2026-01-01T03:00:00Z");
        keep(&keeps.dynamodb(), &ledger(), &report, now)
            .await
            .unwrap();
        let item = keeps.only_asked().json()["Item"].clone();
        let reads = Aws::in_turn([Answer::json(&json!({"Item": item}))]);
        let read = last(&reads.dynamodb(), &ledger()).await;
        assert_eq!(read, Ok(Some(report)));
        let never = Aws::in_turn([Answer::json(&json!({}))]);
        assert_eq!(last(&never.dynamodb(), &ledger()).await, Ok(None));
    }
}
