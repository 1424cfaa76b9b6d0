//! Environment variables that override a configuration.

use nomogram_train::TrainingConfig;
use nomogram_train::tuning::Settings;
use serde_json::Value;

use crate::console::Console;
use crate::error::Error;

/// Prefix of these variables. The rest is a path in the configuration, its keys joined by `__`.
const PREFIX: &str = "NOMOGRAM_CONFIG__";

/// The configuration with the overrides of the environment; each is reported as a note.
pub(crate) fn overridden(
    config: TrainingConfig,
    console: &Console,
) -> Result<TrainingConfig, Error> {
    let mut config = config;
    for (name, text) in variables() {
        config = set(&config, &name, &text)
            .map_err(|detail| Error::usage(format!("{name}: {detail}")))?;
        console.note(format_args!("{name} overrides the configuration: {text}"));
    }
    Ok(config)
}

/// Refuses variables where another configuration is read than that of a training, which they override.
pub(crate) fn refuse_overrides() -> Result<(), Error> {
    match variables().first() {
        None => Ok(()),
        Some((name, _)) => {
            Err(Error::usage(format!("{name}: overrides training configurations only; unset it")))
        }
    }
}

/// The variables of overrides with their texts, in the order of their names.
fn variables() -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    variables.sort();
    variables
}

/// The configuration with one variable's text in its place.
fn set(config: &TrainingConfig, name: &str, text: &str) -> Result<TrainingConfig, String> {
    let whole = serde_json::to_value(config).map_err(|e| e.to_string())?;
    let mut place = Some(&whole);
    let mut path: Vec<String> = Vec::new();
    for part in name.get(PREFIX.len()..).unwrap_or_default().split("__") {
        let (known, inner) = match place {
            Some(Value::Object(fields)) => {
                let found = fields.iter().find(|(key, _)| is_named(key, part));
                (found.map(|(key, _)| key.clone()), found.map(|(_, value)| value))
            }
            Some(Value::Array(items)) => {
                let mut items = items.iter().enumerate();
                let own_name =
                    |item: &Value| item["name"].as_str().is_some_and(|n| is_named(n, part));
                let found = items.find(|(at, item)| own_name(item) || part == at.to_string());
                (found.map(|(at, _)| at.to_string()), found.map(|(_, item)| item))
            }
            _ => (None, None),
        };
        // A field that the configuration leaves out may be set; what is unknown is refused below.
        path.push(known.unwrap_or_else(|| part.to_lowercase()));
        place = inner;
    }
    let is_text = matches!(place, Some(Value::String(_))) && !text.starts_with(['{', '[']);
    let value = match is_text {
        true => Value::String(text.to_owned()),
        // A number, a boolean, a list or a map; what is none of these is a text.
        false => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    };
    config.with_settings(&Settings::from([(path.join("."), value)])).map_err(|e| e.to_string())
}

/// Compares a name with its spelling in the environment: any case, other characters as `_`.
fn is_named(name: &str, part: &str) -> bool {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    name.chars().map(plain).eq(part.chars().map(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
model: { name: m, version: "1" }
data: { target: { column: y, negative: "0", positive: "1" }, features: [{ name: a }] }
seed: 1
validation: { n_folds: 3, min_auc: 0.6 }
members:
  - name: linear model
    input: scaled
    weight: 1.0
    learner: { logistic_regression: { c: 1.0, class_weight: equal } }
combiner: soft_vote
"#;

    fn with(name: &str, text: &str) -> Result<TrainingConfig, String> {
        set(&TrainingConfig::from_yaml(CONFIG).unwrap(), name, text)
    }

    #[test]
    fn every_place_can_be_set() {
        let config = with("NOMOGRAM_CONFIG__SEED", "7").unwrap();
        assert_eq!(config.seed, 7);
        let config = with("NOMOGRAM_CONFIG__MODEL__VERSION", "2.0").unwrap();
        assert_eq!(config.model.version, "2.0");
        let config = with("NOMOGRAM_CONFIG__CALIBRATION", "beta").unwrap();
        assert_eq!(config.calibration, Some(nomogram_train::ensemble::CalibratorSpec::Beta));
        let config = with("NOMOGRAM_CONFIG__MEMBERS__LINEAR_MODEL__WEIGHT", "0.5").unwrap();
        assert_eq!(config.members[0].weight, 0.5);
        let name = "NOMOGRAM_CONFIG__MEMBERS__0__LEARNER__LOGISTIC_REGRESSION__C";
        let nomogram_train::learners::Learner::LogisticRegression(spec) =
            &with(name, "3").unwrap().members[0].learner
        else {
            panic!()
        };
        assert_eq!(spec.c, 3.0);
        let config =
            with("NOMOGRAM_CONFIG__COMBINER", r#"{ "stack": { "reads": "margins", "c": 1 } }"#);
        assert!(matches!(
            config.unwrap().combiner,
            nomogram_train::ensemble::CombinerSpec::Stack(_)
        ));
    }

    #[test]
    fn unknown_paths_and_invalid_values_are_refused() {
        let cases = [
            ("NOMOGRAM_CONFIG__SEAD", "7", "unknown field `sead`"),
            ("NOMOGRAM_CONFIG__MEMBERS__TREES__WEIGHT", "1", "no `trees`"),
            ("NOMOGRAM_CONFIG__SEED", "soon", "invalid type: string \"soon\""),
            ("NOMOGRAM_CONFIG__VALIDATION__N_FOLDS", "1", "n_folds: 1, expected at least 2"),
        ];
        for (name, text, message) in cases {
            let error = with(name, text).unwrap_err();
            assert!(error.contains(message), "{name}: {error}");
        }
    }
}
