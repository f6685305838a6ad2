//! The ports of `approve`.

use std::time::Duration;

use jiff::Timestamp;
use lockwarden_approve::ports::{Ledger, Locks, Machine, Notices};
use lockwarden_aws::ledger_refusals::Kept;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::{Deleted, Failure, Kind, Stamped};
use lockwarden_core::evidence::Run;
use lockwarden_core::expire::Stamp;
use lockwarden_core::ids::{LockId, LockPath, RequestCode, StormCode};
use lockwarden_core::ledger::{Change, Delivery, Entry, Event};
use lockwarden_core::notice::Notice;
use lockwarden_core::release::{ItemHalf, LockFileHalf};
use lockwarden_core::restore::{ItemToPut, LockFileToPut};
use lockwarden_core::settings::Table;
use lockwarden_core::storm::Storm;

use super::Call;
use super::process::Process;

impl Locks for Process<'_> {
    async fn digest(&self, table: &Table, path: &LockPath) -> Result<Option<String>, Failure> {
        let store = format!("table {}", table.name);
        self.call(
            Call::Digest,
            &store,
            |stores| Ok(stores.digest(table, path)),
        )
        .await
    }

    async fn state_md5(&self, path: &LockPath, etag: &str) -> Result<String, Failure> {
        self.call(Call::StateMd5, "bodies of states", |stores| {
            let meanwhile =
                || Failure::new("read the state", "it was written meanwhile", Kind::Lasting);
            stores.state_md5(path, etag).ok_or_else(meanwhile)
        })
        .await
    }

    async fn delete_lock_file(&self, half: &LockFileHalf) -> Result<Deleted, Failure> {
        let store = format!("bucket {}", half.bucket());
        self.call(Call::DeleteLockFile, &store, |stores| {
            stores.delete_lock_file(half)
        })
        .await
    }

    async fn delete_item(&self, table: &Table, half: &ItemHalf) -> Result<Deleted, Failure> {
        let store = self.table_writes(&table.name);
        self.call(Call::DeleteItem, &store, |stores| {
            Ok(stores.delete_item(half))
        })
        .await
    }

    async fn delete_item_and_commit(
        &self,
        half: &ItemHalf,
        change: &Change<'_>,
    ) -> Result<Deleted, NotWritten> {
        let store = self.of_both(half.table());
        let collides = self.collides();
        self.call(Call::DeleteItemAndCommit, &store, |stores| {
            if collides {
                return Err(NotWritten::Outdated);
            }
            stores.ledger.would_take(change)?;
            let deleted = stores.delete_item(half);
            if deleted == Deleted::Yes {
                stores.ledger.commit(change)?;
            }
            Ok(deleted)
        })
        .await
    }

    async fn put_lock_file(&self, file: &LockFileToPut) -> Result<Option<String>, Failure> {
        let store = format!("bucket {}", file.bucket());
        self.call(Call::PutLockFile, &store, |stores| {
            Ok(stores.put_lock_file_where_none_is(file))
        })
        .await
    }

    async fn put_item(&self, table: &Table, item: &ItemToPut) -> Result<bool, Failure> {
        let store = self.table_writes(&table.name);
        self.call(Call::PutItem, &store, |stores| {
            Ok(stores.put_item_where_none_is(item))
        })
        .await
    }

    async fn put_item_and_commit(
        &self,
        item: &ItemToPut,
        change: &Change<'_>,
    ) -> Result<bool, NotWritten> {
        let store = self.of_both(item.table());
        let collides = self.collides();
        self.call(Call::PutItemAndCommit, &store, |stores| {
            if collides {
                return Err(NotWritten::Outdated);
            }
            stores.ledger.would_take(change)?;
            let was_free = stores.put_item_where_none_is(item);
            if was_free {
                stores.ledger.commit(change)?;
            }
            Ok(was_free)
        })
        .await
    }

    async fn stamp_item(&self, table: &Table, stamp: &Stamp) -> Result<Stamped, Failure> {
        let store = self.table_writes(&table.name);
        self.call(Call::StampItem, &store, |stores| {
            Ok(stores.stamp_item(stamp))
        })
        .await
    }

    async fn stamp_item_and_commit(
        &self,
        stamp: &Stamp,
        change: &Change<'_>,
    ) -> Result<Stamped, NotWritten> {
        let store = self.of_both(stamp.table());
        let collides = self.collides();
        self.call(Call::StampItemAndCommit, &store, |stores| {
            if collides {
                return Err(NotWritten::Outdated);
            }
            stores.ledger.would_take(change)?;
            let stamped = stores.stamp_item(stamp);
            if stamped == Stamped::Yes {
                stores.ledger.commit(change)?;
            }
            Ok(stamped)
        })
        .await
    }
}

