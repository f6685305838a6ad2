//! Ledger entries, events and answers as DynamoDB items and back. The layout is part of the contract: other tools read it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{Delivery, Entry, Event};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Kind};

/// A DynamoDB item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The ledger's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Its name.
    pub table: String,
    /// How long a lock is kept after its end.
    pub keep_for: SignedDuration,
}

/// For how long a delivery is remembered. SNS tries for 23 days, and a dead letter lies for 14 more.
const DELIVERIES_KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// The partition key.
pub(crate) const PK: &str = "pk";
/// The sort key.
pub(crate) const SK: &str = "sk";
/// The key of the sparse index over entries that still want something; its one value is [`OPEN_VALUE`].
pub(crate) const OPEN: &str = "open";
/// The value of [`OPEN`].
pub(crate) const OPEN_VALUE: &str = "yes";
/// DynamoDB's TTL attribute, epoch seconds.
pub(crate) const EXPIRES_AT: &str = "expires_at";
/// The attribute that counts an entry's writes.
pub(crate) const REVISION: &str = "revision";

const LOCK_PREFIX: &str = "lock#";

/// The key of a lock's entry.
pub(crate) fn entry_key(code: &RequestCode) -> Item {
    key(format!("{LOCK_PREFIX}{code}"), "lock")
}

/// The request code of an entry's key.
pub(crate) fn code_of(key: &Item) -> Option<RequestCode> {
    let pk = key.get(PK)?.as_s().ok()?;
    RequestCode::parse(pk.strip_prefix(LOCK_PREFIX)?).ok()
}

/// The key of the answer to a delivery.
pub(crate) fn delivery_key(id: &str) -> Item {
    key(format!("delivery#{id}"), "answer")
}

/// The key of a notice that went out, by the id of its SNS message.
pub(crate) fn notice_key(message_id: &str) -> Item {
    key(format!("notice#{message_id}"), "notice")
}

pub(crate) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(pk.into())),
        (SK.to_owned(), AttributeValue::S(sk.into())),
    ])
}

/// An entry, one write later than it says.
pub(crate) fn entry_item(ledger: &Ledger, entry: &Entry) -> Result<Item, Failure> {
    let mut item = item_of("an entry", entry_key(&entry.code), entry)?;
    let revision = AttributeValue::N((entry.revision + 1).to_string());
    item.insert(REVISION.to_owned(), revision);
    if entry.is_open() {
        item.insert(OPEN.to_owned(), AttributeValue::S(OPEN_VALUE.to_owned()));
    }
    if let Some(second) = entry.expires_at(ledger.keep_for) {
        item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(second.to_string()));
    }
    Ok(item)
}

/// A line of the audit log. Nobody knows yet when its lock will end, so it is kept for twice the time.
pub(crate) fn event_item(
    ledger: &Ledger,
    code: &RequestCode,
    event: &Event,
) -> Result<Item, Failure> {
    let key = key(format!("{LOCK_PREFIX}{code}"), event.sort_key());
    let item = item_of("an event", key, event)?;
    Ok(expiring(item, event.at, ledger.keep_for * 2))
}

/// The answer to a delivery.
pub(crate) fn delivery_item(delivery: &Delivery, now: Timestamp) -> Result<Item, Failure> {
    let item = item_of("an answer", delivery_key(&delivery.id), delivery)?;
    Ok(expiring(item, now, DELIVERIES_KEPT))
}

/// What is kept of a notice that went out.
#[derive(Serialize, Deserialize)]
pub(crate) struct Published {
    /// The request that it was about.
    pub(crate) code: RequestCode,
}

/// A notice that went out. It is kept as long as an answer to it can be one that was given before.
pub(crate) fn notice_item(
    message_id: &str,
    code: &RequestCode,
    now: Timestamp,
) -> Result<Item, Failure> {
    let published = Published { code: code.clone() };
    let item = item_of("a notice", notice_key(message_id), &published)?;
    Ok(expiring(item, now, DELIVERIES_KEPT))
}

/// An item that DynamoDB removes some time after `from`.
pub(crate) fn expiring(mut item: Item, from: Timestamp, after: SignedDuration) -> Item {
    let second = from
        .checked_add(after)
        .unwrap_or(Timestamp::MAX)
        .as_second();
    item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(second.to_string()));
    item
}

