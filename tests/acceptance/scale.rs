//! A large account.

use std::collections::BTreeSet;
use std::time::Instant;

use lockwarden_core::item::Attribute;
use lockwarden_core::report::SweepReport;

use crate::world::{Kind, TABLE, World};

#[test]
#[allow(clippy::print_stderr, reason = "the time is worth reading")]
fn a_thousand_locks_among_fifty_thousand_digests_are_each_reported_once() {
    let world = World::new();
    for number in 0..50_000 {
        let key = format!("acme-tf-state/{number}.tfstate-md5");
        let digest = [("Digest", Attribute::Text(format!("{number:032x}")))];
        world.put_attributes(TABLE, &key, &digest);
    }
    for number in 0..1_000 {
        let path = format!("acme-tf-state/{number}.tfstate");
        world.lock(Kind::Item, &path, &path);
    }
    world.wait("20m");

    let begun = Instant::now();
    let report = world.sweep();
    eprintln!(
        "a sweep of 51,000 items with 1,000 stale locks took {:?}",
        begun.elapsed()
    );

    assert_eq!(report["scanned"], 51_000);
    assert_eq!(report["digests"], 50_000);
    assert_eq!(
        (&report["held"], &report["stale"], &report["notified"]),
        (&1_000.into(), &1_000.into(), &1_000.into())
    );
    let listed = report["locks"].as_array().unwrap();
    let different: BTreeSet<&str> = listed
        .iter()
        .filter_map(|lock| lock["request"].as_str())
        .collect();
    assert_eq!(
        (listed.len(), different.len()),
        (SweepReport::MOST, SweepReport::MOST)
    );
    assert_eq!(world.told(), ["storm", "storm"], "five hundred in each");
    let asked = world.asked();
    let different: BTreeSet<&String> = asked.iter().collect();
    assert_eq!((asked.len(), different.len()), (1_000, 1_000));
}
