//! Decisions that are wrong, too early, too late, or not allowed: nothing is released, and somebody hears why.

use lockwarden_aws::Kind as Lasts;
use lockwarden_core::ledger::{EventKind, Status};
use serde_json::{Value, json};

use crate::world::{
    APPROVALS, Call, Fate, Kind, STATE, World, by_topic, id_of, keep, outcome_of, release,
    release_by_name, release_even_if,
};

/// A world with one stale lock that people were asked about, and its request code.
fn asked() -> (World, String) {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.calls();
    (world, request)
}

/// A refusal that names no lock: said with an example, told, counted and kept, with no other write.
#[track_caller]
fn assert_refused(world: &World, outcome: &Value, why: &str) {
    assert_eq!(outcome_of(outcome), "rejected", "{outcome}");
    let said = outcome["why"].as_str().unwrap();
    assert!(said.contains(why), "{said}");
    assert!(outcome["example"].is_string(), "{outcome}");
    assert_eq!(world.locked().len(), 1);
    assert_eq!(world.told_count("rejected"), 1);
    assert!(world.last_email().contains(why), "{}", world.last_email());
    assert_eq!(world.metric("RejectedDecisions"), 1);
    assert_eq!(world.refusals().len(), 1);
}

#[test]
fn what_is_no_decision_is_refused_with_a_right_example() {
    let named = |fields: Value| fields;
    let wrong = [
        (json!("yes please"), "not a JSON object"),
        (json!({}), "`decision` is missing"),
        (
            named(json!({"decision": "release", "request": "7F3K2QWX"})),
            "`by` is missing",
        ),
        (
            named(json!({"decision": "purge", "request": "7F3K2QWX", "by": "a"})),
            "`purge` is unknown",
        ),
        (
            named(json!({"decision": "release", "by": "a"})),
            "names no lock",
        ),
        (
            named(json!({"decision": "release", "by": "a", "lock_id": STATE})),
            "`lock_id` without `id`",
        ),
        (
            named(json!({"decision": "release", "by": "a", "request": "7F3K2QWX", "force": true})),
            "unknown field `force`",
        ),
        (
            named(json!({"decision": "keep", "by": "policy:stale", "request": "7F3K2QWX"})),
            "reserved for rules",
        ),
        (
            named(json!({"v": 2, "decision": "release", "by": "a", "request": "7F3K2QWX"})),
            "version 2",
        ),
        (
            named(json!({"decision": "release", "by": "a", "request": "7F3K2QWX"})),
            "there is no request 7F3K2QWX",
        ),
    ];
    for (message, why) in wrong {
        let (world, _) = asked();
        assert_refused(&world, &world.decide(&message), why);
        let (world, _) = asked();
        assert_refused(&world, &world.decide_by_topic(&message), why);
    }
}

#[test]
fn an_unknown_request_costs_one_look_and_its_refusal() {
    let (world, _) = asked();
    world.decide_by_topic(&release("7F3K2QWX"));
    let calls = world.calls();
    let writes: Vec<&Call> = calls.iter().filter(|call| call.writes()).collect();
    assert_eq!(writes, [&Call::KeepRefusal, &Call::UpdateDelivery]);
    assert!(
        !calls.contains(&Call::Item) && !calls.contains(&Call::StateObject),
        "{calls:?}"
    );
}

#[test]
fn refusals_that_name_no_lock_are_told_a_hundred_times_a_day_at_most() {
    let (world, request) = asked();
    for _ in 0..130 {
        assert_eq!(
            outcome_of(&world.decide_by_topic(&release("7F3K2QWX"))),
            "rejected"
        );
    }
    assert_eq!(world.told_count("rejected"), 100);
    assert_eq!(world.refusals().len(), 100);
    assert_eq!(world.metric("RejectedDecisions"), 130);

    // A right decision is not held up by that.
    assert_eq!(world.release(&request), "released");
    world.wait("1d");
    world.decide_by_topic(&release("7F3K2QWX"));
    assert_eq!(world.told_count("rejected"), 101);
}

#[test]
fn a_request_and_a_lock_that_disagree_are_refused() {
    let (world, request) = asked();
    for (path, holder) in [("acme-tf-state/other.tfstate", "ci-7"), (STATE, "ci-8")] {
        let mut decision = release_by_name(path, holder);
        decision["request"] = json!(request);
        let outcome = world.decide(&decision);
        assert_eq!(outcome_of(&outcome), "rejected");
        assert!(
            outcome["why"]
                .as_str()
                .unwrap()
                .contains("about another lock")
        );
    }
    assert_eq!(world.told_count("rejected"), 2);
    assert_eq!(world.audited(&request, EventKind::Refusal), 2);
    assert_eq!(world.refusals(), [], "the lock of the request is known");
    let mut right = release_by_name(STATE, "ci-7");
    right["request"] = json!(request);
    assert_eq!(outcome_of(&world.decide(&right)), "released");
}

#[test]
fn a_wrong_lock_id_releases_nothing_and_says_who_holds_the_state() {
    let (world, _) = asked();
    let outcome = world.decide(&release_by_name(STATE, "ci-8"));
    assert_refused(&world, &outcome, "held by runner@ci-7");
    assert!(outcome["why"].as_str().unwrap().contains(&id_of("ci-7")));
}

