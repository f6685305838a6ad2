//! Reads what the audit log says about a lock, and which locks a state had.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lockwarden_core::ids::{LockPath, RequestCode};
use lockwarden_core::ledger::Event;

use crate::failure::Failure;
use crate::ledger_items::{Ledger, code_of, entry_key, value_of};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:Query"];

/// The latest events of a lock, newest first, at most `most`.
///
/// # Errors
/// When DynamoDB does not answer or does not let us, or when an item cannot be understood.
pub async fn events(
    client: &Client,
    ledger: &Ledger,
    code: &RequestCode,
    most: i32,
) -> Result<Vec<Event>, Failure> {
    let pk = entry_key(code).remove("pk");
    let answer = client
        .query()
        .table_name(&ledger.table)
        .key_condition_expression("pk = :pk AND begins_with(sk, :event)")
        .set_expression_attribute_values(pk.map(|pk| {
            [
                (":pk".to_owned(), pk),
                (":event".to_owned(), AttributeValue::S("event#".to_owned())),
            ]
            .into()
        }))
        .scan_index_forward(false)
        .consistent_read(true)
        .limit(most)
        .send()
        .await
        .map_err(Failure::of(doing(ledger)))?;
    let items = answer.items.unwrap_or_default();
    items
        .into_iter()
        .map(|item| value_of("an event", item))
        .collect()
}

/// The codes of the latest locks of a state, newest first, at most `most`. From an index, which may be a moment behind.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn codes(
    client: &Client,
    ledger: &Ledger,
    path: &LockPath,
    most: i32,
) -> Result<Vec<RequestCode>, Failure> {
    let answer = client
        .query()
        .table_name(&ledger.table)
        .index_name("by-state")
        .key_condition_expression("#state = :state")
        .expression_attribute_names("#state", "state")
        .expression_attribute_values(":state", AttributeValue::S(path.as_str().to_owned()))
        .scan_index_forward(false)
        .limit(most)
        .send()
        .await
        .map_err(Failure::of(doing(ledger)))?;
    Ok(answer.items().iter().filter_map(code_of).collect())
}

fn doing(ledger: &Ledger) -> String {
    format!("read the history in the ledger {}", ledger.table)
}

#[cfg(test)]
mod tests {
    use lockwarden_core::ledger::EventKind;
    use serde_json::json;

    use super::*;
    use crate::failure::Kind;
    use crate::ledger_items::event_item;
    use crate::testing::{self, Answer, Aws, at, ledger, path};

    /// DynamoDB's answer with one item.
    fn found(item: &serde_json::Value) -> Answer {
        Answer::json(&json!({"Items": [item], "Count": 1}))
    }

    #[tokio::test]
    async fn the_events_of_a_lock_are_read_newest_first_and_nothing_else_of_it() {
        let aws = Aws::in_turn([Answer::json(&json!({"Items": [], "Count": 0}))]);
        let code = testing::entry().code;
        let none = events(&aws.dynamodb(), &ledger(), &code, 50).await;
        assert_eq!(none, Ok(Vec::new()));
        let asked = aws.only_asked();
        assert_eq!(asked.operation(), "Query");
        let values = json!({":pk": {"S": format!("lock#{code}")}, ":event": {"S": "event#"}});
        assert_eq!(
            asked.json(),
            json!({
                "TableName": "ledger",
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :event)",
                "ExpressionAttributeValues": values,
                "ScanIndexForward": false,
                "ConsistentRead": true,
                "Limit": 50,
            })
        );
    }

    #[tokio::test]
    async fn an_event_is_read_as_it_was_written() {
        let event = Event {
            by: Some("alice".to_owned()),
            verified: Some("arn:aws:iam::123456789012:user/alice".to_owned()),
            source: Some("+14255550182".to_owned()),
            ..Event::new(EventKind::Decision, at("2026-01-01T03:00:00Z"), "release")
        };
        let code = testing::entry().code;
        let stored = event_item(&ledger(), &code, &event).unwrap();
        let item: serde_json::Map<_, _> = stored
            .iter()
            .map(|(name, value)| match (value.as_s(), value.as_n()) {
                (Ok(text), _) => (name.clone(), json!({"S": text})),
                (_, Ok(number)) => (name.clone(), json!({"N": number})),
                _ => panic!("{name}: {value:?}"),
            })
            .collect();
        let aws = Aws::in_turn([found(&item.into())]);
        let read = events(&aws.dynamodb(), &ledger(), &code, 50).await;
        assert_eq!(read, Ok(vec![event]));
    }

    #[tokio::test]
    async fn an_event_that_cannot_be_understood_is_not_left_out() {
        let aws = Aws::in_turn([found(&json!({"at": {"S": "yesterday"}}))]);
        let code = testing::entry().code;
        let failure = events(&aws.dynamodb(), &ledger(), &code, 50).await;
        assert_eq!(failure.unwrap_err().kind, Kind::Lasting);
    }

    #[tokio::test]
    async fn the_locks_of_a_state_are_found_newest_first() {
        let answer = json!({"Items": [
            {"pk": {"S": "lock#7F3K2QWX"}, "sk": {"S": "lock"}},
            {"pk": {"S": "lock#9HXM4TQA"}, "sk": {"S": "lock"}},
        ], "Count": 2});
        let aws = Aws::in_turn([Answer::json(&answer)]);
        let found = codes(&aws.dynamodb(), &ledger(), &path("b/k"), 20).await;
        let found: Vec<String> = found.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["7F3K2QWX", "9HXM4TQA"]);
        assert_eq!(
            aws.only_asked().json(),
            json!({
                "TableName": "ledger",
                "IndexName": "by-state",
                "KeyConditionExpression": "#state = :state",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":state": {"S": "b/k"}},
                "ScanIndexForward": false,
                "Limit": 20,
            })
        );
    }

    #[tokio::test]
    async fn a_history_that_cannot_be_read_is_not_taken_for_none() {
        for (code, kind) in [
            ("ThrottlingException", Kind::Transient),
            ("AccessDeniedException", Kind::Lasting),
        ] {
            let refusing = || Aws::in_turn([Answer::dynamodb_error(400, code, json!({}))]);
            let of_lock = testing::entry().code;
            let failure = events(&refusing().dynamodb(), &ledger(), &of_lock, 50).await;
            assert_eq!(failure.unwrap_err().kind, kind);
            let failure = codes(&refusing().dynamodb(), &ledger(), &path("b/k"), 20).await;
            assert_eq!(failure.unwrap_err().kind, kind);
        }
    }
}
