//! What a sweep tells people, when, and how often.

use lockwarden_core::ledger::{Entry, EventKind, Status};
use lockwarden_core::report::SweepReport;
use serde_json::{Value, json};

use crate::world::{Call, Fate, Kind, STATE, TABLE, Task, World, record_text};

const OTHER: &str = "acme-tf-state/prod/database.tfstate";

/// The verdict on the lock of this path in a report.
#[track_caller]
fn verdict<'r>(report: &'r Value, path: &str) -> &'r str {
    let locks = report["locks"].as_array().unwrap();
    let lock = locks.iter().find(|lock| lock["lock_id"] == path);
    lock.unwrap_or_else(|| panic!("{path} is not in {report}"))["verdict"]
        .as_str()
        .unwrap()
}

#[test]
fn a_young_lock_is_only_noted() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("14m");

    let report = world.sweep();

    assert_eq!(verdict(&report, STATE), "held");
    assert_eq!(world.told(), [""; 0]);
    let entry = world.entry_of(STATE);
    assert_eq!(entry.status, Status::Seen);
    assert_eq!(world.audited(entry.code.as_str(), EventKind::Seen), 1);
}

#[test]
fn a_stale_lock_is_told_once_and_again_after_an_hour_and_then_two() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        world.wait("15m");
        for _ in 0..12 {
            world.sweep();
            world.wait("5m");
        }
        assert_eq!(world.told(), ["stale_lock"], "{kind:?}");
        world.sweep();
        assert_eq!(world.told(), ["stale_lock", "reminder"], "{kind:?}");
        world.wait("1h 59m");
        world.sweep();
        assert_eq!(world.told().len(), 2, "{kind:?}");
        world.wait("1m");
        world.sweep();
        assert_eq!(world.told(), ["stale_lock", "reminder", "reminder"]);
        assert_eq!(
            world.locked().len(),
            if kind.has_item() && kind.has_object() {
                2
            } else {
                1
            }
        );
    }
}

#[test]
fn how_often_people_are_reminded_is_a_setting() {
    let world = World::with(&[("REMIND_EVERY", "10m")]);
    world.lock(Kind::Item, STATE, "ci-7");
    world.ask_about(STATE);
    world.wait("10m");
    world.sweep();
    assert_eq!(world.told(), ["stale_lock", "reminder"]);
}

#[test]
fn an_hour_of_sweeps_writes_the_ledger_only_when_something_happens() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.ask_about(STATE);
    world.wait("5m");
    // The second sighting is worth a write.
    world.sweep();
    world.calls();
    world.wait("5m");
    world.sweep();
    let writes: Vec<Call> = world
        .calls()
        .into_iter()
        .filter(|call| call.writes())
        .collect();
    assert_eq!(writes, [Call::KeepReport]);
}

#[test]
fn a_holder_that_lets_go_is_noted_and_those_who_were_asked_are_told() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        world.ask_about(STATE);
        world.unlock(STATE);

        let report = world.sweep();

        assert_eq!(report["ended"], 1);
        assert_eq!(world.told(), ["stale_lock", "ended"], "{kind:?}");
        assert_eq!(world.entry_of(STATE).status, Status::Ended);
        assert_eq!(world.sweep()["ended"], 0);
        assert_eq!(world.told().len(), 2, "{kind:?}");
    }
}

#[test]
fn nobody_hears_of_the_end_of_a_lock_that_nobody_was_asked_about() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.sweep();
    world.unlock(STATE);
    world.wait("5m");
    assert_eq!(world.sweep()["ended"], 1);
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn a_lock_that_the_list_does_not_show_has_not_ended_while_a_consistent_read_does() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        world.ask_about(STATE);
        world.hide_from_lists(STATE);

        assert_eq!(world.sweep()["ended"], 0, "{kind:?}");
        assert_eq!(world.entry_of(STATE).status, Status::Asked);
    }
}

#[test]
fn nobody_is_asked_about_a_lock_that_went_while_it_was_listed() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    world.right_after(Call::ListTable, |world| world.unlock(STATE));

    world.sweep();

    assert_eq!(world.told(), [""; 0]);
    assert_eq!(world.entry_of(STATE).status, Status::Seen);
    world.sweep();
    assert_eq!(world.entry_of(STATE).status, Status::Ended);
}

