//! One lock's entry in the ledger, from first sight to end, and the steps it may take.
//!
//! ```text
//!   seen ──► asked ◄──► kept
//!     │        │          │
//!     ├────────┼──────────┼──► ended            the holder let go
//!     └───┬────┴──────────┘
//!         ▼
//!      deciding ──► released | changed_hands | already_released
//!         │   └───► partly_released ──► deciding | ended
//!         └───────► back to where it was (not_stale)
//!      released, partly_released ──► restored ──► deciding | asked | ended
//! ```
//!
//! An entry is a value: a function changes its copy and the ledger takes the copy only if nobody wrote in between
//! (`revision`). The notices that are owed are part of the entry (`unsent`), so a crash between a step and its notice leaves
//! the debt for the next look.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::decision::{Decision, KEEP_FOR};
use crate::ids::{LockPath, RequestCode};
use crate::item::{Content, Place};
use crate::lock::Lock;
use crate::notice::NoticeKind;
use crate::outcome::{Outcome, OutcomeKind};
use crate::policy::SIGHTINGS_FOR_GHOSTS;
use crate::token::TokenMarks;

/// How long a function that took a notice upon itself has to send it before another may. Shorter than the minute after
/// which Lambda tries a failed event again.
pub const NOTICE_LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How long a function that began to carry out a decision has before another may finish it: longer than `approve` may run,
/// and shorter than the minute after which Lambda tries a failed event again.
pub const DECISION_LEASE: SignedDuration = SignedDuration::from_secs(45);
/// Two looks closer together than this are one sighting.
pub const SIGHTING_GAP: SignedDuration = SignedDuration::from_secs(30);

/// What the ledger knows about one lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What people call it.
    pub code: RequestCode,
    /// Counts the writes; a write is taken only if it is still the one that was read. 0: not written yet.
    pub revision: u64,
    /// Counts the lives: the same text seen again after its end is a new one.
    pub generation: u32,
    /// The state.
    #[serde(rename = "state")]
    pub path: LockPath,
    /// The record as read.
    pub content: Content,
    /// Where it is stored.
    pub places: Vec<Place>,
    /// When the ledger first saw it.
    #[serde(with = "sortable")]
    pub first_seen: Timestamp,
    /// How many looks have seen it, counted to [`SIGHTINGS_FOR_GHOSTS`].
    pub sightings: u32,
    /// The other side of a split, as the last look saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitSeen>,
    /// Where it stands.
    pub status: Status,
    /// When people were last told, and how often.
    pub told: Told,
    /// The notices that are owed, the oldest first. What came of a decision is owed until it is told, whatever happens next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<Unsent>,
    /// Until when nobody is reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<Timestamp>,
    /// The last decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
    /// A restore that is being carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restoring: Option<Decided>,
    /// What came of the last decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// When the lock was gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When it was put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<Timestamp>,
    /// What opens its approval links.
    #[serde(default, skip_serializing_if = "TokenMarks::is_empty")]
    pub tokens: TokenMarks,
}

/// Which other side a split has, and since when. Each client that loses on DynamoDB makes a lock object of its own for a
/// moment, so looks count only as long as they see the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitSeen {
    /// The codes of the locks on the other side.
    pub rivals: Vec<RequestCode>,
    /// When they were first seen.
    pub first_seen: Timestamp,
    /// How many looks have seen them, counted to [`SIGHTINGS_FOR_GHOSTS`].
    pub sightings: u32,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Seen; nobody was told.
    Seen,
    /// People were asked.
    Asked,
    /// Somebody said to leave it for a while.
    Kept,
    /// A decision is being carried out.
    Deciding,
    /// Gone, by a decision.
    Released,
    /// Another lock took its place.
    ChangedHands,
    /// Gone before a decision reached it.
    AlreadyReleased,
    /// One half of a pair is gone.
    PartlyReleased,
    /// Put back after it was released: it is a held lock again.
    Restored,
    /// Its holder let go.
    Ended,
}

/// When people were told about a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How many requests and reminders went out.
    pub count: u32,
    /// When the last one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// Whether one of them said that two holders hold the state.
    #[serde(default)]
    pub of_split: bool,
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
}

