//! The messages of OTLP that are sent: those fields of `opentelemetry/proto/trace/v1/trace.proto` that are
//! used here.

use std::time::UNIX_EPOCH;

use prost::Message;

use super::Place;
use crate::spans::RequestSpan;

/// `SPAN_KIND_SERVER`.
const SERVER: i32 = 2;
/// `STATUS_CODE_ERROR`.
const ERROR: i32 = 2;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ExportTraceServiceRequest {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

/// The answer of a collector.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ExportTraceServiceResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<ExportTracePartialSuccess>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ExportTracePartialSuccess {
    #[prost(int64, tag = "1")]
    rejected_spans: i64,
}

impl ExportTraceServiceResponse {
    /// How many spans an answer rejects; none if it is something else, such as an empty one.
    pub(super) fn n_rejected(answer: &[u8]) -> u64 {
        let rejected = Self::decode(answer).ok().and_then(|answer| answer.partial_success);
        rejected.map_or(0, |rejected| rejected.rejected_spans.try_into().unwrap_or(0))
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

/// `InstrumentationScope`.
#[derive(Clone, PartialEq, prost::Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 3")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Value {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(int64, tag = "3")]
    Integer(i64),
}

impl ExportTraceServiceRequest {
    pub(super) fn new(spans: Vec<Span>) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let attributes = vec![text("service.name", "nomogram"), text("service.version", version)];
        let scope = Scope { name: env!("CARGO_PKG_NAME").into(), version: version.into() };
        let scope_spans = vec![ScopeSpans { scope: Some(scope), spans }];
        let resource = Some(Resource { attributes });
        Self { resource_spans: vec![ResourceSpans { resource, scope_spans }] }
    }
}

impl Span {
    pub(super) fn new(place: Place, request: &RequestSpan<'_>) -> Self {
        let RequestSpan { name: (method, endpoint), time, request_id, status, .. } = *request;
        let mut attributes = vec![
            text("http.request.method", method),
            text("nomogram.endpoint", endpoint),
            text("nomogram.request_id", request_id),
        ];
        if status != 0 {
            attributes.push(integer("http.response.status_code", u64::from(status)));
        }
        if let Some(code) = request.code {
            attributes.push(text("error.type", code));
        }
        if let Some([model, version, digest]) = request.model {
            attributes.push(text("nomogram.model", model));
            attributes.push(text("nomogram.version", version));
            attributes.push(text("nomogram.digest", digest));
        }
        let (n_rows, n_refused) = request.n_rows;
        if n_rows > 0 {
            attributes.push(integer("nomogram.rows", n_rows));
            attributes.push(integer("nomogram.refused", n_refused));
        }
        let (end, duration) = time;
        let end = end.duration_since(UNIX_EPOCH).unwrap_or_default();
        let nanos = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self {
            trace_id: place.trace.into(),
            span_id: place.span.into(),
            parent_span_id: place.parent.map_or_else(Vec::new, Vec::from),
            name: format!("{method} {endpoint}"),
            kind: SERVER,
            start_time_unix_nano: nanos(end.saturating_sub(duration)),
            end_time_unix_nano: nanos(end),
            attributes,
            status: (status >= 500).then_some(Status { code: ERROR }),
        }
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::Text(value.into())) });
    KeyValue { key: key.into(), value }
}

fn integer(key: &str, value: u64) -> KeyValue {
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(Value::Integer(value)) }) }
}
