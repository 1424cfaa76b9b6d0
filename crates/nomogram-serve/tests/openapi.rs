//! The description of the API is what the service does: its examples are answered as it has them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod common;

use std::sync::Arc;

use common::Sent;
use nomogram_serve::{
    Approval, Catalog, Folder, Models, ModelsConfig, OPENAPI, RequestLimits, Served, Service, look,
};
use serde_json::Value;

const DEMO: &[u8] = include_bytes!("../demo/wdbc.nomo");
const MAPPING: &str = include_str!("clients/wdbc-fhir.json");

/// A service of the demo model, whose features are mapped to FHIR.
fn service() -> Arc<Service> {
    let served = Served::open(DEMO, Approval::NotRecorded).unwrap();
    let mapping = serde_json::from_str(MAPPING).unwrap();
    let mappings = [(served.name().to_owned(), mapping)].into();
    let mut catalog = Catalog::default();
    catalog.add(served.into());
    let service = Service::new(Models::new(catalog), RequestLimits::default());
    service.mappings.store(Arc::new(mappings));
    let folder = Folder { config: ModelsConfig::default(), demo: Some(DEMO) };
    service.folder.store(Some(Arc::new(folder)));
    // The watch knows its models after its first look.
    look(&service);
    Arc::new(service)
}

/// What is another at every request: ids and times.
fn without_ids(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            for name in ["request_id", "request", "uuid", "identifier", "occurrenceDateTime"] {
                members.remove(name);
            }
            members.values_mut().for_each(|member| *member = without_ids(member.take()));
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| *item = without_ids(item.take()));
        }
        _ => {}
    }
    value
}

#[test]
fn every_example_is_answered_as_the_description_has_it() {
    let service = service();
    let description: Value = serde_json::from_str(OPENAPI).unwrap();
    let value = |example: &Value| {
        let place = example["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
        description.pointer(place).unwrap()["value"].clone()
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (mut n_sent, mut n_compared) = (0, 0);
    for (path, methods) in description["paths"].as_object().unwrap() {
        let concrete = path.replace("{model}", "wdbc").replace("{version}", "1.0");
        for (method, operation) in methods.as_object().unwrap() {
            let forms = operation["requestBody"]["content"].as_object();
            let mut requests: Vec<(String, Sent)> = Vec::new();
            for (media_type, form) in forms.into_iter().flatten() {
                let examples = form["examples"].as_object();
                let is_binary = media_type.contains("arrow") || media_type.contains("octet-stream");
                assert!(examples.is_some() || is_binary, "{path}: no example of {media_type}");
                for (key, example) in examples.into_iter().flatten() {
                    let sent = Sent::body(&concrete, text(&value(example)));
                    let media_type: &'static str = media_type.clone().leak();
                    requests.push((key.clone(), sent.with("content-type", media_type)));
                }
            }
            if method == "get" {
                requests.push(("usual".into(), Sent::get(&concrete)));
            }
            for (key, request) in requests {
                let answer = request.to(&service);
                n_sent += 1;
                let media_type = answer.header("content-type").split(';').next().unwrap();
                let content = &operation["responses"]["200"]["content"][media_type];
                let Some(example) = content["examples"].get(&key) else { continue };
                assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                let expected = value(example);
                let found = match expected {
                    Value::String(_) => Value::String(answer.text()),
                    _ => answer.json(),
                };
                assert_eq!(without_ids(found), without_ids(expected), "{path}");
                n_compared += 1;
            }
            let is_explained = path.ends_with("/explain");
            let is_act = path.ends_with("load") || path.ends_with("feedback");
            let has_answer = operation["responses"]["200"]["content"]
                .as_object()
                .is_some_and(|forms| forms.values().any(|form| form["examples"].is_object()));
            // The demo model has nothing to explain its predictions with; an act answers nothing.
            assert!(method == "get" || has_answer || is_explained || is_act, "{path}: no answer");
        }
    }
    assert!(n_sent > 40 && n_compared > 20, "{n_sent} requests, {n_compared} answers");
    let row = value(
        &description["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["examples"]
            ["usual"],
    );
    let mut row = row["features"].clone();
    row["texture_mean"] = Value::Null;
    let refused = Sent::post("/predict", &serde_json::json!({ "features": row })).to(&service);
    assert_eq!(refused.json(), description["components"]["examples"]["Problem"]["value"]);
}

#[test]
fn the_first_request_of_the_document_is_answered_as_it_has_it() {
    let document = include_str!("../../../docs/serving.md");
    let (_, rest) = document.split_once("/predict -d '").unwrap();
    let (request, rest) = rest.split_once('\'').unwrap();
    let (_, rest) = rest.split_once("```json\n").unwrap();
    let (answer, _) = rest.split_once("```").unwrap();
    let found = Sent::body("/predict", request.to_owned()).to(&service());
    let expected: Value = serde_json::from_str(answer).unwrap();
    assert_eq!(without_ids(found.json()), without_ids(expected));
}
