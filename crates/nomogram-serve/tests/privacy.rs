//! No value, name or other text of a request appears in answers, the log, metrics, traces, alarms or files.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{Sent, Shown, field, infer_message};
use nomogram_serve::decisions::{DecisionLog, new_keys, verify};
use nomogram_serve::instant::Instant;
use nomogram_serve::log::Log;
use nomogram_serve::watch::{CameTrue, Watch, WatchSettings};
use nomogram_serve::{
    Approval, Catalog, Folder, KeyFile, Keys, Models, ModelsConfig, RequestLimits, Role, Security,
    Served, Service, Webhook, look, new_key,
};
use serde_json::{Value, json};

/// Appears in every request below, as a text or as a number.
const CANARY: &str = "48151623";
/// What is looked for: the canary, also without its first digit, which an exponent separates from it.
const TRACE_OF_CANARY: &str = "8151623";
/// The model that is watched, logged and mapped to FHIR.
const WARD: &str = "ward";
/// The model that can be explained.
const OTHER: &str = "other";
/// The names of their features.
const NAMES: [&str; 3] = ["radius", "texture", "perimeter"];

/// A row with another value of one feature.
fn row(value: &Value) -> Value {
    json!({ NAMES[0]: value, NAMES[1]: 10.38, NAMES[2]: 22.8 })
}

fn of_type(sent: Sent, media_type: &str) -> Sent {
    sent.with("content-type", media_type)
}

/// Every request in which a caller can write a canary, by protocol.
fn requests() -> Vec<Sent> {
    [native(), batches(), inference(), grpc(), clinical(), outcomes(), paths(), headers()]
        .into_iter()
        .flatten()
        .collect()
}

/// Values that hold the canary.
fn values() -> Vec<Value> {
    vec![
        json!(48_151_623),
        json!(CANARY),
        json!(4.815_162_3e107),
        json!([CANARY]),
        json!({ "value": 1, "unit": CANARY }),
        json!({ "value": 48_151_623, "unit": "um" }),
        json!({ "missing": CANARY }),
        json!({ CANARY: 1 }),
        json!({ "value": CANARY, "unit": CANARY }),
    ]
}

fn rows() -> Vec<Value> {
    let mut rows: Vec<Value> = values().iter().map(row).collect();
    rows.extend([json!({ CANARY: 1 }), json!(CANARY), json!([CANARY]), json!({})]);
    let mut with_other = row(&json!(1));
    with_other[CANARY] = json!(48_151_623);
    rows.push(with_other);
    rows
}

fn native() -> Vec<Sent> {
    let mut requests = Vec::new();
    for path in ["/predict", "/models/ward/predict", "/models/other/explain"] {
        for row in rows() {
            requests.push(Sent::post(path, &json!({ "features": row })));
            requests.push(Sent::post(path, &json!({ "features": row, CANARY: CANARY })));
        }
        for body in [
            format!("{{\"features\": {CANARY}}}"),
            format!("{{\"features\": {{}}, \"explanation\": {CANARY}}}"),
            CANARY.into(),
            format!("{{\"{CANARY}"),
        ] {
            requests.push(Sent::body(path, body));
        }
        requests.push(Sent::body(path, [CANARY.as_bytes(), &[0xff]].concat()));
        requests.push(Sent::post(&format!("{path}?{CANARY}=1"), &json!({ "features": {} })));
        requests.push(Sent::post(&format!("{path}?members={CANARY}"), &json!({})));
    }
    requests
}

