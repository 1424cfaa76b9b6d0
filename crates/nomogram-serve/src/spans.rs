//! What a trace has of a request, and where traces are sent.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use http::HeaderName;
use serde::{Deserialize, Serialize};

/// Where traces are sent, and of which requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TracesConfig {
    /// The address of a collector: OTLP over HTTP or TLS, protobuf.
    pub endpoint: String,
    /// The certificates that the collector's leads to, where these are not the system's.
    pub certificates_file: Option<PathBuf>,
    /// The share of the requests without a `traceparent` that are traced.
    #[serde(default = "every")]
    pub share: f64,
}

// A share is finite.
impl Eq for TracesConfig {}

fn every() -> f64 {
    1.0
}

/// The header of the trace that a request is part of.
pub(crate) const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// What a trace has of a request: no path and no text of the caller.
#[derive(Clone, Copy, Debug)]
pub struct RequestSpan<'a> {
    /// The method and the kind of request.
    pub name: (&'static str, &'static str),
    /// When it ended, and how long it took.
    pub time: (SystemTime, Duration),
    /// The id of the request.
    pub request_id: &'a str,
    /// The status of the answer; 0 for a caller who left before.
    pub status: u16,
    /// The code of the problem.
    pub code: Option<&'a str>,
    /// Name, version and digest of the model.
    pub model: Option<[&'a str; 3]>,
    /// Rows, and how many of them were refused.
    pub n_rows: (u64, u64),
}
