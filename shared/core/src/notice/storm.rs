//! Many locks in one notice: what is listed of each, and in what words.

use jiff::SignedDuration;
use serde::Serialize;
use serde_json::{Value, json};

use super::rendered::fitting;
use super::{ApproveFacts, Commands, Desk, Notice, NoticeKind};
use crate::commands;
use crate::ids::{LockId, LockPath, RequestCode, StormCode};
use crate::lock::Lock;
use crate::outcome::{DigestCheck, LockOutcome, OutcomeKind, StormOutcome};
use crate::policy::{EvenIf, Judgement, Severity, SignOfLife};
use crate::record::Operation;
use crate::span;
use crate::storm::Storm;
use crate::text::shown;

/// How much of a foreign field a lock of many shows (characters).
const FIELD: usize = 120;
/// How much of a path.
const PATH: usize = 300;

/// Locks that look stale at once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StormFacts {
    /// What people call it.
    pub code: StormCode,
    /// How many locks it has, also those that found no room in `locks`.
    pub count: usize,
    /// Where all of them come from: one host or, without hosts, one holder.
    pub origin: Option<String>,
    /// The locks, the worst first.
    pub locks: Vec<StormLock>,
    /// How loud the notice is: as the loudest of the locks.
    #[serde(skip)]
    pub severity: Severity,
}

/// One lock of many: what tells it from the others, and how to get at it alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StormLock {
    /// Its request.
    pub request: RequestCode,
    /// The state.
    pub lock_id: LockPath,
    /// The lock ID.
    pub id: Option<LockId>,
    /// The holder.
    pub who: Option<String>,
    /// As in the record.
    pub operation: Option<String>,
    /// Why it is stale.
    pub why: String,
    /// The rule behind that.
    pub rule: String,
    /// The shortest time it can have been held, seconds.
    pub held_at_least_seconds: i64,
    /// The longest, seconds.
    pub held_at_most_seconds: i64,
    /// `none_seen`, or `unknown` where nobody can look; a lock with one that was seen is not stale.
    pub sign_of_life: &'static str,
    /// The link to its approval page, where there is one. Whoever has it may decide about this lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What a release of it must say it does not mind, so that a release of the storm leaves it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs_even_if: Vec<EvenIf>,
    /// Releases it alone. No part of the document: it would be half of it.
    #[serde(skip)]
    pub(super) release: Option<String>,
    /// Leaves it alone for two hours.
    #[serde(skip)]
    pub(super) keep: Option<String>,
    /// How loud a notice about it alone would be.
    #[serde(skip)]
    severity: Severity,
}

impl StormLock {
    /// A lock as it is judged.
    #[must_use]
    pub fn of(request: RequestCode, lock: &Lock, judgement: &Judgement, desk: Desk<'_>) -> Self {
        let info = lock.info().ok();
        let Commands { release, keep, .. } = Commands::about(&request, lock, judgement, desk);
        let short = |text: &str| text.chars().take(FIELD).collect();
        Self {
            request,
            lock_id: lock.path.clone(),
            id: info.as_ref().map(|info| info.id.clone()),
            who: info.as_ref().map(|info| short(&info.who)),
            operation: info.as_ref().map(|info| short(info.operation.as_str())),
            why: judgement.why.clone(),
            rule: judgement.rule.clone(),
            held_at_least_seconds: judgement.held.at_least.as_secs(),
            held_at_most_seconds: judgement.held.at_most.as_secs(),
            sign_of_life: match &judgement.life {
                SignOfLife::Seen { .. } => "seen",
                SignOfLife::NoneSeen { .. } => "none_seen",
                SignOfLife::Unknown(_) => "unknown",
            },
            url: desk.link.map(str::to_owned),
            release,
            keep,
            needs_even_if: judgement.objections.clone(),
            severity: judgement.terms.severity,
        }
    }

    /// What it is, in a line.
    pub(super) fn line(&self) -> String {
        let operation = self.operation.as_deref().unwrap_or_default();
        let who = match self.who.as_deref() {
            Some(who) if !who.is_empty() => shown(who, FIELD),
            Some(_) | None => "holder not said".to_owned(),
        };
        let seconds = |seconds| span::shown(SignedDuration::from_secs(seconds));
        let held = if self.held_at_least_seconds == self.held_at_most_seconds {
            format!("held {}", seconds(self.held_at_most_seconds))
        } else {
            format!(
                "held {} to {}",
                seconds(self.held_at_least_seconds),
                seconds(self.held_at_most_seconds)
            )
        };
        let operation = Operation::new(operation).to_string();
        let life = if self.sign_of_life == "unknown" {
            ", nobody can look for a sign of life"
        } else {
            ""
        };
        format!("{}, {who}, {held}{life}", shown(&operation, FIELD))
    }

    /// Why a release of the storm leaves it, where that is known.
    pub(super) fn open_eyes(&self) -> Option<String> {
        let words: Vec<&str> = self.needs_even_if.iter().map(|word| word.word()).collect();
        (!words.is_empty()).then(|| {
            let words = words.join(", ");
            format!(
                "a release of the storm leaves it: `even_if` has to say that you know ({words})"
            )
        })
    }

