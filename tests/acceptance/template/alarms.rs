//! The alarms: what they watch, when they come, whom they tell, and what they say.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::cloudformation::{Stack, template};
use super::metrics;

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:pager";
const KIND: &str = "AWS::CloudWatch::Alarm";

/// A stack with every alarm that there can be.
fn stack(parameters: &[(&str, &str)]) -> Stack {
    let all = [
        ("LockTableNames", "tf-locks"),
        ("PolicyUri", "s3://acme-config/lockwarden.hcl"),
    ];
    Stack::with(&[&all, parameters].concat())
}

/// A property that may stand as a number or, from a parameter, as a text.
fn number(alarm: &Value, name: &str) -> i64 {
    let value = &alarm[name];
    let text = value.as_str().map(|text| text.parse().unwrap());
    text.or(value.as_i64())
        .unwrap_or_else(|| panic!("{name} of {alarm}"))
}

/// Whether an alarm is on after these data points, of which the last is the latest and `None` is one that is missing.
///
/// CloudWatch also looks for some points before the window where some in it are missing, so that on AWS an alarm
/// about missing data comes up to two periods later.
fn is_on(alarm: &Value, points: &[Option<i64>], before: bool) -> bool {
    let threshold = number(alarm, "Threshold");
    let breaches = |point: i64| match alarm["ComparisonOperator"].as_str().unwrap() {
        "GreaterThanThreshold" => point > threshold,
        "GreaterThanOrEqualToThreshold" => point >= threshold,
        "LessThanThreshold" => point < threshold,
        other => panic!("this test does not understand {other}"),
    };
    let window = usize::try_from(number(alarm, "EvaluationPeriods")).unwrap();
    let window = &points[points.len().saturating_sub(window)..];
    let missing = alarm["TreatMissingData"].as_str().unwrap();
    if missing == "ignore" && window.iter().all(Option::is_none) {
        return before;
    }
    let breaching = window
        .iter()
        .filter(|point| point.map_or(missing == "breaching", breaches))
        .count();
    breaching >= usize::try_from(number(alarm, "DatapointsToAlarm")).unwrap()
}

#[track_caller]
fn comes(id: &str, points: &[Option<i64>]) -> bool {
    is_on(&stack(&[]).properties(id).unwrap(), points, false)
}

