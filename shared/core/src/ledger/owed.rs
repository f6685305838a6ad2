//! What people were told about a lock, and the notices that are owed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Entry, Event, EventKind, Status};
use crate::notice::NoticeKind;
use crate::outcome::Outcome;
use crate::settings::TopicArn;

/// How long a function that took a notice upon itself has to send it before another may. Shorter than the minute after
/// which Lambda tries a failed event again.
pub const NOTICE_LEASE: SignedDuration = SignedDuration::from_secs(30);
/// Reminders are never further apart, unless the first is: a day without a word, and a lock is forgotten.
pub const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// When people were told about a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How many requests and reminders went out.
    pub count: u32,
    /// When the last one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// How many of them went out since anybody decided anything.
    #[serde(default)]
    pub unanswered: u32,
    /// When the first of those did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whether one of them said that two holders hold the state.
    #[serde(default)]
    pub of_split: bool,
    /// Where the last one went instead of the notice topic: what else there is to tell goes there too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicArn>,
}

impl Told {
    /// Somebody decided something, so the next question is a first one again.
    pub(super) fn answered(&mut self) {
        self.unanswered = 0;
        self.since = None;
    }

    /// How long after the last notice the next one is due, where the first reminder comes after `first`.
    fn pause(&self, first: SignedDuration) -> SignedDuration {
        let longest = LONGEST_PAUSE.max(first);
        let doubled = 2_i32.checked_pow(self.unanswered.saturating_sub(1));
        let pause = doubled.and_then(|times| first.checked_mul(times));
        pause.map_or(longest, |pause| pause.min(longest))
    }
}

/// A notice that is owed, and until when somebody has taken it upon himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// Which.
    pub kind: NoticeKind,
    /// What it tells, if it tells what came of a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Nobody else sends it before.
    pub lease_until: Timestamp,
}

impl Entry {
    /// Takes an owed notice upon itself for the length of a lease; `None` when none is owed or others have them.
    pub fn claim_unsent(&mut self, now: Timestamp) -> Option<Unsent> {
        self.claim(now, |_| true)
    }

    /// The same, but a question stays owed: nobody is to be asked now. It may have gone out without anybody noting it, so it
    /// is not forgotten either, and its end will be told.
    pub fn claim_unsent_answer(&mut self, now: Timestamp) -> Option<Unsent> {
        self.claim(now, |unsent| !unsent.kind.asks())
    }

    /// Whether a notice is owed that nobody has taken upon himself, or not in his time.
    #[must_use]
    pub fn owes_untaken(&self, now: Timestamp) -> bool {
        self.unsent.iter().any(|unsent| unsent.lease_until <= now)
    }

    fn claim(&mut self, now: Timestamp, fits: impl Fn(&Unsent) -> bool) -> Option<Unsent> {
        let mut owed = self.unsent.iter_mut();
        let unsent = owed.find(|unsent| unsent.lease_until <= now && fits(unsent))?;
        unsent.lease_until = now + NOTICE_LEASE;
        Some(unsent.clone())
    }

    /// This notice went out, to a topic of its own or, with `None`, to the notice topic. Says whether it was still owed.
    pub fn sent(&mut self, sent: &Unsent, topic: Option<&TopicArn>, now: Timestamp) -> bool {
        let mut owed = self.unsent.iter();
        let found =
            owed.position(|unsent| unsent.kind == sent.kind && unsent.outcome == sent.outcome);
        let Some(index) = found else {
            return false;
        };
        self.unsent.remove(index);
        if sent.kind.asks() {
            self.told = Told {
                count: self.told.count.saturating_add(1),
                last: Some(now),
                unanswered: self.told.unanswered.saturating_add(1),
                since: self.told.since.or(Some(now)),
                of_split: self.told.of_split || sent.kind == NoticeKind::SplitLock,
                topic: topic.cloned(),
            };
        }
        true
    }

    /// This notice went out in one that told of more, as `with` says: [`Entry::sent`], and the line of the audit log about it.
    pub fn sent_with(
        &mut self,
        sent: &Unsent,
        topic: Option<&TopicArn>,
        now: Timestamp,
        with: &str,
    ) -> Event {
        self.sent(sent, topic, now);
        Event::new(
            EventKind::Notice,
            now,
            format!("{}, {with}", sent.kind.word()),
        )
    }

    /// Whether an unanswered request is due to be told again: after `remind_after`, then after twice as long, and so on up to
    /// [`LONGEST_PAUSE`]. Whoever did not answer three reminders is not helped by thirty.
    #[must_use]
    pub fn wants_reminder(&self, now: Timestamp, remind_after: SignedDuration) -> bool {
        let due = match self.status {
            // Never told although asked: a decision came before the notice and then came to nothing.
            Status::Asked | Status::PartlyReleased => {
                let pause = self.told.pause(remind_after);
                Some(self.told.last.map_or(now, |last| last + pause))
            }
            Status::Kept | Status::Restored => self.kept_until,
            Status::Seen
            | Status::Deciding
            | Status::Released
            | Status::ChangedHands
            | Status::AlreadyReleased
            | Status::Ended => None,
        };
        !self.is_asking() && due.is_some_and(|due| due <= now)
    }

    pub(super) fn owe(&mut self, kind: NoticeKind, outcome: Option<Outcome>, now: Timestamp) {
        self.unsent.push(Unsent {
            kind,
            outcome,
            lease_until: now + NOTICE_LEASE,
        });
    }

    pub(super) fn is_asking(&self) -> bool {
        self.unsent.iter().any(|unsent| unsent.kind.asks())
    }

    /// A question that was not asked yet is moot once things went on.
    pub(super) fn forget_questions(&mut self) {
        self.unsent.retain(|unsent| !unsent.kind.asks());
    }
}
