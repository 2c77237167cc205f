//! From names to addresses: each is asked for once for each connection, and refused unless every address may be
//! connected to. What was checked is what is connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use aos_core::failure::Failure;
use aos_core::policy::Policy;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Finds the addresses of names. What it finds is checked against the policy afterwards, so it may be anything.
pub trait NameResolver: Send + Sync {
    /// The addresses of a name, as the URL has it. Whoever asks waits no longer than the call's time.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from an answer; the call then ends with `DNS_FAILURE`. So does one without an address.
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl NameResolver for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver whose answers the policy of a run has passed.
pub(super) struct CheckedResolver {
    pub(super) names: Arc<dyn NameResolver>,
    pub(super) policy: Arc<Policy>,
    pub(super) port: u16,
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveFault {
    #[error("the name {name} does not resolve: {reason}")]
    Unknown { name: String, reason: String },
    #[error("{0}")]
    Denied(Failure),
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, policy, port) = (Arc::clone(&self.names), Arc::clone(&self.policy), self.port);
        Box::pin(async move { Ok(checked(names.as_ref(), &policy, name.as_str(), port).await?) })
    }
}

async fn checked(
    names: &dyn NameResolver,
    policy: &Policy,
    name: &str,
    port: u16,
) -> Result<Addrs, ResolveFault> {
    let unknown = |reason: String| ResolveFault::Unknown { name: name.to_owned(), reason };
    let addresses = names.resolve(name).await.map_err(|error| unknown(error.to_string()))?;
    if addresses.is_empty() {
        return Err(unknown("it has no address".to_owned()));
    }
    addresses
        .iter()
        .try_for_each(|address| policy.check_address(name, *address, port))
        .map_err(ResolveFault::Denied)?;
    Ok(Box::new(addresses.into_iter().map(move |address| SocketAddr::new(address, port))))
}
