//! The native API through its router, without sockets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod common;

use std::io::Read;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use axum::http::StatusCode;
use common::{Sent, Shown, encoded, service, service_with, usual_row};
use nomogram_serve::log::Log;
use nomogram_serve::{KeyFile, Keys, Rate, RequestLimits, Role, Security, Service, new_key};
use serde_json::{Value, json};

#[test]
fn one_row_gets_the_bits_of_the_core() {
    let service = service();
    let answer = Sent::post("/predict", &json!({ "features": usual_row() })).to(&service);
    assert_eq!(answer.status, StatusCode::OK);
    let served = service.models.find(None, None).unwrap();
    let mut session = served.session().unwrap();
    let prediction = session.predict_row(&[17.99, 10.38, 122.8]).unwrap();
    let classes = served.model().schema().target().classes();
    for (class, probability) in classes.iter().zip(prediction.probabilities()) {
        assert_eq!(answer.json()["probabilities"][class].as_f64(), Some(*probability));
    }
    assert_eq!(answer.header("x-model-digest"), served.digest());
    assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
}

#[test]
fn a_refused_row_is_a_problem_with_its_place() {
    let service = service();
    let mut row = usual_row();
    let name = row.as_object().unwrap().keys().next().unwrap().clone();
    row[&name] = Value::Null;
    let answer = Sent::post("/predict", &json!({ "features": row })).to(&service);
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(
        (&answer.json()["code"], &answer.json()["feature"]),
        (&json!("value_missing"), &json!(name))
    );
    assert!(!answer.header("x-model-digest").is_empty());
}

#[test]
fn bad_rows_of_a_batch_are_marked_and_the_others_answered() {
    let service = service();
    let (good, bad) = (usual_row(), json!({ "no such feature": 1 }));
    let answer = Sent::post("/batch_predict", &json!({ "rows": [good, bad, good] })).to(&service);
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let json = answer.json();
    assert_eq!((&json["n_rows"], &json["n_refused"]), (&json!(3), &json!(1)));
    assert_eq!(json["rows"][0], json["rows"][2]);
    assert_eq!(json["rows"][1]["refused"]["status"], "argument_feature");
}

#[test]
fn every_form_of_a_batch_gets_the_same_answers() {
    let service = service();
    let row = usual_row();
    let names: Vec<&String> = row.as_object().unwrap().keys().collect();
    let columns: serde_json::Map<String, Value> =
        names.iter().map(|name| ((*name).clone(), json!([row[*name], row[*name]]))).collect();
    let cells: Vec<String> = names.iter().map(|name| row[*name].to_string()).collect();
    let header = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(",");
    let csv = format!("{header}\n{0}\n{0}\n", cells.join(","));
    let lines = format!("{row}\n\n{row}");
    let bodies = [
        ("application/json", json!({ "rows": [row, row] }).to_string()),
        ("application/json", json!({ "columns": columns }).to_string()),
        ("application/x-ndjson", lines),
        ("text/csv", csv),
    ];
    let single = Sent::post("/predict", &json!({ "features": row })).to(&service).json();
    for (media_type, body) in bodies {
        let sent = Sent::body("/batch_predict", body).with("content-type", media_type);
        let answer = sent.with("accept", "application/x-ndjson").to(&service);
        let text = answer.text();
        let rows: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.len(), 2, "{media_type}: {text}");
        assert!(rows.iter().all(|row| row["probabilities"] == single["probabilities"]), "{text}");
    }
}

