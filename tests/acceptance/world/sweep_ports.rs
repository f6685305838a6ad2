//! The ports of `sweep`, and what both functions look at.

use jiff::Timestamp;
use lockwarden_aws::ledger_find::Entries;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::look::Look;
use lockwarden_aws::policy::ReadPolicy;
use lockwarden_aws::subscribers::Subscriber;
use lockwarden_aws::{Failure, Kind, Listing};
use lockwarden_core::evidence::Run;
use lockwarden_core::ids::{LockId, LockPath, RequestCode};
use lockwarden_core::item::Record;
use lockwarden_core::ledger::{Change, Entry};
use lockwarden_core::notice::Notice;
use lockwarden_core::policy::{Flaw, PolicyEntry, PolicyReading, PolicyUri, StateObject};
use lockwarden_core::report::SweepReport;
use lockwarden_core::settings::{Bucket, Table};
use lockwarden_core::storm::Storm;
use lockwarden_core::token::TOKEN_BYTES;
use lockwarden_core::versions::Versions;
use lockwarden_sweep::ports::{Approve, KeepPolicy, Ledger, Locks, Machine, Notices};

use super::process::Process;
use super::{Call, Stores};

impl Look for Process<'_> {
    async fn item(&self, table: &Table, path: &LockPath) -> Result<Option<Record>, Failure> {
        let store = format!("table {}", table.name);
        self.call(Call::Item, &store, |stores| Ok(stores.item(table, path)))
            .await
    }

    async fn lock_file(&self, path: &LockPath) -> Result<Option<Record>, Failure> {
        let store = path
            .bucket_and_key()
            .map(|(bucket, _)| format!("bucket {bucket}"));
        let store = store.unwrap_or_default();
        self.call(Call::LockFile, &store, |stores| Ok(stores.lock_file(path)))
            .await
    }

    async fn state_object(&self, path: &LockPath) -> StateObject {
        let looked = self.call(Call::StateObject, "state", |stores| {
            Ok::<_, Failure>(stores.state_object(path))
        });
        looked
            .await
            .unwrap_or_else(|failure| StateObject::Unknown(failure.to_string()))
    }
}

impl Process<'_> {
    /// A list that breaks off keeps what it read, and says that it broke off.
    async fn list(
        &self,
        call: Call,
        store: &str,
        effect: impl Fn(&Stores, usize) -> Listing,
    ) -> Listing {
        let number = self.set_out(call).await;
        let of_lists = self.world.outage(&format!("lists of the {store}"));
        let outage = self.world.outage(store).or(of_lists);
        let failure = match &outage {
            Some(outage) => {
                let why = outage.why.clone();
                Some(Failure::new(format!("read the {store}"), why, outage.lasts))
            }
            None => self.trouble(number),
        };
        let most = match (&outage, &failure) {
            (Some(outage), _) => outage.listed,
            (None, Some(_)) => 0,
            (None, None) => usize::MAX,
        };
        let mut listing = if most == 0 {
            Listing::default()
        } else {
            effect(&self.world.stores.borrow(), most)
        };
        listing.failures.extend(failure);
        self.come_back(call).await;
        listing
    }

    /// The ledger may be read and not be written, or the other way round.
    pub(super) fn ledger_reads(&self) -> &'static str {
        self.either("reads of the ledger")
    }

    pub(super) fn ledger_writes(&self) -> &'static str {
        self.either("writes of the ledger")
    }

    fn either(&self, part: &'static str) -> &'static str {
        let outage = self.world.outage(part);
        outage.map_or("ledger", |_| part)
    }

    pub(super) async fn commit_change(&self, change: &Change<'_>) -> Result<(), NotWritten> {
        let collides = self.collides();
        self.call(Call::Commit, self.ledger_writes(), |stores| {
            if collides {
                return Err(NotWritten::Outdated);
            }
            stores.ledger.commit(change)
        })
        .await
    }

    pub(super) async fn read_entry(&self, code: &RequestCode) -> Result<Option<Entry>, Failure> {
        self.call(Call::Entry, self.ledger_reads(), |stores| {
            stores.ledger.read(code)
        })
        .await
    }

    pub(super) async fn read_run(&self, id: &LockId) -> Result<Option<Run>, Failure> {
        self.call(Call::Run, "runs of the ledger", |stores| {
            Ok(stores.ledger.runs.get(id).cloned())
        })
        .await
    }

    pub(super) async fn latest_codes(
        &self,
        path: &LockPath,
        most: i32,
    ) -> Result<Vec<RequestCode>, Failure> {
        self.call(Call::Codes, self.ledger_reads(), |stores| {
            Ok(stores.ledger.latest_codes(path, most))
        })
        .await
    }

    pub(super) async fn publish_notice(&self, notice: &Notice) -> Result<String, Failure> {
        let own = notice.topic.as_ref();
        let topic = own.map_or("topic".to_owned(), |own| format!("topic {}", own.name()));
        self.call(Call::Publish, &topic, |stores| Ok(stores.publish(notice)))
            .await
    }
}

