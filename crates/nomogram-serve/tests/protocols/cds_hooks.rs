use super::fhir::observation;
use super::{MODEL, PATH, get, post, send, service};
use axum::body::Body;
use http::StatusCode;
use nomogram_serve::instant::Instant;
use serde_json::{Value, json};

pub(super) fn hook() -> Value {
    json!({
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "p1"},
            "1001-1": {"resourceType": "Bundle", "entry": [{"resource": observation(0)}]},
            "1002-2": {"resourceType": "Bundle", "entry": [{"resource": observation(1)}]},
            "1003-3": {"resourceType": "Bundle", "entry": [{"resource": observation(2)}]}
        }
    })
}

fn path() -> String {
    format!("/cds-services/{PATH}")
}

#[tokio::test]
async fn models_with_a_mapping_are_offered() {
    let services = get(&service(), "/cds-services").await.json();
    let offer = &services["services"][0];
    assert_eq!((&offer["hook"], &offer["id"]), (&json!("patient-view"), &json!(MODEL)));
    assert_eq!(offer["prefetch"]["patient"], "Patient/{{context.patientId}}");
    let query = offer["prefetch"]["1001-1"].as_str().unwrap();
    assert!(
        query
            .starts_with("Observation?patient={{context.patientId}}&code=http://loinc.org|1001-1&")
    );
    let feature = &offer["extension"]["org.nomogram.schema"]["features"][0];
    assert_eq!(feature, &json!({"name": "radius", "unit": "um", "source": {"loinc": "1001-1"}}));
}

#[tokio::test]
async fn a_patient_gets_a_card() {
    let service = service();
    let answer = post(&service, &path(), hook().to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let card = &answer.json()["cards"][0];
    assert!(card["summary"].as_str().unwrap().starts_with("Risk of diagnosis: M: "));
    assert!(["info", "warning"].contains(&card["indicator"].as_str().unwrap()));
    assert_eq!(card["source"]["label"], "three members 1");
    assert_eq!(card["overrideReasons"].as_array().unwrap().len(), 3);
    let prediction = &card["extension"]["org.nomogram.prediction"];
    assert_eq!(prediction["probabilities"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_was_not_prefetched_is_told_from_what_there_is_not() {
    let service = service();
    let mut call = hook();
    call["prefetch"]["1002-2"] = Value::Null;
    let answer = post(&service, &path(), call.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let card = &answer.json()["cards"][0];
    assert_eq!(card["summary"], "The risk of diagnosis was not computed");
    assert!(card["detail"].as_str().unwrap().contains("`texture`"));

    call["prefetch"]["1002-2"] = json!({"resourceType": "OperationOutcome", "issue": []});
    assert_eq!(post(&service, &path(), call.to_string()).await.status, 412);
    call["prefetch"].as_object_mut().unwrap().remove("1002-2");
    assert_eq!(post(&service, &path(), call.to_string()).await.status, 412);
}

#[tokio::test]
async fn a_call_that_does_not_fit_is_refused() {
    let service = service();
    let mut other_patient = hook();
    other_patient["context"]["patientId"] = "p2".into();
    let mut other_hook = hook();
    other_hook["hook"] = "order-sign".into();
    for (call, message) in [
        (other_patient, "resources of several patients"),
        (other_hook, "hook: expected `patient-view`"),
        (json!({"hook": "patient-view"}), "no request of CDS Hooks 2.0"),
    ] {
        let answer = post(&service, &path(), call.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.json()["detail"].as_str().unwrap().contains(message), "{message}");
    }
}

#[tokio::test]
async fn feedback_is_counted() {
    let service = service();
    let item = |outcome: &str| {
        json!({"card": "4e0a3a1e-3283-4575-ab82-028d55fe2719", "outcome": outcome,
               "outcomeTimestamp": "2026-11-28T10:05:31Z"})
    };
    let path = format!("{}/feedback", path());
    let call = json!({"feedback": [item("accepted"), item("overridden"), item("accepted")]});
    assert_eq!(post(&service, &path, call.to_string()).await.status, StatusCode::OK);
    let metrics = get(&service, "/metrics").await.text();
    for (outcome, count) in [("accepted", 2), ("overridden", 1)] {
        let line =
            format!("nomogram_cards_total{{model=\"{MODEL}\",outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
    service.watch.collect(&service.models.catalog(), Instant::now()).unwrap();
    let page = get(&service, "/monitor").await.text();
    assert!(page.contains(&format!("<tr><td>{MODEL}</td><td>2</td><td>1</td></tr>")), "{page}");
    let request = http::Request::get("/monitor").header("accept", "application/json");
    let monitored = send(&service, request.body(Body::empty()).unwrap()).await.json();
    assert_eq!(monitored[0]["cards"], json!({"accepted": 2, "overridden": 1}));
    let bad = json!({"feedback": [item("ignored")]});
    assert_eq!(post(&service, &path, bad.to_string()).await.status, StatusCode::BAD_REQUEST);
}
