use super::{MODEL, PATH, ROW, get, post, send, service};
use std::sync::Arc;

use axum::body::Body;
use http::{Request, StatusCode};
use nomogram_serve::{Folder, ModelsConfig};
use serde_json::json;

/// A tensor per feature, of these rows.
fn request(rows: &[[f64; 3]]) -> serde_json::Value {
    let inputs: Vec<_> = ROW
        .iter()
        .enumerate()
        .map(|(feature, (name, _))| {
            let data: Vec<_> = rows.iter().map(|row| row[feature]).collect();
            json!({"name": name, "shape": [rows.len()], "datatype": "FP64", "data": data})
        })
        .collect();
    json!({"id": "7", "inputs": inputs})
}

fn infer() -> String {
    format!("/v2/models/{PATH}/infer")
}

#[tokio::test]
async fn the_server_and_its_models_are_described() {
    let service = service();
    for path in ["/v2/health/live", "/v2/health/ready", &format!("/v2/models/{PATH}/ready")] {
        assert_eq!(get(&service, path).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/v2", "/v2/"] {
        let server = get(&service, path).await.json();
        assert_eq!(server["name"], "nomogram");
        assert!(server["extensions"].as_array().unwrap().contains(&"binary_tensor_data".into()));
    }
    for path in [format!("/v2/models/{PATH}"), format!("/v2/models/{PATH}/versions/1")] {
        let model = get(&service, &path).await;
        assert!(model.headers.contains_key("x-model-digest"));
        let model = model.json();
        assert_eq!(
            model["inputs"][2],
            json!({"name": "perimeter", "datatype": "FP64", "shape": [-1]})
        );
        assert_eq!(model["outputs"][0]["shape"], json!([-1, 2]));
    }
    let unknown = get(&service, "/v2/models/nobody").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.json()["error"].is_string());
}

#[tokio::test]
async fn rows_get_the_bits_of_the_core_in_every_form() {
    let service = service();
    let served = service.models.find(None, None).unwrap();
    let row = ROW.map(|(_, value)| value);
    let mut session = served.session().unwrap();
    let expected = session.predict_row(&row).unwrap().probabilities().to_vec();
    let rows = [row, [14.0, 19.0, 92.0]];

    let answer = post(&service, &infer(), request(&rows).to_string()).await.json();
    assert_eq!((&answer["id"], &answer["model_name"]), (&json!("7"), &json!(MODEL)));
    let outputs = &answer["outputs"];
    assert_eq!(outputs[0]["shape"], json!([2, 2]));
    let data = outputs[0]["data"].as_array().unwrap();
    assert_eq!([&data[0], &data[1]], [&json!(expected[0]), &json!(expected[1])]);
    assert_eq!(outputs[1]["data"].as_array().unwrap().len(), 2);

    let nested =
        json!({"inputs": [{"name": "rows", "shape": [2, 3], "datatype": "FP64", "data": rows}]});
    let nested = post(&service, &infer(), nested.to_string()).await.json();
    assert_eq!(nested["outputs"][0], outputs[0]);

    let json = json!({
        "inputs": [{"name": "rows", "shape": [2, 3], "datatype": "FP64",
                    "parameters": {"binary_data_size": 48}}],
        "outputs": [{"name": "probabilities", "parameters": {"binary_data": true}}, {"name": "class"}]
    })
    .to_string();
    let mut body = json.clone().into_bytes();
    body.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    let binary = Request::post(infer())
        .header("Inference-Header-Content-Length", json.len())
        .body(Body::from(body))
        .unwrap();
    let binary = send(&service, binary).await;
    let length = binary.headers["inference-header-content-length"].to_str().unwrap();
    let (message, tensors) = binary.body.split_at(length.parse().unwrap());
    let message: serde_json::Value = serde_json::from_slice(message).unwrap();
    assert_eq!(message["outputs"][0]["parameters"]["binary_data_size"], 32);
    assert_eq!(message["outputs"][1]["data"], outputs[1]["data"]);
    let bytes: Vec<u8> = expected.iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(&tensors[..16], bytes);
}

