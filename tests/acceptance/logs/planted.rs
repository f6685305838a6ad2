//! Secrets in everything that somebody sends: no line of the log tells one, and no error that a process ends with.
//!
//! The log is read on every level, so that more is seen than a function writes by itself.

use serde_json::{Value, json};

use super::logged;
use crate::world::{Fate, Kind, Link, STATE, Visit, World, id_of};

/// What a secret stands in, for `{}`. Each is found by another rule, or by none: then only silence keeps it.
const SIGNS: &[&str] = &[
    "{}",
    "password = \"{}\"",
    "export AWS_SECRET_ACCESS_KEY={} && terraform plan",
    "Authorization: Bearer {}",
    "https://x-access-token:{}@github.com/acme/modules.git",
    "AccountKey={};EndpointSuffix=core.windows.net",
];

/// Of a known form, named by what stands beside it, and known by nothing at all.
const SECRETS: &[&str] = &[
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMIzK7MDENGzbPxRfiCYEXAMPLEKEY",
    "swordfish",
];

/// Each sign with each secret, and that secret.
fn planted() -> impl Iterator<Item = (String, &'static str)> {
    let each = SIGNS
        .iter()
        .flat_map(|sign| SECRETS.iter().map(move |secret| (sign, *secret)));
    each.map(|(sign, secret)| (sign.replace("{}", secret), secret))
}

/// A lock error with a text in one of its fields; with no field of this name, before the error.
fn error_with(field: &str, text: &str) -> String {
    let at = |name: &str, usual: &str| {
        if name == field {
            text.to_owned()
        } else {
            usual.to_owned()
        }
    };
    let before = if field == "before" {
        format!("{text}\n")
    } else {
        String::new()
    };
    format!(
        "{before}Error: Error acquiring the state lock\n\nError message: ConditionalCheckFailedException: {}\nLock Info:\n  ID:        {}\n  \
         Path:      {}\n  Operation: {}\n  Who:       {}\n  Version:   {}\n  Created:   2026-03-02 08:00:00.123456789 +0000 UTC\n  Info:      {}\n",
        at("message", "The conditional request failed"),
        at("id", &id_of("ci-7")),
        at("path", STATE),
        at("operation", "OperationTypeApply"),
        at("who", "runner@ci-7"),
        at("version", "1.11.4"),
        at("info", ""),
    )
}

const FIELDS: &[&str] = &[
    "before",
    "message",
    "id",
    "path",
    "operation",
    "who",
    "version",
    "info",
];

fn config_with(text: &str) -> String {
    format!(
        "terraform {{\n  backend \"s3\" {{\n    bucket = \"acme-tf-state\"\n    key = \"prod/terraform.tfstate\"\n    # {text}\n    \
         secret_key = \"{text}\"\n  }}\n}}\n"
    )
}

/// What a run ends with, where it fails.
fn failure(world: &World, ended: Option<Result<Value, String>>) -> String {
    world.mend();
    ended.and_then(Result::err).unwrap_or_default()
}

/// Runs `act` and looks for `secret` in its log and in the errors that it returns.
#[track_caller]
fn assert_silent(secret: &str, what: &str, must_say: &str, act: impl FnOnce() -> Vec<String>) {
    let mut errors = Vec::new();
    let log = logged(|| errors = act());
    assert!(
        log.contains(must_say),
        "nothing was logged of {what}: {log}"
    );
    // A text in JSON has its quotes escaped; a secret of letters and digits stays as it is.
    for said in errors.iter().chain([&log]) {
        assert!(!said.contains(secret), "{what} is told:\n{said}");
    }
}

#[test]
fn no_secret_that_triage_is_asked_about_gets_into_the_log() {
    for (text, secret) in planted() {
        for field in FIELDS {
            let world = World::new();
            world.lock(Kind::Pair, STATE, "ci-7");
            world.wait("20m");
            let pasted = error_with(field, &text);
            let event =
                json!({"text": pasted, "config": config_with(&text), "config_format": "hcl"});
            assert_silent(secret, &pasted, "explained", || {
                let answered = world.run_one(world.asking(&event, Fate::Lives));
                world.deny("sweep function");
                let unseen = world.run_one(world.asking(&event, Fate::Lives));
                vec![failure(&world, answered), failure(&world, unseen)]
            });
        }
    }
}

