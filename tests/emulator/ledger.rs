//! The ledger on a real table.

use jiff::{SignedDuration, Timestamp};
use lockwarden_aws::ledger_refusals::{self, Kept, MOST_PER_DAY};
use lockwarden_aws::ledger_write::{self, NotWritten};
use lockwarden_aws::{ledger_find, ledger_read};
use lockwarden_core::ids::LockPath;
use lockwarden_core::item::{Content, Place};
use lockwarden_core::ledger::{Change, Delivery, Entry, Event, EventKind};
use lockwarden_core::lock::Lock;
use lockwarden_core::outcome::{Outcome, OutcomeKind};

use crate::lab::Lab;

fn entry(name: &str) -> Entry {
    let lock = Lock {
        path: LockPath::new(format!("b/{name}")).unwrap(),
        content: Content::Text("not a record".to_owned()),
        places: vec![Place::Dynamodb {
            table: "t".to_owned(),
        }],
        rivals: Vec::new(),
    };
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    Entry::first_sight(lock.code(0), &lock, now)
}

fn delivery(id: &str) -> Delivery {
    Delivery {
        id: id.to_owned(),
        outcome: Outcome::new(OutcomeKind::Rejected, None).because("no"),
        unsent_until: Some(Timestamp::now()),
    }
}

impl Lab {
    async fn commit(&self, change: &Change<'_>) -> Result<(), NotWritten> {
        let dynamodb = self.connection.dynamodb(None);
        ledger_write::commit(&dynamodb, &self.ledger, change, Timestamp::now()).await
    }
}

#[tokio::test]
async fn an_entry_is_written_only_over_what_was_read() {
    let lab = Lab::new().await;
    let mut entry = entry("k");
    lab.commit(&Change::of(&entry, Vec::new())).await.unwrap();
    let again = lab.commit(&Change::of(&entry, Vec::new())).await;
    assert!(matches!(again, Err(NotWritten::Outdated)), "{again:?}");
    entry.revision = 1;
    lab.commit(&Change::of(&entry, Vec::new())).await.unwrap();
    let dynamodb = lab.connection.dynamodb(None);
    let stored = ledger_read::entry(&dynamodb, &lab.ledger, &entry.code).await;
    entry.revision = 2;
    assert_eq!(stored.unwrap(), Some(entry));
}

#[tokio::test]
async fn a_delivery_is_answered_once_and_the_rest_of_the_change_waits_for_it() {
    let lab = Lab::new().await;
    let answer = || Change::default().answering(delivery("m-1"));
    lab.commit(&answer()).await.unwrap();
    let entry = entry("k");

    let second = lab
        .commit(&Change::of(&entry, Vec::new()).answering(delivery("m-1")))
        .await;

    assert!(
        matches!(second, Err(NotWritten::AnsweredBefore)),
        "{second:?}"
    );
    let dynamodb = lab.connection.dynamodb(None);
    let stored = ledger_read::entry(&dynamodb, &lab.ledger, &entry.code).await;
    assert_eq!(stored.unwrap(), None);
}

#[tokio::test]
async fn open_entries_are_found_and_ended_ones_are_not() {
    let lab = Lab::new().await;
    let (open, mut ended) = (entry("open"), entry("ended"));
    ended.end(Timestamp::now()).unwrap();
    for entry in [&open, &ended] {
        lab.commit(&Change::of(entry, Vec::new())).await.unwrap();
    }
    let dynamodb = lab.connection.dynamodb(None);

    let found = ledger_find::open(&dynamodb, &lab.ledger).await.unwrap();

    assert_eq!(found, std::slice::from_ref(&open.code));
    let codes = [open.code, ended.code, entry("absent").code];
    let both = ledger_find::entries(&dynamodb, &lab.ledger, &codes).await;
    assert_eq!(both.unwrap().found.len(), 2);
}

#[tokio::test]
async fn refusals_are_kept_up_to_a_number_each_day() {
    let lab = Lab::new().await;
    let dynamodb = lab.connection.dynamodb(None);
    let keep = async |number: u32, at: Timestamp| {
        let id = format!("m-{number}");
        let event = Event {
            delivery: Some(id.clone()),
            ..Event::new(EventKind::Refusal, at, "rejected")
        };
        ledger_refusals::keep(&dynamodb, &lab.ledger, &event, &delivery(&id), at)
            .await
            .unwrap()
    };
    let noon: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
    for number in 0..MOST_PER_DAY {
        assert_eq!(keep(number, noon).await, Kept::Yes);
    }
    assert_eq!(keep(0, noon).await, Kept::AnsweredBefore);
    assert_eq!(keep(1_000, noon).await, Kept::TooMany);
    let tomorrow = noon + SignedDuration::from_hours(24);
    assert_eq!(keep(1_001, tomorrow).await, Kept::Yes);
}
