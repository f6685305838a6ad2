//! Every pasted error of the core's fixtures, explained.

use std::fs;
use std::path::Path;

use lockwarden_core::ids::RequestCode;
use lockwarden_core::policy::Verdict;
use lockwarden_core::redact::Accounts;
use lockwarden_explain::live::{Live, LiveLock};
use lockwarden_explain::{Desk, explain};
use serde_json::{Value, json};

use crate::shape::{check, each_error};
use crate::{answer, pasted};

const CONFIG: &str = include_str!("backend.tf");

/// A paste of the core's fixtures.
pub(crate) fn paste(name: &str) -> String {
    let file = folder().join(name);
    String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/fixtures/paste")
}

pub(crate) fn each(mut then: impl FnMut(&str, &str)) {
    let mut count = 0;
    for file in folder().read_dir().unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        if file.ends_with(".txt") {
            then(&file, &paste(&file));
            count += 1;
        }
    }
    assert!(count > 150, "only {count} fixtures");
}

#[test]
fn every_answer_has_the_shape_of_the_contract_and_keeps_its_rules() {
    each(|name, text| {
        for config in ["", CONFIG] {
            check(&answer(text, config), name);
        }
    });
}

#[test]
fn a_held_lock_with_its_id_has_the_commands_to_look_and_to_unlock() {
    each(|name, text| {
        let answer = answer(text, "");
        for error in each_error(answer.json()) {
            let is_s3 = error["kind"] == "dynamodb" || error["kind"] == "s3-lockfile";
            let id = error["lock"]["id"].as_str().unwrap_or_default();
            let is_odd = id.is_empty() || id.contains(' ');
            if is_s3 && error["held"] == true && error["cause"].is_null() && !is_odd {
                let unlock = error["commands"]["force_unlock"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{name}: {error}"));
                assert!(unlock.ends_with(&format!("force-unlock {id}")), "{name}");
                let has_path = error["lock"]["path"]
                    .as_str()
                    .is_some_and(|path| path.contains('/'));
                assert_eq!(error["commands"]["inspect"].is_string(), has_path, "{name}");
            }
        }
    });
}

/// What is given back is the paste itself: these files hold no secret, so redaction must leave them alone.
#[test]
fn nothing_in_an_error_is_taken_for_a_secret() {
    each(|name, text| {
        let answer = answer(text, CONFIG);
        assert_eq!(answer.json()["redacted_text"], text, "{name}");
        let words = answer.json().to_string();
        assert!(!words.contains("[redacted"), "{name}");
    });
}

#[test]
fn a_failed_release_is_looked_at_where_it_was_tried() {
    for (name, stores) in [
        ("captured-force-unlock-ddb-wrong-id.txt", "dynamodb"),
        (
            "captured-force-unlock-ddb-old-0.11.11-wrong-id.txt",
            "dynamodb",
        ),
        ("unlock-wrong-id-1.5.txt", "dynamodb"),
        ("unlock-no-lock-opentofu.txt", "dynamodb"),
        ("captured-force-unlock-s3-wrong-id.txt", "s3api"),
        ("captured-force-unlock-s3-no-lock.txt", "s3api"),
        ("unlock-wrong-id-opentofu-s3.txt", "s3api"),
        ("unlock-release-denied-s3.txt", "s3api"),
        ("captured-force-unlock-both-wrong-id.txt", "dynamodb s3api"),
        (
            "captured-force-unlock-both-only-s3-lock.txt",
            "dynamodb s3api",
        ),
        (
            "captured-force-unlock-both-only-ddb-lock.txt",
            "dynamodb s3api",
        ),
        ("unlock-both-split.txt", "dynamodb s3api"),
        ("unlock-opentofu-s3-failed.txt", "dynamodb s3api"),
        ("unlock-wrong-id-opentofu-both.txt", "dynamodb s3api"),
        // A backend's own lock is no business of S3.
        ("unlock-cos.txt", ""),
        ("unlock-gcs-not-numerical.txt", ""),
        ("unlock-local.txt", ""),
        ("unlock-remote-wrong-id.txt", ""),
    ] {
        let answer = answer(&paste(name), "");
        let inspect = answer.json()["commands"]["inspect"]
            .as_str()
            .unwrap_or_default();
        let words = shlex::split(inspect).unwrap();
        let looked: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|word| ["dynamodb", "s3api"].contains(word))
            .collect();
        assert_eq!(looked.join(" "), stores, "{name}: {inspect}");
    }
}

#[test]
fn what_to_act_on_first_comes_first_and_the_rest_keeps_its_order() {
    let kinds = |name: &str| -> Vec<(Value, Value)> {
        let answer = answer(&paste(name), "");
        each_error(answer.json())
            .map(|error| (error["kind"].clone(), error["line"].clone()))
            .collect()
    };
    assert_eq!(
        kinds("several-without-a-gap.txt")
            .into_iter()
            .map(|(kind, _)| kind)
            .collect::<Vec<_>>(),
        [json!("digest-mismatch"), json!("unlock-failed")]
    );
    let several = kinds("several.txt");
    // The first two were released at the end of the text, so the third is what is left to do.
    assert_eq!(several[0].0, "s3-lockfile");
    assert_eq!(several[1].0, "unlock-failed");
    assert_eq!(several[2].0, "dynamodb");
    assert!(several[1].1.as_u64() < several[2].1.as_u64());
}

