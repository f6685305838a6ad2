//! The main job: a real Terraform run is killed, and its lock, and nothing else, is released.

use lockwarden_local::{Mode, Project, Terraform, say_aloud, say_skipped};

use crate::stack::{Desk, Stack};

#[tokio::test]
async fn the_lock_of_a_killed_apply_is_found_told_and_released_in_every_mode() {
    let tests = "locks of killed applies, in every mode";
    let Some(terraform) = Terraform::for_tests(tests, Mode::DynamodbTable).unwrap() else {
        return;
    };
    // A stack of its own: everything in the stores is compared before and after.
    let stack = Stack::new().await;
    let desk = stack.desk();
    leave_other_locks(&desk).await;
    for mode in Mode::ALL {
        let (name, version) = (terraform.name, &terraform.version);
        if !terraform.knows(mode) {
            say_skipped(
                &format!("{tests}: {mode:?}"),
                &format!("{name} {version} does not know it"),
            );
            continue;
        }
        say_aloud(&format!("real Terraform: {name} {version}, {mode:?}"));
        let key = format!("{mode:?}/terraform.tfstate");
        let project = Project::new(desk.aws, &terraform, &desk.stores, (mode, &key)).unwrap();
        project.apply().unwrap();
        kill_and_release(&desk, &project, &key, mode).await;
    }
}

#[tokio::test]
async fn a_lock_of_a_named_workspace_is_found_and_released() {
    let tests = "the lock of a named workspace";
    let Some(terraform) = Terraform::for_tests(tests, Mode::Both).unwrap() else {
        return;
    };
    let stack = Stack::new().await;
    let desk = stack.desk();
    let key = "app/terraform.tfstate";
    let project = Project::new(desk.aws, &terraform, &desk.stores, (Mode::Both, key)).unwrap();
    project.run(&["workspace", "new", "dev"]).unwrap();
    project.apply().unwrap();
    let in_workspace = format!("env:/dev/{key}");
    let project = project.with_state_at(&in_workspace);
    kill_and_release(&desk, &project, &in_workspace, Mode::Both).await;
}

/// Kills an apply of this project, and follows its lock until it is released: nothing else may change.
pub(crate) async fn kill_and_release(
    desk: &Desk<'_>,
    project: &Project<'_>,
    key: &str,
    mode: Mode,
) {
    let before = desk.stores.snapshot().await.unwrap();
    let inbox = desk.inbox(&format!("inbox-{mode:?}")).await;
    let running = project.start_slow_apply(&desk.stores).await.unwrap();
    running.kill().unwrap();
    assert!(project.plan().is_err(), "{mode:?}: the lock does not block");

    let line = desk.swept_until(key, "stale").await;
    let notice = desk.notice(&inbox, "stale_lock", key).await;
    assert_eq!(notice["lock"]["id"], line["id"]);
    let command = notice["commands"]["release"].as_str().unwrap();
    desk.aws.shell(command, "alice").unwrap();
    let released = desk.notice(&inbox, "released", key).await;

    assert_eq!(released["outcome"]["confirmed"], true, "{released}");
    assert_eq!(released["outcome"]["by"], "alice");
    if mode.has_item() {
        assert_eq!(released["outcome"]["digest"], "match", "{released}");
    }
    let after = desk.stores.snapshot().await.unwrap();
    assert_eq!(after, before, "{mode:?}: something else changed");
    let plan = project.plan().unwrap();
    assert!(plan.contains("No changes."), "{plan}");
}

/// Locks of others in both stores, which nobody decides about.
async fn leave_other_locks(desk: &Desk<'_>) {
    for mode in Mode::ALL {
        let key = format!("others/{mode:?}.tfstate");
        desk.stores.write_state(&key, "{}").await.unwrap();
        desk.leave_a_lock(mode, &key, "0e9d4f3e-5b1a-7c2d-9e8f-1a2b3c4d5e6f")
            .await;
    }
}
