//! What a person who deploys the template meets: parameters, rules, outputs.

use std::collections::BTreeSet;

use super::cloudformation::{Stack, object, template};
use super::iam::texts;

#[test]
fn a_stack_without_a_store_is_refused() {
    for store in [
        ("LockTableNames", "tf-locks"),
        ("StateBucketNames", "acme-state"),
    ] {
        assert!(Stack::with(&[store]).objections().is_empty());
    }
    assert_eq!(Stack::with(&[]).objections().len(), 1);
    let prefix_alone = Stack::with(&[("LockTableNames", "tf-locks"), ("StateKeyPrefix", "prod/")]);
    assert!(prefix_alone.objections()[0].starts_with("StateKeyPrefix goes with a bucket."));
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
fn the_outputs_are_those_that_others_rely_on() {
    let template = template();
    let outputs: BTreeSet<&str> = object(&template["Outputs"])
        .keys()
        .map(String::as_str)
        .collect();
    let promised = [
        "SweepFunctionName",
        "ApproveFunctionName",
        "NoticeTopicArn",
        "ApprovalTopicArn",
        "ApprovalUrl",
        "ApproverPolicyArn",
        "LedgerTableName",
        "DeadLetterQueueUrl",
        "ChatActionArns",
    ];
    assert_eq!(outputs, promised.into_iter().collect());
}
