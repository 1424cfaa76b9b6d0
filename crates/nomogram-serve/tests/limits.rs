//! Requests that are made to be expensive are refused before they cost much.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod common;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{Float64Array, RecordBatch};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use axum::body::Body;
use bytes::Bytes;
use common::{Sent, models, service, service_with, usual_row};
use nomogram_serve::{KeyEntry, KeyFile, Keys, RequestLimits, Security, Service, new_key};
use serde_json::json;
use sha2::{Digest, Sha256};

const MIB: usize = 1 << 20;
/// A piece of a body that is sent in pieces.
const PIECE: usize = 64 << 10;

/// Every path that reads a body, with what a model may be called there.
fn paths(service: &Arc<Service>) -> Vec<String> {
    let catalog = service.models.catalog();
    let name = catalog.find(None, None).unwrap().name().replace(' ', "%20");
    let mut paths: Vec<String> =
        ["/predict", "/batch_predict", "/outcomes", "/v2/repository/index"]
            .map(str::to_owned)
            .into();
    paths.push(format!("/models/{name}/explain"));
    paths.push(format!("/v2/models/{name}/infer"));
    paths.push(format!("/v2/repository/models/{name}/load"));
    paths
}

/// A service whose model has a mapping too, and the paths that need one.
fn mapped() -> (Arc<Service>, Vec<String>) {
    let service = Service::new(models(), RequestLimits::default());
    let name = service.models.catalog().find(None, None).unwrap().name().to_owned();
    let mapping = serde_json::from_value(json!({})).unwrap();
    service.mappings.store(Arc::new([(name.clone(), mapping)].into()));
    let service = Arc::new(service);
    let name = name.replace(' ', "%20");
    let mut all = paths(&service);
    all.push(format!("/cds-services/{name}"));
    all.push(format!("/fhir/{name}/$assess"));
    (service, all)
}

/// A body of so many bytes in pieces, and how many of them were taken.
fn counted(n_bytes: usize) -> (Body, Arc<AtomicUsize>) {
    let n_taken = Arc::new(AtomicUsize::new(0));
    let taken = Arc::clone(&n_taken);
    let pieces = (0..n_bytes / PIECE).map(move |_| {
        taken.fetch_add(PIECE, Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::from(vec![b' '; PIECE]))
    });
    (Body::from_stream(futures_util::stream::iter(pieces)), n_taken)
}

#[test]
fn a_body_beyond_the_limit_is_refused_before_it_is_read() {
    let (service, paths) = mapped();
    let limit = service.limits.max_body_bytes;
    for path in &paths {
        // Its length is known: nothing is read.
        let (body, n_taken) = counted(10 * MIB);
        let length = (10 * MIB).to_string();
        let answer = Sent::body(path, body).with("content-length", &length).to(&service);
        assert_eq!(answer.status.as_u16(), 413, "{path}: {}", answer.text());
        assert_eq!(n_taken.load(Ordering::Relaxed), 0, "{path}");
        // Its length is not known: as much as the limit is read.
        let (body, n_taken) = counted(10 * MIB);
        let answer = Sent::body(path, body).to(&service);
        assert_eq!(answer.status.as_u16(), 413, "{path}: {}", answer.text());
        let n_taken = n_taken.load(Ordering::Relaxed);
        assert!(n_taken <= limit + PIECE, "{path}: {n_taken} bytes");
    }
}

#[test]
fn a_line_beyond_the_limit_ends_a_stream() {
    let service = service();
    let (body, n_taken) = counted(64 * MIB);
    let lines = Sent::body("/batch_predict", body).with("content-type", "application/x-ndjson");
    let answer = lines.to(&service);
    assert_eq!(answer.status.as_u16(), 413, "{}", answer.text());
    let (n_taken, limit) = (n_taken.load(Ordering::Relaxed), service.limits.max_body_bytes);
    // Some pieces are on their way to the thread.
    assert!(n_taken <= limit + 32 * PIECE, "{n_taken} bytes");
}

#[test]
fn compressed_bodies_are_refused_unread() {
    let (service, paths) = mapped();
    for path in &paths {
        for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
            let (body, n_taken) = counted(MIB);
            let answer = Sent::body(path, body).with("content-encoding", encoding).to(&service);
            assert_eq!(answer.status.as_u16(), 415, "{path}, {encoding}: {}", answer.text());
            assert_eq!(n_taken.load(Ordering::Relaxed), 0, "{path}, {encoding}");
        }
    }
    let call = Sent::body("/inference.GRPCInferenceService/ModelInfer", vec![1, 0, 0, 0, 1, 0]);
    let call = call.with("content-type", "application/grpc").with("grpc-encoding", "gzip");
    assert_eq!(call.to(&service).header("grpc-status"), "12");
}

