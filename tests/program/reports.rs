//! `aos report`: where it goes, what it takes, and what it leaves out.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::program::process::{Ended, Home, at_home};

/// What stands in a request and an answer of the demo, and nowhere else in its journal.
const ASKED: &str = "logically";

async fn recorded() -> Home {
    let home = Home::new().with_demo();
    let run = ["run", "demo.yaml", "--stubs", "stubs.yaml", "--journal", "j.jsonl"];
    home.aos(run).await.assert_code(0);
    home
}

fn page(home: &Home, name: &str) -> String {
    std::fs::read_to_string(home.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The data of a report.
fn data(html: &str) -> Value {
    let (_, data) = html.split_once("id=\"report\">").expect("a report");
    serde_json::from_str(data.split_once("</script>").expect("its end").0).expect("JSON")
}

#[test]
fn a_report_stands_beside_its_journal_for_its_owner_alone_or_where_it_is_wanted() {
    at_home(async |_| {
        let home = recorded().await;
        let ended = home.aos(["report", "j.jsonl"]).await;
        ended.assert_code(0);
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", "report j.html\n"));
        let report = data(&page(&home, "j.html"));
        assert_eq!(report["runs"][0]["name"], "j.jsonl");
        assert_eq!(report["runs"][0]["changes"]["workflow"], "demo");
        let mode = std::fs::metadata(home.path("j.html")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        home.aos(["report", "j.jsonl", "-o", "other.html"]).await.assert_code(0);
        assert_eq!(page(&home, "other.html"), page(&home, "j.html"), "the same journal gives the same bytes");
        let printed = home.aos(["report", "j.jsonl", "-o", "-"]).await;
        assert_eq!(printed.stdout, page(&home, "j.html"));
        assert_eq!(printed.stderr, "");
    });
}

#[test]
fn a_report_never_takes_the_place_of_a_journal() {
    at_home(async |_| {
        let home = recorded().await;
        let before = page(&home, "j.jsonl");
        std::os::unix::fs::symlink(home.path("j.jsonl"), home.path("link.html")).unwrap();
        for output in ["j.jsonl", "./j.jsonl", "link.html"] {
            let ended = home.aos(["report", "j.jsonl", "-o", output]).await;
            ended.assert_code(2);
            assert!(ended.stderr.contains("that is the journal itself"), "{}", ended.stderr);
        }
        assert_eq!(page(&home, "j.jsonl"), before);
    });
}

#[test]
fn what_cannot_be_reported_on_is_told_and_leaves_no_file() {
    at_home(async |_| {
        let home = recorded().await;
        home.write("bad.jsonl", page(&home, "j.jsonl").replace(ASKED, "foolishly"));
        let told = |ended: Ended, code: i32, words: &str| {
            ended.assert_code(code);
            assert!(ended.stderr.contains(words), "{}", ended.stderr);
        };
        told(home.aos(["report", "bad.jsonl"]).await, 3, "bad.jsonl: JOURNAL_CORRUPT");
        told(
            home.aos(["report", "j.jsonl", "bad.jsonl", "-o", "bad.html"]).await,
            3,
            "bad.jsonl: JOURNAL_CORRUPT",
        );
        told(home.aos(["report", "none.jsonl"]).await, 2, "none.jsonl");
        told(home.aos(["report", "j.jsonl", "-o", "no/where.html"]).await, 2, "no/where.html");
        told(home.aos(["report", "j.jsonl", "-o", "-", "--open"]).await, 2, "--open needs a file");
        told(home.aos(["report", "j.jsonl", "--certificates", "none"]).await, 2, "--certificates none");
        told(home.aos(["report", "j.jsonl", "--key", "none.pub"]).await, 2, "none.pub");
        assert!(!home.path("bad.html").exists());
    });
}

#[test]
fn bodies_are_left_out_where_they_are_not_wanted() {
    at_home(async |_| {
        let home = recorded().await;
        home.aos(["report", "j.jsonl"]).await.assert_code(0);
        home.aos(["report", "j.jsonl", "--without-bodies", "-o", "thin.html"]).await.assert_code(0);
        assert!(page(&home, "j.html").contains(ASKED));
        let thin = page(&home, "thin.html");
        assert!(!thin.contains(ASKED), "an answer stands in it");
        assert_eq!(data(&thin)["runs"][0]["changes"], data(&page(&home, "j.html"))["runs"][0]["changes"]);
    });
}

#[test]
fn two_journals_are_compared_and_many_stand_in_one_report() {
    at_home(async |_| {
        let home = recorded().await;
        home.write("stubs.yaml", page(&home, "stubs.yaml").replace(ASKED, "gently"));
        let run = ["run", "demo.yaml", "--stubs", "stubs.yaml", "--journal", "k.jsonl"];
        home.aos(run).await.assert_code(0);
        home.aos(["report", "j.jsonl", "k.jsonl", "-o", "two.html"]).await.assert_code(0);
        let diff = home.aos(["diff", "j.jsonl", "k.jsonl", "--format", "json"]).await;
        assert_eq!(data(&page(&home, "two.html"))["differences"], diff.json());
        home.aos(["report", "j.jsonl", "k.jsonl", "j.jsonl", "-o", "three.html"]).await.assert_code(0);
        let three = data(&page(&home, "three.html"));
        assert_eq!((three["runs"].as_array().unwrap().len(), &three["differences"]), (3, &Value::Null));
    });
}

#[test]
fn a_certificate_is_found_beside_its_journal_and_verified_with_its_key() {
    at_home(async |_| {
        let home = recorded().await;
        home.aos(["keygen", "-o", "own"]).await.assert_code(0);
        home.aos(["keygen", "-o", "other"]).await.assert_code(0);
        home.aos(["certify", "j.jsonl", "--key", "own.key", "-o", "j.intoto.jsonl"]).await.assert_code(0);
        home.aos(["certify", "j.jsonl", "-o", "plain.intoto.jsonl"]).await.assert_code(0);
        let certificate = async |more: &[&str]| {
            let all = [&["report", "j.jsonl", "-o", "r.html"][..], more].concat();
            home.aos(all).await.assert_code(0);
            data(&page(&home, "r.html"))["runs"][0]["certificate"].clone()
        };
        let unverified = certificate(&[]).await;
        assert_eq!(
            (&unverified["state"], unverified["engines"].as_array().unwrap().len()),
            (&"unverified".into(), 3)
        );
        assert_eq!(certificate(&["--key", "own.pub"]).await["state"], "verified");
        assert_eq!(certificate(&["--key", "other.pub"]).await["state"], "broken");
        std::fs::remove_file(home.path("j.intoto.jsonl")).unwrap();
        assert_eq!(certificate(&["--certificates", "plain.intoto.jsonl"]).await["state"], "unsigned");
        assert_eq!(certificate(&[]).await, Value::Null);
        // One of another journal is no certificate of this one.
        let run = ["run", "demo.yaml", "--stubs", "stubs.yaml", "--journal", "k.jsonl"];
        home.aos(run).await.assert_code(0);
        home.aos(["certify", "k.jsonl", "-o", "j.intoto.jsonl"]).await.assert_code(0);
        assert_eq!(certificate(&[]).await, Value::Null);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_is_opened_in_the_browser_of_the_machine() {
    at_home(async |_| {
        let home = recorded().await;
        std::fs::create_dir(home.path("bin")).unwrap();
        home.write("bin/xdg-open", format!("#!/bin/sh\necho \"$1\" > {}\n", home.path("opened").display()));
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(home.path("bin/xdg-open"), mode).unwrap();
        let path = format!("{}:/usr/bin:/bin", home.path("bin").display());
        home.aos_with(&[("PATH", &path)], ["report", "j.jsonl", "--open"]).await.assert_code(0);
        for _ in 0..500 {
            if std::fs::read_to_string(home.path("opened")).is_ok_and(|opened| opened == "j.html\n") {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("nothing was opened");
    });
}