/// A value with its key.
pub(crate) fn item_of<T: Serialize>(what: &str, key: Item, value: &T) -> Result<Item, Failure> {
    let item: Item = serde_dynamo::to_item(value)
        .map_err(|error| unusable(format!("write {what} of the ledger"), &error))?;
    Ok(item.into_iter().chain(key).collect())
}

/// A value from its item.
pub(crate) fn value_of<T: DeserializeOwned>(what: &str, item: Item) -> Result<T, Failure> {
    serde_dynamo::from_item(item)
        .map_err(|error| unusable(format!("understand {what} of the ledger"), &error))
}

fn unusable(doing: String, error: &serde_dynamo::Error) -> Failure {
    Failure::new(doing, error.to_string(), Kind::Lasting)
}

#[cfg(test)]
mod tests {
    use lockwarden_core::decision::{Action, Decision, NamedLock, Target};
    use lockwarden_core::ids::StormCode;
    use lockwarden_core::item::Content;
    use lockwarden_core::ledger::{
        Channel, Decided, EventKind, SplitSeen, Status, Told, Unsent, Watch, ZombieWrite,
    };
    use lockwarden_core::notice::NoticeKind;
    use lockwarden_core::outcome::{
        DigestCheck, DigestRead, NewHolder, Outcome, OutcomeKind, RecordName,
    };
    use lockwarden_core::policy::EvenIf;
    use lockwarden_core::settings::TopicArn;
    use lockwarden_core::token::{TOKEN_BYTES, Token, TokenMarks};
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{at, entry, ledger, pair};

    const NOW: &str = "2026-01-01T03:00:00Z";

    /// An entry with every field set; a new field must be set here too.
    fn full() -> Entry {
        let Entry {
            code,
            path,
            content,
            places,
            first_seen,
            ..
        } = entry();
        let gone = places.clone();
        Entry {
            code,
            revision: 4,
            generation: 2,
            path,
            content,
            places,
            first_seen,
            sightings: 2,
            split: Some(SplitSeen {
                rivals: vec![RequestCode::parse("7F3K2QWX").unwrap()],
                first_seen: at("2026-01-01T00:10:00.5Z"),
                sightings: 1,
            }),
            status: Status::PartlyReleased,
            told: Told {
                count: 3,
                last: Some(at("2026-01-01T02:30:00.123456789Z")),
                unanswered: 2,
                since: Some(at("2026-01-01T00:30:00Z")),
                of_split: true,
                topic: TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:team-a"),
            },
            unsent: vec![Unsent {
                kind: NoticeKind::Released,
                outcome: Some(outcome()),
                lease_until: at(NOW),
            }],
            kept_until: Some(at("2026-01-01T04:00:00Z")),
            decided: Some(decided()),
            restoring: Some(decided()),
            outcome: Some(outcome()),
            released_from: gone,
            rule_tried_at: Some(at(NOW)),
            time_to_exist: Some(at("2026-01-01T04:00:00Z")),
            expiry_tried_at: Some(at(NOW)),
            call_off_failed_at: Some(at(NOW)),
            watch: Some(Watch::from(at(NOW))),
            zombie: Some(ZombieWrite {
                released_at: at(NOW),
                written_at: at("2026-01-01T03:20:00Z"),
                knows_every_lock: true,
            }),
            ended_at: Some(at(NOW)),
            restored_at: Some(at("2026-01-01T02:45:00Z")),
            tokens: tokens(),
        }
    }

    fn tokens() -> TokenMarks {
        let mut tokens = TokenMarks::default();
        for (byte, end) in [(1, "2026-01-02T03:00:00Z"), (2, "2026-01-03T03:00:00.5Z")] {
            tokens.add(&Token::of([byte; TOKEN_BYTES]), at(NOW), at(end));
        }
        tokens.spend(&Token::of([1; TOKEN_BYTES]));
        tokens
    }

