//! What people and machines are told: one notice, in as many forms as SNS has subscribers.

mod kind;
mod facts;
mod commands;
mod rendered;
mod headline;
mod words;
mod chat;
mod email;
mod evidence;
mod policy;
mod sms;
mod storm;
mod many;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::evidence::Evidence;
use crate::ids::RequestCode;
use crate::ledger::{Entry, ZombieWrite};
use crate::lock::Lock;
use crate::outcome::Outcome;
use crate::policy::{Judgement, PolicyError};
use crate::settings::TopicArn;

pub use self::commands::Commands;
pub use self::facts::{LockFacts, VerdictFacts};
pub use self::kind::NoticeKind;
pub use self::many::{ManyFacts, ToldLock};
pub use self::rendered::{Attribute, Rendered};
pub use self::storm::{StormFacts, StormLock};

/// A notice: the document that machines get, from which the texts for people are made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The request, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestCode>,
    /// The lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockFacts>,
    /// The other side of a split.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rivals: Vec<LockFacts>,
    /// Why people are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictFacts>,
    /// How to approve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approve: Option<ApproveFacts>,
    /// What to copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commands: Option<Commands>,
    /// When DynamoDB may delete the lock, as nobody answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_exist: Option<Timestamp>,
    /// Whether the lock was there until its time to exist was over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    /// What came of a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// A write after a release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zombie: Option<ZombieWrite>,
    /// Many locks that people are asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storm: Option<StormFacts>,
    /// Many locks of which the same is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub many: Option<ManyFacts>,
    /// What is wrong with the policy object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyError>,
    /// Where it goes instead of the notice topic: where the rule says, or where people were asked before. No part of the
    /// document.
    #[serde(skip)]
    pub topic: Option<TopicArn>,
}

/// How to approve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApproveFacts {
    /// The link to the approval page, where there is one. Whoever has it may decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The approvals topic.
    pub topic: String,
    /// The message; `by` is for the approver to add.
    pub message: Value,
    /// The function that carries the decision out: what tells the buttons of several stacks in one chat channel apart. No
    /// part of the document.
    #[serde(skip)]
    pub function: String,
}

/// Whom a decision goes to.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The approvals topic.
    pub topic: &'a TopicArn,
    /// The `approve` function.
    pub function: &'a str,
    /// The link to the approval page, where there is one.
    pub link: Option<&'a str>,
}

impl Notice {
    /// A notice about nothing, which the others fill in.
    const BLANK: Self = Self {
        kind: NoticeKind::Test,
        request: None,
        lock: None,
        rivals: Vec::new(),
        verdict: None,
        approve: None,
        commands: None,
        time_to_exist: None,
        expired: false,
        outcome: None,
        zombie: None,
        storm: None,
        many: None,
        policy: None,
        topic: None,
    };

    /// Asks about a lock, or reminds of it.
    #[must_use]
    pub fn asking(
        kind: NoticeKind,
        entry: &Entry,
        lock: &Lock,
        judgement: &Judgement,
        desk: Desk<'_>,
    ) -> Self {
        let mut message = json!({"decision": "release", "request": entry.code});
        if let (false, Some(fields)) = (judgement.objections.is_empty(), message.as_object_mut()) {
            fields.insert("even_if".to_owned(), json!(judgement.objections));
        }
        Self {
            kind,
            request: Some(entry.code.clone()),
            lock: Some(LockFacts::of(lock)),
            rivals: lock
                .rivals
                .iter()
                .map(|rival| LockFacts::of(&lock.beside(rival)))
                .collect(),
            verdict: Some(VerdictFacts::of(judgement)),
            approve: Some(ApproveFacts {
                url: desk.link.map(str::to_owned),
                topic: desk.topic.as_str().to_owned(),
                message,
                function: desk.function.to_owned(),
            }),
            commands: Some(Commands::about(&entry.code, lock, judgement, desk)),
            topic: judgement.terms.topic.clone(),
            time_to_exist: entry.time_to_exist,
            ..Self::BLANK
        }
    }

    /// The same, with what else is known of the holder.
    #[must_use]
    pub fn showing(mut self, evidence: Evidence) -> Self {
        if let Some(verdict) = &mut self.verdict {
            verdict.evidence = Some(evidence);
        }
        self
    }

    /// Tells what came of a decision; `entry` where it is about a known lock.
    #[must_use]
    pub fn of_outcome(outcome: Outcome, entry: Option<&Entry>) -> Self {
        Self {
            kind: NoticeKind::of_outcome(outcome.result),
            request: entry
                .map(|entry| entry.code.clone())
                .or_else(|| outcome.request.clone()),
            lock: entry.map(|entry| LockFacts::of(&entry.lock())),
            topic: entry.and_then(|entry| entry.told.topic.clone()),
            expired: entry.is_some_and(Entry::has_expired),
            outcome: Some(outcome),
            ..Self::BLANK
        }
    }

    /// Tells the people who were asked that the holder let go, or that the time to exist of the lock was over.
    #[must_use]
    pub fn ended(entry: &Entry) -> Self {
        Self {
            kind: NoticeKind::Ended,
            request: Some(entry.code.clone()),
            lock: Some(LockFacts::of(&entry.lock())),
            topic: entry.told.topic.clone(),
            expired: entry.has_expired(),
            ..Self::BLANK
        }
    }

    /// Tells of a write after a release; `None` where none was seen.
    #[must_use]
    pub fn of_zombie(entry: &Entry) -> Option<Self> {
        entry.zombie.map(|zombie| Self {
            kind: NoticeKind::ZombieWrite,
            request: Some(entry.code.clone()),
            lock: Some(LockFacts::of(&entry.lock())),
            topic: entry.told.topic.clone(),
            expired: entry.has_expired(),
            zombie: Some(zombie),
            ..Self::BLANK
        })
    }

    /// Tells that the policy object is broken.
    #[must_use]
    pub fn of_policy(error: PolicyError) -> Self {
        Self {
            kind: NoticeKind::PolicyError,
            policy: Some(error),
            ..Self::BLANK
        }
    }

    /// A marked notice about nothing.
    #[must_use]
    pub fn test() -> Self {
        Self::BLANK
    }
}

#[cfg(test)]
mod tests;
