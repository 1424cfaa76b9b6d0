//! Sends alarms to an address, as JSON over HTTP or TLS.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::client::{Address, Tls, post};

/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pauses between attempts.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(4)];

/// Where alarms are sent.
#[derive(Clone, Debug)]
pub struct Webhook {
    address: Address,
    path: String,
    tls: Option<Tls>,
}

impl Webhook {
    /// The webhook with this address. `certificates` are those that its certificate leads to, where these are
    /// not the system's.
    ///
    /// # Errors
    ///
    /// A sentence: for an address that is none, or certificates that cannot be read.
    pub fn new(address: &str, certificates: Option<&Path>) -> Result<Self, String> {
        let (address, path) = Address::parse_target(address)?;
        let tls = address.is_tls.then(|| Tls::new(certificates)).transpose()?;
        Ok(Self { address, path, tls })
    }

    /// Sends a message, three times at most.
    ///
    /// # Errors
    ///
    /// Why the last attempt failed, without the path of the address.
    pub async fn send(&self, message: &impl Serialize) -> Result<(), String> {
        let body = serde_json::to_vec(message).map_err(|error| error.to_string())?;
        self.attempt(&body, &PAUSES).await
    }

    async fn attempt(&self, body: &[u8], pauses: &[Duration]) -> Result<(), String> {
        let mut pauses = pauses.iter();
        loop {
            let document = ("application/json", body.to_vec());
            let target = (&self.address, self.path.as_str());
            let sent = post(target, self.tls.as_ref(), document, PATIENCE).await;
            match pauses.next().filter(|_| sent.is_err()) {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => return sent,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener};
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::http::{StatusCode, Uri};
    use axum::routing::post;
    use axum_server::tls_rustls::RustlsConfig;

    use super::*;

    const CERTIFICATE: &[u8] = include_bytes!("../../tests/data/tls_server.pem");
    const KEY: &[u8] = include_bytes!("../../tests/data/tls_server.key");

    /// What a relay got, and its port.
    async fn relay(is_tls: bool, status: StatusCode) -> (Arc<Mutex<Vec<String>>>, u16) {
        let received = Arc::new(Mutex::new(Vec::new()));
        let of_handler = Arc::clone(&received);
        let handler = post(async move |uri: Uri, body: String| {
            of_handler.lock().unwrap().push(format!("{uri} {body}"));
            status
        });
        let router = Router::new().route("/alarms/", handler);
        let make = router.into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        if is_tls {
            let _installed = rustls::crypto::ring::default_provider().install_default();
            let config = RustlsConfig::from_pem(CERTIFICATE.into(), KEY.into()).await.unwrap();
            tokio::spawn(axum_server::from_tcp_rustls(listener, config).unwrap().serve(make));
        } else {
            tokio::spawn(axum_server::from_tcp(listener).unwrap().serve(make));
        }
        (received, port)
    }

    fn authority() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls_authority.pem"))
    }

    #[test]
    fn addresses_are_read() {
        for address in ["ftp://relay/", "http:///a", "http://user@relay/", "http://a b/", ""] {
            assert!(Webhook::new(address, None).is_err(), "{address}");
        }
        assert!(Webhook::new("http://relay:9093/a?b", None).is_ok());
        let missing = Path::new("/nowhere/certificates.pem");
        let fault = Webhook::new("https://relay/", Some(missing)).unwrap_err();
        assert!(fault.starts_with("/nowhere/certificates.pem: "), "{fault}");
    }

    #[tokio::test]
    async fn an_alarm_is_sent_over_tcp_and_tls() {
        for (scheme, is_tls) in [("http", false), ("https", true)] {
            let (received, port) = relay(is_tls, StatusCode::NO_CONTENT).await;
            let address = format!("{scheme}://localhost:{port}/alarms/?token=a");
            let webhook = Webhook::new(&address, Some(authority())).unwrap();
            assert_eq!(webhook.send(&"alarm").await, Ok(()));
            let received = received.lock().unwrap();
            assert_eq!(*received, ["/alarms/?token=a \"alarm\""], "{scheme}");
        }
    }

    #[tokio::test]
    async fn an_alarm_that_is_refused_is_sent_three_times() {
        let (received, port) = relay(false, StatusCode::FORBIDDEN).await;
        let webhook = Webhook::new(&format!("http://127.0.0.1:{port}/alarms/?secret"), None);
        let fault = webhook.unwrap().attempt(b"1", &[Duration::ZERO; 2]).await.unwrap_err();
        assert_eq!(fault, format!("127.0.0.1:{port}: status 403, expected one of success"));
        assert_eq!(received.lock().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn a_certificate_that_leads_to_no_known_one_gets_no_alarm() {
        let (received, port) = relay(true, StatusCode::OK).await;
        let other = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls_server.pem");
        let webhook =
            Webhook::new(&format!("https://localhost:{port}/alarms/"), Some(other.as_ref()));
        let fault = webhook.unwrap().attempt(b"1", &[]).await.unwrap_err();
        assert!(fault.starts_with(&format!("localhost:{port}: ")), "{fault}");
        assert_eq!(*received.lock().unwrap(), [""; 0]);
    }
}
