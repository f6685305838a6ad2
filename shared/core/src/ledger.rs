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
//!         └───────► back to where it was (not_stale, expiring)
//!      released, partly_released ──► restored ──► deciding | asked | ended
//! ```
//!
//! An entry is a value: a function changes its copy and the ledger takes the copy only if nobody wrote in between
//! (`revision`). The notices that are owed are part of the entry (`unsent`), so a crash between a step and its notice leaves
//! the debt for the next look.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decision::{Action, KEEP_FOR};
use crate::ids::{LockPath, RequestCode};
use crate::item::{Content, Place};
use crate::lock::Lock;
use crate::notice::NoticeKind;
use crate::outcome::{Outcome, OutcomeKind};
use crate::policy::SIGHTINGS_FOR_GHOSTS;
use crate::token::TokenMarks;

mod status;
mod owed;
mod decided;
mod split;
mod events;
mod change;
mod watch;
mod expiry;

pub use self::change::{Change, Delivery};
pub use self::decided::Decided;
pub use self::events::{Channel, Event, EventKind};
pub use self::owed::{LONGEST_PAUSE, NOTICE_LEASE, Told, Unsent};
pub use self::split::SplitSeen;
pub use self::status::{Status, WrongStep};
pub use self::watch::{NewerLocks, WATCH_FOR, Watch, ZombieWrite};

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
    /// From where a release took the lock, whatever looks have seen since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released_from: Vec<Place>,
    /// When it was given to `approve` because a rule releases it. If it is still there at the next look, people are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_tried_at: Option<Timestamp>,
    /// When DynamoDB may delete it, as nobody answered; it is deleted some time after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_exist: Option<Timestamp>,
    /// When it was given to `approve` last because nobody answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry_tried_at: Option<Timestamp>,
    /// When people were told last that its time to exist could not be taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_off_failed_at: Option<Timestamp>,
    /// Its state is watched, since the lock was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
    /// What the watch saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zombie: Option<ZombieWrite>,
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
            released_from: Vec::new(),
            rule_tried_at: None,
            time_to_exist: None,
            expiry_tried_at: None,
            call_off_failed_at: None,
            watch: None,
            zombie: None,
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

    /// Whether a person has decided anything about the lock, or put it back; then no rule goes over their head.
    #[must_use]
    pub fn is_in_hands(&self) -> bool {
        let by_person = |decided: &Decided| decided.channel != Channel::Rule;
        self.restored_at.is_some() || self.decided.as_ref().is_some_and(by_person)
    }

    /// Begins a new life: the same text is there again after its end (a restored backup).
    pub fn live_again(&mut self, lock: &Lock, now: Timestamp) {
        self.forget_questions();
        let first = Self::first_sight(self.code.clone(), lock, now);
        // What is still owed of the life before goes where people were asked in it.
        let told = Told {
            topic: self.told.topic.take(),
            ..Told::default()
        };
        *self = Self {
            revision: self.revision,
            generation: self.generation + 1,
            unsent: std::mem::take(&mut self.unsent),
            told,
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
        self.watch_if_expired(now);
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
        let to = Status::after(outcome.result, from);
        // A lock comes back by `restore` alone, which notes when. One that nobody was asked about cannot be kept.
        // Only what people did not answer about expires.
        let is_wrong = outcome.result == OutcomeKind::Restored
            || (outcome.result == OutcomeKind::Kept && !from.may_be_kept())
            || (outcome.result == OutcomeKind::Expiring && from != Status::Asked);
        if is_wrong || self.status != Status::Deciding || !self.status.may_become(to) {
            return Err(self.wrong_step(to));
        }
        self.status = to;
        if !self.is_unanswered_still(&outcome) {
            self.told.answered();
        }
        if to.is_over() {
            self.ended_at = Some(now);
        }
        if to == Status::Released {
            self.watch = Some(Watch::from(now));
        }
        self.take_note_of_release(to, &outcome);
        self.take_note_of_expiry(&outcome, now);
        if outcome.result == OutcomeKind::Kept {
            self.kept_until = outcome.until;
        }
        if !self.was_told_a_while_ago(&outcome, now) {
            let kind = NoticeKind::of_outcome(outcome.result);
            self.owe(kind, Some(outcome.clone()), now);
        }
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
        self.places = self.every_place();
        self.released_from = Vec::new();
        self.watch = None;
        self.time_to_exist = None;
        // An open page from before the release must not release what was just put back.
        self.tokens.spend_all();
        self.ended_at = None;
        self.restored_at = Some(now);
        self.kept_until = Some(now + KEEP_FOR);
        self.told.answered();
        self.decided = Some(decided);
        self.owe(NoticeKind::Restored, Some(outcome.clone()), now);
        self.outcome = Some(outcome);
        Ok(())
    }

    /// Whether the last decision was about many locks.
    #[must_use]
    pub fn is_decided_with_others(&self) -> bool {
        let decided = self.decided.as_ref();
        decided.is_some_and(|decided| decided.decision.target.storm.is_some())
    }

    /// Whether the last decision was a rule's. What the dead-man's switch decides is nobody's: people must hear of it at once, as
    /// time runs.
    #[must_use]
    pub fn is_decided_by_rule(&self) -> bool {
        let decided = self.decided.as_ref();
        decided.is_some_and(|decided| {
            decided.channel == Channel::Rule && decided.decision.action != Action::Expire
        })
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

    /// Whether nothing has happened to the lock since its last outcome, as far as the ledger knows.
    #[must_use]
    pub fn stands_at_its_outcome(&self) -> bool {
        let decided = self.decided.as_ref();
        self.outcome
            .as_ref()
            .zip(decided)
            .is_some_and(|(outcome, decided)| {
                self.status == Status::after(outcome.result, decided.from)
            })
    }

    /// Where the lock is, and where it was before a release took it from there.
    #[must_use]
    pub fn every_place(&self) -> Vec<Place> {
        let mut places = self.places.clone();
        for gone in &self.released_from {
            if !places.iter().any(|place| place.is_same_slot(gone)) {
                places.push(gone.clone());
            }
        }
        places
    }

    /// Since when the lock has its present life; a decision that is older than that was about the life before.
    #[must_use]
    pub fn alive_since(&self) -> Option<Timestamp> {
        self.restored_at
            .or((self.generation > 1).then_some(self.first_seen))
    }

    /// The decision that was begun and not finished in its time.
    #[must_use]
    pub fn left_half_done(&self, now: Timestamp) -> Option<&Decided> {
        self.begun().filter(|decided| decided.lease_until <= now)
    }

    /// Whether the entry still wants something: the lock is there, its state is watched, or a notice is owed. Such entries are found by the
    /// ledger's index `open`.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.status.is_over()
            || !self.unsent.is_empty()
            || self.restoring.is_some()
            || self.watch.is_some()
    }

    /// A write of the released state was seen that no newer lock explains; people are told, once.
    pub fn saw_zombie(&mut self, zombie: ZombieWrite, now: Timestamp) {
        self.watch = None;
        self.zombie = Some(zombie);
        self.owe(NoticeKind::ZombieWrite, None, now);
    }

    /// When the ledger may forget the entry, epoch seconds: `keep_for` after the lock's end.
    #[must_use]
    pub fn expires_at(&self, keep_for: SignedDuration) -> Option<i64> {
        self.ended_at.map(|ended| (ended + keep_for).as_second())
    }

    /// Whether nobody has answered yet: the dead-man's switch is nobody, unless it says that the lock stays.
    fn is_unanswered_still(&self, outcome: &Outcome) -> bool {
        let decided = self.decided.as_ref().map(|it| it.decision.action);
        decided == Some(Action::Expire) && outcome.result != OutcomeKind::Kept
    }

    /// A release took the whole lock, or the object of a pair; or it was interrupted, and nobody knows about the object.
    fn take_note_of_release(&mut self, to: Status, outcome: &Outcome) {
        let half = to == Status::PartlyReleased || outcome.confirmed == Some(false);
        let is_gone =
            |place: &&Place| to == Status::Released || (half && matches!(place, Place::S3 { .. }));
        for place in self.places.iter().filter(is_gone) {
            if !self
                .released_from
                .iter()
                .any(|gone| gone.is_same_slot(place))
            {
                self.released_from.push(place.clone());
            }
        }
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
