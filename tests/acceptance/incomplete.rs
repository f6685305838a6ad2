//! Stores that cannot be read, wholly or in part.

use lockwarden_aws::Kind as Lasts;
use lockwarden_core::ledger::Status;
use serde_json::Value;

use crate::world::{Call, Kind, STATE, World, buckets, release};

const OTHER: &str = "acme-tf-state/prod/database.tfstate";
const TWO_TABLES: [(&str, &str); 1] = [("LOCK_TABLES", "terraform-state-locks,other-locks")];

/// What a sweep said that it could not do, store by store.
#[track_caller]
fn incomplete(world: &World) -> Vec<String> {
    let report = world.kept_report().unwrap();
    let incomplete = report["incomplete"].as_array().unwrap();
    incomplete
        .iter()
        .map(|one| one["store"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_store_that_cannot_be_read_fails_the_sweep_after_all_the_rest_is_done() {
    let troubles = [
        ("ThrottlingException: Rate exceeded", Lasts::Transient),
        ("AccessDeniedException: not authorized", Lasts::Lasting),
        ("ResourceNotFoundException: no such table", Lasts::Lasting),
    ];
    for (why, lasts) in troubles {
        let world = World::with(&TWO_TABLES);
        world.lock(Kind::Item, STATE, "ci-7");
        world.put_item("other-locks", OTHER, "unreachable");
        world.wait("20m");
        world.break_off("table other-locks", why, lasts, 0);

        let failed = world.try_sweep().unwrap_err();

        assert!(
            failed.starts_with("SweepIncomplete: table other-locks: "),
            "{failed}"
        );
        assert!(failed.contains(why), "{failed}");
        assert_eq!(incomplete(&world), ["table other-locks"]);
        assert_eq!(world.told_about(STATE), ["stale_lock"]);
        assert_eq!(world.metric("SweepIncomplete"), 1);
        assert_eq!(world.metric("SweepCompleted"), 0);
    }
}

#[test]
fn a_bucket_that_cannot_be_listed_does_not_hide_the_tables() {
    for why in ["NoSuchBucket: none", "AccessDenied: no", "SlowDown: slow"] {
        let world = World::new();
        world.lock(Kind::Item, STATE, "ci-7");
        world.lock(Kind::Object, OTHER, "ci-8");
        world.wait("20m");
        world.break_off("bucket acme-tf-state", why, Lasts::Transient, 0);

        let failed = world.try_sweep().unwrap_err();

        assert!(failed.contains(why), "{failed}");
        assert!(incomplete(&world).contains(&"bucket acme-tf-state".to_owned()));
        assert_eq!(world.kept_report().unwrap()["held"], 1);
        world.mend();
        world.wait("1m");
        world.sweep();
        assert_eq!(world.told_about(STATE), ["stale_lock"]);
        assert_eq!(world.told_about(OTHER), ["stale_lock"]);
    }
}

#[test]
fn nothing_has_ended_in_a_store_that_was_not_read_to_its_end() {
    for kind in [Kind::Item, Kind::Object, Kind::Pair] {
        for listed in [0, 1] {
            let world = World::of_kind(kind);
            world.lock(kind, OTHER, "ci-6");
            world.lock(kind, STATE, "ci-7");
            world.ask_about(STATE);
            world.unlock(STATE);
            for store in ["table terraform-state-locks", "bucket acme-tf-state"] {
                world.break_off_after(listed, store);
            }

            assert!(world.try_sweep().is_err());
            assert_eq!(world.entry_of(STATE).status, Status::Asked, "{kind:?}");
            assert_eq!(world.told_count("ended"), 0);

            world.mend();
            world.wait("1m");
            world.sweep();
            assert_eq!(world.entry_of(STATE).status, Status::Ended, "{kind:?}");
            assert_eq!(world.told_about(STATE), ["stale_lock", "ended"]);
        }
    }
}

#[test]
fn nothing_has_ended_where_only_single_reads_work() {
    for kind in [Kind::Item, Kind::Object, Kind::Pair] {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        world.ask_about(STATE);
        world.unlock(STATE);
        world.deny("lists of the table terraform-state-locks");
        world.throttle("lists of the bucket acme-tf-state");

        assert!(world.try_sweep().is_err());
        assert_eq!(world.entry_of(STATE).status, Status::Asked, "{kind:?}");
        assert_eq!(world.told(), ["stale_lock"], "{kind:?}");
    }
}

#[test]
fn nothing_has_ended_while_the_consistent_read_fails() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.ask_about(STATE);
    world.unlock(STATE);
    world.right_after(Call::ListTable, |world| {
        world.throttle("table terraform-state-locks");
    });

    assert!(world.try_sweep().is_err());
    assert_eq!(world.entry_of(STATE).status, Status::Asked);
}

#[test]
fn nothing_has_ended_in_a_table_that_is_not_configured_any_more() {
    let before = World::with(&TWO_TABLES);
    before.put_item(
        "other-locks",
        STATE,
        &crate::world::record_text("ci-7", "2026-03-02T08:00:00Z", STATE),
    );
    before.ask_about(STATE);
    before.put_item("other-locks", STATE, "gone");
    let world = World::new().with_the_stores_of(&before);

    world.wait("1h");
    world.sweep();
    assert_eq!(world.entry_of(STATE).status, Status::Asked);
    let request = world.entry_of(STATE).code.to_string();
    let outcome = world.decide(&release(&request));
    assert_eq!(outcome["outcome"], "rejected");
    assert!(
        outcome["why"].as_str().unwrap().contains("other-locks"),
        "{outcome}"
    );
}

#[test]
fn without_its_ledger_a_sweep_lists_the_locks_and_asks_nobody() {
    for why in ["ResourceNotFoundException: gone", "AccessDenied: no"] {
        let world = World::new();
        world.lock(Kind::Item, STATE, "ci-7");
        world.wait("20m");
        world.break_off("ledger", why, Lasts::Lasting, 0);

        let failed = world.try_sweep().unwrap_err();

        assert!(
            failed.starts_with("SweepIncomplete: the ledger: "),
            "{failed}"
        );
        assert_eq!(world.told(), [""; 0]);
        assert_eq!(world.metric("StaleLocks"), 1);
        assert_eq!(world.metric("HeldLocks"), 1);
        assert_eq!(world.metric("OldestUnprocessedAge"), 1_200);
        assert_eq!(world.metric("SweepIncomplete"), 1);
    }
}

#[test]
fn with_a_ledger_that_cannot_be_read_a_sweep_says_so_and_asks_nobody() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    world.deny("reads of the ledger");

    let failed = world.try_sweep().unwrap_err();

    assert!(
        failed.starts_with("SweepIncomplete: the ledger: "),
        "{failed}"
    );
    assert_eq!(incomplete(&world), ["the ledger"]);
    assert_eq!(world.told(), [""; 0]);
    assert_eq!(world.metric("StaleLocks"), 1);
}

#[test]
fn an_entry_that_cannot_be_understood_hides_no_other_lock() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.lock(Kind::Item, OTHER, "ci-8");
    let request = world.ask_about(STATE);
    world.spoil_entry(&request);
    world.wait("1h");

    let failed = world.try_sweep().unwrap_err();

    assert!(
        failed.contains("understand an entry of the ledger"),
        "{failed}"
    );
    assert_eq!(incomplete(&world), ["the ledger"]);
    assert_eq!(world.kept_report().unwrap()["stale"], 2);
    assert_eq!(world.told_about(OTHER), ["stale_lock", "reminder"]);
    assert_eq!(world.told_about(STATE), ["stale_lock"]);

    assert!(world.try_decide(&release(&request)).is_err());
    assert_eq!(world.deleted(), []);
}

