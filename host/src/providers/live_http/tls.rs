//! Whom a connection trusts.

use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use rustls::ClientConfig;

/// The machine's certificate store.
///
/// # Errors
///
/// `TLS_FAILURE` where there is none that can be read.
pub(super) fn platform() -> Result<ClientConfig, Failure> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    versions()?.with_platform_verifier().map(|config| config.with_no_client_auth()).map_err(|error| {
        Failure::new(ErrorCode::TlsFailure, format!("no certificate store can be read: {error}"))
    })
}

/// Nobody: for `http` alone.
///
/// # Errors
///
/// `CONFIG_INVALID`, as for every configuration.
pub(super) fn nobody() -> Result<ClientConfig, Failure> {
    Ok(versions()?.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

fn versions() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Failure> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(ErrorCode::ConfigInvalid, error.to_string()))
}
