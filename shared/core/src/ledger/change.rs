//! What is written to the ledger in one go.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Entry, Event};
use crate::ids::RequestCode;
use crate::outcome::Outcome;

/// What a delivery was answered, so that the same delivery gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The id of the SNS message or of the request.
    pub id: String,
    /// The answer.
    pub outcome: Outcome,
    /// Until when its notice is somebody's task; `None` when none is owed. Only refusals are owed here: an outcome that
    /// changed an entry is owed by the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsent_until: Option<Timestamp>,
}

/// What is written to the ledger in one go: all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change<'a> {
    /// The entry as it shall be, if nobody wrote it since `revision`.
    pub entry: Option<&'a Entry>,
    /// What the audit log gets, of this lock.
    pub events: Vec<(RequestCode, Event)>,
    /// An answer that must be the first to this delivery.
    pub answered: Option<Delivery>,
    /// A notice that went out: the id of its SNS message, and the request that it is about. Who answers the notice by a text
    /// message names that id.
    pub published: Option<(String, RequestCode)>,
}

impl<'a> Change<'a> {
    /// A change of one entry, with what the audit log says about it.
    #[must_use]
    pub fn of(entry: &'a Entry, events: Vec<Event>) -> Self {
        Self {
            entry: Some(entry),
            events: events
                .into_iter()
                .map(|event| (entry.code.clone(), event))
                .collect(),
            answered: None,
            published: None,
        }
    }

    /// A line of the audit log about a lock whose entry stays as it is.
    #[must_use]
    pub fn noting(code: RequestCode, event: Event) -> Self {
        Self {
            events: vec![(code, event)],
            ..Self::default()
        }
    }

    /// The same, together with the answer to a delivery.
    #[must_use]
    pub fn answering(self, delivery: Delivery) -> Self {
        Self {
            answered: Some(delivery),
            ..self
        }
    }

    /// The same, together with the id of the SNS message in which the entry's notice went out.
    #[must_use]
    pub fn publishing(self, message_id: String) -> Self {
        let code = self.entry.map(|entry| entry.code.clone());
        Self {
            published: code
                .filter(|_| !message_id.is_empty())
                .map(|code| (message_id, code)),
            ..self
        }
    }
}
