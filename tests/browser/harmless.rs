//! What does not decide: scanners, strangers, odd requests.

use fantoccini::Locator;
use lockwarden_local::Mode;

use crate::window::{DESKTOP, Window, desk, link_of_a_stale_lock};

/// Some mail scanners follow every link and submit every form.
#[tokio::test]
async fn a_scanner_that_submits_every_form_releases_nothing() {
    let Some(desk) = desk() else { return };
    let key = "scanner/terraform.tfstate";
    let link = link_of_a_stale_lock(&desk, Mode::DynamodbTable, key).await;
    let window = Window::open(DESKTOP).await;
    window.go(&link).await;
    let buttons = window
        .0
        .find_all(Locator::Css("button"))
        .await
        .unwrap()
        .len();
    assert!(buttons >= 2);
    for index in 0..buttons {
        window.go(&link).await;
        // Past what the browser itself would check.
        let form = "document.querySelectorAll('form').forEach(form => form.noValidate = true)";
        window.0.execute(form, Vec::new()).await.unwrap();
        let buttons = window.0.find_all(Locator::Css("button")).await.unwrap();
        buttons[index].click().await.unwrap();
        assert_ne!(window.headline().await, "Released");
        assert_ne!(window.headline().await, "Kept");
    }
    assert!(
        desk.stores
            .is_locked(Mode::DynamodbTable, key)
            .await
            .unwrap()
    );
    window.close().await;
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
