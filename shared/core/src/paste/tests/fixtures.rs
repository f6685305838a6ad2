//! One file for each variant, beside a snapshot of what is found in it. A new file is a new test: put it into
//! `fixtures/paste` and run `INSTA_UPDATE=always cargo test -p lockwarden-core fixtures`, then read the new snapshot.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::paste::{Finder, Found, find};

/// What is found, without the excerpts (they would repeat the file) and without what is not there.
fn told(found: &Found) -> Value {
    let mut told = serde_json::to_value(found).unwrap();
    for error in told["errors"].as_array_mut().unwrap() {
        error.as_object_mut().unwrap().remove("excerpt");
    }
    without_nothing(&mut told);
    told
}

fn without_nothing(value: &mut Value) {
    if let Value::Object(fields) = value {
        // `held: false` says something, the other two do not.
        let is_quiet = |name: &str| matches!(name, "is_of_caller" | "errored_state");
        fields.retain(|name, field| !(field.is_null() || is_quiet(name) && *field == json!(false)));
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(without_nothing),
        Value::Array(values) => values.iter_mut().for_each(without_nothing),
        _ => {}
    }
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap()
}

fn each_file(check: impl Fn(&str, &[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/paste");
    let mut count = 0;
    for file in folder.read_dir().unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "txt") {
            check(file.file_stem().unwrap().to_str().unwrap(), &read(&file));
            count += 1;
        }
    }
    assert!(count > 150, "only {count} fixtures");
}

#[test]
fn every_variant_is_read_as_its_snapshot_says() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../fixtures/paste/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../../../fixtures/paste", "*.txt", |file| {
            let found = find(&String::from_utf8_lossy(&read(file)));
            let told = serde_json::to_string_pretty(&told(&found)).unwrap();
            insta::assert_snapshot!("found", told);
        });
    });
}

#[test]
fn a_file_that_says_none_has_none_and_every_other_has_one() {
    each_file(|name, bytes| {
        let found = find(&String::from_utf8_lossy(bytes));
        let has_none = name.starts_with("none-") || name == "captured-force-unlock-both-same-id";
        assert_eq!(found.errors.is_empty(), has_none, "{name}: {found:#?}");
    });
}

#[test]
fn no_request_id_is_taken_for_a_lock_id() {
    each_file(|name, bytes| {
        let text = String::from_utf8_lossy(bytes);
        for error in find(&text).errors {
            let id = error.lock.id.unwrap_or_default();
            for word in ["RequestID: ", "request id: ", "Opc request id: "] {
                let is_request = !id.is_empty() && text.contains(&format!("{word}{id}"));
                assert!(!is_request, "{name}: {id}");
            }
        }
    });
}

#[test]
fn what_a_log_prints_before_and_after_changes_nothing() {
    let noise = concat!(
        "npm ci\n  added 12 packages\nRequestID: 0f3c9d1e\nPlan: 1 to add\n",
        "module.network.aws_route_table_association.private[\"eu-west-1a\"]: Still creating... [10s elapsed]\n\n"
    );
    let noise = noise.repeat(20);
    each_file(|name, bytes| {
        // A cut text ends where it ends; and text that goes on behind a box-less message may belong to it.
        if name.starts_with("part-") {
            return;
        }
        let alone = find(&String::from_utf8_lossy(bytes));
        let mut finder = Finder::new();
        finder.read(noise.as_bytes());
        finder.read(bytes);
        finder.read(b"\n\n");
        finder.read(noise.as_bytes());
        let mut among = finder.finish();
        for (among, alone) in among.errors.iter_mut().zip(&alone.errors) {
            among.line = alone.line;
            among.own_at = among.own_at.and(alone.own_at);
            among.unlocked_at = among.unlocked_at.and(alone.unlocked_at);
            among.excerpt.clone_from(&alone.excerpt);
        }
        assert_eq!(json!(among), json!(alone), "{name}");
    });
}

#[test]
fn an_excerpt_is_clean_and_short() {
    each_file(|name, bytes| {
        for error in find(&String::from_utf8_lossy(bytes)).errors {
            let excerpt = &error.excerpt;
            assert!(!excerpt.is_empty() && excerpt.len() < 5_000, "{name}");
            assert!(
                !excerpt.contains(['\u{1b}', '│', '╷', '\r']),
                "{name}: {excerpt}"
            );
        }
    });
}