#[test]
fn another_topic_decides_nothing() {
    let (world, request) = asked();
    let mut event = by_topic(&world, "m-1", &release(&request));
    event["Records"][0]["Sns"]["TopicArn"] = json!(APPROVALS.replace("approvals", "others"));
    let reply = world.run_one(world.approving("m-1", &event, Fate::Lives));
    let outcome = &reply.unwrap().unwrap()["outcomes"][0];
    assert_refused(&world, outcome, "lockwarden-others");
}

#[test]
fn open_eyes_count_by_direct_invoke_and_by_a_restricted_topic_only() {
    for (restricted, expected) in [("false", "rejected"), ("true", "released")] {
        let world = World::with(&[("TOPIC_RESTRICTED", restricted)]);
        world.lock(Kind::Item, STATE, "ci-7");
        world.sweep();
        let request = world.entry_of(STATE).code.to_string();
        let outcome = world.decide_by_topic(&release_even_if(&request, &["fresh"]));
        assert_eq!(outcome_of(&outcome), expected, "{outcome}");
        assert_eq!(world.locked().is_empty(), expected == "released");
    }
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();
    let outcome = world.decide(&release_even_if(&request, &["fresh"]));
    assert_eq!(outcome_of(&outcome), "released", "{outcome}");
}

#[test]
fn open_eyes_are_no_way_around_by_a_hand_over_from_an_open_topic() {
    // The topic may have been restricted while the decision was taken, and a retry finds another setting: the event
    // says it.
    let (world, request) = asked();
    let decision = release_even_if(&request, &["alive"]);
    assert_eq!(outcome_of(&world.decide_by_topic(&decision)), "rejected");
    assert_eq!(world.entry(&request).status, Status::Asked);
    assert!(world.entry(&request).decided.is_none());
}

#[test]
fn with_releases_switched_off_nothing_is_released_and_keep_still_works() {
    let world = World::with(&[("RELEASES", "disabled")]);
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);

    for decision in [
        release(&request),
        release_by_name(STATE, "ci-7"),
        release_even_if(&request, &["fresh"]),
    ] {
        let outcome = world.decide(&decision);
        assert_eq!(outcome_of(&outcome), "rejected");
        assert!(
            outcome["why"]
                .as_str()
                .unwrap()
                .contains("RELEASES=disabled")
        );
    }
    assert_eq!(world.locked().len(), 1);
    assert_eq!(outcome_of(&world.decide(&keep(&request, "1h"))), "kept");
}

#[test]
fn releases_that_are_switched_off_stop_a_decision_that_was_left_half_done_too() {
    let (world, request) = asked();
    world.leave_half_done(&request);
    let off = World::with(&[("RELEASES", "disabled")]).with_the_stores_of(&world);
    off.wait("1m");
    off.sweep();
    off.deliver_queue();
    assert_eq!(off.locked().len(), 1, "the switch is off");
    assert_eq!(off.deleted(), []);
}

#[test]
fn a_lock_that_is_not_stale_stays_unless_the_decision_says_that_it_knows() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        world.sweep();
        let request = world.entry_of(STATE).code.to_string();

        let refused = world.decide(&release(&request));
        assert_eq!(outcome_of(&refused), "not_stale", "{kind:?}");
        assert!(
            refused["example"]
                .as_str()
                .unwrap()
                .contains(r#""even_if":["fresh"]"#)
        );
        assert_eq!(world.told(), ["rejected"]);
        assert_eq!(world.metric("RejectedDecisions"), 1);
        assert_eq!(world.audited(&request, EventKind::Refusal), 1);
        assert_eq!(world.entry(&request).status, Status::Seen);

        let wrong_word = world.decide(&release_even_if(&request, &["split"]));
        assert_eq!(outcome_of(&wrong_word), "not_stale");
        let outcome = world.decide(&release_even_if(&request, &["fresh"]));
        assert_eq!(outcome_of(&outcome), "released", "{kind:?}");
    }
}

#[test]
fn a_holder_that_shows_life_after_the_notice_keeps_its_lock() {
    let (world, request) = asked();
    world.write_state(STATE);
    let refused = world.decide(&release(&request));
    assert_eq!(outcome_of(&refused), "not_stale");
    assert!(
        refused["why"].as_str().unwrap().starts_with("alive:"),
        "{refused}"
    );
    assert_eq!(world.locked().len(), 1);
}

#[test]
fn a_time_in_the_future_goes_with_open_eyes_only() {
    let world = World::new();
    let record = crate::world::record_text("ci-7", "2026-03-09T00:00:00Z", STATE);
    world.put_item(crate::world::TABLE, STATE, &record);
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();
    assert_eq!(world.release(&request), "not_stale");
    let outcome = world.decide(&release_even_if(&request, &["skewed"]));
    assert_eq!(outcome_of(&outcome), "released");
}

