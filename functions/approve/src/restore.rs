//! Undoing a release: the exact record goes back, where nothing holds the state now.
//!
//! As with a release the decision is written down first, so that a restore that was interrupted is gone on with, by its next
//! delivery or by the sweep's hand-over, and never leaves half a lock that nobody knows of.

use jiff::Timestamp;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::{Failure, Kind};
use lockwarden_core::decision::Decision;
use lockwarden_core::ledger::{
    Change, Channel, DECISION_LEASE, Decided, Delivery, Entry, EventKind, NOTICE_LEASE,
};
use lockwarden_core::lock::Lock;
use lockwarden_core::outcome::{Outcome, OutcomeKind, RecordName};
use lockwarden_core::release::{self, Standing};
use lockwarden_core::restore::{self, ItemToPut, NotRestored, Restore};

use crate::answer::{Approve, log_outcome};
use crate::carry_out::{Concluded, go_on};
use crate::follow::Step;
use crate::incoming::Delivered;
use crate::outcomes::{about, begun_by, not_restored};
use crate::ports::World;

impl<W: World> Approve<'_, W> {
    /// Decides about a restore.
    pub(crate) async fn restore(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        mut entry: Entry,
    ) -> Result<Step, Failure> {
        let rejected = |entry: &Entry, why: &str| {
            about(entry, OutcomeKind::Rejected, &decision.by).because(why)
        };
        let sent_before = |ended: Timestamp| delivered.sent_at.is_some_and(|sent| sent < ended);
        if entry.ended_at.is_some_and(sent_before) {
            let why = "the decision is older than the release that it would undo";
            return self.refuse(delivered, &entry, rejected(&entry, why)).await;
        }
        let sight = match self.look(&entry).await? {
            Ok(sight) => sight,
            Err(why) => {
                return self.refuse(delivered, &entry, rejected(&entry, &why)).await;
            }
        };
        let restore = match restore::decide(&entry, &sight.present) {
            Ok(restore) => restore,
            // What looks like another's hand may be another restore that began between our reading and our look.
            Err(_) if self.has_moved_on(&entry).await? => return Ok(Step::Again),
            Err(NotRestored::NotReleased) if is_there(&entry, &sight.present) => {
                let why = "the lock is there already, so there is nothing to put back";
                return self.refuse(delivered, &entry, rejected(&entry, why)).await;
            }
            Err(refusal) => {
                let outcome = not_restored(&entry, &decision.by, refusal);
                return self.refuse(delivered, &entry, outcome).await;
            }
        };
        if entry
            .begin_restore(self.decided(delivered, decision, &entry))
            .is_err()
        {
            return Ok(Step::Again);
        }
        if let Some(instead) = self.write_down(delivered, decision, &mut entry).await? {
            return Ok(instead);
        }
        self.put_back(entry, &restore, Try::First).await
    }

    async fn has_moved_on(&self, entry: &Entry) -> Result<bool, Failure> {
        let now = self.world.entry(&entry.code).await?;
        Ok(now.is_none_or(|now| now.revision != entry.revision))
    }

    /// Goes on with a restore that was left half-done, from what is there now.
    pub(crate) async fn take_up_restore(&self, entry: Entry) -> Result<Step, Failure> {
        let sight = match self.look(&entry).await? {
            Ok(sight) => sight,
            Err(why) => {
                let why =
                    format!("{why}; the lock, or a half of it, may have been put back before that");
                let outcome = Outcome {
                    confirmed: Some(false),
                    ..about(&entry, OutcomeKind::Rejected, &begun_by(&entry)).because(why)
                };
                return self.give_up(entry, outcome).await;
            }
        };
        match restore::decide(&entry, &sight.present) {
            Ok(restore) => self.put_back(entry, &restore, Try::First).await,
            Err(refusal) => self.in_vain(entry, &sight.present, refusal).await,
        }
    }

    /// The object first, as Terraform takes a lock; then the item, together with the outcome where one transaction reaches
    /// both.
    async fn put_back(&self, entry: Entry, restore: &Restore, which: Try) -> Result<Step, Failure> {
        if let Some(file) = restore.lock_file() {
            match self.world.put_lock_file(file).await {
                Ok(Some(_)) => {}
                // Somebody holds the state now, or it is our own write whose answer got lost: look again.
                Ok(None) => return Ok(go_on(&entry)),
                Err(failure) => return self.not_put(entry, failure).await,
            }
        }
        let Some(restored) = self.restored(entry.clone()) else {
            return Ok(Step::Again);
        };
        let change = restored.change(Vec::new());
        let put = match restore.item() {
            None => self.world.commit(&change).await.map(|()| true),
            Some(item) => self.put_item(item, &change).await,
        };
        match put {
            Ok(true) => Ok(self.after_restore(restored).await),
            Ok(false) => Box::pin(self.place_was_taken(entry, which)).await,
            Err(NotWritten::Outdated) => Ok(go_on(&entry)),
            Err(NotWritten::AnsweredBefore) => Ok(Step::Again),
            Err(NotWritten::Failed(failure)) => self.not_put(entry, failure).await,
        }
    }

    /// The item's place was not free. A lock there is seen by the next look, and so is our own write whose answer got lost.
    /// A holder who was there for a moment has left, so it is tried once more. What no look takes for a lock, such as a row that
    /// somebody made by hand, would be in the way for ever.
    async fn place_was_taken(&self, entry: Entry, which: Try) -> Result<Step, Failure> {
        let present = self.look_once_more(&entry).await?;
        let restore = match restore::decide(&entry, &present) {
            Ok(restore) => restore,
            Err(refusal) => return self.in_vain(entry, &present, refusal).await,
        };
        if restore.item().is_none() {
            return Ok(go_on(&entry));
        }
        match which {
            Try::First => return self.put_back(entry, &restore, Try::Last).await,
            Try::Last => {}
        }
        self.take_back(&entry, &present).await?;
        let why = "an item that is no lock stands in the lock's place in the table, so nothing was put back; look at it first";
        let outcome = about(&entry, OutcomeKind::Rejected, &begun_by(&entry)).because(why);
        self.give_up(entry, outcome).await
    }

    /// What is there in the midst of a restore. Without knowing that, it cannot be ended.
    async fn look_once_more(&self, entry: &Entry) -> Result<Vec<Lock>, Failure> {
        self.look(entry)
            .await?
            .map(|sight| sight.present)
            .map_err(|why| {
                let doing = format!("see what is left of the restore of request {}", entry.code);
                Failure::new(doing, why, Kind::Transient)
            })
    }

    /// Writes the item and then the ledger, or both at once. Says whether the place was free.
    async fn put_item(&self, item: &ItemToPut, change: &Change<'_>) -> Result<bool, NotWritten> {
        let Some(table) = self.settings.common.table(item.table()) else {
            // The look has read it, so it is configured.
            return Err(NotWritten::Outdated);
        };
        if self.settings.common.shares_ledger_region(table) {
            return self.world.put_item_and_commit(item, change).await;
        }
        if !self.world.put_item(table, item).await? {
            return Ok(false);
        }
        self.world.commit(change).await.map(|()| true)
    }

    /// A write failed. What a retry can mend is tried again; of anything else a person has to know.
    async fn not_put(&self, entry: Entry, failure: Failure) -> Result<Step, Failure> {
        if failure.is_transient() {
            return Err(failure);
        }
        let outcome =
            about(&entry, OutcomeKind::Rejected, &begun_by(&entry)).because(failure.to_string());
        let present = self.look_once_more(&entry).await?;
        self.take_back(&entry, &present).await?;
        self.give_up(entry, outcome).await
    }

    /// Somebody holds the state, or the lock is not what was released.
    async fn in_vain(
        &self,
        entry: Entry,
        present: &[Lock],
        refusal: NotRestored,
    ) -> Result<Step, Failure> {
        self.take_back(&entry, present).await?;
        let outcome = not_restored(&entry, &begun_by(&entry), refusal);
        self.give_up(entry, outcome).await
    }

    /// Takes away an object that this restore has put back.
    async fn take_back(&self, entry: &Entry, present: &[Lock]) -> Result<(), Failure> {
        if let Some(half) = restore::left_over(entry, present) {
            let deleted = self.world.delete_lock_file(&half).await?;
            tracing::warn!(
                ?deleted,
                request = %entry.code,
                "a lock object that was put back was taken away again"
            );
        }
        Ok(())
    }

    /// Ends a restore that comes to nothing: the lock stays released.
    async fn give_up(&self, mut entry: Entry, outcome: Outcome) -> Result<Step, Failure> {
        let Some(begun) = entry.restoring.clone() else {
            return Ok(Step::Again);
        };
        let now = self.world.now();
        let outcome = Outcome {
            by_verified: begun.verified.clone(),
            ..outcome
        };
        let answer = Delivery {
            id: begun.delivery.clone(),
            outcome: outcome.clone(),
            unsent_until: is_unheard(&begun, now).then_some(now + NOTICE_LEASE),
        };
        let go_on = go_on(&entry);
        entry.give_up_restore();
        let event = begun.event(EventKind::Refusal, now, &outcome);
        let change = Change::of(&entry, vec![event]).answering(answer.clone());
        match self.world.commit(&change).await {
            Ok(()) => {
                self.count_rejection();
                if answer.unsent_until.is_some() {
                    self.publish_answer(&answer).await?;
                }
                Ok(Step::Done(Box::new(outcome)))
            }
            Err(NotWritten::Outdated) => Ok(go_on),
            Err(NotWritten::AnsweredBefore) => Ok(Step::Again),
            Err(NotWritten::Failed(failure)) => Err(failure),
        }
    }

    fn restored(&self, mut entry: Entry) -> Option<Concluded> {
        let begun = entry.restoring.clone()?;
        let now = self.world.now();
        let outcome = Outcome {
            by_verified: begun.verified.clone(),
            records: entry.every_place().iter().map(RecordName::from).collect(),
            ..about(&entry, OutcomeKind::Restored, &begun.decision.by)
        };
        entry.restore(outcome.clone(), now).ok()?;
        Some(Concluded::of(entry, begun, outcome, now))
    }

    async fn after_restore(&self, restored: Concluded) -> Step {
        let Concluded {
            mut entry, answer, ..
        } = restored;
        entry.revision += 1;
        log_outcome("lock put back", &answer.outcome, &answer.id);
        self.tell(&entry).await;
        Step::Done(Box::new(answer.outcome))
    }
}

/// Which try to write the item it is, for the same look at what is there.
#[derive(Clone, Copy)]
enum Try {
    First,
    Last,
}

/// Whether nobody sees the answer to a decision unless a notice tells it. Who decided on the page sees it there, unless the
/// request ended before the answer came.
fn is_unheard(begun: &Decided, now: Timestamp) -> bool {
    begun.channel != Channel::Page || now.duration_since(begun.at) >= DECISION_LEASE
}

fn is_there(entry: &Entry, present: &[Lock]) -> bool {
    matches!(release::standing(entry, present), Standing::Same(_))
}
