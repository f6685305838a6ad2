//! Where nobody looked at the lock, that is said, and how to look.

use lockwarden_core::redact::Accounts;
use lockwarden_explain::live::Live;
use lockwarden_explain::{Desk, explain, print};

use crate::fixtures::{each, paste};
use crate::shape::each_error;
use crate::{answer, pasted};

const CONFIG: &str = include_str!("backend.tf");
const UNSEEN: &str = "Nobody has looked whether the lock is still there";

/// The page in one line, so that no broken paragraph hides a word.
fn page(text: &str, config: &str) -> String {
    let page = print::text(&answer(text, config));
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn that_nobody_looked_is_said_with_the_way_to_look() {
    for (name, config, way) in [
        (
            "dynamodb-1.6.txt",
            CONFIG,
            ". The next command does. Look at the record: aws dynamodb get-item ",
        ),
        (
            "captured-lockfail-s3-plan-piped-default.txt",
            "",
            ". The next command does. Look at the record: aws s3api get-object ",
        ),
        (
            "captured-lockfail-s3-empty-tflock.txt",
            "",
            ", and the text does not show where. With the backend configuration ",
        ),
        (
            "captured-lockfail-s3-empty-tflock.txt",
            CONFIG,
            ". The next command does. Look at the record: aws s3api get-object ",
        ),
        ("other-gcs.txt", "", ". The next plan does. "),
    ] {
        let page = page(&paste(name), config);
        assert!(page.contains(&format!("{UNSEEN}{way}")), "{name}: {page}");
    }
}

#[test]
fn it_is_said_of_each_lock_that_is_held_and_of_none_that_is_not() {
    each(|name, text| {
        let answer = answer(text, "");
        let errors: Vec<_> = each_error(answer.json()).collect();
        let is_held =
            |error: &&&serde_json::Value| error["held"] == true && error["unlocked_at"].is_null();
        let held = errors.iter().filter(is_held).count();
        let free = errors.iter().filter(|error| error["held"] == false).count();
        let said = page(text, "").matches(UNSEEN).count();
        assert!(
            (held..=errors.len() - free).contains(&said),
            "{name}: {said} of {held}"
        );
    });
}

#[test]
fn where_somebody_looked_it_is_not_said() {
    let pasted = pasted(&paste("dynamodb-1.6.txt"), CONFIG, Accounts::Shown);
    for live in [
        Live::Gone,
        Live::NotLooked {
            why: "access denied".to_owned(),
        },
    ] {
        let answer = explain(&pasted, Desk { topic: None }, |_| Some(live.clone()));
        let page = print::text(&answer);
        assert!(!page.contains("Nobody has looked"), "{page}");
        let why = answer.json()["live"]["why"].as_str().unwrap();
        assert!(page.contains(why), "{page}");
    }
}

#[test]
fn a_configuration_of_another_state_is_named_as_such() {
    let other = CONFIG.replace("prod/", "other/");
    assert_ne!(other, CONFIG);
    let page = |config: &str| page(&paste("dynamodb-1.6.txt"), config);
    let told = page(&other);
    let name = "is that of another state, acme-tf-state/other/terraform.tfstate, so";
    assert!(
        told.contains(name) && !told.contains("--region eu-west-1 --consistent-read"),
        "{told}"
    );
    assert!(!page(CONFIG).contains("of another state"));
}

#[test]
fn a_configuration_with_nothing_to_mend_says_so_and_why_there_is_code_all_the_same() {
    let config = "terraform {\n  backend \"s3\" {\n    bucket = \"acme-tf-state\"\n    key = \"a/b\"\n    encrypt = true\n    \
         kms_key_id = \"alias/state\"\n    use_lockfile = true\n  }\n}\n";
    let told = page("", config);
    assert!(told.contains("Backend: s3 Nothing was found that is to be mended. How its bucket and its table are made, no backend block shows."), "{told}");
    assert!(!page("", CONFIG).contains("Nothing was found"));
    let gcs = page(
        "",
        "terraform {\n  backend \"gcs\" {\n    bucket = \"b\"\n  }\n}\n",
    );
    assert!(
        gcs.ends_with("Backend: gcs Only what is known about backends of S3 is looked for."),
        "{gcs}"
    );
}

/// The second error names no program; the first one does.
#[test]
fn an_error_that_names_no_program_has_that_of_its_neighbour() {
    let first = "$ tofu plan\n".to_owned() + &crate::a_lock_error();
    let second = first
        .replace("$ tofu plan\n", "")
        .replace("prod/", "other/");
    for (text, program) in [
        (format!("{second}\n{first}"), "tofu"),
        (second.clone(), "terraform"),
    ] {
        let answer = answer(&text, "");
        for error in each_error(answer.json()) {
            let command = error["commands"]["force_unlock"].as_str().unwrap();
            assert!(command.starts_with(program), "{error}");
        }
    }
}
