//! Publishes what an entry owes.

use lockwarden_core::ledger::{Entry, Event, EventKind};
use lockwarden_core::lock::Lock;
use lockwarden_core::notice::{Notice, NoticeKind};
use lockwarden_core::policy::Judgement;
use lockwarden_core::report::Incomplete;

use crate::ports::World;
use crate::sweep::{Sweep, trouble};

impl<W: World> Sweep<'_, W> {
    /// Publishes the notice that we took upon us, and notes that it went out. Should this fail, the debt stays written down
    /// and is paid when its lease is over.
    pub(crate) async fn tell(
        &self,
        entry: &Entry,
        sight: Option<(&Lock, &Judgement)>,
    ) -> Result<(), Option<Incomplete>> {
        let Some(kind) = entry.unsent.as_ref().map(|unsent| unsent.kind) else {
            return Ok(());
        };
        let Some(notice) = self.notice(kind, entry, sight) else {
            return Ok(());
        };
        self.world
            .publish(&notice)
            .await
            .map_err(|failure| Some(trouble("the notice topic", &failure)))?;
        let mut entry = entry.clone();
        let now = self.world.now();
        entry.sent(kind, now);
        self.save(
            &mut entry,
            Some(Event::new(EventKind::Notice, now, kind.word())),
        )
        .await
    }

    fn notice(
        &self,
        kind: NoticeKind,
        entry: &Entry,
        sight: Option<(&Lock, &Judgement)>,
    ) -> Option<Notice> {
        match (kind, sight, &entry.outcome) {
            (NoticeKind::Ended, _, None) => Some(Notice::ended(entry)),
            (kind, Some((lock, judgement)), _) if kind.asks() => {
                Some(Notice::asking(kind, entry, lock, judgement, self.desk()))
            }
            (kind, _, Some(outcome)) if !kind.asks() => {
                Some(Notice::of_outcome(outcome.clone(), Some(entry)))
            }
            _ => None,
        }
    }
}
