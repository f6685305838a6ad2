//! A real browser: Chromium, driven by ChromeDriver.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::aloud::on_path;
use crate::failure::{Failure, Result};
use crate::guarded::Guarded;
use crate::tools::Tools;

const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// ChromeDriver on a free port of 127.0.0.1. It and its browsers end with this value.
#[derive(Debug)]
pub struct Browsers {
    port: u16,
    chromium: PathBuf,
    // Before the folder: what runs ends first.
    _process: Guarded,
    folder: TempDir,
}

/// What a window is like.
#[derive(Clone, Copy, Debug)]
pub struct WindowKind {
    /// Width and height, pixels.
    pub size: (u32, u32),
    /// Whether pages may run scripts.
    pub scripts: bool,
    /// Whether its owner likes dark pages.
    pub dark: bool,
}

impl Browsers {
    /// Starts ChromeDriver; `None` where it or Chromium is not installed (Debian: `chromium` and `chromium-driver`).
    ///
    /// # Errors
    /// When it is installed and does not answer.
    pub fn start() -> Result<Option<Self>> {
        let (Some(driver), Some(chromium)) = (on_path("chromedriver"), on_path("chromium")) else {
            return Ok(None);
        };
        let tools = Tools::of_this_workspace();
        let folder = TempDir::with_prefix("lockwarden-browser-")
            .map_err(Failure::system("make a temporary folder"))?;
        let port = free_port()?;
        let mut command = tools.isolate(Guarded::command(&tools)?, folder.path());
        command
            .arg("--remove")
            .arg(folder.path())
            .arg(driver)
            .arg(format!("--port={port}"))
            .env("TMPDIR", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = Guarded::start(command)?;
        let browsers = Self {
            port,
            chromium,
            _process: process,
            folder,
        };
        browsers.wait_until_ready()?;
        Ok(Some(browsers))
    }

    fn wait_until_ready(&self) -> Result<()> {
        let begin = Instant::now();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            if begin.elapsed() > STARTS_WITHIN {
                return Err(Failure::TimedOut {
                    what: format!("ChromeDriver to answer on port {}", self.port),
                    after: begin.elapsed(),
                    tail: String::new(),
                });
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Where ChromeDriver answers.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What a new session has to ask for: a headless window that talks to nobody by itself.
    #[must_use]
    pub fn capabilities(&self, window: WindowKind) -> Value {
        let WindowKind {
            size: (width, height),
            scripts,
            dark,
        } = window;
        let profile = self.folder.path().join(format!("profile-{}", unique()));
        let scripts = if scripts { 1 } else { 2 };
        let scheme = if dark { 0 } else { 1 };
        json!({"goog:chromeOptions": {
            "binary": self.chromium,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--hide-scrollbars",
                format!("--blink-settings=preferredColorScheme={scheme}"),
                format!("--window-size={width},{height}"),
                format!("--user-data-dir={}", profile.display()),
            ],
            // A window cannot be as narrow as a phone; an emulated device can.
            "mobileEmulation": {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1.0, "touch": false}},
            "prefs": {"profile.managed_default_content_settings.javascript": scripts},
        }})
    }
}

fn unique() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn free_port() -> Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Failure::system("find a free port"))
}
