//! The protocols of others, through the router.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod cds_hooks;
#[path = "../common/mod.rs"]
mod common;
mod entries;
mod fhir;
mod inference;
mod outcomes;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use nomogram_serve::{Approval, Catalog, Models, RequestLimits, Served, Service, app};
use tower::ServiceExt;

/// The name of the model of [`service`].
const MODEL: &str = "three members";
/// The same in a path.
const PATH: &str = "three%20members";
/// A row of the model, and the names of its features.
const ROW: [(&str, f64); 3] = [("radius", 17.99), ("texture", 10.38), ("perimeter", 22.8)];

/// An answer, read whole.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn service() -> Arc<Service> {
    Arc::new(unshared_service())
}

/// A service of a model with a profile, whose features are mapped to LOINC codes.
fn unshared_service() -> Service {
    let bytes = nomogram_testkit::bundle_with_profile();
    let served = Served::open(&bytes, Approval::NotRecorded).unwrap();
    assert_eq!(served.name(), MODEL);
    let mut catalog = Catalog::default();
    catalog.add(served.into());
    let service = Service::new(Models::new(catalog), RequestLimits::default());
    let mapping = r#"{"outcome": {"system": "http://snomed.info/sct", "code": "254837009"},
        "features": {"radius": {"loinc": "1001-1"}, "texture": {"loinc": "1002-2"},
                     "perimeter": {"loinc": "1003-3"}}}"#;
    let mapping = serde_json::from_str(mapping).unwrap();
    service.mappings.store(Arc::new(BTreeMap::from([(MODEL.to_owned(), mapping)])));
    service
}

async fn send(service: &Arc<Service>, request: Request<Body>) -> Answer {
    let response = app::router(Arc::clone(service)).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn call(service: &Arc<Service>, method: Method, path: &str, body: impl Into<Body>) -> Answer {
    let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    send(service, request).await
}

async fn get(service: &Arc<Service>, path: &str) -> Answer {
    call(service, Method::GET, path, Body::empty()).await
}

async fn post(service: &Arc<Service>, path: &str, body: impl Into<Body>) -> Answer {
    call(service, Method::POST, path, body).await
}
