//! The e-mails that a topic was given to send.
//!
//! MiniStack delivers to queues, functions and web addresses but sends no e-mail. It does keep a CloudTrail log with
//! every request in full, so the text for an e-mail is read from there, chosen as SNS chooses it.

use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::ministack::MiniStack;

/// An e-mail as a subscriber of the protocol `email` gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// The e-mails to a topic's subscribers, oldest first, as far as CloudTrail's page of 50 requests to SNS reaches.
///
/// # Errors
/// When CloudTrail cannot be read.
pub fn mails(aws: &MiniStack, topic: &str) -> Result<Vec<Mail>> {
    let of_sns = "AttributeKey=EventSource,AttributeValue=sns.amazonaws.com";
    let said = aws.aws(&["cloudtrail", "lookup-events", "--lookup-attributes", of_sns])?;
    let events = said.get("Events").and_then(Value::as_array);
    let events = events
        .ok_or_else(|| Failure::Unexpected("CloudTrail gave no list of events".to_owned()))?;
    Ok(events
        .iter()
        .rev()
        .filter_map(|event| mail_in(event, topic))
        .collect())
}

/// The e-mail that one CloudTrail event stands for, if it is a publication to this topic.
fn mail_in(event: &Value, topic: &str) -> Option<Mail> {
    let record: Value = serde_json::from_str(event.get("CloudTrailEvent")?.as_str()?).ok()?;
    let request = record.get("requestParameters")?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    if text("Action") != Some("Publish") || text("TopicArn") != Some(topic) {
        return None;
    }
    let message = text("Message")?;
    let body = if text("MessageStructure") == Some("json") {
        email_part(message)?
    } else {
        message.to_owned()
    };
    Some(Mail {
        subject: text("Subject").unwrap_or_default().to_owned(),
        body,
    })
}

/// SNS sends a protocol's own text where there is one, and else the default.
fn email_part(message: &str) -> Option<String> {
    let parts: Value = serde_json::from_str(message).ok()?;
    let part = parts.get("email").or_else(|| parts.get("default"))?;
    part.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Mail, mail_in};

    const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:notices";

    fn event(request: &Value) -> Value {
        json!({"CloudTrailEvent": json!({"requestParameters": request}).to_string()})
    }

    fn check(message: &str, structure: &str, expected: &str) {
        let request = json!({
            "Action": "Publish", "TopicArn": TOPIC, "Subject": "s", "Message": message, "MessageStructure": structure,
        });
        let mail = Mail {
            subject: "s".to_owned(),
            body: expected.to_owned(),
        };
        assert_eq!(mail_in(&event(&request), TOPIC), Some(mail));
    }

    #[test]
    fn the_text_is_the_one_sns_would_choose() {
        check(r#"{"default":"d","email":"e\nf"}"#, "json", "e\nf");
        check(r#"{"default":"d","sms":"s"}"#, "json", "d");
        check("plain", "", "plain");
    }

    #[test]
    fn other_calls_and_other_topics_are_no_mail() {
        let list = json!({"Action": "ListSubscriptionsByTopic", "TopicArn": TOPIC});
        let other = json!({"Action": "Publish", "TopicArn": "arn:other", "Message": "m"});
        assert_eq!(mail_in(&event(&list), TOPIC), None);
        assert_eq!(mail_in(&event(&other), TOPIC), None);
    }
}
