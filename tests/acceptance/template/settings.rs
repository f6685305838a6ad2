//! The environment that the template gives each function is the one that the function reads.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use lockwarden_core::policy::PolicySource;
use lockwarden_core::settings::{self, ApproveSettings, SweepSettings, TriageSettings};
use lockwarden_core::sms::PhoneNumber;

use super::cloudformation::Stack;

fn stack() -> Stack {
    Stack::with(&[
        ("LockTableNames", "tf-locks,b-locks"),
        ("StateBucketNames", "acme-state,b-state"),
    ])
}

fn sweep(environment: &BTreeMap<String, String>) -> SweepSettings {
    SweepSettings::read(
        |name| environment.get(name).cloned(),
        lockwarden_policy::read,
    )
    .unwrap()
}

fn approve(environment: &BTreeMap<String, String>) -> ApproveSettings {
    ApproveSettings::read(
        |name| environment.get(name).cloned(),
        lockwarden_policy::read,
    )
    .unwrap()
}

#[test]
fn each_function_gets_every_setting_it_reads_and_no_other() {
    for (function, names) in [
        ("SweepFunction", settings::SWEEP),
        ("ApproveFunction", settings::APPROVE),
        ("TriageFunction", settings::TRIAGE),
    ] {
        let given = stack().environment(function);
        let mut read: Vec<&str> = names.to_vec();
        read.sort_unstable();
        assert_eq!(given.keys().collect::<Vec<_>>(), read, "{function}");
    }
}

#[test]
fn the_parameters_reach_the_settings() {
    let settings = sweep(&stack().environment("SweepFunction"));
    assert_eq!(
        settings
            .common
            .tables
            .iter()
            .map(|table| &table.name)
            .collect::<Vec<_>>(),
        ["tf-locks", "b-locks"]
    );
    assert_eq!(
        settings
            .common
            .buckets
            .iter()
            .map(|bucket| &bucket.name)
            .collect::<Vec<_>>(),
        ["acme-state", "b-state"]
    );
    assert!(
        settings
            .common
            .notice_topic
            .as_str()
            .ends_with(":NoticeTopic")
    );
    assert!(
        settings
            .common
            .approval_topic
            .as_str()
            .ends_with(":ApprovalTopic")
    );
    assert_eq!(
        (
            settings.common.ledger_table.as_str(),
            settings.approve_function.as_str()
        ),
        ("LedgerTable", "ApproveFunction")
    );
}

#[test]
fn both_who_judge_know_where_the_policy_is() {
    let uri = "s3://acme-config/lockwarden.hcl";
    let stack = Stack::with(&[("LockTableNames", "tf-locks"), ("PolicyUri", uri)]);
    let sources = [
        sweep(&stack.environment("SweepFunction")).common.policy,
        approve(&stack.environment("ApproveFunction")).common.policy,
    ];
    for source in sources {
        let is_there =
            matches!(&source, PolicySource::Object(object) if object.uri.to_string() == uri);
        assert!(is_there, "{source:?}");
    }
}

#[test]
fn triage_knows_whom_to_ask_and_where_decisions_go() {
    let given = stack().environment("TriageFunction");
    let settings = TriageSettings::read(|name| given.get(name).cloned()).unwrap();
    assert_eq!(settings.sweep_function, "SweepFunction");
    let topic = settings.approval_topic.as_str();
    assert!(topic.ends_with(":ApprovalTopic"), "{topic}");
}

#[test]
fn the_defaults_of_the_parameters_are_those_of_the_code() {
    let spans = [
        settings::STALE_AFTER,
        settings::QUIET_FOR,
        settings::REMIND_EVERY,
        settings::LEDGER_KEEP_FOR,
    ];
    let given = stack().environment("SweepFunction");
    let mut unset = given.clone();
    unset.retain(|name, _| !spans.contains(&name.as_str()));
    assert_eq!(unset.len() + spans.len(), given.len());
    assert_eq!(sweep(&given), sweep(&unset));
    let given = approve(&stack().environment("ApproveFunction"));
    assert!(given.releases && !given.topic_restricted);
    assert_eq!(given.sms_approvers, [], "nobody decides by text message");
    assert!(!given.read_state, "no state is read");
    assert_eq!(given.common.expire_after, None, "no lock expires");
}

#[test]
fn both_functions_know_after_what_time_a_lock_expires() {
    let stack = Stack::with(&[
        ("LockTableNames", "tf-locks"),
        ("ExpireAfter", "1d"),
        ("ReadState", "true"),
    ]);
    let day = Some(SignedDuration::from_hours(24));
    let sweep = sweep(&stack.environment("SweepFunction"));
    let approve = approve(&stack.environment("ApproveFunction"));
    assert_eq!(sweep.common.expire_after, day);
    assert_eq!(approve.common.expire_after, day);
    assert!(approve.read_state);
}

#[test]
fn approve_knows_the_numbers_that_may_decide() {
    let stack = Stack::with(&[
        ("LockTableNames", "tf-locks"),
        ("SmsApprovers", "+14255550182,+4915112345678"),
    ]);
    let settings = approve(&stack.environment("ApproveFunction"));
    let numbers: Vec<&str> = settings
        .sms_approvers
        .iter()
        .map(PhoneNumber::as_str)
        .collect();
    assert_eq!(numbers, ["+14255550182", "+4915112345678"]);
}

#[test]
fn a_prefix_is_part_of_the_bucket_setting() {
    let stack = Stack::with(&[
        ("StateBucketNames", "acme-state"),
        ("StateKeyPrefix", "prod/"),
    ]);
    let settings = sweep(&stack.environment("SweepFunction")).common;
    assert!(settings.covers_object("acme-state", "prod/terraform.tfstate"));
    assert!(!settings.covers_object("acme-state", "dev/terraform.tfstate"));
}

#[test]
fn approve_knows_that_its_topic_is_restricted_and_both_that_releases_are_off() {
    let approvers = "arn:aws:iam::111122223333:role/on-call";
    let stack = Stack::with(&[
        ("LockTableNames", "tf-locks"),
        ("ApproverPrincipalArns", approvers),
        ("Releases", "disabled"),
    ]);
    let settings = approve(&stack.environment("ApproveFunction"));
    assert!(settings.topic_restricted && !settings.releases);
    assert!(!sweep(&stack.environment("SweepFunction")).releases);
}
