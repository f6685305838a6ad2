//! Listing and reading lock records.

use std::collections::HashMap;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use lockwarden_aws::{bucket_list, bucket_read, bucket_versions, table_read, table_scan};
use lockwarden_core::ids::LockPath;
use lockwarden_core::item::{Content, MAX_RECORD_BYTES};
use lockwarden_core::policy::StateObject;
use lockwarden_core::settings::{Bucket, Table};
use lockwarden_local::{LockRecord, Mode};

use crate::lab::{BUCKET, Lab, TABLE, text};

const ID: &str = "19a6fe30-cf25-8eaf-077f-083449d678bd";

fn table() -> Table {
    Table {
        name: TABLE.to_owned(),
        index: None,
        region: None,
        account: None,
    }
}

fn path(key: &str) -> LockPath {
    LockPath::new(format!("{BUCKET}/{key}")).unwrap()
}

#[tokio::test]
async fn a_scan_follows_every_page_and_leaves_digests_behind() {
    let lab = Lab::new().await;
    // A page ends after 1 MB, counted before the filter.
    let heavy = "d".repeat(20_000);
    let digest = |n: usize| {
        HashMap::from([
            ("LockID".to_owned(), text(format!("{BUCKET}/{n:03}-md5"))),
            ("Digest".to_owned(), text(heavy.clone())),
        ])
    };
    lab.fill((0..150).map(digest).collect()).await;
    for n in 0..30 {
        let key = format!("{n:03}0/terraform.tfstate");
        let record = LockRecord::of_a_runner(ID, path(&key).as_str());
        lab.stores
            .take(Mode::DynamodbTable, &key, &record)
            .await
            .unwrap();
    }
    let foreign = [
        ("LockID".to_owned(), text("counter")),
        ("n".to_owned(), text("1")),
    ];
    lab.stores.put_item(foreign.into()).await.unwrap();

    let listing = table_scan::scan(&lab.connection.dynamodb(None), &table()).await;

    assert_eq!(listing.failures, []);
    assert_eq!(listing.records.len(), 30);
    assert_eq!(
        (listing.scanned, listing.digests, listing.foreign),
        (181, 150, 1)
    );
}

#[tokio::test]
async fn a_bucket_remembers_the_lock_objects_that_came_and_went() {
    let lab = Lab::new().await;
    let key = "a/terraform.tfstate";
    let record = LockRecord::of_a_runner(ID, path(key).as_str());
    let began = Timestamp::now() - SignedDuration::from_secs(1);
    for _ in 0..2 {
        lab.stores
            .take(Mode::UseLockfile, key, &record)
            .await
            .unwrap();
        lab.stores.let_go(key).await.unwrap();
    }
    let s3 = lab.connection.s3();
    let since = async |key: &str, since| {
        let read = bucket_versions::since(&s3, BUCKET, key, since).await;
        read.unwrap()
    };
    let lock_files = since("a/terraform.tfstate.tflock", began).await;
    assert_eq!(lock_files.written.len(), 2);
    assert!(lock_files.are_kept && lock_files.are_all);
    // Of the state itself, whose key its lock object's begins with, there is none.
    assert_eq!(since(key, began).await.written, []);
    let later = Timestamp::now() + SignedDuration::from_secs(5);
    assert_eq!(since("a/terraform.tfstate.tflock", later).await.written, []);
}

#[tokio::test]
async fn a_bucket_is_listed_beyond_its_first_thousand_keys() {
    let lab = Lab::new().await;
    let states: Vec<String> = (0..1_050).map(|n| format!("a/{n:04}.tfstate")).collect();
    for some in states.chunks(50) {
        join_all(some.iter().map(|key| lab.stores.put_object(key, b"{}"))).await;
    }
    for key in ["z/terraform.tfstate", "env:/dev/z/terraform.tfstate"] {
        let record = LockRecord::of_a_runner(ID, path(key).as_str());
        lab.stores
            .take(Mode::UseLockfile, key, &record)
            .await
            .unwrap();
    }
    let bucket = |prefix: &str| Bucket {
        name: BUCKET.to_owned(),
        prefix: prefix.to_owned(),
    };

    let s3 = lab.connection.s3();
    let all = bucket_list::list(&s3, &bucket("")).await;
    let part = bucket_list::list(&s3, &bucket("env:/")).await;

    assert_eq!((all.scanned, all.records.len()), (1_052, 2));
    assert_eq!((part.scanned, part.records.len()), (1, 1));
    assert_eq!(part.records[0].path, path("env:/dev/z/terraform.tfstate"));
}

#[tokio::test]
async fn a_missing_store_is_a_failure_and_not_an_empty_list() {
    let lab = Lab::new().await;
    let absent = Table {
        name: "no-such-table".to_owned(),
        ..table()
    };
    let listing = table_scan::scan(&lab.connection.dynamodb(None), &absent).await;
    assert!(listing.failures[0].why.contains("ResourceNotFound"));
    assert!(!listing.failures[0].is_transient());

    let absent = Bucket {
        name: "no-such-bucket".to_owned(),
        prefix: String::new(),
    };
    let listing = bucket_list::list(&lab.connection.s3(), &absent).await;
    assert!(listing.failures[0].why.contains("NoSuchBucket"));
}

#[tokio::test]
async fn a_record_comes_back_byte_for_byte() {
    let lab = Lab::new().await;
    let odd = "{\"ID\":\"\\u0026\", \"x\" : \"é\u{2028}\"}\n";
    let item = [
        ("LockID".to_owned(), text(path("k").as_str())),
        ("Info".to_owned(), text(odd)),
    ];
    lab.stores.put_item(item.into()).await.unwrap();
    lab.stores
        .put_object("k.tflock", odd.as_bytes())
        .await
        .unwrap();

    let item = table_read::record(&lab.connection.dynamodb(None), TABLE, &path("k")).await;
    let object = bucket_read::record(&lab.connection.s3(), &path("k")).await;

    let expected = Content::Text(odd.to_owned());
    assert_eq!(item.unwrap().unwrap().content, expected);
    assert_eq!(object.unwrap().unwrap().content, expected);
}

#[tokio::test]
async fn an_object_too_large_to_be_a_lock_is_not_opened() {
    let lab = Lab::new().await;
    lab.stores
        .put_object("k.tflock", &vec![b'x'; MAX_RECORD_BYTES + 1])
        .await
        .unwrap();
    let object = bucket_read::record(&lab.connection.s3(), &path("k")).await;
    let content = object.unwrap().unwrap().content;
    assert!(matches!(content, Content::Closed(_)), "{content:?}");
}

#[tokio::test]
async fn a_state_is_seen_by_its_exact_key_and_its_digest_beside_it() {
    let lab = Lab::new().await;
    lab.stores.write_state("k.backup", "{}").await.unwrap();
    let s3 = lab.connection.s3();
    assert_eq!(
        bucket_read::state(&s3, &path("k")).await,
        StateObject::Absent
    );
    lab.stores.write_state("k", "{\"serial\":1}").await.unwrap();

    let state = bucket_read::state(&s3, &path("k")).await;

    let StateObject::Written { etag, .. } = state else {
        panic!("{state:?}")
    };
    let digest = table_read::digest(&lab.connection.dynamodb(None), TABLE, &path("k")).await;
    assert_eq!(digest.unwrap(), etag);
}
