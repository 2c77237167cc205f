//! `aos certify` and `aos keygen`: the table, the certificates, and who can vouch for them.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use aos_host::certification::{Envelope, PublicKey, SigningKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::process::{Ended, Home, at_home};

/// The demo's journal `j.jsonl`, and a pair of keys.
async fn prepared(home: Home) -> Home {
    let home = home.with_demo();
    let run = ["run", "demo.yaml", "--stubs", "stubs.yaml", "--journal", "j.jsonl"];
    home.aos(run).await.assert_code(0);
    home.aos(["keygen"]).await.assert_code(0);
    home
}

async fn signed(home: &Home) -> String {
    let sign = ["certify", "j.jsonl", "--key", "aos.key", "-o", "c.intoto.jsonl"];
    home.aos(sign).await.assert_code(0);
    read(home, "c.intoto.jsonl")
}

async fn verify(home: &Home, certificate: impl AsRef<[u8]>) -> Ended {
    home.write("v.jsonl", certificate);
    home.aos(["certify", "--verify", "v.jsonl", "--key", "aos.pub"]).await
}

fn read(home: &Home, name: &str) -> String {
    std::fs::read_to_string(home.path(name)).unwrap()
}

fn lines(ended: &Ended) -> Vec<Vec<&str>> {
    ended
        .stdout
        .lines()
        .map(|line| line.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect())
        .collect()
}

#[test]
fn people_get_a_table() {
    at_home(async |home| {
        let home = prepared(home).await;
        let ended = home.aos(["certify", "j.jsonl", "--repeat", "2"]).await;
        ended.assert_code(0);
        let table = lines(&ended);
        assert_eq!(
            table[0],
            ["JOURNAL", "STEPS", "CALLS", "FUEL", "CRANELIFT-SPEED", "CRANELIFT-NONE", "PULLEY"]
        );
        assert_eq!(table[1][..3], ["j.jsonl", "3", "2"]);
        assert_eq!(table[1][4..], ["equal x2", "equal x2", "equal x2"]);
        assert!(table[1][3].parse::<u64>().unwrap() > 0);
        assert!(
            ended.stderr.contains("certified 1 of 1 in three engines, 2 times in each"),
            "{}",
            ended.stderr
        );
    });
}

#[test]
fn the_table_stays_aligned_whatever_the_names_are() {
    at_home(async |home| {
        let home = prepared(home).await;
        // Columns of a terminal: two for each letter of some scripts, none for a mark, six for an escape.
        let names = [
            ("j.jsonl", 7),
            ("記録.jsonl", 10),
            ("🚀.jsonl", 8),
            ("e\u{301}t\u{200b}e.jsonl", 9),
            ("\u{1b}[2J.jsonl", 15),
        ];
        for (name, _) in names.iter().skip(1) {
            home.write(name, "no journal");
        }
        let ended = home.aos(["certify"].into_iter().chain(names.map(|(name, _)| name))).await;
        ended.assert_code(3);
        let widest = names.iter().map(|(_, columns)| columns).max().unwrap();
        for ((name, columns), row) in names.iter().zip(ended.stdout.lines().skip(1)) {
            let shown = name.replace('\u{1b}', "\\u{1b}");
            let rest = row.strip_prefix(&shown).unwrap_or_else(|| panic!("{name:?} in {row:?}"));
            // Behind the name stand two blanks, and the steps on the right of five columns.
            let blanks = rest.len() - rest.trim_start().len();
            assert_eq!(columns + blanks, widest + 2 + 4, "{name:?} in {row:?}");
        }
    });
}

