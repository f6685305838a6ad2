//! The audit log: one line for each thing that happened to a lock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::sortable;

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    #[serde(with = "sortable")]
    pub at: Timestamp,
    /// What happened.
    pub what: EventKind,
    /// By which way a decision came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The id of its delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// Who, as claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Who, as AWS vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
    /// The network address or phone number that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Which notice, which decision, which outcome, in words.
    pub detail: String,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The lock was seen for the first time, or again after its end.
    Seen,
    /// A notice went out.
    Notice,
    /// The lock was given to `approve`, because a rule releases it or nobody answers about it.
    ByRule,
    /// A decision was taken.
    Decision,
    /// A decision was refused.
    Refusal,
    /// A decision came to its end.
    Outcome,
    /// The lock is gone without a decision.
    Ended,
}

impl EventKind {
    /// The kind in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Notice => "notice",
            Self::ByRule => "by_rule",
            Self::Decision => "decision",
            Self::Refusal => "refusal",
            Self::Outcome => "outcome",
            Self::Ended => "ended",
        }
    }
}

impl Event {
    /// An event without a person behind it.
    #[must_use]
    pub fn new(what: EventKind, at: Timestamp, detail: impl Into<String>) -> Self {
        Self {
            at,
            what,
            channel: None,
            delivery: None,
            by: None,
            verified: None,
            source: None,
            detail: detail.into(),
        }
    }

    /// The event's place among the others of its lock: by time, then by what it is about.
    #[must_use]
    pub fn sort_key(&self) -> String {
        format!(
            "event#{:.6}#{}#{}",
            self.at,
            self.what.word(),
            self.delivery.as_deref().unwrap_or("sweep")
        )
    }
}

/// The way a decision came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The approvals topic.
    Sns,
    /// A direct invoke of the function.
    Invoke,
    /// The approval page.
    Page,
    /// A text message.
    Sms,
    /// A rule of the policy, by way of `sweep`.
    Rule,
}
