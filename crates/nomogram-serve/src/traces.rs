//! Traces: a span of each request, sent to a collector by OTLP.
//!
//! A request that comes with a W3C `traceparent` continues that trace, if its caller records it. Spans wait in
//! memory and are sent every few seconds; those that a collector does not take are dropped and counted.

mod message;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use prost::Message;

use self::message::{ExportTraceServiceRequest, ExportTraceServiceResponse, Span};
use crate::client::{Address, FetchLimits, Tls, post_and_read};
use crate::log::Log;
use crate::spans::{RequestSpan, TRACE_PARENT, TracesConfig};

/// Spans that wait at most.
const MAX_WAITING: usize = 8192;
/// Spans of one message.
const MAX_SENT: usize = 1024;
/// The time between two messages.
const PAUSE: Duration = Duration::from_secs(2);
/// What the answer to a message may take.
const LIMITS: FetchLimits = FetchLimits { max_bytes: 64 << 10, max_time: Duration::from_secs(5) };

/// Where traces are sent.
#[derive(Debug)]
pub struct Traces {
    address: Address,
    path: String,
    tls: Option<Tls>,
    share: f64,
    waiting: Mutex<Vec<Span>>,
    n_dropped: AtomicU64,
}

/// The place of a request in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    trace: [u8; 16],
    span: [u8; 8],
    parent: Option<[u8; 8]>,
}

impl Traces {
    /// Traces of a configuration.
    ///
    /// # Errors
    ///
    /// A sentence: an address or a share that is none, or certificates that cannot be read.
    pub fn new(config: &TracesConfig) -> Result<Self, String> {
        let TracesConfig { endpoint, certificates_file, share } = config;
        let (address, path) =
            Address::parse_target(endpoint).map_err(|fault| format!("endpoint: {fault}"))?;
        if !(0.0..=1.0).contains(share) {
            return Err("share: expected a number from 0 to 1".into());
        }
        let tls = address.is_tls.then(|| Tls::new(certificates_file.as_deref())).transpose()?;
        let (waiting, n_dropped) = (Mutex::default(), AtomicU64::new(0));
        Ok(Self { address, path, tls, share: *share, waiting, n_dropped })
    }

    /// The place of a request that begins now; none if it is not traced.
    pub(crate) fn begin(&self, headers: &HeaderMap) -> Option<Place> {
        let parent = headers.get(TRACE_PARENT).and_then(|header| parent(header.as_bytes()));
        let span = random()?;
        match parent {
            Some((_, _, false)) => None,
            Some((trace, parent, true)) => Some(Place { trace, span, parent: Some(parent) }),
            None => {
                let draw = f64::from(u32::from_le_bytes(random()?)) / (f64::from(u32::MAX) + 1.0);
                let is_traced = draw < self.share;
                is_traced.then_some(Place { trace: random()?, span, parent: None })
            }
        }
    }

    /// Adds a request that ended.
    pub(crate) fn add(&self, place: Place, span: &RequestSpan<'_>) {
        let mut waiting = self.waiting();
        if waiting.len() < MAX_WAITING {
            waiting.push(Span::new(place, span));
        } else {
            self.n_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Span>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what waits. A failure is logged, with how many spans were dropped since the last message.
    pub async fn send(&self, log: &Log) {
        loop {
            let spans: Vec<Span> = {
                let mut waiting = self.waiting();
                let n_sent = waiting.len().min(MAX_SENT);
                waiting.drain(..n_sent).collect()
            };
            if spans.is_empty() {
                return;
            }
            let n_spans = spans.len() as u64;
            let message = ExportTraceServiceRequest::new(spans).encode_to_vec();
            let document = ("application/x-protobuf", message);
            let target = (&self.address, self.path.as_str());
            let sent = post_and_read(target, self.tls.as_ref(), document, LIMITS).await;
            let is_sent = sent.is_ok();
            let (n_refused, error) = match sent {
                Err(error) => (n_spans, error),
                Ok(answer) => match ExportTraceServiceResponse::n_rejected(&answer) {
                    0 => (0, "more spans than can wait".to_owned()),
                    n_rejected => {
                        (n_rejected.min(n_spans), "the collector rejects spans".to_owned())
                    }
                },
            };
            let n_dropped = n_refused + self.n_dropped.swap(0, Ordering::Relaxed);
            if n_dropped > 0 {
                let details = [("error", error.as_str()), ("dropped", &n_dropped.to_string())];
                log.event("error", "traces_not_sent", &details);
            }
            if !is_sent {
                return;
            }
        }
    }

    /// Sends what waits, every few seconds. It runs until it is dropped.
    pub async fn keep_sending(self: Arc<Self>, log: Arc<Log>) {
        loop {
            tokio::time::sleep(PAUSE).await;
            self.send(&log).await;
        }
    }
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

/// Trace, span and whether it is recorded, of a header `traceparent`:
/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. Later versions may have more at its end.
fn parent(header: &[u8]) -> Option<([u8; 16], [u8; 8], bool)> {
    let rest = header.get(55..).unwrap_or_default();
    let version = hex::<1>(header.get(..2)?)?;
    let is_known = match version {
        [0] => rest.is_empty(),
        [0xff] => false,
        _ => rest.is_empty() || rest.starts_with(b"-"),
    };
    let dashes = [2, 35, 52].map(|position| header.get(position) == Some(&b'-'));
    if !is_known || dashes != [true; 3] {
        return None;
    }
    let (trace, span) = (hex::<16>(header.get(3..35)?)?, hex::<8>(header.get(36..52)?)?);
    let [flags] = hex::<1>(header.get(53..55)?)?;
    (trace != [0; 16] && span != [0; 8]).then_some((trace, span, flags & 1 == 1))
}

/// Bytes of lower-case hexadecimal digits.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair.try_into().ok()?;
        *byte = digit(high)? << 4 | digit(low)?;
    }
    (digits.len() == 2 * N).then_some(bytes)
}

#[cfg(test)]
mod tests;
