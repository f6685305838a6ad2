//! What needs a version says so before anything else.

use crate::{read, read_for, s3_with};

#[test]
fn the_version_that_a_lock_file_needs_is_said_before_the_lock_file() {
    let table = s3_with("dynamodb_table = \"locks\"\n-use_lockfile");
    let nothing = s3_with("-use_lockfile");
    let off = s3_with("use_lockfile = false");
    for text in [table, nothing, off] {
        for (answer, is_old) in [
            (read(&text), false),
            (read_for(&text, "1.11.4"), false),
            (read_for(&text, "1.9.8"), true),
            (read_for(&text, "1.5.7"), true),
        ] {
            let finding = &answer.backends[0].findings[0];
            let version = finding.change.find("1.10 or later");
            let lock_file = finding.change.find("`use_lockfile = true`");
            assert!(version.is_some() && version < lock_file, "{finding:?}");
            // What an old version refuses is not written for it.
            let is_written = answer.hardened.contains("use_lockfile = true")
                || answer.hardened.contains("use_lockfile   = true");
            assert_eq!(is_written, !is_old, "{}", answer.hardened);
        }
    }
}

#[test]
fn a_new_form_names_the_version_that_knows_it() {
    for line in [
        "role_arn = \"arn:aws:iam::123456789012:role/x\"",
        "endpoint = \"https://minio.example.com\"",
        "shared_credentials_file = \"/dev/null\"",
        "force_path_style = true\nendpoints = { s3 = \"https://minio.example.com\" }",
    ] {
        let answer = read(&s3_with(line));
        let mut changes = answer.backends[0]
            .findings
            .iter()
            .map(|finding| finding.message.clone() + &finding.change);
        assert!(changes.any(|change| change.contains("1.6")), "{line}");
    }
}