fn batches() -> Vec<Sent> {
    let path = "/models/ward/batch_predict";
    let mut requests = Vec::new();
    for row in rows() {
        requests.push(Sent::post(path, &json!({ "rows": [row] })));
        requests.push(Sent::post(path, &json!({ "columns": row })));
        let lines = format!("{row}\n{{\"{}\": {CANARY}x\n{CANARY}", NAMES[0]);
        for accept in ["text/csv", "text/event-stream", "application/x-ndjson"] {
            let sent = of_type(Sent::body(path, lines.clone()), "application/x-ndjson");
            requests.push(sent.with("accept", accept));
        }
        let other =
            Sent::post("/models/other/batch_predict", &json!({"rows": [row], "explanation": true}));
        requests.push(other);
    }
    let names = NAMES.join(",");
    for table in [
        format!("{CANARY}\n1\n"),
        format!("{names}\n{CANARY},{CANARY},{CANARY}\n"),
        format!("{names}\n{CANARY}x,1,2\n"),
        format!("{0},{0}\n{CANARY},{CANARY}\n", NAMES[0]),
        format!("{} [{CANARY}],{},{}\n1,2,3\n", NAMES[0], NAMES[1], NAMES[2]),
        format!("{names}\n\"{CANARY}\n"),
        format!("{names}\n{CANARY},1,2,3,4,5\n"),
    ] {
        requests.push(of_type(Sent::body(path, table), "text/csv"));
    }
    requests.push(of_type(Sent::body(path, CANARY), "application/vnd.apache.arrow.stream"));
    for columns in [[NAMES[0], NAMES[1], NAMES[2]], [NAMES[0], NAMES[1], CANARY]] {
        let table = arrow(columns);
        requests.push(of_type(Sent::body(path, table), "application/vnd.apache.arrow.stream"));
    }
    requests
}

