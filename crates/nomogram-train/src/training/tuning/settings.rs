//! What a setting is drawn from.

use nomogram::numeric;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Settings;
use crate::config::TrainingConfig;
use crate::error::Error;
use nomogram_stats::random::Random;

/// What a setting is drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Distribution {
    /// One of these values, each equally likely.
    Choice(Vec<Value>),
    /// A number from the first to the second, each equally likely.
    Uniform([f64; 2]),
    /// A number whose logarithm is uniform.
    LogUniform([f64; 2]),
    /// A whole number from the first to the second, both included.
    Integers([i64; 2]),
}

impl Distribution {
    pub(super) fn check(&self) -> Result<(), String> {
        let (holds, expected) = match self {
            Self::Choice(values) => (!values.is_empty(), "choice: nothing to choose from".into()),
            Self::Uniform([low, high]) => (
                low < high && (high - low).is_finite(),
                format!("uniform: {low} to {high}, expected finite numbers that ascend"),
            ),
            Self::LogUniform([low, high]) => (
                *low > 0.0 && low < high && high.is_finite(),
                format!("log_uniform: {low} to {high}, expected positive numbers that ascend"),
            ),
            Self::Integers([low, high]) => (
                low <= high && high.checked_sub(*low).is_some_and(|width| width < i64::MAX),
                format!("integers: {low} to {high}, expected whole numbers that ascend"),
            ),
        };
        if holds { Ok(()) } else { Err(expected) }
    }

    #[allow(clippy::indexing_slicing, reason = "an index below the length")]
    #[allow(clippy::cast_possible_truncation, reason = "an index below the length")]
    pub(super) fn draw(&self, random: &mut Random) -> Value {
        let between = |low: f64, high: f64, share: f64| low + (high - low) * share;
        match self {
            Self::Choice(values) => values[random.below(values.len() as u64) as usize].clone(),
            Self::Uniform([low, high]) => between(*low, *high, random.uniform()).into(),
            Self::LogUniform([low, high]) => {
                let (from, to) = (numeric::ln(*low), numeric::ln(*high));
                numeric::exp(between(from, to, random.uniform())).clamp(*low, *high).into()
            }
            Self::Integers([low, high]) => {
                let width = low.abs_diff(*high) + 1;
                low.saturating_add_unsigned(random.below(width)).into()
            }
        }
    }
}

/// A configuration with other settings in their places.
///
/// A path names fields, separated by dots, for example `members.network.learner.network.l2`; in a
/// list, an element by its `name` or its position.
///
/// # Errors
///
/// `Configuration` when there is no such place, or what stands there then makes no sense.
pub fn with_settings(
    config: &TrainingConfig,
    settings: &Settings,
) -> Result<TrainingConfig, Error> {
    let refuse =
        |path: &str, detail: &str| Err(Error::Configuration(format!("`{path}`: {detail}")));
    let mut whole =
        serde_json::to_value(config).map_err(|e| Error::Configuration(e.to_string()))?;
    for (path, value) in settings {
        let mut place = &mut whole;
        for name in path.split('.') {
            let inner = match place {
                // A field that was left out may be set; what is unknown is refused at the end.
                Value::Object(fields) => Some(fields.entry(name).or_insert(Value::Null)),
                Value::Array(items) => match name.parse::<usize>() {
                    Ok(position) => items.get_mut(position),
                    Err(_) => items.iter_mut().find(|item| item["name"] == name),
                },
                _ => None,
            };
            match inner {
                Some(inner) => place = inner,
                None => return refuse(path, &format!("there is no `{name}`")),
            }
        }
        *place = value.clone();
    }
    let config: TrainingConfig = serde_json::from_value(whole)
        .map_err(|e| Error::Configuration(format!("with {settings:?}: {e}")))?;
    config.check()?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_put_where_their_paths_lead() {
        let text = include_str!("../../../../../examples/wdbc.yaml");
        let config = TrainingConfig::from_yaml(text).unwrap();
        let with = |path: &str, value: Value| {
            with_settings(&config, &Settings::from([(path.to_owned(), value)]))
        };
        let mut expected = config.clone();
        expected.members[2].weight = 0.5;
        assert_eq!(with("members.network.weight", 0.5.into()).unwrap(), expected);
        assert_eq!(with("members.2.weight", 0.5.into()).unwrap(), expected);
        assert_eq!(with_settings(&config, &Settings::new()).unwrap(), config);
        for (path, value, detail) in [
            ("members.forest.weight", 1.into(), "`members.forest.weight`: there is no `forest`"),
            ("seed.x", 1.into(), "`seed.x`: there is no `x`"),
            ("model.colour", 1.into(), "unknown field `colour`"),
            ("members.network.weight", "much".into(), "invalid type: string \"much\""),
            ("members.network.weight", (-1).into(), "member `network`: weight: -1"),
        ] {
            let error = with(path, value).unwrap_err().to_string();
            assert!(error.contains(detail), "{error}");
        }
    }

    #[test]
    fn draws_stay_inside_and_reach_both_ends() {
        let mut random = Random::new(1, 0);
        let mut draw = |own: Distribution| -> Vec<f64> {
            own.check().unwrap();
            (0..2000).map(|_| own.draw(&mut random).as_f64().unwrap()).collect()
        };
        let integers = draw(Distribution::Integers([-1, 2]));
        for whole in [-1.0, 0.0, 1.0, 2.0] {
            let n = integers.iter().filter(|drawn| **drawn == whole).count();
            // Standard deviation of a count: sqrt(2000 · 0.25 · 0.75) = 19.
            assert!((400..600).contains(&n), "{whole}: {n}");
        }
        let logarithmic = draw(Distribution::LogUniform([1e-3, 1e3]));
        assert!(logarithmic.iter().all(|drawn| (1e-3..=1e3).contains(drawn)));
        let n_below_one = logarithmic.iter().filter(|drawn| **drawn < 1.0).count();
        assert!((900..1100).contains(&n_below_one), "{n_below_one}");
        let uniform = draw(Distribution::Uniform([2.0, 4.0]));
        let mean = uniform.iter().sum::<f64>() / 2000.0;
        assert!((mean - 3.0).abs() < 0.07, "{mean}");
        let chosen = draw(Distribution::Choice(vec![1.into(), 5.into()]));
        assert!(chosen.contains(&1.0) && chosen.contains(&5.0));
    }
}
