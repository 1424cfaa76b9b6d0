//! The REST interface of MLflow, request by request.

use nomogram_registry::mlflow::{Answer, Request, respond};
use nomogram_registry::{Act, State};
use nomogram_testkit::{bundle_of_policies, bundle_of_three_members};
use serde_json::{Value, json};

use crate::clinic::{Clinic, set_clock, version};

fn clinic() -> Clinic {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.register(bundle_of_three_members(), None).unwrap();
    clinic.register(bundle_of_policies(), None).unwrap();
    clinic.approve("ana", 1).unwrap();
    clinic.approve("ben", 1).unwrap();
    clinic.promote("ana", 1).unwrap();
    clinic.set_champion("ana", 1).unwrap();
    clinic
}

fn ask(
    state: &State,
    method: &str,
    path: &str,
    query: &[(&str, &str)],
    body: Value,
) -> (u16, Value) {
    let query: Vec<(String, String)> =
        query.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let path = format!("/api/2.0/{path}");
    let body = serde_json::to_vec(&body).unwrap();
    match respond(state, &Request { method, path: &path, query: &query, body: &body }) {
        Answer::Json { status, body } => (status, body),
        Answer::Blob(digest) => (200, json!(digest.to_string())),
    }
}

#[test]
fn three_requests_pull_the_champion() {
    let clinic = clinic();
    let state = clinic.registry.state().unwrap();
    let get = |path: &str, query: &[(&str, &str)]| ask(&state, "GET", path, query, Value::Null);
    let query = [("name", "risk"), ("alias", "champion")];
    let (status, body) = get("mlflow/registered-models/alias", &query);
    assert_eq!((status, &body["model_version"]["version"]), (200, &json!("1")));
    assert_eq!(body["model_version"]["aliases"], json!(["champion"]));
    let query = [("name", "risk"), ("version", "1")];
    let (_, body) = get("mlflow/model-versions/get-download-uri", &query);
    assert_eq!(body, json!({ "artifact_uri": "mlflow-artifacts:/risk/1" }));
    let (_, body) = get("mlflow-artifacts/artifacts", &[("path", "risk/1")]);
    assert_eq!(body["files"][0]["path"], "model.nomo");
    let (_, digest) = get("mlflow-artifacts/artifacts/risk/1/model.nomo", &[]);
    assert_eq!(digest, json!(clinic.resolve("risk@1").unwrap().blob().to_string()));
}

#[test]
fn searches_accept_what_clients_send() {
    let clinic = clinic();
    let state = clinic.registry.state().unwrap();
    let filter = "name='risk' AND tag.`mlflow.prompt.is_prompt` != 'true'";
    let (status, body) =
        ask(&state, "GET", "mlflow/registered-models/search", &[("filter", filter)], Value::Null);
    assert_eq!((status, &body["registered_models"][0]["name"]), (200, &json!("risk")));
    let page = [("filter", "name='risk'"), ("max_results", "1")];
    let (_, first) = ask(&state, "GET", "mlflow/model-versions/search", &page, Value::Null);
    assert_eq!(first["next_page_token"], "1");
    let page = [page[0], page[1], ("page_token", "1")];
    let (_, second) = ask(&state, "GET", "mlflow/model-versions/search", &page, Value::Null);
    assert!(second.get("next_page_token").is_none());
    assert_ne!(first["model_versions"][0]["version"], second["model_versions"][0]["version"]);
    let body = json!({ "name": "risk", "stages": ["approved"] });
    let (_, body) = ask(&state, "POST", "mlflow/registered-models/get-latest-versions", &[], body);
    assert_eq!(body["model_versions"].as_array().unwrap().len(), 1);
}

#[test]
fn failures_have_the_codes_that_clients_know() {
    let clinic = clinic();
    clinic.act_because("ana", "a defect", Act::Revoke { version: version(1) }).unwrap();
    let state = clinic.registry.state().unwrap();
    let body = json!({ "name": "risk", "source": "http://169.254.169.254/", "stage": "x" });
    for (method, path, query, status, code) in [
        (
            "GET",
            "mlflow/registered-models/get",
            &[("name", "other")][..],
            404,
            "RESOURCE_DOES_NOT_EXIST",
        ),
        ("GET", "mlflow/registered-models/get", &[], 200, ""),
        ("GET", "mlflow/model-versions/get", &[("version", "x")], 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "mlflow/model-versions/get", &[("version", "9")], 404, "RESOURCE_DOES_NOT_EXIST"),
        (
            "GET",
            "mlflow/model-versions/search",
            &[("filter", "a b")],
            400,
            "INVALID_PARAMETER_VALUE",
        ),
        (
            "GET",
            "mlflow/registered-models/alias",
            &[("alias", "champion")],
            403,
            "PERMISSION_DENIED",
        ),
        (
            "GET",
            "mlflow/model-versions/get-download-uri",
            &[("version", "1")],
            403,
            "PERMISSION_DENIED",
        ),
        ("GET", "mlflow-artifacts/artifacts/risk/1/model.nomo", &[], 403, "PERMISSION_DENIED"),
        (
            "GET",
            "mlflow-artifacts/artifacts/risk/2/../1/model.nomo",
            &[],
            404,
            "RESOURCE_DOES_NOT_EXIST",
        ),
        ("POST", "mlflow/model-versions/create", &[], 403, "PERMISSION_DENIED"),
        ("POST", "mlflow/registered-models/alias", &[], 403, "PERMISSION_DENIED"),
        ("POST", "mlflow/model-versions/transition-stage", &[], 403, "PERMISSION_DENIED"),
        ("POST", "mlflow/model-versions/set-tag", &[], 403, "PERMISSION_DENIED"),
        ("GET", "mlflow/experiments/search", &[], 404, "ENDPOINT_NOT_FOUND"),
    ] {
        let answer = ask(&state, method, path, query, body.clone());
        assert_eq!(answer.0, status, "{method} {path}: {answer:?}");
        assert!(status == 200 || answer.1["error_code"] == code, "{method} {path}: {answer:?}");
    }
}