#[test]
fn a_sign_of_life_beats_any_age() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("2d");
    world.write_state(STATE);
    world.wait("5m");
    assert_eq!(verdict(&world.sweep(), STATE), "alive");
    assert_eq!(world.told(), [""; 0]);

    world.wait("1m");
    assert_eq!(verdict(&world.sweep(), STATE), "stale");
    assert_eq!(world.told(), ["stale_lock"]);
}

#[test]
fn a_state_that_cannot_be_looked_at_is_told_as_unknown() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.deny("state");
    let report = {
        world.wait("20m");
        world.sweep()
    };
    assert_eq!(verdict(&report, STATE), "stale");
    assert!(
        world.last_email().contains("unknown:"),
        "{}",
        world.last_email()
    );
}

#[test]
fn a_time_in_the_future_is_skewed_and_told_once_it_was_seen_long_enough() {
    let world = World::new();
    world.put_item(
        TABLE,
        STATE,
        &record_text("ci-7", "2026-03-09T00:00:00Z", STATE),
    );
    assert_eq!(verdict(&world.sweep(), STATE), "skewed");
    assert_eq!(world.told(), [""; 0]);

    world.wait("15m");
    assert_eq!(verdict(&world.sweep(), STATE), "skewed");
    assert_eq!(world.told(), ["unreadable_lock"]);
}

#[test]
fn ten_sweeps_at_once_send_one_notice_for_each_lock() {
    for seed in 0..40 {
        let world = World::new().seeded(seed);
        world.lock(Kind::Item, STATE, "ci-7");
        world.lock(Kind::Pair, OTHER, "ci-8");
        world.wait("20m");
        let sweeps = if seed % 2 == 0 { 2 } else { 10 };

        let tasks: Vec<Task<'_>> = (0..sweeps).map(|_| world.sweeping(Fate::Lives)).collect();
        world.run(tasks);
        world.wait("1m");
        world.sweep();

        assert_eq!(world.told_about(STATE), ["stale_lock"], "seed {seed}");
        assert_eq!(world.told_about(OTHER), ["stale_lock"], "seed {seed}");
        assert_eq!(world.entries().len(), 2, "seed {seed}");
    }
}

#[test]
fn each_of_several_sweeps_at_once_reports_every_lock() {
    for seed in 0..40 {
        let world = World::new().seeded(seed);
        world.lock(Kind::Item, STATE, "ci-7");
        world.lock(Kind::Pair, OTHER, "ci-8");
        world.wait("20m");
        for report in world.run((0..4).map(|_| world.sweeping(Fate::Lives)).collect()) {
            let report = report.unwrap().unwrap();
            assert_eq!(report["held"], 2, "seed {seed}: {report}");
            assert_eq!(report["stale"], 2, "seed {seed}: {report}");
        }
    }
}

#[test]
fn sweeps_whose_writes_collide_tell_each_lock_all_the_same() {
    for seed in 0..40 {
        let world = World::new().seeded(seed).with_conflicts(4);
        world.lock(Kind::Item, STATE, "ci-7");
        world.lock(Kind::Pair, OTHER, "ci-8");
        world.wait("20m");
        world.run((0..5).map(|_| world.sweeping(Fate::Lives)).collect());
        world.let_no_writes_collide();
        world.wait("1m");
        world.sweep();
        for path in [STATE, OTHER] {
            let told = world.told_about(path);
            assert!((1..=2).contains(&told.len()), "seed {seed}: {told:?}");
        }
        assert_eq!(world.entries().len(), 2, "seed {seed}");
    }
}

#[test]
fn ten_sweeps_at_once_tell_of_one_end_and_one_reminder() {
    for seed in 0..40 {
        let world = World::new().seeded(seed);
        world.lock(Kind::Item, STATE, "ci-7");
        world.lock(Kind::Object, OTHER, "ci-8");
        world.wait("20m");
        world.sweep();
        world.unlock(OTHER);
        world.wait("1h");

        let tasks: Vec<Task<'_>> = (0..10).map(|_| world.sweeping(Fate::Lives)).collect();
        world.run(tasks);

        assert_eq!(
            world.told_about(STATE),
            ["stale_lock", "reminder"],
            "seed {seed}"
        );
        assert_eq!(
            world.told_about(OTHER),
            ["stale_lock", "ended"],
            "seed {seed}"
        );
    }
}

