//! What no resource may lack: a way for failures to be seen, a ledger that lasts, parameters that explain themselves.

use serde_json::{Value, json};

use super::cloudformation::{Stack, object, template};
use super::iam::Policy;

const FUNCTIONS: [&str; 3] = ["SweepFunction", "ApproveFunction", "TriageFunction"];
const ROLES: [&str; 3] = ["SweepRole", "ApproveRole", "TriageRole"];
const TRIAGE_CALLERS: [&str; 2] = [
    "arn:aws:iam::111122223333:role/ci",
    "arn:aws:iam::444455556666:role/path/deploy",
];
const DEAD_LETTERS: &str = "arn:aws:sqs:eu-west-1:111122223333:DeadLetterQueue";

fn stack() -> Stack {
    Stack::with(&[
        ("LockTableNames", "tf-locks"),
        ("StateBucketNames", "acme-state"),
    ])
}

fn properties(id: &str) -> Value {
    stack().properties(id).unwrap()
}

#[test]
fn the_ledger_outlives_the_stack() {
    let ledger = properties("LedgerTable");
    assert_eq!(ledger["DeletionProtectionEnabled"], true);
    assert_eq!(
        ledger["PointInTimeRecoverySpecification"],
        json!({"PointInTimeRecoveryEnabled": true})
    );
    assert_eq!(ledger["SSESpecification"], json!({"SSEEnabled": true}));
    assert_eq!(
        ledger["TimeToLiveSpecification"],
        json!({"AttributeName": "expires_at", "Enabled": true})
    );
    assert_eq!(ledger["BillingMode"], "PAY_PER_REQUEST");
    let resources = &template()["Resources"];
    for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
        assert_eq!(resources["LedgerTable"][policy], "Retain");
        assert_eq!(
            resources["ApproveLogs"][policy], "Retain",
            "what approve logged lasts as long"
        );
    }
}

#[test]
fn the_ledger_has_the_keys_and_indexes_of_its_items() {
    let ledger = properties("LedgerTable");
    let keys = |schema: &Value| {
        let parts = schema.as_array().unwrap().iter();
        parts
            .map(|part| {
                format!(
                    "{} {}",
                    part["AttributeName"].as_str().unwrap(),
                    part["KeyType"].as_str().unwrap()
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&ledger["KeySchema"]), ["pk HASH", "sk RANGE"]);
    let indexes: Vec<_> = ledger["GlobalSecondaryIndexes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|index| {
            (
                index["IndexName"].as_str().unwrap(),
                keys(&index["KeySchema"]),
            )
        })
        .collect();
    assert_eq!(
        indexes[0],
        (
            "open",
            vec!["open HASH".to_owned(), "first_seen RANGE".to_owned()]
        )
    );
    assert_eq!(
        indexes[1],
        (
            "by-state",
            vec!["state HASH".to_owned(), "first_seen RANGE".to_owned()]
        )
    );
    assert_eq!(indexes.len(), 2);
}

#[test]
fn a_decision_that_fails_for_good_and_a_tick_that_nobody_takes_are_kept() {
    let approve = properties("ApproveFunction");
    assert_eq!(
        approve["EventInvokeConfig"]["DestinationConfig"]["OnFailure"],
        json!({"Type": "SQS", "Destination": DEAD_LETTERS})
    );
    // A sweep that fails says so every few minutes, and would bury the decisions.
    let sweep = properties("SweepFunction");
    assert!(sweep["EventInvokeConfig"]["DestinationConfig"].is_null());
    for function in FUNCTIONS {
        let properties = properties(function);
        let events = properties.get("Events").map(object).into_iter().flatten();
        for (name, event) in events {
            let target = event["Properties"]
                .pointer("/DeadLetterConfig/Arn")
                .or(event["Properties"].pointer("/RedrivePolicy/deadLetterTargetArn"));
            assert_eq!(target, Some(&DEAD_LETTERS.into()), "{function} {name}");
        }
    }
    let queue = properties("DeadLetterQueue");
    assert_eq!(queue["SqsManagedSseEnabled"], true);
    assert_eq!(queue["MessageRetentionPeriod"], 14 * 24 * 60 * 60);
}

#[test]
fn the_dead_letter_queue_lets_in_the_roles_and_the_approvals_topic() {
    let stack = stack();
    let may_keep = |role| Policy::of_role(&stack, role).may("sqs:SendMessage", DEAD_LETTERS, &[]);
    assert!(may_keep("ApproveRole") && !may_keep("SweepRole") && !may_keep("TriageRole"));
    let queue = Policy::of_resource(&stack, "DeadLetterQueuePolicy");
    assert_eq!(
        queue.statement("UndeliveredDecisions")["Principal"],
        json!({"Service": "sns.amazonaws.com"})
    );
    let may_send = |topic: &str, tls| {
        let source = format!("arn:aws:sns:eu-west-1:111122223333:{topic}");
        queue.may(
            "sqs:SendMessage",
            DEAD_LETTERS,
            &[
                ("aws:SourceArn", source.as_str()),
                ("aws:SecureTransport", tls),
            ],
        )
    };
    assert!(may_send("ApprovalTopic", "true"));
    assert!(!may_send("ApprovalTopic", "false") && !may_send("Other", "true"));
}

#[test]
fn only_a_failed_decision_is_tried_again() {
    for (function, retries, because) in [
        ("SweepFunction", 0, "the next sweep does it"),
        ("ApproveFunction", 2, "nobody publishes it again"),
        ("TriageFunction", 0, "nobody would see the answer"),
    ] {
        let config = &properties(function)["EventInvokeConfig"];
        assert_eq!(
            config["MaximumRetryAttempts"], retries,
            "{function}: {because}"
        );
    }
}

#[test]
fn approve_is_over_before_another_may_take_its_decision_up() {
    let timeout = properties("ApproveFunction")["Timeout"].as_i64().unwrap();
    assert!(timeout < lockwarden_core::ledger::DECISION_LEASE.as_secs());
}

#[test]
fn two_stacks_fit_into_one_region() {
    let schedule = properties("SweepFunction")["Events"]["Tick"]["Properties"].clone();
    assert_eq!(schedule["OmitName"], true);
    assert_eq!(schedule["FlexibleTimeWindow"], json!({"Mode": "OFF"}));
    for (id, resource) in object(&template()["Resources"]) {
        for name in [
            "FunctionName",
            "RoleName",
            "TableName",
            "TopicName",
            "QueueName",
            "LogGroupName",
            "ManagedPolicyName",
        ] {
            // What belongs to a function names it by reference.
            let fixed = resource["Properties"].get(name);
            assert!(
                fixed.is_none_or(|fixed| !fixed.is_string()),
                "{id} has a fixed {name}"
            );
        }
    }
}

#[test]
fn each_function_is_built_from_the_binary_of_its_name() {
    for (function, binary) in [
        ("SweepFunction", "sweep"),
        ("ApproveFunction", "approve"),
        ("TriageFunction", "triage"),
    ] {
        let resource = &template()["Resources"][function];
        assert_eq!(
            resource["Metadata"],
            json!({"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": binary}})
        );
        assert_eq!(resource["Properties"]["CodeUri"], ".");
    }
    let common = &template()["Globals"]["Function"];
    assert_eq!(
        (&common["Runtime"], &common["Handler"]),
        (&json!("provided.al2023"), &json!("bootstrap"))
    );
}

