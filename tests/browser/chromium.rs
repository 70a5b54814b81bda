//! A Chromium with its driver, and what a person does with it.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use futures_util::FutureExt as _;
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{BrowserLogEntry, ChromeCapabilities, LoggingPrefsLogLevel};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::stand::until;

const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];
const HEIGHT: u32 = 1600;

/// How a visitor's browser is.
#[derive(Clone, Copy)]
pub struct Look {
    pub name: &'static str,
    /// In CSS pixels; a narrow one is a telephone.
    pub width: u32,
    pub dark: bool,
    pub scripts: bool,
}

pub const PHONE: Look = Look { name: "360-light", width: 360, dark: false, scripts: true };
pub const DARK_PHONE: Look = Look { name: "360-dark", width: 360, dark: true, scripts: true };
pub const DESK: Look = Look { name: "1280-light", width: 1280, dark: false, scripts: true };
pub const DARK_DESK: Look = Look { name: "1280-dark", width: 1280, dark: true, scripts: true };
pub const NO_SCRIPTS: Look = Look { name: "360-no-scripts", width: 360, dark: false, scripts: false };

impl Look {
    fn capabilities(self, profile: &Path) -> WebDriverResult<ChromeCapabilities> {
        let mut chrome = DesiredCapabilities::chrome();
        chrome.set_binary(chromium().to_str().unwrap())?;
        for flag in FLAGS {
            chrome.add_arg(flag)?;
        }
        chrome.add_arg(&format!("--user-data-dir={}", profile.display()))?;
        chrome.add_arg(&format!("--window-size={},{HEIGHT}", self.width.max(500)))?;
        chrome.add_arg("--lang=en")?;
        chrome.add_arg(match self.dark {
            true => "--blink-settings=preferredColorScheme=0",
            false => "--blink-settings=preferredColorScheme=1",
        })?;
        // A window cannot be as narrow as a telephone.
        if self.width < 500 {
            let metrics = json!({ "width": self.width, "height": HEIGHT, "pixelRatio": 2, "mobile": true });
            chrome.add_experimental_option("mobileEmulation", json!({ "deviceMetrics": metrics }))?;
        }
        if !self.scripts {
            let forbidden = json!({ "profile.managed_default_content_settings.javascript": 2 });
            chrome.add_experimental_option("prefs", forbidden)?;
        }
        chrome.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        Ok(chrome)
    }
}

fn on_path(names: &[&str], package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let found = names.iter().find_map(|name| {
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    });
    found.unwrap_or_else(|| panic!("{} is missing: apt-get install {package}, or run make test", names[0]))
}

fn chromium() -> PathBuf {
    on_path(&["chromium", "chromium-browser", "google-chrome"], "chromium")
}

/// Starts the driver: it and its address.
async fn driver(home: &Path) -> (Child, String) {
    let mut command = Command::new(on_path(&["chromedriver"], "chromium-driver"));
    command.arg("--port=0").env("HOME", home).kill_on_drop(true);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let address = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, address);
        }
    }
    panic!("chromedriver ended before it was ready");
}

/// Opens a browser, lets somebody use it, and closes it whatever became of that.
pub async fn browse<T>(look: Look, journey: impl AsyncFnOnce(&Browser) -> T) -> T {
    rustls::crypto::ring::default_provider().install_default().ok();
    let profile = TempDir::new().unwrap();
    let (mut process, address) = driver(profile.path()).await;
    let driver = WebDriver::new(address, look.capabilities(profile.path()).unwrap()).await.unwrap();
    let browser = Browser { driver, look };
    let ended = AssertUnwindSafe(journey(&browser)).catch_unwind().await;
    browser.driver.quit().await.unwrap();
    process.kill().await.unwrap();
    ended.unwrap_or_else(|panic| resume_unwind(panic))
}

/// A browser with one window. Elements are named by CSS selectors.
pub struct Browser {
    pub driver: WebDriver,
    pub look: Look,
}

impl Browser {
    pub async fn open(&self, address: &str) {
        self.driver.goto(address).await.unwrap();
    }

    pub async fn path(&self) -> String {
        self.driver.current_url().await.unwrap().path().to_owned()
    }

    pub async fn until_path(&self, begin: &str) -> String {
        until(&format!("the page {begin}"), async || {
            Some(self.path().await).filter(|path| path.starts_with(begin))
        })
        .await
    }

    /// Waits for an element.
    pub async fn the(&self, selector: &str) -> WebElement {
        until(selector, async || self.driver.find(By::Css(selector)).await.ok()).await
    }

    pub async fn has(&self, selector: &str) -> bool {
        !self.driver.find_all(By::Css(selector)).await.unwrap().is_empty()
    }

    pub async fn click(&self, selector: &str) {
        let element = self.the(selector).await;
        if self.look.scripts {
            element.scroll_into_view().await.unwrap();
            element.click().await.unwrap();
        } else {
            self.touch(selector, "click()").await;
        }
    }

    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.the(selector).await;
        if self.look.scripts {
            field.clear().await.unwrap();
            field.send_keys(text).await.unwrap();
        } else {
            self.touch(selector, &format!("value = {}", json!(text))).await;
        }
    }

    /// Moves an element from outside. The driver's own clicks and keys wait for a timer of the page, and none runs
    /// in a page whose scripts are forbidden; what the element then does is Chromium's own doing.
    async fn touch(&self, selector: &str, act: &str) {
        let script = format!("document.querySelector(arguments[0]).{act}");
        self.driver.execute(script, vec![json!(selector)]).await.unwrap();
    }

    pub async fn text(&self, selector: &str) -> String {
        self.the(selector).await.text().await.unwrap()
    }

    pub async fn attribute(&self, selector: &str, name: &str) -> String {
        self.the(selector).await.attr(name).await.unwrap().unwrap_or_default()
    }

    /// Looks at a page as a whole: nothing stands out to the side. Kept as a picture where SIMFRONT_SHOTS names a
    /// folder.
    pub async fn look_at(&self, name: &str) {
        let script = "return document.documentElement.scrollWidth";
        let answer = self.driver.execute(script, vec![]).await.unwrap();
        let width = answer.json().as_u64().unwrap();
        assert!(width <= u64::from(self.look.width), "{name} is {width} wide at {}", self.look.width);
        if let Ok(folder) = std::env::var("SIMFRONT_SHOTS") {
            let file = Path::new(&folder).join(format!("{name}-{}.png", self.look.name));
            self.driver.screenshot(&file).await.unwrap();
        }
    }

    /// What the console holds that no page should cause.
    pub async fn complaints(&self) -> Vec<BrowserLogEntry> {
        let mut log = self.driver.browser_log().await.unwrap();
        log.retain(|entry| entry.level == "SEVERE" || entry.message.contains("Content Security Policy"));
        log
    }

    pub async fn assert_quiet(&self) {
        let complaints = self.complaints().await;
        assert!(complaints.is_empty(), "the console says: {complaints:#?}");
    }

    /// What the QR code of an element says, as a camera would read it from the screen.
    pub async fn scan(&self, selector: &str) -> String {
        let picture = self.the(selector).await;
        // The picture loads after the page.
        until("a QR code that decodes", async || decode(&picture.screenshot_as_png().await.unwrap())).await
    }
}

fn decode(bytes: &[u8]) -> Option<String> {
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, samples) = (info.width as usize, info.color_type.samples());
    let grey = |x: usize, y: usize| pixels[y * info.line_size + x * samples];
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, info.height as usize, grey);
    let found = image.detect_grids().into_iter().next()?;
    Some(found.decode().ok()?.1)
}
