use std::collections::BTreeMap;

use super::*;
use crate::caller::Caller;
use crate::decisions::{DecisionLog, new_keys, verify};
use crate::models::{Catalog, Models};
use crate::served::Approval;
use crate::service::RequestLimits;
use crate::trials::{ArmSettings, TrialSettings, Trials};
use crate::watch::{CameTrue, Outcome};

fn service() -> Service {
    let mut catalog = Catalog::default();
    for version in ["3", "2", "1"] {
        let model = nomogram::Model::open(&nomogram_testkit::bundle_with_profile()).unwrap();
        let approval = Approval::NotRecorded;
        let served = Served::new(model.into(), "ward".into(), version.into(), approval);
        catalog.add(served.unwrap().into());
    }
    let arm = |version: &str| ArmSettings { version: version.into(), weight: 1 };
    let settings = TrialSettings {
        arms: vec![arm("1"), arm("2")],
        shadows: vec!["3".into()],
        salt: "salt".into(),
        n_outcomes: 10,
    };
    let mut service = Service::new(Models::new(catalog), RequestLimits::default());
    service.trials = Trials::new(BTreeMap::from([("ward".to_owned(), settings)])).unwrap();
    service
}

fn begin(service: &Service) -> Arc<Entry> {
    let id = service.request_ids.next();
    let entry = service.begin_request(&HeaderMap::new(), id, ("POST", "predict"));
    entry.set_caller(&Caller::anonymous().id);
    entry
}

fn predict(service: &Service, entry: &Arc<Entry>, version: Option<&str>) -> f64 {
    let served = choose(service, (entry, &HeaderMap::new()), Some("ward"), version).unwrap();
    let mut scorer = scorer(service, &served, Options::default(), entry).unwrap();
    scorer.begin_row();
    for (position, value) in [17.99, 10.38, 22.8].into_iter().enumerate() {
        scorer.set(position, Value::Number(value)).unwrap();
    }
    scorer.score().unwrap().outputs[1]
}

#[test]
fn a_version_that_is_named_answers_and_others_are_drawn() {
    let service = service();
    let version = |name, version, subject: &str| {
        let headers = HeaderMap::from_iter([(SUBJECT, subject.parse().unwrap())]);
        let served = choose(&service, (&begin(&service), &headers), name, version).unwrap();
        served.version().to_owned()
    };
    assert_eq!(version(Some("ward"), Some("3"), "a"), "3");
    let drawn: std::collections::BTreeSet<_> =
        (0..50).map(|n| version(None, None, &n.to_string())).collect();
    assert_eq!(drawn, ["1", "2"].map(str::to_owned).into());
}

#[test]
fn a_shadow_predicts_the_same_rows_and_is_compared_with_outcomes() {
    let service = service();
    let entry = begin(&service);
    let risk = predict(&service, &entry, Some("1"));
    let report = service.trials.report().comparisons.remove(0);
    assert_eq!((report.n_rows, report.n_agree, report.mean_difference), (1, 1, Some(0.0)));

    service.watch.collect(&service.models.catalog(), Instant::now()).unwrap();
    let request = entry.request_id().as_str();
    let outcome = Outcome { request, row: 0, came_true: CameTrue::Second(true) };
    let (predicted, came_true) = service.watch.add_outcome(&outcome).unwrap();
    assert_eq!(predicted.probability, risk);
    service.trials.add_outcome(&predicted, came_true);
    assert_eq!(service.trials.report().comparisons[0].n_outcomes, 1);
}

#[test]
fn decisions_are_logged_for_those_who_have_the_key() {
    let folder = std::env::temp_dir().join(format!("nomogram-following-{}", std::process::id()));
    let (private, public) = new_keys();
    let mut service = service();
    service.decisions = Some(DecisionLog::open(&folder, &public).unwrap());
    let entry = begin(&service);
    let risk = predict(&service, &entry, Some("2"));
    let mut decisions = Vec::new();
    verify(&folder, Some(&private), |decision| decisions.push(decision)).unwrap();
    assert_eq!(decisions.len(), 1, "a shadow decides nothing");
    assert_eq!((decisions[0].row, decisions[0].version.as_str()), (1, "2"));
    assert_eq!(decisions[0].caller, "anonymous");
    let Answer::Predicted { outputs, .. } = &decisions[0].answer else { panic!("refused") };
    assert_eq!(outputs[1], risk);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_value_that_a_shadow_does_not_take_is_a_refused_row_of_the_shadow() {
    let service = service();
    let find = |version| service.models.find(Some("ward"), Some(version)).unwrap();
    let shadow = Shadow::new(&find("1"), find("3"));
    assert!(shadow.score(&[(0, OwnedValue::NumberIn(1.0, "4711".into()))]).is_none());
    let refused = shadow.served.tally().refused();
    assert_eq!(refused, [("argument_unit".into(), 1)]);
}
