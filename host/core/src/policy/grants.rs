//! What a workflow grants, and the questions that the gate asks of it.

use std::net::IpAddr;

use serde::Serialize;
use url::Url;

use super::{HostPattern, special_range};
use crate::failure::{ErrorCode, Failure};

/// What a workflow allows its skills.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Grants {
    /// Hosts that may be called.
    pub hosts: Vec<HostPattern>,
    /// Models that may be asked: names, or beginnings of names that end in `*`.
    pub models: Vec<String>,
    /// Names of secrets. None can be granted as long as the host has no store of them.
    pub secrets: Vec<String>,
}

/// The rules of one run, or of one skill in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    grants: Grants,
    /// What the skill itself says it wants; empty: whatever is granted.
    wishes: Grants,
}

impl Policy {
    /// The rules that follow from a workflow's grants.
    #[must_use]
    pub fn new(grants: Grants) -> Self {
        Self { grants, wishes: Grants::default() }
    }

    /// The same rules for a skill that says what it wants: it gets nothing beyond that, even where more is granted.
    #[must_use]
    pub fn within(&self, hosts: Vec<HostPattern>, models: Vec<String>) -> Self {
        Self { grants: self.grants.clone(), wishes: Grants { hosts, models, secrets: Vec::new() } }
    }

    /// Whether a URL may be called at all.
    ///
    /// # Errors
    ///
    /// `DESTINATION_DENIED` with the grant to paste.
    pub fn check_destination(&self, url: &Url) -> Result<(), Failure> {
        let wishes = &self.wishes.hosts;
        if !wishes.is_empty() && !wishes.iter().any(|pattern| pattern.matches(url)) {
            let message =
                format!("{} is not among the hosts that the skill says it wants", HostPattern::granting(url));
            return Err(Failure::new(ErrorCode::DestinationDenied, message));
        }
        if self.grants.hosts.iter().any(|pattern| pattern.matches(url)) {
            return Ok(());
        }
        let grant = HostPattern::granting(url);
        let message = format!("{grant} is not granted; to allow it, add under grants: hosts: [\"{grant}\"]");
        Err(Failure::new(ErrorCode::DestinationDenied, message))
    }

    /// Whether an address, resolved or literal, may be connected to.
    ///
    /// # Errors
    ///
    /// `DESTINATION_DENIED` for an address that is not public and that no grant names.
    pub fn check_address(&self, host: &str, address: IpAddr, port: u16) -> Result<(), Failure> {
        let Some(range) = special_range(address) else {
            return Ok(());
        };
        if self.grants.hosts.iter().any(|pattern| pattern.names_address(address, port)) {
            return Ok(());
        }
        let literal = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        let message = format!(
            "{host} is at {address}, which is not public ({}, {}); to allow it, grant the address itself: \
             hosts: [\"http://{literal}:{port}\"]",
            range.cidr, range.purpose
        );
        Err(Failure::new(ErrorCode::DestinationDenied, message))
    }

    /// Whether a model may be asked.
    ///
    /// # Errors
    ///
    /// `CAPABILITY_DENIED` with the grant to paste.
    pub fn check_model(&self, model: &str) -> Result<(), Failure> {
        let named = |pattern: &String| match pattern.strip_suffix('*') {
            Some(front) => model.starts_with(front),
            None => pattern == model,
        };
        if !self.wishes.models.is_empty() && !self.wishes.models.iter().any(named) {
            let message = format!("the model {model:?} is not among those that the skill says it wants");
            return Err(Failure::new(ErrorCode::CapabilityDenied, message));
        }
        if self.grants.models.iter().any(named) {
            return Ok(());
        }
        let message =
            format!("the model {model:?} is not granted; to allow it, add under grants: models: [{model:?}]");
        Err(Failure::new(ErrorCode::CapabilityDenied, message))
    }
}