#[test]
fn with_a_ledger_that_takes_no_writes_a_sweep_lists_the_locks_and_asks_nobody() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    world.deny("writes of the ledger");

    let failed = world.try_sweep().unwrap_err();

    assert!(
        failed.starts_with("SweepIncomplete: the ledger: "),
        "{failed}"
    );
    assert_eq!(world.told(), [""; 0]);
    assert_eq!(world.metric("HeldLocks"), 1);
    assert_eq!(world.metric("StaleLocks"), 1);
    assert_eq!(world.metric("OldestUnprocessedAge"), 1_200);
}

#[test]
fn an_incomplete_sweep_that_saw_nothing_stale_does_not_say_that_all_is_well() {
    let world = World::new();
    world.throttle("table terraform-state-locks");
    world.try_sweep().unwrap_err();
    let line = world.metrics().remove(0);
    assert_eq!(line["OldestUnprocessedAge"], Value::Null, "{line}");
    world.mend();
    world.sweep();
    assert_eq!(world.metrics().remove(1)["OldestUnprocessedAge"], 0);
}

#[test]
fn one_object_that_nobody_may_open_is_unreadable_and_nothing_is_incomplete() {
    let world = World::new();
    world.lock(Kind::Object, STATE, "ci-7");
    world.close_lock_file(STATE);
    world.lock(Kind::Object, OTHER, "ci-8");
    world.wait("20m");
    world.sweep();
    assert_eq!(world.told_about(OTHER), ["stale_lock"]);
    assert_eq!(
        world.told_about(STATE),
        [""; 0],
        "a lone object needs a second sighting"
    );
    world.wait("1m");
    let report = world.sweep();
    assert_eq!(report["unreadable"], 1);
    assert_eq!(world.told_about(STATE), ["unreadable_lock"]);
}

