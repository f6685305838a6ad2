//! What does not decide: scanners, strangers, odd requests.

use fantoccini::Locator;
use lockwarden_local::Mode;
use serde_json::{Value, json};

use crate::window::{DESKTOP, Window, desk, is_locked, link_of_a_stale_lock};

/// Some mail scanners follow every link and submit every form.
#[tokio::test]
async fn a_scanner_that_submits_every_form_decides_nothing() {
    let Some(desk) = desk() else { return };
    let key = "scanner/terraform.tfstate";
    let link = link_of_a_stale_lock(&desk, Mode::DynamodbTable, key).await;
    let code = link.split_once("/r/").unwrap().1[..8].to_owned();
    let inbox = desk.inbox("scanner").await;
    let window = Window::open(DESKTOP).await;
    assert_eq!(
        press_all(&window, &link).await,
        ["release", "keep", "explain"]
    );
    assert!(is_locked(&desk, key).await);
    assert_eq!(desk.notices_about(&inbox, key).await, [] as [Value; 0]);

    desk.decide(&json!({"decision": "release", "request": code, "by": "alice"}))
        .await;
    desk.notice(&inbox, "released", key).await;
    assert_eq!(press_all(&window, &link).await, ["restore", "explain"]);
    assert!(!is_locked(&desk, key).await);
    assert_eq!(desk.notices_about(&inbox, key).await, [] as [Value; 0]);
    window.close().await;
}

/// Follows every link of a page and presses every button of it without typing anything. Returns what the buttons stand for.
async fn press_all(window: &Window, link: &str) -> Vec<String> {
    window.go(link).await;
    for anchor in window.0.find_all(Locator::Css("a")).await.unwrap() {
        anchor.click().await.unwrap();
    }
    let mut pressed = Vec::new();
    for index in 0.. {
        window.go(link).await;
        // Past what the browser itself would check, and into what is folded up.
        let form = "document.querySelectorAll('form').forEach(form => form.noValidate = true); \
                    document.querySelectorAll('details').forEach(details => details.open = true)";
        window.0.execute(form, Vec::new()).await.unwrap();
        let buttons = window.0.find_all(Locator::Css("button[name]"));
        let buttons = buttons.await.unwrap();
        let Some(button) = buttons.get(index) else {
            break;
        };
        let action = button.attr("value").await.unwrap().unwrap();
        button.click().await.unwrap();
        let answer = if action == "explain" {
            "Nothing was pasted."
        } else {
            "Your name is missing"
        };
        window.says(answer).await;
        pressed.push(action);
    }
    pressed
}

#[tokio::test]
async fn unknown_codes_and_wrong_tokens_look_the_same() {
    let Some(desk) = desk() else { return };
    let key = "stranger/terraform.tfstate";
    let link = link_of_a_stale_lock(&desk, Mode::DynamodbTable, key).await;
    let (page, token) = link.split_once("?t=").unwrap();
    let (base, code) = page.split_once("/r/").unwrap();
    let window = Window::open(DESKTOP).await;
    let mut seen = Vec::new();
    for wrong in [
        format!("{page}?t={}", "a".repeat(32)),
        format!("{base}/r/00000000?t={token}"),
    ] {
        window.go(&wrong).await;
        let text = window.text().await;
        assert!(!text.contains(key) && !text.contains(code), "{text}");
        seen.push(text);
    }
    assert_eq!(seen[0], seen[1]);
    for nothing in [format!("{base}/"), page.to_owned()] {
        window.go(&nothing).await;
        assert_eq!(window.text().await.trim(), "404");
    }
    window.close().await;
}