    fn decided() -> Decided {
        let lock = pair();
        Decided {
            decision: Decision {
                action: Action::Keep {
                    for_: SignedDuration::from_mins(90),
                },
                target: Target {
                    storm: None,
                    request: Some(lock.code(0)),
                    lock: lock.id().map(|id| NamedLock {
                        path: lock.path.clone(),
                        id,
                    }),
                },
                by: "alice".to_owned(),
                reason: Some("its runner is gone".to_owned()),
                even_if: EvenIf::ALL.into_iter().collect(),
            },
            channel: Channel::Invoke,
            verified: Some("arn:aws:iam::123456789012:user/alice".to_owned()),
            source: Some("192.0.2.1".to_owned()),
            delivery: "d-1".to_owned(),
            at: at(NOW),
            from: Status::Kept,
            lease_until: at("2026-01-01T03:00:45Z"),
        }
    }

    fn outcome() -> Outcome {
        let lock = pair();
        Outcome {
            result: OutcomeKind::PartlyReleased,
            request: Some(lock.code(0)),
            lock_id: Some(lock.path.clone()),
            id: lock.id(),
            by: Some("alice".to_owned()),
            by_verified: Some("arn:aws:iam::123456789012:user/alice".to_owned()),
            records: lock.places.iter().map(RecordName::from).collect(),
            confirmed: Some(false),
            digest: Some(DigestCheck::Mismatch),
            digest_read: Some(DigestRead::Not("it is too large".to_owned())),
            next: Some("terraform plan".to_owned()),
            until: Some(at(NOW)),
            time_to_exist: Some(at("2026-01-01T04:00:00Z")),
            why: Some("the item changed meanwhile".to_owned()),
            example: Some("{}".to_owned()),
            now_held_by: Some(NewHolder::of(lock.info().ok().as_ref())),
            storm: Outcome::of_storm(
                StormCode::parse("9HXM4TQA").unwrap(),
                "alice".to_owned(),
                &[Outcome::new(OutcomeKind::Released, None)],
            )
            .storm,
        }
    }

    /// The entry as it is after it was written and read.
    fn written(entry: &Entry) -> Entry {
        value_of("an entry", entry_item(&ledger(), entry).unwrap()).unwrap()
    }

    fn one_write_later(entry: Entry) -> Entry {
        Entry {
            revision: entry.revision + 1,
            ..entry
        }
    }

