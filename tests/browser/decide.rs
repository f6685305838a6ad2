//! Deciding from a link.

use fantoccini::key::Key;
use lockwarden_local::{Mode, Project, Terraform, WindowKind};
use serde_json::json;

use crate::window::{DESKTOP, PHONE, TYPED, Window, desk, is_locked, link_of_a_stale_lock, signed};

#[tokio::test]
async fn a_lock_that_terraform_left_is_released_and_put_back() {
    let Some(desk) = desk() else { return };
    let key = "terraform/terraform.tfstate";
    let tests = "a lock of a real Terraform on the page (one of the test's own stands in)";
    let link = match Terraform::for_tests(tests, Mode::Both).unwrap() {
        Some(terraform) => {
            let project =
                Project::new(desk.aws, &terraform, &desk.stores, (Mode::Both, key)).unwrap();
            project.apply().unwrap();
            let inbox = desk.inbox("terraform").await;
            let running = project.start_slow_apply(&desk.stores).await.unwrap();
            running.kill().unwrap();
            desk.swept_until(key, "stale").await;
            let notice = desk.notice(&inbox, "stale_lock", key).await;
            let id = notice["lock"]["id"].as_str().unwrap();
            (
                notice["approve"]["url"].as_str().unwrap().to_owned(),
                id[..8].to_owned(),
            )
        }
        None => {
            let link = link_of_a_stale_lock(&desk, Mode::Both, key).await;
            (link, TYPED.to_owned())
        }
    };
    let (link, typed) = link;
    let before = desk.stores.snapshot().await.unwrap();
    let window = Window::open(PHONE).await;
    window.go(&link).await;
    window.shows("A state is locked").await;
    window.fill("by", "Alice").await;
    window.fill("typed", &typed).await;
    window.press("release").await;
    window.shows("Released").await;
    assert!(window.text().await.contains("terraform plan"));
    assert!(!desk.stores.is_locked(Mode::Both, key).await.unwrap());

    window.fill("by", "Alice").await;
    window.fill("typed", &typed).await;
    window.press("restore").await;
    window.shows("Put back").await;
    let after = desk.stores.snapshot().await.unwrap();
    assert_eq!(
        after.items.get(&desk.path(key)),
        before.items.get(&desk.path(key)),
        "byte for byte"
    );
    assert!(desk.stores.is_locked(Mode::Both, key).await.unwrap());
    window.close().await;
}

#[tokio::test]
async fn a_lock_is_kept_and_the_link_can_still_decide() {
    let Some(desk) = desk() else { return };
    let key = "kept/terraform.tfstate";
    let (window, link) = signed(&desk, key, DESKTOP).await;
    window.press("keep").await;
    window.shows("Kept").await;
    assert!(is_locked(&desk, key).await);

    window.go(&link).await;
    window.sign("Alice").await;
    window.press("release").await;
    window.shows("Released").await;
    window.close().await;
}

#[tokio::test]
async fn without_scripts_the_page_does_the_same() {
    let Some(desk) = desk() else { return };
    let key = "no-scripts/terraform.tfstate";
    let link = link_of_a_stale_lock(&desk, Mode::DynamodbTable, key).await;
    let window = Window::of(WindowKind {
        size: PHONE,
        scripts: false,
        dark: true,
    })
    .await;
    window.go(&link).await;
    window.sign("Alice").await;
    window.press("release").await;
    window.shows("Released").await;
    window.close().await;
}

