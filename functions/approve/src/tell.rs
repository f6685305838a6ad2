//! Publishes what an entry owes.

use lockwarden_aws::Failure;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{Change, Entry, Event, EventKind, Unsent};
use lockwarden_core::notice::Notice;

use crate::answer::Approve;
use crate::ports::World;

impl<W: World> Approve<'_, W> {
    /// Tells what came of a decision. The entry owes it and we have taken it upon us; should this fail, the debt is
    /// written down and the next sweep pays it, so a decision that was carried out is never reported as failed.
    pub(crate) async fn tell(&self, entry: &Entry) {
        if let Some(unsent) = entry.unsent.last() {
            self.tell_one(entry.clone(), unsent).await;
        }
    }

    /// Tells what an earlier try left untold, if nobody else is at it.
    pub(crate) async fn tell_owed(&self, code: &RequestCode) {
        if let Err(failure) = self.claim_and_tell(code).await {
            tracing::warn!(%failure, request = %code, "the next sweep will look after this notice");
        }
    }

    async fn claim_and_tell(&self, code: &RequestCode) -> Result<(), Failure> {
        let Some(mut entry) = self.world.entry(code).await? else {
            return Ok(());
        };
        // Questions are for the sweep to ask.
        let claimed = entry.claim_unsent(self.world.now());
        let Some(unsent) = claimed.filter(|unsent| unsent.outcome.is_some()) else {
            return Ok(());
        };
        match self.world.commit(&Change::of(&entry, Vec::new())).await {
            Ok(()) => {
                entry.revision += 1;
                self.tell_one(entry, &unsent).await;
                Ok(())
            }
            Err(NotWritten::Outdated | NotWritten::AnsweredBefore) => Ok(()),
            Err(NotWritten::Failed(failure)) => Err(failure),
        }
    }

    async fn tell_one(&self, entry: Entry, unsent: &Unsent) {
        let Some(outcome) = unsent.outcome.clone() else {
            return;
        };
        let notice = Notice::of_outcome(outcome, Some(&entry));
        let message_id = match self.world.publish(&notice).await {
            Ok(message_id) => message_id,
            Err(failure) => {
                tracing::warn!(%failure, request = %entry.code, "the next sweep will send this notice");
                return;
            }
        };
        if let Err(failure) = self.note_sent(&entry, unsent, message_id).await {
            tracing::warn!(%failure, request = %entry.code, "this notice may go out twice");
        }
    }

    async fn note_sent(
        &self,
        entry: &Entry,
        unsent: &Unsent,
        message_id: String,
    ) -> Result<(), NotWritten> {
        let now = self.world.now();
        let mut entry = entry.clone();
        if !entry.sent(unsent, now) {
            return Ok(());
        }
        let event = Event::new(EventKind::Notice, now, unsent.kind.word());
        let change = Change::of(&entry, vec![event]).publishing(message_id);
        self.world.commit(&change).await
    }
}