#[test]
fn a_part_of_a_bucket_is_all_that_is_looked_at() {
    let world = World::with(&buckets("acme-tf-state/prod/"));
    world.lock(Kind::Object, STATE, "ci-7");
    world.lock(Kind::Object, "acme-tf-state/dev/network.tfstate", "ci-8");
    world.wait("20m");
    let report = world.sweep();
    assert_eq!(report["held"], 1);
    assert_eq!(report["scanned"], 1);
}

#[test]
fn the_same_object_in_two_settings_is_one_lock() {
    let world = World::with(&buckets("acme-tf-state,acme-tf-state/prod/"));
    world.lock(Kind::Object, STATE, "ci-7");
    let request = world.ask_about(STATE);
    assert_eq!(world.told(), ["stale_lock"]);
    assert_eq!(world.release(&request), "released");
}

#[test]
fn an_approve_that_cannot_be_reached_is_told_as_incomplete() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.right_after(Call::Digest, |world| {
        world.throttle("table terraform-state-locks");
    });
    world.try_decide(&release(&request)).unwrap_err();
    assert_eq!(world.entry(&request).status, Status::Deciding);
    world.mend();
    world.wait("1m");
    world.throttle("approve");

    let failed = world.try_sweep().unwrap_err();
    assert!(
        failed.starts_with("SweepIncomplete: the approve function"),
        "{failed}"
    );
}

#[test]
fn an_index_that_lags_hides_nothing_for_good() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.ask_about(STATE);
    world.let_the_index_lag();
    world.unlock(STATE);
    for _ in 0..3 {
        world.wait("5m");
        world.sweep();
    }
    assert_eq!(world.entry_of(STATE).status, Status::Ended);
    assert_eq!(world.told(), ["stale_lock", "ended"]);
}

#[test]
fn tables_alone_or_buckets_alone_are_enough() {
    let tables = World::with(&[("STATE_BUCKETS", "")]);
    tables.lock(Kind::Pair, STATE, "ci-7");
    let request = tables.ask_about(STATE);
    assert!(
        tables
            .last_email()
            .contains("not among the configured STATE_BUCKETS")
    );
    let outcome = tables.decide(&release(&request));
    assert_eq!(outcome["outcome"], "released");
    assert_eq!(outcome["digest"], "unknown");
    assert_eq!(tables.locked().len(), 1, "the object is out of reach");

    let buckets = World::with(&[("LOCK_TABLES", "")]);
    buckets.lock(Kind::Pair, STATE, "ci-7");
    let request = buckets.ask_about(STATE);
    assert_eq!(buckets.release(&request), "released");
    assert_eq!(buckets.locked().len(), 1, "the item is out of reach");
}

#[test]
fn a_person_may_release_where_nobody_can_look_at_the_state() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.deny("state");
    let outcome = world.decide(&release(&request));
    assert_eq!(outcome["outcome"], "released");
    assert_eq!(outcome["digest"], "unknown");
}