#[test]
fn a_notice_that_a_dead_sweep_owes_is_sent_by_the_next_after_its_lease() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    world.throttle("topic");
    let failed = world.try_sweep().unwrap_err();
    assert!(
        failed.starts_with("SweepIncomplete: the notice topic"),
        "{failed}"
    );
    assert_eq!(world.told(), [""; 0]);
    world.mend();

    world.sweep();
    assert_eq!(world.told(), [""; 0], "somebody may still be sending it");
    world.wait("30s");
    world.sweep();
    assert_eq!(world.told(), ["stale_lock"]);
    world.wait("30s");
    world.sweep();
    assert_eq!(world.told(), ["stale_lock"]);
}

#[test]
fn a_notice_about_an_outcome_that_approve_owes_is_sent_by_the_next_sweep() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.throttle("topic");
    assert_eq!(world.release(&request), "released");
    assert_eq!(world.told_count("released"), 0);
    world.mend();

    world.wait("5m");
    world.sweep();

    assert_eq!(world.told(), ["stale_lock", "released"]);
    world.wait("5m");
    world.sweep();
    assert_eq!(world.told().len(), 2);
}

#[test]
fn a_decision_that_was_left_half_done_is_handed_to_approve() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.leave_half_done(&request);

    world.wait("30s");
    world.sweep();
    assert_eq!(world.queue(), [""; 0], "it may still be at it");
    world.wait("15s");
    world.sweep();

    assert_eq!(world.queue(), [json!({"finish": request}).to_string()]);
    assert_eq!(world.locked().len(), 1, "a sweep deletes nothing");
    world.deliver_queue();
    assert_eq!(world.locked(), [""; 0]);
    assert_eq!(world.entry(&request).status, Status::Released);
    assert_eq!(world.told(), ["stale_lock", "released"]);
}

#[test]
fn the_very_same_record_that_is_back_after_its_end_is_a_new_generation() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        let text = world.lock(kind, STATE, "ci-7");
        let request = world.ask_about(STATE);
        world.unlock(STATE);
        world.sweep();

        world.wait("1h");
        world.lock_with(kind, STATE, &text);
        world.wait("20m");
        world.sweep();

        let entry = world.entry_of(STATE);
        assert_eq!(
            (entry.generation, entry.status),
            (2, Status::Asked),
            "{kind:?}"
        );
        assert_eq!(world.told(), ["stale_lock", "ended", "stale_lock"]);
        assert_eq!(world.release(&request), "released");
    }
}