/// A table of Arrow with the canary as a number and as a text.
fn arrow(columns: [&str; 3]) -> Vec<u8> {
    let numbers = || Arc::new(arrow_array::Float64Array::from(vec![48_151_623.0, f64::NAN]));
    let texts = Arc::new(arrow_array::StringArray::from(vec![CANARY, CANARY]));
    let batch = arrow_array::RecordBatch::try_from_iter([
        (columns[0], numbers() as arrow_array::ArrayRef),
        (columns[1], numbers()),
        (columns[2], texts),
    ]);
    let batch = batch.unwrap();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn inference() -> Vec<Sent> {
    let infer = "/v2/models/ward/infer";
    let tensor = |name: &str, shape: Value, datatype: &str, data: Value| json!({"name": name, "shape": shape, "datatype": datatype, "data": data});
    let one = |tensor: Value| json!({ "inputs": [tensor] });
    let three = json!([1, 3]);
    let number = json!([48_151_623, 48_151_623, 1]);
    let mut unit = tensor(NAMES[0], json!([1]), "FP64", json!([48_151_623]));
    unit["parameters"] = json!({ "unit": CANARY, CANARY: 1 });
    let mut bodies = vec![
        one(tensor("rows", three.clone(), "FP64", number.clone())),
        one(tensor("rows", three.clone(), "FP64", json!([4.815_162_3e107, 1, null]))),
        one(tensor("rows", three.clone(), "FP64", json!([CANARY, 48_151_623, 1]))),
        one(tensor("rows", three.clone(), "BYTES", json!([CANARY, CANARY, CANARY]))),
        one(tensor("rows", three.clone(), "INT64", json!([4_815_162_348_151_623_u64, 1, 1]))),
        one(tensor("rows", json!([48_151_623, 3]), "FP64", number.clone())),
        one(tensor("rows", json!([CANARY]), "FP64", number.clone())),
        one(tensor("rows", three.clone(), CANARY, number.clone())),
        one(tensor(CANARY, json!([1]), "FP64", json!([48_151_623]))),
        one(unit),
        json!({"id": CANARY, "inputs": []}),
        json!({"id": 48_151_623, "inputs": [], CANARY: 1}),
        json!({"inputs": [], "outputs": [{"name": CANARY}]}),
        json!({"inputs": [], "parameters": {"on_refusal": CANARY, CANARY: CANARY}}),
        json!(CANARY),
    ];
    let mut marked = one(tensor("rows", three, "FP64", json!([48_151_623, null, CANARY])));
    marked["parameters"] = json!({"on_refusal": "mark"});
    bodies.push(marked);
    let mut requests: Vec<Sent> = bodies.iter().map(|body| Sent::post(infer, body)).collect();
    requests.push(Sent::body(infer, format!("{{\"inputs\": [{CANARY}")));
    // JSON, and a tensor in binary after it.
    let head = json!({"inputs": [{"name": "rows", "shape": [1, 3], "datatype": "BYTES",
        "parameters": {"binary_data_size": 12}}]})
    .to_string();
    let length = head.len().to_string();
    let body = [head.as_bytes(), &[8, 0, 0, 0], CANARY.as_bytes()].concat();
    for length in [length.as_str(), CANARY, "x48151623"] {
        let sent = Sent::body(infer, body.clone());
        requests.push(sent.with("inference-header-content-length", length));
    }
    let repository = "/v2/repository";
    for body in [json!({"ready": CANARY}), json!({"parameters": {CANARY: CANARY}}), json!(CANARY)] {
        requests.push(Sent::post(&format!("{repository}/index"), &body));
        for model in [WARD, CANARY] {
            requests.push(Sent::post(&format!("{repository}/models/{model}/load"), &body));
        }
    }
    for act in ["load", "unload"] {
        let path = format!("{repository}/models/{CANARY}/{act}");
        requests.push(Sent::body(&path, ""));
    }
    requests
}

fn grpc() -> Vec<Sent> {
    let infer = |message: Vec<u8>| Sent::grpc("ModelInfer", &message);
    let numbers = [48_151_623.0, 4.815_162_3e107, f64::NAN];
    let mut requests = vec![
        infer(infer_message(WARD, "rows", &[1, 3], &numbers)),
        infer(infer_message(WARD, CANARY, &[1], &numbers[..1])),
        infer(infer_message(CANARY, "rows", &[1, 3], &numbers)),
        infer([field(1, WARD), field(2, CANARY)].concat()),
        infer([field(1, WARD), field(3, CANARY), field(6, field(1, CANARY))].concat()),
        infer([field(1, WARD), field(5, [field(1, NAMES[0]), field(2, CANARY)].concat())].concat()),
        infer(
            [field(1, WARD), field(4, [field(1, CANARY), field(2, field(3, CANARY))].concat())]
                .concat(),
        ),
        infer(CANARY.as_bytes().to_vec()),
        Sent::grpc(CANARY, &[]),
    ];
    for method in ["ModelReady", "ModelMetadata", "RepositoryIndex"] {
        requests.push(Sent::grpc(method, &field(1, CANARY)));
    }
    for method in ["RepositoryModelLoad", "RepositoryModelUnload"] {
        requests.push(Sent::grpc(method, &field(2, CANARY)));
    }
    requests
}

/// CDS Hooks with its feedback, and FHIR.
fn clinical() -> Vec<Sent> {
    let observation = |name: &str, value: Value| {
        let mut observation = json!({
            "resourceType": "Observation", "id": CANARY, "status": "final",
            "subject": {"reference": format!("Patient/{CANARY}")},
            "code": {"coding": [{"system": "http://loinc.org", "code": "1001-1"}]},
            "effectiveDateTime": "2026-11-28T10:00:00Z",
        });
        observation[name] = value;
        observation
    };
    let quantity = |value: Value, unit: &str| {
        observation("valueQuantity", json!({"value": value, "code": unit}))
    };
    let resources = [
        quantity(json!(48_151_623), CANARY),
        quantity(json!(48_151_623), "um"),
        quantity(json!(CANARY), "um"),
        observation("valueString", json!(CANARY)),
        observation("valueQuantity", json!({"value": 48_151_623, "comparator": "<", "code": "um"})),
        observation("dataAbsentReason", json!({"coding": [{"code": CANARY}]})),
        observation("effectiveDateTime", json!(CANARY)),
        observation("status", json!(CANARY)),
        observation("status", json!(48_151_623)),
        json!({"resourceType": "Patient", "id": CANARY, "birthDate": CANARY, "gender": CANARY}),
        json!({"resourceType": CANARY, CANARY: CANARY}),
        json!(CANARY),
    ];
    let (assess, call) = ("/fhir/ward/$assess", "/cds-services/ward");
    let mut requests = Vec::new();
    for resource in resources {
        requests.push(Sent::post(assess, &resource));
        let bundle = json!({"resourceType": "Bundle", "entry": [{"resource": resource}]});
        // Two patients, so that it is refused before it is answered with the reference of its own patient.
        let other = json!({"resourceType": "Patient", "id": "another"});
        let two = json!({"resourceType": "Bundle", "entry": [{"resource": resource}, {"resource": other}]});
        requests.push(Sent::post(assess, &bundle));
        requests.push(Sent::post(assess, &two));
        requests.push(Sent::post(
            call,
            &json!({
                "hook": "patient-view", "hookInstance": CANARY,
                "context": {"userId": CANARY, "patientId": CANARY},
                "prefetch": {"patient": resource, "1001-1": bundle, "1002-2": null, CANARY: null},
            }),
        ));
    }
    for body in [
        json!({"hook": CANARY, "hookInstance": CANARY, "context": {"patientId": CANARY}}),
        json!({"hook": 48_151_623, CANARY: CANARY}),
    ] {
        requests.push(Sent::post(call, &body));
    }
    let item = |outcome: &str, time: &str| {
        json!({"feedback": [{"card": CANARY, "outcome": outcome, "outcomeTimestamp": time,
            "overrideReason": {"userComment": CANARY, "reason": {"code": CANARY}}}]})
    };
    for body in [
        item("overridden", "2026-11-28T10:05:31Z"),
        item(CANARY, "2026-11-28T10:05:31Z"),
        item("accepted", CANARY),
        json!({ "feedback": CANARY }),
    ] {
        requests.push(Sent::post(&format!("{call}/feedback"), &body));
    }
    requests
}

fn outcomes() -> Vec<Sent> {
    let bodies = [
        json!([{"request": CANARY, "outcome": true}]),
        json!([{"request": CANARY, "row": 48_151_623, "outcome": CANARY}]),
        json!([{"digest": CANARY, "probability": 0.25, "outcome": true}]),
        json!([{"digest": CANARY, "probability": 48_151_623, "outcome": CANARY}]),
        json!([{"request": 48_151_623, "outcome": true}, {"request": "a", "outcome": true}]),
        json!({ CANARY: CANARY }),
        json!(CANARY),
    ];
    bodies.iter().map(|body| Sent::post("/outcomes", body)).collect()
}

fn paths() -> Vec<Sent> {
    let mut requests = Vec::new();
    for path in [
        "/predict?age=",
        "/models/",
        "/models/ward/versions/",
        "/v2/models/",
        "/v2/models/ward/versions/",
        "/cds-services/",
        "/monitor/",
        "/docs/",
        "/api/2.0/mlflow/",
        "/v9/",
        "/",
    ] {
        requests.push(Sent::get(&format!("{path}{CANARY}")));
        requests.push(Sent::post(&format!("{path}{CANARY}"), &json!({ CANARY: CANARY })));
        requests.push(Sent::options(&format!("{path}{CANARY}")));
    }
    for path in
        ["/fhir/48151623/$assess", "/cds-services/48151623/feedback", "/models/48151623/explain"]
    {
        requests.push(Sent::post(path, &json!({ CANARY: CANARY })));
    }
    requests
}

/// The headers that the service reads, with good requests and with bad ones.
fn headers() -> Vec<Sent> {
    // The claims of a token: the canary is not seen before they are decoded.
    let claims = base64(&json!({"iss": CANARY, "sub": CANARY, "roles": [CANARY]}).to_string());
    let token_head = base64(&json!({"alg": "ES256", "kid": CANARY}).to_string());
    let token = format!("Bearer {token_head}.{claims}.c2lnbmF0dXJl");
    let values = [
        ("x-request-id", CANARY.to_owned()),
        ("x-subject-id", CANARY.to_owned()),
        ("traceparent", CANARY.to_owned()),
        ("traceparent", format!("00-{CANARY:0>32}-{CANARY:0>16}-00")),
        ("authorization", CANARY.to_owned()),
        ("authorization", format!("Bearer {CANARY}")),
        ("authorization", format!("Bearer nomo_{CANARY}_{CANARY}")),
        ("authorization", token),
        ("x-api-key", format!("nomo_{CANARY}_{CANARY}")),
        ("content-type", CANARY.to_owned()),
        ("content-type", format!("application/{CANARY}")),
        ("accept", CANARY.to_owned()),
        ("content-encoding", CANARY.to_owned()),
        ("x-forwarded-for", CANARY.to_owned()),
        ("origin", format!("https://{CANARY}.example")),
    ];
    let mut requests = Vec::new();
    for (name, value) in values {
        for features in [row(&json!(17.99)), json!({ CANARY: 1 })] {
            let one = json!({ "features": features });
            requests.push(Sent::post("/models/ward/predict", &one).with(name, &value));
            let several = json!({ "rows": [features] });
            requests.push(Sent::post("/models/ward/batch_predict", &several).with(name, &value));
        }
    }
    requests
}

/// A text in the alphabet of tokens.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = |piece: &[u8]| -> String {
        let number = piece.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
        let number = number << (8 * (3 - piece.len()));
        (0..=piece.len()).map(|at| char::from(ALPHABET[number >> (18 - 6 * at) & 63])).collect()
    };
    text.as_bytes().chunks(3).map(digits).collect()
}

