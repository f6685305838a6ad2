//! The ports on AWS.

use jiff::Timestamp;
use lockwarden_aws::connect::{Connection, Tables};
use lockwarden_aws::ledger_find::Entries;
use lockwarden_aws::ledger_items::Ledger as LedgerTable;
use lockwarden_aws::ledger_write::{self, NotWritten};
use lockwarden_aws::look::Look;
use lockwarden_aws::policy::ReadPolicy;
use lockwarden_aws::policy_object::{self, Held};
use lockwarden_aws::subscribers::{self, Subscriber};
use lockwarden_aws::{
    Failure, Listing, bucket_list, bucket_read, bucket_versions, hand_over, ledger_find,
    ledger_history, ledger_policy, ledger_read, ledger_report, ledger_runs, ledger_storms, notices,
    table_read, table_scan,
};
use lockwarden_core::evidence::Run;
use lockwarden_core::ids::{LockId, LockPath, RequestCode};
use lockwarden_core::item::Record;
use lockwarden_core::ledger::{Change, Entry};
use lockwarden_core::notice::Notice;
use lockwarden_core::policy::{PolicyEntry, PolicyReading, PolicyUri, StateObject};
use lockwarden_core::report::SweepReport;
use lockwarden_core::settings::{Bucket, SweepSettings, Table, TopicArn};
use lockwarden_core::storm::Storm;
use lockwarden_core::token::TOKEN_BYTES;
use lockwarden_core::versions::Versions;

use crate::ports::{Approve, KeepPolicy, Ledger, Locks, Machine, Notices};

/// Clients and names, made once for each process.
#[derive(Debug)]
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    tables: Tables,
    s3: aws_sdk_s3::Client,
    policy: Held,
    sns: aws_sdk_sns::Client,
    lambda: aws_sdk_lambda::Client,
    ledger: LedgerTable,
    notice_topic: TopicArn,
    approve_function: String,
}

impl Aws {
    /// Makes the clients that these settings need.
    #[must_use]
    pub fn new(connection: &Connection, settings: &SweepSettings) -> Self {
        let common = &settings.common;
        Self {
            dynamodb: connection.dynamodb(None),
            tables: Tables::of(connection, &common.tables),
            s3: connection.s3(),
            policy: Held::default(),
            sns: connection.sns(),
            lambda: connection.lambda(),
            ledger: LedgerTable {
                table: common.ledger_table.clone(),
                keep_for: common.ledger_keep_for,
            },
            notice_topic: common.notice_topic.clone(),
            approve_function: settings.approve_function.clone(),
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
    async fn list_table(&self, table: &Table) -> Listing {
        table_scan::scan(self.tables.client(table), table).await
    }

    async fn list_bucket(&self, bucket: &Bucket) -> Listing {
        bucket_list::list(&self.s3, bucket).await
    }

    async fn versions(
        &self,
        bucket: &str,
        key: &str,
        since: Timestamp,
    ) -> Result<Versions, Failure> {
        bucket_versions::since(&self.s3, bucket, key, since).await
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

impl KeepPolicy for Aws {
    async fn save_policy(&self, entry: &PolicyEntry) -> Result<(), NotWritten> {
        ledger_policy::save(&self.dynamodb, &self.ledger, entry).await
    }
}

impl Ledger for Aws {
    async fn entries(&self, codes: &[RequestCode]) -> Result<Entries, Failure> {
        ledger_find::entries(&self.dynamodb, &self.ledger, codes).await
    }

    async fn entry(&self, code: &RequestCode) -> Result<Option<Entry>, Failure> {
        ledger_read::entry(&self.dynamodb, &self.ledger, code).await
    }

    async fn codes(&self, path: &LockPath, most: i32) -> Result<Vec<RequestCode>, Failure> {
        ledger_history::codes(&self.dynamodb, &self.ledger, path, most).await
    }

    async fn open(&self) -> Result<Vec<RequestCode>, Failure> {
        ledger_find::open(&self.dynamodb, &self.ledger).await
    }

    async fn commit(&self, change: &Change<'_>) -> Result<(), NotWritten> {
        ledger_write::commit(&self.dynamodb, &self.ledger, change, Timestamp::now()).await
    }

    async fn keep_storm(&self, storm: &Storm) -> Result<(), Failure> {
        ledger_storms::keep(&self.dynamodb, &self.ledger, storm).await
    }

    async fn run(&self, id: &LockId) -> Result<Option<Run>, Failure> {
        ledger_runs::run(&self.dynamodb, &self.ledger, id).await
    }

    async fn last_report(&self) -> Result<Option<SweepReport>, Failure> {
        ledger_report::last(&self.dynamodb, &self.ledger).await
    }

    async fn keep_report(&self, report: &SweepReport) -> Result<(), Failure> {
        ledger_report::keep(&self.dynamodb, &self.ledger, report, Timestamp::now()).await
    }
}

impl Notices for Aws {
    async fn publish(&self, notice: &Notice) -> Result<String, Failure> {
        let topic = notice.topic.as_ref().unwrap_or(&self.notice_topic);
        notices::publish(&self.sns, topic, &notice.render()).await
    }

    async fn subscribers(&self) -> Result<Vec<Subscriber>, Failure> {
        subscribers::list(&self.sns, &self.notice_topic).await
    }
}

impl Approve for Aws {
    async fn hand_over(&self, event: &str) -> Result<(), Failure> {
        hand_over::hand_over(&self.lambda, &self.approve_function, event).await
    }
}

impl Machine for Aws {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn random(&self) -> [u8; TOKEN_BYTES] {
        rand::random()
    }

    fn metrics(&self, line: &str) {
        lockwarden_lambda::print_metrics(line);
    }
}
