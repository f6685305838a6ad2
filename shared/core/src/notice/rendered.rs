//! A notice as SNS takes it: a message with a form for each kind of subscriber, and attributes for filter policies.

use serde_json::json;

use super::{Notice, NoticeKind, chat, email, sms};
use crate::ids::LockPath;
use crate::ledger::ZombieWrite;
use crate::outcome::OutcomeKind;
use crate::policy::Severity;
use crate::text;

/// SNS takes a message of 256 KB, with its attributes; a little is left for those that it adds itself.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const MOST_BYTES: usize = 256 * 1024 - 2 * 1024;
/// The longest path in an attribute (characters).
const LONGEST_ATTRIBUTE: usize = 1_100;

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
    pub(super) fn size(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            name.len() + attribute.data_type().len() + attribute.value().len()
        });
        self.subject.len() + self.message.len() + attributes.sum::<usize>()
    }
}

impl Notice {
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
    pub(super) fn severity(&self) -> Severity {
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
pub(super) fn fitting<T: Clone>(mut all: Vec<T>, notice: impl Fn(Vec<T>) -> Notice) -> Notice {
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
