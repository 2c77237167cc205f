//! Pages as people see them: in a real browser, without a screen. `tests/browser` does the looking, and `.ci/browser`
//! brings what it needs.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::Mutex;

use super::runtime::root;
use super::skip;

/// Somewhat more than `look.mjs` gives itself.
const LIMIT: Duration = Duration::from_secs(170);

/// A browser takes all of a small machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// What to look at, and what to do there first.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    order: Value,
    steps: Vec<Value>,
    may_ask: Vec<String>,
}

/// What was seen.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Milliseconds from the navigation until the page was drawn.
    pub opened_ms: f64,
    /// What each `eval` and `download` gave, in order.
    pub results: Vec<Value>,
    /// All that `tests/browser/look.mjs` tells.
    told: Value,
    may_ask: Vec<String>,
}

impl Look {
    /// A page in light colours, in a window of 1280 by 900.
    pub(crate) fn at(url: impl Into<String>) -> Self {
        Self { order: json!({"url": url.into()}), steps: Vec::new(), may_ask: Vec::new() }
    }

    /// A page that is a file.
    pub(crate) fn at_file(path: &Path) -> Self {
        let path = path.canonicalize().expect("a file");
        Self::at(reqwest::Url::from_file_path(path).expect("a whole path"))
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.order[name] = value.into();
        self
    }

    fn step(mut self, name: &str, argument: impl Into<Value>) -> Self {
        let argument: Value = argument.into();
        self.steps.push(json!({ name: argument }));
        self
    }

    /// The width of the window.
    pub(crate) fn width(self, pixels: u32) -> Self {
        self.with("width", pixels)
    }

    /// Its height.
    pub(crate) fn height(self, pixels: u32) -> Self {
        self.with("height", pixels)
    }

    /// For people who want dark colours.
    pub(crate) fn dark(self) -> Self {
        self.with("scheme", "dark")
    }

    /// For people who want things to stand still.
    pub(crate) fn reduced_motion(self) -> Self {
        self.with("reducedMotion", true)
    }

    /// As it is printed.
    pub(crate) fn print(self) -> Self {
        self.with("media", "print")
    }

