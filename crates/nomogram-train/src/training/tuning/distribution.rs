//! What a setting is drawn from.

use nomogram::numeric;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::invalid::{Invalid, require};
use nomogram_stats::random::Random;

/// What a setting is drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let ascends = |low: f64, high: f64| low < high && (high - low).is_finite();
        match self {
            Self::Choice(values) => require(!values.is_empty(), || {
                Invalid::because("no values, expected at least 1").at("choice")
            }),
            Self::Uniform([low, high]) => require(ascends(*low, *high), || {
                Invalid::new(format!("{low} to {high}"), "ascending finite numbers").at("uniform")
            }),
            Self::LogUniform([low, high]) => require(*low > 0.0 && ascends(*low, *high), || {
                let range = format!("{low} to {high}");
                Invalid::new(range, "ascending positive numbers").at("log_uniform")
            }),
            Self::Integers([low, high]) => {
                let width = high.checked_sub(*low);
                require(width.is_some_and(|width| (0..i64::MAX).contains(&width)), || {
                    let range = format!("{low} to {high}");
                    Invalid::new(range, "ascending whole numbers").at("integers")
                })
            }
        }
    }

    /// A value; the distribution must be valid.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_inside_and_reach_both_ends() {
        let mut random = Random::new(1, 0);
        let mut draw = |distribution: Distribution| -> Vec<f64> {
            distribution.check().unwrap();
            (0..2000).map(|_| distribution.draw(&mut random).as_f64().unwrap()).collect()
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
