//! Keeps which locks people were asked about in one notice, and reads it.

use aws_sdk_dynamodb::Client;
use lockwarden_core::ids::StormCode;
use lockwarden_core::storm::Storm;

use crate::failure::Failure;
use crate::ledger_items::{Item, Ledger, expiring, item_of, key, value_of};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:GetItem", "dynamodb:PutItem"];

fn storm_key(code: &StormCode) -> Item {
    key(format!("storm#{code}"), "storm")
}

/// Keeps a storm as long as a lock is kept after its end. The same locks told again are the same storm, told later.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn keep(client: &Client, ledger: &Ledger, storm: &Storm) -> Result<(), Failure> {
    let item = item_of("a storm", storm_key(&storm.code), storm)?;
    client
        .put_item()
        .table_name(&ledger.table)
        .set_item(Some(expiring(item, storm.at, ledger.keep_for)))
        .send()
        .await
        .map_err(Failure::of(format!("write to the ledger {}", ledger.table)))?;
    Ok(())
}

/// The storm of this code, read consistently; `None` where there is none.
///
/// # Errors
/// When DynamoDB does not answer or does not let us, or when the item cannot be understood.
pub async fn storm(
    client: &Client,
    ledger: &Ledger,
    code: &StormCode,
) -> Result<Option<Storm>, Failure> {
    let answer = client
        .get_item()
        .table_name(&ledger.table)
        .set_key(Some(storm_key(code)))
        .consistent_read(true)
        .send()
        .await
        .map_err(Failure::of(format!(
            "read the storm {code} in the ledger {}",
            ledger.table
        )))?;
    let read = answer.item.map(|item| value_of("a storm", item));
    read.transpose()
}

#[cfg(test)]
mod tests {
    use lockwarden_core::ids::RequestCode;
    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, Aws, at, ledger};

    #[tokio::test]
    async fn a_storm_is_read_as_it_was_kept() {
        let requests = ["7F3K2QWX", "NQ48D9VM"].map(|code| RequestCode::parse(code).unwrap());
        let storm_of_two = Storm::of(requests.to_vec(), at("2026-01-01T03:00:00Z"));
        let keeps = Aws::in_turn([Answer::json(&json!({}))]);
        keep(&keeps.dynamodb(), &ledger(), &storm_of_two)
            .await
            .unwrap();
        let item = keeps.only_asked().json()["Item"].clone();
        assert_eq!(
            item["pk"]["S"],
            json!(format!("storm#{}", storm_of_two.code))
        );
        assert_eq!(item["sk"]["S"], json!("storm"));
        assert!(item["expires_at"]["N"].is_string());
        let reads = Aws::in_turn([Answer::json(&json!({"Item": item}))]);
        let read = storm(&reads.dynamodb(), &ledger(), &storm_of_two.code).await;
        assert_eq!(read, Ok(Some(storm_of_two.clone())));
        assert_eq!(reads.only_asked().json()["ConsistentRead"], json!(true));
        let never = Aws::in_turn([Answer::json(&json!({}))]);
        let none = storm(&never.dynamodb(), &ledger(), &storm_of_two.code).await;
        assert_eq!(none, Ok(None));
    }
}
