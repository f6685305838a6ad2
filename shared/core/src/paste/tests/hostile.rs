//! Text that nobody meant for this parser.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{errors, layers};
use crate::paste::{Finder, LONGEST_LINE, MOST_ERRORS, find, gate, heads};

/// Lines with everything but a lock: `{}` stands for an ID of some kind.
const NOT_A_LOCK: [&str; 18] = [
    "Error: Error acquiring the state lock",
    "Error message: operation error DynamoDB: PutItem, https response error StatusCode: 400, RequestID: {},",
    "ConditionalCheckFailedException: The conditional request failed",
    "\tstatus code: 400, request id: {}",
    "  ID: {}",
    "Run ID: {}",
    "LockID: {}",
    "\"ID\":\"{}\"",
    "aws_dynamodb_table.locks: Refreshing state... [id={}]",
    "Failed to unlock state: failed to retrieve lock info: unexpected end of JSON input",
    "Error releasing the state lock",
    "Lock Info:",
    "",
    "│ {}",
    "state data in S3 does not have the expected content.",
    "Terraform acquires a state lock to protect the state from being written",
    "{\"ID\":\"{}\",\"Operation\":\"OperationTypeApply\"}",
    "arn:aws:kms:eu-west-1:123456789012:key/{}",
];

const ID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

proptest! {
    #[test]
    fn no_bytes_make_it_panic(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20)) {
        let mut finder = Finder::new();
        for chunk in &chunks {
            finder.read(chunk);
        }
        drop(finder.finish());
    }

    #[test]
    fn no_text_makes_it_panic(lines in proptest::collection::vec("(\\PC{0,40}|[ \\[\\]│|{}\"\\\\nux<>&;#0-9m:TZ-]{0,40}|Lock Info:|  ID: ?|Error: Error acquiring the state lock)", 0..30)) {
        drop(find(&lines.join("\n")));
    }

    /// Whatever is cut out of a real error or put into it.
    #[test]
    fn no_damage_makes_it_panic(
        printed in errors::any(),
        layers in layers::layers(),
        from in 0_usize..3_000,
        length in 0_usize..300,
        instead in "(\\PC{0,20}|[\\\\\"{}\u{1b}\\[0-9m&#;<br/>│\n\r]{0,30})",
    ) {
        let text = layers::put_all_on(&printed.text, &layers);
        let mut bytes = text.into_bytes();
        let from = from.min(bytes.len());
        let to = (from + length).min(bytes.len());
        bytes.splice(from..to, instead.into_bytes());
        let mut finder = Finder::new();
        finder.read(&bytes);
        drop(finder.finish());
    }

    #[test]
    fn a_paste_with_no_lock_never_yields_an_id(
        lines in proptest::collection::vec((0..NOT_A_LOCK.len(), ID), 0..40),
        layers in layers::layers(),
    ) {
        // An `ID:` right under `Lock Info:` would be a lock.
        let mut text = String::new();
        let mut after_heading = false;
        for (which, id) in lines {
            let line = NOT_A_LOCK[which].replace("{}", &id);
            if after_heading && line.contains("  ID: ") {
                continue;
            }
            after_heading |= line == "Lock Info:";
            after_heading &= !line.starts_with("Error: ");
            writeln!(text, "{line}").unwrap();
        }
        text = layers::put_all_on(&text, &layers);
        for error in find(&text).errors {
            prop_assert_eq!(error.lock.id, None, "{}", &text);
        }
    }
}

#[test]
fn every_line_that_opens_an_error_passes_the_gate() {
    for phrase in heads::openers() {
        assert!(
            gate::may_matter(format!(" {phrase}").as_bytes()),
            "{phrase}"
        );
    }
}

#[test]
fn the_number_of_errors_is_bounded_and_the_rest_is_counted() {
    let mut finder = Finder::new();
    for number in 0..MOST_ERRORS + 7 {
        let error = format!(
            "Error: Error acquiring the state lock\n\nLock Info:\n  ID:        lock-{number}\n\n"
        );
        finder.read(error.as_bytes());
    }
    let found = finder.finish();
    assert_eq!((found.errors.len(), found.more), (MOST_ERRORS, 7));
    assert_eq!(found.errors[0].lock.id.as_deref(), Some("lock-0"));
}

#[test]
fn an_error_that_is_printed_again_is_counted_not_repeated() {
    let found = find(
        &"Error: Error acquiring the state lock\nLock Info:\n  ID:        a\n  Path:      b/k\n\n"
            .repeat(3),
    );
    assert_eq!(found.errors.len(), 1);
    assert_eq!((found.errors[0].times, found.errors[0].line), (3, 1));
}

#[test]
fn an_endless_line_hides_nothing_that_comes_after_it() {
    let mut finder = Finder::new();
    for _ in 0..40 {
        finder.read(&[b'x'; LONGEST_LINE / 16]);
    }
    finder.read(b" Error acquiring the state lock");
    finder.read(b"\nError: Error acquiring the state lock\nLock Info:\n  ID:        a\n");
    assert_eq!(
        finder.finish().errors.last().unwrap().lock.id.as_deref(),
        Some("a")
    );
}

#[test]
fn an_error_that_never_ends_is_bounded() {
    let mut finder = Finder::new();
    finder.read(b"Error: Error acquiring the state lock\n");
    for _ in 0..10_000 {
        finder.read(b"Releasing the state lock of unit 7 of 10000, which takes a while\n");
    }
    let found = finder.finish();
    assert!(found.errors.iter().all(|error| error.excerpt.len() < 5_000));
    assert!(found.errors.len() <= 1, "{}", found.errors.len());
}

#[test]
fn what_other_programs_print_is_no_lock() {
    for text in [
        "  ID:        8b1c3d50-1111-4222-8333-abcdefabcdef\n  Path:      /usr/bin\n  Version:   1.2\n",
        "Version: 1\nID: 8b1c3d50-1111-4222-8333-abcdefabcdef\nPath: /bin/sh\nCreated: 2026-01-01T00:00:00Z\n",
        "E: Could not get lock /var/lib/dpkg/lock-frontend\nLock Info:\n  ID: 1234\n",
    ] {
        assert_eq!(find(text).errors, [], "{text}");
    }
}

#[test]
fn a_block_that_is_cut_off_is_a_lock_by_its_heading() {
    for text in [
        "Lock Info:\n  ID:        a1b2\n  Path:      acme/prod.tfstate\n",
        "Error: Error acquiring the state lock\n\nLock Info:\n  ID:        a1b2\n",
        "  ID:        a1b2\n  Path:      acme/prod.tfstate\n  Operation: OperationTypeApply\n",
    ] {
        assert_eq!(
            find(text).errors[0].lock.id.as_deref(),
            Some("a1b2"),
            "{text}"
        );
    }
}

#[test]
fn an_ignore_list_is_no_state_that_could_not_be_saved() {
    assert!(!find("commit: add errored.tfstate to .gitignore\n").errored_state);
    assert!(
        find("to the file \"errored.tfstate\" in the current working directory.\n").errored_state
    );
}
