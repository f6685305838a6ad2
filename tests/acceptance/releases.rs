//! What a decision comes to, in the ordinary course of things.

use lockwarden_core::item::Attribute;
use lockwarden_core::ledger::{EventKind, Status};
use serde_json::json;

use crate::world::{
    Kind, STATE, TABLE, World, id_of, keep, outcome_of, release, release_by_name, release_even_if,
};

#[test]
fn each_kind_of_lock_is_released_whole_and_told_once() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.write_state(STATE);
        world.lock(kind, STATE, "ci-7");
        let request = world.ask_about(STATE);

        let outcome = world.decide(&release(&request));

        assert_eq!(outcome_of(&outcome), "released", "{kind:?}: {outcome}");
        assert_eq!(outcome["confirmed"], true, "{kind:?}: {outcome}");
        assert_eq!(outcome["next"], "terraform plan");
        assert_eq!(world.locked(), Vec::<String>::new(), "{kind:?}");
        assert_eq!(world.told(), ["stale_lock", "released"], "{kind:?}");
        assert_eq!(world.entry(&request).status, Status::Released);
        assert_eq!(world.audited(&request, EventKind::Decision), 1);
        assert_eq!(world.audited(&request, EventKind::Outcome), 1);
        assert_eq!(world.metric("Released"), 1);
    }
}

#[test]
fn a_release_names_every_record_and_checks_the_digest() {
    let world = World::new();
    world.write_state(STATE);
    world.lock(Kind::Pair, STATE, "ci-7");
    let request = world.ask_about(STATE);

    let outcome = world.decide(&release(&request));

    insta::assert_json_snapshot!(outcome, @r#"
    {
      "by": "alice",
      "by_verified": null,
      "confirmed": true,
      "digest": "match",
      "id": "dfd38b5c-f4e4-42ee-35a9-bb3edfb4241b",
      "lock_id": "acme-tf-state/prod/network.tfstate",
      "next": "terraform plan",
      "outcome": "released",
      "records": [
        {
          "bucket": "acme-tf-state",
          "key": "prod/network.tfstate.tflock",
          "kind": "s3"
        },
        {
          "kind": "dynamodb",
          "table": "terraform-state-locks"
        }
      ],
      "request": "P34E6TMY"
    }
    "#);
}

#[test]
fn the_digest_outlives_the_release() {
    let world = World::new();
    world.write_state(STATE);
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    let before = world.not_locks();

    assert_eq!(world.release(&request), "released");

    assert_eq!(before.len(), 1);
    assert_eq!(world.not_locks(), before);
}

#[test]
fn a_digest_that_does_not_fit_the_state_is_told() {
    let world = World::new();
    world.write_state(STATE);
    let wrong = [("Digest", Attribute::Text("0".repeat(32)))];
    world.put_attributes(TABLE, &format!("{STATE}-md5"), &wrong);
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);

    assert_eq!(world.decide(&release(&request))["digest"], "mismatch");
    assert!(world.last_email().contains("Beware: the state's digest"));
}

#[test]
fn a_phantom_goes_only_with_open_eyes_and_only_while_it_is_one() {
    let world = World::new();
    world.put_attributes(TABLE, STATE, &[]);
    world.wait("20m");
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();
    assert_eq!(world.told(), ["unreadable_lock"]);

    assert_eq!(world.release(&request), "not_stale");
    assert_eq!(world.locked().len(), 1);

    let outcome = world.decide(&release_even_if(&request, &["unreadable"]));
    assert_eq!(outcome_of(&outcome), "released");
    assert_eq!(world.locked(), Vec::<String>::new());
}

#[test]
fn the_half_that_is_left_of_a_pair_is_released() {
    for left in [Kind::Item, Kind::Object] {
        let world = World::new();
        let text = world.lock(Kind::Pair, STATE, "ci-7");
        let request = world.ask_about(STATE);
        if left == Kind::Item {
            world.unlock_object(STATE);
        } else {
            world.unlock_item(STATE);
        }

        let outcome = world.decide(&release(&request));

        assert_eq!(outcome_of(&outcome), "released", "{left:?}: {outcome}");
        // What is named is what was deleted: the half that was there.
        assert_eq!(outcome["confirmed"], true, "{left:?}: {outcome}");
        assert_eq!(outcome["records"].as_array().unwrap().len(), 1, "{outcome}");
        assert_eq!(world.locked(), Vec::<String>::new());
        assert_eq!(world.deleted(), [Some(text)]);
    }
}

#[test]
fn a_lock_that_no_sweep_has_seen_is_released_by_path_and_id() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        world.wait("20m");

        let outcome = world.decide(&release_by_name(STATE, "ci-7"));

        assert_eq!(outcome_of(&outcome), "released", "{kind:?}: {outcome}");
        assert_eq!(world.locked(), Vec::<String>::new());
        assert_eq!(world.entry_of(STATE).status, Status::Released);
    }
}

