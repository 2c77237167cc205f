//! A replay without a network, seen from outside of the process.

use std::process::Stdio;

use tokio::process::Command;

use super::process::at_home;
use crate::support::skip;

async fn works(program: &str, arguments: &[&str]) -> bool {
    let status =
        Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    status.is_ok_and(|status| status.success())
}

#[test]
fn a_replay_needs_no_network_and_opens_no_socket() {
    at_home(async |home| {
        let home = home.with_demo();
        let run = home
            .aos(["run", "demo.yaml", "--stubs", "stubs.yaml", "--journal", "j.jsonl", "--format", "json"])
            .await;
        run.assert_code(0);
        if works("unshare", &["-rn", "true"]).await {
            let replay =
                home.aos_within(&["unshare", "-rn"], ["replay", "j.jsonl", "--format", "json"]).await;
            replay.assert_code(0);
            assert_eq!(replay.stdout, run.stdout);
        } else {
            skip("no replay in a network namespace, as unshare -rn does not work here");
        }
        if works("strace", &["-o", "/dev/null", "true"]).await {
            let trace = home.path("trace");
            let tracer = ["strace", "-f", "-e", "trace=%network", "-o", trace.to_str().unwrap()];
            let replay = home.aos_within(&tracer, ["replay", "j.jsonl", "--format", "json"]).await;
            replay.assert_code(0);
            let calls = std::fs::read_to_string(&trace).unwrap();
            let sockets: Vec<_> =
                calls.lines().filter(|line| line.contains("socket(") || line.contains("connect(")).collect();
            assert!(sockets.is_empty(), "{sockets:#?}");
        } else {
            skip("no replay under a tracer, as strace does not work here");
        }
    });
}
