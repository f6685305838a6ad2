//! Keeps what is known of the policy object: the last good version, and a broken one that people are told about.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use lockwarden_core::policy::PolicyEntry;

use crate::failure::Failure;
use crate::ledger_items::{Item, Ledger, PK, REVISION, item_of, key, value_of};
use crate::ledger_write::NotWritten;

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:GetItem", "dynamodb:PutItem"];

fn policy_key() -> Item {
    key("policy", "last")
}

/// What is known of the policy object, read consistently; `None` before the first sweep that saw one.
///
/// # Errors
/// When DynamoDB does not answer or does not let us, or when the item is of another version.
pub async fn entry(client: &Client, ledger: &Ledger) -> Result<Option<PolicyEntry>, Failure> {
    let answer = client
        .get_item()
        .table_name(&ledger.table)
        .set_key(Some(policy_key()))
        .consistent_read(true)
        .send()
        .await
        .map_err(Failure::of(format!(
            "read the last good policy in the ledger {}",
            ledger.table
        )))?;
    let entry = answer.item.map(|item| value_of("the policy", item));
    entry.transpose()
}

/// Writes what is known, if nobody wrote it since it was read.
///
/// # Errors
/// [`NotWritten::Outdated`] where somebody did.
pub async fn save(client: &Client, ledger: &Ledger, entry: &PolicyEntry) -> Result<(), NotWritten> {
    let mut item = item_of("the policy", policy_key(), entry)?;
    let revision = AttributeValue::N((entry.revision + 1).to_string());
    item.insert(REVISION.to_owned(), revision);
    let request = client
        .put_item()
        .table_name(&ledger.table)
        .set_item(Some(item));
    let request = match entry.revision {
        0 => request.condition_expression(format!("attribute_not_exists({PK})")),
        revision => request
            .condition_expression(format!("{REVISION} = :read"))
            .expression_attribute_values(":read", AttributeValue::N(revision.to_string())),
    };
    match request.send().await {
        Ok(_) => Ok(()),
        Err(SdkError::ServiceError(error))
            if error.err().is_conditional_check_failed_exception() =>
        {
            Err(NotWritten::Outdated)
        }
        Err(error) => {
            let doing = format!("write to the ledger {}", ledger.table);
            Err(NotWritten::Failed(Failure::of(doing)(error)))
        }
    }
}

#[cfg(test)]
mod tests {
    use lockwarden_core::policy::{BrokenPolicy, GoodPolicy, PolicyEntry, PolicyUri, ToldOfPolicy};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Answer, Aws, at, ledger};

    /// An entry with every field set; a new field must be set here too.
    fn full(revision: u64) -> PolicyEntry {
        PolicyEntry {
            revision,
            uri: PolicyUri::parse("s3://acme-config/lockwarden.hcl").unwrap(),
            good: Some(GoodPolicy {
                etag: "\"1\"".to_owned(),
                text: "rule \"ü\" {}\r\n".to_owned(),
                since: at("2026-01-01T03:00:00Z"),
            }),
            broken: Some(BrokenPolicy {
                version: "AccessDenied".to_owned(),
                why: "so it is".to_owned(),
                since: at("2026-01-01T04:00:00.5Z"),
                unsent_until: Some(at("2026-01-01T04:00:30.5Z")),
            }),
            told: Some(ToldOfPolicy {
                version: "\"0\"".to_owned(),
                at: at("2026-01-01T02:00:00Z"),
            }),
        }
    }

    async fn saved(aws: &Aws, revision: u64) -> Result<(), NotWritten> {
        save(&aws.dynamodb(), &ledger(), &full(revision)).await
    }

    fn written() -> Answer {
        Answer::json(&json!({}))
    }

    #[tokio::test]
    async fn the_entry_is_read_as_it_was_written_one_write_later() {
        for revision in [0, 4] {
            let saves = Aws::in_turn([written()]);
            assert_eq!(saved(&saves, revision).await.ok(), Some(()));
            let item = saves.only_asked().json()["Item"].clone();
            assert_eq!(
                (&item["pk"]["S"], &item["sk"]["S"]),
                (&json!("policy"), &json!("last"))
            );
            let reads = Aws::in_turn([Answer::json(&json!({"Item": item}))]);
            let read = entry(&reads.dynamodb(), &ledger()).await;
            assert_eq!(read, Ok(Some(full(revision + 1))));
            assert_eq!(reads.only_asked().json()["ConsistentRead"], true);
        }
        let never = Aws::in_turn([written()]);
        assert_eq!(entry(&never.dynamodb(), &ledger()).await, Ok(None));
    }

    #[tokio::test]
    async fn it_is_written_only_if_nobody_wrote_it_since() {
        for (revision, condition, values) in [
            (0, "attribute_not_exists(pk)", Value::Null),
            (4, "revision = :read", json!({":read": {"N": "4"}})),
        ] {
            let aws = Aws::in_turn([written()]);
            assert_eq!(saved(&aws, revision).await.ok(), Some(()));
            let asked = aws.only_asked().json();
            assert_eq!(asked["ConditionExpression"], condition);
            assert_eq!(asked["ExpressionAttributeValues"], values);
        }
        let refused = "ConditionalCheckFailedException";
        let aws = Aws::in_turn([Answer::dynamodb_error(400, refused, json!({}))]);
        assert!(matches!(saved(&aws, 4).await, Err(NotWritten::Outdated)));
        let denied = Answer::dynamodb_error(400, "AccessDeniedException", json!({}));
        let denied = saved(&Aws::in_turn([denied]), 4).await;
        assert!(matches!(denied, Err(NotWritten::Failed(failure)) if !failure.is_transient()));
    }
}
