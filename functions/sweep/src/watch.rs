//! Watches states whose locks were released: their old holders were not stopped by that.

use jiff::Timestamp;
use lockwarden_aws::{Failure, look};
use lockwarden_core::ledger::{Entry, NewerLocks, Watch, ZombieWrite};
use lockwarden_core::lock::Lock;
use lockwarden_core::report::Incomplete;

use crate::ports::World;
use crate::survey::Survey;
use crate::sweep::{Sweep, trouble};

impl<W: World> Sweep<'_, W> {
    /// Looks whether a released state was written; tells it once, if nothing explains it.
    pub(crate) async fn keep_watch(
        &self,
        survey: &Survey,
        entry: &mut Entry,
        watch: Watch,
    ) -> Result<(), Option<Incomplete>> {
        let state = look::state(self.world, &self.settings.common, &entry.path).await;
        let now = self.world.now();
        let zombie = match watch.write_after_release(&state) {
            Some(written_at) => {
                let locks = self
                    .newer_locks(survey, entry, watch)
                    .await
                    .map_err(|failure| Some(trouble("the ledger", &failure)))?;
                watch.judge(written_at, &locks)
            }
            None => None,
        };
        match zombie {
            Some(zombie) => self.tell_of(entry, zombie).await,
            None if watch.until <= now => {
                entry.watch = None;
                self.save(entry, None).await
            }
            None => Ok(()),
        }
    }

    async fn tell_of(
        &self,
        entry: &mut Entry,
        zombie: ZombieWrite,
    ) -> Result<(), Option<Incomplete>> {
        entry.saw_zombie(zombie, self.world.now());
        self.save(entry, None).await?;
        match entry.unsent.last().cloned() {
            Some(unsent) => self.tell(entry, &unsent, None).await,
            None => Ok(()),
        }
    }

    /// Every lock of the state since its release that left a trace: those that are there, those that sweeps saw, and the
    /// lock objects that the bucket remembers.
    async fn newer_locks(
        &self,
        survey: &Survey,
        entry: &Entry,
        watch: Watch,
    ) -> Result<NewerLocks, Failure> {
        let mut newer = NewerLocks::default();
        let there = survey.locks.iter().map(|known| &known.lock);
        let of_state = there.filter(|lock| lock.path == entry.path);
        newer.taken.extend(of_state.map(since_when));
        let seen = self.latest_entries(&entry.path).await?;
        let later = seen
            .iter()
            .filter(|seen| seen.code != entry.code && seen.first_seen >= watch.since);
        // First seen after the release, so taken after it, whenever its holder began to wait.
        newer
            .taken
            .extend(later.map(|seen| since_when(&seen.lock())));
        if let Some((bucket, key)) = entry.path.lock_file()
            && self.settings.common.covers_object(&bucket, &key)
        {
            match self.world.versions(&bucket, &key, watch.since).await {
                Ok(versions) => {
                    newer.are_all =
                        versions.are_kept && versions.are_all && entry.had_lock_object();
                    newer.taken.extend(versions.written);
                }
                // What it could have explained is told as less sure; a sweep does not fail for it.
                Err(failure) => {
                    tracing::warn!(%failure, "nobody knows the lock objects that came and went");
                }
            }
        }
        Ok(newer)
    }
}

/// When a lock was taken, or asked for by its holder's clock. One that cannot be understood has been there for ever: it must
/// not make a write look unexplained.
fn since_when(lock: &Lock) -> Timestamp {
    lock.since().unwrap_or(Timestamp::MIN)
}
