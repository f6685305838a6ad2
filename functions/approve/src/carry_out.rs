//! A release, step by step.
//!
//! Every step is a conditional write on what the step before left, so that of many who try one gets on, and a process that
//! dies between two steps leaves enough in the ledger for the next one to go on from there:
//!
//! 1. the decision is in the ledger (`deciding`, with a lease);
//! 2. the digest is read, and the state where that is asked for: before anything is deleted, so that nothing slow stands
//!    between the halves of a pair;
//! 3. the lock object is gone, by its entity tag;
//! 4. the item is gone, by its text, and in the same transaction the outcome is in the ledger (where one transaction
//!    reaches both; else the outcome follows);
//! 5. the notice is out; until then the entry owes it.

use jiff::Timestamp;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::{Deleted, Failure, Kind};
use lockwarden_core::decision::{Action, Decision};
use lockwarden_core::item::Place;
use lockwarden_core::ledger::{Change, Decided, Delivery, Entry, Event, EventKind};
use lockwarden_core::lock::Lock;
use lockwarden_core::metrics;
use lockwarden_core::outcome::{NewHolder, Outcome, OutcomeKind, RecordName};
use lockwarden_core::release::{self, ItemHalf, Refusal, Release, Standing};

use crate::answer::{Approve, log_outcome};
use crate::find::Sight;
use crate::follow::{InHand, Step};
use crate::incoming::Delivered;
use crate::outcomes::{about, busy, changed_hands, decided_by, decision_event, refused, released};
use crate::ports::World;