/// A stream of one record batch, with nulls.
fn arrow(names: &[&String], columns: &[Vec<Option<f64>>]) -> Vec<u8> {
    let arrays = names.iter().zip(columns).map(|(name, column)| {
        (name.as_str(), Arc::new(Float64Array::from(column.clone())) as ArrayRef, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(arrays).unwrap();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn every_row_of_a_long_table_is_answered_as_its_line() {
    let service = service();
    let row = usual_row();
    let names: Vec<&String> = row.as_object().unwrap().keys().collect();
    let number = |feature: usize, row: usize| {
        10.0 + f64::from(u32::try_from((row * 7 + feature * 31) % 97).unwrap()) / 3.0
    };
    for (null, nan) in
        [(None, None), (Some(4400), None), (None, Some(17)), (Some(5000), Some(2100))]
    {
        let cell = |feature: usize, row: usize| {
            let is_null = null.is_some_and(|null| row % 1000 == null % 1000 && feature == 1);
            let is_nan = nan == Some(row) && feature == 2;
            if is_nan { Some(f64::NAN) } else { (!is_null).then(|| number(feature, row)) }
        };
        let columns: Vec<Vec<Option<f64>>> =
            (0..3).map(|feature| (0..5003).map(|row| cell(feature, row)).collect()).collect();
        let ask = |media_type, body: Vec<u8>| {
            let sent = Sent::body("/batch_predict", body).with("content-type", media_type);
            sent.with("accept", "application/x-ndjson").to(&service).text()
        };
        let found = ask("application/vnd.apache.arrow.stream", arrow(&names, &columns));
        // A line cannot have a NaN.
        let line = |row: usize| {
            let member = |feature: usize| {
                let cell = cell(feature, row).filter(|number| !number.is_nan());
                (names[feature].clone(), json!(cell))
            };
            Value::Object((0..3).map(member).collect()).to_string()
        };
        let lines: Vec<String> = (0..5003).map(line).collect();
        let expected = ask("application/x-ndjson", lines.join("\n").into());
        let (found, expected): (Vec<_>, Vec<_>) =
            (found.lines().collect(), expected.lines().collect());
        assert_eq!((found.len(), expected.len()), (5003, 5003));
        for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
            match nan == Some(row) {
                true => assert!(found.contains("\"value_nan\""), "{found}"),
                false => assert_eq!(*found, expected, "row {row}"),
            }
        }
        let n_refused = found.iter().filter(|line| line.contains("refused")).count();
        let n_expected =
            usize::from(nan.is_some()) + null.map_or(0, |_| 5 + usize::from(null == Some(5000)));
        assert_eq!(n_refused, n_expected);
    }
}

#[test]
fn answers_come_as_tables_and_events() {
    let service = service();
    let body = json!({ "rows": [usual_row(), {}] });
    let answer = |accept| Sent::post("/batch_predict", &body).with("accept", accept).to(&service);
    let csv = answer("text/csv").text();
    assert!(csv.lines().next().unwrap().ends_with("class,verdict,status"), "{csv}");
    assert!(csv.lines().nth(2).unwrap().ends_with(",value_unset"), "{csv}");
    let events = answer("text/event-stream").text();
    assert!(events.starts_with("event: rows\ndata: [{"), "{events}");
    assert!(events.ends_with("event: done\ndata: {\"n_rows\":2,\"n_refused\":1}\n\n"), "{events}");
    let arrow = answer("application/vnd.apache.arrow.stream");
    let reader = arrow_ipc::reader::StreamReader::try_new(&arrow.body[..], None).unwrap();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 2);
    // What the service writes, it reads: the columns are no features, so they are ignored or refused.
    let sent = Sent::body("/batch_predict", arrow.body.clone());
    let refused = sent.with("content-type", "application/vnd.apache.arrow.stream").to(&service);
    assert_eq!(refused.json()["code"], "schema_columns");
}

#[test]
fn models_are_listed_described_and_named_by_paths() {
    let service = service();
    let listed = Sent::get("/models").to(&service).json();
    let (name, version) = (&listed["models"][0]["name"], &listed["models"][0]["latest"]);
    let path = format!("/models/{}", encoded(name));
    let described = Sent::get(&path).to(&service).json();
    assert_eq!(described["features"].as_array().unwrap().len(), 3);
    let path = format!("{path}/versions/{}/predict", encoded(version));
    let answer = Sent::post(&path, &json!({ "features": usual_row() })).to(&service);
    assert_eq!(answer.status, StatusCode::OK);
    let answer = Sent::post("/models/none/predict", &json!({ "features": {} })).to(&service);
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (StatusCode::NOT_FOUND, &json!("unknown_model"))
    );
}

#[test]
fn roles_are_needed_and_keys_are_checked() {
    let (key, entry) = new_key(&[Role::Predict]).unwrap();
    let keys = Keys::new(&KeyFile { keys: vec![entry] }, Some(Rate::per_second(5))).unwrap();
    let service = service_with(RequestLimits::default(), Security::new(keys, None, None));
    let body = json!({ "features": usual_row() });
    let status = |sent: Sent| sent.to(&service).status;
    assert_eq!(status(Sent::get("/health")), StatusCode::OK);
    assert_eq!(status(Sent::post("/predict", &body)), StatusCode::UNAUTHORIZED);
    let wrong = format!("Bearer {key}0");
    assert_eq!(
        status(Sent::post("/predict", &body).with("authorization", &wrong)),
        StatusCode::UNAUTHORIZED
    );
    let right = format!("Bearer {key}");
    assert_eq!(status(Sent::post("/predict", &body).with("authorization", &right)), StatusCode::OK);
    assert_eq!(status(Sent::post("/predict", &body).with("x-api-key", &key)), StatusCode::OK);
    assert_eq!(status(Sent::get("/models").with("x-api-key", &key)), StatusCode::FORBIDDEN);
    let statuses = (0..9).map(|_| status(Sent::post("/predict", &body).with("x-api-key", &key)));
    assert!(statuses.collect::<Vec<_>>().contains(&StatusCode::TOO_MANY_REQUESTS));
}

#[test]
fn a_caller_does_not_escape_its_rate_by_headers_of_proxies() {
    let security = Security::new(Keys::default(), None, Some(Rate::per_second(1)));
    let service = service_with(RequestLimits::default(), security);
    let status = |peer: &str, number: usize| {
        let forwarded = format!("10.0.0.{number}");
        let sent = Sent::get("/models").from(peer).with("x-forwarded-for", &forwarded);
        sent.with("forwarded", &format!("for={forwarded}")).to(&service).status
    };
    let statuses: Vec<StatusCode> = (0..20).map(|number| status("192.0.2.1:999", number)).collect();
    assert_eq!(statuses[0], StatusCode::OK);
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
    assert_eq!(status("192.0.2.2:999", 0), StatusCode::OK, "another address has its own rate");
}

#[test]
fn long_answers_are_compressed_for_those_who_ask_for_it() {
    let service = service();
    let rows = json!({ "rows": vec![usual_row(); 50] });
    let ask = |encoding: &str, accept: &str| {
        let sent = Sent::post("/batch_predict", &rows).with("accept-encoding", encoding);
        sent.with("accept", accept).to(&service)
    };
    let plain = ask("identity", "application/json");
    let zipped = ask("gzip", "application/json");
    assert_eq!((plain.header("content-encoding"), zipped.header("content-encoding")), ("", "gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&zipped.body[..]).read_to_string(&mut text).unwrap();
    let unzipped: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(unzipped["rows"], plain.json()["rows"]);
    assert!(zipped.body.len() < plain.body.len() / 4);
    // A stream is not held back by a compressor, and a short answer gains nothing.
    assert_eq!(ask("gzip", "application/x-ndjson").header("content-encoding"), "");
    let short = Sent::get("/health").with("accept-encoding", "gzip").to(&service);
    assert_eq!(short.header("content-encoding"), "");
}

#[test]
fn what_is_too_large_too_deep_or_compressed_is_refused() {
    let limits = RequestLimits { max_body_bytes: 5000, max_rows: 3, ..RequestLimits::default() };
    let service = service_with(limits, Security::open());
    let status = |path: &str, body: String| Sent::body(path, body).to(&service).status;
    assert_eq!(status("/predict", " ".repeat(5001)), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(status("/predict", "[".repeat(4999)), StatusCode::BAD_REQUEST);
    assert_eq!(status("/predict", "{\"features\":".repeat(400)), StatusCode::BAD_REQUEST);
    let rows = json!({ "rows": [{}, {}, {}, {}] }).to_string();
    assert_eq!(status("/batch_predict", rows), StatusCode::PAYLOAD_TOO_LARGE);
    let zipped = Sent::body("/predict", "x").with("content-encoding", "gzip").to(&service);
    assert_eq!(zipped.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let line = Sent::body("/batch_predict", "1".repeat(6000));
    let line = line.with("content-type", "application/x-ndjson").to(&service);
    assert_eq!(line.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn a_hundred_thousand_names_are_refused_at_the_first() {
    let service = service();
    let names: serde_json::Map<String, Value> =
        (0..100_000).map(|number| (format!("name {number}"), json!(1))).collect();
    let answer = Sent::post("/predict", &json!({ "features": names })).to(&service);
    assert_eq!(answer.json()["code"], "argument_feature");
}

#[test]
fn every_operation_of_the_description_is_routed() {
    let service = Service::new(common::models(), RequestLimits::default());
    let name = service.models.catalog().find(None, None).unwrap().name().to_owned();
    let mapping = serde_json::from_value(json!({})).unwrap();
    service.mappings.store(Arc::new([(name, mapping)].into()));
    let service = Arc::new(service);
    let description: Value = serde_json::from_str(nomogram_serve::OPENAPI).unwrap();
    let listed = Sent::get("/models").to(&service).json();
    let name = encoded(&listed["models"][0]["name"]);
    let version = encoded(&listed["models"][0]["latest"]);
    for (path, methods) in description["paths"].as_object().unwrap() {
        let path = path.replace("{model}", &name).replace("{version}", &version);
        let methods = methods.as_object().unwrap();
        for (method, sent) in [("get", Sent::get(&path)), ("post", Sent::post(&path, &json!({})))] {
            // MLflow has errors of its own.
            if !methods.contains_key(method) && !path.starts_with("/api/") {
                assert_eq!(
                    sent.to(&service).status,
                    StatusCode::METHOD_NOT_ALLOWED,
                    "{method} {path}"
                );
            }
        }
        for method in methods.keys() {
            let sent = match method.as_str() {
                "get" => Sent::get(&path),
                _ => Sent::post(&path, &json!({ "rows": [], "features": {} })),
            };
            let answer = sent.to(&service);
            // This model has no card, and this service no registry.
            let is_missing = path.ends_with("/card") || path.starts_with("/api/");
            assert!(
                is_missing
                    || !matches!(
                        answer.status,
                        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
                    ),
                "{method} {path}: {}",
                answer.status
            );
        }
    }
    assert_eq!(Sent::get("/docs/").to(&service).status, StatusCode::OK);
}

#[test]
fn web_pages_of_the_origins_may_send_every_header_and_read_the_answers() {
    let service = service();
    let page = "https://ward.example";
    service.origins.store(Arc::new(vec![page.parse().unwrap()]));
    let documented = [
        "authorization",
        "x-api-key",
        "content-type",
        "x-request-id",
        "x-subject-id",
        "traceparent",
        "inference-header-content-length",
    ];
    let asked = |origin: &str| {
        Sent::options("/predict")
            .with("origin", origin)
            .with("access-control-request-method", "POST")
            .with("access-control-request-headers", &documented.join(","))
            .to(&service)
    };
    let answer = asked(page);
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), page);
    assert_eq!(answer.header("access-control-allow-methods"), "GET,POST");
    let allowed = answer.header("access-control-allow-headers");
    for name in documented {
        assert!(allowed.split(',').any(|allowed| allowed == name), "{name}: {allowed}");
    }
    assert_eq!(asked("https://other.example").header("access-control-allow-origin"), "");

    let sent = Sent::post("/predict", &json!({ "features": usual_row() })).with("origin", page);
    let answer = sent.to(&service);
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), page);
    let exposed = answer.header("access-control-expose-headers");
    for name in ["x-request-id", "x-model-digest"] {
        assert!(exposed.split(',').any(|exposed| exposed == name), "{name}: {exposed}");
        assert!(!answer.header(name).is_empty());
    }

    // Other origins of a reload are in force at once.
    service.origins.store(Arc::new(vec!["https://other.example".parse().unwrap()]));
    assert_eq!(asked(page).header("access-control-allow-origin"), "");
}

#[test]
fn metrics_count_requests_rows_and_refusals() {
    let service = service();
    Sent::post("/predict", &json!({ "features": usual_row() })).to(&service);
    Sent::post("/predict", &json!({ "features": {} })).to(&service);
    let text = Sent::get("/metrics").to(&service).text();
    for line in [
        "nomogram_requests_total{endpoint=\"predict\",status=\"200\"} 1",
        "nomogram_problems_total{code=\"value_unset\"} 1",
        "status=\"value_unset\"} 1",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn every_line_is_written_before_the_log_ends() {
    let shown = Shown::default();
    let log = Log::new(shown.clone()).unwrap();
    for number in 0..1000 {
        log.event("info", "counted", &[("number", &number.to_string())]);
    }
    drop(log);
    let written = shown.text();
    assert_eq!(written.lines().count(), 1000);
    let last: Value = serde_json::from_str(written.lines().last().unwrap()).unwrap();
    assert_eq!((last["event"].as_str(), last["number"].as_str()), (Some("counted"), Some("999")));
}
