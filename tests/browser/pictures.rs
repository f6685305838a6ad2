//! What the page looks like, on a phone by night and at a desk by day. The pictures go to `target/pictures`; two of them are
//! in `docs` for the README.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use lockwarden_local::{LockRecord, Mode, WindowKind};

use crate::stack::Stack;
use crate::window::{DESKTOP, ID, PHONE, TYPED, Window, desk};

/// Higher than any page here.
const HIGH: u32 = 4_000;

#[tokio::test]
async fn the_page_fits_a_phone_and_a_desk() {
    if desk().is_none() {
        return;
    }
    // With a limit that somebody would really set.
    let stack = Stack::with_page(&[("StaleAfter", "15m")]).await;
    let desk = stack.desk();
    let key = "prod/network/terraform.tfstate";
    let inbox = desk.inbox("pictures").await;
    let began = Timestamp::now() - SignedDuration::from_mins(192);
    let record = LockRecord {
        created: format!("{began:.9}"),
        ..LockRecord::of_a_runner(ID, &desk.path(key))
    };
    let mode = Mode::DynamodbTable;
    desk.stores.take(mode, key, &record).await.unwrap();
    desk.swept_until(key, "stale").await;
    let notice = desk.notice(&inbox, "stale_lock", key).await;
    let link = notice["approve"]["url"].as_str().unwrap();
    for (name, (width, _), dark) in [("desk", DESKTOP, false), ("phone", PHONE, true)] {
        let window = |height| WindowKind {
            size: (width, height),
            scripts: true,
            dark,
        };
        let first = Window::of(window(HIGH)).await;
        first.go(link).await;
        let sizes = "return [document.documentElement.scrollWidth, window.innerWidth, \
                     Math.ceil(document.querySelector('form').getBoundingClientRect().bottom)]";
        let sizes = first.0.execute(sizes, Vec::new()).await.unwrap();
        assert_eq!(sizes[0], sizes[1], "the page is wider than the {name}");
        let ground = "return getComputedStyle(document.body).backgroundColor";
        let ground = first.0.execute(ground, Vec::new()).await.unwrap();
        let expected = if dark {
            "rgb(21, 24, 26)"
        } else {
            "rgb(251, 251, 249)"
        };
        assert_eq!(ground, expected, "the {name} has its owner's colours");
        first.close().await;

        // As high as the page down to its last button.
        let height = u32::try_from(sizes[2].as_u64().unwrap()).unwrap() + 16;
        let second = Window::of(window(height)).await;
        second.go(link).await;
        keep_picture(&second, name).await;
        if name == "phone" {
            second.fill("by", "Alice").await;
            second.fill("typed", TYPED).await;
            second.press("release").await;
            second.shows("Released").await;
            keep_picture(&second, "released").await;
            second.fill("by", "Alice").await;
            second.fill("typed", TYPED).await;
            second.press("restore").await;
            second.shows("Put back").await;
            keep_picture(&second, "put-back").await;
        }
        second.close().await;
    }
}

async fn keep_picture(window: &Window, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    fs::create_dir_all(&folder).unwrap();
    let picture = window.0.screenshot().await.unwrap();
    fs::write(folder.join(format!("{name}.png")), picture).unwrap();
}
