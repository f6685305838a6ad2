//! What people and machines are told: one notice, in as many forms as SNS has subscribers.

mod chat;
mod email;
mod evidence;
mod policy;
mod sms;
mod storm;
mod many;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::commands;
use crate::evidence::Evidence;
use crate::ids::{LockId, LockPath, RequestCode};
use crate::ledger::{Entry, ZombieWrite};
use crate::lock::Lock;
use crate::outcome::{Outcome, OutcomeKind, RecordName};
use crate::policy::{EvenIf, Judgement, PolicyError, Severity, SignOfLife, Verdict};
use crate::record::LockInfo;
use crate::release;
use crate::settings::TopicArn;
use crate::text;

pub use self::many::{ManyFacts, ToldLock};
pub use self::storm::{StormFacts, StormLock};

/// What a notice is about. The words are part of the contract: filter policies name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A lock looks stale.
    StaleLock,
    /// It still does.
    Reminder,
    /// A lock cannot be understood.
    UnreadableLock,
    /// Two holders hold one state.
    SplitLock,
    /// Many locks look stale at once.
    Storm,
    /// A lock, or half of it, was released.
    Released,
    /// Nobody is reminded for a while.
    Kept,
    /// A released lock was put back.
    Restored,
    /// Nobody answered, so the lock expires unless somebody keeps it.
    Expiring,
    /// The lock is gone without us; nothing to do.
    Ended,
    /// A decision was not carried out.
    Rejected,
    /// A state was written after its lock was released, and no newer lock explains it.
    ZombieWrite,
    /// The policy object is broken.
    PolicyError,
    /// Sent by hand, to see who gets it.
    Test,
}

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

/// A lock as a notice shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LockFacts {
    /// The state, as the store names it.
    pub lock_id: LockPath,
    /// The lock ID.
    pub id: Option<LockId>,
    /// The path in the record; only shown.
    pub path: Option<String>,
    /// As in the record.
    pub operation: Option<String>,
    /// The holder.
    pub who: Option<String>,
    /// Of Terraform or OpenTofu.
    pub version: Option<String>,
    /// The holder's clock when it began trying.
    pub created: Option<Timestamp>,
    /// As in the record.
    pub info: Option<String>,
    /// The text of a record that cannot be understood, made safe to show and cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Where it is stored.
    pub records: Vec<RecordName>,
}

/// Why people are asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerdictFacts {
    /// The verdict in a word.
    pub verdict: Verdict,
    /// In a sentence.
    pub why: String,
    /// The rule behind it.
    pub rule: String,
    /// The shortest time it can have been held, seconds.
    pub held_at_least_seconds: i64,
    /// The longest, seconds.
    pub held_at_most_seconds: i64,
    /// How loud a notice about it is: an attribute of the message, and no part of the document.
    #[serde(skip)]
    pub severity: Severity,
    /// What was seen of the holder.
    pub sign_of_life: Value,
    /// What else speaks for and against its life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What a release must say it does not mind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs_even_if: Vec<EvenIf>,
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

/// What to copy. A command that cannot be printed safely is missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Commands {
    /// Looks at the record as it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspect: Option<String>,
    /// Looks at the other half of a pair or the other side of a split.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inspect_others: Vec<String>,
    /// Terraform's own way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_unlock: Option<String>,
    /// Lockwarden's way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// What people have to do where Lockwarden may not; then there is no `release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<String>,
    /// Leaves it alone for two hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<String>,
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

/// A notice in all its forms, ready to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// ASCII, at most 99 characters.
    pub subject: String,
    /// The message for `MessageStructure: json`: a form for each kind of subscriber.
    pub message: String,
    /// The message attributes, for filter policies.
    pub attributes: [(&'static str, Attribute); 4],
}

/// A message attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// A text.
    Text(String),
    /// Several, of which a filter policy wants one to match.
    List(Vec<String>),
}

impl Attribute {
    /// Its type, as SNS calls it.
    #[must_use]
    pub fn data_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "String",
            Self::List(_) => "String.Array",
        }
    }

    /// Its value, as SNS takes it.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(texts) => json!(texts).to_string(),
        }
    }
}

impl Rendered {
    /// How much of what SNS takes it needs (bytes).
    fn size(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            name.len() + attribute.data_type().len() + attribute.value().len()
        });
        self.subject.len() + self.message.len() + attributes.sum::<usize>()
    }
}

/// The longest foreign text in a notice (characters): whoever can lock can write novels.
const LONGEST: usize = 2_000;
/// SNS takes a message of 256 KB, with its attributes; a little is left for those that it adds itself.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const MOST_BYTES: usize = 256 * 1024 - 2 * 1024;
/// The longest path in an attribute (characters).
const LONGEST_ATTRIBUTE: usize = 1_100;

