//! The commands in the hands of a shell. A program of the test's own stands in for the AWS CLI.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use lockwarden_explain::print;
use serde_json::Value;
use tempfile::TempDir;

use crate::aloud::{on_path, say_skipped};
use crate::answer;
use crate::fixtures::{each, paste};
use crate::shape::each_error;

/// Writes its arguments down, a line each, and prints what is in the store.
const AWS: &str = "#!/bin/sh\ncd \"${0%/*}\" && printf '%s\\n' \"$@\" > asked && cat store\n";

const CONFIG: &str = include_str!("backend.tf");

/// A folder with an AWS CLI that finds this in every store.
fn aws(store: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("aws");
    fs::write(&program, AWS).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(folder.path().join("store"), store).unwrap();
    folder
}

fn run(aws: &Path, command: &str, variables: &[(&str, &str)]) -> Output {
    Command::new("sh")
        .args(["-c", &format!("PATH=\"$0:$PATH\"; {command}")])
        .arg(aws)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// What the AWS CLI was asked; `None` where nobody asked it.
fn asked(aws: &Path) -> Option<Vec<String>> {
    let arguments = fs::read_to_string(aws.join("asked")).ok()?;
    Some(arguments.lines().map(str::to_owned).collect())
}

fn command(name: &str, what: &str) -> String {
    let answer = answer(&paste(name), CONFIG);
    let command = &answer.json()["commands"][what];
    command
        .as_str()
        .unwrap_or_else(|| panic!("{name}: no {what}"))
        .to_owned()
}

#[test]
fn a_shell_understands_every_command() {
    let mut script = String::new();
    each(|_, text| {
        for config in ["", CONFIG] {
            let answer = answer(text, config);
            for error in each_error(answer.json()) {
                let commands = error["commands"].as_object().unwrap();
                for command in commands.values().filter_map(Value::as_str) {
                    script.push_str(&format!("{command}\n"));
                }
            }
        }
    });
    assert!(script.lines().count() > 200, "{}", script.lines().count());
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("commands.sh");
    fs::write(&file, script).unwrap();
    let output = Command::new("sh").arg("-n").arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// `openssl md5 -r` is also what a Mac understands, where there is no `md5sum`: LibreSSL, openssl(1).
#[test]
fn the_checksum_of_the_state_comes_first_and_that_of_nothing_is_named() {
    if on_path("openssl").is_none() {
        return say_skipped("the checksum of a state", "No openssl is on PATH");
    }
    let verify = command("captured-digest-mismatch-init.txt", "verify");
    let page = print::text(&answer(&paste("captured-digest-mismatch-init.txt"), CONFIG));
    for (state, checksum) in [
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
    ] {
        let aws = aws(state);
        let output = run(aws.path(), &verify, &[]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.split_whitespace().next(), Some(checksum), "{said}");
        let asked = asked(aws.path()).unwrap();
        assert_eq!(asked.last().unwrap(), "-", "{asked:?}");
        assert_eq!(page.contains(checksum), state.is_empty(), "{page}");
    }
}

const NO_RECORD: &str = "Error: Error acquiring the state lock\n\nError message: operation error DynamoDB: PutItem, https response error \
    StatusCode: 400, RequestID: 5O9N2GJ1V1ABCDEF, ConditionalCheckFailedException: The conditional request failed\n";

/// The error about something in the lock's place that Terraform could not read.
fn no_record(why: &str) -> String {
    format!("{NO_RECORD}{why}\n")
}

fn remove(why: &str, config: &str) -> Option<String> {
    let answer = answer(&no_record(why), config);
    let commands = &answer.json()["commands"];
    assert_eq!(commands["force_unlock"], Value::Null, "{commands}");
    assert_eq!(commands["release"], Value::Null, "{commands}");
    commands["remove"].as_str().map(str::to_owned)
}

const EMPTY: &str = "unexpected end of JSON input";
const NO_JSON: &str = "invalid character 'o' in literal null (expecting 'u')";

#[test]
fn an_empty_record_is_removed_only_while_it_is_empty() {
    let aws = aws("");
    let command = remove(EMPTY, CONFIG).unwrap();
    assert!(run(aws.path(), &command, &[]).status.success());
    let asked = asked(aws.path()).unwrap().join(" ");
    let condition =
        "(attribute_not_exists(Info) OR Info = :nothing) AND attribute_not_exists(Digest)";
    assert!(asked.starts_with("dynamodb delete-item "), "{asked}");
    assert!(
        asked.contains(&format!("--condition-expression {condition} ")),
        "{asked}"
    );
    assert!(asked.ends_with(r#" {":nothing":{"S":""}}"#), "{asked}");
    // Without the configuration nobody knows which item it is.
    assert_eq!(remove(EMPTY, ""), None);
}

#[test]
fn a_record_that_is_no_lock_is_removed_only_if_it_is_what_was_looked_at() {
    let command = remove(NO_JSON, CONFIG).unwrap();
    let untold = aws("");
    let output = run(untold.path(), &command, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("INFO: set it to the value of Info"),
        "{said}"
    );
    assert_eq!(asked(untold.path()), None, "nobody was asked");

    for info in [r#"{"S": "not \"json\""}"#, r#"{"N": "7"}"#] {
        let aws = aws("");
        assert!(
            run(aws.path(), &command, &[("INFO", info)])
                .status
                .success()
        );
        let asked = asked(aws.path()).unwrap();
        let values: Value = serde_json::from_str(asked.last().unwrap()).unwrap();
        assert_eq!(
            values[":seen"],
            serde_json::from_str::<Value>(info).unwrap()
        );
        let condition = "Info = :seen AND attribute_not_exists(Digest)".to_owned();
        assert!(asked.contains(&condition), "{asked:?}");
    }
}
