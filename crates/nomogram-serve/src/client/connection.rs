//! Connections to a service.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::Address;

/// The time until a connection is there, TLS included.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Whose certificates a client accepts.
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Accepts certificates that lead to those of a file, or to those of the system.
    ///
    /// # Errors
    ///
    /// A sentence: when there are none, or the file cannot be read.
    pub fn new(certificates: Option<&Path>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let place = match certificates {
            Some(path) => {
                let shown = path.display();
                let read = CertificateDer::pem_file_iter(path)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                    .map_err(|error| format!("{shown}: {error}"))?;
                for certificate in read {
                    roots.add(certificate).map_err(|error| format!("{shown}: {error}"))?;
                }
                shown.to_string()
            }
            None => {
                let found = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(found.certs);
                "the system".into()
            }
        };
        if roots.is_empty() {
            return Err(format!("{place}: no certificates"));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

/// Connects to a service.
///
/// # Errors
///
/// A sentence with the address.
pub(super) async fn connect(
    address: &Address,
    tls: Option<&Tls>,
) -> Result<SendRequest<Body>, String> {
    let authority = address.authority();
    let connecting = async {
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await;
        let stream = stream.map_err(|cause| cause.to_string())?;
        // Without it, answers to small pieces wait.
        stream.set_nodelay(true).map_err(|cause| cause.to_string())?;
        if !address.is_tls {
            return spawn(stream).await;
        }
        let Tls(config) = tls.ok_or("no certificates for TLS")?;
        let name = ServerName::try_from(address.host.clone());
        let name = name.map_err(|_| "a name that no certificate can have")?;
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(name, stream).await.map_err(|cause| cause.to_string())?;
        spawn(stream).await
    };
    match timeout(CONNECT_TIME, connecting).await {
        Ok(connected) => connected.map_err(|fault| format!("{authority}: {fault}")),
        Err(_elapsed) => {
            let seconds = CONNECT_TIME.as_secs();
            Err(format!("{authority}: no connection within {seconds} seconds"))
        }
    }
}

async fn spawn(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Body>, String> {
    let shaken = handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(|error| error.to_string())?;
    // Its error is that of the request, too.
    tokio::spawn(connection);
    Ok(sender)
}

/// A text as a segment of a path.
#[must_use]
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _written = write!(path, "%{byte:02X}");
        }
        path
    })
}
