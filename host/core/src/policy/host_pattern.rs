//! One grant of a host: `api.example.com`, `*.example.com`, `http://127.0.0.1:8080`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

/// Which hosts are meant. Scheme and port count: a pattern without a scheme means `https`, and without a port the
/// scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    text: String,
    scheme: &'static str,
    subdomains: bool,
    host: Host,
    port: u16,
}

/// A text that is no host pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no host pattern: {reason}")]
pub struct HostPatternInvalid {
    /// The text, at most 120 characters of it.
    pub text: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl HostPattern {
    /// Whether a URL is meant by this pattern.
    #[must_use]
    pub fn matches(&self, url: &Url) -> bool {
        let same_port = url.port_or_known_default() == Some(self.port);
        let same_host = match (url.host(), &self.host) {
            (Some(Host::Domain(host)), Host::Domain(wanted)) if self.subdomains => host
                .strip_suffix(wanted.as_str())
                .is_some_and(|front| front.len() > 1 && front.ends_with('.')),
            (Some(Host::Domain(host)), Host::Domain(wanted)) => host == wanted,
            (Some(Host::Ipv4(host)), Host::Ipv4(wanted)) => host == *wanted,
            (Some(Host::Ipv6(host)), Host::Ipv6(wanted)) => host == *wanted,
            _ => false,
        };
        url.scheme() == self.scheme && same_port && same_host
    }

    /// Whether the pattern names this very address and port, or names `localhost` and the address is loopback
    /// (RFC 6761, section 6.3).
    #[must_use]
    pub fn names_address(&self, address: IpAddr, port: u16) -> bool {
        let named = match &self.host {
            Host::Ipv4(host) => address == IpAddr::V4(*host),
            Host::Ipv6(host) => address == IpAddr::V6(*host),
            Host::Domain(host) => host == "localhost" && address.is_loopback(),
        };
        named && port == self.port
    }

    /// The pattern that would grant a URL.
    #[must_use]
    pub fn granting(url: &Url) -> String {
        let host = url.host_str().unwrap_or_default();
        match (url.scheme(), url.port()) {
            ("https", None) => host.to_owned(),
            (scheme, None) => format!("{scheme}://{host}"),
            (scheme, Some(port)) => format!("{scheme}://{host}:{port}"),
        }
    }
}

impl FromStr for HostPattern {
    type Err = HostPatternInvalid;

    fn from_str(text: &str) -> Result<Self, HostPatternInvalid> {
        let invalid = |reason| HostPatternInvalid { text: text.chars().take(120).collect(), reason };
        let (scheme, rest) = match text.split_once("://") {
            Some(("http", rest)) => ("http", rest),
            Some(("https", rest)) => ("https", rest),
            Some(_) => return Err(invalid("the scheme is http or https")),
            None => ("https", text),
        };
        let (subdomains, rest) = rest.strip_prefix("*.").map_or((false, rest), |rest| (true, rest));
        if rest.is_empty() || rest.contains(['/', '?', '#', '@', '\\', '*']) {
            return Err(invalid("a pattern is [http://|https://][*.]HOST[:PORT], without path or user"));
        }
        let url = Url::parse(&format!("{scheme}://{rest}/"))
            .map_err(|_| invalid("the host is no host of a URL"))?;
        let host = url.host().ok_or_else(|| invalid("the host is missing"))?.to_owned();
        if subdomains && !matches!(&host, Host::Domain(domain) if domain.contains('.')) {
            return Err(invalid("*. stands before a domain of at least two parts"));
        }
        let port = url.port_or_known_default().ok_or_else(|| invalid("the port is missing"))?;
        Ok(Self { text: text.to_owned(), scheme, subdomains, host, port })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for HostPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
