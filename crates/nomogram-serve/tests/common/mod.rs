//! A service in memory, and requests to it.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Version};
use nomogram_serve::{Approval, Catalog, Models, RequestLimits, Security, Served, Service, app};
use serde_json::{Value, json};
use tower::ServiceExt;

/// A request to be sent.
pub struct Sent {
    request: Request<Body>,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
    pub headers: HeaderMap,
}

pub fn service() -> Arc<Service> {
    service_with(RequestLimits::default(), Security::open())
}

pub fn service_with(limits: RequestLimits, security: Security) -> Arc<Service> {
    Arc::new(Service::new(models(), limits).with_security(security))
}

pub fn models() -> Models {
    let bytes = nomogram_testkit::explained_bundle();
    let mut catalog = Catalog::default();
    catalog.add(Arc::new(Served::open(&bytes, Approval::NotRecorded).unwrap()));
    Models::new(catalog)
}

/// A text as a part of a path.
pub fn encoded(text: &Value) -> String {
    text.as_str().unwrap().replace(' ', "%20")
}

/// A row that is predicted.
pub fn usual_row() -> Value {
    let catalog = models().catalog();
    let served = catalog.find(None, None).unwrap();
    let values = [17.99, 10.38, 122.8];
    let named = values
        .iter()
        .enumerate()
        .map(|(position, value)| (served.feature_name(position).unwrap().to_owned(), json!(value)));
    Value::Object(named.collect())
}

/// A field of a message of protobuf that is a text, bytes or a message.
pub fn field(number: u8, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let (bytes, mut field) = (bytes.as_ref(), vec![number << 3 | 2]);
    let mut length = bytes.len();
    while length > 127 {
        field.push(u8::try_from(length & 127).unwrap() | 128);
        length >>= 7;
    }
    field.push(u8::try_from(length).unwrap());
    [&field, bytes].concat()
}

/// The message of gRPC that asks for one row of raw numbers in a tensor of this shape.
pub fn infer_message(model: &str, tensor: &str, shape: &[u8], numbers: &[f64]) -> Vec<u8> {
    let raw: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let input = [field(1, tensor), field(2, "FP64"), field(3, shape)].concat();
    [field(1, model), field(5, input), field(7, raw)].concat()
}

impl Sent {
    pub fn get(path: &str) -> Self {
        Self { request: Request::get(path).body(Body::empty()).unwrap() }
    }

    pub fn options(path: &str) -> Self {
        Self { request: Request::options(path).body(Body::empty()).unwrap() }
    }

    pub fn post(path: &str, body: &Value) -> Self {
        Self::body(path, body.to_string())
    }

    pub fn body(path: &str, body: impl Into<Body>) -> Self {
        Self { request: Request::post(path).body(body.into()).unwrap() }
    }

    /// A call of gRPC with a message as it is sent.
    pub fn grpc(method: &str, message: &[u8]) -> Self {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let body = [&[0][..], &length, message].concat();
        let mut sent = Self::body(&format!("/inference.GRPCInferenceService/{method}"), body);
        *sent.request.version_mut() = Version::HTTP_2;
        sent.with("content-type", "application/grpc").with("te", "trailers")
    }

    /// The same request with a header, unless it has one of this name.
    pub fn with_default(self, name: &'static str, value: &str) -> Self {
        if self.request.headers().contains_key(name) { self } else { self.with(name, value) }
    }

    /// The same request from an address.
    pub fn from(mut self, address: &str) -> Self {
        let address: SocketAddr = address.parse().unwrap();
        self.request.extensions_mut().insert(ConnectInfo(address));
        self
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).unwrap();
        self.request.headers_mut().insert(HeaderName::from_static(name), value);
        self
    }

    pub fn to(self, service: &Arc<Service>) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let response = app::router(Arc::clone(service)).oneshot(self.request).await.unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            Answer { status, headers, body: body.to_vec() }
        })
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }
}

/// What a log has written.
#[derive(Clone, Default)]
pub struct Shown(Arc<Mutex<Vec<u8>>>);

impl Shown {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
