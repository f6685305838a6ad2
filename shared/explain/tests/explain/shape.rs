//! What every answer keeps to, whatever was pasted.

use lockwarden_core::text::is_printable;
use lockwarden_explain::{Answer, print};
use serde_json::Value;

/// Checks an answer against the contract of `triage` and the rules of its advice.
pub(crate) fn check(answer: &Answer, what: &str) {
    let reply = answer.json();
    for field in ["others", "backend", "redacted_text"] {
        assert!(reply.get(field).is_some(), "{what}: no `{field}`");
    }
    each_error(reply).for_each(|error| check_error(error, what));
    let page = print::text(answer);
    let is_shown = |character: char| is_printable(character) || matches!(character, '\n' | '\t');
    assert!(page.chars().all(is_shown), "{what}: {page}");
}

/// The error at the top and the others.
pub(crate) fn each_error(reply: &Value) -> impl Iterator<Item = &Value> {
    std::iter::once(reply).chain(reply["others"].as_array().unwrap())
}

fn check_error(error: &Value, what: &str) {
    let has = |value: &Value, fields: &[&str]| {
        for field in fields {
            assert!(
                value.get(field).is_some(),
                "{what}: no `{field}` in {value}"
            );
        }
    };
    has(
        error,
        &[
            "kind", "tool", "lock", "advice", "commands", "held", "cause", "digest", "live",
        ],
    );
    has(
        &error["lock"],
        &[
            "id",
            "path",
            "operation",
            "who",
            "version",
            "created",
            "info",
        ],
    );
    has(&error["commands"], &["inspect", "force_unlock", "release"]);
    if let Some(digest) = error["digest"].as_object() {
        let fields: Vec<&str> = digest.keys().map(String::as_str).collect();
        assert_eq!(fields, ["bucket", "calculated", "key", "stored"], "{what}");
        let advice = error["advice"].as_str().unwrap();
        assert!(advice.contains("This is no lock"), "{what}: {advice}");
    }
    check_kind(error, what);
    check_advice(error, what);
    let commands = error["commands"].as_object().unwrap();
    for command in commands.values().filter_map(Value::as_str) {
        check_command(command, what);
    }
}

fn check_kind(error: &Value, what: &str) {
    let kind = error["kind"].as_str().unwrap();
    let kinds = [
        "dynamodb",
        "s3-lockfile",
        "digest-mismatch",
        "unlock-failed",
        "other-backend",
        "unknown-backend",
        "not-a-lock-error",
    ];
    assert!(kinds.contains(&kind), "{what}: {kind}");
    if kind == "digest-mismatch" {
        assert!(error["digest"].is_object(), "{what}");
    }
    if kind == "other-backend" {
        assert!(error["backend_name"].is_string(), "{what}");
    }
    if error["backend_name"].is_string() {
        let said = format!("{} {}", error["advice"], error["commands"]);
        let of_s3 = ["aws ", "dynamodb", "DynamoDB", "s3:", "bucket policy"];
        assert!(
            !of_s3.iter().any(|word| said.contains(word)),
            "{what}: {said}"
        );
    }
}

fn check_advice(error: &Value, what: &str) {
    let advice = error["advice"].as_str().unwrap();
    assert!(
        advice.len() > 20 && advice.ends_with(['.', '?']) && !advice.contains("  "),
        "{what}: {advice}"
    );
    assert!(advice.chars().all(is_printable), "{what}: {advice}");
    let commands = &error["commands"];
    if error["held"] == false || error["cause"].is_string() {
        assert!(advice.starts_with("Do NOT unlock"), "{what}: {advice}");
        // A release that failed is done again with the same ID, when what was in its way is mended.
        let is_later = ["Do NOT unlock yet. ", "Do NOT unlock before "]
            .iter()
            .any(|begin| advice.starts_with(begin));
        let is_again = error["kind"] == "unlock-failed" && is_later;
        assert!(
            is_again || commands["force_unlock"].is_null(),
            "{what}: {commands}"
        );
        let has_a_holder = error["cause"] == "new-workspace" && error["held"] == true;
        assert!(
            is_again || has_a_holder || commands["release"].is_null(),
            "{what}: {commands}"
        );
    }
    let is_about_a_lock = error["digest"].is_null() && error["kind"] != "not-a-lock-error";
    if advice.starts_with("Do NOT unlock. ") || !is_about_a_lock {
        assert!(
            commands["force_unlock"].is_null() && commands["release"].is_null(),
            "{what}: {commands}"
        );
    }
}

/// A command is one line of words that a shell takes apart again, and acts on nothing that it was not given.
fn check_command(command: &str, what: &str) {
    assert!(command.chars().all(is_printable), "{what}: {command}");
    let words = shlex::split(command).unwrap_or_else(|| panic!("{what}: {command}"));
    let programs = ["aws", "terraform", "tofu", "terragrunt", "cd"];
    let first = words.iter().find(|word| !word.starts_with("TF_WORKSPACE="));
    assert!(
        programs.contains(&first.unwrap().as_str()),
        "{what}: {command}"
    );
    assert!(!command.contains("[redacted"), "{what}: {command}");
}
