//! Gathers what people should know about a holder before they decide. Nothing here can fail a sweep.

use lockwarden_aws::Failure;
use lockwarden_core::evidence::{self, Evidence, Holders, Looked, Run, Writes};
use lockwarden_core::ids::{LockPath, RequestCode};
use lockwarden_core::lock::Lock;

use crate::ports::World;
use crate::sweep::Sweep;

impl<W: World> Sweep<'_, W> {
    /// The evidence about one lock.
    pub(crate) async fn evidence(
        &self,
        code: &RequestCode,
        lock: &Lock,
        holders: &Holders,
    ) -> Evidence {
        let (state_writes, run, flaps) = futures_util::future::join3(
            self.state_writes(lock),
            self.run_of(lock),
            self.flaps(code, &lock.path),
        )
        .await;
        Evidence {
            state_writes,
            run,
            elsewhere: holders.elsewhere(lock),
            flaps,
        }
    }

    async fn flaps(&self, code: &RequestCode, path: &LockPath) -> Looked<usize> {
        let latest = self.latest_entries(path).await;
        looked(latest.map(|latest| evidence::flaps(&latest, code, self.world.now())))
    }

    async fn state_writes(&self, lock: &Lock) -> Looked<Writes> {
        let Some((bucket, key)) = lock.path.bucket_and_key() else {
            return Looked::Unknown("the path names no bucket".to_owned());
        };
        if !self.settings.common.covers_object(bucket, key) {
            let why = "its bucket is not among the configured STATE_BUCKETS";
            return Looked::Unknown(why.to_owned());
        }
        let Some(since) = lock.since() else {
            return Looked::Unknown("nobody knows since when it is locked".to_owned());
        };
        let versions = self.world.versions(bucket, key, since).await;
        looked(versions.map(|versions| Writes::of(&versions)))
    }

    pub(crate) async fn run_of(&self, lock: &Lock) -> Looked<Option<Run>> {
        let Some(id) = lock.id() else {
            return Looked::At(None);
        };
        let run = self.world.run(&id).await;
        looked(run.map(|run| run.map(Run::harmless)))
    }

    /// Who holds what, as this sweep and the one before it saw it.
    pub(crate) async fn holders(&self, locks: impl IntoIterator<Item = &Lock>) -> Holders {
        let mut locks = locks.into_iter().peekable();
        // Most sweeps see no lock at all.
        if locks.peek().is_none() {
            return Holders::default();
        }
        let last_report = self.world.last_report().await;
        let last_report = last_report.unwrap_or_else(|failure| {
            tracing::warn!(%failure, "nobody knows what the last sweep saw");
            None
        });
        let before = last_report.map(|report| report.locks).unwrap_or_default();
        Holders::of(locks, &before)
    }
}

/// What a look gave. That it failed is said, and fails nothing.
fn looked<T>(look: Result<T, Failure>) -> Looked<T> {
    if let Err(failure) = &look {
        tracing::warn!(%failure, "a piece of evidence is missing");
    }
    Looked::of(look)
}
