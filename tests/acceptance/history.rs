//! What the audit log answers.

use serde_json::{Value, json};

use crate::world::{
    Call, Fate, Kind, STATE, World, by_topic, id_of, keep, release, release_even_if, restore,
};

const OTHER: &str = "acme-tf-state/prod/other.tfstate";
/// Who calls the page where its URL asks AWS.
const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/oncall/bob";

fn history(world: &World, path: &str) -> Vec<Value> {
    let answer = world.decide(&json!({"query": "history", "lock_id": path}));
    assert_eq!(answer["lock_id"], path);
    answer["history"].as_array().unwrap().clone()
}

/// A line in short: what, by which way, the claimed name, the verified one, the detail.
fn in_short(line: &Value) -> String {
    let word = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
    let parts = ["what", "channel", "by", "verified", "source", "detail"].map(word);
    parts.join(" | ")
}

#[test]
fn every_kind_of_event_is_told_newest_first_with_claimed_and_verified_names_apart() {
    let world = World::new();
    world.lock(Kind::Pair, STATE, "ci-7");
    let request = world.ask_about(STATE);
    let link = world.link(STATE);
    let typed = id_of("ci-7")[..8].to_owned();
    world.wait("1m");
    world.decide(&keep(&request, "30m"));
    world.wait("1m");
    let refused = by_topic(&world, "m-1", &release_even_if(&request, &["fresh"]));
    world
        .run_one(world.approving("m-1", &refused, Fate::Lives))
        .unwrap()
        .unwrap();
    world.wait("1m");
    let form = link.post("release", &typed).with("reason", "ci-7 is gone");
    world.visit(&form.called_by(CALLER));
    world.wait("1m");
    world.decide_by_topic(&restore(&request));
    world.wait("1m");
    world.unlock(STATE);
    world.sweep();

    let lines = history(&world, STATE);
    let times: Vec<&str> = lines
        .iter()
        .map(|line| line["at"].as_str().unwrap())
        .collect();
    assert!(
        times.is_sorted_by(|newer, older| newer >= older),
        "{times:?}"
    );
    assert!(lines.iter().all(|line| line["request"] == request));
    let short: Vec<String> = lines.iter().map(in_short).collect();
    insta::assert_snapshot!(short.join("\n"), @r"
    notice | - | - | - | - | ended
    ended | - | - | - | - | its holder let go
    outcome | sns | alice | - | - | restored
    notice | - | - | - | - | restored
    decision | sns | alice | - | - | restore
    outcome | page | alice | arn:aws:sts::123456789012:assumed-role/oncall/bob | 203.0.113.7 | released
    notice | - | - | - | - | released
    decision | page | alice | arn:aws:sts::123456789012:assumed-role/oncall/bob | 203.0.113.7 | release: ci-7 is gone
    refusal | sns | alice | - | - | rejected: `even_if` is honoured only where AWS knows the approver: by a direct invoke, on the page with ApprovalPage=iam, or on an approvals topic that is restricted to named approvers (ApproverPrincipalArns)
    notice | - | - | - | - | rejected
    outcome | invoke | alice | - | - | kept
    notice | - | - | - | - | kept
    decision | invoke | alice | - | - | keep for 30 min
    seen | - | - | - | - | first sight
    notice | - | - | - | - | stale_lock
    ");
}

#[test]
fn a_state_with_several_locks_has_one_history_and_another_state_none_of_it() {
    let world = World::new();
    for holder in ["ci-7", "ci-8", "ci-9"] {
        world.lock(Kind::Item, STATE, holder);
        world.wait("20m");
        world.sweep();
        world.wait("1m");
        world.unlock(STATE);
        world.sweep();
        world.wait("1m");
    }
    world.lock(Kind::Item, OTHER, "ci-1");
    world.sweep();
    let lines = history(&world, STATE);
    let codes: std::collections::BTreeSet<&str> = lines
        .iter()
        .map(|line| line["request"].as_str().unwrap())
        .collect();
    assert_eq!(codes.len(), 3);
    assert_eq!(lines.len(), 3 * 4, "seen, asked, ended, told: {lines:?}");
    let times: Vec<&str> = lines
        .iter()
        .map(|line| line["at"].as_str().unwrap())
        .collect();
    assert!(
        times.is_sorted_by(|newer, older| newer >= older),
        "{times:?}"
    );
    assert_eq!(history(&world, OTHER).len(), 1);
    assert_eq!(
        history(&world, "acme-tf-state/none.tfstate"),
        Vec::<Value>::new()
    );
}

#[test]
fn the_query_changes_nothing_and_is_no_decision() {
    let world = World::new();
    world.lock(Kind::Pair, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.release(&request);
    let (before, told) = (world.ledger_text(), world.told());
    world.calls();
    history(&world, STATE);
    let calls = world.calls();
    assert_eq!(calls, [Call::Codes, Call::Events]);
    assert_eq!((world.ledger_text(), world.told()), (before, told));
}

#[test]
fn a_query_that_is_not_exactly_one_is_refused() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    for query in [
        json!({"query": "history"}),
        json!({"query": "everything", "lock_id": STATE}),
        json!({"query": "history", "lock_id": STATE, "decision": "release", "by": "alice", "request": request}),
        json!({"query": "history", "lock_id": STATE, "limit": 5}),
        json!({"query": "history", "lock_id": 7}),
    ] {
        let answer = world.decide(&query);
        assert_eq!(answer["outcome"], "rejected", "{query}");
        assert_eq!(answer["history"], Value::Null, "{query}");
    }
    let by_topic = world.decide_by_topic(&json!({"query": "history", "lock_id": STATE}));
    assert_eq!(by_topic["outcome"], "rejected");
    assert!(!world.is_free(STATE));
}

#[test]
fn a_ledger_that_does_not_answer_is_no_empty_history() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.ask_about(STATE);
    world.throttle("reads of the ledger");
    let query = json!({"query": "history", "lock_id": STATE});
    assert!(world.try_decide(&query).is_err());
}

#[test]
fn a_long_history_shows_its_newest_part() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    for _ in 0..60 {
        world.wait("1m");
        world.decide(&keep(&request, "1h"));
    }
    world.wait("1m");
    assert_eq!(world.release(&request), "released");
    let all = world.audit(&request);
    let lines = history(&world, STATE);
    assert!(all.len() > lines.len(), "{} of {}", lines.len(), all.len());
    assert_eq!(lines[0]["detail"], "released", "{}", lines[0]);
    assert_eq!(release(&request)["by"], lines[0]["by"]);
    let query = json!({"query": "history", "lock_id": STATE});
    assert_eq!(world.decide(&query)["more"], true);
}

#[test]
fn a_history_says_whether_there_are_older_locks_or_events() {
    let world = World::new();
    let has_more = || world.decide(&json!({"query": "history", "lock_id": STATE}))["more"].clone();
    for count in 1..=21 {
        world.lock(Kind::Item, STATE, &format!("ci-{count}"));
        world.sweep();
        world.unlock(STATE);
        world.wait("1m");
        world.sweep();
        assert_eq!(has_more(), count > 20, "{count} locks");
    }
}