impl<W: World> Approve<'_, W> {
    /// Goes on with a decision that was left half-done: from what is there now, not from what was there then.
    pub(crate) async fn take_up(&self, mut entry: Entry) -> Result<Step, Failure> {
        let Some((decision, channel)) = entry
            .begun()
            .map(|begun| (begun.decision.clone(), begun.channel))
        else {
            return Ok(Step::Again);
        };
        // As the ledger still has it, should this write meet another.
        let go_on = go_on(&entry);
        entry.take_up(self.world.now());
        match self.world.commit(&Change::of(&entry, Vec::new())).await {
            Ok(()) => entry.revision += 1,
            Err(NotWritten::Outdated) => return Ok(go_on),
            Err(NotWritten::AnsweredBefore) => return Ok(Step::Again),
            Err(NotWritten::Failed(failure)) => return Err(failure),
        }
        if decision.action == Action::Restore {
            return self.take_up_restore(entry).await;
        }
        let sight = match self.look(&entry).await? {
            Ok(sight) => sight,
            Err(why) => {
                let may_have = match decision.action {
                    Action::Release | Action::Restore => "released the lock or half of it",
                    Action::Expire | Action::Keep { .. } => "changed whether the lock expires",
                };
                let why = format!("{why}; an earlier try may have {may_have}");
                let outcome = Outcome {
                    confirmed: Some(false),
                    ..about(&entry, OutcomeKind::Rejected, &decision.by).because(why)
                };
                return self.conclude(entry, outcome).await;
            }
        };
        if matches!(decision.action, Action::Expire | Action::Keep { .. }) {
            return Box::pin(self.take_up_expiry(entry, &decision, &sight)).await;
        }
        if let Some(why) = self.switched_off(decision.action) {
            let outcome = about(&entry, OutcomeKind::Rejected, &decision.by).because(why);
            return self.stop(entry, outcome, &sight.present).await;
        }
        let may_release = self.may_release(channel, &decision, &entry, &sight);
        match may_release.await? {
            Ok(release) => Box::pin(self.carry_out(entry, &release, &sight)).await,
            Err(Refusal::Gone) => self.gone(entry).await,
            Err(Refusal::ChangedHands(holder)) => {
                let object_gone = is_pair(&entry) && our_object_is_gone(&entry, &sight.present);
                self.changed(entry, holder, object_gone).await
            }
            Err(refusal) => {
                let outcome = refused(&entry, &decision, refusal);
                self.stop(entry, outcome, &sight.present).await
            }
        }
    }

    /// Ends a decision that may not go on. If half of a pair is gone by then, that is what has to be told.
    async fn stop(
        &self,
        entry: Entry,
        outcome: Outcome,
        present: &[Lock],
    ) -> Result<Step, Failure> {
        if !is_pair(&entry) || !our_object_is_gone(&entry, present) {
            return self.conclude(entry, outcome).await;
        }
        let why = outcome.why.unwrap_or_default();
        let by_half = half_released(&entry).because(format!(
            "the lock object is gone, and the item stays: {why}"
        ));
        self.conclude(entry, by_half).await
    }

    /// Deletes, half by half: the object first. What the digest says is asked before.
    pub(crate) async fn carry_out(
        &self,
        entry: Entry,
        release: &Release,
        sight: &Sight,
    ) -> Result<Step, Failure> {
        // A half that is missing was deleted by an earlier try, or its holder is just letting go.
        let halves =
            usize::from(release.lock_file().is_some()) + usize::from(release.item().is_some());
        let mut confirmed = halves == entry.places.len();
        let (digest, digest_read) = match release.item() {
            Some(half) => self.digest(&entry, half, &sight.state).await,
            None => (None, None),
        };
        if let Some(half) = release.lock_file() {
            match self.world.delete_lock_file(half).await {
                Ok(Deleted::Yes) => {}
                Ok(Deleted::Gone) => confirmed = false,
                Ok(Deleted::Changed) => return self.changed_meanwhile(entry, false).await,
                Err(failure) => return self.denied(entry, failure, false).await,
            }
        }
        let outcome = Outcome {
            confirmed: Some(confirmed),
            digest,
            digest_read,
            ..released(&entry)
        };
        match release.item() {
            Some(half) => Box::pin(self.delete_item(entry, half, outcome)).await,
            None => self.conclude(entry, outcome).await,
        }
    }

    /// Deletes the item, and writes the outcome with it where one transaction reaches both.
    async fn delete_item(
        &self,
        entry: Entry,
        half: &ItemHalf,
        outcome: Outcome,
    ) -> Result<Step, Failure> {
        let object_gone = is_pair(&entry);
        let Some(table) = self.settings.common.table(half.table()) else {
            // It was read a moment ago, so it is configured.
            return Ok(Step::Again);
        };
        let deleted = if self.settings.common.shares_ledger_region(table) {
            let Some(concluded) = self.concluded(entry.clone(), outcome.clone()) else {
                return Ok(Step::Again);
            };
            let change = concluded.change(Vec::new());
            match self.world.delete_item_and_commit(half, &change).await {
                Ok(Deleted::Yes) => return Ok(self.after_conclusion(concluded).await),
                Ok(other) => Ok(other),
                Err(NotWritten::Outdated) => return Ok(go_on(&entry)),
                Err(NotWritten::AnsweredBefore) => return Ok(Step::Again),
                Err(NotWritten::Failed(failure)) => Err(failure),
            }
        } else {
            self.world.delete_item(table, half).await
        };
        match deleted {
            Ok(Deleted::Yes) => self.conclude(entry, outcome).await,
            Ok(Deleted::Gone) => self.gone(entry).await,
            Ok(Deleted::Changed) => self.changed_meanwhile(entry, object_gone).await,
            Err(failure) => self.denied(entry, failure, object_gone).await,
        }
    }

    /// A delete failed. What a retry can mend is tried again; of anything else a person has to know.
    async fn denied(
        &self,
        entry: Entry,
        failure: Failure,
        object_gone: bool,
    ) -> Result<Step, Failure> {
        if failure.is_transient() {
            return Err(failure);
        }
        let outcome = if object_gone {
            half_released(&entry).because(format!(
                "the lock object is gone, and the item stays: {failure}"
            ))
        } else {
            about(&entry, OutcomeKind::Rejected, &decided_by(&entry)).because(failure.to_string())
        };
        self.conclude(entry, outcome).await
    }

    /// Nothing is there. Where deleting and writing it down are two steps, it may have been us.
    pub(crate) async fn gone(&self, entry: Entry) -> Result<Step, Failure> {
        let in_one_step = entry.places.iter().all(|place| match place {
            Place::S3 { .. } => false,
            Place::Dynamodb { table } => self
                .settings
                .common
                .table(table)
                .is_some_and(|table| self.settings.common.shares_ledger_region(table)),
        });
        // Only a release takes anything away.
        let decided = entry.decided.as_ref().map(|it| it.decision.action);
        let may_be_us = decided == Some(Action::Release) && !in_one_step;
        let outcome = if !may_be_us {
            let by = decided_by(&entry);
            about(&entry, OutcomeKind::AlreadyReleased, &by).because(format!(
                "the lock was gone before the decision could be carried out; {}",
                entry.why_gone(self.world.now())
            ))
        } else {
            Outcome {
                confirmed: Some(false),
                ..released(&entry)
            }
        };
        self.conclude(entry, outcome).await
    }

    /// Between our look and our delete something else took the place. Who?
    pub(crate) async fn changed_meanwhile(
        &self,
        entry: Entry,
        object_gone: bool,
    ) -> Result<Step, Failure> {
        let present = match self.look(&entry).await? {
            Ok(sight) => sight.present,
            Err(why) => {
                let doing = format!("see who took the place of request {}", entry.code);
                return Err(Failure::new(doing, why, Kind::Transient));
            }
        };
        match release::standing(&entry, &present) {
            Standing::ChangedHands(holder) => self.changed(entry, holder, object_gone).await,
            Standing::Gone => self.gone(entry).await,
            Standing::Same(_) => Err(busy(&entry.code)),
        }
    }

    pub(crate) async fn changed(
        &self,
        entry: Entry,
        holder: NewHolder,
        object_gone: bool,
    ) -> Result<Step, Failure> {
        let by = decided_by(&entry);
        let outcome = if object_gone {
            Outcome {
                now_held_by: Some(holder),
                ..half_released(&entry).because(
                    "the lock object is gone, and the item changed before it could be deleted",
                )
            }
        } else {
            changed_hands(&entry, holder, &by)
        };
        self.conclude(entry, outcome).await
    }

    /// Writes decision and outcome at once, for what needs no delete.
    pub(crate) async fn decide_and_conclude(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        mut entry: Entry,
        outcome: Outcome,
    ) -> Result<Step, Failure> {
        if entry
            .decide(self.decided(delivered, decision, &entry))
            .is_err()
        {
            return Ok(Step::Again);
        }
        if decision.action == Action::Release {
            delivered.spend_token(&mut entry);
        }
        let event = decision_event(delivered, decision, self.world.now());
        let Some(concluded) = self.concluded(entry, outcome) else {
            return Ok(Step::Again);
        };
        match self.world.commit(&concluded.change(vec![event])).await {
            Ok(()) => Ok(self.after_conclusion(concluded).await),
            Err(not_written) => self.instead(not_written, delivered).await,
        }
    }

    /// Writes the outcome of the decision that is being carried out.
    pub(crate) async fn conclude(&self, entry: Entry, outcome: Outcome) -> Result<Step, Failure> {
        let Some(concluded) = self.concluded(entry, outcome) else {
            return Ok(Step::Again);
        };
        match self.world.commit(&concluded.change(Vec::new())).await {
            Ok(()) => Ok(self.after_conclusion(concluded).await),
            Err(NotWritten::Outdated) => Ok(go_on(&concluded.entry)),
            // Somebody else came to the end of it first.
            Err(NotWritten::AnsweredBefore) => Ok(Step::Again),
            Err(NotWritten::Failed(failure)) => Err(failure),
        }
    }

    pub(crate) fn concluded(&self, mut entry: Entry, outcome: Outcome) -> Option<Concluded> {
        let now = self.world.now();
        let decided = entry.decided.clone()?;
        let outcome = Outcome {
            by_verified: decided.verified.clone(),
            ..outcome
        };
        entry.conclude(outcome.clone(), now).ok()?;
        Some(Concluded::of(entry, decided, outcome, now))
    }

    pub(crate) async fn after_conclusion(&self, concluded: Concluded) -> Step {
        let Concluded {
            mut entry, answer, ..
        } = concluded;
        entry.revision += 1;
        log_outcome("decision carried out", &answer.outcome, &answer.id);
        match answer.outcome.result {
            OutcomeKind::Released => {
                let line = metrics::line(self.world.now(), &[(metrics::RELEASED, 1)]);
                self.world.metrics(&line);
            }
            OutcomeKind::NotStale | OutcomeKind::Rejected => self.count_rejection(),
            OutcomeKind::AlreadyReleased
            | OutcomeKind::ChangedHands
            | OutcomeKind::Kept
            | OutcomeKind::Restored
            | OutcomeKind::Expiring
            | OutcomeKind::PartlyReleased => {}
        }
        // What came of many is told in one notice; should that not come to pass, the entry still owes its own. What rules released
        // the next sweep tells, of many at once.
        let is_of_rule =
            entry.is_decided_by_rule() && answer.outcome.result == OutcomeKind::Released;
        if !entry.is_decided_with_others() && !is_of_rule {
            self.tell(&entry).await;
        }
        Step::Done(Box::new(answer.outcome))
    }

    /// What is there, and the policy to judge it by.
    ///
    /// # Errors
    /// Where there is no policy.
    pub(crate) async fn as_look<'s>(
        &'s self,
        sight: &'s Sight,
    ) -> Result<release::Look<'s>, Failure> {
        Ok(release::Look {
            policy: self.policy().await?,
            now: self.world.now(),
            present: &sight.present,
            state: &sight.state,
        })
    }
}