impl Commands {
    /// The commands about a lock that is there, as it is judged.
    #[must_use]
    pub fn about(code: &RequestCode, lock: &Lock, judgement: &Judgement, desk: Desk<'_>) -> Self {
        let region = desk.topic.region();
        let by_hand_only = release::by_hand_only(lock).is_some();
        let release = if judgement.objections.is_empty() {
            commands::release(desk.topic, code)
        } else {
            commands::release_even_if(desk.function, region, code, &judgement.objections)
        };
        let first = lock.places.first();
        let by_hand = first.and_then(|place| commands::delete_by_hand(&lock.path, place, region));
        let rivals = lock.rivals.iter().map(|rival| &rival.place);
        let mut inspect = lock
            .places
            .iter()
            .chain(rivals)
            .map(|place| commands::inspect(&lock.path, place, region));
        Self {
            inspect: inspect.next().flatten(),
            inspect_others: inspect.flatten().collect(),
            force_unlock: lock.id().as_ref().and_then(commands::force_unlock),
            release: release.filter(|_| !by_hand_only),
            by_hand: by_hand.filter(|_| by_hand_only),
            keep: commands::keep(desk.topic, code, "2h"),
        }
    }
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

    /// The notice in all its forms.
    #[must_use]
    pub fn render(&self) -> Rendered {
        let document = serde_json::to_string(self).unwrap_or_default();
        let email = email::body(self);
        let message = json!({
            "default": email,
            "email": email,
            "sms": sms::line(self),
            "sqs": document,
            "lambda": document,
            "http": document,
            "https": serde_json::to_string(&chat::notification(self)).unwrap_or_default(),
        });
        let locks = self.locks();
        let paths = locks.iter().map(|(path, _)| Some(path.to_string()));
        let operations = locks.iter().map(|(_, operation)| operation.cloned());
        let (paths, operations) = (paths.collect(), operations.collect());
        Rendered {
            subject: email::subject(self),
            message: message.to_string(),
            attributes: [
                ("kind", Attribute::Text(self.kind.word().to_owned())),
                (
                    "severity",
                    Attribute::Text(self.severity().word().to_owned()),
                ),
                ("operation", self.attribute(operations)),
                ("path", self.attribute(paths)),
            ],
        }
    }

    /// The state and the operation of each lock that it is about.
    fn locks(&self) -> Vec<(&LockPath, Option<&String>)> {
        let one = self.lock.iter();
        let one = one.map(|lock| (&lock.lock_id, lock.operation.as_ref()));
        let many = self.storm.iter().flat_map(|storm| &storm.locks);
        let told = self.many.iter().flat_map(|many| &many.locks);
        one.chain(many.map(|lock| (&lock.lock_id, lock.operation.as_ref())))
            .chain(told.map(|lock| (&lock.lock_id, lock.operation.as_ref())))
            .collect()
    }

    /// What filter policies go by: of one lock a text, of many all of theirs, each once.
    fn attribute(&self, values: Vec<Option<String>>) -> Attribute {
        let mut values: Vec<String> = values.into_iter().map(attribute).collect();
        if self.storm.is_some() || self.many.is_some() {
            values.sort();
            values.dedup();
            return Attribute::List(values);
        }
        Attribute::Text(values.pop().unwrap_or_else(|| attribute(None)))
    }

    /// Where it asks, the severity of the rule. Else `Warning` where somebody should act or look, `Error` where something went
    /// half-way, `Info` for the rest.
    fn severity(&self) -> Severity {
        match (
            self.kind,
            self.outcome.as_ref().map(|outcome| outcome.result),
        ) {
            (_, Some(OutcomeKind::PartlyReleased)) => Severity::Error,
            // Most such writes are of normal runs where nobody can tell them apart.
            (NoticeKind::ZombieWrite, _) => match self.zombie {
                Some(ZombieWrite {
                    knows_every_lock: true,
                    ..
                }) => Severity::Warning,
                Some(_) | None => Severity::Info,
            },
            (
                NoticeKind::StaleLock
                | NoticeKind::Reminder
                | NoticeKind::UnreadableLock
                | NoticeKind::SplitLock,
                _,
            ) => self
                .verdict
                .as_ref()
                .map_or(Severity::Warning, |verdict| verdict.severity),
            (NoticeKind::Storm, _) => self
                .storm
                .as_ref()
                .map_or(Severity::Warning, |storm| storm.severity),
            (NoticeKind::PolicyError, _) => match &self.policy {
                Some(error) if error.in_force.is_none() => Severity::Error,
                Some(_) | None => Severity::Warning,
            },
            (NoticeKind::Rejected | NoticeKind::Expiring, _) => Severity::Warning,
            (
                NoticeKind::Released
                | NoticeKind::Kept
                | NoticeKind::Restored
                | NoticeKind::Ended
                | NoticeKind::Test,
                _,
            ) => Severity::Info,
        }
    }
}

