//! The ports on AWS.

use std::time::Duration;

use jiff::Timestamp;
use lockwarden_aws::connect::{Connection, Tables};
use lockwarden_aws::ledger_items::Ledger as LedgerTable;
use lockwarden_aws::ledger_refusals::{self, Kept};
use lockwarden_aws::ledger_write::{self, NotWritten};
use lockwarden_aws::look::Look;
use lockwarden_aws::policy::ReadPolicy;
use lockwarden_aws::policy_object::{self, Held};
use lockwarden_aws::{
    Deleted, Failure, Stamped, bucket_read, bucket_release, bucket_restore, bucket_state,
    ledger_history, ledger_policy, ledger_read, ledger_runs, ledger_storms, notices, table_expire,
    table_read, table_release, table_restore,
};
use lockwarden_core::evidence::Run;
use lockwarden_core::expire::Stamp;
use lockwarden_core::ids::{LockId, LockPath, RequestCode, StormCode};
use lockwarden_core::item::Record;
use lockwarden_core::ledger::{Change, Delivery, Entry, Event};
use lockwarden_core::notice::Notice;
use lockwarden_core::policy::{PolicyEntry, PolicyReading, PolicyUri, StateObject};
use lockwarden_core::release::{ItemHalf, LockFileHalf};
use lockwarden_core::restore::{ItemToPut, LockFileToPut};
use lockwarden_core::settings::{Settings, Table, TopicArn};
use lockwarden_core::storm::Storm;

use crate::ports::{Ledger, Locks, Machine, Notices};

/// Clients and names, made once for each process.
#[derive(Debug)]
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    tables: Tables,
    s3: aws_sdk_s3::Client,
    policy: Held,
    sns: aws_sdk_sns::Client,
    ledger: LedgerTable,
    notice_topic: TopicArn,
}

impl Aws {
    /// Makes the clients that these settings need.
    #[must_use]
    pub fn new(connection: &Connection, settings: &Settings) -> Self {
        Self {
            dynamodb: connection.dynamodb(None),
            tables: Tables::of(connection, &settings.tables),
            s3: connection.s3(),
            policy: Held::default(),
            sns: connection.sns(),
            ledger: LedgerTable {
                table: settings.ledger_table.clone(),
                keep_for: settings.ledger_keep_for,
            },
            notice_topic: settings.notice_topic.clone(),
        }
    }
}

impl Look for Aws {
    async fn item(&self, table: &Table, path: &LockPath) -> Result<Option<Record>, Failure> {
        table_read::record(self.tables.client(table), &table.name, path).await
    }

    async fn lock_file(&self, path: &LockPath) -> Result<Option<Record>, Failure> {
        bucket_read::record(&self.s3, path).await
    }

    async fn state_object(&self, path: &LockPath) -> StateObject {
        bucket_read::state(&self.s3, path).await
    }
}

impl Locks for Aws {
    async fn digest(&self, table: &Table, path: &LockPath) -> Result<Option<String>, Failure> {
        table_read::digest(self.tables.client(table), &table.name, path).await
    }

    async fn state_md5(&self, path: &LockPath, etag: &str) -> Result<String, Failure> {
        bucket_state::md5(&self.s3, path, etag).await
    }

    async fn delete_lock_file(&self, half: &LockFileHalf) -> Result<Deleted, Failure> {
        bucket_release::delete(&self.s3, half).await
    }

    async fn delete_item(&self, table: &Table, half: &ItemHalf) -> Result<Deleted, Failure> {
        table_release::delete(self.tables.client(table), half).await
    }

    async fn delete_item_and_commit(
        &self,
        half: &ItemHalf,
        change: &Change<'_>,
    ) -> Result<Deleted, NotWritten> {
        let now = Timestamp::now();
        table_release::delete_and_commit(&self.dynamodb, half, &self.ledger, change, now).await
    }