/// The decision of this entry is in our hands, and a write met another at the same instant.
pub(crate) fn go_on(entry: &Entry) -> Step {
    let begun = entry.begun().or(entry.decided.as_ref());
    begun.map_or(Step::Again, |begun| Step::GoOn(InHand::of(begun)))
}

/// A decision with its outcome, ready to be written.
pub(crate) struct Concluded {
    pub(crate) entry: Entry,
    event: Event,
    pub(crate) answer: Delivery,
}

impl Concluded {
    /// What came of a decision; the entry is as it stands from now on.
    pub(crate) fn of(entry: Entry, decided: Decided, outcome: Outcome, now: Timestamp) -> Self {
        Self {
            entry,
            event: decided.event(EventKind::Outcome, now, &outcome),
            answer: Delivery {
                id: decided.delivery,
                outcome,
                unsent_until: None,
            },
        }
    }

    /// The one write that holds all of it, behind the events that come before.
    pub(crate) fn change(&self, mut events: Vec<Event>) -> Change<'_> {
        events.push(self.event.clone());
        Change::of(&self.entry, events).answering(self.answer.clone())
    }
}

fn is_object(place: &Place) -> bool {
    matches!(place, Place::S3 { .. })
}

/// The first half of a pair is gone, the second is not ours to delete.
fn half_released(entry: &Entry) -> Outcome {
    let records = entry.places.iter().filter(|place| is_object(place));
    Outcome {
        records: records.map(RecordName::from).collect(),
        ..about(entry, OutcomeKind::PartlyReleased, &decided_by(entry))
    }
}

/// Whether the first half of a pair was deleted, as far as what is there now tells: there is no object, or the item is ours
/// still and the object is another's.
fn our_object_is_gone(entry: &Entry, present: &[Lock]) -> bool {
    let objects = |lock: &&Lock| lock.places.iter().any(is_object);
    let ours = present.iter().filter(|lock| entry.is_about(lock));
    let no_object = !present.iter().any(|lock| objects(&lock));
    let only_item_is_ours = ours.clone().count() > 0 && !ours.clone().any(|lock| objects(&lock));
    no_object || only_item_is_ours
}

/// Whether the lock was in both stores when people were asked about it.
fn is_pair(entry: &Entry) -> bool {
    entry.places.len() > 1
}
