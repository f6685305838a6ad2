use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use lockwarden_aws::Deleted;
use lockwarden_aws::ledger_refusals::Kept;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::look::Look;
use lockwarden_core::ids::LockPath;
use lockwarden_core::item::{Content, Place, Record};
use lockwarden_core::ledger::{Change, Delivery, Entry, Event, EventKind, Status};
use lockwarden_core::lock::gather;
use lockwarden_core::notice::Notice;
use lockwarden_core::policy::StateObject;
use lockwarden_core::release::{ItemHalf, LockFileHalf};
use lockwarden_core::restore::{ItemToPut, LockFileToPut};
use lockwarden_core::settings::{self, ApproveSettings, Table};
use serde_json::{Value, json};

use super::*;
use crate::answer::{Invoked, Reply, handle};
use crate::ports::{Ledger, Locks, Machine, Notices};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:approvals";
const LISTED: &str = "+14255550182";
const NOW: &str = "2026-01-01T03:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A ledger and what goes out, in memory. Nobody here touches a lock: what is decided is to keep one.
#[derive(Default)]
struct Memory {
    entries: RefCell<BTreeMap<String, Entry>>,
    deliveries: RefCell<BTreeMap<String, Delivery>>,
    notices: RefCell<BTreeMap<String, RequestCode>>,
    events: RefCell<Vec<Event>>,
    published: RefCell<Vec<Value>>,
    metrics: RefCell<Vec<String>>,
    /// How often the ledger was read or written.
    touched: RefCell<usize>,
}

impl Memory {
    /// With one lock that people were asked about, and its code.
    fn with_asked() -> (Self, RequestCode) {
        let text = r#"{"ID":"a1b2","Operation":"OperationTypeApply","Info":"","Who":"runner@ci","Version":"1.11.4","Created":"2026-01-01T00:00:00Z","Path":"b/k"}"#;
        let record = Record {
            path: LockPath::new("b/k").unwrap(),
            place: Place::Dynamodb {
                table: "locks".to_owned(),
            },
            content: Content::Text(text.to_owned()),
        };
        let lock = gather(vec![record]).remove(0);
        let mut entry = Entry::first_sight(lock.code(0), &lock, at("2026-01-01T00:10:00Z"));
        entry.status = Status::Asked;
        entry.revision = 1;
        let code = entry.code.clone();
        let memory = Self::default();
        memory.entries.borrow_mut().insert(code.to_string(), entry);
        (memory, code)
    }

    fn touch(&self) {
        *self.touched.borrow_mut() += 1;
    }

    fn status(&self, code: &RequestCode) -> Status {
        self.entries.borrow()[code.as_str()].status
    }

    /// The `sms` forms of what was published.
    fn lines(&self) -> Vec<String> {
        let published = self.published.borrow();
        let lines = published.iter().map(|message| message["sms"].as_str());
        lines.map(|line| line.unwrap().to_owned()).collect()
    }

    fn rejections(&self) -> usize {
        let metrics = self.metrics.borrow();
        let counted = metrics
            .iter()
            .filter(|line| line.contains("RejectedDecisions"));
        counted.count()
    }
}

impl Look for Memory {
    async fn item(&self, _: &Table, _: &LockPath) -> Result<Option<Record>, Failure> {
        panic!("nobody looks at a lock here")
    }

    async fn lock_file(&self, _: &LockPath) -> Result<Option<Record>, Failure> {
        panic!("nobody looks at a lock here")
    }

    async fn state_object(&self, _: &LockPath) -> StateObject {
        panic!("nobody looks at a state here")
    }
}

impl Locks for Memory {
    async fn digest(&self, _: &Table, _: &LockPath) -> Result<Option<String>, Failure> {
        panic!("nobody looks at a digest here")
    }

    async fn delete_lock_file(&self, _: &LockFileHalf) -> Result<Deleted, Failure> {
        panic!("nothing is deleted here")
    }

    async fn delete_item(&self, _: &Table, _: &ItemHalf) -> Result<Deleted, Failure> {
        panic!("nothing is deleted here")
    }

    async fn delete_item_and_commit(
        &self,
        _: &ItemHalf,
        _: &Change<'_>,
    ) -> Result<Deleted, NotWritten> {
        panic!("nothing is deleted here")
    }

