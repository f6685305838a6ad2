//! A decision as the ledger keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Channel, Event, EventKind, Status};
use crate::decision::Decision;
use crate::outcome::Outcome;

/// A decision with what the ledger adds to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// By which way it came.
    pub channel: Channel,
    /// Who decided, as AWS vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
    /// The network address or phone number that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The id of the delivery (SNS message, request): the same one again is the same decision again.
    pub delivery: String,
    /// When it was taken.
    pub at: Timestamp,
    /// Where the entry goes back to if nothing comes of it.
    pub from: Status,
    /// Nobody else finishes it before.
    pub lease_until: Timestamp,
}

impl Decided {
    /// A line of the audit log about this decision.
    #[must_use]
    pub fn event(&self, what: EventKind, at: Timestamp, outcome: &Outcome) -> Event {
        Event {
            channel: Some(self.channel),
            delivery: Some(self.delivery.clone()),
            by: outcome.by.clone(),
            verified: self.verified.clone(),
            source: self.source.clone(),
            ..Event::new(what, at, outcome.in_words())
        }
    }
}
