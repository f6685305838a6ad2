//! A pasted error, explained by the deployed function: people are asked at once, by what it prints the lock goes.

use std::time::Duration;

use lockwarden_local::{Inbox, Mode, Project, Terraform};
use serde_json::{Value, json};

use crate::stack::{Desk, Stack, count, shared};

const ID: &str = "aaaaaaaa-5b1a-7c2d-9e8f-1a2b3c4d5e6f";

/// What Terraform 1.11 prints to whoever wants a state that is locked.
fn refusal(mode: Mode, path: &str) -> String {
    let why = if mode.has_file() {
        "operation error S3: PutObject, https response error StatusCode: 412, RequestID: 0A1B2C3D4E5F6071, \
         HostID: x/y=, api error PreconditionFailed: At least one of the pre-conditions you specified did not hold"
    } else {
        "operation error DynamoDB: PutItem, https response error StatusCode: 400, RequestID: \
         5O9N2GJ1V1ABCDEF, ConditionalCheckFailedException: The conditional request failed"
    };
    format!(
        "Error: Error acquiring the state lock\n\nError message: {why}\nLock Info:\n  ID:        {ID}\n  Path:      {path}\n  \
         Operation: OperationTypeApply\n  Who:       runner@ci-node-07\n  Version:   1.11.4\n  \
         Created:   2026-01-01 00:00:00.123456789 +0000 UTC\n  Info:      \n"
    )
}

#[tokio::test]
async fn a_pasted_error_asks_people_at_once_and_what_is_printed_releases_the_lock() {
    // A stack of its own: a sweep of another test would ask about the lock first.
    let stack = Stack::new().await;
    let desk = stack.desk();
    for mode in Mode::ALL {
        let key = format!("pasted/{mode:?}.tfstate");
        let inbox = desk.inbox(&format!("pasted-{mode:?}")).await;
        desk.leave_a_lock(mode, &key, ID).await;
        let pasted = refusal(mode, &desk.path(&key));
        ask_and_release(&desk, &inbox, &key, &pasted).await;
        assert!(!desk.stores.is_locked(mode, &key).await.unwrap());
    }
}

#[tokio::test]
async fn what_a_real_terraform_printed_leads_to_its_lock() {
    // Where there is none, the test before this one has shown the same with a text of ours.
    let tests = "what a real Terraform printed, explained";
    let Some(terraform) = Terraform::for_tests(tests, Mode::DynamodbTable).unwrap() else {
        return;
    };
    let stack = Stack::new().await;
    let desk = stack.desk();
    for mode in Mode::ALL.into_iter().filter(|mode| terraform.knows(*mode)) {
        let key = format!("real/{mode:?}.tfstate");
        let inbox = desk.inbox(&format!("real-{mode:?}")).await;
        let project = Project::new(desk.aws, &terraform, &desk.stores, (mode, &key)).unwrap();
        let running = project.start_slow_apply(&desk.stores).await.unwrap();
        running.kill().unwrap();
        let printed = project.plan().unwrap_err().to_string();
        ask_and_release(&desk, &inbox, &key, &printed).await;
        project.plan().unwrap();
    }
}

/// The story of one lock, from what its victim pastes to its end.
async fn ask_and_release(desk: &Desk<'_>, inbox: &Inbox, key: &str, pasted: &str) {
    let question = json!({"text": pasted});
    let answer = stale_answer(desk, &question).await;
    assert_eq!(answer["lock"]["path"], desk.path(key), "{answer}");
    let notices = desk.notices_about(inbox, key).await;
    assert_eq!(count(&notices, "stale_lock"), 1, "{notices:?}");
    assert_eq!(answer["live"]["request"], notices[0]["request"]);
    assert_eq!(answer["lock"]["id"], notices[0]["lock"]["id"]);

    let again = desk.triage(&question).await;
    assert_eq!(again["live"]["request"], answer["live"]["request"]);
    let notices = desk.notices_about(inbox, key).await;
    assert_eq!(notices, [] as [Value; 0], "nobody is asked twice");

    let command = again["commands"]["release"].as_str().unwrap();
    desk.aws.shell(command, "alice").unwrap();
    let released = desk.notice(inbox, "released", key).await;
    assert_eq!(released["request"], answer["live"]["request"]);

    let after = desk.triage(&question).await;
    let nothing = json!({"verdict": null, "request": null, "why": "nothing holds this state now"});
    assert_eq!(after["live"], nothing, "{after}");
    assert_eq!(after["commands"]["release"], Value::Null, "{after}");
}

/// Asks until the lock is stale: one that S3 or the holder's clock dates has to become old.
async fn stale_answer(desk: &Desk<'_>, question: &Value) -> Value {
    let begin = std::time::Instant::now();
    loop {
        let answer = desk.triage(question).await;
        if answer["live"]["verdict"] == "stale" {
            return answer;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{answer}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn a_state_of_nobodys_store_is_explained_without_a_look() {
    let desk = shared();
    let pasted = refusal(Mode::DynamodbTable, "somebody-elses-state/a.tfstate");
    let answer = desk.triage(&json!({"text": pasted})).await;
    assert_eq!(answer["kind"], "dynamodb");
    assert_eq!(answer["lock"]["id"], ID);
    assert_eq!(answer["live"]["verdict"], Value::Null);
    let why = answer["live"]["why"].as_str().unwrap();
    let is_blind = why.starts_with("not looked: ") && why.contains("STATE_BUCKETS");
    assert!(is_blind, "{why}");
}

#[tokio::test]
async fn what_is_no_question_is_refused_with_a_right_one() {
    let desk = shared();
    let triage = desk.deployed.output("TriageFunctionName").unwrap();
    for event in [json!({}), json!({"log": "Error: hunter2"}), json!(7)] {
        let refused = lockwarden_local::invoke(&desk.clients, triage, &event).await;
        let refused = refused.unwrap();
        assert!(refused.failed, "{event}: {}", refused.reply);
        assert_eq!(refused.reply["errorType"], "NotAsked");
        let why = refused.reply["errorMessage"].as_str().unwrap();
        assert!(why.contains("`text`") || why.contains("{\"text\""), "{why}");
        assert!(!why.contains("hunter2"), "{why}");
    }
}