#[test]
fn a_journal_that_does_not_repeat_gets_no_certificate_and_the_others_do() {
    at_home(async |home| {
        let home = prepared(home).await;
        let mut changed = read(&home, "j.jsonl").into_bytes();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        home.write("changed.jsonl", changed);
        let ended = home.aos(["certify", "changed.jsonl", "j.jsonl", "-o", "c.jsonl"]).await;
        ended.assert_code(3);
        let table = lines(&ended);
        assert_eq!(table[1], ["changed.jsonl", "-", "-", "-", "-", "-", "-"]);
        assert_eq!(table[2][4..], ["equal x1", "equal x1", "equal x1"]);
        assert!(ended.stderr.contains("not proven: changed.jsonl: JOURNAL_CORRUPT"), "{}", ended.stderr);
        let written = read(&home, "c.jsonl");
        assert_eq!(written.lines().count(), 1);
        assert!(written.contains("\"name\":\"j.jsonl\""));
        let ended = home.aos(["certify", "changed.jsonl", "-o", "none.jsonl", "--format", "json"]).await;
        ended.assert_code(3);
        assert_eq!((ended.stdout.as_str(), home.path("none.jsonl").exists()), ("", false));
    });
}

#[test]
fn a_certificate_is_a_canonical_statement_and_its_bytes_are_always_the_same() {
    at_home(async |home| {
        let home = prepared(home).await;
        let first = home.aos(["certify", "j.jsonl", "--format", "json"]).await;
        first.assert_code(0);
        let statement = first.json();
        assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
        let subject = &statement["subject"];
        let blake3 = aos_host::ids::Digest::of(read(&home, "j.jsonl").as_bytes());
        assert_eq!(
            (&subject[0]["name"], &subject[0]["digest"]["blake3"]),
            (&json!("j.jsonl"), &json!(blake3))
        );
        if let Some(sum) = tool(&home, "sha256sum", &["j.jsonl"]) {
            let sum = String::from_utf8(sum.stdout).unwrap();
            assert_eq!(subject[0]["digest"]["sha256"], sum[..64]);
        }
        let again = home.aos(["certify", "j.jsonl", "--format", "json", "-o", "s.jsonl"]).await;
        assert_eq!((&again.stdout, &read(&home, "s.jsonl")), (&first.stdout, &first.stdout));
        let two = home.aos(["certify", "j.jsonl", "j.jsonl", "--format", "json"]).await;
        assert_eq!(two.stdout, first.stdout.repeat(2), "one line for each journal");
    });
}

#[test]
fn keys_are_for_their_owner_and_are_never_written_over() {
    at_home(async |home| {
        let home = prepared(home).await;
        let mode = |name| std::fs::metadata(home.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("aos.key"), 0o600);
        let (private, public) = (read(&home, "aos.key"), read(&home, "aos.pub"));
        let again = home.aos(["keygen"]).await;
        again.assert_code(2);
        assert!(again.stderr.contains("aos.key"), "{}", again.stderr);
        std::fs::remove_file(home.path("aos.key")).unwrap();
        home.aos(["keygen"]).await.assert_code(2);
        assert!(!home.path("aos.key").exists(), "no half of a pair");
        assert_eq!(read(&home, "aos.pub"), public);
        home.aos(["keygen", "-o", "other"]).await.assert_code(0);
        assert_ne!(read(&home, "other.key"), private);
        let key = SigningKey::from_pem(&private).unwrap();
        assert_eq!(key.public().unwrap(), PublicKey::from_pem(&public).unwrap());
        assert!(!format!("{key:?}").contains(&private.lines().nth(1).unwrap()[24..]));
    });
}