impl Process<'_> {
    /// What a transaction needs: both tables.
    fn of_both(&self, table: &str) -> String {
        let ledger = self.ledger_writes();
        match self.world.outage(ledger) {
            Some(_) => ledger.to_owned(),
            None => self.table_writes(table),
        }
    }

    /// A table may be read and not be written.
    fn table_writes(&self, table: &str) -> String {
        let writes = format!("writes of the table {table}");
        match self.world.outage(&writes) {
            Some(_) => writes,
            None => format!("table {table}"),
        }
    }
}

impl Ledger for Process<'_> {
    async fn entry(&self, code: &RequestCode) -> Result<Option<Entry>, Failure> {
        self.read_entry(code).await
    }

    async fn delivery(&self, id: &str) -> Result<Option<Delivery>, Failure> {
        self.call(Call::Delivery, self.ledger_reads(), |stores| {
            Ok(stores.ledger.delivery(id))
        })
        .await
    }

    async fn notice_request(&self, message_id: &str) -> Result<Option<RequestCode>, Failure> {
        self.call(Call::NoticeRequest, self.ledger_reads(), |stores| {
            Ok(stores.ledger.notice_request(message_id))
        })
        .await
    }

    async fn events(&self, code: &RequestCode, most: i32) -> Result<Vec<Event>, Failure> {
        self.call(Call::Events, self.ledger_reads(), |stores| {
            Ok(stores.ledger.latest_events(code, most))
        })
        .await
    }

    async fn storm(&self, code: &StormCode) -> Result<Option<Storm>, Failure> {
        self.call(Call::Storm, self.ledger_reads(), |stores| {
            Ok(stores.ledger.storm(code))
        })
        .await
    }

    async fn run(&self, id: &LockId) -> Result<Option<Run>, Failure> {
        self.read_run(id).await
    }

    async fn codes(&self, path: &LockPath, most: i32) -> Result<Vec<RequestCode>, Failure> {
        self.latest_codes(path, most).await
    }

    async fn commit(&self, change: &Change<'_>) -> Result<(), NotWritten> {
        self.commit_change(change).await
    }

    async fn keep_refusal(&self, event: &Event, answer: &Delivery) -> Result<Kept, Failure> {
        self.call(Call::KeepRefusal, self.ledger_writes(), |stores| {
            Ok(stores.ledger.keep_refusal(event, answer))
        })
        .await
    }

    async fn update_delivery(&self, before: &Delivery, after: &Delivery) -> Result<bool, Failure> {
        self.call(Call::UpdateDelivery, self.ledger_writes(), |stores| {
            Ok(stores.ledger.update_delivery(before, after))
        })
        .await
    }
}

impl Notices for Process<'_> {
    async fn publish(&self, notice: &Notice) -> Result<String, Failure> {
        self.publish_notice(notice).await
    }
}

impl Machine for Process<'_> {
    fn now(&self) -> Timestamp {
        self.world.clock()
    }

    async fn pause(&self, time: Duration) {
        self.wait_for(time).await;
    }

    fn metrics(&self, line: &str) {
        self.world.stores.borrow_mut().metrics.push(line.to_owned());
    }
}
