//! Publishes what an entry owes.

use lockwarden_core::ledger::{Entry, Event, EventKind, Unsent};
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
        entry: &mut Entry,
        unsent: &Unsent,
        sight: Option<(&Lock, &Judgement)>,
    ) -> Result<(), Option<Incomplete>> {
        let Some(notice) = self.notice(unsent, entry, sight) else {
            return Ok(());
        };
        self.world
            .publish(&notice)
            .await
            .map_err(|failure| Some(trouble("the notice topic", &failure)))?;
        let now = self.world.now();
        entry.sent(unsent, now);
        let event = Event::new(EventKind::Notice, now, unsent.kind.word());
        self.save(entry, Some(event)).await
    }

    fn notice(
        &self,
        unsent: &Unsent,
        entry: &Entry,
        sight: Option<(&Lock, &Judgement)>,
    ) -> Option<Notice> {
        match (unsent.kind, sight, &unsent.outcome) {
            (_, _, Some(outcome)) => Some(Notice::of_outcome(outcome.clone(), Some(entry))),
            (NoticeKind::Ended, _, None) => Some(Notice::ended(entry)),
            (kind, Some((lock, judgement)), None) if kind.asks() => {
                Some(Notice::asking(kind, entry, lock, judgement, self.desk()))
            }
            _ => None,
        }
    }
}