#[test]
fn a_test_notice_goes_to_everybody_and_says_who_gets_none() {
    let world = World::new();
    let task = world.sweeping_for(json!({"test_notice": true}), Fate::Lives);
    let reply = world.run_one(task).unwrap().unwrap();
    assert_eq!(world.told(), ["test"]);
    insta::assert_json_snapshot!(reply, @r#"
    {
      "confirmed": 1,
      "test_notice": "sent",
      "unconfirmed": [
        {
          "endpoint": "new@example.com",
          "protocol": "email"
        }
      ]
    }
    "#);
    assert_eq!(world.calls(), [Call::Publish, Call::Subscribers]);

    world.throttle("topic");
    let task = world.sweeping_for(json!({"test_notice": true}), Fate::Lives);
    let failed = world.run_one(task).unwrap().unwrap_err();
    assert!(failed.starts_with("NotSent: "), "{failed}");
}

#[test]
fn a_report_lists_at_most_a_hundred_locks_and_counts_all() {
    let world = World::new();
    for number in 0..130 {
        let path = format!("acme-tf-state/{number}.tfstate");
        world.lock(Kind::Item, &path, &path);
    }
    world.wait("20m");
    let report = world.sweep();
    assert_eq!(
        (&report["held"], &report["stale"]),
        (&json!(130), &json!(130))
    );
    assert_eq!(report["locks"].as_array().unwrap().len(), SweepReport::MOST);
    assert_eq!(report["notified"], 130);
    assert_eq!(world.kept_report(), Some(report));
}

#[test]
fn a_report_counts_by_store_too_and_a_pair_in_both() {
    let world = World::new();
    world.lock(Kind::Pair, STATE, "ci-7");
    world.wait("20m");
    world.lock(Kind::Object, "acme-tf-state/young.tfstate", "ci-8");
    let report = world.sweep();
    assert_eq!(
        report["stores"],
        json!([
            {"store": "table terraform-state-locks", "scanned": 1, "held": 1, "stale": 1},
            {"store": "bucket acme-tf-state", "scanned": 2, "held": 2, "stale": 1},
        ])
    );
}

#[test]
fn a_sweep_that_runs_out_of_time_says_so_and_the_next_goes_on() {
    let world = World::new();
    for number in 0..40 {
        let path = format!("acme-tf-state/{number}.tfstate");
        world.lock(Kind::Item, &path, &path);
    }
    world.wait("20m");
    world.give_sweeps("10s");
    world.right_after(Call::StateObject, |world| world.wait("11s"));

    let failed = world.try_sweep().unwrap_err();
    assert!(failed.contains("it ran out of time"), "{failed}");
    let asked = world.asked().len();
    assert!((1..40).contains(&asked), "{asked}");

    world.give_sweeps("5m");
    world.wait("1m");
    world.sweep();
    assert_eq!(world.asked().len(), 40);
}

#[test]
fn a_sweep_that_runs_out_of_time_over_what_has_ended_says_so_too() {
    let world = World::new();
    for number in 0..40 {
        let path = format!("acme-tf-state/{number}.tfstate");
        world.lock(Kind::Item, &path, &path);
    }
    world.wait("20m");
    world.sweep();
    for number in 0..40 {
        world.unlock(&format!("acme-tf-state/{number}.tfstate"));
    }
    world.give_sweeps("10s");
    world.right_after(Call::Item, |world| world.wait("11s"));

    let failed = world.try_sweep().unwrap_err();
    assert!(failed.contains("it ran out of time"), "{failed}");

    world.give_sweeps("5m");
    world.wait("1m");
    world.sweep();
    let is_told = |entry: &Entry| entry.status == Status::Ended && entry.unsent.is_empty();
    assert_eq!(world.entries().iter().filter(|it| is_told(it)).count(), 40);
}

#[test]
fn workspaces_are_states_of_their_own() {
    let world = World::new();
    let workspace = "acme-tf-state/env:/staging/network.tfstate";
    world.lock(Kind::Pair, workspace, "ci-7");
    world.lock(Kind::Pair, STATE, "ci-8");
    let request = world.ask_about(workspace);

    assert_eq!(world.release(&request), "released");
    assert_eq!(world.locked().len(), 2);
    assert_eq!(world.told_about(STATE), ["stale_lock"]);
}

#[test]
fn the_metrics_say_how_bad_it_is() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    world.lock(Kind::Item, OTHER, "ci-8");
    world.sweep();
    insta::assert_json_snapshot!(world.metrics().remove(0), @r#"
    {
      "HeldLocks": 2,
      "OldestUnprocessedAge": 1200,
      "StaleLocks": 1,
      "SweepCompleted": 1,
      "SweepIncomplete": 0,
      "UnreadableLocks": 0,
      "_aws": {
        "CloudWatchMetrics": [
          {
            "Dimensions": [
              []
            ],
            "Metrics": [
              {
                "Name": "HeldLocks",
                "Unit": "Count"
              },
              {
                "Name": "StaleLocks",
                "Unit": "Count"
              },
              {
                "Name": "UnreadableLocks",
                "Unit": "Count"
              },
              {
                "Name": "SweepCompleted",
                "Unit": "Count"
              },
              {
                "Name": "SweepIncomplete",
                "Unit": "Count"
              },
              {
                "Name": "OldestUnprocessedAge",
                "Unit": "Seconds"
              }
            ],
            "Namespace": "TerraformLocks"
          }
        ],
        "Timestamp": 1772439600000
      }
    }
    "#);
}
