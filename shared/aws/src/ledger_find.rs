//! Finds the open entries of the ledger and reads many at once.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::Entry;

use crate::failure::{Failure, Kind};
use crate::ledger_items::{Item, Ledger, OPEN, OPEN_VALUE, code_of, entry_key, value_of};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["dynamodb:BatchGetItem", "dynamodb:Query"];

/// The most keys that one BatchGetItem takes.
const AT_ONCE: usize = 100;
/// How long to wait before what DynamoDB left out is asked for again; it may leave out anything when it is busy.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

/// The codes of all entries that still want something. The index may be a moment behind, so each is read again.
///
/// # Errors
/// When DynamoDB does not answer or does not let us.
pub async fn open(client: &Client, ledger: &Ledger) -> Result<Vec<RequestCode>, Failure> {
    let mut codes = Vec::new();
    let mut start = None;
    loop {
        let page = client
            .query()
            .table_name(&ledger.table)
            .index_name(OPEN)
            .key_condition_expression("#open = :yes")
            .expression_attribute_names("#open", OPEN)
            .expression_attribute_values(":yes", AttributeValue::S(OPEN_VALUE.to_owned()))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(Failure::of(format!(
                "find open entries of the ledger {}",
                ledger.table
            )))?;
        codes.extend(page.items().iter().filter_map(code_of));
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(codes);
        }
    }
}

/// Entries, good and bad side by side: one that cannot be understood does not hide the others.
#[derive(Debug, Default)]
pub struct Entries {
    /// The good ones.
    pub found: Vec<Entry>,
    /// The codes of the others, with what is wrong.
    pub unreadable: Vec<(RequestCode, Failure)>,
}

/// The entries of these codes, read consistently; a code without an entry gives none.
///
/// # Errors
/// As [`open`], and when DynamoDB leaves out the same keys again and again.
pub async fn entries(
    client: &Client,
    ledger: &Ledger,
    codes: &[RequestCode],
) -> Result<Entries, Failure> {
    let mut entries = Entries::default();
    for codes in codes.chunks(AT_ONCE) {
        let mut keys = KeysAndAttributes::builder().consistent_read(true);
        for code in codes {
            keys = keys.keys(entry_key(code));
        }
        let keys = keys
            .build()
            .map_err(|error| Failure::new(doing(ledger), error.to_string(), Kind::Lasting))?;
        batch(client, ledger, keys, &mut entries).await?;
    }
    Ok(entries)
}

impl Entries {
    fn take(&mut self, item: Item) {
        let code = code_of(&item);
        match (value_of("an entry", item), code) {
            (Ok(entry), _) => self.found.push(entry),
            (Err(failure), Some(code)) => self.unreadable.push((code, failure)),
            // It was asked for by its code.
            (Err(_), None) => {}
        }
    }
}

async fn batch(
    client: &Client,
    ledger: &Ledger,
    mut keys: KeysAndAttributes,
    entries: &mut Entries,
) -> Result<(), Failure> {
    let mut pauses = PAUSES.iter();
    loop {
        let mut answer = client
            .batch_get_item()
            .request_items(&ledger.table, keys)
            .send()
            .await
            .map_err(Failure::of(doing(ledger)))?;
        let items = answer.responses.take().unwrap_or_default();
        for item in items.into_values().flatten() {
            entries.take(item);
        }
        let left_out = answer.unprocessed_keys.unwrap_or_default();
        let Some(rest) = left_out.into_values().next() else {
            return Ok(());
        };
        let Some(pause) = pauses.next() else {
            let why = "DynamoDB was too busy to answer all of it";
            return Err(Failure::new(doing(ledger), why, Kind::Transient));
        };
        tokio::time::sleep(*pause).await;
        keys = rest;
    }
}

fn doing(ledger: &Ledger) -> String {
    format!("read entries of the ledger {}", ledger.table)
}

