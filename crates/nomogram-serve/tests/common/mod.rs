//! A service in memory, and requests to it.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
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
    headers: HeaderMap,
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

impl Sent {
    pub fn get(path: &str) -> Self {
        Self { request: Request::get(path).body(Body::empty()).unwrap() }
    }

    pub fn post(path: &str, body: &Value) -> Self {
        Self::body(path, body.to_string())
    }

    pub fn body(path: &str, body: impl Into<Body>) -> Self {
        Self { request: Request::post(path).body(body.into()).unwrap() }
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
        String::from_utf8(self.body.clone()).unwrap()
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
