//! Keeps the report of the last sweep.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use lockwarden_core::report::SweepReport;
use serde::Serialize;

use crate::failure::Failure;
use crate::ledger_items::{Ledger, item_of, key};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:PutItem"];

#[derive(Serialize)]
struct LastSweep<'a> {
    at: Timestamp,
    report: &'a SweepReport,
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
}
