//! Deleting exactly what was judged.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::{Deleted, bucket_release, ledger_read, ledger_write, table_release};
use lockwarden_core::ids::LockPath;
use lockwarden_core::ledger::{Change, Entry};
use lockwarden_core::lock;
use lockwarden_core::policy::{EvenIf, Policy, StateObject, Terms};
use lockwarden_core::release::{Look, Release, decide};
use lockwarden_local::{LockRecord, Mode};

use crate::lab::{BUCKET, Lab, TABLE};

const KEY: &str = "prod/terraform.tfstate";
const ID: &str = "19a6fe30-cf25-8eaf-077f-083449d678bd";
const OTHER: &str = "2222fe30-cf25-8eaf-077f-083449d678bd";

fn path() -> LockPath {
    LockPath::new(format!("{BUCKET}/{KEY}")).unwrap()
}

impl Lab {
    async fn lock(&self, mode: Mode, id: &str) {
        let record = LockRecord::of_a_runner(id, path().as_str());
        self.stores.take(mode, KEY, &record).await.unwrap();
    }

    /// Leave to release what is there now, and its entry.
    async fn judged(&self) -> (Release, Entry) {
        let dynamodb = self.connection.dynamodb(None);
        let item = lockwarden_aws::table_read::record(&dynamodb, TABLE, &path()).await;
        let object = lockwarden_aws::bucket_read::record(&self.connection.s3(), &path()).await;
        let records = item.unwrap().into_iter().chain(object.unwrap());
        let present = lock::gather(records.collect());
        let now = Timestamp::now();
        let entry = Entry::first_sight(present[0].code(0), &present[0], now);
        let terms = Terms::asking(
            SignedDuration::from_mins(15),
            SignedDuration::from_mins(5),
            SignedDuration::from_hours(1),
        );
        let policy = Policy::without_rules(terms);
        let look = Look {
            policy: &policy,
            now,
            present: &present,
            state: &StateObject::Absent,
        };
        let even_if: BTreeSet<EvenIf> = EvenIf::ALL.into();
        (decide(&entry, &look, &even_if).unwrap(), entry)
    }

    async fn delete_item(&self, release: &Release, entry: &Entry) -> Result<Deleted, NotWritten> {
        let change = Change::of(entry, Vec::new());
        table_release::delete_and_commit(
            &self.connection.dynamodb(None),
            release.item().unwrap(),
            &self.ledger,
            &change,
            Timestamp::now(),
        )
        .await
    }

    async fn entry(&self, entry: &Entry) -> Option<Entry> {
        ledger_read::entry(&self.connection.dynamodb(None), &self.ledger, &entry.code)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn an_item_goes_together_with_its_line_in_the_ledger() {
    let lab = Lab::new().await;
    lab.lock(Mode::DynamodbTable, ID).await;
    let (release, entry) = lab.judged().await;

    let deleted = lab.delete_item(&release, &entry).await.unwrap();

    assert_eq!(deleted, Deleted::Yes);
    assert!(lab.stores.snapshot().await.unwrap().items.is_empty());
    assert_eq!(lab.entry(&entry).await.unwrap().revision, 1);
}

#[tokio::test]
async fn an_item_that_another_holder_took_stays_and_so_does_the_ledger() {
    let lab = Lab::new().await;
    lab.lock(Mode::DynamodbTable, ID).await;
    let (release, entry) = lab.judged().await;
    lab.stores.let_go(KEY).await.unwrap();
    lab.lock(Mode::DynamodbTable, OTHER).await;
    let before = lab.stores.snapshot().await.unwrap();

    let deleted = lab.delete_item(&release, &entry).await.unwrap();

    assert_eq!(deleted, Deleted::Changed);
    assert_eq!(lab.stores.snapshot().await.unwrap(), before);
    assert_eq!(lab.entry(&entry).await, None);
    let alone =
        table_release::delete(&lab.connection.dynamodb(None), release.item().unwrap()).await;
    assert_eq!(alone.unwrap(), Deleted::Changed);
    assert_eq!(lab.stores.snapshot().await.unwrap(), before);
}

#[tokio::test]
async fn an_item_that_is_gone_is_said_to_be_gone() {
    let lab = Lab::new().await;
    lab.lock(Mode::DynamodbTable, ID).await;
    let (release, entry) = lab.judged().await;
    lab.stores.let_go(KEY).await.unwrap();
    assert_eq!(
        lab.delete_item(&release, &entry).await.unwrap(),
        Deleted::Gone
    );
    let alone =
        table_release::delete(&lab.connection.dynamodb(None), release.item().unwrap()).await;
    assert_eq!(alone.unwrap(), Deleted::Gone);
}

#[tokio::test]
async fn an_item_stays_where_somebody_else_wrote_the_ledger() {
    let lab = Lab::new().await;
    lab.lock(Mode::DynamodbTable, ID).await;
    let (release, entry) = lab.judged().await;
    let change = Change::of(&entry, Vec::new());
    let dynamodb = lab.connection.dynamodb(None);
    ledger_write::commit(&dynamodb, &lab.ledger, &change, Timestamp::now())
        .await
        .unwrap();

    let deleted = lab.delete_item(&release, &entry).await;

    assert!(matches!(deleted, Err(NotWritten::Outdated)), "{deleted:?}");
    assert_eq!(lab.stores.snapshot().await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn an_object_goes_by_its_tag_and_can_be_brought_back() {
    let lab = Lab::new().await;
    lab.lock(Mode::UseLockfile, ID).await;
    let (release, _) = lab.judged().await;
    let before = lab.stores.snapshot().await.unwrap();

    let deleted = bucket_release::delete(&lab.connection.s3(), release.lock_file().unwrap()).await;

    assert_eq!(deleted.unwrap(), Deleted::Yes);
    assert!(lab.stores.snapshot().await.unwrap().objects.is_empty());
    let key = format!("{KEY}.tflock");
    let versions = lab.clients.s3.list_object_versions().bucket(BUCKET);
    let versions = versions.prefix(&key).send().await.unwrap();
    let marker = versions.delete_markers()[0].version_id().unwrap();
    let undo = lab.clients.s3.delete_object().bucket(BUCKET).key(&key);
    undo.version_id(marker).send().await.unwrap();
    assert_eq!(lab.stores.snapshot().await.unwrap(), before);
}

#[tokio::test]
async fn an_object_that_another_holder_wrote_stays() {
    let lab = Lab::new().await;
    lab.lock(Mode::UseLockfile, ID).await;
    let (release, _) = lab.judged().await;
    lab.stores.let_go(KEY).await.unwrap();
    let half = release.lock_file().unwrap();
    let s3 = lab.connection.s3();
    assert_eq!(
        bucket_release::delete(&s3, half).await.unwrap(),
        Deleted::Gone
    );
    lab.lock(Mode::UseLockfile, OTHER).await;
    let before = lab.stores.snapshot().await.unwrap();

    let deleted = bucket_release::delete(&s3, half).await;

    assert_eq!(deleted.unwrap(), Deleted::Changed);
    assert_eq!(lab.stores.snapshot().await.unwrap(), before);
}
