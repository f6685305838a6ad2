//! The event, from whichever way it came: the approvals topic, which brings decisions and text messages, a direct
//! invoke, or `sweep`.

use std::fmt;

use jiff::Timestamp;
use lockwarden_core::decision::{self, Decision, Rejection};
use lockwarden_core::ids::{LockPath, RequestCode};
use lockwarden_core::ledger::Channel;
use lockwarden_core::settings::TopicArn;
use lockwarden_core::sms;
use lockwarden_core::text;
use lockwarden_core::token::Token;
use serde::Deserialize;

/// One thing to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The id of the text message, of the SNS message or of the request: the same again is the same delivery again.
    pub id: String,
    /// The way it came.
    pub channel: Channel,
    /// When SNS took the message; of a direct invoke nobody tells.
    pub sent_at: Option<Timestamp>,
    /// Who decided, as AWS vouches for.
    pub verified: Option<String>,
    /// The network address or phone number that it came from.
    pub source: Option<String>,
    /// The token of the link that it came by.
    pub token: Option<Token>,
    /// Whether it is about one lock of many; then what came of all of them is told at once.
    pub of_many: bool,
    /// What it says.
    pub body: Body,
}

/// What a delivery says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A decision, not read yet.
    Message(String),
    /// A text message, not read yet.
    Text(TextMessage),
    /// What `sweep` says that a rule decided.
    OfRule(Box<Decision>),
    /// It cannot be taken; why.
    Refused(Rejection),
}

/// A text message as it came in, from anybody who knows the number.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct TextMessage {
    /// The number that the network names as its sender.
    #[serde(rename = "originationNumber")]
    pub from: String,
    /// What it says.
    #[serde(rename = "messageBody")]
    pub text: Option<String>,
    /// The id of the message that it answers, where the network can tell.
    #[serde(rename = "previousPublishedMessageId")]
    pub answers: Option<String>,
    /// The id that the network gave to it.
    #[serde(rename = "inboundMessageId")]
    pub id: Option<String>,
}

impl TextMessage {
    /// The id of its delivery: one text message that is published twice comes as two SNS messages, and is still one.
    ///
    /// `None` where its own id is missing or could belong to several messages. Whoever may publish to the topic can
    /// choose an id, and so make a message of their own the repeat of an earlier one, which has no effect. The id of a
    /// message that is yet to come nobody can guess.
    fn delivery_id(&self) -> Option<String> {
        let id = self.id.as_deref()?;
        let is_plausible = (SHORTEST_TEXT_ID..=LONGEST_TEXT_ID).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_plausible.then(|| format!("sms-{id}"))
    }
}

/// Without its text and with the end of its number only: it may be anybody's.
impl fmt::Debug for TextMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TextMessage({})", sms::masked(&self.from))
    }
}

/// An event, whose deliveries are answered one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// One, by a direct invoke; it gets the answer itself.
    Direct(Delivered),
    /// Nobody decides: what happened to this state?
    History(LockPath),
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    #[serde(rename = "query")]
    _query: QueryKind,
    lock_id: LockPath,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum QueryKind {
    History,
}

/// Longer than any id that AWS gives out.
pub(crate) const LONGEST_ID: usize = 128;
/// How short and how long the id of a text message may be (bytes). The user guide shows a UUID, which has 36; a count
/// such as `7` would begin anew one day.
const SHORTEST_TEXT_ID: usize = 16;
const LONGEST_TEXT_ID: usize = 64;

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
    if let Ok(query) = serde_json::from_str::<Query>(event) {
        return Incoming::History(query.lock_id);
    }
    if let Ok(Finish { finish }) = serde_json::from_str(event) {
        return Incoming::Finish(finish);
    }
    let (channel, body) = match decision::parse_of_rule(event) {
        Some(decision) => (Channel::Rule, Body::OfRule(Box::new(decision))),
        None => (Channel::Invoke, Body::Message(event.to_owned())),
    };
    Incoming::Direct(Delivered {
        id: request_id.to_owned(),
        channel,
        sent_at: None,
        verified: None,
        source: None,
        token: None,
        of_many: false,
        body,
    })
}

fn delivered(sns: SnsMessage, approvals: &TopicArn) -> Delivered {
    let body = if sns.topic_arn == approvals.as_str() {
        message(sns.message)
    } else {
        // Whoever may invoke this function can make up such an event.
        Body::Refused(decision::reject(format!(
            "it came from the topic `{}`, and decisions are taken from {} only",
            text::shown(&sns.topic_arn, 300),
            approvals.as_str()
        )))
    };
    let (channel, source, id) = match &body {
        Body::Text(text) => (Channel::Sms, Some(text.from.clone()), text.delivery_id()),
        Body::Message(_) | Body::OfRule(_) | Body::Refused(_) => (Channel::Sns, None, None),
    };
    Delivered {
        id: id.unwrap_or_else(|| sns.message_id.chars().take(LONGEST_ID).collect()),
        channel,
        sent_at: Some(sns.timestamp),
        verified: None,
        source,
        token: None,
        of_many: false,
        body,
    }
}

