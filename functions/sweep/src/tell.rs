//! Publishes what an entry owes.

use lockwarden_core::evidence::Evidence;
use lockwarden_core::ledger::{Change, Entry, Event, EventKind, Unsent};
use lockwarden_core::lock::Lock;
use lockwarden_core::notice::{Notice, NoticeKind};
use lockwarden_core::policy::Judgement;
use lockwarden_core::report::Incomplete;

use crate::ports::World;
use crate::sweep::{Sweep, trouble, write_trouble};

/// What a notice that asks is about.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) lock: &'a Lock,
    pub(crate) judgement: &'a Judgement,
    /// What else is known of its holder.
    pub(crate) evidence: &'a Evidence,
    /// The link to the approval page.
    pub(crate) link: Option<&'a str>,
}

impl<W: World> Sweep<'_, W> {
    /// Publishes the notice that we took upon us, and notes that it went out. Should this fail, the debt stays written down
    /// and is paid when its lease is over.
    pub(crate) async fn tell(
        &self,
        entry: &mut Entry,
        unsent: &Unsent,
        sight: Option<Sight<'_>>,
    ) -> Result<(), Option<Incomplete>> {
        let Some(notice) = self.notice(unsent, entry, sight) else {
            return Ok(());
        };
        let message_id = self
            .world
            .publish(&notice)
            .await
            .map_err(|failure| Some(trouble("the notice topic", &failure)))?;
        let now = self.world.now();
        entry.sent(unsent, now);
        let event = Event::new(EventKind::Notice, now, unsent.kind.word());
        let change = Change::of(entry, vec![event]).publishing(message_id);
        self.world.commit(&change).await.map_err(write_trouble)?;
        entry.revision += 1;
        Ok(())
    }

    fn notice(&self, unsent: &Unsent, entry: &Entry, sight: Option<Sight<'_>>) -> Option<Notice> {
        match (unsent.kind, sight, &unsent.outcome) {
            (_, _, Some(outcome)) => Some(Notice::of_outcome(outcome.clone(), Some(entry))),
            (NoticeKind::Ended, _, None) => Some(Notice::ended(entry)),
            (NoticeKind::ZombieWrite, _, None) => Notice::of_zombie(entry),
            (kind, Some(sight), None) if kind.asks() => {
                let desk = self.desk(sight.link);
                let (lock, judgement) = (sight.lock, sight.judgement);
                let notice = Notice::asking(kind, entry, lock, judgement, desk);
                Some(notice.showing(sight.evidence.clone()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
