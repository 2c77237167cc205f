//! Which addresses are not part of the public internet (the IANA special-purpose registries, RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses that no name of the public internet should resolve to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    /// In CIDR notation.
    pub cidr: &'static str,
    /// What the registry says it is for.
    pub purpose: &'static str,
}

/// The special-purpose range that an address lies in, or `None` for a public one. An IPv6 address that carries an
/// IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is judged by both.
#[must_use]
pub fn special_range(address: IpAddr) -> Option<AddressRange> {
    match address {
        IpAddr::V4(address) => find(&V4, u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => {
            let inner = embedded(address);
            find(&V6, address.to_bits(), 128).or_else(|| find(&V4, u128::from(inner?.to_bits()), 32))
        }
    }
}

type Row = (u128, u32, &'static str, &'static str);

fn find(table: &[Row], bits: u128, width: u32) -> Option<AddressRange> {
    let inside = |(start, prefix, ..): &&Row| (bits ^ start).checked_shr(width - prefix).unwrap_or(0) == 0;
    table.iter().find(inside).map(|(_, _, cidr, purpose)| AddressRange { cidr, purpose })
}

/// The IPv4 address inside of an IPv6 one, where a gateway would take it out again.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0 | 0xffff) => Some(v4(g, h)),
        (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(v4(g, h)),
        (0x2002, ..) => Some(v4(b, c)),
        (0x2001, 0, ..) => Some(v4(!g, !h)),
        _ => None,
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> u128 {
    Ipv4Addr::new(a, b, c, d).to_bits() as u128
}

const fn v6(a: u16, b: u16, c: u16) -> u128 {
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_bits()
}

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>, and multicast.
const V4: [Row; 18] = [
    (v4(0, 0, 0, 0), 8, "0.0.0.0/8", "this network"),
    (v4(10, 0, 0, 0), 8, "10.0.0.0/8", "private"),
    (v4(100, 64, 0, 0), 10, "100.64.0.0/10", "shared with carriers"),
    (v4(127, 0, 0, 0), 8, "127.0.0.0/8", "loopback"),
    (v4(169, 254, 0, 0), 16, "169.254.0.0/16", "link-local"),
    (v4(172, 16, 0, 0), 12, "172.16.0.0/12", "private"),
    (v4(192, 0, 0, 0), 24, "192.0.0.0/24", "protocol assignments"),
    (v4(192, 0, 2, 0), 24, "192.0.2.0/24", "documentation"),
    (v4(192, 31, 196, 0), 24, "192.31.196.0/24", "AS112"),
    (v4(192, 52, 193, 0), 24, "192.52.193.0/24", "AMT"),
    (v4(192, 88, 99, 0), 24, "192.88.99.0/24", "6to4 relays"),
    (v4(192, 168, 0, 0), 16, "192.168.0.0/16", "private"),
    (v4(192, 175, 48, 0), 24, "192.175.48.0/24", "AS112"),
    (v4(198, 18, 0, 0), 15, "198.18.0.0/15", "benchmarking"),
    (v4(198, 51, 100, 0), 24, "198.51.100.0/24", "documentation"),
    (v4(203, 0, 113, 0), 24, "203.0.113.0/24", "documentation"),
    (v4(224, 0, 0, 0), 4, "224.0.0.0/4", "multicast"),
    (v4(240, 0, 0, 0), 4, "240.0.0.0/4", "reserved"),
];

/// <https://www.iana.org/assignments/iana-ipv6-special-registry>, and multicast. What lies outside of 2000::/3 is not
/// assigned to anyone, so the first and last rows close it.
const V6: [Row; 12] = [
    (v6(0, 0, 0), 3, "::/3", "loopback, mapped, NAT64 and unassigned"),
    (v6(0x2001, 0, 0), 23, "2001::/23", "protocol assignments, Teredo"),
    (v6(0x2001, 0xdb8, 0), 32, "2001:db8::/32", "documentation"),
    (v6(0x2002, 0, 0), 16, "2002::/16", "6to4"),
    (v6(0x2620, 0x4f, 0x8000), 48, "2620:4f:8000::/48", "AS112"),
    (v6(0x3fff, 0, 0), 20, "3fff::/20", "documentation"),
    (v6(0x4000, 0, 0), 2, "4000::/2", "unassigned"),
    (v6(0x8000, 0, 0), 2, "8000::/2", "unassigned"),
    (v6(0xc000, 0, 0), 3, "c000::/3", "unassigned"),
    (v6(0xfc00, 0, 0), 7, "fc00::/7", "unique local"),
    (v6(0xfe80, 0, 0), 10, "fe80::/10", "link-local"),
    (v6(0xe000, 0, 0), 3, "e000::/3", "multicast, site-local and unassigned"),
];
