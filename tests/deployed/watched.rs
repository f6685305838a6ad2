//! The alarms and the dashboard of the deployed stack, held against the metrics that its functions really print.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stack::{Desk, SOON, Stack};

/// Namespace and name of each metric in the embedded metric format that a function has printed.
fn printed(desk: &Desk<'_>, output: &str) -> BTreeSet<(String, String)> {
    let function = desk.deployed.output(output).unwrap();
    let about = desk.aws.aws(&[
        "lambda",
        "get-function-configuration",
        "--function-name",
        function,
    ]);
    let group = about.unwrap()["LoggingConfig"]["LogGroup"]
        .as_str()
        .unwrap()
        .to_owned();
    let log = desk
        .aws
        .aws(&["logs", "filter-log-events", "--log-group-name", &group])
        .unwrap();
    let lines = log["events"].as_array().unwrap().iter();
    let lines =
        lines.filter_map(|event| serde_json::from_str::<Value>(event["message"].as_str()?).ok());
    let mut found = BTreeSet::new();
    for line in lines {
        let directives = line["_aws"]["CloudWatchMetrics"].as_array();
        for directive in directives.into_iter().flatten() {
            assert_eq!(directive["Dimensions"], json!([[]]));
            for metric in directive["Metrics"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                assert!(line[text(&metric["Name"])].is_number(), "{line}");
                found.insert((text(&directive["Namespace"]), text(&metric["Name"])));
            }
        }
    }
    found
}

fn deployed_alarms(desk: &Desk<'_>) -> Vec<Value> {
    let said = desk.aws.aws(&["cloudwatch", "describe-alarms"]).unwrap();
    said["MetricAlarms"].as_array().unwrap().clone()
}

#[tokio::test]
async fn alarms_and_dashboard_name_what_the_functions_print_and_what_the_stack_has() {
    let stack = Stack::with(&[("Dashboard", "enabled")]).await;
    let desk = stack.desk();
    desk.sweep().await;
    desk.decide(&json!({"decision": "release", "by": "alice"}))
        .await;
    let printed = {
        let begin = Instant::now();
        loop {
            let mut found = printed(&desk, "SweepFunctionName");
            found.extend(printed(&desk, "ApproveFunctionName"));
            if found.len() >= 7 || begin.elapsed() > SOON {
                break found;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let pair = |namespace: &Value, name: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(namespace), text(name))
    };

    let alarms = deployed_alarms(&desk);
    assert_eq!(alarms.len(), 10);
    for alarm in &alarms {
        let dimensions = alarm["Dimensions"].as_array().unwrap();
        if dimensions.is_empty() {
            let metric = pair(&alarm["Namespace"], &alarm["MetricName"]);
            assert!(
                printed.contains(&metric),
                "{metric:?} is not among {printed:?}"
            );
        } else {
            assert_is_there(&desk, &dimensions[0]["Name"], &dimensions[0]["Value"]);
        }
    }

    let name = desk.deployed.output("DashboardName").unwrap();
    let said = desk
        .aws
        .aws(&["cloudwatch", "get-dashboard", "--dashboard-name", name])
        .unwrap();
    let body: Value = serde_json::from_str(said["DashboardBody"].as_str().unwrap()).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    let lines = widgets
        .iter()
        .filter_map(|widget| widget["properties"]["metrics"].as_array());
    for line in lines.flatten() {
        // A release and a stranger's visit do not happen here.
        if line[1] == "Released" || line[1] == "PageTurnedAway" {
            continue;
        }
        if line[2].is_object() {
            let metric = pair(&line[0], &line[1]);
            assert!(
                printed.contains(&metric),
                "{metric:?} is not among {printed:?}"
            );
        } else {
            assert_is_there(&desk, &line[2], &line[3]);
        }
    }
    let shown: BTreeSet<&str> = widgets[0]["properties"]["alarms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arn| arn.as_str().unwrap())
        .collect();
    assert_eq!(
        shown,
        alarms
            .iter()
            .map(|alarm| alarm["AlarmArn"].as_str().unwrap())
            .collect()
    );
}

/// Fails unless the stack has a function, queue or topic of this name.
fn assert_is_there(desk: &Desk<'_>, key: &Value, name: &Value) {
    let name = name.as_str().unwrap();
    let outputs: &[&str] = match key.as_str().unwrap() {
        "FunctionName" => &[
            "SweepFunctionName",
            "ApproveFunctionName",
            "TriageFunctionName",
        ],
        "QueueName" => &["DeadLetterQueueUrl"],
        "TopicName" => &["NoticeTopicArn", "ApprovalTopicArn"],
        other => panic!("nothing is measured by {other}"),
    };
    let is_end_of = |output: &&&str| {
        let value = desk.deployed.output(output).unwrap();
        value.rsplit([':', '/']).next() == Some(name)
    };
    assert!(
        outputs.iter().any(|output| is_end_of(&output)),
        "{key} {name}"
    );
}
