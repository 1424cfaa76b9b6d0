use std::sync::Arc;

use super::common::{Sent, Shown, infer_message};
use super::{MODEL, PATH, ROW, cds_hooks, fhir, unshared_service};
use nomogram_serve::log::Log;
use serde_json::{Value, json};

/// Requests for the model in each protocol, and what the log has of them: endpoint, status, code, rows, and
/// how many were refused.
fn requests() -> Vec<(Sent, &'static str)> {
    let row: Value = ROW.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let post = |path: &str, body: &Value| Sent::post(&path.replace("MODEL", PATH), body);
    let get = |path: &str| Sent::get(&path.replace("MODEL", PATH));
    let tensor = |data: Value, on_refusal: &str| {
        let shape = [data.as_array().unwrap().len() / 3, 3];
        json!({"inputs": [{"name": "rows", "shape": shape, "datatype": "FP64", "data": data}],
               "parameters": {"on_refusal": on_refusal}})
    };
    let (infer, assess) = ("/v2/models/MODEL/infer", "/fhir/MODEL/$assess");
    let (numbers, two) = ([17.99, 10.38, 22.8], json!([17.99, 10.38, 22.8, 14.0, null, 92.0]));
    let mut absent = fhir::bundle();
    absent["entry"].as_array_mut().unwrap().remove(2);
    let (mut unfetched, mut nothing) = (cds_hooks::hook(), cds_hooks::hook());
    unfetched["prefetch"].as_object_mut().unwrap().remove("1002-2");
    nothing["prefetch"]["1002-2"] = Value::Null;
    let feedback = json!({"feedback": [{"card": "1", "outcome": "accepted",
        "outcomeTimestamp": "2026-11-28T10:05:31Z"}]});
    let grpc = |numbers: &[f64]| {
        let shape = u8::try_from(numbers.len()).unwrap();
        Sent::grpc("ModelInfer", &infer_message(MODEL, "rows", &[1, shape], numbers))
    };
    let (features, none) = (json!({ "features": row }), json!({ "features": {} }));
    vec![
        (post("/predict", &features), "predict 200 - 1 0"),
        (post("/predict", &none), "predict 422 value_unset 1 1"),
        (post("/predict", &json!({})), "predict 400 malformed 0 0"),
        (post("/models/MODEL/explain", &features), "explain 422 unsupported 0 0"),
        (post("/batch_predict", &json!({"rows": [row, {}, row]})), "batch_predict 200 - 3 1"),
        (post("/batch_predict?a=b", &json!({"rows": []})), "batch_predict 400 malformed 0 0"),
        (get("/models/MODEL"), "models 200 - 0 0"),
        (get("/models/MODEL/card"), "models 404 not_found 0 0"),
        (post(infer, &tensor(two.clone(), "mark")), "v2_infer 200 - 2 1"),
        (post(infer, &tensor(two, "fail")), "v2_infer 400 value_missing 2 1"),
        (post(infer, &json!({"inputs": [{}]})), "v2_infer 400 malformed 0 0"),
        (get("/v2/models/MODEL"), "v2_metadata 200 - 0 0"),
        (get("/v2/models/MODEL/ready"), "v2_health 200 - 0 0"),
        (grpc(&numbers), "grpc_infer 200 - 1 0"),
        (grpc(&[17.99, f64::NAN, 22.8]), "grpc_infer 200 value_missing 1 1"),
        (grpc(&[17.99]), "grpc_infer 200 malformed 0 0"),
        (Sent::grpc("ModelMetadata", &[]), "grpc_metadata 200 - 0 0"),
        (post("/cds-services/MODEL", &cds_hooks::hook()), "cds_hooks 200 - 1 0"),
        (post("/cds-services/MODEL", &nothing), "cds_hooks 200 - 1 1"),
        (post("/cds-services/MODEL", &unfetched), "cds_hooks 412 value_missing 1 1"),
        (post("/cds-services/MODEL", &json!({})), "cds_hooks 400 malformed 0 0"),
        (post("/cds-services/MODEL/feedback", &feedback), "cds_hooks 200 - 0 0"),
        (post("/cds-services/MODEL/feedback", &json!({})), "cds_hooks 400 malformed 0 0"),
        (post(assess, &fhir::bundle()), "fhir 200 - 1 0"),
        (post(assess, &absent), "fhir 422 value_missing 1 1"),
        (post(assess, &json!({})), "fhir 400 malformed 0 0"),
    ]
}

#[test]
fn every_protocol_logs_and_counts_its_requests_with_model_and_rows() {
    let shown = Shown::default();
    let service = Arc::new(unshared_service().with_log(Log::new(shown.clone()).unwrap()));
    let digest = service.models.find(None, None).unwrap().digest().to_owned();
    let (requests, expected): (Vec<_>, Vec<_>) = requests().into_iter().unzip();
    for (request, expected) in requests.into_iter().zip(&expected) {
        let answer = request.to(&service);
        assert_eq!(answer.header("x-model-digest"), digest, "{expected}: {}", answer.text());
    }
    let metrics = Sent::get("/metrics").to(&service).text();
    drop(service);
    let log = shown.text();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: Vec<String> = lines
        .iter()
        .filter(|line| line["endpoint"] != "monitor")
        .map(|line| {
            let model = json!([line["model"], line["version"], line["digest"]]);
            assert_eq!(model, json!([MODEL, "1", digest]), "{line}");
            let count = |name: &str| line[name].as_u64().unwrap_or_default();
            let code = line["code"].as_str().unwrap_or("-");
            let (endpoint, status) = (line["endpoint"].as_str().unwrap(), &line["status"]);
            format!("{endpoint} {status} {code} {} {}", count("rows"), count("refused"))
        })
        .collect();
    assert_eq!(found, expected);
    for code in ["value_unset", "value_missing", "malformed", "unsupported", "not_found"] {
        let n_logged = expected.iter().filter(|line| line.contains(code)).count();
        let metric = format!("nomogram_problems_total{{code=\"{code}\"}} {n_logged}\n");
        assert!(metrics.contains(&metric), "{metric}{metrics}");
    }
}

#[test]
fn calls_of_grpc_that_reach_no_handler_are_counted_by_their_reason() {
    let shown = Shown::default();
    let service = Arc::new(unshared_service().with_log(Log::new(shown.clone()).unwrap()));
    for (method, message) in [("ModelInfer", &b"no message"[..]), ("ModelForget", b"")] {
        Sent::grpc(method, message).to(&service);
    }
    Sent::grpc("ModelMetadata", &super::common::field(1, "nobody")).to(&service);
    drop(service);
    let codes: Vec<String> = shown
        .text()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["code"].to_string())
        .collect();
    assert_eq!(codes, ["\"malformed\"", "\"method\"", "\"unknown_model\""]);
}
