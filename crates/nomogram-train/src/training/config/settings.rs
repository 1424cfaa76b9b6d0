//! Settings by their path in the configuration.

use serde_json::Value;

use super::TrainingConfig;
use crate::error::Error;
use crate::invalid::Invalid;
use crate::training::tuning::Settings;

/// `a: 1, b: 2`
fn listed(settings: &Settings) -> String {
    let each = settings.iter().map(|(path, value)| format!("{path}: {value}"));
    each.collect::<Vec<_>>().join(", ")
}

impl TrainingConfig {
    /// The same configuration with other values at these paths.
    ///
    /// A path is keys separated by dots, for example `members.network.learner.network.l2`; an item
    /// of a list is named by its `name` or its position, counted from 0.
    ///
    /// # Errors
    ///
    /// `Configuration` when there is no such place, or its value is then invalid.
    pub fn with_settings(&self, settings: &Settings) -> Result<Self, Error> {
        let unreadable = |e: serde_json::Error| Error::configuration(e.to_string());
        let mut whole = serde_json::to_value(self).map_err(unreadable)?;
        for (path, value) in settings {
            put(&mut whole, path, value.clone()).map_err(|invalid| invalid.at(path))?;
        }
        let config: Self = serde_json::from_value(whole)
            .map_err(|e| Error::configuration(format!("with {}: {e}", listed(settings))))?;
        config.check()?;
        Ok(config)
    }
}

fn put(whole: &mut Value, path: &str, value: Value) -> Result<(), Invalid> {
    let mut place = whole;
    for name in path.split('.') {
        let inner = match place {
            // An absent key may be set; an unknown one is refused when the whole is read.
            Value::Object(fields) => Some(fields.entry(name).or_insert(Value::Null)),
            Value::Array(items) => match name.parse::<usize>() {
                Ok(position) => items.get_mut(position),
                Err(_) => items.iter_mut().find(|item| item["name"] == name),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        place = inner.ok_or_else(|| Invalid::because(format!("no `{name}`")))?;
    }
    *place = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_replace_the_values_at_their_paths() {
        let text = include_str!("../../../../../examples/wdbc.yaml");
        let config = TrainingConfig::from_yaml(text).unwrap();
        let with = |path: &str, value: Value| {
            config.with_settings(&Settings::from([(path.to_owned(), value)]))
        };
        let mut expected = config.clone();
        expected.members[2].weight = 0.5;
        assert_eq!(with("members.network.weight", 0.5.into()).unwrap(), expected);
        assert_eq!(with("members.2.weight", 0.5.into()).unwrap(), expected);
        assert_eq!(config.with_settings(&Settings::new()).unwrap(), config);
        for (path, value, detail) in [
            ("members.forest.weight", 1.into(), "members.forest.weight: no `forest`"),
            ("seed.x", 1.into(), "seed.x: no `x`"),
            ("model.colour", 1.into(), "with model.colour: 1: unknown field `colour`"),
            ("members.network.weight", "much".into(), "invalid type: string \"much\""),
            ("members.network.weight", (-1).into(), "members: 3 (network): weight: -1"),
        ] {
            let error = with(path, value).unwrap_err().to_string();
            assert!(error.contains(detail), "{error}");
        }
    }
}
