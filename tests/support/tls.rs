//! A server of TLS on the loopback, with a certificate that nobody trusts who is not told to.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::listener::Listener;
use super::runtime::root;

/// The certificate, for `localhost` and `127.0.0.1`.
pub(crate) fn certificate() -> PathBuf {
    root().join("fixtures/tls/certificate.pem")
}

/// Does with each connection what a test says, once its handshake is done.
pub(crate) async fn server<F, S>(serve: S) -> Listener
where
    S: Fn(TlsStream<TcpStream>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let acceptor = acceptor();
    Listener::start(move |stream| {
        let (acceptor, serve) = (acceptor.clone(), serve.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream).await;
            }
        }
    })
    .await
}

/// Reads the head of a request, answers with these bytes, and ends the connection in order.
pub(crate) async fn answer(stream: &mut TlsStream<TcpStream>, bytes: &[u8]) {
    read_head(stream).await;
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
}

/// Reads the head of a request.
pub(crate) async fn read_head(stream: &mut TlsStream<TcpStream>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

fn acceptor() -> TlsAcceptor {
    let key = PrivateKeyDer::from_pem_file(root().join("fixtures/tls/key.pem")).expect("a key");
    let chain = CertificateDer::pem_file_iter(certificate()).expect("a file");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("certificates");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    TlsAcceptor::from(Arc::new(config))
}