#[test]
fn logs_are_kept_for_a_while_and_lose_no_line() {
    for (function, group) in [
        ("SweepFunction", "SweepLogs"),
        ("ApproveFunction", "ApproveLogs"),
        ("TriageFunction", "TriageLogs"),
    ] {
        assert_eq!(properties(function)["LoggingConfig"]["LogGroup"], group);
        assert_eq!(properties(group)["RetentionInDays"], "90");
    }
    let logging = &template()["Globals"]["Function"]["LoggingConfig"];
    assert_eq!(
        (&logging["LogFormat"], &logging["ApplicationLogLevel"]),
        (&json!("JSON"), &json!("INFO")),
        "metrics have no level and would be dropped"
    );
}

#[test]
fn every_role_takes_the_permissions_boundary() {
    let boundary = "arn:aws:iam::111122223333:policy/boundary";
    let stack = Stack::with(&[
        ("LockTableNames", "tf-locks"),
        ("PermissionsBoundaryArn", boundary),
        ("TriageCallerArns", TRIAGE_CALLERS[0]),
    ]);
    let with_callers = Stack::with(&[
        ("LockTableNames", "tf-locks"),
        ("TriageCallerArns", TRIAGE_CALLERS[0]),
    ]);
    let resources = &template()["Resources"];
    let mut roles = 0;
    for (role, resource) in object(resources) {
        if resource["Type"] == "AWS::IAM::Role" {
            let bounded = stack.properties(role).unwrap();
            assert_eq!(bounded["PermissionsBoundary"], boundary, "{role}");
            let free = with_callers.properties(role).unwrap();
            assert_eq!(free.get("PermissionsBoundary"), None, "{role}");
            roles += 1;
        }
    }
    assert_eq!(roles, ROLES.len() + 1);
    let schedule = &stack.properties("SweepFunction").unwrap()["Events"]["Tick"]["Properties"];
    assert_eq!(
        schedule["PermissionsBoundary"], boundary,
        "the role that SAM makes for the schedule"
    );
}

#[test]
fn only_lambda_takes_on_the_roles_of_the_functions() {
    for role in ROLES {
        let trust = &properties(role)["AssumeRolePolicyDocument"]["Statement"];
        assert_eq!(
            *trust,
            json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}])
        );
    }
}

#[test]
fn only_the_named_roles_take_on_the_role_that_asks_triage() {
    let callers = TRIAGE_CALLERS.join(",");
    let stack = Stack::with(&[
        ("LockTableNames", "tf-locks"),
        ("TriageCallerArns", &callers),
    ]);
    let role = stack.properties("TriageCallerRole").unwrap();
    assert_eq!(
        role["AssumeRolePolicyDocument"]["Statement"],
        json!([{
            "Effect": "Allow",
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Principal": {"AWS": TRIAGE_CALLERS},
        }])
    );
    let arn = "arn:aws:iam::111122223333:role/TriageCallerRole";
    assert_eq!(stack.output("TriageCallerRoleArn"), Some(json!(arn)));
}

#[test]
fn optional_parts_are_left_out_until_asked_for() {
    assert_eq!(stack().properties("TriageCallerRole"), None);
    assert_eq!(stack().output("TriageCallerRoleArn"), None);
    assert_eq!(stack().properties("NoticeEmailSubscription"), None);
    assert_eq!(
        properties("SweepFunction").get("ReservedConcurrentExecutions"),
        None
    );
    let asked = Stack::with(&[
        ("NoticeEmail", "on-call@example.com"),
        ("SweepReservedConcurrency", "1"),
    ]);
    assert_eq!(
        asked.properties("NoticeEmailSubscription").unwrap()["Endpoint"],
        "on-call@example.com"
    );
    assert_eq!(
        asked.properties("SweepFunction").unwrap()["ReservedConcurrentExecutions"],
        "1"
    );
    assert_eq!(
        asked
            .properties("ApproveFunction")
            .unwrap()
            .get("ReservedConcurrentExecutions"),
        None
    );
}
