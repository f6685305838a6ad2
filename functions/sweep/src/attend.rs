//! One lock: judge it, take note of it, see whether people are to be asked about it.

use lockwarden_aws::look;
use lockwarden_core::ledger::{Change, Entry, Event, EventKind, Status};
use lockwarden_core::lock::Lock;
use lockwarden_core::notice::NoticeKind;
use lockwarden_core::policy::{
    self, Judgement, SIGHTINGS_FOR_GHOSTS, Sighting, StateObject, Verdict,
};
use lockwarden_core::report::{Incomplete, ReportedLock};

use crate::ask::{Asking, Question};
use crate::by_rule::Turn;
use crate::ports::World;
use crate::survey::KnownLock;
use crate::sweep::{Sweep, out_of_time, write_trouble};

/// A lock as it is judged.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) lock: &'a Lock,
    pub(crate) judgement: &'a Judgement,
}

/// What came of a lock.
#[derive(Debug, Default)]
pub(crate) struct Attended {
    /// The lock as the report tells it; `None` where it turned out to be gone.
    pub(crate) reported: Option<ReportedLock>,
    /// What people are to be asked about it. Nothing of that is written yet.
    pub(crate) question: Option<Question>,
    /// Whether it was given to `approve` because a rule releases it.
    pub(crate) by_rule: bool,
    /// What could not be done.
    pub(crate) trouble: Option<Incomplete>,
}