#[test]
fn every_alarm_watches_a_metric_that_exists() {
    let stack = stack(&[]);
    let written = metrics::written();
    let alarms = stack.of_kind(KIND);
    for alarm in alarms.values() {
        metrics::assert_exists(&stack, &metrics::of_alarm(alarm), &written);
    }
    let watched = alarms.iter().map(|(id, alarm)| {
        let metric = metrics::of_alarm(alarm);
        let of = metric
            .dimension
            .map_or(String::new(), |(_, value)| format!(" of {value}"));
        let statistic = alarm["Statistic"].as_str().unwrap();
        format!("{id}: {statistic} {}{of}\n", metric.name)
    });
    assert_snapshot!(watched.collect::<String>(), @"
    ApproveFails: Sum Errors of ApproveFunction
    ApproveThrottled: Sum Throttles of ApproveFunction
    DeadLettersWaiting: Maximum ApproximateNumberOfMessagesVisible of DeadLetterQueue
    DecisionsUndelivered: Sum NumberOfNotificationsFailed of ApprovalTopic
    LockLeftStale: Maximum OldestUnprocessedAge
    NoticesFail: Sum NumberOfNotificationsFailed of NoticeTopic
    PolicyBroken: Maximum PolicyError
    SweepFails: Sum Errors of SweepFunction
    SweepIncomplete: Maximum SweepIncomplete
    SweepNotCompleted: Sum SweepCompleted
    SweepThrottled: Sum Throttles of SweepFunction
    ");
}

#[test]
fn a_lock_that_nobody_releases_is_told_when_it_is_over_the_limit() {
    assert!(!comes("LockLeftStale", &[Some(1800)]));
    assert!(comes("LockLeftStale", &[Some(1801)]));
    let patient = stack(&[("StaleAlarmAfterSeconds", "7200")]);
    let alarm = patient.properties("LockLeftStale").unwrap();
    assert!(!is_on(&alarm, &[Some(7200)], true) && is_on(&alarm, &[Some(7201)], false));
    for before in [false, true] {
        let unknown = is_on(&alarm, &[None], before);
        assert_eq!(unknown, before, "what no sweep knows changes nothing");
    }
}

#[test]
fn sweeps_that_do_not_complete_are_told_after_three_of_them_whatever_the_cause() {
    let id = "SweepNotCompleted";
    assert!(comes(id, &[None, None, None]), "nothing ran");
    assert!(comes(id, &[Some(0), Some(0), Some(0)]), "all ran in vain");
    assert!(comes(id, &[Some(0), None, Some(0)]));
    for at in 0..3 {
        let mut points = [None; 3];
        points[at] = Some(1);
        assert!(!comes(id, &points), "one of three is enough to know");
    }
    // A sweep a little late leaves one period empty and falls into the next with its successor.
    assert!(!comes(id, &[Some(1), None, Some(2), Some(1), None]));
}

#[test]
fn one_sweep_that_was_throttled_wakes_nobody_and_three_of_six_do() {
    for id in ["SweepIncomplete", "SweepFails", "SweepThrottled"] {
        let of_six = |bad: &[usize]| {
            (0..6)
                .map(|at| Some(i64::from(bad.contains(&at))))
                .collect::<Vec<_>>()
        };
        assert!(
            !comes(id, &of_six(&[5])) && !comes(id, &of_six(&[2, 3])),
            "{id}"
        );
        assert!(
            comes(id, &of_six(&[0, 2, 5])) && comes(id, &of_six(&[3, 4, 5])),
            "{id}"
        );
        assert!(
            !comes(id, &[None; 6]),
            "{id}: that no sweep ran is said by another"
        );
    }
}

#[test]
fn a_decision_that_its_retry_carries_out_wakes_nobody() {
    assert!(!comes("ApproveFails", &[Some(2)]) && comes("ApproveFails", &[Some(3)]));
    let approve = stack(&[]).properties("ApproveFunction").unwrap();
    let tries = 1 + number(&approve["EventInvokeConfig"], "MaximumRetryAttempts");
    assert_eq!(
        number(&stack(&[]).properties("ApproveFails").unwrap(), "Threshold"),
        tries
    );
    let burst = [Some(0), Some(9), Some(0)];
    assert!(
        !comes("ApproveThrottled", &burst)
            && comes("ApproveThrottled", &[Some(9), Some(0), Some(1)])
    );
}

#[test]
fn what_got_lost_is_told_at_once() {
    for id in ["DeadLettersWaiting", "NoticesFail", "DecisionsUndelivered"] {
        assert!(
            comes(id, &[Some(1)]) && !comes(id, &[Some(0)]) && !comes(id, &[None]),
            "{id}"
        );
    }
    let letters = stack(&[]).properties("DeadLettersWaiting").unwrap();
    assert!(
        is_on(&letters, &[None], true),
        "a queue that SQS is silent about is not empty"
    );
}

#[test]
fn alarms_about_sweeps_count_in_the_interval_of_the_schedule() {
    let hourly = stack(&[
        ("SweepSchedule", "rate(1 hour)"),
        ("SecondsBetweenSweeps", "3600"),
    ]);
    assert_eq!(hourly.objections(), [""; 0]);
    let alarms = hourly.of_kind(KIND);
    let counting = alarms
        .iter()
        .filter(|(_, alarm)| number(alarm, "Period") == 3600);
    let counting: Vec<&str> = counting.map(|(id, _)| id.as_str()).collect();
    assert_eq!(
        counting,
        [
            "LockLeftStale",
            "PolicyBroken",
            "SweepFails",
            "SweepIncomplete",
            "SweepNotCompleted",
            "SweepThrottled"
        ]
    );
}

#[test]
fn a_policy_that_is_broken_is_told_until_it_is_mended() {
    assert!(comes("PolicyBroken", &[Some(1)]) && !comes("PolicyBroken", &[Some(1), Some(0)]));
    let alarm = stack(&[]).properties("PolicyBroken").unwrap();
    for before in [false, true] {
        let unread = is_on(&alarm, &[None], before);
        assert_eq!(unread, before, "what no sweep could read changes nothing");
    }
    let in_a_setting = stack(&[("PolicyUri", "")]);
    assert_eq!(in_a_setting.properties("PolicyBroken"), None);
    let without = stack(&[("Alarms", "disabled")]);
    assert_eq!(without.properties("PolicyBroken"), None);
}

#[test]
fn an_interval_that_is_not_that_of_the_schedule_is_refused() {
    let parameters = &template()["Parameters"];
    let offered = parameters["SecondsBetweenSweeps"]["AllowedValues"]
        .as_array()
        .unwrap();
    for (schedule, right) in [
        ("rate(1 minute)", 60),
        ("rate(2 minutes)", 120),
        ("rate(5 minutes)", 300),
        ("rate(10 minutes)", 600),
        ("rate(15 minutes)", 900),
        ("rate(20 minutes)", 1200),
        ("rate(30 minutes)", 1800),
        ("rate(1 hour)", 3600),
    ] {
        for seconds in offered.iter().map(|seconds| seconds.as_i64().unwrap()) {
            let text = seconds.to_string();
            let given = [
                ("SweepSchedule", schedule),
                ("SecondsBetweenSweeps", text.as_str()),
            ];
            let refused = !stack(&given).objections().is_empty();
            assert_eq!(refused, seconds != right, "{schedule}, {seconds}");
            let without = [&given[..], &[("Alarms", "disabled")]].concat();
            assert_eq!(
                stack(&without).objections(),
                [""; 0],
                "nothing counts in it"
            );
        }
    }
    assert_eq!(
        stack(&[]).objections(),
        [""; 0],
        "the defaults fit each other"
    );
    let cron = stack(&[
        ("SweepSchedule", "cron(0/10 * * * ? *)"),
        ("SecondsBetweenSweeps", "60"),
    ]);
    assert_eq!(cron.objections(), [""; 0], "no rule can read it");
}

/// CloudWatch, `PutMetricAlarm`: a day in all for periods below an hour, a week for longer ones.
#[test]
fn no_interval_makes_a_window_that_cloudwatch_refuses() {
    let offered = &template()["Parameters"]["SecondsBetweenSweeps"]["AllowedValues"];
    for seconds in offered.as_array().unwrap() {
        let given = [("SecondsBetweenSweeps", &*seconds.to_string())];
        for (id, alarm) in stack(&given).of_kind(KIND) {
            let period = number(&alarm, "Period");
            let longest = if period < 3600 { 86_400 } else { 604_800 };
            assert!(
                period % 60 == 0 && period * number(&alarm, "EvaluationPeriods") <= longest,
                "{id}"
            );
            assert!(
                number(&alarm, "DatapointsToAlarm") <= number(&alarm, "EvaluationPeriods"),
                "{id}"
            );
        }
    }
}

#[test]
fn alarms_tell_the_topic_that_is_given_and_no_other() {
    let [silent, told] =
        [stack(&[]), stack(&[("AlarmTopicArn", TOPIC)])].map(|stack| stack.of_kind(KIND));
    let mut end_is_told = Vec::new();
    for (id, alarm) in &told {
        assert_eq!(alarm["AlarmActions"], json!([TOPIC]), "{id}");
        assert_eq!(alarm.get("InsufficientDataActions"), None, "{id}");
        for actions in ["AlarmActions", "OKActions"] {
            assert_eq!(silent[id].get(actions), None, "{id}");
        }
        if let Some(actions) = alarm.get("OKActions") {
            assert_eq!(actions, &json!([TOPIC]), "{id}");
            end_is_told.push(id.as_str());
        }
    }
    assert_eq!(told.len(), 11);
    assert_eq!(
        end_is_told,
        [
            "ApproveThrottled",
            "DeadLettersWaiting",
            "LockLeftStale",
            "PolicyBroken",
            "SweepFails",
            "SweepIncomplete",
            "SweepNotCompleted",
            "SweepThrottled"
        ],
        "the others tell what happened once, and no quiet time mends that"
    );
}

#[test]
fn alarms_are_there_until_they_are_switched_off() {
    assert_eq!(stack(&[("Alarms", "disabled")]).of_kind(KIND).len(), 0);
    let contradiction = stack(&[("Alarms", "disabled"), ("AlarmTopicArn", TOPIC)]);
    assert!(contradiction.objections()[0].starts_with("AlarmTopicArn goes with alarms."));
    assert_eq!(stack(&[("AlarmTopicArn", TOPIC)]).objections(), [""; 0]);
}

#[test]
fn every_alarm_says_what_it_means_and_what_to_do_first() {
    for (id, alarm) in stack(&[]).of_kind(KIND) {
        let text = alarm["AlarmDescription"].as_str().unwrap();
        let (meaning, first) = text
            .split_once(" FIRST: ")
            .unwrap_or_else(|| panic!("{id}: {text}"));
        assert!(
            meaning.len() > 60 && meaning.ends_with('.'),
            "{id}: {meaning}"
        );
        assert!(first.len() > 60 && first.ends_with('.'), "{id}: {first}");
        // CloudWatch takes 1,024 characters; names that CloudFormation makes up are longer than those here.
        assert!(
            text.len() < 850 && !text.contains('\n'),
            "{id}: {}",
            text.len()
        );
        assert!(!text.contains("${"), "{id}: {text}");
    }
    let stale = stack(&[]).properties("LockLeftStale").unwrap();
    assert_snapshot!(stale["AlarmDescription"].as_str().unwrap(), @"A stale lock has been held for more than 1800 seconds, and nobody has released it; a lock that somebody keeps counts too. Nobody can plan or apply that state. FIRST: find the latest notice or reminder and decide, as it says. If no notice came, invoke SweepFunction with {} and read `locks` in its reply: the first one is meant.");
}
