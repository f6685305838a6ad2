//! The dashboard, as CloudWatch gets it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cloudformation::Stack;
use super::metrics::{self, Named};

fn stack(parameters: &[(&str, &str)]) -> Stack {
    Stack::with(
        &[
            &[
                ("LockTableNames", "tf-locks"),
                ("PolicyUri", "s3://acme-config/lockwarden.hcl"),
                ("Dashboard", "enabled"),
            ],
            parameters,
        ]
        .concat(),
    )
}

fn widgets(stack: &Stack) -> Vec<Value> {
    let dashboard = stack.properties("OverviewDashboard").unwrap();
    let body: Value = serde_json::from_str(dashboard["DashboardBody"].as_str().unwrap()).unwrap();
    body["widgets"].as_array().unwrap().clone()
}

/// The metrics that a widget draws: namespace, name, dimension and its value, and then how to draw it.
fn drawn(widget: &Value) -> Vec<Named> {
    let lines = widget["properties"]["metrics"].as_array();
    let lines = lines
        .into_iter()
        .flatten()
        .map(|line| line.as_array().unwrap());
    lines
        .map(|line| {
            let words: Vec<&str> = line.iter().filter_map(Value::as_str).collect();
            assert!(line.len() == words.len() + 1 && line[words.len()]["label"].is_string());
            let dimension = match words[2..] {
                [] => None,
                [key, value] => Some((key.to_owned(), value.to_owned())),
                _ => panic!("{line:?} has half a dimension"),
            };
            Named {
                namespace: words[0].to_owned(),
                name: words[1].to_owned(),
                dimension,
            }
        })
        .collect()
}

#[test]
fn the_dashboard_is_there_where_it_is_asked_for() {
    let without = Stack::with(&[("LockTableNames", "tf-locks")]);
    assert_eq!(without.properties("OverviewDashboard"), None);
    assert_eq!(without.output("DashboardName"), None);
    assert!(stack(&[]).output("DashboardName").is_some());
}

#[test]
fn it_draws_only_metrics_that_exist_and_all_of_our_own() {
    let stack = stack(&[]);
    let written = metrics::written();
    let drawn: BTreeSet<Named> = widgets(&stack).iter().flat_map(drawn).collect();
    for metric in &drawn {
        metrics::assert_exists(&stack, metric, &written);
    }
    assert_eq!(
        written.difference(&drawn).collect::<Vec<_>>(),
        Vec::<&Named>::new()
    );
    let watched = stack.of_kind("AWS::CloudWatch::Alarm");
    for alarm in watched.values().map(metrics::of_alarm) {
        assert!(
            drawn.contains(&alarm),
            "an alarm is about {alarm:?}, which nobody can see"
        );
    }
}

#[test]
fn a_policy_that_is_in_no_object_is_not_drawn() {
    let is_drawn = |policy: &str| {
        let widgets = widgets(&stack(&[("PolicyUri", policy)]));
        let mut all = widgets.iter().flat_map(drawn);
        all.any(|metric| metric.name == "PolicyError")
    };
    assert!(is_drawn("s3://acme-config/lockwarden.hcl") && !is_drawn(""));
}

#[test]
fn it_shows_the_state_of_every_alarm_or_that_there_is_none() {
    for policy in ["", "s3://acme-config/lockwarden.hcl"] {
        let with = stack(&[("PolicyUri", policy)]);
        let top = &widgets(&with)[0];
        assert_eq!(top["type"], "alarm");
        let shown: BTreeSet<&str> = top["properties"]["alarms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|arn| arn.as_str().unwrap())
            .collect();
        let alarms = with.of_kind("AWS::CloudWatch::Alarm");
        let arns: Vec<String> = alarms
            .keys()
            .map(|id| format!("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{id}"))
            .collect();
        assert_eq!(shown, arns.iter().map(String::as_str).collect());
    }

    let without = stack(&[("Alarms", "disabled")]);
    let top = &widgets(&without)[0];
    assert_eq!(top["type"], "text");
    assert!(
        top["properties"]["markdown"]
            .as_str()
            .unwrap()
            .contains("switched off")
    );
}

#[test]
fn the_limit_of_the_alarm_is_drawn_where_the_age_is() {
    let stack = stack(&[("StaleAlarmAfterSeconds", "7200")]);
    let age = widgets(&stack).into_iter().find(|widget| {
        drawn(widget)
            .iter()
            .any(|metric| metric.name == "OldestUnprocessedAge")
    });
    let age = age.unwrap();
    assert_eq!(
        age["properties"]["annotations"]["horizontal"][0]["value"],
        7200
    );
    assert_eq!(age["properties"]["stat"], "Maximum");
}

/// CloudWatch's grid is 24 wide; what is below 24 rows has to be scrolled to.
#[test]
fn it_fits_on_one_screen_without_holes_and_overlaps() {
    for alarms in ["enabled", "disabled"] {
        let mut free: BTreeSet<(u64, u64)> =
            (0..24).flat_map(|x| (0..21).map(move |y| (x, y))).collect();
        for widget in widgets(&stack(&[("Alarms", alarms)])) {
            let side = |name: &str| widget[name].as_u64().unwrap();
            for x in side("x")..side("x") + side("width") {
                for y in side("y")..side("y") + side("height") {
                    assert!(free.remove(&(x, y)), "{x}, {y}: {widget}");
                }
            }
        }
        assert!(free.is_empty(), "{free:?}");
    }
}

#[test]
fn every_widget_is_of_this_region_and_has_a_title() {
    for widget in &widgets(&stack(&[]))[1..] {
        let properties = &widget["properties"];
        assert_eq!(properties["region"], "eu-west-1");
        assert!(
            properties["title"]
                .as_str()
                .is_some_and(|title| title.len() > 4)
        );
        let statistics = ["Sum", "Maximum"];
        assert!(statistics.contains(&properties["stat"].as_str().unwrap()));
    }
}