#[tokio::test]
async fn a_refused_row_fails_the_request_or_is_marked() {
    let service = service();
    let mut request = request(&[[17.99, 10.38, 22.8], [14.0, 19.0, 0.0]]);
    request["inputs"][2]["data"][1] = serde_json::Value::Null;
    let answer = post(&service, &infer(), request.to_string()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let error = answer.json()["error"].as_str().unwrap().to_owned();
    assert!(
        error.starts_with("row 2: feature 3: `perimeter`: ") && error.contains("missing"),
        "{error}"
    );

    request["parameters"] = json!({"on_refusal": "mark"});
    let answer = post(&service, &infer(), request.to_string()).await.json();
    let outputs = answer["outputs"].as_array().unwrap();
    assert_eq!(outputs[0]["data"][2], serde_json::Value::Null);
    let refused = outputs.iter().find(|output| output["name"] == "refused").unwrap();
    assert_eq!(refused["data"], json!(["", "value_missing"]));
}

#[tokio::test]
async fn a_request_that_does_not_fit_is_refused_with_its_place() {
    let service = service();
    let cases = [
        ("{", "line 1, column 1: the text ends too early"),
        (r#"{"inputs": []}"#, "no inputs, expected at least 1"),
        (
            r#"{"inputs": [{"name": "rows", "shape": [1, 3], "datatype": "FP64", "data": [1, 2]}]}"#,
            "input 1: 2 elements, expected as many as its shape has",
        ),
        (
            r#"{"inputs": [{"name": "rows", "shape": [1, 3], "datatype": "FP64", "data": [1, 2, 3]}],
                "outputs": [{"name": "risk"}]}"#,
            "output 1: expected one of probabilities, class, flags",
        ),
    ];
    for (body, message) in cases {
        let answer = post(&service, &infer(), body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.json()["error"], message);
    }
}

#[tokio::test]
async fn a_model_is_unloaded() {
    let service = service();
    let index = post(&service, "/v2/repository/index", Body::empty()).await.json();
    assert_eq!(index[0]["state"], "READY");
    let unload = format!("/v2/repository/models/{PATH}/unload");
    assert_eq!(post(&service, &unload, "{}").await.status, StatusCode::OK);
    let index = post(&service, "/v2/repository/index", Body::empty()).await.json();
    assert_eq!(
        (&index[0]["state"], &index[0]["reason"]),
        (&json!("UNAVAILABLE"), &json!("unloaded"))
    );
    let ready = post(&service, "/v2/repository/index", r#"{"ready": true}"#).await.json();
    assert_eq!(ready, json!([]));
    assert_eq!(get(&service, "/v2/health/ready").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_request_cannot_bring_its_own_model() {
    let service = service();
    let load = format!("/v2/repository/models/{PATH}/load");
    let config = r#"{"parameters": {"config": "{}"}}"#;
    assert_eq!(post(&service, &load, config).await.status, StatusCode::BAD_REQUEST);
    // This service has neither a folder nor a registry.
    assert_eq!(post(&service, &load, Body::empty()).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_model_is_unloaded_and_loaded_over_grpc() {
    let folder = std::env::temp_dir().join(format!("nomogram-grpc-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let bundle = nomogram_testkit::bundle_of_three_members();
    std::fs::write(folder.join("a.nomo"), &bundle).unwrap();
    let service = service();
    let config = ModelsConfig { folder: Some(folder.clone()), ..ModelsConfig::default() };
    service.folder.store(Some(Arc::new(Folder { config, demo: None })));
    let call = async |method: &str, model: &str| {
        // Field 2 is the name of the model.
        let message = [&[0x12, u8::try_from(model.len()).unwrap()], model.as_bytes()].concat();
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let body = [&[0][..], &length, &message].concat();
        let request = Request::post(format!("/inference.GRPCInferenceService/{method}"))
            .version(http::Version::HTTP_2)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Body::from(body))
            .unwrap();
        let answer = send(&service, request).await;
        // Without the header, the status is that of the trailers: 0.
        answer.headers.get("grpc-status").map_or("0".into(), |s| s.to_str().unwrap().to_owned())
    };
    let is_found = || service.models.find(Some("three members"), None).is_ok();
    assert_eq!(call("RepositoryModelUnload", "three members").await, "0");
    assert!(!is_found());
    assert_eq!(call("RepositoryModelLoad", "three members").await, "0");
    assert!(is_found());
    assert_eq!(call("RepositoryModelLoad", "four members").await, "5");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(call("RepositoryModelLoad", "three members").await, "14");
    assert!(is_found(), "what cannot be read stays as it was");
}

#[tokio::test]
async fn grpc_is_answered_by_the_same_router() {
    let service = service();
    let call = |method: &str| {
        Request::post(format!("/inference.GRPCInferenceService/{method}"))
            .version(http::Version::HTTP_2)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Body::from(vec![0; 5]))
            .unwrap()
    };
    let live = send(&service, call("ServerLive")).await;
    assert_eq!(live.headers["content-type"], "application/grpc");
    assert_eq!(live.body, [0, 0, 0, 0, 2, 8, 1]);
    // A request for a model without a name is answered by the only one, so its inputs are missed.
    let infer = send(&service, call("ModelInfer")).await;
    assert_eq!(infer.headers["grpc-status"], "3");
}