    /// Its state, the end of a long path.
    pub(super) fn state(&self) -> String {
        shown(self.lock_id.as_str(), PATH)
    }
}

impl StormFacts {
    /// How many locks are not listed.
    #[must_use]
    pub fn more(&self) -> usize {
        self.count.saturating_sub(self.locks.len())
    }

    /// What happened, with the numbers.
    pub(super) fn opening(&self) -> String {
        let origin = self.origin.as_deref();
        let origin = origin.map(|origin| format!(", all of {}", shown(origin, FIELD)));
        format!(
            "{} Terraform state locks look stale at once{}. Nobody can plan or apply these states until they are released.\n\
             Nothing has been changed yet; you decide.",
            self.count,
            origin.unwrap_or_default()
        )
    }

    /// What a release of all of them does with those that are not listed; `None` where all are.
    pub(super) fn rest(&self) -> Option<String> {
        (self.more() > 0).then(|| {
            format!(
                "and {} more, for which there is no room here. A release of the storm is about them too.",
                self.more()
            )
        })
    }
}

impl Notice {
    /// Asks about many locks at once, each of them still to be decided alone too. `locks` are those of the storm in its order.
    /// What SNS would not take is left out of the list, from its end, and counted.
    #[must_use]
    pub fn of_storm(
        storm: &Storm,
        locks: Vec<StormLock>,
        origin: Option<String>,
        desk: Desk<'_>,
    ) -> Self {
        let count = locks.len();
        let severity = locks.iter().map(|lock| lock.severity).max();
        let notice = |locks: Vec<StormLock>| Self {
            kind: NoticeKind::Storm,
            approve: Some(ApproveFacts {
                url: None,
                topic: desk.topic.as_str().to_owned(),
                message: release_of(&storm.code),
                function: desk.function.to_owned(),
            }),
            commands: Some(Commands {
                release: commands::release_storm(desk.topic, &storm.code),
                ..Commands::default()
            }),
            storm: Some(StormFacts {
                code: storm.code.clone(),
                count,
                origin: origin.clone(),
                locks,
                severity: severity.unwrap_or(Severity::Warning),
            }),
            topic: storm.topic.clone(),
            ..Self::BLANK
        };
        fitting(locks, notice)
    }
}

/// What came of a decision about many, in a sentence.
pub(super) fn sentence(result: OutcomeKind) -> &'static str {
    match result {
        OutcomeKind::Released => {
            "Locks were released. Releasing does not stop the old holders: make sure that they are gone."
        }
        OutcomeKind::AlreadyReleased => "The locks were gone already. There is nothing to do.",
        OutcomeKind::PartlyReleased => {
            "Of some locks the S3 lock file is gone, and the DynamoDB item was left alone. Look at them before you decide about them."
        }
        OutcomeKind::Rejected => "NOT released. Nothing was changed; see below why.",
        OutcomeKind::ChangedHands
        | OutcomeKind::NotStale
        | OutcomeKind::Kept
        | OutcomeKind::Restored
        | OutcomeKind::Expiring => {
            "NOT released: none of the locks is as it was when you were asked."
        }
    }
}

/// How many, and what came of each.
pub(super) fn told(storm: &StormOutcome) -> Vec<String> {
    let (released, count) = (storm.released, storm.count);
    let mut lines = vec![format!("{released} of {count} were released.")];
    let (gone, left): (Vec<_>, Vec<_>) = storm
        .locks
        .iter()
        .partition(|lock| lock.result == OutcomeKind::Released);
    for (head, locks) in [("Not released:", left), ("Released:", gone)] {
        if locks.is_empty() {
            continue;
        }
        lines.push(head.to_owned());
        lines.extend(locks.into_iter().map(told_of_one));
    }
    let more = count.saturating_sub(storm.locks.len());
    if more > 0 {
        lines.push(format!("- and {more} more"));
    }
    lines
}

fn told_of_one(lock: &LockOutcome) -> String {
    let path = lock.lock_id.as_ref();
    let path = path.map_or("a lock that is forgotten".to_owned(), |path| {
        shown(path.as_str(), PATH)
    });
    let request = lock.request.as_ref();
    let request = request.map(|code| format!(" ({code})")).unwrap_or_default();
    let digest = if lock.digest == Some(DigestCheck::Mismatch) {
        "; its digest does not look like its checksum"
    } else {
        ""
    };
    match (lock.result, &lock.why) {
        (OutcomeKind::Released, _) => format!("- {path}{request}{digest}"),
        (_, Some(why)) => format!("- {path}{request}: {}", shown(why, PATH)),
        (OutcomeKind::ChangedHands, None) => {
            format!("- {path}{request}: another lock is there now, and it was left alone")
        }
        (result, None) => format!("- {path}{request}: {}", result.word()),
    }
}

fn release_of(code: &StormCode) -> Value {
    json!({"decision": "release", "storm": code})
}

#[cfg(test)]
mod tests;
