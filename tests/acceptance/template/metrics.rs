//! The metrics that exist: what the functions write, and what AWS measures of the resources in the template.

use std::collections::BTreeSet;

use lockwarden_core::settings;
use serde_json::{Value, json};

use super::cloudformation::Stack;
use crate::world::{Kind, Link, POLICY_OBJECT, STATE, World, release};

/// A metric as an alarm or a widget names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) namespace: String,
    pub(super) name: String,
    /// The one dimension, if it has any.
    pub(super) dimension: Option<(String, String)>,
}

/// What AWS measures, by namespace and dimension, and the type of resource whose name the dimension holds.
const OF_AWS: [(&str, &str, &str, &[&str]); 3] = [
    (
        "AWS/Lambda",
        "FunctionName",
        "AWS::Serverless::Function",
        &["Invocations", "Errors", "Throttles", "Duration"],
    ),
    (
        "AWS/SQS",
        "QueueName",
        "AWS::SQS::Queue",
        &["ApproximateNumberOfMessagesVisible"],
    ),
    (
        "AWS/SNS",
        "TopicName",
        "AWS::SNS::Topic",
        &["NumberOfNotificationsFailed"],
    ),
];

/// Every metric of the project itself, as the functions write it.
pub(super) fn written() -> BTreeSet<Named> {
    let world = World::with(&[(settings::POLICY_URI, POLICY_OBJECT)]);
    world.put_policy("default {}");
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.visit(&Link::new("7F3K2QWX", "a-token-that-fits-nothing").get());
    world.decide(&json!({"decision": "release"}));
    world.decide(&release(&request));
    let lines = world.metrics();
    let directives = lines
        .iter()
        .flat_map(|line| line["_aws"]["CloudWatchMetrics"].as_array().unwrap());
    directives.flat_map(named_by).collect()
}

/// The metrics that one directive of the embedded metric format makes.
fn named_by(directive: &Value) -> Vec<Named> {
    assert_eq!(directive["Dimensions"], json!([[]]), "no dimensions at all");
    let metrics = directive["Metrics"].as_array().unwrap().iter();
    metrics
        .map(|metric| Named {
            namespace: directive["Namespace"].as_str().unwrap().to_owned(),
            name: metric["Name"].as_str().unwrap().to_owned(),
            dimension: None,
        })
        .collect()
}

/// Fails unless CloudWatch will have data under this name.
pub(super) fn assert_exists(stack: &Stack, metric: &Named, written: &BTreeSet<Named>) {
    if written.contains(metric) {
        return;
    }
    let Some((key, value)) = &metric.dimension else {
        panic!("no function writes {metric:?}");
    };
    let known = OF_AWS.iter().find(|(namespace, dimension, _, names)| {
        *namespace == metric.namespace && dimension == key && names.contains(&&*metric.name)
    });
    let Some((_, _, kind, _)) = known else {
        panic!("AWS measures no {metric:?}");
    };
    assert!(
        stack.of_kind(kind).contains_key(value),
        "{metric:?} is of no {kind} in the template"
    );
}

/// The metric that the properties of an alarm name.
pub(super) fn of_alarm(alarm: &Value) -> Named {
    let text = |name: &str| alarm[name].as_str().unwrap().to_owned();
    let dimensions = alarm.get("Dimensions").map(|list| list.as_array().unwrap());
    let dimension = dimensions.map(|list| {
        assert_eq!(list.len(), 1);
        let part = |name: &str| list[0][name].as_str().unwrap().to_owned();
        (part("Name"), part("Value"))
    });
    Named {
        namespace: text("Namespace"),
        name: text("MetricName"),
        dimension,
    }
}

#[test]
fn the_world_writes_every_metric_of_the_project() {
    let names: BTreeSet<String> = written().into_iter().map(|metric| metric.name).collect();
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));
    for name in &names {
        assert!(readme.as_ref().unwrap().contains(&format!("`{name}`")));
    }
    for metric in [
        lockwarden_core::metrics::OLDEST_UNPROCESSED_AGE,
        lockwarden_core::metrics::SWEEP_COMPLETED,
        lockwarden_core::metrics::SWEEP_INCOMPLETE,
        lockwarden_core::metrics::POLICY_ERROR,
        lockwarden_core::metrics::RELEASED,
        lockwarden_core::metrics::PAGE_TURNED_AWAY,
    ] {
        assert!(names.contains(metric.name), "{names:?}");
    }
}
