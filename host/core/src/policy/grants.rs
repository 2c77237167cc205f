//! What a workflow grants, and the questions that the gate asks of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{HostPattern, special_range};
use crate::failure::{ErrorCode, Failure};

/// Variables of one environment: their names, and what each is.
pub type Environment = BTreeMap<String, String>;

/// What a workflow allows its skills.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Grants {
    /// Hosts that may be called.
    pub hosts: Vec<HostPattern>,
    /// Models that may be asked: names, or beginnings of names that end in `*`.
    pub models: Vec<String>,
    /// Names of secrets. None can be granted as long as the host has no store of them.
    pub secrets: Vec<String>,
    /// The environment that they see.
    pub environment: Environment,
}

/// What someone beside the workflow allows one skill: it gets what both allow. Who says nothing of a kind leaves it to the
/// workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Narrowing {
    /// Hosts that may be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<HostPattern>>,
    /// Models that may be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// Variables that it may see, with what each is where the workflow does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
}

impl Narrowing {
    /// The environment that a skill sees: the variables that the workflow grants and those that are named here, of the names
    /// that stand here, where any do. What the workflow says of a variable stands.
    #[must_use]
    pub fn environment(&self, granted: &Environment) -> Environment {
        let Some(own) = &self.environment else { return granted.clone() };
        let value =
            |(name, usual): (&String, &String)| (name.clone(), granted.get(name).unwrap_or(usual).clone());
        own.iter().map(value).collect()
    }
}

/// Who narrows what a workflow grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NarrowedBy {
    /// The skill, by what it says it wants.
    Skill,
    /// Whoever put it there, by the file beside it.
    Sidecar,
}

impl NarrowedBy {
    const fn says(self) -> &'static str {
        match self {
            Self::Skill => "that the skill says it wants",
            Self::Sidecar => "that the skill's own file (.skill.toml) grants",
        }
    }
}

/// The rules of one run, or of one skill in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    grants: Grants,
    narrowed: Vec<(NarrowedBy, Narrowing)>,
}

impl Policy {
    /// The rules that follow from a workflow's grants.
    #[must_use]
    pub fn new(grants: Grants) -> Self {
        Self { grants, narrowed: Vec::new() }
    }

    /// The same rules for a skill of which someone says what it may have: it gets nothing beyond that, even where more is
    /// granted.
    #[must_use]
    pub fn narrowed(mut self, by: NarrowedBy, to: Narrowing) -> Self {
        self.narrowed.push((by, to));
        self
    }

    /// Whether any host may be called at all.
    #[must_use]
    pub fn reaches_hosts(&self) -> bool {
        let narrowed =
            |(_, narrowing): &(_, Narrowing)| narrowing.hosts.as_ref().is_none_or(|hosts| !hosts.is_empty());
        !self.grants.hosts.is_empty() && self.narrowed.iter().all(narrowed)
    }

    /// Whether a URL may be called at all.
    ///
    /// # Errors
    ///
    /// `DESTINATION_DENIED` with the grant to paste.
    pub fn check_destination(&self, url: &Url) -> Result<(), Failure> {
        let grant = HostPattern::granting(url);
        for (by, narrowing) in &self.narrowed {
            let hosts = narrowing.hosts.as_ref();
            if hosts.is_some_and(|hosts| !hosts.iter().any(|pattern| pattern.matches(url))) {
                let message = format!("{grant} is not among the hosts {}", by.says());
                return Err(Failure::new(ErrorCode::DestinationDenied, message));
            }
        }
        if self.grants.hosts.iter().any(|pattern| pattern.matches(url)) {
            return Ok(());
        }
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
        for (by, narrowing) in &self.narrowed {
            if narrowing.models.as_ref().is_some_and(|models| !models.iter().any(named)) {
                let message = format!("the model {model:?} is not among those {}", by.says());
                return Err(Failure::new(ErrorCode::CapabilityDenied, message));
            }
        }
        if self.grants.models.iter().any(named) {
            return Ok(());
        }
        let message =
            format!("the model {model:?} is not granted; to allow it, add under grants: models: [{model:?}]");
        Err(Failure::new(ErrorCode::CapabilityDenied, message))
    }
}
