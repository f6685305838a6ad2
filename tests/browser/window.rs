//! A browser window, and the office that it looks into.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use lockwarden_local::{Browsers, Mode, WindowKind, say_skipped};
use serde_json::{Map, Value};

use crate::stack::{Desk, Stack};

pub(crate) const PHONE: (u32, u32) = (390, 844);
pub(crate) const DESKTOP: (u32, u32) = (1280, 900);
/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The lock ID of the tests' locks, and what a person types of it.
pub(crate) const ID: &str = "a1b2c3d4-5b1a-7c2d-9e8f-1a2b3c4d5e6f";
pub(crate) const TYPED: &str = "a1b2c3d4";

/// One stack with a page, and one ChromeDriver, for all tests.
struct Office {
    stack: Stack,
    browsers: Browsers,
}

/// The stack with the page; `None`, said loudly, where no browser is installed.
pub(crate) fn desk() -> Option<Desk<'static>> {
    office().map(|office| office.stack.desk())
}

fn office() -> Option<&'static Office> {
    static OFFICE: OnceLock<Option<Office>> = OnceLock::new();
    let opened = OFFICE.get_or_init(|| {
        let Some(browsers) = Browsers::start().unwrap() else {
            let why =
                "chromium and chromedriver are not on PATH (Debian: chromium, chromium-driver)";
            say_skipped("the tests in a browser", why);
            return None;
        };
        // A test has a runtime already, and that one ends with the test.
        let stack = std::thread::spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(Stack::with_page(&[]))
        });
        Some(Office {
            stack: stack.join().unwrap(),
            browsers,
        })
    });
    opened.as_ref()
}

/// A browser window.
pub(crate) struct Window(pub(crate) Client);

impl Window {
    pub(crate) async fn open(size: (u32, u32)) -> Self {
        Self::of(WindowKind {
            size,
            scripts: true,
            dark: false,
        })
        .await
    }

    pub(crate) async fn of(kind: WindowKind) -> Self {
        let browsers = &office().unwrap().browsers;
        let wanted: Map<String, Value> =
            serde_json::from_value(browsers.capabilities(kind)).unwrap();
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(wanted)
            .connect(&browsers.endpoint())
            .await
            .unwrap();
        Self(client)
    }

    pub(crate) async fn go(&self, url: &str) {
        self.0.goto(url).await.unwrap();
    }

    /// The text of the page as a person reads it.
    pub(crate) async fn text(&self) -> String {
        let body = self.0.find(Locator::Css("body")).await.unwrap();
        body.text().await.unwrap()
    }

    /// The headline, as soon as there is one: after a press the old page is there for another moment.
    pub(crate) async fn headline(&self) -> String {
        let mut last = None;
        for _ in 0..300 {
            if let Ok(headline) = self.0.find(Locator::Css("h1")).await
                && let Ok(text) = headline.text().await
            {
                return text;
            }
            last = Some(self.0.source().await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no headline: {last:?}")
    }

    /// Waits for the page with this headline.
    #[track_caller]
    pub(crate) fn shows<'w>(&'w self, expected: &'w str) -> impl Future<Output = ()> + use<'w> {
        let caller = std::panic::Location::caller();
        async move {
            let begin = Instant::now();
            loop {
                let headline = self.headline().await;
                if headline == expected {
                    return;
                }
                assert!(
                    begin.elapsed() < PATIENCE,
                    "{caller}: the page says `{headline}` and not `{expected}`"
                );
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// Waits for the page that says this somewhere.
    pub(crate) async fn says(&self, expected: &str) {
        let begin = Instant::now();
        loop {
            let body = self.0.find(Locator::Css("body")).await;
            let text = match body {
                Ok(body) => body.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if text.contains(expected) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "no `{expected}` in\n{text}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A field of the first form.
    pub(crate) async fn field(&self, name: &str) -> Element {
        let field = format!("input[name={name}]");
        self.0.find(Locator::Css(&field)).await.unwrap()
    }

    /// Types into a field.
    pub(crate) async fn fill(&self, field: &str, text: &str) {
        let field = self.field(field).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Fills in who decides, and what confirms it.
    pub(crate) async fn sign(&self, name: &str) {
        self.fill("by", name).await;
        self.fill("typed", TYPED).await;
    }

    /// Presses the button for an action.
    pub(crate) async fn press(&self, action: &str) {
        let button = format!("button[value={action}]");
        let button = self.0.find(Locator::Css(&button)).await.unwrap();
        button.click().await.unwrap();
    }

    pub(crate) async fn has_button(&self, action: &str) -> bool {
        let button = format!("button[value={action}]");
        !self
            .0
            .find_all(Locator::Css(&button))
            .await
            .unwrap()
            .is_empty()
    }

    pub(crate) async fn close(self) {
        self.0.close().await.unwrap();
    }
}

/// Leaves a lock, sweeps, and takes the link from the notice.
pub(crate) async fn link_of_a_stale_lock(desk: &Desk<'_>, mode: Mode, key: &str) -> String {
    let inbox = desk.inbox(&key.replace(['/', '.'], "-")).await;
    desk.leave_a_lock(mode, key, ID).await;
    desk.swept_until(key, "stale").await;
    let notice = desk.notice(&inbox, "stale_lock", key).await;
    notice["approve"]["url"].as_str().unwrap().to_owned()
}

/// A window with the page of a stale lock in it, filled in by Alice, and the link that it came by.
pub(crate) async fn signed(desk: &Desk<'_>, key: &str, size: (u32, u32)) -> (Window, String) {
    let link = link_of_a_stale_lock(desk, Mode::DynamodbTable, key).await;
    let window = Window::open(size).await;
    window.go(&link).await;
    window.sign("Alice").await;
    (window, link)
}

/// Whether the lock table holds a lock of a state.
pub(crate) async fn is_locked(desk: &Desk<'_>, key: &str) -> bool {
    let stores = &desk.stores;
    stores.is_locked(Mode::DynamodbTable, key).await.unwrap()
}