#[test]
fn what_is_there_now_counts_more_than_what_the_text_says_of_it() {
    let pasted = pasted(&paste("later-unlocked.txt"), "", Accounts::Shown);
    let live = |looked: bool| {
        let lock = LiveLock {
            verdict: Verdict::Stale,
            why: "older than 15m".to_owned(),
            request: RequestCode::parse("7F3K2QWX").unwrap(),
        };
        explain(&pasted, Desk { topic: None }, |_| {
            looked.then(|| Live::Same(Box::new(lock.clone())))
        })
    };
    let (there, unknown) = (live(true), live(false));
    assert_eq!(there.json()["held"], true);
    assert!(there.json()["commands"]["force_unlock"].is_string());
    assert_eq!(unknown.json()["held"], false);
    assert_eq!(unknown.json()["commands"]["force_unlock"], Value::Null);
}

#[test]
fn of_a_log_without_a_lock_error_that_is_said_however_long_it_is() {
    for lines in [1, 5_000] {
        let text = "Apply complete! Resources: 1 added, 0 changed.\n".repeat(lines);
        let answer = answer(&text, CONFIG);
        check(&answer, "log");
        let advice = answer.json()["advice"].as_str().unwrap();
        assert!(
            advice.contains("Nothing in this text is a state lock error"),
            "{advice}"
        );
    }
    let answer = answer("", CONFIG);
    let advice = answer.json()["advice"].as_str().unwrap();
    assert!(advice.starts_with("No error text was given."), "{advice}");
}

#[test]
fn a_long_text_is_given_back_as_its_errors() {
    let noise = "module.vpc: Still creating... [10s elapsed]\n".repeat(5_000);
    let text = format!("{noise}{}{noise}", crate::a_lock_error());
    let answer = answer(&text, "");
    let given = answer.json()["redacted_text"].as_str().unwrap();
    assert!(
        given.contains("ID:        a1b2c3d4") && given.len() < 2_000,
        "{given}"
    );
}

/// Looking costs money and tells where locks are kept, so only a lock of S3 is looked for, once for each state.
#[test]
fn only_locks_of_s3_are_looked_for() {
    let paths = |name: &str, config: &str, most: usize| -> Vec<String> {
        let paths = pasted(&paste(name), config, Accounts::Shown).paths(most);
        paths.iter().map(|path| path.as_str().to_owned()).collect()
    };
    let (prod, dev) = (
        "acme-tf-state/prod/terraform.tfstate",
        "acme-tf-state/dev/terraform.tfstate",
    );
    assert_eq!(paths("dynamodb-1.6.txt", "", 9), [prod]);
    assert_eq!(paths("several.txt", "", 9), [prod]);
    assert_eq!(paths("terragrunt-two-units.txt", "", 9), [prod, dev]);
    assert_eq!(paths("terragrunt-two-units.txt", "", 1), [prod]);
    // The text names no state, the configuration does.
    assert_eq!(paths("unlock-no-lock-dynamodb.txt", "", 9), [""; 0]);
    assert_eq!(paths("unlock-no-lock-dynamodb.txt", CONFIG, 9), [prod]);
    for name in [
        "other-azurerm.txt",
        "other-gcs.txt",
        "other-oss.txt",
        "unlock-gcs-not-numerical.txt",
        "unlock-cos.txt",
        "unlock-remote-wrong-id.txt",
        "digest-loading.txt",
        "none-plan.txt",
    ] {
        assert_eq!(paths(name, CONFIG, 9), [""; 0], "{name}");
    }
}

/// `http` and `remote` print the info of the run that failed. Its ID releases nothing.
#[test]
fn the_id_of_the_run_that_failed_is_no_lock_id() {
    let answer = answer(&paste("other-http-body-unread.txt"), "");
    let reply = answer.json();
    assert_eq!(reply["lock"]["id"], Value::Null);
    assert_eq!(reply["lock"]["is_of_caller"], true);
    let advice = reply["advice"].as_str().unwrap();
    assert!(
        advice.contains("The text does not show the ID."),
        "{advice}"
    );
    assert_eq!(reply["commands"]["force_unlock"], Value::Null);
}

#[test]
fn what_is_pasted_can_do_nothing_to_the_terminal() {
    let hostile = "\u{1b}]0;x\u{7}\u{1b}[2J\u{202e}\u{9b}31m";
    for place in ["acme", "OperationTypeApply", "alice", "1.11.4"] {
        let text = crate::a_lock_error().replace(place, &format!("{place}{hostile}"));
        check(&answer(&text, ""), place);
    }
    for place in ["# The state", "acme-tf-state", "eu-west-1"] {
        let config = CONFIG.replace(place, &format!("{place}{hostile}"));
        check(&answer(&crate::a_lock_error(), &config), place);
    }
}
