//! Ways to write a URL, and where each of them leads: to no URL at all, to a refusal, or to the one host that is granted,
//! written as it would be sent.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use aos_core::failure::ErrorCode;
use aos_core::policy::{Grants, HostPattern, Policy, parse_url};

/// Where a spelling leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// `URL_INVALID`.
    Invalid,
    /// `DESTINATION_DENIED`; the host is this one.
    Denied(Cow<'static, str>),
    /// Granted; scheme, host and port that would be sent.
    Granted(Cow<'static, str>),
}

/// A public name on both schemes, what lies below another, and one address of this machine on one port.
const GRANTS: [&str; 5] = [
    "api.example.com",
    "http://api.example.com",
    "*.below.example",
    "http://127.0.0.1:8080",
    "http://[::1]:8080",
];

fn end(spelling: &str) -> End {
    let hosts: Vec<HostPattern> = GRANTS.iter().map(|grant| grant.parse().unwrap()).collect();
    let policy = Policy::new(Grants { hosts, ..Grants::default() });
    let url = match parse_url(spelling) {
        Ok(url) => url,
        Err(failure) => {
            assert_eq!(failure.code, ErrorCode::UrlInvalid, "{spelling:?}");
            return End::Invalid;
        }
    };
    let host = url.host_str().unwrap().to_owned();
    match policy.check_destination(&url) {
        Ok(()) => {
            let port = url.port_or_known_default().unwrap();
            End::Granted(format!("{}://{host}:{port}", url.scheme()).into())
        }
        Err(failure) => {
            assert_eq!(failure.code, ErrorCode::DestinationDenied, "{spelling:?}");
            End::Denied(host.into())
        }
    }
}

/// A number in one of the ways that the WHATWG URL standard reads within IPv4 addresses.
fn number(value: u32, way: usize) -> String {
    match way {
        0 => value.to_string(),
        1 => format!("0{value:o}"),
        2 => format!("0x{value:x}"),
        _ => format!("0X{value:08X}"),
    }
}

/// Every way to write an IPv4 address in one to four parts, each part in each of these ways of writing a number.
fn spellings(address: Ipv4Addr, ways: &[usize]) -> Vec<String> {
    let [a, b, c, d] = address.octets().map(u32::from);
    let parts: [Vec<u32>; 4] =
        [vec![address.to_bits()], vec![a, b << 16 | c << 8 | d], vec![a, b, c << 8 | d], vec![a, b, c, d]];
    let spell = |parts: &Vec<u32>| {
        parts.iter().fold(vec![String::new()], |begun, part| {
            let next = |front: &String| {
                let dot = if front.is_empty() { "" } else { "." };
                ways.iter().map(|way| format!("{front}{dot}{}", number(*part, *way))).collect::<Vec<_>>()
            };
            begun.iter().flat_map(next).collect()
        })
    };
    parts.iter().flat_map(spell).collect()
}

#[test]
fn every_way_to_write_an_address_is_that_address() {
    let mut seen = 0;
    for address in [[169, 254, 169, 254], [10, 1, 2, 3], [127, 0, 0, 1], [192, 168, 0, 1], [8, 8, 8, 8]] {
        let address = Ipv4Addr::from(address);
        for spelling in spellings(address, &[0, 1, 2, 3]) {
            for host in [spelling.clone(), format!("{spelling}.")] {
                let denied = End::Denied(address.to_string().into());
                assert_eq!(end(&format!("http://{host}/")), denied, "{host}");
                assert_eq!(end(&format!("https://{host}:8080/")), denied, "{host}");
                seen += 2;
            }
        }
    }
    assert!(seen > 6_000, "{seen}");
    for spelling in spellings(Ipv4Addr::LOCALHOST, &[0, 1, 2, 3]) {
        let granted = granted("http://127.0.0.1:8080");
        assert_eq!(end(&format!("http://{spelling}:8080/")), granted, "{spelling}");
    }
}

/// Characters that look like others: the standard reads full-width and circled digits, and other dots, as the plain ones.
#[test]
fn digits_and_dots_of_other_scripts_are_read_as_the_plain_ones() {
    let wide = |text: &str, zero: u32| -> String {
        text.chars()
            .map(|c| c.to_digit(10).map_or(c, |digit| char::from_u32(zero + digit).unwrap()))
            .collect()
    };
    let mut seen = 0;
    for address in ["127.0.0.1", "169.254.169.254", "10.0.0.1", "2130706433"] {
        let canonical = end(&format!("http://{address}/"));
        // Full-width, mathematical bold, double-struck, sans-serif, monospace.
        for zero in [0xff10, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7f6] {
            for dot in ["\u{3002}", "\u{ff0e}", "\u{ff61}", "."] {
                let spelling = wide(address, zero).replace('.', dot);
                assert_eq!(end(&format!("http://{spelling}/")), canonical, "{spelling}");
                let escaped: String = spelling.bytes().map(|byte| format!("%{byte:02x}")).collect();
                assert_eq!(end(&format!("http://{escaped}/")), canonical, "{escaped}");
                seen += 2;
            }
        }
    }
    assert_eq!(seen, 160);
}

const fn denied(host: &'static str) -> End {
    End::Denied(Cow::Borrowed(host))
}

const fn granted(origin: &'static str) -> End {
    End::Granted(Cow::Borrowed(origin))
}

const API: End = granted("https://api.example.com:443");

const TABLE: &[(&str, End)] = &[
    // Numbers that are no address.
    ("http://256.0.0.1/", End::Invalid),
    ("http://1.2.3.4.5/", End::Invalid),
    ("http://1.2.3.256/", End::Invalid),
    ("http://4294967296/", End::Invalid),
    ("http://0x100000000/", End::Invalid),
    ("http://127.0.0.0x/", denied("127.0.0.0")),
    ("http://127.0.0.08/", End::Invalid),
    ("http://127.0.0.1e1/", denied("127.0.0.1e1")),
    ("http://127..1/", End::Invalid),
    ("http://127.0.0.1../", denied("127.0.0.1..")),
    ("http://0/", denied("0.0.0.0")),
    ("http://0x/", denied("0.0.0.0")),
    ("http://00/", denied("0.0.0.0")),
    ("http://0.0/", denied("0.0.0.0")),
    ("http://1/", denied("0.0.0.1")),
    ("http://0x7f.1/", denied("127.0.0.1")),
    ("http://0177.1/", denied("127.0.0.1")),
    ("http://127.1/", denied("127.0.0.1")),
    ("http://-1/", denied("-1")),
    ("http://+1/", denied("+1")),
    ("http://127.0.0.-1/", denied("127.0.0.-1")),
    // IPv6.
    ("http://[::1]/", denied("[::1]")),
    ("http://[::1]:8080/", granted("http://[::1]:8080")),
    ("http://[0:0:0:0:0:0:0:1]:8080/", granted("http://[::1]:8080")),
    ("http://[::0001]:8080/", granted("http://[::1]:8080")),
    ("http://[::0.0.0.1]:8080/", granted("http://[::1]:8080")),
    ("http://[::ffff:127.0.0.1]:8080/", denied("[::ffff:7f00:1]")),
    ("http://[::ffff:7f00:1]:8080/", denied("[::ffff:7f00:1]")),
    ("http://[::127.0.0.1]:8080/", denied("[::7f00:1]")),
    ("http://[64:ff9b::127.0.0.1]/", denied("[64:ff9b::7f00:1]")),
    ("http://[2002:7f00:1::]/", denied("[2002:7f00:1::]")),
    ("http://[::ffff:0:127.0.0.1]/", denied("[::ffff:0:7f00:1]")),
    ("http://[fe80::1]/", denied("[fe80::1]")),
    ("http://[FE80::A]/", denied("[fe80::a]")),
    ("http://[fe80::1%eth0]/", End::Invalid),
    ("http://[fe80::1%25eth0]/", End::Invalid),
    ("http://[::1%00]/", End::Invalid),
    ("http://[::1/", End::Invalid),
    ("http://::1/", End::Invalid),
    ("http://[]/", End::Invalid),
    ("http://[:]/", End::Invalid),
    ("http://[::1::]/", End::Invalid),
    ("http://[12345::]/", End::Invalid),
    ("http://[1:2:3:4:5:6:7]/", End::Invalid),
    ("http://[1:2:3:4:5:6:7:8:9]/", End::Invalid),
    ("http://[::127.0.0]/", End::Invalid),
    ("http://[::127.0.0.1.1]/", End::Invalid),
    ("http://[::256.0.0.1]/", End::Invalid),
    ("http://[v1.x]/", End::Invalid),
    ("http://[::1].example/", End::Invalid),
    ("http://[::1]x/", End::Invalid),
    ("http://[127.0.0.1]/", End::Invalid),
    // Names: case, dots, what only looks alike.
    ("https://api.example.com/", API),
    ("https://API.Example.COM/", API),
    ("https://api.example.com", API),
    ("https://api.example.com?x", API),
    ("https://api.example.com#@evil.example/", API),
    ("https://api.example.com./", denied("api.example.com.")),
    ("https://api.example.com../", denied("api.example.com..")),
    ("https://.api.example.com/", denied(".api.example.com")),
    ("https://api..example.com/", denied("api..example.com")),
    ("https://api.example.com.evil.example/", denied("api.example.com.evil.example")),
    ("https://evil-api.example.com/", denied("evil-api.example.com")),
    ("https://xapi.example.com/", denied("xapi.example.com")),
    ("https://example.com/", denied("example.com")),
    ("https://\u{430}pi.example.com/", denied("xn--pi-6kc.example.com")),
    ("https://api.ex\u{430}mple.com/", denied("api.xn--exmple-4nf.com")),
    ("https://xn--pi-6kc.example.com/", denied("xn--pi-6kc.example.com")),
    ("https://\u{ff41}\u{ff50}\u{ff49}.example.com/", API),
    ("https://api\u{3002}example\u{ff0e}com/", API),
    ("https://a\u{ad}pi.example.com/", API),
    ("https://a\u{200b}pi.example.com/", API),
    ("https://\u{24b6}pi.example.com/", API),
    ("https://api.example\u{2024}com/", End::Invalid),
    ("https://api.example.com\u{2044}evil.example/", denied("api.example.xn--comevil-3d7c.example")),
    ("https://api.example.com\u{ff0f}evil.example/", End::Invalid),
    ("https://api.example.com\u{ff03}evil.example/", End::Invalid),
    ("https://api.example.com\u{ff20}evil.example/", End::Invalid),
    ("https://api.example.com\u{ff1a}80/", End::Invalid),
    ("https://xn--/", End::Invalid),
    ("https://xn--a/", End::Invalid),
    ("https://xn--\u{fc}/", End::Invalid),
    ("https://a.below.example/", granted("https://a.below.example:443")),
    ("https://a.b.below.example/", granted("https://a.b.below.example:443")),
    ("https://below.example/", denied("below.example")),
    ("https://.below.example/", denied(".below.example")),
    ("https://..below.example/", granted("https://..below.example:443")),
    ("https://notbelow.example/", denied("notbelow.example")),
    ("https://a.below.example./", denied("a.below.example.")),
    ("https://a.below.example.evil.example/", denied("a.below.example.evil.example")),
    ("https://127.0.0.1.below.example/", granted("https://127.0.0.1.below.example:443")),
    ("http://localhost:8080/", denied("localhost")),
    ("http://LOCALHOST:8080/", denied("localhost")),
    ("http://localhost.:8080/", denied("localhost.")),
    ("http://127.0.0.1.nip.example:8080/", denied("127.0.0.1.nip.example")),
    // Escapes in a host.
    ("https://api%2eexample%2ecom/", API),
    ("https://%61pi.example.com/", API),
    ("https://api.example.com%2f@evil.example/", End::Invalid),
    ("https://api.example.com%2fevil.example/", End::Invalid),
    ("https://api.example.com%00/", End::Invalid),
    ("https://api.example.com%20/", End::Invalid),
    ("https://api.example.com%09/", End::Invalid),
    ("https://api.example.com%23/", End::Invalid),
    ("https://api.example.com%3a80/", End::Invalid),
    ("https://api.example.com%40evil.example/", End::Invalid),
    ("https://api.example.com%5cevil.example/", End::Invalid),
    ("https://api.example.com%/", End::Invalid),
    ("https://api.example.com%zz/", End::Invalid),
    ("http://%31%32%37.0.0.1:8080/", granted("http://127.0.0.1:8080")),
    ("http://127%2e0%2e0%2e1:8080/", granted("http://127.0.0.1:8080")),
    ("http://%5b::1%5d:8080/", End::Invalid),
    // Users, backslashes, white space and control characters.
    ("https://user@api.example.com/", End::Invalid),
    ("https://user:secret@api.example.com/", End::Invalid),
    ("https://:secret@api.example.com/", End::Invalid),
    ("https://api.example.com@evil.example/", End::Invalid),
    ("https://api.example.com:443@evil.example/", End::Invalid),
    ("https://api.example.com%40@evil.example/", End::Invalid),
    ("https://a@b@api.example.com/", End::Invalid),
    ("https://@api.example.com/", API),
    ("https://:@api.example.com/", API),
    ("https://api.example.com\\@evil.example/", API),
    ("https://evil.example\\@api.example.com/", denied("evil.example")),
    ("https:\\\\api.example.com\\x", API),
    ("https:/\\api.example.com/", API),
    ("https:api.example.com/", API),
    ("https:/api.example.com/", API),
    ("https:///api.example.com/", API),
    ("https://///api.example.com/", API),
    ("  https://api.example.com/  ", API),
    ("\u{0}https://api.example.com/\u{1f}", API),
    ("ht\ttps://api.ex\nample.c\rom/", API),
    ("https://api.example.com\t:443/", API),
    ("https://api.example.com /", End::Invalid),
    ("https://api example.com/", End::Invalid),
    ("https://api.example.com\u{0}/", End::Invalid),
    ("https://api.example.com\u{7f}/", End::Invalid),
    ("https://api.example.com\u{a0}/", End::Invalid),
    ("https://api.example.com\u{2028}/", End::Invalid),
    ("https://api<.example.com/", End::Invalid),
    ("https://api^.example.com/", End::Invalid),
    ("https://api|.example.com/", End::Invalid),
    ("https://*.example.com/", End::Invalid),
    ("https://api_.example.com/", denied("api_.example.com")),
    // Ports.
    ("https://api.example.com:/", API),
    ("https://api.example.com:443/", API),
    ("https://api.example.com:0443/", API),
    ("https://api.example.com:00000443/", API),
    ("https://api.example.com:0/", denied("api.example.com")),
    ("https://api.example.com:80/", denied("api.example.com")),
    ("https://api.example.com:8443/", denied("api.example.com")),
    ("https://api.example.com:65535/", denied("api.example.com")),
    ("https://api.example.com:65536/", End::Invalid),
    ("https://api.example.com:65979/", End::Invalid),
    ("https://api.example.com:-443/", End::Invalid),
    ("https://api.example.com:+443/", End::Invalid),
    ("https://api.example.com:4 43/", End::Invalid),
    ("https://api.example.com:443x/", End::Invalid),
    ("https://api.example.com:0x1bb/", End::Invalid),
    ("https://api.example.com:\u{ff14}\u{ff14}\u{ff13}/", End::Invalid),
    ("https://api.example.com:443:443/", End::Invalid),
    ("https://api.example.com:99999999999999999999/", End::Invalid),
    ("https://:443/", End::Invalid),
    ("http://api.example.com/", granted("http://api.example.com:80")),
    ("http://api.example.com:80/", granted("http://api.example.com:80")),
    ("http://api.example.com:443/", denied("api.example.com")),
    ("http://127.0.0.1/", denied("127.0.0.1")),
    ("http://127.0.0.1:8080/", granted("http://127.0.0.1:8080")),
    ("http://127.0.0.2:8080/", denied("127.0.0.2")),
    ("https://127.0.0.1:8080/", denied("127.0.0.1")),
    // Schemes.
    ("HTTPS://api.example.com/", API),
    ("hTTp://127.0.0.1:8080/", granted("http://127.0.0.1:8080")),
    ("ftp://api.example.com/", End::Invalid),
    ("ws://api.example.com/", End::Invalid),
    ("wss://api.example.com/", End::Invalid),
    ("file:///etc/passwd", End::Invalid),
    ("file://api.example.com/", End::Invalid),
    ("data:text/plain,x", End::Invalid),
    ("javascript:alert(1)", End::Invalid),
    ("about:blank", End::Invalid),
    ("blob:https://api.example.com/x", End::Invalid),
    ("gopher://api.example.com/", End::Invalid),
    ("unix:/run/docker.sock", End::Invalid),
    ("http+unix://%2frun%2fdocker.sock/", End::Invalid),
    ("view-source:https://api.example.com/", End::Invalid),
    ("httpss://api.example.com/", End::Invalid),
    ("http s://api.example.com/", End::Invalid),
    ("://api.example.com/", End::Invalid),
    ("//api.example.com/", End::Invalid),
    ("/api.example.com/", End::Invalid),
    ("api.example.com", End::Invalid),
    ("api.example.com:443", End::Invalid),
    ("?https://api.example.com/", End::Invalid),
    ("#", End::Invalid),
    ("", End::Invalid),
    (" ", End::Invalid),
    ("https:", End::Invalid),
    ("https://", End::Invalid),
    ("https:///", End::Invalid),
    ("https://?x", End::Invalid),
    ("https://#x", End::Invalid),
];

#[test]
fn everything_else_leads_where_the_table_says() {
    let found = TABLE.iter().map(|(spelling, expected)| (spelling, end(spelling), expected));
    let wrong: Vec<_> = found.filter(|(_, found, expected)| found != *expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(TABLE.len() > 190, "{}", TABLE.len());
}

/// What was parsed is what is sent: written out and read again, it is the same.
#[test]
fn what_is_sent_is_read_as_what_was_parsed() {
    for spelling in spellings(Ipv4Addr::LOCALHOST, &[0, 1, 2, 3]) {
        let url = parse_url(&format!("http://{spelling}:8080/a?b")).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:8080/a?b");
        assert_eq!(parse_url(url.as_str()).unwrap(), url);
    }
}
