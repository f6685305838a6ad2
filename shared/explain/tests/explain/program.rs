//! The program itself: what it reads, prints and needs.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::iter;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::a_lock_error;

const PROGRAM: &str = env!("CARGO_BIN_EXE_explain");

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A program that refuses its arguments does not read, so writing may fail.
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()).is_ok());
    let output = child.wait_with_output().unwrap();
    let _was_read = writer.join().unwrap();
    output
}

fn printed(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn it_prints_for_people_and_json_when_asked() {
    let page = printed(&[], &a_lock_error());
    assert!(
        page.starts_with("A lock in DynamoDB\n\nalice@ci-node-07"),
        "{page}"
    );
    assert!(page.ends_with("terraform force-unlock a1b2c3d4-e5f6-7890-abcd-ef1234567890\n"));
    let reply: Value = serde_json::from_str(&printed(&["--json"], &a_lock_error())).unwrap();
    assert_eq!(reply["lock"]["who"], "alice@ci-node-07");
}

#[test]
fn a_configuration_is_read_with_an_error_or_without_one() {
    let folder = TempDir::new().unwrap();
    let config = file(&folder, "backend.tf", include_str!("backend.tf"));
    let page = printed(&["--config", &config], &a_lock_error());
    assert!(
        page.contains("--table-name terraform-state-locks"),
        "{page}"
    );
    for input in ["", "\n"] {
        let page = printed(&["--config", &config], input);
        assert!(page.contains("No error text was given."), "{page}");
        assert!(page.contains("+    use_lockfile   = true"), "{page}");
    }
}

#[test]
fn commands_that_change_a_file_name_the_very_file_and_no_other() {
    let folder = TempDir::new().unwrap();
    let text = include_str!("backend.tf");
    let main = file(&folder, "main.tf", text);
    let page = printed(&["--config", &main], "");
    assert!(
        page.contains(&format!("patch {main} hardening.diff")),
        "{page}"
    );
    assert!(!page.contains("patch backend.tf"), "{page}");
    let odd = file(&folder, "it's; rm -rf $HOME.tf", text);
    let page = printed(&["--config", &odd], "");
    assert!(
        page.contains("patch YOUR-FILE hardening.diff") && !page.contains("$HOME"),
        "{page}"
    );
}

#[test]
fn account_numbers_go_when_asked() {
    let text = format!("arn:aws:iam::123456789012:role/ci\n{}", a_lock_error());
    assert!(printed(&["--json"], &text).contains("123456789012"));
    assert!(!printed(&["--json", "--hide-accounts"], &text).contains("123456789012"));
}

#[test]
fn a_wrong_use_is_answered_with_the_right_one() {
    for (arguments, input) in [
        (&["--jsn"][..], ""),
        (&["--config"], ""),
        (&["error.txt"], ""),
        (&[], ""),
        (&[], " \n"),
    ] {
        let said = refused(arguments, input);
        assert!(said.starts_with("explain: "), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        let usage = "usage: explain [--json] [--hide-accounts] [--config FILE] < ERROR-TEXT\n";
        assert!(said.ends_with(usage), "{said}");
    }
}

#[test]
fn no_secret_that_was_typed_as_an_argument_is_said_again() {
    let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    for arguments in [
        &[token][..],
        &["--password=hunter2x"],
        &["--config", token],
        &["--config", "https://ci:hunter2x@example.com/backend.tf"],
    ] {
        let said = refused(arguments, &a_lock_error());
        assert!(
            said.starts_with("explain: ") && said.contains("[redacted:"),
            "{said}"
        );
        assert!(
            !said.contains("16C7e42F") && !said.contains("hunter2x"),
            "{said}"
        );
    }
    let said = refused(&["--\u{1b}[2Jx"], "");
    assert!(!said.contains('\u{1b}'), "{said}");
}

#[test]
fn a_configuration_that_is_not_there_is_named_and_one_that_is_no_text_does_not_stop_the_rest() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("backend.tf");
    let said = refused(&["--config", missing.to_str().unwrap()], &a_lock_error());
    assert!(said.contains("backend.tf: No such file"), "{said}");
    fs::write(&missing, b"bucket = \"\xff\"\n").unwrap();
    let page = printed(&["--config", missing.to_str().unwrap()], &a_lock_error());
    assert!(page.contains("terraform force-unlock"), "{page}");
    assert!(page.contains("not UTF-8 from line 1, column 11"), "{page}");
}

#[test]
fn a_configuration_that_holds_no_backend_does_not_stop_the_rest() {
    let folder = TempDir::new().unwrap();
    let config = file(&folder, "main.tf", "locals {}\n");
    let page = printed(&["--config", &config], &a_lock_error());
    assert!(page.starts_with("A lock in DynamoDB"), "{page}");
    assert!(
        page.contains("The configuration could not be read"),
        "{page}"
    );
}

#[test]
fn an_input_that_is_no_text_is_read_all_the_same() {
    let folder = TempDir::new().unwrap();
    let mut bytes = b"\xff\xfe\x00".to_vec();
    bytes.extend(a_lock_error().bytes());
    let input = folder.path().join("log");
    fs::write(&input, bytes).unwrap();
    let output = Command::new(PROGRAM)
        .stdin(File::open(input).unwrap())
        .output()
        .unwrap();
    assert!(output.stdout.starts_with(b"A lock in DynamoDB"));
}

#[test]
fn it_does_not_mind_a_reader_that_has_seen_enough() {
    let mut child = Command::new(PROGRAM)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(a_lock_error().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
}

/// What is in a log of a big pipeline, over and over: plain lines, lines of JSON, secrets in both, and lines without an end.
fn noise(number: usize) -> String {
    let time = "2024-01-15T03:42:11.1234567Z";
    let plain = format!(
        "{time} module.vpc.aws_subnet.private[{number}]: Still creating... [10s elapsed]\n"
    );
    let json = format!(
        "{{\"@level\":\"info\",\"@message\":\"aws_subnet.private[{number}]: Refreshing state... [id=subnet-{number:08x}]\",\"@timestamp\":\"{time}\",\"type\":\"refresh_start\"}}\n"
    );
    let secrets = format!(
        "{time} export DB_PASSWORD=hunter2-{number:08x}\n{{\"level\":\"debug\",\"msg\":\"env\",\"db_password\":\"swordfish-{number:08x}\"}}\n"
    );
    let endless = format!("{}\n", "x".repeat(8 << 10));
    [plain.repeat(400), json.repeat(40), secrets, endless].concat()
}

/// The promise is 64 MB for a log of 100 MB. The address space, code and libraries included, is held under it, and under
/// what the log itself would need.
#[cfg(target_os = "linux")]
#[test]
fn a_log_of_a_hundred_megabytes_is_read_in_little_memory() {
    const LOG: usize = 100 << 20;
    let folder = TempDir::new().unwrap();
    let mut log = BufWriter::new(File::create(folder.path().join("log")).unwrap());
    let (mut size, mut number) = (0, 0);
    while size < LOG {
        // Every error of its own wrapping, and the last at the very end.
        let error = a_lock_error().replace("a1b2c3d4", &format!("{:08x}", number / 100));
        let error = match number % 200 {
            0 => error,
            100 => format!("{}\n", json!({"level": "error", "output": error})),
            _ => String::new(),
        };
        for part in [noise(number), error] {
            size += part.len();
            log.write_all(part.as_bytes()).unwrap();
        }
        number += 1;
    }
    log.write_all(a_lock_error().as_bytes()).unwrap();
    log.flush().unwrap();
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 57344 && exec \"$0\" --json", PROGRAM])
        .stdin(File::open(folder.path().join("log")).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let printed = String::from_utf8(output.stdout).unwrap();
    for secret in ["hunter2-", "swordfish-"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    let reply: Value = serde_json::from_str(&printed).unwrap();
    let errors = iter::once(&reply).chain(reply["others"].as_array().unwrap());
    let ids: Vec<&str> = errors
        .filter_map(|error| error["lock"]["id"].as_str())
        .collect();
    assert_eq!(ids.len(), number.div_ceil(100) + 1, "{ids:?}");
    assert_eq!(ids.last(), Some(&"a1b2c3d4-e5f6-7890-abcd-ef1234567890"));
}