/// A message of the approvals topic. AWS End User Messaging wraps a text message in a document of its own, so nothing
/// that stands in a text message can pass for a decision of the topic.
/// <https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html>
///
/// Whoever may publish to the topic can make up such a document, with the number of an approver in it. It decides no more
/// than a decision of their own would, but the audit log then has `sms` and that number as channel and source: of what
/// came by the topic both are claims.
fn message(message: String) -> Body {
    // serde would also take an array, by position.
    let is_object = message.trim_start().starts_with('{');
    match serde_json::from_str::<TextMessage>(&message) {
        Ok(text) if is_object => Body::Text(text),
        Ok(_) | Err(_) => Body::Message(message),
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

    /// A message of the approvals topic, as it comes from SNS.
    fn from_topic(message: &str) -> Delivered {
        let record = serde_json::json!({"Records": [{"Sns": {
            "MessageId": "m-1", "TopicArn": topic().as_str(), "Timestamp": "2026-01-01T00:00:00.000Z", "Message": message,
        }}]});
        let Incoming::Sns(mut deliveries) = read(&record.to_string(), "r-1", &topic()) else {
            panic!("not from SNS")
        };
        deliveries.remove(0)
    }

    /// As the user guide of AWS End User Messaging shows it.
    fn payload(text: &str) -> serde_json::Value {
        serde_json::json!({
            "originationNumber": "+14255550182", "destinationNumber": "+12125550101", "messageKeyword": "JOIN",
            "messageBody": text, "inboundMessageId": "cae173d2-66b9-564c-8309-21f858e9fb84",
            "previousPublishedMessageId": "wJalrXUtnFEMI",
        })
    }

    #[test]
    fn a_text_message_carries_its_number_and_what_it_answers() {
        let delivered = from_topic(&payload("RELEASE 7F3K2QWX").to_string());
        assert_eq!(delivered.channel, Channel::Sms);
        assert_eq!(delivered.id, "sms-cae173d2-66b9-564c-8309-21f858e9fb84");
        assert_eq!(delivered.source.as_deref(), Some("+14255550182"));
        assert_eq!(delivered.verified, None);
        let Body::Text(text) = delivered.body else {
            panic!("no text message")
        };
        assert_eq!(text.text.as_deref(), Some("RELEASE 7F3K2QWX"));
        assert_eq!(text.answers.as_deref(), Some("wJalrXUtnFEMI"));
        assert_eq!(format!("{text:?}"), "TextMessage(...82)");
    }

    #[test]
    fn a_text_message_is_known_by_its_own_id_where_that_can_tell_it_from_all_others() {
        let delivery = |id: serde_json::Value| {
            let mut payload = payload("RELEASE 7F3K2QWX");
            payload["inboundMessageId"] = id;
            from_topic(&payload.to_string()).id
        };
        for id in [
            "cae173d2-66b9-564c-8309-21f858e9fb84",
            "0123456789abcdef",
            &"Z".repeat(64),
        ] {
            assert_eq!(delivery(id.into()), format!("sms-{id}"));
        }
        for id in [
            "",
            "7",
            "0123456789abcde",
            &"z".repeat(65),
            "cae173d2 66b9 564c 8309 21f858e9fb84",
            "cae173d2#66b9#564c#8309#21f858e9fb84",
            "cae173d2\n66b9\u{202e}564c-8309",
            "日本日本日本日本",
        ] {
            assert_eq!(delivery(id.into()), "m-1", "{id:?}");
        }
        assert_eq!(delivery(serde_json::Value::Null), "m-1");
    }

    #[test]
    fn a_text_message_is_one_whatever_it_lacks_and_whatever_it_says() {
        let decision =
            r#"{"decision":"release","request":"7F3K2QWX","by":"alice","even_if":["fresh"]}"#;
        for payload in [
            payload(decision),
            payload(&"x".repeat(100_000)),
            payload("\"}, {\"decision\":\"release\"}"),
            serde_json::json!({"originationNumber": "+14255550182"}),
            serde_json::json!({"originationNumber": "", "messageBody": null, "previousPublishedMessageId": null}),
        ] {
            let delivered = from_topic(&payload.to_string());
            assert_eq!(delivered.channel, Channel::Sms, "{payload}");
            assert!(matches!(delivered.body, Body::Text(_)), "{payload}");
        }
    }

    #[test]
    fn what_is_no_text_message_is_read_as_a_decision() {
        let by_position = r#"["+14255550182","RELEASE 7F3K2QWX",null]"#;
        let decision = r#"{"decision":"release","request":"7F3K2QWX","by":"alice"}"#;
        for message in [
            by_position,
            decision,
            r#"{"originationNumber":7}"#,
            "RELEASE 7F3K2QWX",
        ] {
            let delivered = from_topic(message);
            assert_eq!(delivered.channel, Channel::Sns, "{message}");
            assert_eq!(delivered.body, Body::Message(message.to_owned()));
        }
    }

    #[test]
    fn only_the_approvals_topic_brings_text_messages() {
        let payload = payload("RELEASE 7F3K2QWX").to_string();
        let Incoming::Direct(delivered) = read(&payload, "r-1", &topic()) else {
            panic!("from SNS")
        };
        assert_eq!(
            (delivered.channel, delivered.source),
            (Channel::Invoke, None)
        );
        assert_eq!(delivered.body, Body::Message(payload));
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