    async fn put_lock_file(&self, _: &LockFileToPut) -> Result<Option<String>, Failure> {
        panic!("nothing is put back here")
    }

    async fn put_item(&self, _: &Table, _: &ItemToPut) -> Result<bool, Failure> {
        panic!("nothing is put back here")
    }

    async fn put_item_and_commit(&self, _: &ItemToPut, _: &Change<'_>) -> Result<bool, NotWritten> {
        panic!("nothing is put back here")
    }
}

impl Ledger for Memory {
    async fn entry(&self, code: &RequestCode) -> Result<Option<Entry>, Failure> {
        self.touch();
        Ok(self.entries.borrow().get(code.as_str()).cloned())
    }

    async fn delivery(&self, id: &str) -> Result<Option<Delivery>, Failure> {
        self.touch();
        Ok(self.deliveries.borrow().get(id).cloned())
    }

    async fn notice_request(&self, message_id: &str) -> Result<Option<RequestCode>, Failure> {
        self.touch();
        assert!(message_id.len() <= 2_048, "no key of DynamoDB is longer");
        Ok(self.notices.borrow().get(message_id).cloned())
    }

    async fn commit(&self, change: &Change<'_>) -> Result<(), NotWritten> {
        self.touch();
        if let Some(entry) = change.entry {
            let mut entries = self.entries.borrow_mut();
            let known = entries.get(entry.code.as_str());
            if known.is_some_and(|known| known.revision != entry.revision) {
                return Err(NotWritten::Outdated);
            }
            let mut written = entry.clone();
            written.revision += 1;
            entries.insert(written.code.to_string(), written);
        }
        let events = change.events.iter().map(|(_, event)| event.clone());
        self.events.borrow_mut().extend(events);
        let answered = change.answered.iter();
        let deliveries = answered.map(|delivery| (delivery.id.clone(), delivery.clone()));
        self.deliveries.borrow_mut().extend(deliveries);
        self.notices.borrow_mut().extend(change.published.clone());
        Ok(())
    }

    async fn keep_refusal(&self, event: &Event, answer: &Delivery) -> Result<Kept, Failure> {
        self.touch();
        self.events.borrow_mut().push(event.clone());
        let mut deliveries = self.deliveries.borrow_mut();
        deliveries.insert(answer.id.clone(), answer.clone());
        Ok(Kept::Yes)
    }

    async fn update_delivery(&self, _: &Delivery, after: &Delivery) -> Result<bool, Failure> {
        self.touch();
        let mut deliveries = self.deliveries.borrow_mut();
        deliveries.insert(after.id.clone(), after.clone());
        Ok(true)
    }

    async fn events(&self, _: &RequestCode, _: i32) -> Result<Vec<Event>, Failure> {
        panic!("nobody asks for the history here")
    }

    async fn codes(&self, _: &LockPath, _: i32) -> Result<Vec<RequestCode>, Failure> {
        panic!("nobody asks for the history here")
    }
}

impl Notices for Memory {
    async fn publish(&self, notice: &Notice) -> Result<String, Failure> {
        let message = serde_json::from_str(&notice.render().message).unwrap();
        self.published.borrow_mut().push(message);
        Ok(format!("n-{}", self.published.borrow().len()))
    }
}

impl Machine for Memory {
    fn now(&self) -> Timestamp {
        at(NOW)
    }

    async fn pause(&self, _: Duration) {}

    fn metrics(&self, line: &str) {
        self.metrics.borrow_mut().push(line.to_owned());
    }
}

fn settings(approvers: &str) -> ApproveSettings {
    ApproveSettings::read(|name| {
        let value = match name {
            settings::LOCK_TABLES => "locks",
            settings::LEDGER_TABLE => "ledger",
            settings::NOTICE_TOPIC_ARN => "arn:aws:sns:eu-west-1:123456789012:notices",
            settings::APPROVAL_TOPIC_ARN => TOPIC,
            // What is true for the topic is not true for a text message that came through it.
            settings::TOPIC_RESTRICTED => "true",
            settings::SMS_APPROVERS => approvers,
            _ => return None,
        };
        Some(value.to_owned())
    })
    .unwrap()
}