#[tokio::test]
async fn two_tabs_release_once_and_the_second_is_told() {
    let Some(desk) = desk() else { return };
    let key = "two-tabs/terraform.tfstate";
    let link = link_of_a_stale_lock(&desk, Mode::DynamodbTable, key).await;
    let (one, two) = (Window::open(DESKTOP).await, Window::open(DESKTOP).await);
    for (window, name) in [(&one, "Alice"), (&two, "Bob")] {
        window.go(&link).await;
        window.sign(name).await;
    }
    one.press("release").await;
    one.shows("Released").await;
    two.press("release").await;
    two.says("decides nothing more").await;
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn the_back_button_and_another_press_change_nothing_more() {
    let Some(desk) = desk() else { return };
    let key = "back/terraform.tfstate";
    let (window, _) = signed(&desk, key, DESKTOP).await;
    window.press("release").await;
    window.shows("Released").await;
    desk.leave_a_lock(
        Mode::DynamodbTable,
        key,
        "b2b2c3d4-5b1a-7c2d-9e8f-1a2b3c4d5e6f",
    )
    .await;

    window.0.back().await.unwrap();
    // Whether the browser has kept the page or asks for it again, this is the form that it had.
    let form = format!(
        "const form = document.createElement('form'); form.method = 'post'; form.action = location.pathname; \
         for (const [name, value] of Object.entries({{t: new URLSearchParams(location.search).get('t'), by: 'Bob', \
         typed: '{TYPED}', action: 'release'}})) {{ const input = document.createElement('input'); \
         input.name = name; input.value = value; form.append(input); }} document.body.append(form); form.submit()"
    );
    window.0.execute(&form, Vec::new()).await.unwrap();
    window.says("decides nothing more").await;
    assert!(is_locked(&desk, key).await);
    window.close().await;
}

#[tokio::test]
async fn a_link_whose_lock_changed_hands_shows_the_new_holder_and_offers_nothing() {
    let Some(desk) = desk() else { return };
    let key = "changed/terraform.tfstate";
    let link = link_of_a_stale_lock(&desk, Mode::DynamodbTable, key).await;
    desk.stores.let_go(key).await.unwrap();
    desk.leave_a_lock(
        Mode::DynamodbTable,
        key,
        "c3b2c3d4-5b1a-7c2d-9e8f-1a2b3c4d5e6f",
    )
    .await;
    let window = Window::open(DESKTOP).await;
    window.go(&link).await;
    window.shows("Another lock is there now").await;
    assert!(window.text().await.contains("c3b2c3d4"));
    assert!(!window.has_button("release").await);
    window.close().await;
}

#[tokio::test]
async fn a_lock_that_changes_hands_while_its_page_is_open_is_left_alone() {
    let Some(desk) = desk() else { return };
    let key = "changes/terraform.tfstate";
    let link = link_of_a_stale_lock(&desk, Mode::DynamodbTable, key).await;
    let window = Window::open(PHONE).await;
    window.go(&link).await;
    window.shows("A state is locked").await;
    window.sign("Alice").await;
    desk.stores.let_go(key).await.unwrap();
    desk.leave_a_lock(
        Mode::DynamodbTable,
        key,
        "d4b2c3d4-5b1a-7c2d-9e8f-1a2b3c4d5e6f",
    )
    .await;

    window.press("release").await;

    window.shows("Another lock is there now").await;
    assert!(window.text().await.contains("d4b2c3d4"));
    assert!(is_locked(&desk, key).await);
    window.close().await;
}

#[tokio::test]
async fn the_enter_key_decides_nothing() {
    let Some(desk) = desk() else { return };
    let key = "enter/terraform.tfstate";
    let (window, _) = signed(&desk, key, PHONE).await;
    for field in ["by", "typed", "reason"] {
        let field = window.field(field).await;
        field.send_keys(&Key::Enter.to_string()).await.unwrap();
    }
    window.shows("A state is locked").await;
    let typed = window.field("typed").await.prop("value").await.unwrap();
    assert_eq!(typed.as_deref(), Some(TYPED), "the form was not sent");
    // The same form is sent by its button.
    window.press("release").await;
    window.shows("Released").await;
    window.close().await;
}

#[tokio::test]
async fn what_was_filled_in_wrongly_is_said_and_nothing_is_lost() {
    let Some(desk) = desk() else { return };
    let key = "wrong/terraform.tfstate";
    let link = link_of_a_stale_lock(&desk, Mode::DynamodbTable, key).await;
    let window = Window::open(PHONE).await;
    window.go(&link).await;
    window.fill("by", "Alice").await;
    window.fill("typed", "00000000").await;
    window.fill("reason", "the runner was OOM-killed").await;
    window.press("release").await;
    window.says("Type the first characters").await;
    let focused = "return document.activeElement.name";
    let focused = window.0.execute(focused, Vec::new()).await.unwrap();
    assert_eq!(focused, "typed", "what has to be corrected is ready for it");
    let reason = window.field("reason").await;
    assert_eq!(
        reason.prop("value").await.unwrap().as_deref(),
        Some("the runner was OOM-killed")
    );
    assert!(is_locked(&desk, key).await);
    window.close().await;
}

#[tokio::test]
async fn history_tells_what_was_decided_on_the_page() {
    let Some(desk) = desk() else { return };
    let key = "history/terraform.tfstate";
    let (window, _) = signed(&desk, key, PHONE).await;
    window.press("release").await;
    window.shows("Released").await;
    window.close().await;

    let history = desk
        .decide(&json!({"query": "history", "lock_id": desk.path(key)}))
        .await;

    let lines = history["history"].as_array().unwrap();
    let decision = lines
        .iter()
        .find(|line| line["what"] == "decision")
        .unwrap();
    assert_eq!(decision["channel"], "page", "{decision}");
    assert_eq!(decision["by"], "Alice");
    assert_eq!(decision["source"], "127.0.0.1");
}

#[tokio::test]
async fn a_double_click_releases_once() {
    let Some(desk) = desk() else { return };
    let key = "double/terraform.tfstate";
    let inbox = desk.inbox("double").await;
    let (window, _) = signed(&desk, key, DESKTOP).await;
    let twice = "const button = document.querySelector('button[value=release]'); button.click(); button.click()";
    window.0.execute(twice, Vec::new()).await.unwrap();
    window.shows("Released").await;
    let released = desk.notice(&inbox, "released", key).await;
    assert_eq!(released["outcome"]["by"], "Alice");
    let more = desk.notices_about(&inbox, key).await;
    assert_eq!(crate::stack::count(&more, "released"), 0, "{more:?}");
    assert!(!is_locked(&desk, key).await);
    window.close().await;
}

#[tokio::test]
async fn an_expired_link_says_so_and_decides_nothing() {
    let Some(desk) = desk() else { return };
    let key = "expired/terraform.tfstate";
    let link = link_of_a_stale_lock(&desk, Mode::DynamodbTable, key).await;
    let (_, rest) = link.split_once("/r/").unwrap();
    let (code, _) = rest.split_once('?').unwrap();
    let window = Window::open(PHONE).await;
    window.go(&link).await;
    window.sign("Alice").await;
    // A day goes by.
    let text = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
    let ledger = desk.deployed.output("LedgerTableName").unwrap();
    let update = desk.clients.dynamodb.update_item().table_name(ledger);
    update
        .key("pk", text(&format!("lock#{code}")))
        .key("sk", text("lock"))
        .update_expression("SET tokens[0].expires_at = :past")
        .expression_attribute_values(":past", text("2026-01-01T00:00:00Z"))
        .send()
        .await
        .unwrap();

    window.press("release").await;

    window.shows("This link has expired").await;
    window.go(&link).await;
    window.shows("This link has expired").await;
    assert!(is_locked(&desk, key).await);
    window.close().await;
}