impl ReadPolicy for Process<'_> {
    async fn policy_object(&self, uri: &PolicyUri) -> PolicyReading {
        let read = self.call(Call::PolicyObject, "policy", |stores| {
            Ok::<_, Failure>(stores.policy_object(uri, lockwarden_policy::LONGEST))
        });
        read.await.unwrap_or_else(|failure| match failure.kind {
            Kind::Transient => PolicyReading::NotNow(failure.to_string()),
            Kind::Lasting => PolicyReading::NoText(Flaw {
                version: "AccessDenied".to_owned(),
                why: failure.to_string(),
            }),
        })
    }

    async fn policy_entry(&self) -> Result<Option<PolicyEntry>, Failure> {
        self.call(Call::PolicyEntry, self.ledger_reads(), |stores| {
            Ok(stores.ledger.policy())
        })
        .await
    }
}

impl KeepPolicy for Process<'_> {
    async fn save_policy(&self, entry: &PolicyEntry) -> Result<(), NotWritten> {
        let collides = self.collides();
        self.call(Call::SavePolicy, self.ledger_writes(), |stores| {
            if collides {
                return Err(NotWritten::Outdated);
            }
            stores.ledger.save_policy(entry)
        })
        .await
    }
}

impl Locks for Process<'_> {
    async fn list_table(&self, table: &Table) -> Listing {
        let store = format!("table {}", table.name);
        self.list(Call::ListTable, &store, |stores, most| {
            stores.list_table(table, most)
        })
        .await
    }

    async fn list_bucket(&self, bucket: &Bucket) -> Listing {
        let store = format!("bucket {}", bucket.name);
        self.list(Call::ListBucket, &store, |stores, most| {
            stores.list_bucket(bucket, most)
        })
        .await
    }

    async fn versions(
        &self,
        bucket: &str,
        key: &str,
        since: Timestamp,
    ) -> Result<Versions, Failure> {
        let store = format!("versions of the bucket {bucket}");
        self.call(Call::Versions, &store, |stores| {
            Ok(stores.versions(bucket, key, since))
        })
        .await
    }
}

impl Ledger for Process<'_> {
    async fn entries(&self, codes: &[RequestCode]) -> Result<Entries, Failure> {
        self.call(Call::Entries, self.ledger_reads(), |stores| {
            let mut entries = Entries::default();
            for code in codes {
                match stores.ledger.read(code) {
                    Ok(entry) => entries.found.extend(entry),
                    Err(failure) => entries.unreadable.push((code.clone(), failure)),
                }
            }
            Ok(entries)
        })
        .await
    }

    async fn entry(&self, code: &RequestCode) -> Result<Option<Entry>, Failure> {
        self.read_entry(code).await
    }

    async fn codes(&self, path: &LockPath, most: i32) -> Result<Vec<RequestCode>, Failure> {
        self.latest_codes(path, most).await
    }

    async fn open(&self) -> Result<Vec<RequestCode>, Failure> {
        self.call(Call::Open, self.ledger_reads(), |stores| {
            Ok(stores.ledger.open())
        })
        .await
    }

    async fn commit(&self, change: &Change<'_>) -> Result<(), NotWritten> {
        self.commit_change(change).await
    }

    async fn keep_storm(&self, storm: &Storm) -> Result<(), Failure> {
        self.call(Call::KeepStorm, self.ledger_writes(), |stores| {
            stores.ledger.keep_storm(storm);
            Ok(())
        })
        .await
    }

    async fn run(&self, id: &LockId) -> Result<Option<Run>, Failure> {
        self.read_run(id).await
    }

    async fn last_report(&self) -> Result<Option<SweepReport>, Failure> {
        self.call(Call::LastReport, self.ledger_reads(), |stores| {
            Ok(stores.ledger.report.clone())
        })
        .await
    }

    async fn keep_report(&self, report: &SweepReport) -> Result<(), Failure> {
        self.call(Call::KeepReport, self.ledger_writes(), |stores| {
            stores.ledger.report = Some(report.clone());
            Ok(())
        })
        .await
    }
}

impl Notices for Process<'_> {
    async fn publish(&self, notice: &Notice) -> Result<String, Failure> {
        self.publish_notice(notice).await
    }

    async fn subscribers(&self) -> Result<Vec<Subscriber>, Failure> {
        let subscriber = |endpoint: &str, confirmed| Subscriber {
            protocol: "email".to_owned(),
            endpoint: endpoint.to_owned(),
            confirmed,
        };
        self.call(Call::Subscribers, "topic", |_| {
            Ok(vec![
                subscriber("oncall@example.com", true),
                subscriber("new@example.com", false),
            ])
        })
        .await
    }
}

impl Approve for Process<'_> {
    async fn hand_over(&self, event: &str) -> Result<(), Failure> {
        self.call(Call::HandOver, "approve", |stores| {
            stores.queue.push(event.to_owned());
            Ok(())
        })
        .await
    }
}

impl Machine for Process<'_> {
    fn now(&self) -> Timestamp {
        self.world.clock()
    }

    fn random(&self) -> [u8; TOKEN_BYTES] {
        self.world.random()
    }

    fn metrics(&self, line: &str) {
        self.world.stores.borrow_mut().metrics.push(line.to_owned());
    }
}