    fn text<'a>(item: &'a Item, name: &str) -> &'a str {
        item[name].as_s().unwrap()
    }

    fn number<'a>(item: &'a Item, name: &str) -> &'a str {
        item[name].as_n().unwrap()
    }

    #[test]
    fn an_entry_is_read_as_it_was_written_one_write_later() {
        for entry in [entry(), full()] {
            assert_eq!(written(&entry), one_write_later(entry));
        }
    }

    #[test]
    fn what_other_tools_read_stands_where_the_contract_says() {
        let entry = full();
        let item = entry_item(&ledger(), &entry).unwrap();
        let pk = format!("lock#{}", entry.code);
        assert_eq!((text(&item, "pk"), text(&item, "sk")), (&*pk, "lock"));
        assert_eq!(text(&item, "open"), "yes");
        assert_eq!(text(&item, "state"), "b/k");
        assert_eq!(text(&item, "first_seen"), "2026-01-01T00:10:00.000000Z");
        assert_eq!(text(&item, "status"), "partly_released");
        assert_eq!(number(&item, "revision"), "5");
        let end_of_time = at("2027-02-05T03:00:00Z").as_second().to_string();
        assert_eq!(number(&item, "expires_at"), end_of_time);
    }

    #[test]
    fn an_entry_is_in_the_index_only_while_it_wants_something() {
        let over = Entry {
            status: Status::Released,
            unsent: Vec::new(),
            restoring: None,
            watch: None,
            ..full()
        };
        let item = entry_item(&ledger(), &over).unwrap();
        assert_eq!(item.get("open"), None);
        let watched = Entry {
            watch: full().watch,
            ..over.clone()
        };
        let owing = Entry {
            unsent: full().unsent,
            ..over
        };
        for open in [watched, owing] {
            let item = entry_item(&ledger(), &open).unwrap();
            assert_eq!(text(&item, "open"), "yes");
        }
    }

    #[test]
    fn the_entry_of_a_lock_that_is_there_never_expires() {
        let item = entry_item(&ledger(), &entry()).unwrap();
        assert_eq!(item.get("expires_at"), None);
        assert_eq!(text(&item, "open"), "yes");
    }

    #[test]
    fn odd_text_is_kept_byte_for_byte() {
        for odd in [
            "",
            " ",
            "\n{}\r\n",
            "\"'\\\u{0}\u{1b}[31m",
            "\u{feff}é e\u{301} \u{202e}",
            "😀",
            r#"{"ID":"x","ID":"y","n":1.0e400}"#,
        ] {
            let content = Content::Text(odd.to_owned());
            let entry = Entry { content, ..entry() };
            assert_eq!(written(&entry).content, entry.content);
        }
        for content in [Content::Phantom, Content::Closed("denied".to_owned())] {
            let entry = Entry { content, ..entry() };
            assert_eq!(written(&entry).content, entry.content);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_kept_byte_for_byte(text in any::<String>()) {
            let entry = Entry { content: Content::Text(text), ..entry() };
            prop_assert_eq!(written(&entry), one_write_later(entry));
        }
    }

    #[test]
    fn the_code_of_an_entry_is_read_from_its_key() {
        let code = entry().code;
        assert_eq!(code_of(&entry_key(&code)), Some(code));
        for other in [delivery_key("d-1"), key("sweep", "last"), Item::new()] {
            assert_eq!(code_of(&other), None);
        }
    }

    #[test]
    fn a_line_of_the_audit_log_stands_beside_its_entry_and_outlives_it() {
        let code = entry().code;
        let event = Event {
            channel: Some(Channel::Sns),
            delivery: Some("d-1".to_owned()),
            by: Some("alice".to_owned()),
            verified: Some("arn:aws:iam::123456789012:user/alice".to_owned()),
            source: Some("203.0.113.7".to_owned()),
            ..Event::new(EventKind::Decision, at(NOW), "release")
        };
        let item = event_item(&ledger(), &code, &event).unwrap();
        assert_eq!(text(&item, "pk"), format!("lock#{code}"));
        assert_eq!(
            text(&item, "sk"),
            "event#2026-01-01T03:00:00.000000Z#decision#d-1"
        );
        let after_800_days = at("2028-03-11T03:00:00Z").as_second().to_string();
        assert_eq!(number(&item, "expires_at"), after_800_days);
        assert_eq!(item.get("open"), None, "the index holds entries only");
        assert_eq!(item.get("state"), None, "the index holds entries only");
        assert_eq!(value_of::<Event>("an event", item), Ok(event));
    }

    #[test]
    fn a_delivery_is_remembered_longer_than_it_can_come_again() {
        let delivery = Delivery {
            id: "d-1".to_owned(),
            outcome: outcome(),
            unsent_until: Some(at("2026-01-01T03:00:30.5Z")),
        };
        let item = delivery_item(&delivery, at(NOW)).unwrap();
        assert_eq!(
            (text(&item, "pk"), text(&item, "sk")),
            ("delivery#d-1", "answer")
        );
        // SNS tries for 23 days, and its dead letter lies for 14 more.
        let forgotten: i64 = number(&item, "expires_at").parse().unwrap();
        assert!(forgotten > (at(NOW) + SignedDuration::from_hours(37 * 24)).as_second());
        assert_eq!(value_of::<Delivery>("an answer", item), Ok(delivery));
    }

    #[test]
    fn a_notice_is_remembered_with_its_request_as_long_as_a_delivery() {
        let code = entry().code;
        let item = notice_item("m-1", &code, at(NOW)).unwrap();
        assert_eq!(
            (text(&item, "pk"), text(&item, "sk")),
            ("notice#m-1", "notice")
        );
        assert_eq!(text(&item, "code"), code.as_str());
        let after_60_days = at("2026-03-02T03:00:00Z").as_second().to_string();
        assert_eq!(number(&item, "expires_at"), after_60_days);
        assert_eq!(code_of(&item), None, "it is no entry");
    }

    #[test]
    fn an_item_that_cannot_be_understood_is_a_lasting_failure() {
        let failure = value_of::<Entry>("an entry", key("lock#7F3K2QWX", "lock")).unwrap_err();
        assert_eq!(failure.kind, Kind::Lasting);
        assert_eq!(failure.doing, "understand an entry of the ledger");
    }
}
