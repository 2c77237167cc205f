//! The program, built once, in a folder of its own for each test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::OnceLock;

use aos_host::outcome::StructuredOutcome;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::pty::Terminal;
use crate::support::cargo::cargo;
use crate::support::runtime;

/// A folder in which the program is at home.
pub(super) struct Home(TempDir);

/// What the program left.
pub(super) struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a test with the program at home in an empty folder. Building the program does not count against its time.
pub(super) fn at_home(test: impl AsyncFnOnce(Home)) {
    static COMPILED: OnceLock<()> = OnceLock::new();
    program();
    COMPILED.get_or_init(|| {
        let home = Home::new();
        runtime::in_time(async { home.aos(["skills", "list"]).await.assert_code(0) });
    });
    runtime::in_time(test(Home::new()));
}

impl Home {
    /// An empty folder.
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// A path in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file into the folder.
    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.path(name), bytes).expect("a file");
        self
    }

    /// Writes the demo and its stub world: `demo.yaml` and `stubs.yaml`.
    pub(super) fn with_demo(self) -> Self {
        self.write("demo.yaml", runtime::read("fixtures/workflows/demo.yaml"));
        self.write("stubs.yaml", runtime::read("fixtures/stubs/demo.yaml"));
        self
    }

    /// Runs the program to its end.
    pub(super) async fn aos<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ended {
        self.command(arguments).output().await.expect("the program starts").into()
    }

    /// As [`Home::aos`], with more in its environment.
    pub(super) async fn aos_with<A: AsRef<OsStr>>(
        &self,
        environment: &[(&str, &str)],
        arguments: impl IntoIterator<Item = A>,
    ) -> Ended {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied());
        command.output().await.expect("the program starts").into()
    }

    /// As [`Home::aos`], started by another program.
    pub(super) async fn aos_within<A: AsRef<OsStr>>(
        &self,
        starter: &[&str],
        arguments: impl IntoIterator<Item = A>,
    ) -> Ended {
        let [first, rest @ ..] = starter else { panic!("no program to start with") };
        let rest = rest.iter().map(OsStr::new).map(OsStr::to_owned);
        let arguments = arguments.into_iter().map(|argument| argument.as_ref().to_owned());
        let arguments: Vec<_> = rest.chain([program().as_os_str().to_owned()]).chain(arguments).collect();
        self.command_of(OsStr::new(first), arguments).output().await.expect("the program starts").into()
    }

    /// Starts the program.
    pub(super) fn start<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Child {
        self.command(arguments).spawn().expect("the program starts")
    }

    /// Starts the program on a terminal, with more in its environment.
    pub(super) fn start_on<A: AsRef<OsStr>>(
        &self,
        terminal: &Terminal,
        environment: &[(&str, &str)],
        arguments: impl IntoIterator<Item = A>,
    ) -> Child {
        let mut command = self.command(arguments);
        command.env("TERM", "xterm").envs(environment.iter().copied());
        command.stdout(terminal.end()).stderr(terminal.end());
        command.spawn().expect("the program starts")
    }

    /// The program with these arguments, at home in this folder and nowhere else. Those that look for skills find the
    /// built ones.
    fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.command_of(program().as_os_str(), arguments)
    }

    fn command_of<A: AsRef<OsStr>>(
        &self,
        program: &OsStr,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let skills = self.path("target");
        if !skills.exists() {
            std::fs::create_dir(&skills).expect("a folder");
            std::os::unix::fs::symlink(runtime::skills(), skills.join("skills")).expect("a link");
        }
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.0.path()).env_clear().env("HOME", self.0.path());
        command.env("XDG_DATA_HOME", self.path("data")).env("XDG_CONFIG_HOME", self.path("config"));
        command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"));
        command.env("TMPDIR", self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }
}

impl From<Output> for Ended {
    /// Takes the output as text. Neither stream may ever tell of a panic or colour what no terminal shows.
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let ended =
            Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        for stream in [&ended.stdout, &ended.stderr] {
            assert!(!stream.contains("panicked"), "{stream}");
            assert!(!stream.contains('\u{1b}'), "{stream:?}");
        }
        ended
    }
}

impl Ended {
    /// It exited so.
    pub(super) fn assert_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
    }

    /// Standard output as one canonical JSON document and a newline.
    pub(super) fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstdout: {}\nstderr: {}", self.stdout, self.stderr));
        let canonical = aos_host::canonical::to_vec(&value).unwrap();
        assert_eq!(self.stdout.as_bytes(), [&canonical, b"\n".as_slice()].concat());
        value
    }

    /// Standard output as an outcome of its schema.
    pub(super) fn outcome(&self) -> StructuredOutcome {
        let outcome = serde_json::from_value(self.json()).expect("an outcome");
        crate::support::recorded::assert_fits_schema(&outcome);
        outcome
    }
}

/// The program, of the same build as this test.
pub(super) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().expect("the path of this test");
        let target = test.ancestors().nth(3).expect("target/debug/deps/suite");
        // Both packages, so that the features of what they share are those of this test's own build.
        let built = cargo()
            .args(["build", "--locked", "-p", "aos-tests", "-p", "aos-host", "--bin", "aos"])
            .args(["--message-format", "json", "--target-dir"])
            .arg(target)
            .current_dir(runtime::root())
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo");
        assert!(built.status.success(), "the program does not build");
        let messages = String::from_utf8(built.stdout).expect("UTF-8");
        let mut executable = messages.lines().filter_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            message["executable"].as_str().map(PathBuf::from)
        });
        executable.next_back().expect("a program")
    })
}