#[test]
fn deep_json_is_refused_everywhere() {
    const DEPTH: usize = 100_000;
    let (service, paths) = mapped();
    let name = usual_row().as_object().unwrap().keys().next().unwrap().clone();
    let bodies = [
        "[".repeat(DEPTH),
        "{\"a\":".repeat(DEPTH),
        format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)),
        format!("{{\"features\":{{\"{name}\":{}{}}}}}", "[".repeat(DEPTH), "]".repeat(DEPTH)),
        format!("{{\"rows\":{}{}}}", "[".repeat(DEPTH), "]".repeat(DEPTH)),
        format!("{{\"parameters\":{}{}}}", "[".repeat(DEPTH), "]".repeat(DEPTH)),
    ];
    for path in &paths {
        for (case, body) in bodies.iter().enumerate() {
            let answer = Sent::body(path, body.clone()).to(&service);
            let status = answer.status.as_u16();
            // An index skips members that it does not know, without a stack.
            let is_skipped = path.ends_with("/index") && case > 2;
            assert_eq!(status == 200, is_skipped, "{path}, case {case}: {status}");
            assert!(status < 500, "{path}, case {case}: {status}");
            assert!(answer.body.len() < 1000, "{path}, case {case}");
        }
    }
    let lines = bodies.join("\n");
    let lines = Sent::body("/batch_predict", lines).with("content-type", "application/x-ndjson");
    let answer = lines.to(&service).text();
    assert_eq!(answer.matches("malformed").count(), bodies.len(), "{answer}");
}

/// A stream of one batch with the columns of the model.
fn arrow(n_rows: usize, compression: Option<CompressionType>) -> Vec<u8> {
    let row = usual_row();
    let columns = row.as_object().unwrap().iter().map(|(name, value)| {
        let array = Float64Array::from(vec![value.as_f64().unwrap(); n_rows]);
        (name.clone(), Arc::new(array) as arrow_array::ArrayRef)
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut writer =
        StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn send_arrow(service: &Arc<Service>, body: Vec<u8>) -> (u16, String) {
    let media_type = "application/vnd.apache.arrow.stream";
    let sent = Sent::body("/batch_predict", body).with("content-type", media_type);
    let answer = sent.with("accept", "application/x-ndjson").to(service);
    (answer.status.as_u16(), answer.text())
}

#[test]
fn what_an_arrow_message_holds_is_limited_when_it_is_decompressed() {
    let limits = RequestLimits { max_body_bytes: 64 << 10, ..RequestLimits::default() };
    let service = service_with(limits, Security::open());
    let zstd = Some(CompressionType::ZSTD);
    let (status, text) = send_arrow(&service, arrow(1000, zstd));
    assert_eq!((status, text.lines().count()), (200, 1000), "{text}");
    // A bomb: equal rows of 24 bytes take almost nothing.
    let bomb = arrow(100_000, zstd);
    assert!(bomb.len() < 8 << 10, "{} bytes", bomb.len());
    let (status, text) = send_arrow(&service, bomb);
    assert_eq!(status, 400, "{text}");

    // A message that claims a body which no machine has.
    let stream = arrow(10, None);
    let body_len = (3 * 128_u64).to_le_bytes();
    let places: Vec<usize> =
        (0..stream.len() - 8).filter(|at| stream[*at..at + 8] == body_len).collect();
    assert!(!places.is_empty(), "the length of the body is in the stream");
    for place in places {
        for claim in [1_u64 << 40, 1 << 62, u64::MAX / 2] {
            let mut claiming = stream.clone();
            claiming[place..place + 8].copy_from_slice(&claim.to_le_bytes());
            let (status, text) = send_arrow(&service, claiming);
            assert_eq!(status, 400, "byte {place}, {claim}: {text}");
        }
    }
}

#[test]
fn a_hundred_thousand_keys_are_kept_apart_in_bounded_memory() {
    const N_KEYS: u32 = 100_000;
    let secret = |number: u32| format!("secret {number}");
    let entry = |number: u32| KeyEntry {
        id: format!("{number:08x}"),
        hash: format!(
            "sha256:{}",
            Sha256::digest(secret(number)).iter().map(|b| format!("{b:02x}")).collect::<String>()
        ),
        roles: vec!["predict".into()],
        requests_per_second: None,
    };
    let before = resident_kib();
    let keys = {
        let file = KeyFile { keys: (0..N_KEYS).map(entry).collect() };
        Keys::new(&file, None).unwrap()
    };
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 100 << 10, "{grown} KiB");
    let key = |number: u32| format!("nomo_{number:08x}_{}", secret(number));
    for number in (0..N_KEYS).step_by(997) {
        let (caller, _) = keys.find(&key(number)).unwrap();
        assert_eq!(&*caller.id, format!("{number:08x}"));
        // The secret of another key opens nothing.
        assert!(keys.find(&format!("nomo_{number:08x}_{}", secret(number + 1))).is_none());
    }
    assert!(keys.find(&key(N_KEYS)).is_none());
    let service = service_with(RequestLimits::default(), Security::new(keys, None, None));
    let body = json!({ "features": usual_row() });
    let ask = |key: &str| {
        Sent::post("/predict", &body).with("x-api-key", key).to(&service).status.as_u16()
    };
    assert_eq!((ask(&key(N_KEYS - 1)), ask(&new_key(&[]).unwrap().0)), (200, 401));
}

/// The memory of this process, where the system has it in a file.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn requests_beyond_the_limit_are_refused_and_leave_no_trace() {
    let limits = RequestLimits { max_requests: 0, ..RequestLimits::default() };
    let service = service_with(limits, Security::open());
    let body = json!({ "features": usual_row() });
    for _ in 0..100 {
        let answer = Sent::post("/predict", &body).to(&service);
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
    }
    let health = Sent::get("/health/live").to(&service);
    assert_eq!(health.status.as_u16(), 200, "an overloaded service is alive");
}