/// A notice about as many of these as fit into what SNS takes, from the first on.
fn fitting<T: Clone>(mut all: Vec<T>, notice: impl Fn(Vec<T>) -> Notice) -> Notice {
    loop {
        let fitting = notice(all.clone());
        if all.is_empty() || fitting.render().size() <= MOST_BYTES {
            return fitting;
        }
        all.truncate(all.len() * 4 / 5);
    }
}

/// SNS refuses an empty attribute.
fn attribute(value: Option<String>) -> String {
    value
        .map(|value| text::shown(&value, LONGEST_ATTRIBUTE))
        .filter(|value| !value.is_empty())
        .unwrap_or("none".to_owned())
}

impl LockFacts {
    fn of(lock: &Lock) -> Self {
        let info = lock.info().ok();
        let field = |get: fn(&LockInfo) -> &str| info.as_ref().map(|info| cut(get(info)));
        Self {
            lock_id: lock.path.clone(),
            id: info.as_ref().map(|info| info.id.clone()),
            path: field(|info| &info.path),
            operation: field(|info| info.operation.as_str()),
            who: field(|info| &info.who),
            version: field(|info| &info.version),
            created: info.as_ref().map(|info| info.created),
            info: field(|info| &info.info),
            raw: match info {
                Some(_) => None,
                None => lock.content.text().map(|raw| text::shown(raw, LONGEST)),
            },
            records: lock.places.iter().map(RecordName::from).collect(),
        }
    }
}

/// The document keeps a field as it is (JSON escapes it), only cut.
fn cut(value: &str) -> String {
    value.chars().take(LONGEST).collect()
}

impl VerdictFacts {
    fn of(judgement: &Judgement) -> Self {
        Self {
            verdict: judgement.verdict,
            why: judgement.why.clone(),
            rule: judgement.rule.clone(),
            held_at_least_seconds: judgement.held.at_least.as_secs(),
            held_at_most_seconds: judgement.held.at_most.as_secs(),
            severity: judgement.terms.severity,
            sign_of_life: match &judgement.life {
                SignOfLife::Seen { state_written } => {
                    json!({"status": "seen", "state_written": state_written})
                }
                SignOfLife::NoneSeen { state_written } => {
                    json!({"status": "none_seen", "state_written": state_written})
                }
                SignOfLife::Unknown(why) => {
                    json!({"status": "unknown", "why": why, "state_written": null})
                }
            },
            evidence: None,
            needs_even_if: judgement.objections.clone(),
        }
    }
}

impl NoticeKind {
    /// The notice of an outcome.
    #[must_use]
    pub fn of_outcome(result: OutcomeKind) -> Self {
        match result {
            OutcomeKind::Released | OutcomeKind::PartlyReleased => Self::Released,
            OutcomeKind::AlreadyReleased => Self::Ended,
            OutcomeKind::Kept => Self::Kept,
            OutcomeKind::Restored => Self::Restored,
            OutcomeKind::Expiring => Self::Expiring,
            OutcomeKind::ChangedHands | OutcomeKind::NotStale | OutcomeKind::Rejected => {
                Self::Rejected
            }
        }
    }

    /// Whether it asks people for a decision.
    #[must_use]
    pub fn asks(self) -> bool {
        match self {
            Self::StaleLock
            | Self::Reminder
            | Self::UnreadableLock
            | Self::SplitLock
            | Self::Storm => true,
            Self::Released
            | Self::Kept
            | Self::Restored
            | Self::Expiring
            | Self::Ended
            | Self::Rejected
            | Self::ZombieWrite
            | Self::PolicyError
            | Self::Test => false,
        }
    }

    /// The word in a message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::StaleLock => "stale_lock",
            Self::Reminder => "reminder",
            Self::UnreadableLock => "unreadable_lock",
            Self::SplitLock => "split_lock",
            Self::Storm => "storm",
            Self::Released => "released",
            Self::Kept => "kept",
            Self::Restored => "restored",
            Self::Expiring => "expiring",
            Self::Ended => "ended",
            Self::Rejected => "rejected",
            Self::ZombieWrite => "zombie_write",
            Self::PolicyError => "policy_error",
            Self::Test => "test",
        }
    }
}

#[cfg(test)]
mod tests;