/// A step that the life cycle does not have.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("request {code} cannot go from {from:?} to {to:?}")]
pub struct WrongStep {
    /// Whose.
    pub code: RequestCode,
    /// Where it stands.
    pub from: Status,
    /// Where it was to go.
    pub to: Status,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Seen,
        Self::Asked,
        Self::Kept,
        Self::Deciding,
        Self::Released,
        Self::ChangedHands,
        Self::AlreadyReleased,
        Self::PartlyReleased,
        Self::Restored,
        Self::Ended,
    ];

    /// Whether the life cycle has this step. Staying where it is (a reminder, a longer `keep`) is no step.
    #[must_use]
    pub fn may_become(self, to: Self) -> bool {
        use Status::{
            AlreadyReleased, Asked, ChangedHands, Deciding, Ended, Kept, PartlyReleased, Released,
            Restored, Seen,
        };
        match self {
            Seen => matches!(to, Asked | Deciding | Ended),
            Asked => matches!(to, Deciding | Kept | Ended),
            Kept | Restored => matches!(to, Asked | Deciding | Ended),
            Deciding => {
                matches!(
                    to,
                    Released
                        | ChangedHands
                        | AlreadyReleased
                        | PartlyReleased
                        | Seen
                        | Asked
                        | Kept
                        | Restored
                )
            }
            PartlyReleased => matches!(to, Deciding | Restored | Ended),
            Released => to == Restored,
            ChangedHands | AlreadyReleased | Ended => false,
        }
    }

    /// Whether the lock is gone, as far as the ledger knows.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Released | Self::ChangedHands | Self::AlreadyReleased | Self::Ended
        )
    }
}

impl Entry {
    /// The entry of a lock that no look has seen before.
    #[must_use]
    pub fn first_sight(code: RequestCode, lock: &Lock, now: Timestamp) -> Self {
        Self {
            code,
            revision: 0,
            generation: 1,
            path: lock.path.clone(),
            content: lock.content.clone(),
            places: lock.places.clone(),
            first_seen: now,
            sightings: 1,
            split: SplitSeen::next(None, lock, now),
            status: Status::Seen,
            told: Told::default(),
            unsent: Vec::new(),
            kept_until: None,
            decided: None,
            restoring: None,
            outcome: None,
            ended_at: None,
            restored_at: None,
            tokens: TokenMarks::default(),
        }
    }

    /// The lock as the ledger last saw it.
    #[must_use]
    pub fn lock(&self) -> Lock {
        Lock {
            path: self.path.clone(),
            content: self.content.clone(),
            places: self.places.clone(),
            rivals: Vec::new(),
        }
    }

    /// Whether the entry is about this lock.
    #[must_use]
    pub fn is_about(&self, lock: &Lock) -> bool {
        self.lock().is_same_as(lock)
    }

    /// Takes note that the lock was seen again; says whether that changed anything worth writing.
    pub fn see(&mut self, lock: &Lock, now: Timestamp) -> bool {
        let counts = self.sightings < SIGHTINGS_FOR_GHOSTS
            && now.duration_since(self.first_seen) >= SIGHTING_GAP;
        let moved = self.places != lock.places;
        if counts {
            self.sightings += 1;
        }
        self.places.clone_from(&lock.places);
        let split = SplitSeen::next(self.split.as_ref(), lock, now);
        let other_split = self.split != split;
        self.split = split;
        counts || moved || other_split
    }

    /// How many looks have seen the other side of the split that there is now.
    #[must_use]
    pub fn split_sightings(&self) -> u32 {
        self.split.as_ref().map_or(0, |split| split.sightings)
    }

    /// Begins a new life: the same text is there again after its end (a restored backup).
    pub fn live_again(&mut self, lock: &Lock, now: Timestamp) {
        self.forget_questions();
        let first = Self::first_sight(self.code.clone(), lock, now);
        *self = Self {
            revision: self.revision,
            generation: self.generation + 1,
            unsent: std::mem::take(&mut self.unsent),
            ..first
        };
    }

    /// Asks people, or reminds them; the notice is owed from now on.
    ///
    /// # Errors
    /// [`WrongStep`] from where nobody may be asked.
    pub fn ask(&mut self, kind: NoticeKind, now: Timestamp) -> Result<(), WrongStep> {
        if self.status == Status::Deciding {
            return Err(self.wrong_step(Status::Asked));
        }
        // What is left of a lock that is half gone is told again, and stays half gone.
        if self.status != Status::PartlyReleased {
            self.step(Status::Asked)?;
        }
        self.kept_until = None;
        self.forget_questions();
        self.owe(kind, None, now);
        Ok(())
    }

    /// The holder let go. People who were asked are told.
    ///
    /// # Errors
    /// [`WrongStep`] where a decision is being carried out, or the end is known already.
    pub fn end(&mut self, now: Timestamp) -> Result<(), WrongStep> {
        self.step(Status::Ended)?;
        self.ended_at = Some(now);
        // A question that is still owed may have gone out without anybody noting it.
        let was_asked = self.told.count > 0 || self.is_asking();
        self.forget_questions();
        if was_asked {
            self.owe(NoticeKind::Ended, None, now);
        }
        Ok(())
    }