#[test]
fn what_was_signed_is_verified_and_what_it_attests_is_told() {
    at_home(async |home| {
        let home = prepared(home).await;
        let certificate = signed(&home).await;
        assert_eq!(certificate.lines().count(), 1);
        let ended = home.aos(["certify", "--verify", "c.intoto.jsonl", "--key", "aos.pub", "j.jsonl"]).await;
        ended.assert_code(0);
        for words in [
            "verified  j.jsonl",
            "of demo: success, OK",
            "cranelift-speed x1, cranelift-none x1, pulley x1",
            "side-effects, ledger, fuel",
        ] {
            assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
        }
        assert!(!ended.stderr.contains("only signed"), "{}", ended.stderr);
        let alone = home.aos(["certify", "--verify", "c.intoto.jsonl", "--key", "aos.pub"]).await;
        alone.assert_code(0);
        assert!(
            alone.stdout.starts_with("signed    j.jsonl\n"),
            "the journal was not read: {}",
            alone.stdout
        );
        for words in ["only signed: of 1 certificate", "no journal was compared", "--key PUB JOURNAL"] {
            assert!(alone.stderr.contains(words), "{words} in {}", alone.stderr);
        }
        let plain = home.aos(["certify", "j.jsonl", "--format", "json"]).await;
        let verified =
            home.aos(["certify", "--verify", "c.intoto.jsonl", "--key", "aos.pub", "--format", "json"]).await;
        assert_eq!(verified.stdout, plain.stdout, "the statement is the payload");
        let unsigned = verify(&home, &plain.stdout).await;
        unsigned.assert_code(3);
        assert!(unsigned.stderr.contains("without a signature"), "{}", unsigned.stderr);
        home.write("other.jsonl", read(&home, "j.jsonl") + "\n");
        let other =
            home.aos(["certify", "--verify", "c.intoto.jsonl", "--key", "aos.pub", "other.jsonl"]).await;
        other.assert_code(3);
        assert!(other.stderr.contains("no certificate is of the bytes of other.jsonl"), "{}", other.stderr);
    });
}

#[test]
fn a_changed_payload_or_signature_is_refused() {
    at_home(async |home| {
        let home = prepared(home).await;
        let certificate = signed(&home).await;
        let place = |member: &str| certificate.find(&format!("\"{member}\":\"")).unwrap() + member.len() + 4;
        let (payload, sig, kind) = (place("payload"), place("sig"), place("payloadType"));
        let places = [payload, payload + 1, payload + 700, sig, sig + 40, sig + 86, kind, kind + 20];
        for at in places {
            let mut changed = certificate.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let ended = verify(&home, changed).await;
            ended.assert_code(3);
            assert!(
                ended.stderr.contains("not verified: v.jsonl line 1") && ended.stdout.is_empty(),
                "{at}: {}",
                ended.stdout
            );
        }
        let twice = certificate.repeat(2);
        verify(&home, &twice).await.assert_code(0);
        let one_is_wrong = format!("{certificate}{}", certificate.replacen("\"sig\":\"", "\"sig\":\"AA", 1));
        verify(&home, one_is_wrong).await.assert_code(3);
    });
}

#[test]
fn every_flipped_bit_of_what_is_signed_is_found() {
    at_home(async |home| {
        let home = prepared(home).await;
        let certificate: Value = serde_json::from_str(&signed(&home).await).unwrap();
        let key = PublicKey::from_pem(&read(&home, "aos.pub")).unwrap();
        let verified =
            |envelope: &Value| Envelope::read(&envelope.to_string()).and_then(|it| it.verify(&key));
        assert!(verified(&certificate).is_ok());
        let flipped = |text: &Value, place: usize| {
            let mut bytes = STANDARD.decode(text.as_str().unwrap()).unwrap();
            let place = place % bytes.len();
            bytes[place] ^= 1 << (place % 8);
            json!(STANDARD.encode(bytes))
        };
        for place in 0..2000 {
            let mut changed = certificate.clone();
            changed["payload"] = flipped(&certificate["payload"], place);
            assert!(verified(&changed).is_err(), "byte {place} of the payload");
        }
        for place in 0..64 {
            let mut changed = certificate.clone();
            changed["signatures"][0]["sig"] = flipped(&certificate["signatures"][0]["sig"], place);
            assert!(verified(&changed).is_err(), "byte {place} of the signature");
        }
        let mut url_safe = certificate.clone();
        let letters =
            certificate["signatures"][0]["sig"].as_str().unwrap().replace('+', "-").replace('/', "_");
        url_safe["signatures"][0]["sig"] = json!(letters.trim_end_matches('='));
        url_safe["signatures"][0].as_object_mut().unwrap().remove("keyid");
        assert!(verified(&url_safe).is_ok(), "either alphabet, and the name of the key proves nothing");
    });
}

