//! Publishes what an entry owes.

use lockwarden_aws::Failure;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{Change, Entry, Event, EventKind};
use lockwarden_core::notice::{Notice, NoticeKind};

use crate::answer::Approve;
use crate::ports::World;

impl<W: World> Approve<'_, W> {
    /// Tells what came of a decision. The entry owes it and we have taken it upon us; should this fail, the debt is
    /// written down and the next sweep pays it, so a decision that was carried out is never reported as failed.
    pub(crate) async fn tell(&self, entry: &Entry) {
        let Some(kind) = entry.unsent.as_ref().map(|unsent| unsent.kind) else {
            return;
        };
        let Some(outcome) = entry.outcome.clone().filter(|_| !kind.asks()) else {
            return;
        };
        let notice = Notice::of_outcome(outcome, Some(entry));
        if let Err(failure) = self.world.publish(&notice).await {
            tracing::warn!(%failure, request = %entry.code, "the next sweep will send this notice");
            return;
        }
        if let Err(failure) = self.note_sent(entry, kind).await {
            tracing::warn!(%failure, request = %entry.code, "this notice may go out twice");
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
        let claimed = entry.claim_unsent(self.world.now());
        if claimed.is_none_or(NoticeKind::asks) {
            return Ok(());
        }
        match self.world.commit(&Change::of(&entry, Vec::new())).await {
            Ok(()) => {
                entry.revision += 1;
                self.tell(&entry).await;
                Ok(())
            }
            Err(NotWritten::Outdated | NotWritten::AnsweredBefore) => Ok(()),
            Err(NotWritten::Failed(failure)) => Err(failure),
        }
    }

    async fn note_sent(&self, entry: &Entry, kind: NoticeKind) -> Result<(), NotWritten> {
        let now = self.world.now();
        let mut entry = entry.clone();
        if !entry.sent(kind, now) {
            return Ok(());
        }
        let event = Event::new(EventKind::Notice, now, kind.word());
        self.world.commit(&Change::of(&entry, vec![event])).await
    }
}
