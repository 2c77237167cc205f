//! Addresses that are not public, against the registries of IANA written down once more: by their first and last
//! addresses as numbers, and not by prefixes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use aos_core::policy::special_range;

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>, whatever it says of their reach; then multicast (RFC
/// 5771) and the rest of the space, of which the limited broadcast is a part.
const V4: [(&str, &str); 21] = [
    ("0.0.0.0", "0.255.255.255"),
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.0.0.0", "192.0.0.255"),
    ("192.0.2.0", "192.0.2.255"),
    ("192.31.196.0", "192.31.196.255"),
    ("192.52.193.0", "192.52.193.255"),
    ("192.88.99.0", "192.88.99.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("192.175.48.0", "192.175.48.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"),
    ("224.0.0.0", "239.255.255.255"),
    ("240.0.0.0", "255.255.255.254"),
    ("255.255.255.255", "255.255.255.255"),
    // Parts of the ones above that have rows of their own.
    ("192.0.0.0", "192.0.0.7"),
    ("192.0.0.8", "192.0.0.171"),
];

/// <https://www.iana.org/assignments/iana-ipv6-special-registry>, then multicast and site-local addresses.
const V6: [(&str, &str); 17] = [
    ("::", "::"),
    ("::1", "::1"),
    ("::ffff:0:0", "::ffff:ffff:ffff"),
    ("64:ff9b::", "64:ff9b::ffff:ffff"),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
    ("100::", "100::ffff:ffff:ffff:ffff"),
    ("100:0:0:1::", "100::1:ffff:ffff:ffff:ffff"),
    ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
];

/// The whole of what was ever given to anyone (RFC 4291, section 2.4).
const GLOBAL: (&str, &str) = ("2000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");

/// SplitMix64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_be_bytes()[0])
    }
}

fn v4(text: &str) -> u32 {
    text.parse::<Ipv4Addr>().unwrap().to_bits()
}

fn v6(text: &str) -> u128 {
    text.parse::<Ipv6Addr>().unwrap().to_bits()
}

fn v4_is_special(bits: u32) -> bool {
    V4.iter().any(|(first, last)| (v4(first)..=v4(last)).contains(&bits))
}

struct V6Model {
    ranges: Vec<(u128, u128)>,
    global: (u128, u128),
}

impl V6Model {
    fn new() -> Self {
        let ranges = V6.iter().map(|(first, last)| (v6(first), v6(last))).collect();
        Self { ranges, global: (v6(GLOBAL.0), v6(GLOBAL.1)) }
    }

    fn is_special(&self, bits: u128) -> bool {
        let (first, last) = self.global;
        bits < first || last < bits || self.ranges.iter().any(|(first, last)| *first <= bits && bits <= *last)
    }
}

fn host_v4(bits: u32) -> bool {
    special_range(IpAddr::V4(Ipv4Addr::from_bits(bits))).is_some()
}

fn host_v6(bits: u128) -> bool {
    special_range(IpAddr::V6(Ipv6Addr::from_bits(bits))).is_some()
}

#[test]
fn each_range_of_ipv4_begins_and_ends_where_the_registry_says() {
    for (first, last) in V4 {
        let (first, last) = (v4(first), v4(last));
        for bits in [first.saturating_sub(1), first, last, last.saturating_add(1)] {
            assert_eq!(host_v4(bits), v4_is_special(bits), "{}", Ipv4Addr::from_bits(bits));
        }
        assert!(host_v4(first) && host_v4(last));
    }
}

#[test]
fn each_range_of_ipv6_begins_and_ends_where_the_registry_says() {
    let model = V6Model::new();
    for (first, last) in V6.into_iter().chain([GLOBAL]) {
        let (first, last) = (v6(first), v6(last));
        for bits in [first.saturating_sub(1), first, last, last.saturating_add(1)] {
            assert_eq!(host_v6(bits), model.is_special(bits), "{}", Ipv6Addr::from_bits(bits));
        }
    }
    for (first, last) in V6 {
        assert!(host_v6(v6(first)) && host_v6(v6(last)), "{first}");
    }
}

/// The ways in which an IPv6 address carries one of IPv4, as bytes (RFC 4291, 6052, 7915, 3056, 4380).
fn carrying(inner: Ipv4Addr, way: u64, random: &mut Random) -> Ipv6Addr {
    let [a, b, c, d] = inner.octets();
    let octets = match way {
        // Mapped.
        0 => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d],
        // Compatible.
        1 => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d],
        // Translated (SIIT).
        2 => [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, a, b, c, d],
        // NAT64.
        3 => [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d],
        // 6to4.
        4 => {
            let [e, f, g, h, i, j, k, l, m, n] = random.bytes();
            [0x20, 0x02, a, b, c, d, e, f, g, h, i, j, k, l, m, n]
        }
        // Teredo.
        _ => {
            let [e, f, g, h, i, j, k, l] = random.bytes();
            [0x20, 0x01, 0, 0, e, f, g, h, i, j, k, l, !a, !b, !c, !d]
        }
    };
    Ipv6Addr::from(octets)
}

/// Random addresses: half of them carry one of IPv4, and a quarter lie where a name of the public internet may.
fn random_v6(rounds: u64) {
    let (model, mut random) = (V6Model::new(), Random(17));
    let (mut special, mut public) = (0_u64, 0_u64);
    for round in 0..rounds {
        let bits = u128::from(random.next()) << 64 | u128::from(random.next());
        let bits = match round % 4 {
            0 | 1 => {
                let inner = Ipv4Addr::from_bits((bits & u128::from(u32::MAX)) as u32);
                let way = random.next() % 6;
                carrying(inner, way, &mut random).to_bits()
            }
            2 => v6(GLOBAL.0) | bits >> 3,
            _ => bits,
        };
        let expected = model.is_special(bits);
        assert_eq!(host_v6(bits), expected, "{}", Ipv6Addr::from_bits(bits));
        *(if expected { &mut special } else { &mut public }) += 1;
    }
    assert!(special > rounds / 2 && public > rounds / 8, "{special} and {public}");
}

#[test]
fn an_address_that_carries_another_is_never_public() {
    random_v6(100_000);
}

#[test]
#[ignore = "takes minutes; `just addresses` runs it"]
fn every_address_of_ipv4_and_ten_million_of_ipv6_are_as_the_registries_say() {
    let halves = [0..=u32::MAX / 2, u32::MAX / 2 + 1..=u32::MAX];
    let sweep = |half: std::ops::RangeInclusive<u32>| {
        let ranges: Vec<_> = V4.iter().map(|(first, last)| v4(first)..=v4(last)).collect();
        half.filter(|bits| {
            let expected = ranges.iter().any(|range| range.contains(bits));
            assert_eq!(host_v4(*bits), expected, "{}", Ipv4Addr::from_bits(*bits));
            expected
        })
        .count()
    };
    let threads = halves.map(|half| std::thread::spawn(move || sweep(half)));
    let special: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    // 2^24 each of 0/8, 10/8 and 127/8; 2^22 of carriers; 2^16 of link-local and 192.168/16; 2^20 of 172.16/12; eight of
    // 2^8; 2^17 of benchmarking; 2^29 from 224.0.0.0 on.
    let expected =
        3 * (1 << 24) + (1 << 22) + 2 * (1 << 16) + (1 << 20) + 8 * (1 << 8) + (1 << 17) + (1 << 29);
    assert_eq!(special, expected);
    random_v6(10_000_000);
}
