//! Serves one bundle with every protocol, for the scripts in `tests/clients`.
//!
//! ```sh
//! cargo run -p nomogram-serve --example serve_bundle -- wdbc.nomo 127.0.0.1:8000 mapping.json watch/
//! ```
//!
//! The mapping of features to FHIR and the folder of the watch may be left out. Periods are days.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a program that a person starts")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use nomogram_serve::watch::{PeriodLength, Watch, WatchSettings};
use nomogram_serve::{Approval, Catalog, Models, RequestLimits, Served, Service, app, keep_watch};

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let bundle = arguments.next().expect("a bundle");
    let address = arguments.next().expect("an address, for example 127.0.0.1:8000");
    let mapping = arguments.next();
    let store = arguments.next().map(PathBuf::from);

    let bytes = std::fs::read(bundle).expect("the bundle can be read");
    let served = Served::open(&bytes, Approval::NotRecorded).expect("the bundle is valid");
    let name = served.name().to_owned();
    let mut catalog = Catalog::default();
    catalog.add(Arc::new(served));
    let mut service = Service::new(Models::new(catalog), RequestLimits::default());
    if let Some(path) = mapping {
        let json = std::fs::read(path).expect("the mapping can be read");
        let mapping = serde_json::from_slice(&json).expect("the mapping is valid");
        service.mappings.store(Arc::new(BTreeMap::from([(name, mapping)])));
    }
    let period = PeriodLength::Day;
    service.watch = Watch::new(WatchSettings { store, period, ..WatchSettings::default() });
    service.watch.claim_store().expect("no other process has the store");
    let service = Arc::new(service);
    tokio::spawn(keep_watch(Arc::clone(&service), None));
    let listener = tokio::net::TcpListener::bind(address).await.expect("the address is free");
    axum::serve(listener, app::router(service)).await.expect("the service ends with its process");
}
