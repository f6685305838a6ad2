//! A large estate: 1,000 held locks among 50,000 digests.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lockwarden_local::{Inbox, LockRecord};
use lockwarden_sweep::aws::Aws;
use serde_json::Value;

use crate::lab::{BUCKET, Lab, text};

const LOCKS: usize = 1_000;
const DIGESTS: usize = 50_000;

#[tokio::test]
async fn every_lock_among_many_digests_is_told_in_two_notices() {
    let lab = Lab::new().await;
    fill(&lab).await;
    let inbox = Inbox::open(&lab.clients, lab.notices.as_str(), "inbox")
        .await
        .unwrap();
    let settings = lab.sweep_settings();
    let aws = Aws::new(&lab.connection, &settings);

    let begin = Instant::now();
    let report = lockwarden_sweep::sweep(&aws, &settings, Timestamp::MAX)
        .await
        .unwrap();
    eprintln!(
        "one sweep of {LOCKS} new stale locks among {DIGESTS} digests: {:.1?}",
        begin.elapsed()
    );

    assert_eq!(report.incomplete, []);
    assert_eq!(report.scanned, (LOCKS + DIGESTS) as u64);
    assert_eq!(report.digests, DIGESTS as u64);
    assert_eq!(
        (report.held, report.stale, report.notified),
        (LOCKS, LOCKS, LOCKS)
    );
    assert_eq!(report.locks.len(), 100);
    let notices = inbox.drain(Duration::from_secs(2)).await.unwrap();
    let told: Vec<_> = notices.iter().map(|notice| &notice["kind"]).collect();
    assert_eq!(told, ["storm", "storm"]);
    let counts = notices.iter().map(|notice| &notice["storm"]["count"]);
    assert_eq!(counts.filter_map(Value::as_u64).sum::<u64>(), LOCKS as u64);

    let begin = Instant::now();
    let again = lockwarden_sweep::sweep(&aws, &settings, Timestamp::MAX)
        .await
        .unwrap();
    eprintln!("and the next one: {:.1?}", begin.elapsed());
    assert_eq!((again.stale, again.notified), (LOCKS, 0));
}

async fn fill(lab: &Lab) {
    let digest = |n: usize| {
        HashMap::from([
            (
                "LockID".to_owned(),
                text(format!("{BUCKET}/{n:05}/terraform.tfstate-md5")),
            ),
            (
                "Digest".to_owned(),
                text("d41d8cd98f00b204e9800998ecf8427e"),
            ),
        ])
    };
    let lock = |n: usize| {
        let path = format!("{BUCKET}/{n:05}/terraform.tfstate");
        let record = LockRecord {
            created: "2026-01-01T00:00:00.123456789Z".to_owned(),
            ..LockRecord::of_a_runner(&format!("{n:08}-0000-0000-0000-000000000000"), &path)
        };
        HashMap::from([
            ("LockID".to_owned(), text(path)),
            ("Info".to_owned(), text(record.text())),
        ])
    };
    lab.fill((0..DIGESTS).map(digest).collect()).await;
    lab.fill((0..LOCKS).map(|n| lock(n * 50)).collect()).await;
}
