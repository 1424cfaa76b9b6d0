//! Exchanging lines with a service, both ways at once, from threads without a runtime.

use std::path::Path;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Request, header};
use serde::Deserialize;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_stream::wrappers::ReceiverStream;

use super::address::Address;
use super::connection::{Tls, connect};

/// Pieces that wait in either direction.
const MAX_WAITING: usize = 4;
/// The longest answer that is read whole, and the longest line.
const MAX_BYTES: usize = 64 << 20;
/// The longest silence of the service.
const MAX_SILENCE: Duration = Duration::from_secs(120);

/// A client of one service.
#[derive(Debug)]
pub struct Client {
    runtime: Runtime,
    address: Address,
    tls: Option<Tls>,
    key: Option<HeaderValue>,
}

/// Where pieces of a request are sent.
#[derive(Debug)]
pub struct Sending(Sender<Result<Bytes, std::convert::Infallible>>);

/// Where the lines of an answer come from.
#[derive(Debug)]
pub struct Receiving {
    pieces: Receiver<Result<Received, String>>,
    /// What has come and was not taken.
    begun: Vec<u8>,
    position: usize,
    headers: HeaderMap,
}

#[derive(Debug)]
enum Received {
    Head(HeaderMap),
    Piece(Bytes),
}

/// What is read of a problem.
#[derive(Deserialize)]
struct ReadProblem {
    code: String,
    detail: String,
}

impl Client {
    /// A client of the service at an address. `certificates` are those that its certificate leads to, where
    /// these are not the system's.
    ///
    /// # Errors
    ///
    /// A sentence: an address or a key that is none, or certificates that cannot be read.
    pub fn new(
        address: &str,
        key: Option<&str>,
        certificates: Option<&Path>,
    ) -> Result<Self, String> {
        let address = Address::parse(address)?;
        let tls = address.is_tls.then(|| Tls::new(certificates)).transpose()?;
        let key = key.map(|key| {
            let value = HeaderValue::from_str(&format!("Bearer {}", key.trim()));
            let mut value =
                value.map_err(|_| "the key has a character that a header cannot hold")?;
            value.set_sensitive(true);
            Ok::<_, String>(value)
        });
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|cause| cause.to_string())?;
        Ok(Self { runtime, address, tls, key: key.transpose()? })
    }

    /// Gets a document.
    ///
    /// # Errors
    ///
    /// A sentence: the service cannot be reached, or refuses the request.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, String> {
        let mut receiving = self.send(Request::get(self.path(path)), Body::empty())?;
        let mut document = Vec::new();
        while let Some(piece) = receiving.piece()? {
            document.extend_from_slice(&piece);
            if document.len() > MAX_BYTES {
                return Err(format!("an answer of more than {MAX_BYTES} bytes"));
            }
        }
        Ok(document)
    }

    /// Posts lines of JSON and gets others, both ways at once. The request ends when the sending end is
    /// dropped.
    ///
    /// # Errors
    ///
    /// A sentence: a path that is none.
    pub fn exchange(&self, path: &str) -> Result<(Sending, Receiving), String> {
        let (sender, pieces) = channel(MAX_WAITING);
        let body = Body::from_stream(ReceiverStream::new(pieces));
        let request = Request::post(self.path(path))
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .header(header::ACCEPT, "application/x-ndjson");
        let receiving = self.send(request, body)?;
        Ok((Sending(sender), receiving))
    }

    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.address.path)
    }

    fn send(&self, request: http::request::Builder, body: Body) -> Result<Receiving, String> {
        let mut request = request.header(header::HOST, self.address.authority());
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, key.clone());
        }
        let request = request.body(body).map_err(|error| error.to_string())?;
        let (sender, pieces) = channel(MAX_WAITING);
        let (address, tls) = (self.address.clone(), self.tls.clone());
        self.runtime.spawn(async move {
            if let Err(fault) = run(&address, tls.as_ref(), request, &sender).await {
                // Nobody may listen any more.
                let _sent = sender.send(Err(fault)).await;
            }
        });
        let headers = HeaderMap::new();
        Ok(Receiving { pieces, begun: Vec::new(), position: 0, headers })
    }
}

/// Sends a request and passes its answer on.
async fn run(
    address: &Address,
    tls: Option<&Tls>,
    request: Request<Body>,
    sender: &Sender<Result<Received, String>>,
) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", address.authority());
    let mut connection = connect(address, tls).await?;
    let response = connection.send_request(request).await.map_err(|error| failed(&error))?;
    let (head, body) = response.into_parts();
    let mut pieces = Body::new(body).into_data_stream();
    if !head.status.is_success() {
        let mut text = Vec::new();
        while let Some(Ok(piece)) = pieces.next().await {
            text.extend_from_slice(&piece);
            if text.len() > 1 << 16 {
                break;
            }
        }
        let status = head.status.as_u16();
        return Err(match serde_json::from_slice::<ReadProblem>(&text) {
            Ok(ReadProblem { code, detail }) => {
                failed(&format_args!("the request was refused ({status}, {code}): {detail}"))
            }
            Err(_) => failed(&format_args!("the request was refused ({status})")),
        });
    }
    if sender.send(Ok(Received::Head(head.headers))).await.is_err() {
        return Ok(());
    }
    loop {
        let waited = tokio::time::timeout(MAX_SILENCE, pieces.next()).await;
        let seconds = MAX_SILENCE.as_secs();
        let piece = waited.map_err(|_| failed(&format_args!("silent for {seconds} seconds")))?;
        let Some(piece) = piece else { return Ok(()) };
        let piece = piece.map_err(|_| failed(&"the answer ended too early"))?;
        if sender.send(Ok(Received::Piece(piece))).await.is_err() {
            return Ok(());
        }
    }
}

impl Sending {
    /// Sends a piece; returns whether the service still listens.
    #[must_use]
    pub fn send(&self, piece: Vec<u8>) -> bool {
        self.0.blocking_send(Ok(piece.into())).is_ok()
    }
}

impl Receiving {
    /// The next line, without its end; none at the end of the answer.
    ///
    /// # Errors
    ///
    /// A sentence: why the service refused the request, or was lost.
    pub fn line(&mut self) -> Result<Option<&[u8]>, String> {
        let mut searched = self.position;
        let end = loop {
            let rest = self.begun.get(searched..).unwrap_or_default();
            if let Some(found) = memchr::memchr(b'\n', rest) {
                break searched + found;
            }
            self.begun.drain(..self.position);
            self.position = 0;
            searched = self.begun.len();
            if searched > MAX_BYTES {
                return Err(format!("a line of more than {MAX_BYTES} bytes"));
            }
            match self.piece()? {
                Some(piece) => self.begun.extend_from_slice(&piece),
                None if self.begun.is_empty() => return Ok(None),
                None => return Err("the answer ends within a line".into()),
            }
        };
        let line = self.begun.get(self.position..end);
        self.position = end + 1;
        Ok(line)
    }

    /// A header of the answer, once its first line has come.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn piece(&mut self) -> Result<Option<Bytes>, String> {
        loop {
            match self.pieces.blocking_recv().transpose()? {
                Some(Received::Head(headers)) => self.headers = headers,
                Some(Received::Piece(piece)) => return Ok(Some(piece)),
                None => return Ok(None),
            }
        }
    }
}
