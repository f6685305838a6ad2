//! Reads the ledger by exact key, consistently.

use aws_sdk_dynamodb::Client;
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{Delivery, Entry};

use crate::failure::Failure;
use crate::ledger_items::{Item, Ledger, Published, delivery_key, entry_key, notice_key, value_of};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:GetItem"];

/// The entry of a request; `None` where there is none.
///
/// # Errors
/// When DynamoDB does not answer or does not let us, or when the item cannot be understood.
pub async fn entry(
    client: &Client,
    ledger: &Ledger,
    code: &RequestCode,
) -> Result<Option<Entry>, Failure> {
    let item = item(client, ledger, entry_key(code)).await?;
    item.map(|item| value_of("an entry", item)).transpose()
}

/// What a delivery was answered; `None` where it was not answered yet.
///
/// # Errors
/// As [`entry`].
pub async fn delivery(
    client: &Client,
    ledger: &Ledger,
    id: &str,
) -> Result<Option<Delivery>, Failure> {
    let item = item(client, ledger, delivery_key(id)).await?;
    item.map(|item| value_of("an answer", item)).transpose()
}

/// The request that a notice was about, by the id of its SNS message; `None` where no such notice is known.
///
/// # Errors
/// As [`entry`].
pub async fn notice(
    client: &Client,
    ledger: &Ledger,
    message_id: &str,
) -> Result<Option<RequestCode>, Failure> {
    let item = item(client, ledger, notice_key(message_id)).await?;
    let published = item.map(|item| value_of::<Published>("a notice", item));
    Ok(published.transpose()?.map(|published| published.code))
}

async fn item(client: &Client, ledger: &Ledger, key: Item) -> Result<Option<Item>, Failure> {
    let answer = client
        .get_item()
        .table_name(&ledger.table)
        .set_key(Some(key))
        .consistent_read(true)
        .send()
        .await
        .map_err(Failure::of(format!("read the ledger {}", ledger.table)))?;
    Ok(answer.item)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::failure::Kind;
    use crate::testing::{self, Answer, Aws, ledger};

    fn nothing() -> Answer {
        Answer::json(&json!({}))
    }

    #[tokio::test]
    async fn an_entry_is_read_consistently_by_its_key() {
        let aws = Aws::in_turn([nothing()]);
        let code = testing::entry().code;
        assert_eq!(entry(&aws.dynamodb(), &ledger(), &code).await, Ok(None));
        let asked = aws.only_asked();
        assert_eq!(asked.operation(), "GetItem");
        let key = json!({"pk": {"S": format!("lock#{code}")}, "sk": {"S": "lock"}});
        assert_eq!(
            asked.json(),
            json!({"TableName": "ledger", "Key": key, "ConsistentRead": true})
        );
    }

    #[tokio::test]
    async fn an_answer_is_read_consistently_by_the_id_of_its_delivery() {
        let outcome =
            json!({"outcome": {"S": "kept"}, "by": {"S": "alice"}, "by_verified": {"NULL": true}});
        let item = json!({"id": {"S": "d-1"}, "outcome": {"M": outcome}});
        let aws = Aws::in_turn([Answer::json(&json!({"Item": item}))]);
        let known = delivery(&aws.dynamodb(), &ledger(), "d-1").await;
        let known = known.unwrap().unwrap();
        assert_eq!(
            (known.id.as_str(), known.outcome.by.as_deref()),
            ("d-1", Some("alice"))
        );
        let key = json!({"pk": {"S": "delivery#d-1"}, "sk": {"S": "answer"}});
        let asked = aws.only_asked().json();
        assert_eq!(
            (&asked["Key"], &asked["ConsistentRead"]),
            (&key, &json!(true))
        );
    }

    #[tokio::test]
    async fn a_notice_is_read_consistently_by_the_id_of_its_message() {
        let item = json!({"Item": {"code": {"S": "7F3K2QWX"}, "expires_at": {"N": "1"}}});
        let aws = Aws::in_turn([Answer::json(&item)]);
        let about = notice(&aws.dynamodb(), &ledger(), "m-1").await;
        assert_eq!(about, Ok(RequestCode::parse("7F3K2QWX").ok()));
        let key = json!({"pk": {"S": "notice#m-1"}, "sk": {"S": "notice"}});
        let asked = aws.only_asked().json();
        assert_eq!(
            (&asked["Key"], &asked["ConsistentRead"]),
            (&key, &json!(true))
        );
    }

    #[tokio::test]
    async fn a_notice_that_nobody_wrote_down_is_about_nothing() {
        let aws = Aws::in_turn([nothing()]);
        assert_eq!(notice(&aws.dynamodb(), &ledger(), "m-1").await, Ok(None));
    }

    #[tokio::test]
    async fn an_item_that_cannot_be_understood_is_not_taken_for_none() {
        let item = json!({"Item": {"pk": {"S": "delivery#d-1"}, "sk": {"S": "answer"}}});
        let client = Aws::in_turn([Answer::json(&item)]).dynamodb();
        let failure = delivery(&client, &ledger(), "d-1").await.unwrap_err();
        assert_eq!(failure.kind, Kind::Lasting);
    }
}