impl<W: World> Sweep<'_, W> {
    /// Looks after one lock that was listed.
    pub(crate) async fn attend(&self, known: &KnownLock) -> Attended {
        if !self.has_time() {
            return Attended {
                trouble: Some(out_of_time()),
                ..self.only_report(known)
            };
        }
        if !known.ledger_answers {
            return self.only_report(known);
        }
        let mut attended = Attended::default();
        if let Err(trouble) = self.look_after(known, &mut attended).await {
            attended.trouble = trouble;
        }
        attended
    }

    /// Without the ledger nobody knows since when a lock is seen and who was asked: it is reported and left at that.
    fn only_report(&self, known: &KnownLock) -> Attended {
        let now = self.world.now();
        let entry = Entry::first_sight(known.code.clone(), &known.lock, now);
        let entry = known.entry.as_ref().unwrap_or(&entry);
        let state = StateObject::Unknown("not looked at".to_owned());
        let judgement = self.judge_with(&known.lock, entry, &state);
        Attended {
            reported: Some(ReportedLock::of(
                known.code.clone(),
                &known.lock,
                &judgement,
            )),
            ..Attended::default()
        }
    }

    async fn look_after(
        &self,
        known: &KnownLock,
        attended: &mut Attended,
    ) -> Result<(), Option<Incomplete>> {
        let lock = &known.lock;
        let now = self.world.now();
        if let Some(entry) = known
            .entry
            .as_ref()
            .filter(|entry| entry.restoring.is_some())
        {
            // Approve is just putting it back, and a new life must not begin under its hands.
            attended.reported = self.only_report(known).reported;
            if entry.left_half_done(now).is_some() {
                attended.trouble = self.hand_over(&entry.code).await;
            }
            return Ok(());
        }
        let (mut entry, begins) = match &known.entry {
            None => {
                let entry = Entry::first_sight(known.code.clone(), lock, now);
                (entry, Some("first sight"))
            }
            Some(over) if over.status.is_over() => {
                if !self.is_back(over).await? {
                    return Ok(());
                }
                let mut entry = over.clone();
                entry.live_again(lock, now);
                (entry, Some("the same record is there again after its end"))
            }
            Some(entry) => (entry.clone(), None),
        };
        let mut is_changed = entry.see(lock, now);
        let judgement = self.judge(lock, &entry).await;
        // Before anything is written: the lock is there, whatever becomes of the ledger.
        attended.reported = Some(ReportedLock::of(entry.code.clone(), lock, &judgement));
        if let Some(how) = begins {
            let event = Event::new(EventKind::Seen, now, how);
            self.save(&mut entry, Some(event)).await?;
            is_changed = false;
        }
        if entry.status == Status::Deciding {
            // Approve has it, and a write of ours would stand in its way.
            if entry.left_half_done(self.world.now()).is_some() {
                attended.trouble = self.hand_over(&entry.code).await;
            }
            return Ok(());
        }
        // An earlier sweep, or approve, took these notices upon itself and did not come back.
        while let Some(unsent) = entry.claim_unsent_answer(self.world.now()) {
            self.save(&mut entry, None).await?;
            self.tell(&mut entry, &unsent, None).await?;
            is_changed = false;
        }
        let about = About {
            lock,
            judgement: &judgement,
        };
        // Before any question: the lock may be gone by the time that one is answered.
        if let Some(why) = self.why_call_off(about, &entry).await {
            attended.trouble = self.give_to_call_off(&mut entry, &why).await?;
            if attended.trouble.is_none() {
                return Ok(());
            }
            is_changed = false;
        }
        if judgement.verdict != Verdict::Ignored && entry.owes_untaken(self.world.now()) {
            attended.question = Some(Question::of(Asking::Owed, entry, lock, judgement));
            return Ok(());
        }
        let turn = if attended.trouble.is_some() {
            // Approve did not take it a moment ago.
            Turn::People
        } else {
            self.turn(about, &entry).await
        };
        if turn == Turn::Rule {
            attended.trouble = self.give_to_rule(&mut entry, &judgement.rule).await?;
            attended.by_rule = attended.trouble.is_none();
            return Ok(());
        }
        if turn == Turn::People && self.is_to_expire(about, &entry).await {
            attended.trouble = self.give_to_expire(&mut entry).await?;
            return Ok(());
        }
        if turn == Turn::People
            && let Some(kind) = self.what_to_ask(lock, &entry, &judgement)
        {
            attended.question = Some(Question::of(Asking::Anew(kind), entry, lock, judgement));
        } else if is_changed {
            self.save(&mut entry, None).await?;
        }
        Ok(())
    }

    /// A lock whose entry is over: either the list is older than the end, or the very same record is there again.
    async fn is_back(&self, over: &Entry) -> Result<bool, Option<Incomplete>> {
        let present = self.present(over).await?.unwrap_or_default();
        // Not `standing`: the lock may be back, or left, beside another one that took half of its place.
        Ok(present.iter().any(|there| over.is_about(there)))
    }

    /// Writes the entry. `Err(None)`: somebody else wrote it meanwhile and looks after it.
    pub(crate) async fn save(
        &self,
        entry: &mut Entry,
        event: Option<Event>,
    ) -> Result<(), Option<Incomplete>> {
        let change = Change::of(entry, event.into_iter().collect());
        self.world.commit(&change).await.map_err(write_trouble)?;
        entry.revision += 1;
        Ok(())
    }

    async fn judge(&self, lock: &Lock, entry: &Entry) -> Judgement {
        let now = self.world.now();
        let state = if policy::wants_state(self.policy, now, lock, entry.first_seen) {
            look::state(self.world, &self.settings.common, &lock.path).await
        } else {
            StateObject::Unknown("not looked at, since the lock is young".to_owned())
        };
        self.judge_with(lock, entry, &state)
    }

    fn judge_with(&self, lock: &Lock, entry: &Entry, state: &StateObject) -> Judgement {
        let sighting = Sighting {
            lock,
            first_seen: entry.first_seen,
            split_sightings: entry.split_sightings(),
            state,
        };
        policy::judge(self.policy, self.world.now(), &sighting)
    }

    /// Which notice a lock wants now, if any.
    fn what_to_ask(&self, lock: &Lock, entry: &Entry, judgement: &Judgement) -> Option<NoticeKind> {
        let kind = self.kind_of(lock, entry, judgement)?;
        match entry.status {
            Status::Seen => Some(kind),
            // The worst news does not wait for the next reminder.
            Status::Asked | Status::Kept | Status::Restored | Status::PartlyReleased
                if kind == NoticeKind::SplitLock && !entry.told.of_split =>
            {
                Some(kind)
            }
            Status::Asked | Status::Kept | Status::Restored | Status::PartlyReleased => entry
                .wants_reminder(self.world.now(), judgement.terms.remind_every)
                .then_some(if entry.told.count == 0 {
                    kind
                } else {
                    NoticeKind::Reminder
                }),
            Status::Deciding
            | Status::Released
            | Status::ChangedHands
            | Status::AlreadyReleased
            | Status::Ended => None,
        }
    }

    /// What people are asked about, from the verdict.
    fn kind_of(&self, lock: &Lock, entry: &Entry, judgement: &Judgement) -> Option<NoticeKind> {
        let seen_enough = entry.sightings >= SIGHTINGS_FOR_GHOSTS;
        match judgement.verdict {
            // The other side may be a client that just loses: it takes and leaves the lock object. The next look tells.
            Verdict::Stale if !lock.rivals.is_empty() => None,
            Verdict::Stale => Some(NoticeKind::StaleLock),
            Verdict::Unreadable => {
                (lock.has_item() || seen_enough).then_some(NoticeKind::UnreadableLock)
            }
            Verdict::Split => leads_split(lock).then_some(NoticeKind::SplitLock),
            Verdict::Skewed => (judgement.held.at_least >= judgement.terms.stale_after)
                .then_some(NoticeKind::UnreadableLock),
            Verdict::Alive | Verdict::Held | Verdict::Ignored => None,
        }
    }
}

/// One notice for a split: the item's, unless it cannot be understood; then that is told on its own, and the object leads.
fn leads_split(lock: &Lock) -> bool {
    lock.has_item()
        || !lock
            .rivals
            .iter()
            .any(|rival| lock.beside(rival).info().is_ok())
}
