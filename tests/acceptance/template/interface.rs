//! What a person who deploys the template meets: parameters, rules, outputs.

use std::collections::BTreeSet;

use lockwarden_core::expire::LEAST_TIME_TO_ANSWER;
use lockwarden_core::policy::PolicyUri;
use lockwarden_core::span;
use regex::Regex;

use super::cloudformation::{Stack, object, template};
use super::iam::texts;

#[test]
fn a_stack_without_a_store_is_refused() {
    for store in [
        ("LockTableNames", "tf-locks"),
        ("StateBucketNames", "acme-state"),
        ("NewLockTableName", "tf-locks"),
        ("NewStateBucketName", "acme-state"),
    ] {
        assert_eq!(Stack::with(&[store]).objections(), [""; 0]);
    }
    assert_eq!(Stack::with(&[]).objections().len(), 1);
    let prefix_alone = Stack::with(&[("LockTableNames", "tf-locks"), ("StateKeyPrefix", "prod/")]);
    assert!(prefix_alone.objections()[0].starts_with("StateKeyPrefix goes with a bucket."));
}

#[test]
fn a_policy_stands_in_one_place() {
    let store = ("LockTableNames", "tf-locks");
    let (text, uri) = (
        ("Policy", "default {}"),
        ("PolicyUri", "s3://acme-config/lockwarden.hcl"),
    );
    for given in [&[store, text][..], &[store, uri]] {
        assert_eq!(Stack::with(given).objections(), [""; 0]);
    }
    let both = Stack::with(&[store, text, uri]);
    assert_eq!(
        both.objections(),
        ["Policy and PolicyUri exclude each other. Leave one of them empty."]
    );
}

/// IAM takes `*` and `?` in a resource for more than themselves.
#[test]
fn the_address_of_a_policy_is_one_that_the_functions_take_and_names_one_object() {
    for right in [
        "s3://acme-config/lockwarden.hcl",
        "s3://a.b/teams/net work/x",
    ] {
        let right = right.replace(' ', "_");
        assert!(pattern("PolicyUri").is_match(&right), "{right}");
        assert!(PolicyUri::parse(&right).is_ok(), "{right}");
    }
    for wrong in [
        "s3://acme-config",
        "s3://acme-config/",
        "s3://acme-config/folder/",
        "s3://acme-config/*",
        "s3://acme-*/lockwarden.hcl",
        "s3://acme-config/lockwarden.hc?",
        "s3://acme-config/${aws:username}",
        "s3://acme-config/a,s3://acme-config/b",
        "acme-config/lockwarden.hcl",
    ] {
        assert!(!pattern("PolicyUri").is_match(wrong), "{wrong}");
    }
}

/// Nobody finds out by a function that does not start.
#[test]
fn the_time_to_answer_is_an_hour_at_least_as_the_functions_ask() {
    for number in (1..200).chain(3590..3610).chain([9999, 10_000, 999_999]) {
        for unit in ["s", "m", "h", "d"] {
            let value = format!("{number}{unit}");
            let is_long = span::parse(&value).is_ok_and(|span| span >= LEAST_TIME_TO_ANSWER);
            assert_eq!(pattern("ExpireAfter").is_match(&value), is_long, "{value}");
        }
    }
    assert!(pattern("ExpireAfter").is_match(""));
}

#[test]
fn every_parameter_explains_itself_and_has_its_place() {
    let template = template();
    let interface = &template["Metadata"]["AWS::CloudFormation::Interface"];
    let groups = interface["ParameterGroups"].as_array().unwrap().iter();
    let placed: Vec<&str> = groups
        .flat_map(|group| texts(&group["Parameters"]))
        .collect();
    let labelled: BTreeSet<&str> = object(&interface["ParameterLabels"])
        .keys()
        .map(String::as_str)
        .collect();
    let parameters = object(&template["Parameters"]);
    for (name, parameter) in parameters {
        assert!(
            parameter["Description"]
                .as_str()
                .is_some_and(|text| text.len() > 20),
            "{name} has no description"
        );
        assert!(parameter.get("Default").is_some(), "{name} has no default");
        let checked = ["AllowedPattern", "AllowedValues", "MinValue"]
            .iter()
            .any(|check| parameter.get(check).is_some());
        assert!(checked, "{name} takes any value");
        assert_eq!(
            parameter.get("AllowedPattern").is_some(),
            parameter.get("ConstraintDescription").is_some(),
            "{name}"
        );
    }
    assert_eq!(placed.len(), parameters.len());
    assert_eq!(
        placed.into_iter().collect::<BTreeSet<_>>(),
        parameters.keys().map(String::as_str).collect()
    );
    assert_eq!(labelled, parameters.keys().map(String::as_str).collect());
}

#[test]
fn the_readme_speaks_of_every_parameter() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let settings = readme.split_once("\n## Settings\n").unwrap().1;
    let settings = settings.split("\n## ").next().unwrap();
    for name in object(&template()["Parameters"]).keys() {
        assert!(settings.contains(&format!("`{name}`")), "{name}");
    }
}

/// What CloudFormation takes as the value of a parameter.
fn pattern(parameter: &str) -> Regex {
    let pattern = &template()["Parameters"][parameter]["AllowedPattern"];
    Regex::new(pattern.as_str().unwrap()).unwrap()
}

#[test]
fn every_refusal_shows_values_that_are_taken() {
    for (name, parameter) in object(&template()["Parameters"]) {
        let Some(refusal) = parameter["ConstraintDescription"].as_str() else {
            continue;
        };
        let (_, examples) = refusal
            .split_once(", like ")
            .unwrap_or_else(|| panic!("{name} shows no example"));
        for example in examples.split(" or ").flat_map(|part| part.split(", ")) {
            assert!(pattern(name).is_match(example), "{name}: {example}");
        }
        let default = parameter["Default"].as_str().unwrap();
        assert!(pattern(name).is_match(default), "{name}: {default}");
    }
}

/// In a trust policy IAM knows no pattern but a lone `*`, which is everybody.
#[test]
fn only_roles_by_their_names_may_ask_triage() {
    let role = "arn:aws:iam::111122223333:role/github/deploy-prod";
    let roles = format!("{role},arn:aws-us-gov:iam::444455556666:role/ci");
    assert!(pattern("TriageCallerArns").is_match(&roles));
    for wrong in [
        "*",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/alice",
        "arn:aws:sts::111122223333:assumed-role/ci/job",
        "arn:aws:iam::111122223333:role/ci, arn:aws:iam::111122223333:role/cd",
        "arn:aws:iam::111122223333:role/ci,*",
    ] {
        assert!(!pattern("TriageCallerArns").is_match(wrong), "{wrong}");
    }
}

#[test]
fn the_outputs_are_those_that_others_rely_on() {
    let template = template();
    let outputs: BTreeSet<&str> = object(&template["Outputs"])
        .keys()
        .map(String::as_str)
        .collect();
    let promised = [
        "SweepFunctionName",
        "ApproveFunctionName",
        "TriageFunctionName",
        "TriageCallerRoleArn",
        "NoticeTopicArn",
        "ApprovalTopicArn",
        "ApprovalUrl",
        "ApproverPolicyArn",
        "LedgerTableName",
        "DeadLetterQueueUrl",
        "ChatActionArns",
        "BackendBlock",
        "NewStateKeyArn",
        "DashboardName",
    ];
    assert_eq!(outputs, promised.into_iter().collect());
}