#[cfg(test)]
mod tests {
    use lockwarden_core::ids::{Identity, LockPath};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Answer, Asked, Aws, ledger};

    fn code(number: usize) -> RequestCode {
        let path = LockPath::new("b/k").unwrap();
        RequestCode::of(&path, &Identity::Raw(number.to_string()), 0)
    }

    fn codes(numbers: std::ops::Range<usize>) -> Vec<RequestCode> {
        numbers.map(code).collect()
    }

    /// The key of an entry, as it goes over the wire.
    fn key(code: &RequestCode) -> Value {
        json!({"pk": {"S": format!("lock#{code}")}, "sk": {"S": "lock"}})
    }

    /// An entry as DynamoDB sends it.
    fn item(key: &Value) -> Value {
        let code = key["pk"]["S"].as_str().unwrap().strip_prefix("lock#");
        let mut item = json!({
            "code": {"S": code},
            "revision": {"N": "1"},
            "generation": {"N": "1"},
            "state": {"S": "b/k"},
            "content": {"M": {"is": {"S": "phantom"}}},
            "places": {"L": [{"M": {"kind": {"S": "dynamodb"}, "table": {"S": "locks"}}}]},
            "first_seen": {"S": "2026-01-01T00:10:00.000000Z"},
            "sightings": {"N": "1"},
            "status": {"S": "seen"},
            "told": {"M": {"count": {"N": "0"}}},
        });
        item.as_object_mut()
            .unwrap()
            .extend(key.as_object().unwrap().clone());
        item
    }

    fn keys_of(asked: &Asked) -> Vec<Value> {
        let keys = asked.json()["RequestItems"]["ledger"]["Keys"].clone();
        keys.as_array().unwrap().clone()
    }

    /// Answers as far as `at_once` goes and leaves out the rest.
    fn busy(at_once: usize) -> Aws {
        Aws::answering(move |asked| {
            let mut keys = keys_of(asked);
            let rest = keys.split_off(at_once.min(keys.len()));
            let items: Vec<Value> = keys.iter().map(item).collect();
            let mut answer = json!({"Responses": {"ledger": items}, "UnprocessedKeys": {}});
            if !rest.is_empty() {
                answer["UnprocessedKeys"]["ledger"] = json!({"Keys": rest, "ConsistentRead": true});
            }
            Answer::json(&answer)
        })
    }

    async fn found(aws: &Aws, wanted: &[RequestCode]) -> Result<Vec<RequestCode>, Failure> {
        let entries = entries(&aws.dynamodb(), &ledger(), wanted).await?;
        Ok(entries.found.into_iter().map(|entry| entry.code).collect())
    }

    #[tokio::test]
    async fn an_entry_that_cannot_be_understood_does_not_hide_the_others() {
        let bad = json!({"pk": {"S": format!("lock#{}", code(1))}, "sk": {"S": "lock"}, "status": {"S": "of a later version"}});
        let items = json!([item(&key(&code(0))), bad]);
        let aws = Aws::in_turn([Answer::json(&json!({"Responses": {"ledger": items}}))]);
        let read = entries(&aws.dynamodb(), &ledger(), &codes(0..2))
            .await
            .unwrap();
        assert_eq!(read.found[0].code, code(0));
        assert_eq!(read.unreadable[0].0, code(1));
    }

    #[tokio::test]
    async fn every_page_of_the_open_entries_is_read() {
        let page = |numbers: std::ops::Range<usize>, next: Option<usize>| {
            let items: Vec<Value> = codes(numbers).iter().map(key).collect();
            let mut page = json!({"Items": items});
            if let Some(next) = next {
                page["LastEvaluatedKey"] = key(&code(next));
            }
            Answer::json(&page)
        };
        let aws = Aws::in_turn([page(0..2, Some(1)), page(0..0, Some(2)), page(3..4, None)]);
        let open = open(&aws.dynamodb(), &ledger()).await;
        assert_eq!(open, Ok(vec![code(0), code(1), code(3)]));
        let asked: Vec<Value> = aws.asked().iter().map(Asked::json).collect();
        assert_eq!(
            asked[0],
            json!({
                "TableName": "ledger",
                "IndexName": "open",
                "KeyConditionExpression": "#open = :yes",
                "ExpressionAttributeNames": {"#open": "open"},
                "ExpressionAttributeValues": {":yes": {"S": "yes"}},
            })
        );
        assert_eq!(asked[1]["ExclusiveStartKey"], key(&code(1)));
        assert_eq!(asked[2]["ExclusiveStartKey"], key(&code(2)));
    }

    #[tokio::test]
    async fn an_index_that_cannot_be_read_is_no_empty_index() {
        let denied = Answer::dynamodb_error(400, "AccessDeniedException", json!({}));
        let failure = open(&Aws::in_turn([denied]).dynamodb(), &ledger()).await;
        assert_eq!(failure.unwrap_err().kind, Kind::Lasting);
    }

    #[tokio::test]
    async fn entries_are_read_consistently_by_their_keys() {
        let aws = busy(AT_ONCE);
        assert_eq!(found(&aws, &codes(0..2)).await, Ok(codes(0..2)));
        let keys = [key(&code(0)), key(&code(1))];
        assert_eq!(
            aws.only_asked().json(),
            json!({"RequestItems": {"ledger": {"Keys": keys, "ConsistentRead": true}}})
        );
    }

    #[tokio::test]
    async fn no_call_asks_for_more_keys_than_dynamodb_takes() {
        let aws = busy(100);
        let many = codes(0..101);
        assert_eq!(found(&aws, &many).await, Ok(many));
        let sizes: Vec<usize> = aws.asked().iter().map(|a| keys_of(a).len()).collect();
        assert_eq!(sizes, [100, 1]);
    }

    #[tokio::test]
    async fn where_nothing_is_wanted_nobody_is_asked() {
        let aws = busy(AT_ONCE);
        assert_eq!(found(&aws, &[]).await, Ok(Vec::new()));
        assert!(aws.asked().is_empty());
    }

    #[tokio::test]
    async fn a_code_without_an_entry_gives_none() {
        let nothing = json!({"Responses": {"ledger": []}, "UnprocessedKeys": {}});
        let aws = Aws::in_turn([Answer::json(&nothing)]);
        assert_eq!(found(&aws, &codes(0..1)).await, Ok(Vec::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_dynamodb_left_out_is_asked_for_again() {
        let aws = busy(2);
        assert_eq!(found(&aws, &codes(0..5)).await, Ok(codes(0..5)));
        let again: Vec<Vec<Value>> = aws.asked().iter().skip(1).map(keys_of).collect();
        let keys = |numbers| codes(numbers).iter().map(key).collect::<Vec<Value>>();
        assert_eq!(again, [keys(2..5), keys(4..5)]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_dynamodb_leaves_out_for_good_is_told_and_not_taken_for_missing() {
        let aws = busy(0);
        let failure = found(&aws, &codes(0..1)).await.unwrap_err();
        assert!(failure.is_transient());
        assert_eq!(
            failure.to_string(),
            "cannot read entries of the ledger ledger: DynamoDB was too busy to answer all of it"
        );
        assert_eq!(aws.asked().len(), PAUSES.len() + 1);
    }
}