/// A text message with this delivery id, from this number, in answer to this message.
fn event(id: &str, from: &str, text: &str, answers: Option<&str>) -> String {
    let payload = json!({
        "originationNumber": from, "destinationNumber": "+12125550101", "messageKeyword": "KEYWORD",
        "messageBody": text, "inboundMessageId": "i-1", "previousPublishedMessageId": answers,
    });
    json!({"Records": [{"Sns": {
        "MessageId": id, "TopicArn": TOPIC, "Timestamp": "2026-01-01T02:59:00Z", "Message": payload.to_string(),
    }}]})
    .to_string()
}

async fn sent(memory: &Memory, approvers: &str, event: &str) -> Outcome {
    let invoked = Invoked {
        request_id: "r-1",
        function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:approve",
    };
    let reply = handle(memory, &settings(approvers), invoked, event).await;
    let Reply::Many { mut outcomes } = reply.unwrap() else {
        panic!("not from SNS")
    };
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

async fn texted(memory: &Memory, text: &str, answers: Option<&str>) -> Outcome {
    sent(memory, LISTED, &event("m-1", LISTED, text, answers)).await
}

#[tokio::test]
async fn a_listed_number_decides_and_the_audit_log_says_so() {
    let (memory, code) = Memory::with_asked();
    let outcome = texted(&memory, &format!("keep {code} 2h"), None).await;
    assert_eq!(outcome.result, OutcomeKind::Kept);
    assert_eq!(outcome.until, Some(at("2026-01-01T05:00:00Z")));
    assert_eq!(
        (outcome.by.as_deref(), outcome.by_verified),
        (Some(LISTED), None)
    );
    assert_eq!(memory.status(&code), Status::Kept);
    let events = memory.events.borrow();
    let decision = events
        .iter()
        .find(|event| event.what == EventKind::Decision)
        .unwrap();
    assert_eq!(
        (decision.channel, decision.delivery.as_deref()),
        (Some(Channel::Sms), Some("m-1"))
    );
    assert_eq!(
        (decision.by.as_deref(), decision.source.as_deref()),
        (Some(LISTED), Some(LISTED))
    );
    assert_eq!(decision.verified, None);
}

#[tokio::test]
async fn a_number_that_is_not_listed_costs_nothing_and_wakes_nobody() {
    for (approvers, from) in [
        ("", LISTED),
        (LISTED, "+14255550183"),
        (LISTED, "14255550182"),
        (LISTED, "+142555501820"),
        (LISTED, ""),
        (LISTED, "AWS"),
    ] {
        let (memory, code) = Memory::with_asked();
        for text in [format!("KEEP {code}"), "what is this?".to_owned()] {
            let outcome = sent(&memory, approvers, &event("m-1", from, &text, Some("n-1"))).await;
            assert_eq!(outcome.result, OutcomeKind::Rejected, "{from}");
            assert_eq!(
                (outcome.request, outcome.by),
                (None, None),
                "nothing is told to a stranger"
            );
        }
        assert_eq!(*memory.touched.borrow(), 0, "{from}");
        assert_eq!(memory.lines(), Vec::<String>::new());
        assert_eq!(memory.rejections(), 2);
        assert_eq!(memory.status(&code), Status::Asked);
    }
}

#[tokio::test]
async fn whatever_else_a_listed_number_sends_is_answered_with_what_to_send() {
    let (memory, code) = Memory::with_asked();
    let outcome = texted(&memory, "yes please", None).await;
    assert_eq!(outcome.result, OutcomeKind::Rejected);
    assert_eq!(outcome.by.as_deref(), Some(LISTED));
    assert_eq!(
        memory.lines(),
        [
            "Lockwarden: a decision was not carried out. Send RELEASE, KEEP or RESTORE and the code in the notice, \
             such as: RELEASE 7F3K2QWX"
        ]
    );
    assert_eq!(memory.events.borrow()[0].source.as_deref(), Some(LISTED));
    assert_eq!(memory.events.borrow()[0].channel, Some(Channel::Sms));
    assert_eq!(memory.rejections(), 1);
    assert_eq!(memory.status(&code), Status::Asked);
}

#[tokio::test]
async fn a_code_that_nobody_knows_is_answered_with_a_text_message_and_not_with_json() {
    let (memory, _) = Memory::with_asked();
    let outcome = texted(&memory, "RELEASE 9HXM-4TQA", None).await;
    assert_eq!(outcome.result, OutcomeKind::Rejected);
    assert!(outcome.why.unwrap().contains("9HXM4TQA"));
    assert_eq!(outcome.example.as_deref(), Some("RELEASE 7F3K2QWX"));
}

#[tokio::test]
async fn a_message_that_answers_the_notice_of_another_request_is_refused_until_it_is_repeated() {
    let (memory, code) = Memory::with_asked();
    let other = RequestCode::parse("9HXM4TQA").unwrap();
    memory
        .notices
        .borrow_mut()
        .insert("of-another".to_owned(), other);
    let text = format!("KEEP {code}");
    let outcome = texted(&memory, &text, Some("of-another")).await;
    assert_eq!(outcome.result, OutcomeKind::Rejected);
    let why = outcome.why.unwrap();
    assert!(
        why.contains("9HXM4TQA") && why.contains(code.as_str()),
        "{why}"
    );
    assert_eq!(outcome.example, Some(format!("KEEP {code} 2h")));
    assert_eq!(memory.status(&code), Status::Asked);

    let again = event("m-2", LISTED, &text, Some("n-1"));
    assert_eq!(
        sent(&memory, LISTED, &again).await.result,
        OutcomeKind::Kept
    );
}

#[tokio::test]
async fn a_message_that_answers_its_own_notice_or_one_that_nobody_knows_is_followed() {
    let too_long = "x".repeat(5_000);
    for answers in [
        None,
        Some("of-this"),
        Some("unknown"),
        Some(""),
        Some(too_long.as_str()),
    ] {
        let (memory, code) = Memory::with_asked();
        memory
            .notices
            .borrow_mut()
            .insert("of-this".to_owned(), code.clone());
        let outcome = texted(&memory, &format!("KEEP {code}"), answers).await;
        assert_eq!(outcome.result, OutcomeKind::Kept, "{answers:?}");
    }
}

#[tokio::test]
async fn the_notice_of_an_outcome_is_known_by_its_message_from_then_on() {
    let (memory, code) = Memory::with_asked();
    texted(&memory, &format!("KEEP {code}"), None).await;
    let known = memory.notices.borrow();
    assert_eq!(
        known.iter().collect::<Vec<_>>(),
        [(&"n-1".to_owned(), &code)]
    );
}

#[tokio::test]
async fn the_same_message_twice_is_one_decision() {
    let (memory, code) = Memory::with_asked();
    let first = texted(&memory, &format!("KEEP {code}"), None).await;
    let decisions = || {
        let events = memory.events.borrow();
        events
            .iter()
            .filter(|event| event.what == EventKind::Decision)
            .count()
    };
    assert_eq!(texted(&memory, &format!("KEEP {code}"), None).await, first);
    assert_eq!((decisions(), memory.lines().len()), (1, 1));
}

#[tokio::test]
async fn a_text_message_never_says_even_if() {
    let (memory, code) = Memory::with_asked();
    let decision =
        json!({"decision": "release", "request": code, "by": "policy:x", "even_if": ["fresh"]});
    for text in [
        decision.to_string(),
        format!("RELEASE {code} even_if fresh"),
    ] {
        let (memory, _) = Memory::with_asked();
        assert_eq!(
            texted(&memory, &text, None).await.result,
            OutcomeKind::Rejected
        );
        assert_eq!(memory.status(&code), Status::Asked);
    }
    let by_text = Delivered {
        id: "m-1".to_owned(),
        channel: Channel::Sms,
        sent_at: None,
        verified: None,
        source: None,
        token: None,
        body: crate::incoming::Body::Message(decision.to_string()),
    };
    assert!(!by_text.is_vouched_for());
    let mut decision = sms::parse(
        &format!("KEEP {code}"),
        &PhoneNumber::parse(LISTED).unwrap(),
    )
    .unwrap();
    decision
        .even_if
        .insert(lockwarden_core::policy::EvenIf::Fresh);
    let settings = settings(LISTED);
    let approve = Approve {
        world: &memory,
        settings: &settings,
    };
    let outcome = approve.follow(&by_text, decision).await.unwrap();
    assert_eq!(
        outcome.result,
        OutcomeKind::Rejected,
        "a restricted topic changes nothing"
    );
    assert!(outcome.why.unwrap().contains("even_if"));
}
