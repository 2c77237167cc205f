//! What guests ask for over HTTP, and what upstreams answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use aos_core::failure::{UpstreamAnswer, classify_status, retry_after};
use aos_core::policy::{Grants, HostPattern, Policy, check_head, parse_url, special_range};
use aos_core::units::Timestamp;

/// A URL, a host pattern, a method, and fields, a line each; and the bytes of an address.
pub(super) fn urls(data: &[u8]) {
    addresses(data);
    let Some(text) = super::text(data) else { return };
    let mut lines = text.split('\n');
    let (url, pattern) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    if let Err(failure) = &parse_url(url) {
        super::assert_sound(failure);
    }
    if let Ok(url) = parse_url(url) {
        assert_eq!(parse_url(url.as_str()).as_ref(), Ok(&url), "what is sent is read as something else");
        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
        assert_granted_by_its_grant(&url);
    }
    if let Ok(pattern) = pattern.parse::<HostPattern>() {
        assert_eq!(pattern.to_string().parse::<HostPattern>(), Ok(pattern));
    }
    let method = lines.next().unwrap_or("GET");
    let fields: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    match check_head(method, &fields) {
        Ok(()) => assert!(fields.iter().all(|(_, value)| !value.contains(['\r', '\n', '\0']))),
        Err(failure) => super::assert_sound(&failure),
    }
}

/// The line that a denial names to be pasted grants what was denied.
fn assert_granted_by_its_grant(url: &url::Url) {
    let denied = Policy::default().check_destination(url).expect_err("nothing is granted");
    super::assert_sound(&denied);
    let grant = HostPattern::granting(url);
    let pattern = grant.parse().unwrap_or_else(|error| panic!("{error}, of {url}"));
    let policy = Policy::new(Grants { hosts: vec![pattern], ..Grants::default() });
    assert_eq!(policy.check_destination(url), Ok(()), "{grant} does not grant {url}");
}

fn addresses(data: &[u8]) {
    if let Some(bytes) = data.first_chunk::<4>() {
        let address = Ipv4Addr::from(*bytes);
        let special = address.is_loopback()
            || address.is_private()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast()
            || address.is_documentation()
            || address.is_unspecified();
        assert!(!special || special_range(IpAddr::V4(address)).is_some(), "{address}");
        assert!(special_range(IpAddr::V6(address.to_ipv6_mapped())).is_some(), "{address}");
    }
    if let Some(bytes) = data.first_chunk::<16>() {
        let address = Ipv6Addr::from(*bytes);
        let global = address.segments()[0] & 0xe000 == 0x2000;
        assert!(global || special_range(IpAddr::V6(address)).is_some(), "{address}");
    }
}

/// A status in two bytes, a time in four, and the fields of the answer, a line each.
pub(super) fn answers(data: &[u8]) {
    let Some((status, rest)) = data.split_first_chunk::<2>() else { return };
    let Some((at, rest)) = rest.split_first_chunk::<4>() else { return };
    let Some(text) = super::text(rest) else { return };
    let headers: Vec<(String, String)> = text
        .split('\n')
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.into()))
        .collect();
    let at = Timestamp::from_unix(Duration::from_secs(u32::from_be_bytes(*at).into()));
    let status = u16::from_be_bytes(*status);
    let pause = retry_after(&headers, at);
    assert!(pause.is_none_or(|pause| pause <= Duration::from_secs(86_400)), "{pause:?}");
    let failure = classify_status(UpstreamAnswer { status, headers: &headers, at });
    assert_eq!(failure.is_none(), (200..300).contains(&status), "{status}");
    if let Some(failure) = failure {
        super::assert_sound(&failure);
        assert_eq!(failure.status, Some(status));
        assert_eq!(failure.retry_after_ms.map(Duration::from_millis), pause);
    }
}