    /// Takes a decision upon itself, before anything is done about it.
    ///
    /// # Errors
    /// [`WrongStep`] where another decision is being carried out, or the lock is gone.
    pub fn decide(&mut self, mut decided: Decided) -> Result<(), WrongStep> {
        decided.from = self.status;
        self.step(Status::Deciding)?;
        self.outcome = None;
        self.forget_questions();
        self.decided = Some(decided);
        Ok(())
    }

    /// Takes up a decision that was left half-done, for the length of a lease.
    pub fn take_up(&mut self, now: Timestamp) {
        let begun = match &mut self.restoring {
            Some(restoring) => Some(restoring),
            None => self.decided.as_mut(),
        };
        if let Some(decided) = begun {
            decided.lease_until = now + DECISION_LEASE;
        }
    }

    /// Writes down what came of the decision; its notice is owed from now on.
    ///
    /// # Errors
    /// [`WrongStep`] where no decision is being carried out.
    pub fn conclude(&mut self, outcome: Outcome, now: Timestamp) -> Result<(), WrongStep> {
        let from = self
            .decided
            .as_ref()
            .map_or(Status::Asked, |decided| decided.from);
        let to = match outcome.result {
            OutcomeKind::Released => Status::Released,
            OutcomeKind::ChangedHands => Status::ChangedHands,
            OutcomeKind::AlreadyReleased => Status::AlreadyReleased,
            OutcomeKind::PartlyReleased => Status::PartlyReleased,
            OutcomeKind::Kept => Status::Kept,
            OutcomeKind::Restored => Status::Restored,
            // A lock that is half gone stays half gone whatever the next decision comes to.
            OutcomeKind::NotStale | OutcomeKind::Rejected => from,
        };
        // A lock comes back by `restore` alone, which notes when.
        let is_restore = outcome.result == OutcomeKind::Restored;
        if is_restore || self.status != Status::Deciding || !self.status.may_become(to) {
            return Err(self.wrong_step(to));
        }
        self.status = to;
        if to.is_over() {
            self.ended_at = Some(now);
        }
        if outcome.result == OutcomeKind::Kept {
            self.kept_until = outcome.until;
        }
        let kind = NoticeKind::of_outcome(outcome.result);
        self.owe(kind, Some(outcome.clone()), now);
        self.outcome = Some(outcome);
        Ok(())
    }

    /// Takes a restore upon itself, before anything is put back. The lock stays released until it is there again.
    ///
    /// # Errors
    /// [`WrongStep`] where the lock was not released, or another decision is being carried out.
    pub fn begin_restore(&mut self, mut decided: Decided) -> Result<(), WrongStep> {
        // From `deciding` the step exists, but back to where the lock was restored before.
        if self.begun().is_some() || !self.status.may_become(Status::Restored) {
            return Err(self.wrong_step(Status::Restored));
        }
        decided.from = self.status;
        self.restoring = Some(decided);
        Ok(())
    }

    /// Nothing comes of the restore that was begun.
    pub fn give_up_restore(&mut self) {
        self.restoring = None;
    }

    /// The lock is back; the notice is owed from now on. People are left alone about it for a while: whoever undoes a
    /// release knows of the lock.
    ///
    /// # Errors
    /// [`WrongStep`] where no restore was begun.
    pub fn restore(&mut self, outcome: Outcome, now: Timestamp) -> Result<(), WrongStep> {
        let Some(decided) = self.restoring.clone() else {
            return Err(self.wrong_step(Status::Restored));
        };
        self.step(Status::Restored)?;
        self.restoring = None;
        // An open page from before the release must not release what was just put back.
        self.tokens.spend_all();
        self.ended_at = None;
        self.restored_at = Some(now);
        self.kept_until = Some(now + KEEP_FOR);
        self.decided = Some(decided);
        self.owe(NoticeKind::Restored, Some(outcome.clone()), now);
        self.outcome = Some(outcome);
        Ok(())
    }

    /// The decision that is being carried out.
    #[must_use]
    pub fn begun(&self) -> Option<&Decided> {
        let deciding = self
            .decided
            .as_ref()
            .filter(|_| self.status == Status::Deciding);
        deciding.or(self.restoring.as_ref())
    }

    /// Whether nobody needs to be reminded for a while: only where somebody was asked.
    #[must_use]
    pub fn may_be_kept(&self) -> bool {
        matches!(self.status, Status::Asked | Status::Kept)
    }

