//! Sends alarms to an address, as JSON over HTTP.
//!
//! Only `http:`, to a relay on the same computer or network, such as Alertmanager, which has the
//! certificates and the routes to people.

use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is tried.
const N_ATTEMPTS: u32 = 3;

/// Where alarms are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    authority: String,
    path: String,
}

impl Webhook {
    /// The webhook with this address.
    ///
    /// # Errors
    ///
    /// For an address that is not of the form `http://host:port/path`.
    pub fn new(address: &str) -> Result<Self, String> {
        let refused = || "expected an address as `http://127.0.0.1:9093/path`".to_owned();
        let rest = address.strip_prefix("http://").ok_or_else(refused)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if authority.is_empty() || authority.contains('@') || !is_plain(rest) {
            return Err(refused());
        }
        let authority = match authority.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_owned(),
            Some(_) | None => format!("{authority}:80"),
        };
        Ok(Self { authority, path: format!("/{path}") })
    }

    /// Sends a message, three times at most.
    ///
    /// # Errors
    ///
    /// Why the last attempt failed.
    pub async fn send(&self, message: &impl Serialize) -> Result<(), String> {
        let body = serde_json::to_vec(message).map_err(|error| error.to_string())?;
        let mut failure = String::new();
        for attempt in 0..N_ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
            }
            failure = match timeout(PATIENCE, self.attempt(&body)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error,
                Err(_) => "no answer in time".to_owned(),
            };
        }
        Err(failure)
    }

    async fn attempt(&self, body: &[u8]) -> Result<(), String> {
        let failed = |error: std::io::Error| error.to_string();
        let mut stream = TcpStream::connect(&self.authority).await.map_err(failed)?;
        let (path, authority, length) = (&self.path, &self.authority, body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.map_err(failed)?;
        stream.write_all(body).await.map_err(failed)?;
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.map_err(failed)?;
        match status {
            [b'H', b'T', b'T', b'P', b'/', _, _, _, b' ', b'2', _, _] => Ok(()),
            _ => Err("an answer without a status of success".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let webhook = |authority: &str, path: &str| {
            Ok(Webhook { authority: authority.into(), path: path.into() })
        };
        assert_eq!(Webhook::new("http://relay:9093/a?b"), webhook("relay:9093", "/a?b"));
        assert_eq!(Webhook::new("http://relay"), webhook("relay:80", "/"));
        for address in ["https://relay/", "http:///a", "http://user@relay/", "http://a b/", ""] {
            assert!(Webhook::new(address).is_err(), "{address}");
        }
    }

    #[tokio::test]
    async fn an_alarm_is_sent_and_an_answer_is_read() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let receive = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut received = vec![0; 1024];
            let length = stream.read(&mut received).await.unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            received.truncate(length);
            String::from_utf8(received).unwrap()
        };
        let webhook = Webhook::new(&format!("http://{address}/alarms")).unwrap();
        let (received, sent) = tokio::join!(receive, webhook.send(&"alarm"));
        assert_eq!(sent, Ok(()));
        assert!(received.starts_with("POST /alarms HTTP/1.1\r\n"));
    }
}