    async fn put_lock_file(&self, file: &LockFileToPut) -> Result<Option<String>, Failure> {
        bucket_restore::put(&self.s3, file).await
    }

    async fn put_item(&self, table: &Table, item: &ItemToPut) -> Result<bool, Failure> {
        table_restore::put(self.tables.client(table), item).await
    }

    async fn put_item_and_commit(
        &self,
        item: &ItemToPut,
        change: &Change<'_>,
    ) -> Result<bool, NotWritten> {
        let now = Timestamp::now();
        table_restore::put_and_commit(&self.dynamodb, item, &self.ledger, change, now).await
    }

    async fn stamp_item(&self, table: &Table, stamp: &Stamp) -> Result<Stamped, Failure> {
        table_expire::stamp(self.tables.client(table), stamp).await
    }

    async fn stamp_item_and_commit(
        &self,
        stamp: &Stamp,
        change: &Change<'_>,
    ) -> Result<Stamped, NotWritten> {
        let now = Timestamp::now();
        table_expire::stamp_and_commit(&self.dynamodb, stamp, &self.ledger, change, now).await
    }
}

impl ReadPolicy for Aws {
    async fn policy_object(&self, uri: &PolicyUri) -> PolicyReading {
        policy_object::read(&self.s3, &self.policy, uri, lockwarden_policy::LONGEST).await
    }

    async fn policy_entry(&self) -> Result<Option<PolicyEntry>, Failure> {
        ledger_policy::entry(&self.dynamodb, &self.ledger).await
    }
}

impl Ledger for Aws {
    async fn entry(&self, code: &RequestCode) -> Result<Option<Entry>, Failure> {
        ledger_read::entry(&self.dynamodb, &self.ledger, code).await
    }

    async fn storm(&self, code: &StormCode) -> Result<Option<Storm>, Failure> {
        ledger_storms::storm(&self.dynamodb, &self.ledger, code).await
    }

    async fn run(&self, id: &LockId) -> Result<Option<Run>, Failure> {
        ledger_runs::run(&self.dynamodb, &self.ledger, id).await
    }

    async fn delivery(&self, id: &str) -> Result<Option<Delivery>, Failure> {
        ledger_read::delivery(&self.dynamodb, &self.ledger, id).await
    }

    async fn notice_request(&self, message_id: &str) -> Result<Option<RequestCode>, Failure> {
        ledger_read::notice(&self.dynamodb, &self.ledger, message_id).await
    }

    async fn commit(&self, change: &Change<'_>) -> Result<(), NotWritten> {
        ledger_write::commit(&self.dynamodb, &self.ledger, change, Timestamp::now()).await
    }

    async fn keep_refusal(&self, event: &Event, answer: &Delivery) -> Result<Kept, Failure> {
        let now = Timestamp::now();
        ledger_refusals::keep(&self.dynamodb, &self.ledger, event, answer, now).await
    }

    async fn update_delivery(&self, before: &Delivery, after: &Delivery) -> Result<bool, Failure> {
        let now = Timestamp::now();
        ledger_write::update_delivery(&self.dynamodb, &self.ledger, before, after, now).await
    }

    async fn events(&self, code: &RequestCode, most: i32) -> Result<Vec<Event>, Failure> {
        ledger_history::events(&self.dynamodb, &self.ledger, code, most).await
    }

    async fn codes(&self, path: &LockPath, most: i32) -> Result<Vec<RequestCode>, Failure> {
        ledger_history::codes(&self.dynamodb, &self.ledger, path, most).await
    }
}

impl Notices for Aws {
    async fn publish(&self, notice: &Notice) -> Result<String, Failure> {
        let topic = notice.topic.as_ref().unwrap_or(&self.notice_topic);
        notices::publish(&self.sns, topic, &notice.render()).await
    }
}

impl Machine for Aws {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn metrics(&self, line: &str) {
        lockwarden_lambda::print_metrics(line);
    }
}