#[test]
fn no_secret_of_an_event_that_triage_refuses_gets_into_the_log() {
    for (text, secret) in planted() {
        let string = json!(text).to_string();
        let world = World::new();
        let events = [
            json!({"text": [text]}),
            json!({"text": {"x": text}}),
            json!({"config": 1, "text": text}),
            json!({"text": "x", "config_format": text}),
            json!({"text": "x", "hide_accounts": text}),
            json!({"text": "x", text.as_str(): 1}),
            json!({"text": " ", "config": null, "file": text}),
            json!(text),
        ];
        let cut = [
            format!("{{\"text\":{string}"),
            format!("{{\"text\":{string}}} x"),
            text.clone(),
        ];
        for event in events.iter().map(Value::to_string).chain(cut) {
            assert_silent(secret, &event, "", || {
                let refused = world.run_one(world.asking_with(&event, Fate::Lives));
                let why = failure(&world, refused);
                assert!(why.starts_with("NotAsked: "), "{event}: {why}");
                vec![why]
            });
        }
        let event = json!({"text": format!("{text}\n{}", "x ".repeat(100_000)), "config": "}", "config_format": "json"});
        assert_silent(secret, "a large event", "explained", || {
            vec![failure(
                &world,
                world.run_one(world.asking(&event, Fate::Lives)),
            )]
        });
    }
}

#[test]
fn no_secret_that_is_looked_at_gets_into_the_log() {
    for (text, secret) in planted() {
        let path = format!("acme-tf-state/{text}/terraform.tfstate");
        let world = World::new();
        let record = json!({"ID": id_of("ci-7"), "Operation": text, "Info": text, "Who": text, "Version": text,
            "Created": "2026-03-02T08:00:00Z", "Path": text});
        world.lock_with(Kind::Pair, STATE, &record.to_string());
        world.lock_with(Kind::Item, &path, &format!("{text} is no record"));
        world.wait("20m");
        let look = json!({"look_at": [STATE, path]}).to_string();
        let refused = [
            json!({"look_at": text}),
            json!({"look_at": [STATE, {"path": text}]}),
            json!({"look_at": [text, text, text, text, text, text]}),
            json!({"test_notice": text}),
            json!(text),
        ];
        let cut = format!("{{\"look_at\":[{}", json!(path));
        assert_silent(secret, &look, "", || {
            let mut errors = Vec::new();
            for broken in [
                "",
                "ledger",
                "reads of the ledger",
                "bucket acme-tf-state",
                "table terraform-state-locks",
                "topic",
            ] {
                world.deny(broken);
                errors.push(failure(
                    &world,
                    world.run_one(world.sweeping_with(&look, Fate::Lives)),
                ));
            }
            for event in refused.iter().map(Value::to_string).chain([cut]) {
                let why = failure(
                    &world,
                    world.run_one(world.sweeping_with(&event, Fate::Lives)),
                );
                assert!(
                    why.starts_with("NotAsked: ") || why.starts_with("TooMany: "),
                    "{event}: {why}"
                );
                errors.push(why);
            }
            errors
        });
    }
}

#[test]
fn no_secret_that_is_pasted_on_the_page_gets_into_the_log() {
    for (text, secret) in planted() {
        let world = World::new();
        world.lock(Kind::Pair, STATE, "ci-7");
        world.ask_about(STATE);
        let link = world.link(STATE);
        let paste = |link: &Link| {
            Visit::of("POST", &format!("/r/{}", link.code))
                .with("t", &link.token)
                .with("action", "explain")
        };
        let stranger = Link::new("7F3K2QWX", &text);
        let whole = paste(&link)
            .with("pasted", &error_with("who", &text))
            .with("config", &config_with(&text));
        let mut events: Vec<Value> = [
            whole.clone(),
            paste(&link).with("pasted", &format!("{text} {}", "x".repeat(300_000))),
            paste(&link)
                .with("by", &text)
                .with("reason", &text)
                .with(&text, &text),
            paste(&stranger).with("pasted", &text),
            whole.clone().of_type("text/plain"),
            whole.clone().by_method("PUT"),
        ]
        .iter()
        .map(Visit::event)
        .collect();
        let mut not_base64 = whole.event();
        not_base64["isBase64Encoded"] = json!(true);
        let mut wrong_type = whole.event();
        wrong_type["body"] = json!([text]);
        let mut wrong_headers = whole.event();
        wrong_headers["headers"] = json!({"content-type": {"x": text}});
        events.extend([not_base64, wrong_type, wrong_headers, json!(text)]);
        let must_say = "the page could not be shown";
        assert_silent(secret, &whole.event().to_string(), must_say, || {
            let mut errors = Vec::new();
            for event in &events {
                for broken in ["", "ledger"] {
                    world.throttle(broken);
                    let visited =
                        world.run_one(world.visiting_with(&event.to_string(), Fate::Lives));
                    errors.push(failure(&world, visited));
                }
            }
            errors
        });
    }
}
