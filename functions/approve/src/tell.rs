//! Publishes what an entry owes.

use lockwarden_aws::Failure;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::own_topic::{self, Published};
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
        let published = match self.publish(notice).await {
            Ok(published) => published,
            Err(failure) => {
                tracing::warn!(%failure, request = %entry.code, "the next sweep will send this notice");
                return;
            }
        };
        if let Err(failure) = self.note_sent(&entry, unsent, published).await {
            tracing::warn!(%failure, request = %entry.code, "this notice may go out twice");
        }
    }

    async fn note_sent(
        &self,
        entry: &Entry,
        unsent: &Unsent,
        published: Published,
    ) -> Result<(), NotWritten> {
        let now = self.world.now();
        let mut entry = entry.clone();
        if !entry.sent(unsent, published.topic.as_ref(), now) {
            return Ok(());
        }
        let event = Event::new(EventKind::Notice, now, unsent.kind.word());
        let change = Change::of(&entry, vec![event]).publishing(published.message_id);
        self.world.commit(&change).await
    }

    /// Publishes a notice where people were asked about its lock.
    pub(crate) async fn publish(&self, notice: Notice) -> Result<Published, Failure> {
        let publish = async |notice: &Notice| self.world.publish(notice).await;
        let published = own_topic::publish(notice, publish).await?;
        if let Some((topic, failure)) = &published.refused {
            tracing::warn!(%failure, topic = topic.as_str(), "a topic of a rule takes no notice; the notice topic has it");
        }
        Ok(published)
    }
}
