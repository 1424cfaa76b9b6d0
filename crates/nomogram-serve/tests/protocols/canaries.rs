//! No answer to a bad request has a value of it.

use super::{PATH, post, service};
use axum::body::Body;

/// A number and a text that appear nowhere else.
const CANARIES: [&str; 2] = ["771239901", "canary-4711"];

#[tokio::test]
async fn no_refusal_has_a_value_of_its_request() {
    let service = service();
    let infer = format!("/v2/models/{PATH}/infer");
    let assess = format!("/fhir/{PATH}/$assess");
    let cds = format!("/cds-services/{PATH}");
    let tensor = |data: &str| {
        format!(
            r#"{{"inputs": [{{"name": "rows", "shape": [1, 3], "datatype": "FP64", "data": {data}}}]}}"#
        )
    };
    let bodies = [
        (&infer, tensor(r#"["canary-4711", 771239901, 1]"#)),
        (&infer, tensor("[771239901, 771239901")),
        (&infer, tensor("[771239901e200, 1, 2]")),
        (&infer, tensor("[771239901, 2]")),
        (&infer, r#"{"inputs": [{"name": "canary-4711", "shape": [771239901], "datatype": "FP64", "data": [1]}]}"#.into()),
        (&infer, r#"{"inputs": [{"name": "radius", "shape": [1], "datatype": "canary-4711", "data": [1]}]}"#.into()),
        (&infer, r#"{"id": 771239901, "inputs": []}"#.into()),
        (&assess, r#"{"resourceType": "canary-4711"}"#.into()),
        (&assess, r#"{"resourceType": "Observation", "status": 771239901}"#.into()),
        (&assess, r#"{"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/canary-4711"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "1001-1"}]},
            "valueQuantity": {"value": 771239901, "code": "canary-4711"}}"#.into()),
        (&cds, r#"{"hook": "canary-4711", "hookInstance": "canary-4711", "context": {"patientId": "canary-4711"}}"#.into()),
        (&cds, r#"{"hook": 771239901}"#.into()),
    ];
    for (path, body) in bodies {
        let answer = post(&service, path, Body::from(body.clone())).await;
        assert!(answer.status.is_client_error(), "{body}");
        for canary in CANARIES {
            assert!(!answer.text().contains(canary), "{body}: {}", answer.text());
            let headers = format!("{:?}", answer.headers);
            assert!(!headers.contains(canary), "{body}: {headers}");
        }
    }
}
