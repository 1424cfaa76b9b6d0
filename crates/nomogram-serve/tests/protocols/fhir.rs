use super::{PATH, ROW, post, service};
use http::StatusCode;
use serde_json::{Value, json};

/// The codes of the features.
const CODES: [&str; 3] = ["1001-1", "1002-2", "1003-3"];

pub(super) fn observation(feature: usize) -> Value {
    let units = [Some("um"), Some("1"), None];
    let mut quantity = json!({"value": ROW[feature].1});
    if let Some(unit) = units[feature] {
        quantity["code"] = unit.into();
    }
    json!({
        "resourceType": "Observation", "id": format!("o{feature}"), "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": CODES[feature]}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-28T10:00:00Z",
        "valueQuantity": quantity
    })
}

pub(super) fn bundle() -> Value {
    let entries: Vec<_> = (0..3).map(|feature| json!({"resource": observation(feature)})).collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries})
}

fn assess() -> String {
    format!("/fhir/{PATH}/$assess")
}

#[tokio::test]
async fn a_risk_is_assessed_in_percent() {
    let service = service();
    let answer = post(&service, &assess(), bundle().to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.headers["content-type"], "application/fhir+json");
    let request_id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    let risk = answer.json();
    assert_eq!(
        (&risk["resourceType"], &risk["status"]),
        (&json!("RiskAssessment"), &json!("final"))
    );
    assert_eq!(risk["subject"], json!({"reference": "Patient/p1"}));
    assert_eq!(risk["identifier"][0]["value"], request_id);
    assert_eq!(risk["basis"][1], json!({"reference": "Observation/o1"}));
    let served = service.models.find(None, None).unwrap();
    assert_eq!(risk["method"]["coding"][0]["code"], served.digest());
    assert_eq!(risk["prediction"].as_array().unwrap().len(), 1);
    let mut session = served.session().unwrap();
    let expected = session.predict_row(&ROW.map(|(_, value)| value)).unwrap().probabilities()[1];
    let percent = risk["prediction"][0]["probabilityDecimal"].as_f64().unwrap();
    assert!((percent / 100.0 - expected).abs() < 1e-15 && percent <= 100.0);
    assert_eq!(risk["prediction"][0]["outcome"]["coding"][0]["code"], "254837009");
}

#[tokio::test]
async fn what_cannot_be_used_is_an_operation_outcome() {
    let service = service();
    let mut unknown_unit = bundle();
    unknown_unit["entry"][0]["resource"]["valueQuantity"]["code"] = "furlong".into();
    let mut no_unit = bundle();
    no_unit["entry"][0]["resource"]["valueQuantity"] = json!({"value": 77123});
    let mut nobody = bundle();
    for entry in nobody["entry"].as_array_mut().unwrap() {
        entry["resource"].as_object_mut().unwrap().remove("subject");
    }
    let mut absent = bundle();
    absent["entry"].as_array_mut().unwrap().remove(2);
    let cases = [
        (unknown_unit.to_string(), 422, "a unit that it does not have"),
        (no_unit.to_string(), 422, "without the code of its unit"),
        (nobody.to_string(), 400, "no resource names the patient"),
        (absent.to_string(), 422, "`perimeter`"),
        ("{}".to_owned(), 400, "no resource of FHIR R4"),
    ];
    for (body, status, message) in cases {
        let answer = post(&service, &assess(), body).await;
        assert_eq!(answer.status.as_u16(), status, "{message}");
        let outcome = answer.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        let diagnostics = outcome["issue"][0]["diagnostics"].as_str().unwrap();
        assert!(diagnostics.contains(message) && !diagnostics.contains("77123"), "{diagnostics}");
    }
}
