//! The saved queries of the log, asked of what the functions really log.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Value, json};

use super::cloudformation::Stack;
use crate::logs::logged;
use crate::world::{Kind, STATE, STRANGER, World, release, restore};

fn query(id: &str) -> String {
    let stack = Stack::with(&[("LockTableNames", "tf-locks")]);
    let query = stack.properties(id).unwrap();
    query["QueryString"].as_str().unwrap().to_owned()
}

/// The lines that a query finds: of each `filter`, those that name a field and the values it may have.
fn found<'l>(query: &str, log: &'l [Value]) -> Vec<&'l Value> {
    let filters: Vec<&str> = query
        .lines()
        .filter_map(|line| line.strip_prefix("| filter "))
        .collect();
    let holds = |line: &&Value| {
        filters.iter().all(|filter| {
            let (may_be_absent, filter) = match filter.strip_prefix("not ispresent(outcome) or ") {
                Some(rest) => (true, rest),
                None => (false, *filter),
            };
            let field = filter.split(' ').next().unwrap();
            let values: Vec<&str> = filter.split('"').skip(1).step_by(2).collect();
            line.get(field).map_or(may_be_absent, |value| {
                values.contains(&value.as_str().unwrap())
            })
        })
    };
    log.iter().filter(holds).collect()
}

/// The fields that a query shows, but for those that CloudWatch itself adds.
fn shown(query: &str) -> BTreeSet<&str> {
    let list = query
        .lines()
        .find_map(|line| line.strip_prefix("fields "))
        .unwrap();
    list.split(", ")
        .filter(|field| !field.starts_with('@'))
        .collect()
}

fn lines(log: &str) -> Vec<Value> {
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A lock is asked about, decided about wrongly and rightly, released, put back; a sweep cannot read a table.
fn story() -> Vec<Value> {
    let log = logged(|| {
        let world = World::with_phones(&[]);
        world.lock(Kind::Item, STATE, "ci-7");
        let request = world.ask_about(STATE);
        world.decide(&json!({"decision": "release", "by": "alice"}));
        world.decide(
            &json!({"decision": "release", "lock_id": STATE, "id": "another", "by": "alice"}),
        );
        world.decide_by_topic(&release(&request));
        world.decide(&restore(&request));
        world.receive(&world.sms(STRANGER, "RELEASE 7F3K2QWX"));
        let link = world.link(STATE);
        world.visit(&link.post("release", "wrong"));
        world.throttle("table terraform-state-locks");
        world.try_sweep().unwrap_err();
    });
    lines(&log)
}

#[test]
fn every_field_that_a_query_shows_is_in_the_lines_that_it_finds() {
    let log = story();
    for id in ["WhoReleasedWhat", "RefusedDecisions", "IncompleteSweeps"] {
        let query = query(id);
        let found = found(&query, &log);
        assert!(!found.is_empty(), "{id} finds nothing in {log:#?}");
        for field in shown(&query) {
            // Nobody vouches for a name in this story but the page's and the direct invoke's caller.
            let somewhere = found.iter().any(|line| line.get(field).is_some());
            assert!(
                somewhere || field == "by_verified",
                "{id}: no {field} in {found:#?}"
            );
        }
    }
}

#[test]
fn who_released_what_is_answered() {
    let (log, query) = (story(), query("WhoReleasedWhat"));
    let told: Vec<[&str; 3]> = found(&query, &log)
        .into_iter()
        .map(|line| ["outcome", "lock_id", "by"].map(|field| line[field].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [["released", STATE, "alice"], ["restored", STATE, "alice"]]
    );
}

#[test]
fn refused_decisions_are_found_with_the_reason_whichever_way_they_came() {
    let (log, query) = (story(), query("RefusedDecisions"));
    let found = found(&query, &log);
    let of_phone = |line: &&&Value| line.get("number").is_some();
    assert_eq!(found.iter().filter(of_phone).count(), 1);
    let reasons: Vec<&str> = found
        .iter()
        .filter_map(|line| line["why"].as_str())
        .collect();
    assert_eq!(reasons.len() + 1, found.len(), "{found:#?}");
    assert_eq!(
        reasons.len(),
        3,
        "two by invoke, one by the page: {reasons:#?}"
    );
    let whole = format!("{found:?}");
    assert!(
        !whole.contains(STRANGER),
        "a stranger's number is masked: {whole}"
    );
}

#[test]
fn incomplete_sweeps_are_found_with_the_store_that_could_not_be_read() {
    let (log, query) = (story(), query("IncompleteSweeps"));
    let found = found(&query, &log);
    let parse = query
        .lines()
        .find_map(|line| line.strip_prefix("| parse report /"))
        .unwrap();
    let pattern = Regex::new(parse.strip_suffix('/').unwrap()).unwrap();
    let [line] = found[..] else {
        panic!("{found:#?}");
    };
    let report = line["report"].as_str().unwrap();
    let stores = &pattern.captures(report).unwrap()["stores"];
    assert!(
        stores.starts_with(r#"{"store":"table terraform-state-locks","why":""#),
        "{stores}"
    );
    assert!(!stores.contains("oldest_age_seconds"));
}

#[test]
fn each_query_looks_into_the_log_of_the_function_that_writes_it() {
    let stack = Stack::with(&[("LockTableNames", "tf-locks")]);
    for (id, group) in [
        ("WhoReleasedWhat", "ApproveLogs"),
        ("RefusedDecisions", "ApproveLogs"),
        ("IncompleteSweeps", "SweepLogs"),
    ] {
        let query = stack.properties(id).unwrap();
        assert_eq!(query["LogGroupNames"], json!([group]));
        let name = query["Name"].as_str().unwrap();
        assert!(
            name.starts_with("lockwarden-") && name.len() <= 255,
            "two stacks have two of each"
        );
    }
    assert_eq!(stack.of_kind("AWS::Logs::QueryDefinition").len(), 3);
}
