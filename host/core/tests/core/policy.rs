//! Hosts, addresses and request heads: denied unless granted.

mod addresses;
mod codings;
mod spellings;

use std::net::IpAddr;

use aos_core::failure::ErrorCode;
use aos_core::policy::{
    Grants, HostPattern, NarrowedBy, Narrowing, Policy, check_head, parse_url, special_range,
};

fn policy(hosts: &[&str], models: &[&str]) -> Policy {
    Policy::new(Grants {
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        models: models.iter().map(ToString::to_string).collect(),
        ..Grants::default()
    })
}

#[test]
fn a_pattern_means_its_scheme_host_and_port_and_no_other() {
    let rows = [
        ("api.example.com", "https://api.example.com/x?y#z", true),
        ("api.example.com", "https://API.EXAMPLE.COM:443/", true),
        ("api.example.com", "http://api.example.com/", false),
        ("api.example.com", "https://api.example.com:8443/", false),
        ("api.example.com", "https://api.example.com./", false),
        ("api.example.com", "https://x.api.example.com/", false),
        ("http://api.example.com", "http://api.example.com:80/", true),
        ("api.example.com:8443", "https://api.example.com:8443/", true),
        ("*.example.com", "https://a.b.example.com/", true),
        ("*.example.com", "https://example.com/", false),
        ("*.example.com", "https://badexample.com/", false),
        ("http://127.0.0.1:80", "http://127.1/", true),
        ("http://127.0.0.1:80", "http://0x7f000001/", true),
        ("http://[::1]:8080", "http://[0:0::1]:8080/", true),
        ("bücher.example", "https://xn--bcher-kva.example/", true),
    ];
    for (pattern, url, expected) in rows {
        let matches = pattern.parse::<HostPattern>().unwrap().matches(&parse_url(url).unwrap());
        assert_eq!(matches, expected, "{pattern} {url}");
    }
}

#[test]
fn what_is_no_pattern_is_refused() {
    for bad in
        ["", "*", "*.com", "ftp://x", "a/b", "https://u@x", "x?y", "*.*.x.y", "a b", "https://", "x:99999"]
    {
        assert!(bad.parse::<HostPattern>().is_err(), "{bad:?}");
    }
}

#[test]
fn a_denial_shows_the_grant_and_the_grant_works() {
    for url in ["https://api.github.com/zen", "http://127.0.0.1:8080/x", "https://x.example:8443/"] {
        let url = parse_url(url).unwrap();
        let denied = policy(&[], &[]).check_destination(&url).unwrap_err();
        assert_eq!(denied.code, ErrorCode::DestinationDenied);
        let grant = HostPattern::granting(&url);
        assert!(denied.message.contains(&format!("hosts: [\"{grant}\"]")), "{}", denied.message);
        assert!(policy(&[&grant], &[]).check_destination(&url).is_ok());
    }
    let denied = policy(&[], &["gpt-*"]).check_model("claude").unwrap_err();
    assert!(denied.message.contains("models: [\"claude\"]"), "{}", denied.message);
    assert!(policy(&[], &["gpt-*"]).check_model("gpt-4o").is_ok());
    assert!(policy(&[], &["gpt-4o"]).check_model("gpt-4o-mini").is_err());
}

fn to(hosts: Option<&[&str]>, models: Option<&[&str]>) -> Narrowing {
    let read = |host: &&str| host.parse::<HostPattern>().unwrap();
    Narrowing {
        hosts: hosts.map(|hosts| hosts.iter().map(read).collect()),
        models: models.map(|models| models.iter().map(ToString::to_string).collect()),
        environment: None,
    }
}

#[test]
fn a_skill_gets_nothing_beyond_what_it_says_it_wants() {
    let run = policy(&["a.example", "b.example"], &["*"]);
    let narrow = run.narrowed(NarrowedBy::Skill, to(Some(&["a.example"]), Some(&["small-*"])));
    assert!(narrow.check_destination(&parse_url("https://a.example/").unwrap()).is_ok());
    let denied = narrow.check_destination(&parse_url("https://b.example/").unwrap()).unwrap_err();
    assert!(denied.message.contains("that the skill says it wants"), "{}", denied.message);
    assert!(narrow.check_model("small-1").is_ok());
    assert!(narrow.check_model("large-1").is_err());
    let wide = policy(&["a.example"], &[]).narrowed(NarrowedBy::Skill, to(Some(&["c.example"]), None));
    assert!(wide.check_destination(&parse_url("https://c.example/").unwrap()).is_err(), "a wish is no grant");
}