/// What a receiver on a port of its own got: each request's head and body.
fn receiver() -> (String, std::sync::mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let (sender, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut text) = (stream.unwrap(), Vec::new());
            let is_whole = |text: &[u8]| {
                let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") else {
                    return false;
                };
                let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
                let length = head.split("content-length:").nth(1).unwrap();
                let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
                text.len() >= end + 4 + length
            };
            while !is_whole(&text) {
                let mut piece = [0; 4096];
                let n_bytes = stream.read(&mut piece).unwrap();
                assert!(n_bytes > 0, "the request ends too early");
                text.extend_from_slice(&piece[..n_bytes]);
            }
            sender.send(text).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
    });
    (address, received)
}

fn has_canary(bytes: &[u8]) -> bool {
    let canary = TRACE_OF_CANARY.as_bytes();
    bytes.windows(canary.len()).any(|window| window == canary)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn served(name: &str, bytes: &[u8]) -> Arc<Served> {
    let model = nomogram::Model::open(bytes).unwrap();
    let approval = Approval::NotRecorded;
    Served::new(model.into(), name.into(), "1".into(), approval).unwrap().into()
}

#[test]
fn no_text_of_a_request_is_repeated_anywhere() {
    let folder = std::env::temp_dir().join(format!("nomogram-privacy-{}", std::process::id()));
    let _none = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("models")).unwrap();
    let mut catalog = Catalog::default();
    catalog.add(served(OTHER, &nomogram_testkit::explained_bundle()));
    catalog.add(served(WARD, &nomogram_testkit::bundle_with_profile()));
    catalog.set_default(WARD).unwrap();
    let shown = Shown::default();
    let service = Service::new(Models::new(catalog), RequestLimits::default());
    let mut service = service.with_log(Log::new(shown.clone()).unwrap());
    let (key, entry) = new_key(&Role::ALL).unwrap();
    let keys = Keys::new(&KeyFile { keys: vec![entry] }, None).unwrap();
    service.security.store(Arc::new(Security::new(keys, Some(tokens()), None)));
    let models = ModelsConfig { folder: Some(folder.join("models")), ..ModelsConfig::default() };
    service.folder.store(Some(Arc::new(Folder { config: models, demo: None })));
    let source = |code: &str| json!({ "loinc": code });
    let mapping = json!({"features": {NAMES[0]: source("1001-1"), NAMES[1]: source("1002-2"), NAMES[2]: source("1003-3")}});
    let mapping = serde_json::from_value(mapping).unwrap();
    service.mappings.store(Arc::new([(WARD.to_owned(), mapping)].into()));
    let store = Some(folder.join("watch"));
    service.watch = Watch::new(WatchSettings { store, ..WatchSettings::default() });
    let (private, public) = new_keys();
    service.decisions = Some(DecisionLog::open(&folder.join("decisions"), &public).unwrap());
    let (address, received) = receiver();
    #[cfg(feature = "otlp")]
    {
        let config = nomogram_serve::TracesConfig {
            endpoint: address.clone(),
            certificates_file: None,
            share: 1.0,
        };
        service.traces = Some(Arc::new(nomogram_serve::traces::Traces::new(&config).unwrap()));
    }
    let service = Arc::new(service);

    let (mut n_refused, mut n_answered) = (0, 0);
    for (number, request) in requests().into_iter().enumerate() {
        let answer = request.with_default("x-api-key", &key).to(&service);
        let text = answer.text();
        assert!(!has_canary(&answer.body), "answer {number}: {text}");
        let headers = format!("{:?}", answer.headers);
        assert!(!has_canary(headers.as_bytes()), "answer {number}: {headers}");
        let is_refused = answer.status.is_client_error()
            || text.contains("refused")
            || answer.headers.get("grpc-status").is_some_and(|status| status != "0");
        *if is_refused { &mut n_refused } else { &mut n_answered } += 1;
    }
    assert!(n_refused > 300 && n_answered > 20, "{n_refused} refused, {n_answered} answered");

    // An alarm, for its webhook.
    let digest = service.models.find(Some(WARD), None).unwrap().digest().to_owned();
    let _before = look(&service);
    for row in 0..200 {
        service.watch.count(&digest, 0.1, CameTrue::Second(row % 2 == 0)).unwrap();
    }
    let alarms = look(&service);
    assert!(!alarms.is_empty());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for alarm in &alarms {
        runtime.block_on(Webhook::new(&address, None).unwrap().send(alarm)).unwrap();
    }
    let mut n_received = alarms.len();
    if let Some(traces) = &service.traces {
        runtime.block_on(traces.send(&service.log));
        n_received += 1;
    }
    let received: Vec<Vec<u8>> = received.try_iter().collect();
    assert!(received.len() >= n_received, "{} requests", received.len());
    for text in received {
        assert!(!has_canary(&text), "{}", String::from_utf8_lossy(&text));
    }

    service.watch.collect(&service.models.catalog(), Instant::now()).unwrap();
    for path in ["/metrics", "/monitor", "/monitor/trials", "/v2", "/models", "/openapi.json"] {
        let answer = Sent::get(path).with("x-api-key", &key).to(&service);
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        assert!(!has_canary(&answer.body), "{path}: {}", answer.text());
    }
    drop(service);
    let mut n_decisions = 0;
    verify(&folder.join("decisions"), Some(&private), |_| n_decisions += 1).unwrap();
    assert!(n_decisions > 200, "{n_decisions} decisions");
    let found = files(&folder);
    assert!(
        found.iter().any(|file| file.extension().is_some_and(|end| end == "counts")),
        "{found:?}"
    );
    for file in found {
        assert!(!has_canary(&std::fs::read(&file).unwrap()), "{}", file.display());
        assert!(!has_canary(file.as_os_str().as_encoded_bytes()), "{}", file.display());
    }
    let log = shown.text();
    assert!(log.lines().count() > 300, "{log}");
    assert!(!has_canary(log.as_bytes()), "{log}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A check of tokens with a key that has signed none.
fn tokens() -> nomogram_serve::TokenCheck {
    let rules = nomogram_serve::TokenRules {
        issuer: "https://idp.example".into(),
        audience: "nomogram".into(),
        algorithms: vec!["ES256".into()],
        roles_claim: "roles".into(),
    };
    let point = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    let jwks = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": CANARY, "x": point,
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]});
    let tokens = nomogram_serve::Tokens::new(&rules, jwks.to_string().as_bytes()).unwrap();
    nomogram_serve::TokenCheck::Fixed(tokens)
}

#[test]
fn the_search_for_the_canary_finds_it() {
    for text in [CANARY, "a48151623.0", "4.8151623e107"] {
        assert!(has_canary(text.as_bytes()), "{text}");
    }
    assert!(!has_canary(b"4815162"));
    assert_eq!(base64("{\"a\":1}"), "eyJhIjoxfQ");
}
