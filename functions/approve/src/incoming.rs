//! The event, from whichever way it came: the approvals topic, a direct invoke, or `sweep`.

use jiff::Timestamp;
use lockwarden_core::decision::{self, Rejection};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::Channel;
use lockwarden_core::settings::TopicArn;
use lockwarden_core::text;
use serde::Deserialize;

/// One thing to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The id of the SNS message or of the request: the same again is the same delivery again.
    pub id: String,
    /// The way it came.
    pub channel: Channel,
    /// When SNS took the message; of a direct invoke nobody tells.
    pub sent_at: Option<Timestamp>,
    /// What it says.
    pub body: Body,
}

/// What a delivery says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A decision, not read yet.
    Message(String),
    /// It cannot be taken; why.
    Refused(Rejection),
}

/// An event, whose deliveries are answered one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// One, by a direct invoke; it gets the answer itself.
    Direct(Delivered),
    /// From sweep: finish the decision about this request that the ledger says was left half-done.
    Finish(RequestCode),
    /// From SNS, which today always brings one.
    Sns(Vec<Delivered>),
}

/// Only the fields that are read: the rest of an SNS event has changed before.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>
#[derive(Deserialize)]
struct SnsEvent {
    #[serde(rename = "Records")]
    records: Vec<SnsRecord>,
}

#[derive(Deserialize)]
struct SnsRecord {
    #[serde(rename = "Sns")]
    sns: SnsMessage,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SnsMessage {
    message_id: String,
    topic_arn: String,
    timestamp: Timestamp,
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finish {
    finish: RequestCode,
}

/// Longer than any id that AWS gives out.
const LONGEST_ID: usize = 128;

/// Reads an event. `request_id` is the id that Lambda gave to this invoke and keeps when it tries again.
#[must_use]
pub fn read(event: &str, request_id: &str, approvals: &TopicArn) -> Incoming {
    if let Ok(sns) = serde_json::from_str::<SnsEvent>(event) {
        let records = sns.records.into_iter();
        return Incoming::Sns(
            records
                .map(|record| delivered(record.sns, approvals))
                .collect(),
        );
    }
    if let Ok(Finish { finish }) = serde_json::from_str(event) {
        return Incoming::Finish(finish);
    }
    Incoming::Direct(Delivered {
        id: request_id.to_owned(),
        channel: Channel::Invoke,
        sent_at: None,
        body: Body::Message(event.to_owned()),
    })
}

fn delivered(sns: SnsMessage, approvals: &TopicArn) -> Delivered {
    let body = if sns.topic_arn == approvals.as_str() {
        Body::Message(sns.message)
    } else {
        // Whoever may invoke this function can make up such an event.
        Body::Refused(decision::reject(format!(
            "it came from the topic `{}`, and decisions are taken from {} only",
            text::shown(&sns.topic_arn, 300),
            approvals.as_str()
        )))
    };
    Delivered {
        id: sns.message_id.chars().take(LONGEST_ID).collect(),
        channel: Channel::Sns,
        sent_at: Some(sns.timestamp),
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic() -> TopicArn {
        TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:approvals").unwrap()
    }

    #[test]
    fn an_event_from_the_topic_carries_its_message_and_its_id() {
        let event = r#"{"Records":[{"EventSource":"aws:sns","Sns":{"MessageId":"m-1","Type":"Notification",
            "TopicArn":"arn:aws:sns:eu-west-1:123456789012:approvals","Timestamp":"2026-01-01T00:00:00.000Z","Message":"hi"}}]}"#;
        let Incoming::Sns(deliveries) = read(event, "r-1", &topic()) else {
            panic!("not from SNS")
        };
        assert_eq!(deliveries[0].id, "m-1");
        assert_eq!(deliveries[0].body, Body::Message("hi".to_owned()));
        assert_eq!(
            deliveries[0].sent_at,
            Some("2026-01-01T00:00:00Z".parse().unwrap())
        );
    }

    #[test]
    fn another_topics_message_is_refused_by_name() {
        let event = r#"{"Records":[{"Sns":{"MessageId":"m-1","TopicArn":"arn:aws:sns:eu-west-1:123456789012:other",
            "Timestamp":"2026-01-01T00:00:00.000Z","Message":"{}"}}]}"#;
        let Incoming::Sns(deliveries) = read(event, "r-1", &topic()) else {
            panic!("not from SNS")
        };
        let Body::Refused(rejection) = &deliveries[0].body else {
            panic!("not refused")
        };
        assert!(rejection.why.contains(":other"), "{}", rejection.why);
    }

    #[test]
    fn everything_else_is_a_direct_invoke() {
        for event in ["{}", "\"hi\""] {
            let Incoming::Direct(delivered) = read(event, "r-1", &topic()) else {
                panic!("from SNS")
            };
            assert_eq!(delivered.id, "r-1");
            assert_eq!(delivered.body, Body::Message(event.to_owned()));
        }
        let handed_over = read(r#"{"finish":"7F3K2QWX"}"#, "r-1", &topic());
        let code = RequestCode::parse("7F3K2QWX").unwrap();
        assert_eq!(handed_over, Incoming::Finish(code));
    }
}
