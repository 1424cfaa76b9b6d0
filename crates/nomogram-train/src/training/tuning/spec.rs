//! Which settings are searched, and how long.

use std::collections::BTreeMap;

use nomogram::Digest;
use serde::{Deserialize, Serialize};

use super::{Distribution, Settings};
use crate::error::Error;
use crate::invalid::{Invalid, require};
use nomogram_stats::random::Random;

/// Stream of random numbers of this module.
const TRIALS: u64 = 0x7475_6e65;

/// Each trial is kept in memory.
const MAX_TRIALS: usize = 100_000;
/// Each fold of a rung is dealt before the search.
const MAX_RUNG: usize = 10_000;

/// Which settings are searched, and how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TuningSpec {
    /// The number of trials.
    pub n_trials: usize,
    /// The numbers of folds after which trials are compared, ascending; the last one decides. With
    /// one number this is random search.
    pub rungs: Vec<usize>,
    /// The share of the trials that continue from a rung to the next, rounded up.
    #[serde(default = "a_third")]
    pub keep: f64,
    /// What is drawn, by its path in the configuration, in which members are named.
    pub space: BTreeMap<String, Distribution>,
}

fn a_third() -> f64 {
    1.0 / 3.0
}

impl TuningSpec {
    /// Refuses invalid values.
    ///
    /// # Errors
    ///
    /// With the place within this spec.
    pub fn check(&self) -> Result<(), Invalid> {
        require((1..=MAX_TRIALS).contains(&self.n_trials), || {
            let expected = if self.n_trials == 0 { "at least 1" } else { "at most 100,000" };
            Invalid::new(self.n_trials, expected).at("n_trials")
        })?;
        let ascend = self.rungs.is_sorted_by(|before, after| before < after);
        require(self.rungs.first().is_some_and(|first| *first > 0) && ascend, || {
            Invalid::new(format!("{:?}", self.rungs), "ascending numbers of folds").at("rungs")
        })?;
        require(self.rungs.last().is_none_or(|last| *last <= MAX_RUNG), || {
            Invalid::new(format!("{:?}", self.rungs), "at most 10,000 folds").at("rungs")
        })?;
        require(self.keep > 0.0 && self.keep < 1.0, || {
            Invalid::new(self.keep, "between 0 and 1").at("keep")
        })?;
        require(!self.space.is_empty(), || {
            Invalid::because("no settings, expected at least 1").at("space")
        })?;
        for (path, distribution) in &self.space {
            distribution.check().map_err(|invalid| invalid.at(path).at("space"))?;
        }
        Ok(())
    }

    /// What the trial of this number draws; the spec must be valid.
    pub(super) fn settings(&self, seed: u64, trial: usize) -> Settings {
        let purpose = TRIALS ^ (trial as u64) << 32;
        let mut random = Random::new(seed, purpose);
        let draw =
            |(path, setting): (&String, &Distribution)| (path.clone(), setting.draw(&mut random));
        self.space.iter().map(draw).collect()
    }

    /// SHA-256 of everything that decides the losses of a search, with the digests of its rows and
    /// of its configuration.
    ///
    /// # Errors
    ///
    /// `Configuration` when it cannot be written as JSON.
    pub fn digest(&self, seed: u64, rows: Digest, config: Digest) -> Result<Digest, Error> {
        let decisive = (self, seed, rows.to_string(), config.to_string());
        let json =
            serde_json::to_vec(&decisive).map_err(|e| Error::configuration(e.to_string()))?;
        Ok(Digest::of(&json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_searches_are_refused_with_the_place() {
        type Spoil = fn(&mut TuningSpec);
        let cases: [(Spoil, &str); 8] = [
            (|c| c.n_trials = 0, "n_trials: 0, expected at least 1"),
            (|c| c.rungs = vec![], "rungs: [], expected ascending numbers of folds"),
            (|c| c.rungs = vec![3, 3], "rungs: [3, 3], expected ascending numbers of folds"),
            (|c| c.n_trials = 100_001, "n_trials: 100001, expected at most 100,000"),
            (|c| c.rungs = vec![1, 10_001], "rungs: [1, 10001], expected at most 10,000 folds"),
            (|c| c.keep = 1.0, "keep: 1, expected between 0 and 1"),
            (|c| c.space.clear(), "space: no settings, expected at least 1"),
            (
                |c| drop(c.space.insert("a".into(), Distribution::LogUniform([0.0, 1.0]))),
                "space: a: log_uniform: 0 to 1, expected ascending positive numbers",
            ),
        ];
        for (spoil, message) in cases {
            let space = BTreeMap::from([("a".to_owned(), Distribution::Uniform([-1.0, 1.0]))]);
            let mut spoilt = TuningSpec { n_trials: 3, rungs: vec![1], keep: a_third(), space };
            spoil(&mut spoilt);
            let error = spoilt.check().unwrap_err().to_string();
            assert_eq!(error, message);
        }
    }
}
