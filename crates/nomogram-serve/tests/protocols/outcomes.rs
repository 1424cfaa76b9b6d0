use super::{MODEL, PATH, ROW, get, post, service};
use nomogram_serve::instant::Instant;
use serde_json::json;

#[tokio::test]
async fn an_outcome_is_counted_by_the_id_of_its_request() {
    let service = service();
    let inputs: Vec<_> = ROW
        .iter()
        .map(|(name, value)| json!({"name": name, "shape": [1], "datatype": "FP64", "data": [value]}))
        .collect();
    let infer = format!("/v2/models/{PATH}/infer");
    let answer = post(&service, &infer, json!({"inputs": inputs}).to_string()).await;
    let request = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    service.watch.collect(&service.models.catalog(), Instant::now()).unwrap();

    let digest = service.models.find(None, None).unwrap().digest().to_owned();
    let outcomes = json!([
        {"request": request, "outcome": "M"},
        {"request": request, "outcome": "M"},
        {"request": "nobody", "outcome": true},
        {"digest": digest, "probability": 0.25, "outcome": 0},
        {"digest": digest, "probability": 0.25, "outcome": null},
        {"digest": digest, "probability": 0.25, "outcome": "77123"}
    ]);
    let counted = post(&service, "/outcomes", outcomes.to_string()).await;
    assert!(!counted.text().contains("77123"));
    let counted = counted.json();
    assert_eq!(counted["n_counted"], 2);
    let items: Vec<_> =
        counted["refused"].as_array().unwrap().iter().map(|item| item["item"].clone()).collect();
    assert_eq!(items, [json!(2), json!(3), json!(5), json!(6)]);

    let page = get(&service, "/monitor").await;
    assert!(page.text().contains(&format!("<h2>{MODEL} 1</h2>")));
    let state = service.watch.states().remove(0);
    assert_eq!((state.n_rows, state.n_outcomes), (1, 2));
}

#[tokio::test]
async fn outcomes_that_cannot_be_read_are_refused() {
    let service = service();
    for body in ["", "{}", "[1]", r#"{"request": "a"}"#, r#"[{"request": 77123, "outcome": true}]"#]
    {
        let answer = post(&service, "/outcomes", body).await;
        assert_eq!(answer.status.as_u16(), 400, "{body}");
        assert!(!answer.text().contains("77123"));
    }
}