#[test]
fn another_key_vouches_for_nothing() {
    at_home(async |home| {
        let home = prepared(home).await;
        signed(&home).await;
        home.aos(["keygen", "-o", "other"]).await.assert_code(0);
        let verify =
            async |key: &str| home.aos(["certify", "--verify", "c.intoto.jsonl", "--key", key]).await;
        let other = verify("other.pub").await;
        other.assert_code(3);
        assert!(other.stderr.contains("no signature in it was made by the key"), "{}", other.stderr);
        let private = verify("aos.key").await;
        private.assert_code(2);
        assert!(
            private.stderr.contains("this is a PRIVATE KEY, and a PUBLIC KEY is needed here"),
            "{}",
            private.stderr
        );
        verify("j.jsonl").await.assert_code(2);
        let public = home.aos(["certify", "j.jsonl", "--key", "aos.pub"]).await;
        public.assert_code(2);
        assert!(public.stdout.is_empty(), "told before the work");
    });
}

#[test]
fn what_is_no_certificate_is_refused_in_words() {
    at_home(async |home| {
        let home = prepared(home).await;
        let body =
            json!({"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "urn:other"});
        let nobody = json!({"payload": STANDARD.encode(body.to_string()), "payloadType": "application/vnd.in-toto+json", "signatures": []});
        for (file, word) in [
            (String::new(), "holds no certificate"),
            ("hello\n".to_owned(), "no DSSE envelope"),
            ("{\"payload\":1,\"payload\":2}".to_owned(), "no DSSE envelope"),
            (read(&home, "j.jsonl").lines().next().unwrap().to_owned(), "no DSSE envelope"),
            (body.to_string(), "without a signature"),
            (nobody.to_string(), "without a signature"),
        ] {
            let ended = verify(&home, file).await;
            ended.assert_code(3);
            assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
        }
        verify(&home, [0xff, 0xfe, b'\n']).await.assert_code(3);
        for misused in [
            &["certify"][..],
            &["certify", "missing.jsonl"],
            &["certify", "."],
            &["certify", "j.jsonl", "--repeat", "0"],
            &["certify", "--verify", "j.jsonl"],
            &["certify", "--verify", "missing.jsonl", "--key", "aos.pub"],
        ] {
            let ended = home.aos(misused).await;
            ended.assert_code(2);
            assert!(ended.stdout.is_empty(), "{misused:?}");
        }
    });
}

#[test]
fn openssl_reads_the_keys_and_verifies_the_signature() {
    at_home(async |home| {
        let home = prepared(home).await;
        if tool(&home, "openssl", &["version"]).is_none() {
            println!("openssl is not installed: skipped");
            return;
        }
        let certificate: Value = serde_json::from_str(&signed(&home).await).unwrap();
        let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
        let body = bytes(&certificate["payload"]);
        let kind = certificate["payloadType"].as_str().unwrap();
        let head = format!("DSSEv1 {} {kind} {} ", kind.len(), body.len());
        home.write("message", [head.as_bytes(), &body].concat());
        home.write("signature", bytes(&certificate["signatures"][0]["sig"]));
        let openssl = |arguments: &[&str]| tool(&home, "openssl", arguments).unwrap();
        let verify = [
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "aos.pub",
            "-rawin",
            "-in",
            "message",
            "-sigfile",
            "signature",
        ];
        let verified = openssl(&verify);
        assert!(verified.status.success(), "{verified:?}");
        let public = openssl(&["pkey", "-in", "aos.key", "-pubout"]);
        assert_eq!(String::from_utf8(public.stdout).unwrap(), read(&home, "aos.pub"));
        // And a pair that openssl made does for aos.
        let made = openssl(&["genpkey", "-algorithm", "ed25519", "-out", "theirs.key"]);
        assert!(made.status.success(), "{made:?}");
        home.write("theirs.pub", openssl(&["pkey", "-in", "theirs.key", "-pubout"]).stdout);
        home.aos(["certify", "j.jsonl", "--key", "theirs.key", "-o", "t.jsonl"]).await.assert_code(0);
        home.aos(["certify", "--verify", "t.jsonl", "--key", "theirs.pub"]).await.assert_code(0);
    });
}

/// Runs another program in the folder, if it is installed.
fn tool(home: &Home, program: &str, arguments: &[&str]) -> Option<std::process::Output> {
    Command::new(program).args(arguments).current_dir(home.path(".")).output().ok()
}
