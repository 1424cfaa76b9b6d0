//! A service whose decision log cannot be written, through all its protocols.

use std::path::PathBuf;

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use http::{Request, StatusCode};
use tower::ServiceExt;

use super::*;
use crate::decisions::{Answer, DecisionLog, PrivateKey, Verified, new_keys, verify};
use crate::models::{Catalog, Models};
use crate::served::{Approval, Served};
use crate::service::RequestLimits;

struct Logged {
    service: Arc<Service>,
    folder: PathBuf,
    key: PrivateKey,
    /// A row as JSON.
    row: String,
    /// The name of the model in a path.
    model: String,
}

impl Logged {
    fn new(name: &str) -> Self {
        let name = format!("nomogram-app-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let served = Served::open(&nomogram_testkit::explained_bundle(), Approval::NotRecorded);
        let served = Arc::new(served.unwrap());
        let member = |(position, value): (usize, &str)| {
            format!("\"{}\":{value}", served.feature_name(position).unwrap())
        };
        let row: Vec<_> = ["17.99", "10.38", "122.8"].into_iter().enumerate().map(member).collect();
        let row = format!("{{{}}}", row.join(","));
        let model = served.name().replace(' ', "%20");
        let mut catalog = Catalog::default();
        catalog.add(served);
        let mut service = Service::new(Models::new(catalog), RequestLimits::default());
        let (key, public) = new_keys();
        service.decisions = Some(DecisionLog::open(&folder, &public).unwrap());
        Self { service: Arc::new(service), folder, key, row, model }
    }

    fn log(&self) -> &DecisionLog {
        self.service.decisions.as_ref().unwrap()
    }

    fn verified(&self) -> Verified {
        verify(&self.folder, None, |_| {}).unwrap()
    }

    async fn send(&self, path: &str, body: Option<(&str, String)>) -> (StatusCode, String) {
        let request = match body {
            None => Request::get(path).body(Body::empty()),
            Some((form, body)) => {
                Request::post(path).header(header::CONTENT_TYPE, form).body(body.into())
            }
        };
        let response = router(Arc::clone(&self.service)).oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}

/// Paths that the description leaves out: the description itself and its page; gRPC, which has a description of
/// its own; and second names of what is described.
const NOT_DESCRIBED: [&str; 10] = [
    // What answers to other paths.
    "/",
    "/{*__private__axum_fallback}",
    "/openapi.json",
    "/docs",
    "/docs/",
    "/docs/{*rest}",
    "/inference.GRPCInferenceService/{method}",
    "/v2/",
    "/ajax-api/2.0/{*path}",
    // Its paths are described one by one.
    "/api/2.0/{*path}",
];

#[test]
fn every_route_is_described_and_no_other() {
    let service = Service::new(Models::new(Catalog::default()), RequestLimits::default());
    // What a router shows of itself has `RouteId(0): "/health"`.
    let shown = format!("{:?}", protocols(&Arc::new(service)));
    let paths = shown.split("RouteId(").filter_map(|text| {
        let path = text.split_once("): \"")?.1;
        path.split_once('"').map(|(path, _)| path)
    });
    let routed: std::collections::BTreeSet<&str> =
        paths.filter(|path| path.starts_with('/')).collect();
    let description: serde_json::Value = serde_json::from_str(crate::OPENAPI).unwrap();
    let described = description["paths"].as_object().unwrap().keys();
    let described: std::collections::BTreeSet<&str> = described.map(String::as_str).collect();
    let missing: Vec<&&str> =
        routed.difference(&described).filter(|path| !NOT_DESCRIBED.contains(path)).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
    let unknown: Vec<&&str> =
        described.difference(&routed).filter(|path| !path.starts_with("/api/2.0/")).collect();
    assert!(unknown.is_empty(), "not routed: {unknown:?}");
    for path in NOT_DESCRIBED {
        assert!(routed.contains(path), "{path} is no route any more: {routed:?}");
    }
}

#[tokio::test]
async fn without_a_record_there_is_no_answer_until_there_is_room_again() {
    let logged = Logged::new("room");
    let (json, lines, row) = ("application/json", "application/x-ndjson", &logged.row);
    let tensor =
        "{\"name\":\"input\",\"shape\":[1,3],\"datatype\":\"FP64\",\"data\":[17.99,10.38,122.8]}";
    let infer = |parameters| format!("{{\"inputs\":[{tensor}]{parameters}}}");
    let marked = ",\"parameters\":{\"on_refusal\":\"mark\"}";
    let infer_path = format!("/v2/models/{}/infer", logged.model);
    let missing = format!("{{\"rows\":[{{}},{row}]}}");
    let requests = [
        ("/predict", json, format!("{{\"features\":{row}}}")),
        ("/batch_predict", json, format!("{{\"rows\":[{row},{row}]}}")),
        ("/batch_predict", json, format!("{{\"rows\":[{row}],\"explanation\":true}}")),
        ("/batch_predict", json, missing),
        ("/batch_predict", lines, format!("{row}\n{row}\n")),
        (&infer_path, json, infer("")),
        (&infer_path, json, infer(marked)),
    ];
    for (path, form, body) in &requests {
        let (status, text) = logged.send(path, Some((form, body.clone()))).await;
        assert_eq!(status, 200, "{path}: {body}: {text}");
    }
    let before = logged.verified();
    logged.log().fill_disk();
    for (path, form, body) in &requests {
        let (status, text) = logged.send(path, Some((form, body.clone()))).await;
        assert_eq!(status, 503, "{path}: {body}: {text}");
        assert!(text.contains("the decision log cannot be written"), "{path}: {text}");
        assert!(!text.contains("probabilities"), "{path}: {text}");
    }
    // A row that is refused is a decision too.
    let refused = Some((json, "{\"features\":{}}".to_owned()));
    assert_eq!(logged.send("/predict", refused).await.0, 503);
    assert_eq!(logged.verified(), before);
    let (status, text) = logged.send("/health/ready", None).await;
    assert_eq!(status, 503);
    assert!(text.contains("the decision log cannot be written"), "{text}");
    let (_, text) = logged.send("/metrics", None).await;
    assert!(text.contains("nomogram_decision_log_writable 0\n"), "{text}");
    assert_eq!(logged.send("/health/live", None).await.0, 200);

    logged.log().make_room();
    crate::watching::look(&logged.service);
    assert_eq!(logged.send("/health/ready", None).await.0, 200);
    let (_, text) = logged.send("/metrics", None).await;
    assert!(text.contains("nomogram_decision_log_writable 1\n"), "{text}");
    for (path, form, body) in requests {
        assert_eq!(logged.send(path, Some((form, body))).await.0, 200, "{path}");
    }
    let after = logged.verified();
    assert_eq!((after.n_records, after.cut), (2 * before.n_records, vec![]));
}

#[tokio::test]
async fn every_row_of_a_mixed_batch_has_one_record_with_its_place() {
    let logged = Logged::new("mixed");
    let row = &logged.row;
    // Numbers; no feature; no such feature; two values that cannot be set; no JSON; too few columns.
    let others = ["{}", "{\"4711\":1}"];
    let json = [row, others[0], row, others[1], row].map(|row| row.to_owned()).join(",");
    let lines = [row, others[0], row, "{\"", others[1], row].map(|row| row.to_owned()).join("\n");
    let names = row.split('"').skip(1).step_by(2).collect::<Vec<_>>();
    let csv = format!("{}\n17.99,10.38,122.8\n1,2\n17.99,10.38,122.8\n", names.join(","));
    let columns = names
        .iter()
        .map(|name| format!("\"{name}\":[17.99,{{\"value\":1,\"unit\":\"4711\"}},17.99]"));
    let columns = columns.collect::<Vec<_>>().join(",");
    let mut n_records = 0;
    for (form, body, is_predicted) in [
        (
            "application/json",
            format!("{{\"rows\":[{json}]}}"),
            &[true, false, true, false, true][..],
        ),
        ("application/json", format!("{{\"columns\":{{{columns}}}}}"), &[true, false, true]),
        ("application/x-ndjson", lines, &[true, false, true, false, false, true]),
        ("text/csv", csv, &[true, false, true]),
    ] {
        let (status, text) = logged.send("/batch_predict", Some((form, body))).await;
        assert_eq!(status, 200, "{text}");
        let mut records = Vec::new();
        verify(&logged.folder, Some(&logged.key), |decision| records.push(decision)).unwrap();
        let found: Vec<_> = records[n_records..]
            .iter()
            .map(|record| (record.row, matches!(record.answer, Answer::Predicted { .. })))
            .collect();
        let expected: Vec<_> =
            is_predicted.iter().enumerate().map(|(at, is)| (at + 1, *is)).collect();
        assert_eq!(found, expected, "{form}: {text}");
        n_records = records.len();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_at_the_first_row_that_cannot_be_logged() {
    let logged = Logged::new("stream");
    let (sender, pieces) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let body = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(pieces));
    let request = Request::post("/batch_predict")
        .header(header::CONTENT_TYPE, "application/x-ndjson")
        .body(body)
        .unwrap();
    let line = Bytes::from(format!("{}\n", logged.row));
    sender.send(Ok(line.clone())).await.unwrap();
    let response = router(Arc::clone(&logged.service)).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut answer = response.into_body().into_data_stream();
    let first = answer.next().await.unwrap().unwrap();
    assert!(first.starts_with(b"{") && first.ends_with(b"\n"), "{first:?}");

    logged.log().fill_disk();
    sender.send(Ok(line)).await.unwrap();
    let mut rest = Vec::new();
    while let Some(piece) = answer.next().await {
        rest.extend_from_slice(&piece.unwrap());
    }
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.contains("not_ready") && !rest.contains("probabilities"), "{rest}");
    assert_eq!(logged.verified().n_records, 1);
}