#[test]
fn of_all_that_is_said_of_a_skill_the_narrowest_counts() {
    let url = |host: &str| parse_url(&format!("https://{host}.example/")).unwrap();
    let run = policy(&["a.example", "b.example", "c.example"], &["*"]);
    let wished = run.narrowed(NarrowedBy::Skill, to(Some(&["a.example", "b.example"]), None));
    let both = wished.clone().narrowed(NarrowedBy::Sidecar, to(Some(&["b.example", "c.example"]), None));
    for (host, allowed) in [("a", false), ("b", true), ("c", false)] {
        assert_eq!(both.check_destination(&url(host)).is_ok(), allowed, "{host}");
    }
    let denied = both.check_destination(&url("a")).unwrap_err();
    assert!(denied.message.contains(".skill.toml"), "{}", denied.message);
    assert!(both.reaches_hosts() && wished.check_model("any").is_ok());
    let none = run_without_hosts(&wished);
    assert!(!none.reaches_hosts() && none.check_destination(&url("a")).is_err());
    assert!(none.check_model("any").is_err(), "an empty list allows nothing");
}

fn run_without_hosts(run: &Policy) -> Policy {
    run.clone().narrowed(NarrowedBy::Sidecar, to(Some(&[]), Some(&[])))
}

#[test]
fn addresses_that_are_not_public_are_known_at_their_edges() {
    let special = [
        "0.0.0.0",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "4000::1",
        "100::1",
        "5f00::1",
    ];
    for address in special {
        assert!(special_range(address.parse::<IpAddr>().unwrap()).is_some(), "{address}");
    }
    let public = [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1",
        "2a00:1450::1",
    ];
    for address in public {
        assert_eq!(special_range(address.parse::<IpAddr>().unwrap()), None, "{address}");
    }
}

#[test]
fn a_name_never_opens_an_address_that_is_not_public() {
    let named = policy(&["http://internal.example"], &[]);
    let address = "169.254.169.254".parse().unwrap();
    let denied = named.check_address("internal.example", address, 80).unwrap_err();
    assert_eq!(denied.code, ErrorCode::DestinationDenied);
    assert!(policy(&["http://169.254.169.254"], &[]).check_address("internal.example", address, 80).is_ok());
    assert!(policy(&["http://169.254.169.254"], &[]).check_address("internal.example", address, 81).is_err());
    assert!(
        policy(&["http://localhost:80"], &[])
            .check_address("localhost", "127.0.0.1".parse().unwrap(), 80)
            .is_ok()
    );
    assert!(
        policy(&["http://localhost:80"], &[])
            .check_address("localhost", "10.0.0.1".parse().unwrap(), 80)
            .is_err()
    );
}

#[test]
fn a_url_is_absolute_http_without_credentials() {
    let long = format!("https://x.example/{}", "a".repeat(9000));
    for bad in [
        "",
        "/x",
        "ftp://x/",
        "file:///etc/passwd",
        "https://user@x/",
        "https://u:p@x/",
        "https://",
        &long,
        "https://*.x.example/",
        "http://a%2Ab/",
    ] {
        assert_eq!(parse_url(bad).unwrap_err().code, ErrorCode::UrlInvalid, "{bad:.40}");
    }
    assert_eq!(parse_url("https://x.example/a#b").unwrap().as_str(), "https://x.example/a");
}

#[test]
fn the_host_builds_framing_itself() {
    let head =
        |method: &str, name: &str, value: &str| check_head(method, &[(name.to_owned(), value.to_owned())]);
    assert!(head("GET", "accept", "text/plain").is_ok());
    assert!(head("GET", "x-latin", "gr\u{fc}n").is_ok());
    for method in ["CONNECT", "TRACE", "get", "", "GET /x"] {
        assert_eq!(head(method, "accept", "x").unwrap_err().code, ErrorCode::MethodDenied, "{method:?}");
    }
    for name in
        ["Host", "content-length", "Transfer-Encoding", "connection", "TE", "upgrade", "proxy-authorization"]
    {
        assert_eq!(head("GET", name, "x").unwrap_err().code, ErrorCode::HeaderForbidden, "{name}");
    }
    for (name, value) in
        [("", "x"), ("a b", "x"), ("a\r\nb", "x"), ("a", "x\r\ny: z"), ("a", "\0"), ("a", "\u{100}")]
    {
        assert_eq!(
            head("GET", name, value).unwrap_err().code,
            ErrorCode::RequestInvalid,
            "{name:?} {value:?}"
        );
    }
    let large = head("GET", "a", &"x".repeat(70_000)).unwrap_err();
    assert_eq!(large.code, ErrorCode::RequestTooLarge);
}