#[test]
fn what_was_released_before_is_said_with_by_whom() {
    let (world, request) = asked();
    world.release(&request);
    let told = world.told().len();

    let outcome = world.decide_by_topic(&release(&request));

    assert_eq!(outcome_of(&outcome), "already_released");
    assert!(
        outcome["why"]
            .as_str()
            .unwrap()
            .contains("by a decision of alice")
    );
    assert_eq!(world.told().len(), told, "nobody else needs to hear it");
}

#[test]
fn a_lock_whose_holder_let_go_before_the_decision_came_is_already_released() {
    for kind in Kind::ALL {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        let request = world.ask_about(STATE);
        world.unlock(STATE);
        assert_eq!(world.release(&request), "already_released", "{kind:?}");
        assert_eq!(world.told(), ["stale_lock", "ended"], "{kind:?}");
        assert_eq!(world.entry(&request).status, Status::AlreadyReleased);
        world.wait("5m");
        world.sweep();
        assert_eq!(world.told().len(), 2, "{kind:?}");
    }
}

#[test]
fn a_decision_on_the_topic_about_an_ended_lock_hears_who_has_the_state_now() {
    let (world, request) = asked();
    world.unlock(STATE);
    world.sweep();
    world.lock(Kind::Item, STATE, "ci-8");

    let outcome = world.decide_by_topic(&release(&request));

    assert_eq!(outcome_of(&outcome), "changed_hands");
    assert_eq!(outcome["now_held_by"]["who"], "runner@ci-8");
    assert!(
        world.last_email().contains("runner@ci-8"),
        "{}",
        world.last_email()
    );
    assert_eq!(world.locked().len(), 1);
}

#[test]
fn a_finish_without_a_decision_does_nothing() {
    let (world, request) = asked();
    for event in [json!({"finish": request}), json!({"finish": "7F3K2QWX"})] {
        let outcome = world.decide(&event);
        assert_eq!(outcome_of(&outcome), "rejected");
    }
    assert_eq!(world.locked().len(), 1);
    assert_eq!(world.told(), ["stale_lock"]);
    let writes = world
        .calls()
        .into_iter()
        .filter(|call| call.writes())
        .count();
    assert_eq!(writes, 0);
}

#[test]
fn what_a_retry_can_mend_fails_the_invocation_and_what_it_cannot_is_an_answer() {
    let (world, request) = asked();
    world.throttle("table terraform-state-locks");
    world.try_decide(&release(&request)).unwrap_err();
    assert_eq!(
        world.entry(&request).status,
        Status::Asked,
        "nothing is half done"
    );
    world.mend();

    world.break_off(
        "table terraform-state-locks",
        "AccessDenied: no",
        Lasts::Lasting,
        0,
    );
    let outcome = world.decide(&release(&request));
    assert_eq!(outcome_of(&outcome), "rejected");
    assert!(
        outcome["why"].as_str().unwrap().contains("AccessDenied"),
        "{outcome}"
    );
    world.mend();
    assert_eq!(world.release(&request), "released");
}

#[test]
fn a_delete_that_is_denied_is_told_and_can_be_decided_again() {
    let table = "table terraform-state-locks";
    for (kind, after, store, expected) in [
        (Kind::Item, Call::Digest, table, "rejected"),
        (
            Kind::Object,
            Call::StateObject,
            "bucket acme-tf-state",
            "rejected",
        ),
        (Kind::Pair, Call::Digest, table, "partly_released"),
    ] {
        let world = World::of_kind(kind);
        world.lock(kind, STATE, "ci-7");
        let request = world.ask_about(STATE);
        world.right_after(after, move |world| world.deny(store));

        let outcome = world.decide(&release(&request));

        assert_eq!(outcome_of(&outcome), expected, "{kind:?}: {outcome}");
        let why = outcome["why"].as_str().unwrap();
        assert!(why.contains("AccessDenied"), "{why}");
        assert!(world.last_email().contains("AccessDenied"));
        assert_eq!(world.locked().len(), 1, "{kind:?}");
        world.mend();
        assert_eq!(world.release(&request), "released", "{kind:?}");
        assert_eq!(world.locked(), [""; 0], "{kind:?}");
    }
}

#[test]
fn several_records_in_one_event_are_answered_one_by_one() {
    let (world, request) = asked();
    let mut event = by_topic(&world, "m-1", &release("7F3K2QWX"));
    let second = by_topic(&world, "m-2", &release(&request))["Records"][0].clone();
    event["Records"].as_array_mut().unwrap().push(second);
    let reply = world.run_one(world.approving("invoke-1", &event, Fate::Lives));
    let reply = reply.unwrap().unwrap();
    let words: Vec<String> = reply["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .map(outcome_of)
        .collect();
    assert_eq!(words, ["rejected", "released"]);
}

#[test]
fn a_decision_that_says_something_twice_is_refused() {
    let (world, request) = asked();
    let twice =
        format!(r#"{{"decision":"keep","decision":"release","request":"{request}","by":"a"}}"#);
    let reply = world.run_one(world.approving_text("invoke-1", &twice, Fate::Lives));
    assert_refused(
        &world,
        &reply.unwrap().unwrap(),
        "duplicate field `decision`",
    );
}
