//! Fetching or sending one document, within its limits.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;
use http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;

use super::address::Address;
use super::connection::{Tls, connect};

/// What a document may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// Its bytes.
    pub max_bytes: usize,
    /// The time until it is there.
    pub max_time: Duration,
}

/// Sends a document to a path at an address, and reads the status of the answer, nothing else. A redirect is
/// a failure.
///
/// # Errors
///
/// A sentence with host and port, without the path, which may hold a secret, or anything of the answer.
pub async fn post(
    target: (&Address, &str),
    tls: Option<&Tls>,
    document: (&'static str, Vec<u8>),
    max_time: Duration,
) -> Result<(), String> {
    let shown = target.0.authority();
    within(max_time, &shown, async { send(target, tls, document).await.map(drop) }).await
}

/// As [`post`], and reads the answer.
///
/// # Errors
///
/// As [`post`]; for an answer beyond its limits.
pub async fn post_and_read(
    target: (&Address, &str),
    tls: Option<&Tls>,
    document: (&'static str, Vec<u8>),
    limits: FetchLimits,
) -> Result<Vec<u8>, String> {
    let shown = target.0.authority();
    let posting =
        async { read(send(target, tls, document).await?, limits.max_bytes, &shown).await };
    within(limits.max_time, &shown, posting).await
}

async fn send(
    (address, path): (&Address, &str),
    tls: Option<&Tls>,
    (media_type, document): (&'static str, Vec<u8>),
) -> Result<Response<Incoming>, String> {
    let shown = address.authority();
    let mut sender = connect(address, tls).await?;
    let request = Request::post(path)
        .header(header::HOST, address.authority())
        .header(header::CONTENT_TYPE, media_type)
        .header(header::CONNECTION, "close")
        .body(Body::from(document))
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await;
    let response = response.map_err(|error| format!("{shown}: {error}"))?;
    match response.status().is_success() {
        true => Ok(response),
        false => {
            let status = response.status().as_u16();
            Err(format!("{shown}: status {status}, expected one of success"))
        }
    }
}

/// Reads an answer of at most `max_bytes`.
async fn read(
    response: Response<Incoming>,
    max_bytes: usize,
    shown: &str,
) -> Result<Vec<u8>, String> {
    let mut pieces = Body::new(response.into_body()).into_data_stream();
    let mut document = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| format!("{shown}: {error}"))?;
        if document.len() + piece.len() > max_bytes {
            return Err(format!("{shown}: more than {max_bytes} bytes"));
        }
        document.extend_from_slice(&piece);
    }
    Ok(document)
}

async fn within<T>(
    max_time: Duration,
    shown: &str,
    doing: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    match tokio::time::timeout(max_time, doing).await {
        Ok(done) => done,
        Err(_elapsed) => {
            let seconds = max_time.as_secs();
            Err(format!("{shown}: no answer within {seconds} seconds"))
        }
    }
}

/// Fetches the document at an address. A redirect is a failure.
///
/// # Errors
///
/// A sentence with the address, without anything of the answer.
pub async fn fetch(
    address: &Address,
    tls: Option<&Tls>,
    limits: FetchLimits,
) -> Result<Vec<u8>, String> {
    let shown = format!("{}{}", address.authority(), address.path);
    let FetchLimits { max_bytes, max_time } = limits;
    let fetching = async {
        let mut sender = connect(address, tls).await?;
        let path = if address.path.is_empty() { "/" } else { &address.path };
        let request = Request::get(path)
            .header(header::HOST, address.authority())
            .header(header::ACCEPT, "application/json")
            .body(Body::empty())
            .map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| format!("{shown}: {error}"))?;
        if response.status() != StatusCode::OK {
            let status = response.status().as_u16();
            return Err(format!("{shown}: status {status}, expected 200"));
        }
        read(response, max_bytes, &shown).await
    };
    within(max_time, &shown, fetching).await
}
