use std::collections::BTreeSet;

use super::*;

#[test]
fn a_project_and_its_part_are_the_same_configuration() {
    let part = "listen: 0.0.0.0:9000\nlimits:\n  max_rows: 7\n";
    let config = Config::of_yaml(part).unwrap();
    assert_eq!((config.listen.as_str(), config.limits.max_rows), ("0.0.0.0:9000", 7));
    assert_eq!(config.limits.max_batches, LimitsConfig::default().max_batches);
    let project = "model:\n  name: a\ntraining: {}\ndeployment:\n  listen: 0.0.0.0:9000\n  limits:\n    max_rows: 7\n";
    assert_eq!(Config::of_yaml(project).unwrap(), config);
    assert_eq!(Config::of_yaml("# nothing\n\n").unwrap(), Config::default());
}

#[test]
fn mistakes_have_line_and_column() {
    for (text, place) in [
        ("listen: x\nlimit: {}\n", "line 2"),
        ("limits:\n  max_rows: many\n", "line 2"),
        ("deployment:\n  listen: x\n  port: 1\n", "line 3"),
        ("model: {}\nlimits: {}\ndeployment: {}\n", "line 2"),
    ] {
        let fault = Config::of_yaml(text).unwrap_err();
        assert!(fault.contains(place) && fault.contains("column"), "{text}: {fault}");
    }
}

#[test]
fn the_environment_is_above_the_file() {
    let set = |name: &str, text: &str| vec![(name.to_owned(), text.to_owned())];
    let read = |variables| Config::default().with_variables(variables);
    let config = read(set("NOMOGRAM_SERVE_LIMITS__MAX_ROWS", "12")).unwrap();
    assert_eq!(config.limits.max_rows, 12);
    let config = read(set("NOMOGRAM_SERVE_MODELS__FOLDER", "/m")).unwrap();
    assert_eq!(config.models.folder, Some("/m".into()));
    let config = read(set("NOMOGRAM_SERVE_REGISTRY__LOCATION", "s3://models/risk")).unwrap();
    assert_eq!(config.registry.unwrap().location, "s3://models/risk");
    assert_eq!(read(set("NOMOGRAM_THREADS", "12")), Ok(Config::default()));
    for name in ["NOMOGRAM_SERVE_PORT", "NOMOGRAM_SERVE_LISTEN__PORT", "NOMOGRAM_SERVE_LIMITS__X"] {
        assert!(read(set(name, "1")).unwrap_err().starts_with(name), "{name}");
    }
}

/// The keys of a value, with dots between the levels. The items of a list have the same keys.
fn keys(value: &Value, before: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let place =
                    if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
                keys(value, &place, found);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().for_each(|item| keys(item, before, found));
        }
        _ => drop(found.insert(before.to_owned())),
    }
}

/// The keys of the tables of a section of the document.
fn documented(section: &str) -> BTreeSet<String> {
    let document = include_str!("../../../../docs/serving.md");
    let section = document.split_once(&format!("\n## {section}\n")).unwrap().1;
    let section = section.split_once("\n## ").unwrap().0;
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(key, _)| key.to_owned()).collect()
}

#[test]
fn every_key_is_documented_and_no_other() {
    // What is named by the user is in capitals.
    let text = "
access: {tokens: {jwks_file: a, issuer: b, audience: c, algorithms: []}}
tls: {certificate_file: a, key_file: b}
decisions: {folder: a, public_key_file: b}
registry: {location: a}
traces: {endpoint: a}
trials: {MODEL: {salt: a, arms: [{version: a, weight: 1}]}}
fhir:
  MODEL:
    outcome: {system: a, code: b, display: c}
    features: {FEATURE: {loinc: a, panel: b, patient: age, levels: {CODE: a}}}
";
    let config = Config::of_yaml(text).unwrap();
    let mut found = BTreeSet::new();
    keys(&serde_json::to_value(&config).unwrap(), "", &mut found);
    assert_eq!(found, documented("Configuration"));
}

#[test]
fn every_key_of_the_file_of_keys_is_documented_and_no_other() {
    let (_, entry) = crate::new_key(&[]).unwrap();
    let entry = crate::KeyEntry { requests_per_second: Some(1), ..entry };
    let mut found = BTreeSet::new();
    let file = crate::KeyFile { keys: vec![entry] };
    keys(&serde_json::to_value(&file).unwrap(), "", &mut found);
    assert_eq!(found, documented("Who may call"));
}
