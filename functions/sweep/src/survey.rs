//! Lists every store, and puts the records together into locks with what the ledger knows of each.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use lockwarden_aws::{Failure, Listing};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::item::{Place, Record};
use lockwarden_core::ledger::Entry;
use lockwarden_core::lock::{self, Lock};
use lockwarden_core::report::{Incomplete, StoreCount, SweepReport};

use crate::ports::World;
use crate::sweep::{Sweep, trouble};

/// What is there.
pub(crate) struct Survey {
    /// Every lock with its code and its entry.
    pub(crate) locks: Vec<KnownLock>,
    /// The tables that were read to the end.
    whole_tables: BTreeSet<String>,
    /// The buckets that were read to the end, with the prefix that was looked at.
    whole_buckets: Vec<(String, String)>,
    /// Whether the ledger could be read.
    pub(crate) ledger_answers: bool,
}

/// A lock with what the ledger knows of it.
pub(crate) struct KnownLock {
    pub(crate) lock: Lock,
    pub(crate) code: RequestCode,
    /// `None`: never seen before.
    pub(crate) entry: Option<Entry>,
    /// Whether the ledger could be asked at all.
    pub(crate) ledger_answers: bool,
}

impl Survey {
    /// Whether a place was looked at, so that a lock that was not seen there was not there.
    pub(crate) fn looked_at(&self, place: &Place) -> bool {
        match place {
            Place::Dynamodb { table } => self.whole_tables.contains(table),
            Place::S3 { bucket, key, .. } => self
                .whole_buckets
                .iter()
                .any(|(whole, prefix)| whole == bucket && key.starts_with(prefix.as_str())),
        }
    }
}

impl<W: World> Sweep<'_, W> {
    /// Lists all stores side by side; one that fails does not stop the others.
    pub(crate) async fn survey(&self, report: &mut SweepReport) -> Survey {
        let common = &self.settings.common;
        let tables = join_all(
            common
                .tables
                .iter()
                .map(|table| self.world.list_table(table)),
        );
        let buckets = join_all(
            common
                .buckets
                .iter()
                .map(|bucket| self.world.list_bucket(bucket)),
        );
        let (tables, buckets) = futures_util::future::join(tables, buckets).await;
        let mut survey = Survey {
            locks: Vec::new(),
            whole_tables: BTreeSet::new(),
            whole_buckets: Vec::new(),
            ledger_answers: true,
        };
        let mut records = Vec::new();
        for (table, listing) in common.tables.iter().zip(tables) {
            if take(
                listing,
                format!("table {}", table.name),
                &mut records,
                report,
            ) {
                survey.whole_tables.insert(table.name.clone());
            }
        }
        for (bucket, listing) in common.buckets.iter().zip(buckets) {
            if take(
                listing,
                format!("bucket {}", bucket.name),
                &mut records,
                report,
            ) {
                let looked_at = (bucket.name.clone(), bucket.prefix.clone());
                survey.whole_buckets.push(looked_at);
            }
        }
        let locks = lock::gather(records);
        match self.with_entries(&locks, &mut report.incomplete).await {
            Ok(known) => survey.locks = known,
            Err(failure) => {
                report.incomplete.push(trouble("the ledger", &failure));
                survey.ledger_answers = false;
                survey.locks = locks
                    .into_iter()
                    .map(|lock| {
                        let code = lock.code(0);
                        unknown(lock, code)
                    })
                    .collect();
            }
        }
        survey
    }

    /// Gives each lock its code and its entry. Where another lock has the code, it is extended until one is free.
    pub(crate) async fn with_entries(
        &self,
        locks: &[Lock],
        incomplete: &mut Vec<Incomplete>,
    ) -> Result<Vec<KnownLock>, Failure> {
        let mut known = Vec::with_capacity(locks.len());
        let mut taken: BTreeSet<RequestCode> = BTreeSet::new();
        let mut left: Vec<&Lock> = locks.iter().collect();
        let mut extensions = 0;
        while !left.is_empty() {
            let codes: BTreeSet<RequestCode> =
                left.iter().map(|lock| lock.code(extensions)).collect();
            let codes: Vec<RequestCode> = codes.into_iter().collect();
            let read = self.world.entries(&codes).await?;
            let unreadable: BTreeMap<RequestCode, Failure> = read.unreadable.into_iter().collect();
            let failures = unreadable.values();
            incomplete.extend(failures.map(|failure| trouble("the ledger", failure)));
            let entries = read.found.into_iter();
            let entries: BTreeMap<RequestCode, Entry> =
                entries.map(|entry| (entry.code.clone(), entry)).collect();
            let mut longer = Vec::new();
            for lock in left {
                let code = lock.code(extensions);
                let entry = entries.get(&code);
                let free = entry.is_none_or(|entry| entry.is_about(lock));
                if unreadable.contains_key(&code) {
                    known.push(unknown(lock.clone(), code));
                } else if free && taken.insert(code.clone()) {
                    known.push(KnownLock {
                        lock: lock.clone(),
                        code,
                        entry: entry.cloned(),
                        ledger_answers: true,
                    });
                } else if lock.code(extensions + 1) != code {
                    longer.push(lock);
                } else {
                    incomplete.push(Incomplete {
                        store: "the ledger".to_owned(),
                        why: format!("the longest code of a lock is taken: {code}"),
                    });
                }
            }
            left = longer;
            extensions += 1;
        }
        Ok(known)
    }
}

/// A lock whose entry cannot be read.
fn unknown(lock: Lock, code: RequestCode) -> KnownLock {
    KnownLock {
        code,
        lock,
        entry: None,
        ledger_answers: false,
    }
}

/// Adds a listing to the rest; says whether its store was read to the end.
fn take(
    listing: Listing,
    store: String,
    records: &mut Vec<Record>,
    report: &mut SweepReport,
) -> bool {
    report.scanned += listing.scanned;
    report.digests += listing.digests;
    report.foreign += listing.foreign;
    report.stores.push(StoreCount {
        store: store.clone(),
        scanned: listing.scanned,
        held: listing.records.len(),
        stale: 0,
    });
    records.extend(listing.records);
    let whole = listing.failures.is_empty();
    let failures = listing.failures.iter();
    report
        .incomplete
        .extend(failures.map(|failure| trouble(store.clone(), failure)));
    whole
}
