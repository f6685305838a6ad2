//! Gathers what people should know about a holder before they decide. Nothing here can fail a sweep.

use lockwarden_aws::Failure;
use lockwarden_core::evidence::{self, Evidence, Holders, Looked, Run, Writes};
use lockwarden_core::ids::{LockPath, RequestCode};
use lockwarden_core::lock::Lock;

use crate::ports::World;
use crate::sweep::Sweep;

/// How many of a state's latest locks are looked at.
const LATEST: i32 = 20;

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
        let codes = match self.world.codes(path, LATEST).await {
            Ok(codes) => codes,
            Err(failure) => return unknown(&failure),
        };
        match self.world.entries(&codes).await {
            Ok(entries) => Looked::At(evidence::flaps(&entries.found, code, self.world.now())),
            Err(failure) => unknown(&failure),
        }
    }

    async fn state_writes(&self, lock: &Lock) -> Looked<Writes> {
        let Some((bucket, key)) = lock.path.bucket_and_key() else {
            return Looked::Unknown("the path names no bucket".to_owned());
        };
        if !self.settings.common.covers_object(bucket, key) {
            let why = "its bucket is not among the configured STATE_BUCKETS";
            return Looked::Unknown(why.to_owned());
        }
        let created = || lock.info().ok().map(|info| info.created);
        let Some(since) = lock.taken().or_else(created) else {
            return Looked::Unknown("nobody knows since when it is locked".to_owned());
        };
        match self.world.versions(bucket, key, since).await {
            Ok(versions) => Looked::At(Writes::of(&versions)),
            Err(failure) => unknown(&failure),
        }
    }

    pub(crate) async fn run_of(&self, lock: &Lock) -> Looked<Option<Run>> {
        let Some(id) = lock.id() else {
            return Looked::At(None);
        };
        match self.world.run(&id).await {
            Ok(run) => Looked::At(run.map(Run::harmless)),
            Err(failure) => unknown(&failure),
        }
    }

    /// Who holds what, as this sweep and the one before it saw it.
    pub(crate) async fn holders(&self, locks: impl IntoIterator<Item = &Lock>) -> Holders {
        let last_report = self.world.last_report().await;
        let last_report = last_report.unwrap_or_else(|failure| {
            tracing::warn!(%failure, "nobody knows what the last sweep saw");
            None
        });
        let before = last_report.map(|report| report.locks).unwrap_or_default();
        Holders::of(locks, &before)
    }
}

fn unknown<T>(failure: &Failure) -> Looked<T> {
    tracing::warn!(%failure, "a piece of evidence is missing");
    Looked::Unknown(failure.to_string())
}