#[test]
fn keep_is_quiet_for_its_time_and_then_people_are_asked_again() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);

    let outcome = world.decide_by_topic(&keep(&request, "2h"));
    assert_eq!(outcome_of(&outcome), "kept");
    assert_eq!(outcome["until"], "2026-03-02T10:20:00Z");

    world.wait("119m");
    world.sweep();
    assert_eq!(world.told(), ["stale_lock", "kept"]);
    world.wait("1m");
    world.sweep();
    assert_eq!(world.told(), ["stale_lock", "kept", "reminder"]);
    assert_eq!(world.entry(&request).status, Status::Asked);
    assert_eq!(world.locked().len(), 1);
}

#[test]
fn a_kept_lock_can_be_kept_longer_and_released_before_its_time() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);

    world.decide(&keep(&request, "2h"));
    world.wait("1h");
    assert_eq!(
        world.decide(&keep(&request, "2h"))["until"],
        "2026-03-02T11:20:00Z"
    );
    assert_eq!(world.release(&request), "released");
}

#[test]
fn a_lock_that_nobody_was_asked_about_cannot_be_kept() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();

    let outcome = world.decide(&keep(&request, "2h"));

    assert_eq!(outcome_of(&outcome), "rejected");
    assert_eq!(world.entry(&request).status, Status::Seen);
}

#[test]
fn what_was_released_is_the_text_that_people_were_asked_about() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        let text = world.lock(kind, STATE, "ci-7");
        let request = world.ask_about(STATE);
        world.release(&request);
        let halves = usize::from(kind.has_item()) + usize::from(kind.has_object());
        assert_eq!(world.deleted(), vec![Some(text); halves], "{kind:?}");
    }
}

#[test]
fn the_audit_log_tells_the_whole_story() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.wait("1m");
    let mut decision = release(&request);
    decision["reason"] = json!("the runner was OOM-killed");
    world.decide_by_topic(&decision);

    let audit = world.audit(&request);
    let told: Vec<String> = audit
        .iter()
        .map(|event| {
            format!(
                "{} {:?} {:?} {}",
                event.at, event.what, event.by, event.detail
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    2026-03-02T08:20:00Z Notice None stale_lock
    2026-03-02T08:20:00Z Seen None first sight
    2026-03-02T08:21:00Z Decision Some("alice") release: the runner was OOM-killed
    2026-03-02T08:21:00Z Notice None released
    2026-03-02T08:21:00Z Outcome Some("alice") released
    "#);
}

#[test]
fn several_stores_may_hold_the_same_path_and_a_name_that_fits_two_is_refused() {
    let world = World::with(&[("LOCK_TABLES", "terraform-state-locks,other-locks")]);
    let text = world.lock(Kind::Item, STATE, "ci-7");
    world.put_item("other-locks", STATE, &text);
    world.wait("20m");

    let unseen = world.decide(&release_by_name(STATE, "ci-7"));
    assert_eq!(outcome_of(&unseen), "rejected");

    world.sweep();
    let codes: Vec<String> = world
        .entries()
        .iter()
        .map(|entry| entry.code.to_string())
        .collect();
    assert_eq!(codes.len(), 2);
    let seen = world.decide(&release_by_name(STATE, "ci-7"));
    assert_eq!(outcome_of(&seen), "rejected");
    assert!(
        codes
            .iter()
            .all(|code| seen["why"].as_str().unwrap().contains(code))
    );
    assert_eq!(world.locked().len(), 2);

    assert_eq!(world.release(&codes[1]), "released");
    assert_eq!(world.locked().len(), 1);
    assert_eq!(world.release(&codes[0]), "released");
    assert_eq!(id_of("ci-7").len(), 36);
}

#[test]
fn a_half_that_joined_since_the_notice_is_released_and_named_too() {
    for (first, then) in [(Kind::Object, Kind::Item), (Kind::Item, Kind::Object)] {
        let world = World::new();
        let text = world.lock(first, STATE, "ci-7");
        let request = world.ask_about(STATE);
        world.lock_with(then, STATE, &text);
        world.wait("20m");

        let outcome = world.decide(&release(&request));

        assert_eq!(outcome_of(&outcome), "released", "{first:?}: {outcome}");
        assert_eq!(world.locked(), [""; 0], "{first:?}");
        assert_eq!(outcome["confirmed"], true, "{first:?}: {outcome}");
        assert_eq!(outcome["records"].as_array().unwrap().len(), 2, "{outcome}");
    }
}

#[test]
fn a_record_that_was_written_again_as_it_was_is_the_same_lock() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        let text = world.lock(kind, STATE, "ci-7");
        let request = world.ask_about(STATE);
        world.wait("1h");
        world.lock_with(kind, STATE, &text);
        world.wait("20m");
        world.sweep();
        assert_eq!(world.entry_of(STATE).code.as_str(), request, "{kind:?}");
        assert_eq!(world.release(&request), "released", "{kind:?}");
    }
}

#[test]
fn every_outcome_is_told_though_the_topic_was_down_for_all_of_them() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.throttle("topic");
    world.decide(&keep(&request, "1h"));
    world.wait("1m");
    assert_eq!(world.release(&request), "released");
    world.mend();

    for _ in 0..3 {
        world.wait("5m");
        world.sweep();
    }
    assert_eq!(world.told(), ["stale_lock", "kept", "released"]);
}
