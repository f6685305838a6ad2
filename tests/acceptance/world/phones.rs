//! Phones: AWS End User Messaging brings their text messages to the approvals topic, and SNS brings them the notices.

use jiff::Timestamp;
use lockwarden_core::settings;
use serde_json::{Value, json};

use super::{Fate, Task, World, by_topic};

/// The numbers that may decide where the list is set.
pub(crate) const ALICE: &str = "+14255550182";
pub(crate) const BOB: &str = "+14255550117";
/// A number that may not.
pub(crate) const STRANGER: &str = "+14255550183";

/// A text message that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sms {
    /// The id of the SNS message that brings it.
    id: String,
    sent_at: Timestamp,
    payload: Value,
}

impl Sms {
    /// In answer to the SNS message with this id.
    pub(crate) fn answering(mut self, notice: &str) -> Self {
        self.payload["previousPublishedMessageId"] = json!(notice);
        self
    }

    /// Its network gives this id to it.
    pub(crate) fn known_as(mut self, id: &str) -> Self {
        self.payload["inboundMessageId"] = json!(id);
        self
    }

    /// The same text message in another SNS message, published now.
    pub(crate) fn published_again(&self, world: &World) -> Self {
        Self {
            id: world.fresh_id(),
            sent_at: world.clock(),
            ..self.clone()
        }
    }

    /// As the user guide of AWS End User Messaging shows it, in the event of SNS.
    pub(crate) fn event(&self, world: &World) -> Value {
        let mut event = by_topic(world, &self.id, &self.payload);
        event["Records"][0]["Sns"]["Timestamp"] = json!(format!("{:.3}", self.sent_at));
        event
    }
}

impl World {
    /// An account where two numbers may decide by text message, with these settings besides.
    pub(crate) fn with_phones(changes: &[(&str, &str)]) -> Self {
        let approvers = format!("{ALICE},{BOB}");
        let phones = [(settings::SMS_APPROVERS, approvers.as_str())];
        Self::with(&[changes, &phones].concat())
    }

    /// A text message that somebody sends now; no other is like it, and it answers none.
    pub(crate) fn sms(&self, from: &str, text: &str) -> Sms {
        let id = self.fresh_id();
        let payload = json!({
            "originationNumber": from, "destinationNumber": "+12125550101", "messageKeyword": "KEYWORD_1",
            "messageBody": text, "inboundMessageId": format!("cae173d2-66b9-564c-8309-{id}"),
        });
        Sms {
            id,
            sent_at: self.clock(),
            payload,
        }
    }

    /// A run of `approve` that gets a text message.
    pub(crate) fn receiving(&self, sms: &Sms, fate: Fate) -> Task<'_> {
        self.approving(&sms.id, &sms.event(self), fate)
    }

    /// `approve` gets a text message; its outcome.
    #[track_caller]
    pub(crate) fn receive(&self, sms: &Sms) -> Value {
        let reply = self.run_one(self.receiving(sms, Fate::Lives));
        let reply = reply.unwrap().unwrap();
        assert_eq!(reply["outcomes"].as_array().unwrap().len(), 1, "{reply}");
        reply["outcomes"][0].clone()
    }

    /// Alice sends a text message; its outcome.
    #[track_caller]
    pub(crate) fn text(&self, text: &str) -> Value {
        self.receive(&self.sms(ALICE, text))
    }

    /// The text messages that people got, in order.
    pub(crate) fn texts(&self) -> Vec<String> {
        let notices = self.notices().into_iter();
        let texts = notices.map(|told| {
            let message: Value = serde_json::from_str(&told.message).unwrap();
            message["sms"].as_str().unwrap().to_owned()
        });
        texts.collect()
    }

    /// The id of the SNS message that brought the last notice.
    #[track_caller]
    pub(crate) fn last_notice_id(&self) -> String {
        self.notices().pop().unwrap().id
    }
}
