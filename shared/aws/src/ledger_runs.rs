//! Reads what a run that wraps Terraform says of itself.
//!
//! A run is written by the wrapper, whose rights reach `run#*` keys alone; here it is only read.

use aws_sdk_dynamodb::Client;
use lockwarden_core::evidence::Run;
use lockwarden_core::ids::LockId;

use crate::failure::Failure;
use crate::ledger_items::{Ledger, key, value_of};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:GetItem"];

/// The longest key of a table (bytes); a lock ID is written by whoever can lock.
const LONGEST_KEY: usize = 2_048;

/// The run that holds a lock; `None` where no run says so.
///
/// # Errors
/// When DynamoDB does not answer or does not let us, or when the item cannot be understood.
pub async fn run(client: &Client, ledger: &Ledger, id: &LockId) -> Result<Option<Run>, Failure> {
    let pk = format!("run#{id}");
    if pk.len() > LONGEST_KEY {
        return Ok(None);
    }
    let answer = client
        .get_item()
        .table_name(&ledger.table)
        .set_key(Some(key(pk, "run")))
        .send()
        .await
        .map_err(Failure::of(format!(
            "read a run in the ledger {}",
            ledger.table
        )))?;
    let run = answer.item.map(|item| value_of("a run", item));
    run.transpose()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, Aws, at, ledger};

    fn id(text: &str) -> LockId {
        LockId::new(text).unwrap()
    }

    #[tokio::test]
    async fn a_run_is_read_by_the_id_of_its_lock() {
        let item = json!({"Item": {
            "pk": {"S": "run#a1b2"}, "sk": {"S": "run"}, "who": {"S": "ci@7"}, "job_url": {"S": "https://ci.example.com/7"},
            "started_at": {"S": "2026-01-01T02:00:00Z"}, "beat_at": {"S": "2026-01-01T02:55:00.5Z"}, "expires_at": {"N": "1"},
        }});
        let aws = Aws::in_turn([Answer::json(&item)]);
        let found = run(&aws.dynamodb(), &ledger(), &id("a1b2")).await;
        let found = found.unwrap().unwrap();
        assert_eq!(found.beat_at, at("2026-01-01T02:55:00.5Z"));
        assert_eq!(found.who.as_deref(), Some("ci@7"));
        assert_eq!(found.ended_at, None);
        let key = json!({"pk": {"S": "run#a1b2"}, "sk": {"S": "run"}});
        assert_eq!(aws.only_asked().json()["Key"], key);
    }

    #[tokio::test]
    async fn a_lock_without_a_run_has_none_and_one_that_cannot_be_understood_is_a_failure() {
        let aws = Aws::in_turn([Answer::json(&json!({}))]);
        let none = run(&aws.dynamodb(), &ledger(), &id("a1b2")).await;
        assert_eq!(none, Ok(None));
        let odd = json!({"Item": {"pk": {"S": "run#a1b2"}, "beat_at": {"S": "yesterday"}}});
        let aws = Aws::in_turn([Answer::json(&odd)]);
        let odd = run(&aws.dynamodb(), &ledger(), &id("a1b2")).await;
        assert!(odd.is_err());
    }

    #[tokio::test]
    async fn an_id_that_is_too_long_for_a_key_is_not_looked_for() {
        let aws = Aws::in_turn([]);
        let long = id(&"x".repeat(2_045));
        let none = run(&aws.dynamodb(), &ledger(), &long).await;
        assert_eq!(none, Ok(None));
        assert!(aws.asked().is_empty());
    }
}
