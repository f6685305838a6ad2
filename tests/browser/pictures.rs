//! What the page looks like, on a phone and on a desk. The pictures go to `target/pictures`.

use std::fs;
use std::path::Path;

use lockwarden_local::Mode;

use crate::window::{DESKTOP, LONG_PHONE, Window, desk, link_of_a_stale_lock};

#[tokio::test]
async fn the_page_fits_a_phone_and_a_desk() {
    let Some(desk) = desk() else { return };
    let key = "prod/network/terraform.tfstate";
    desk.stores.write_state(key, "{}").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let link = link_of_a_stale_lock(&desk, Mode::Both, key).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    fs::create_dir_all(&folder).unwrap();
    for (name, size) in [("phone", LONG_PHONE), ("desk", DESKTOP)] {
        let window = Window::open(size).await;
        window.go(&link).await;
        let width = window
            .0
            .execute(
                "return [document.documentElement.scrollWidth, window.innerWidth]",
                Vec::new(),
            )
            .await
            .unwrap();
        assert_eq!(width[0], width[1], "the page is wider than the {name}");
        let picture = window.0.screenshot().await.unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
        window.close().await;
    }
}