    /// With a header field in every request.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.order["headers"][name] = value.into();
        self
    }

    /// Drawn when this is there, instead of `[data-ready]`.
    pub(crate) fn ready(self, selector: &str) -> Self {
        self.with("ready", selector)
    }

    /// With so much time for each step.
    pub(crate) fn timeout_ms(self, millis: u64) -> Self {
        self.with("timeoutMs", millis)
    }

    /// The page may ask for what begins with this.
    pub(crate) fn may_ask(mut self, prefix: impl Into<String>) -> Self {
        self.may_ask.push(prefix.into());
        self
    }

    /// Clicks.
    pub(crate) fn click(self, selector: &str) -> Self {
        self.step("click", selector)
    }

    /// Presses a key, as `Enter` or `Control+f`.
    pub(crate) fn press(self, key: &str) -> Self {
        self.step("press", key)
    }

    /// Writes into a field, in the place of what is in it.
    pub(crate) fn fill(self, selector: &str, text: &str) -> Self {
        self.step("fill", vec![selector, text])
    }

    /// Chooses from a list.
    pub(crate) fn select(self, selector: &str, value: &str) -> Self {
        self.step("select", vec![selector, value])
    }

    /// Waits until it can be seen.
    pub(crate) fn wait(self, selector: &str) -> Self {
        self.step("wait", selector)
    }

    /// Waits until it cannot be seen.
    pub(crate) fn gone(self, selector: &str) -> Self {
        self.step("gone", selector)
    }

    /// Asks the page for the value of an expression.
    pub(crate) fn eval(self, expression: &str) -> Self {
        self.step("eval", expression)
    }

    /// Clicks, and reads what is downloaded: `{name, text}`.
    pub(crate) fn download(self, selector: &str) -> Self {
        self.step("download", selector)
    }

    /// Makes the window another size.
    pub(crate) fn viewport(self, width: u32, height: u32) -> Self {
        self.step("viewport", vec![width, height])
    }

    /// Scrolls something down to a place.
    pub(crate) fn scroll(self, selector: &str, y: u32) -> Self {
        self.step("scroll", json!([selector, y]))
    }

    /// Lets axe-core look at it, after all steps.
    pub(crate) fn axe(self) -> Self {
        self.with("axe", true)
    }

    /// Takes a picture of the window now.
    pub(crate) fn picture(self, path: &Path) -> Self {
        self.step("screenshot", path.to_str().expect("a path of text"))
    }

    /// Takes a picture of the whole page, after all steps.
    pub(crate) fn screenshot(self, path: &Path) -> Self {
        self.with("screenshot", path.to_str().expect("a path of text")).with("fullPage", true)
    }

    /// What is seen; `None`, said in one line, where there is no browser. A step that cannot be done fails the test.
    pub(crate) async fn seen(self) -> Option<Seen> {
        let may_ask = self.may_ask.clone();
        let told = self.told().await?;
        assert!(told.get("error").is_none(), "{:#}", told["error"]);
        let opened_ms = told["opened_ms"].as_f64().expect("a page that was drawn");
        Some(Seen { opened_ms, results: list(&told["results"]).to_vec(), told, may_ask })
    }

    /// Why a step cannot be done; `None` where there is no browser.
    pub(crate) async fn error(self) -> Option<Value> {
        let told = self.told().await?;
        Some(told.get("error").expect("a step that cannot be done").clone())
    }

    async fn told(mut self) -> Option<Value> {
        let _alone = ONE_AT_A_TIME.lock().await;
        self.order["steps"] = self.steps.into();
        self.order["errorShot"] = error_shot().into();
        let answer = tokio::time::timeout(LIMIT, ask(&self.order)).await.expect("the browser hangs");
        if let Err(missing) = &answer {
            skip(&format!("no page is looked at: {missing} is not here; .ci/browser brings it"));
        }
        answer.ok()
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Where a picture goes of a page at which a step failed: one for each test.
fn error_shot() -> String {
    let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png")).to_string_lossy().into_owned()
}

/// The answer, or what is missing.
async fn ask(order: &Value) -> Result<Value, String> {
    let mut node = Command::new("node");
    node.arg(root().join("tests/browser/look.mjs")).kill_on_drop(true);
    node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = node.spawn() else { return Err("Node".to_owned()) };
    let mut input = child.stdin.take().expect("its standard input");
    input.write_all(order.to_string().as_bytes()).await.expect("it reads");
    drop(input);
    let ended = child.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    let answer: Value =
        serde_json::from_slice(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    match answer["missing"].as_str() {
        Some(missing) => Err(missing.to_owned()),
        None => Ok(answer),
    }
}

impl Seen {
    /// The page does nothing that a page must not do.
    pub(crate) fn assert_clean(&self) -> &Self {
        let faults = self.faults();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        self
    }

    /// Everything that a page must not do, a line each, with a word in front that says what it is.
    pub(crate) fn faults(&self) -> Vec<String> {
        let told = &self.told;
        let strange = |url: &&str| !self.may_ask.iter().any(|prefix| url.starts_with(prefix));
        let requests = list(&told["requests"]).iter().filter_map(Value::as_str).filter(strange);
        let console = list(&told["console"]).iter().map(|line| format!("console: {line}"));
        let requests = requests.map(|url| format!("request: {url}"));
        let csp = list(&told["csp"]).iter().map(|violation| format!("csp: {violation}"));
        let axe = list(&told["axe"]["serious"]).iter().map(|violation| format!("axe: {violation:#}"));
        let overflow = (told["overflows"] == true).then(|| format!("overflow: {}", told["widest"]));
        let dialogs = (told["dialogs"] != 0).then(|| format!("dialogs: {}", told["dialogs"]));
        console.chain(requests).chain(csp).chain(axe).chain(overflow).chain(dialogs).collect()
    }

    /// What axe-core says that keeps nobody out.
    pub(crate) fn minor(&self) -> &[Value] {
        list(&self.told["axe"]["minor"])
    }
}
