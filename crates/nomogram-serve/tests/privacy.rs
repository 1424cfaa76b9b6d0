//! No value, name or other text of a request appears in answers, log or metrics.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod common;

use std::sync::Arc;

use common::{Sent, Shown, models, usual_row};
use nomogram_serve::log::Log;
use nomogram_serve::{RequestLimits, Service};
use serde_json::json;

/// Appears in every request below.
const CANARY: &str = "48151623";

/// Requests that hold the canary in every place where a caller can write.
fn requests() -> Vec<Sent> {
    let usual = usual_row();
    let name = usual.as_object().unwrap().keys().next().unwrap().clone();
    let mut rows = vec![json!({ CANARY: 1 }), json!(CANARY), json!([CANARY])];
    for value in [
        json!(CANARY),
        json!(4.815_162_3e107),
        json!([CANARY]),
        json!({ "value": 1, "unit": CANARY }),
        json!({ "missing": CANARY }),
        json!({ CANARY: 1 }),
        json!({ "value": CANARY, "unit": CANARY }),
        json!(true),
    ] {
        let mut row = usual.clone();
        row[&name] = value;
        row["second"] = json!(48_151_623);
        rows.push(row.clone());
        row.as_object_mut().unwrap().remove("second");
        rows.push(row);
    }
    let mut requests = Vec::new();
    for row in &rows {
        requests.push(Sent::post("/predict", &json!({ "features": row })));
        requests.push(Sent::post("/batch_predict", &json!({ "rows": [row] })));
        requests.push(Sent::post("/batch_predict", &json!({ "columns": row })));
        let lines = Sent::body("/batch_predict", format!("{row}\n{{\"{name}\": {CANARY}x\n"));
        requests.push(lines.with("content-type", "application/x-ndjson"));
    }
    for table in [
        format!("{CANARY}\n1\n"),
        format!("{name}\n{CANARY}\n"),
        format!("{name},{name}\n{CANARY},{CANARY}\n"),
        format!("{name} [{CANARY}]\n1\n"),
        format!("{name}\n\"{CANARY}\n"),
        format!(
            "{},\n{CANARY},1,2,3,4,5\n",
            usual.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(",")
        ),
    ] {
        requests.push(Sent::body("/batch_predict", table).with("content-type", "text/csv"));
    }
    let arrow = Sent::body("/batch_predict", CANARY);
    requests.push(arrow.with("content-type", "application/vnd.apache.arrow.stream"));
    for path in ["/predict?age=", "/models/", "/models/a/versions/", "/v9/", "/"] {
        requests.push(Sent::get(&format!("{path}{CANARY}")));
        requests.push(Sent::post(&format!("{path}{CANARY}"), &json!({ CANARY: CANARY })));
    }
    for header in [
        "x-request-id",
        "authorization",
        "x-api-key",
        "content-type",
        "accept",
        "content-encoding",
        "x-forwarded-for",
    ] {
        requests.push(Sent::post("/batch_predict", &json!({ CANARY: 1 })).with(header, CANARY));
    }
    for body in [format!("{{\"features\": {CANARY}}}"), CANARY.into(), format!("{{\"{CANARY}")] {
        requests.push(Sent::body("/predict", body));
    }
    let mut bytes = CANARY.as_bytes().to_vec();
    bytes.push(0xff);
    requests.push(Sent::body("/predict", bytes));
    requests
}

#[test]
fn no_text_of_a_request_is_repeated() {
    let shown = Shown::default();
    let log = Log::new(shown.clone()).unwrap();
    let service = Service::new(models(), RequestLimits::default()).with_log(log);
    let service = Arc::new(service);
    let mut n_refused = 0;
    for (number, request) in requests().into_iter().enumerate() {
        let answer = request.to(&service);
        let text = answer.text();
        assert!(!text.contains(CANARY), "answer {number}: {text}");
        n_refused += u32::from(answer.status.is_client_error() || text.contains("refused"));
    }
    assert!(n_refused > 60, "{n_refused} requests were refused");
    let metrics = Sent::get("/metrics").to(&service).text();
    assert!(!metrics.contains(CANARY), "{metrics}");
    drop(service);
    let log = shown.text();
    assert!(log.lines().count() > 60, "{log}");
    assert!(!log.contains(CANARY), "{log}");
}