    /// Since when the lock has its present life; a decision that is older than that was about the life before.
    #[must_use]
    pub fn alive_since(&self) -> Option<Timestamp> {
        self.restored_at
            .or((self.generation > 1).then_some(self.first_seen))
    }

    /// Takes an owed notice upon itself for the length of a lease; `None` when none is owed or others have them.
    pub fn claim_unsent(&mut self, now: Timestamp) -> Option<Unsent> {
        let mut owed = self.unsent.iter_mut();
        let unsent = owed.find(|unsent| unsent.lease_until <= now)?;
        unsent.lease_until = now + NOTICE_LEASE;
        Some(unsent.clone())
    }

    /// This notice went out. Says whether it was still owed.
    pub fn sent(&mut self, sent: &Unsent, now: Timestamp) -> bool {
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
                of_split: self.told.of_split || sent.kind == NoticeKind::SplitLock,
            };
        }
        true
    }

    /// Whether an unanswered request is due to be told again.
    #[must_use]
    pub fn wants_reminder(&self, now: Timestamp, remind_every: SignedDuration) -> bool {
        let due = match self.status {
            // Never told although asked: a decision came before the notice and then came to nothing.
            Status::Asked | Status::PartlyReleased => {
                Some(self.told.last.map_or(now, |last| last + remind_every))
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

    /// The decision that was begun and not finished in its time.
    #[must_use]
    pub fn left_half_done(&self, now: Timestamp) -> Option<&Decided> {
        self.begun().filter(|decided| decided.lease_until <= now)
    }

    /// Whether the entry still wants something: the lock is there, or a notice is owed. Such entries are found by the
    /// ledger's index `open`.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.status.is_over() || !self.unsent.is_empty() || self.restoring.is_some()
    }

    /// When the ledger may forget the entry, epoch seconds: `keep_for` after the lock's end.
    #[must_use]
    pub fn expires_at(&self, keep_for: SignedDuration) -> Option<i64> {
        self.ended_at.map(|ended| (ended + keep_for).as_second())
    }

    fn owe(&mut self, kind: NoticeKind, outcome: Option<Outcome>, now: Timestamp) {
        self.unsent.push(Unsent {
            kind,
            outcome,
            lease_until: now + NOTICE_LEASE,
        });
    }

    fn is_asking(&self) -> bool {
        self.unsent.iter().any(|unsent| unsent.kind.asks())
    }

    /// A question that was not asked yet is moot once things went on.
    fn forget_questions(&mut self) {
        self.unsent.retain(|unsent| !unsent.kind.asks());
    }

    fn wrong_step(&self, to: Status) -> WrongStep {
        WrongStep {
            code: self.code.clone(),
            from: self.status,
            to,
        }
    }

    fn step(&mut self, to: Status) -> Result<(), WrongStep> {
        let stays = self.status == to && matches!(to, Status::Asked | Status::Kept);
        if !stays && !self.status.may_become(to) {
            return Err(self.wrong_step(to));
        }
        self.status = to;
        Ok(())
    }
}

impl SplitSeen {
    /// What a look at `lock` makes of what the look `before` saw.
    fn next(before: Option<&Self>, lock: &Lock, now: Timestamp) -> Option<Self> {
        let rivals = lock.rival_codes();
        if rivals.is_empty() {
            return None;
        }
        match before.filter(|before| before.rivals == rivals) {
            None => Some(Self {
                rivals,
                first_seen: now,
                sightings: 1,
            }),
            Some(before) => {
                let counts = before.sightings < SIGHTINGS_FOR_GHOSTS
                    && now.duration_since(before.first_seen) >= SIGHTING_GAP;
                Some(Self {
                    sightings: before.sightings + u32::from(counts),
                    ..before.clone()
                })
            }
        }
    }
}

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
    /// A decision was taken.
    Decision,
    /// A decision was refused.
    Refusal,
    /// A decision came to its end.
    Outcome,
    /// The holder let go.
    Ended,
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
        let what = match self.what {
            EventKind::Seen => "seen",
            EventKind::Notice => "notice",
            EventKind::Decision => "decision",
            EventKind::Refusal => "refusal",
            EventKind::Outcome => "outcome",
            EventKind::Ended => "ended",
        };
        format!(
            "event#{:.6}#{what}#{}",
            self.at,
            self.delivery.as_deref().unwrap_or("sweep")
        )
    }
}

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

/// Timestamps that sort as text: always six digits behind the point.
mod sortable {
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        at: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{at:.6}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        Timestamp::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests;
