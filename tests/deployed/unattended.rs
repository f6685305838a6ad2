//! Nobody looks: sweeps come by themselves, and real runs of Terraform live, freeze and die between them.

use std::time::{Duration, Instant};

use lockwarden_local::{Mode, Project, Running, Terraform};
use serde_json::Value;

use crate::stack::{QUIET, Stack};

/// For how long a write of the state is a sign of life: twice as long as Terraform takes between two, and a little.
const QUIET_FOR: Duration = Duration::from_secs(45);
/// Within this time a schedule of a minute has fired, also on a busy machine.
const A_SCHEDULE: Duration = Duration::from_secs(150);

/// The verdict about the lock of a state.
fn verdict(report: &Value, key: &str) -> String {
    let locks = report["locks"].as_array().unwrap();
    let path = format!("acme-tf-state/{key}");
    let about = locks.iter().find(|lock| lock["lock_id"] == path.as_str());
    let about = about.unwrap_or_else(|| panic!("no lock of {path}: {report}"));
    about["verdict"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_stack_sweeps_on_its_schedule() {
    let stack = Stack::with(&[
        ("SweepSchedule", "rate(1 minute)"),
        ("SecondsBetweenSweeps", "60"),
    ])
    .await;
    let desk = stack.desk();
    let inbox = desk.inbox("inbox-schedule").await;
    desk.leave_a_lock(Mode::DynamodbTable, "scheduled.tfstate", "a1b2")
        .await;
    let notice = inbox.next_of_kind("stale_lock", A_SCHEDULE).await.unwrap();
    assert_eq!(notice["lock"]["lock_id"], "acme-tf-state/scheduled.tfstate");
}

/// An apply of this state that writes it on its way, and has written it for the first time.
async fn writing<'a>(stack: &'a Stack, terraform: &Terraform, key: &str) -> (Project<'a>, Running) {
    let desk = stack.desk();
    let at = (Mode::DynamodbTable, key);
    let project = Project::new(&stack.aws, terraform, &desk.stores, at).unwrap();
    let running = project.start_long_apply(&desk.stores).await.unwrap();
    (project, running)
}

#[tokio::test]
async fn an_apply_that_writes_is_alive_and_a_frozen_and_a_killed_one_beside_it_are_asked_about() {
    let tests = "long applies, frozen and killed ones beside them";
    let Some(terraform) = Terraform::for_tests(tests, Mode::DynamodbTable).unwrap() else {
        return;
    };
    let quiet_for = format!("{}s", QUIET_FOR.as_secs());
    let stack = Stack::with(&[("StaleAfter", "20s"), ("QuietFor", &quiet_for)]).await;
    let desk = stack.desk();
    let inbox = desk.inbox("inbox-long").await;
    let (_lives_in, _lives) = writing(&stack, &terraform, "lives.tfstate").await;
    let (_freezes_in, mut freezes) = writing(&stack, &terraform, "freezes.tfstate").await;
    let (_dies_in, dies) = writing(&stack, &terraform, "dies.tfstate").await;

    // Each has written its state at least once, and is older than the limit.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let report = desk.sweep().await;
    for key in ["lives.tfstate", "freezes.tfstate", "dies.tfstate"] {
        assert_eq!(verdict(&report, key), "alive", "{key}: {report}");
    }

    freezes.freeze().unwrap();
    dies.kill().unwrap();
    tokio::time::sleep(QUIET_FOR + Duration::from_secs(5)).await;
    let report = desk.sweep().await;
    assert_eq!(verdict(&report, "lives.tfstate"), "alive", "{report}");
    for key in ["freezes.tfstate", "dies.tfstate"] {
        assert_eq!(verdict(&report, key), "stale", "{key}: {report}");
    }
    let mut asked: Vec<Value> = inbox.drain(QUIET).await.unwrap();
    asked.retain(|notice| notice["kind"] == "stale_lock");
    let mut asked: Vec<&Value> = asked.iter().map(|it| &it["lock"]["lock_id"]).collect();
    asked.sort_by_key(ToString::to_string);
    assert_eq!(
        asked,
        [
            "acme-tf-state/dies.tfstate",
            "acme-tf-state/freezes.tfstate"
        ]
    );

    // Nothing is released that a person did not release, and who wakes up is alive again.
    freezes.thaw().unwrap();
    let woken = Instant::now();
    loop {
        let report = desk.sweep().await;
        if verdict(&report, "freezes.tfstate") == "alive" {
            break;
        }
        assert!(woken.elapsed() < QUIET_FOR, "{report}");
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}
