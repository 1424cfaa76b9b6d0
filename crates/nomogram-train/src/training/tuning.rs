//! Which settings predict best: random search and successive halving.
//!
//! A trial is one draw of all settings; what it scores on a fold depends on nothing but its number,
//! so the same search gives the same answer on any number of threads, and after a restart.
//! Successive halving (Jamieson and Talwalkar, Non-stochastic best arm identification and
//! hyperparameter optimization, 2016) judges all trials on a few folds and only the better ones on
//! more; with one rung it is random search (Bergstra and Bengio 2012).

mod journal;
mod settings;
mod tune;

use std::collections::BTreeMap;

use nomogram::Digest;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use nomogram_stats::random::Random;

pub use journal::Journal;
pub use settings::{Distribution, with_settings};
pub use tune::{cross_validate_tuned, tune};

/// Stream of random numbers of this module.
const TRIALS: u64 = 0x7475_6e65;

/// Settings by their path in the configuration, for example `members.network.learner.network.l2`.
pub type Settings = BTreeMap<String, Value>;

/// What is searched, and how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TuningConfig {
    /// How many trials are begun.
    pub n_trials: usize,
    /// After how many folds trials are compared, ascending; the last one counts. One number is
    /// random search.
    pub rungs: Vec<usize>,
    /// The share of the trials that goes on from a rung to the next, rounded up.
    #[serde(default = "a_third")]
    pub keep: f64,
    /// What is drawn, by its path in the configuration. Members stand there by their names.
    pub space: BTreeMap<String, Distribution>,
}

fn a_third() -> f64 {
    1.0 / 3.0
}

/// One draw of all settings, and how it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// Counted from 0; decides the settings.
    pub number: usize,
    /// What was drawn.
    pub settings: Settings,
    /// The loss on each fold that was reached, lower is better.
    pub losses: Vec<f64>,
    /// Why it ended early.
    pub error: Option<String>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Search {
    /// Every trial, by number.
    pub trials: Vec<Trial>,
    /// The number of the trial with the lowest mean loss among those that reached the last rung; of
    /// equal ones, the first.
    pub best: usize,
}

impl Search {
    /// The settings with the lowest mean loss.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "`best` is the number of a trial")]
    pub fn best_trial(&self) -> &Trial {
        &self.trials[self.best]
    }
}

impl Trial {
    /// The mean loss on the folds that it reached; nothing before the first.
    #[must_use]
    pub fn mean_loss(&self) -> Option<f64> {
        let sum = self.losses.iter().fold(0.0, |sum, loss| sum + loss);
        (!self.losses.is_empty()).then(|| sum / crate::count::number(self.losses.len()))
    }
}

impl TuningConfig {
    /// Refuses a search that makes no sense.
    ///
    /// # Errors
    ///
    /// `Configuration`, with what was found and expected.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |detail: String| Err(Error::Configuration(format!("tuning: {detail}")));
        if self.n_trials == 0 {
            return refuse("n_trials: 0, expected at least 1".into());
        }
        let ascend = self.rungs.is_sorted_by(|before, after| before < after);
        if self.rungs.first().is_none_or(|first| *first == 0) || !ascend {
            return refuse(format!(
                "rungs: {:?}, expected numbers of folds that ascend",
                self.rungs
            ));
        }
        if !(self.keep > 0.0 && self.keep < 1.0) {
            return refuse(format!("keep: {}, expected between 0 and 1", self.keep));
        }
        if self.space.is_empty() {
            return refuse("space: nothing to search, expected at least one setting".into());
        }
        for (path, distribution) in &self.space {
            if let Err(detail) = distribution.check() {
                return refuse(format!("space: `{path}`: {detail}"));
            }
        }
        Ok(())
    }

    /// What the trial of this number draws.
    #[must_use]
    pub fn settings(&self, seed: u64, trial: usize) -> Settings {
        let purpose = TRIALS ^ (trial as u64) << 32;
        let mut random = Random::new(seed, purpose);
        let draw = |(path, own): (&String, &Distribution)| (path.clone(), own.draw(&mut random));
        self.space.iter().map(draw).collect()
    }

    /// SHA-256 of all that decides the losses of a search, the digest of its rows and configuration
    /// included.
    ///
    /// # Errors
    ///
    /// `Configuration` when it cannot be written as JSON.
    pub fn digest(&self, seed: u64, of_rows: Digest, of_config: Digest) -> Result<Digest, Error> {
        let parts = (self, seed, of_rows.to_string(), of_config.to_string());
        let json = serde_json::to_vec(&parts).map_err(|e| Error::Configuration(e.to_string()))?;
        Ok(Digest::of(&json))
    }
}

/// Searches: `loss(settings, fold)` fits to all folds but one and judges on that one.
///
/// A trial whose loss fails or is not finite ends there, with the reason, and cannot be the best.
/// Trials and folds run on all threads of the rayon pool that calls; each finished one is in
/// `journal` at once, and is not run again.
///
/// # Errors
///
/// `Configuration` when the search makes no sense; `Data` when every trial failed; `File` when the
/// journal cannot be written.
pub fn search(
    config: &TuningConfig,
    seed: u64,
    journal: &Journal,
    loss: &(dyn Fn(&Settings, usize) -> Result<f64, Error> + Sync),
) -> Result<Search, Error> {
    config.check()?;
    let trial = |number| Trial {
        number,
        settings: config.settings(seed, number),
        losses: Vec::new(),
        error: None,
    };
    let mut trials: Vec<Trial> = (0..config.n_trials).map(trial).collect();
    let mut alive: Vec<usize> = (0..config.n_trials).collect();
    for (rung, n_folds) in config.rungs.iter().enumerate() {
        if rung > 0 {
            alive.truncate(share_up(alive.len(), config.keep));
            alive.sort_unstable();
        }
        run(&mut trials, &alive, *n_folds, journal, loss)?;
        alive.retain(|number| trials.get(*number).is_some_and(|trial| trial.error.is_none()));
        let loss_of = |number: &usize| trials.get(*number).and_then(Trial::mean_loss);
        let loss_of = |number: &usize| loss_of(number).unwrap_or(f64::INFINITY);
        alive.sort_by(|a, b| loss_of(a).total_cmp(&loss_of(b)).then(a.cmp(b)));
    }
    match alive.first() {
        Some(best) => Ok(Search { best: *best, trials }),
        None => {
            let first = trials.iter().find_map(|trial| trial.error.clone()).unwrap_or_default();
            Err(Error::Data(format!("all {} trials failed, the first with: {first}", trials.len())))
        }
    }
}

/// Brings trials to this number of folds.
#[allow(clippy::indexing_slicing, reason = "`alive` holds numbers of trials")]
fn run(
    trials: &mut [Trial],
    alive: &[usize],
    n_folds: usize,
    journal: &Journal,
    loss: &(dyn Fn(&Settings, usize) -> Result<f64, Error> + Sync),
) -> Result<(), Error> {
    let places = alive.iter().flat_map(|number| {
        (trials[*number].losses.len()..n_folds).map(move |fold| (*number, fold))
    });
    let places: Vec<(usize, usize)> = places.collect();
    let outcomes: Vec<Result<f64, String>> = places
        .par_iter()
        .map(|(number, fold)| {
            journal.recall_or(*number, *fold, || match loss(&trials[*number].settings, *fold) {
                Ok(loss) if loss.is_finite() => Ok(loss),
                Ok(loss) => Err(format!("fold {fold}: the loss is {loss}")),
                Err(error) => Err(format!("fold {fold}: {error}")),
            })
        })
        .collect::<Result<_, Error>>()?;
    for ((number, _), outcome) in places.into_iter().zip(outcomes) {
        let trial = &mut trials[number];
        match outcome {
            Ok(loss) if trial.error.is_none() => trial.losses.push(loss),
            Err(error) if trial.error.is_none() => trial.error = Some(error),
            _ => {}
        }
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "there are far fewer than 2^53 trials")]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to n")]
fn share_up(n: usize, share: f64) -> usize {
    ((n as f64 * share).ceil() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn config(rungs: &[usize]) -> TuningConfig {
        let space = BTreeMap::from([
            ("a".to_owned(), Distribution::Uniform([-1.0, 1.0])),
            ("b".to_owned(), Distribution::Integers([1, 6])),
        ]);
        TuningConfig { n_trials: 27, rungs: rungs.to_vec(), keep: a_third(), space }
    }

    /// Lowest at a = 0.3, b = 4, the same on each fold but for a little.
    fn loss(settings: &Settings, fold: usize) -> Result<f64, Error> {
        let [a, b] = ["a", "b"].map(|name| settings[name].as_f64().unwrap());
        let noise = 1e-3 * f64::from(u32::try_from(fold).unwrap());
        Ok((a - 0.3) * (a - 0.3) + 0.1 * (b - 4.0).abs() + noise)
    }

    #[test]
    fn halving_finds_what_judging_everything_finds_with_fewer_fits() {
        let n_fits = AtomicUsize::new(0);
        let counted = |settings: &Settings, fold: usize| {
            n_fits.fetch_add(1, Ordering::Relaxed);
            loss(settings, fold)
        };
        let all = search(&config(&[9]), 5, &Journal::none(), &counted).unwrap();
        assert_eq!(n_fits.swap(0, Ordering::Relaxed), 27 * 9);
        let halved = search(&config(&[1, 3, 9]), 5, &Journal::none(), &counted).unwrap();
        assert_eq!(n_fits.load(Ordering::Relaxed), 27 + 9 * 2 + 3 * 6);
        assert_eq!(halved.best, all.best);
        assert_eq!(halved.best_trial().losses, all.best_trial().losses);
        let reached: Vec<usize> = halved.trials.iter().map(|trial| trial.losses.len()).collect();
        assert_eq!(reached.iter().filter(|n| **n == 9).count(), 3);
        assert_eq!(reached.iter().filter(|n| **n == 1).count(), 18);
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let with = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| search(&config(&[2, 4]), 5, &Journal::none(), &loss).unwrap())
        };
        assert_eq!(with(1), with(4));
    }

    #[test]
    fn a_trial_that_fails_ends_and_says_why() {
        let failing = |settings: &Settings, fold: usize| match settings["b"].as_i64() {
            Some(4) if fold == 1 => Err(Error::NotConverged("no step helps".into())),
            Some(5) => Ok(f64::NAN),
            _ => loss(settings, fold),
        };
        let found = search(&config(&[3]), 5, &Journal::none(), &failing).unwrap();
        assert!(!matches!(found.best_trial().settings["b"].as_i64(), Some(4 | 5)));
        for trial in &found.trials {
            let expected = match trial.settings["b"].as_i64() {
                Some(4) => (1, Some("fold 1: no step helps")),
                Some(5) => (0, Some("fold 0: the loss is NaN")),
                _ => (3, None),
            };
            assert_eq!((trial.losses.len(), trial.error.as_deref()), expected);
        }
        let hopeless = |_: &Settings, _| Err(Error::Data("no rows".into()));
        let error = search(&config(&[1]), 5, &Journal::none(), &hopeless).unwrap_err();
        assert_eq!(error.to_string(), "all 27 trials failed, the first with: fold 0: no rows");
    }

    #[test]
    fn searches_that_make_no_sense_are_refused() {
        type Spoil = fn(&mut TuningConfig);
        let cases: [(Spoil, &str); 6] = [
            (|c| c.n_trials = 0, "n_trials: 0, expected at least 1"),
            (|c| c.rungs = vec![], "rungs: [], expected numbers of folds that ascend"),
            (|c| c.rungs = vec![3, 3], "rungs: [3, 3], expected numbers of folds that ascend"),
            (|c| c.keep = 1.0, "keep: 1, expected between 0 and 1"),
            (|c| c.space.clear(), "space: nothing to search, expected at least one setting"),
            (
                |c| drop(c.space.insert("a".into(), Distribution::LogUniform([0.0, 1.0]))),
                "space: `a`: log_uniform: 0 to 1, expected positive numbers that ascend",
            ),
        ];
        for (spoil, message) in cases {
            let mut spoilt = config(&[1]);
            spoil(&mut spoilt);
            let error = spoilt.check().unwrap_err().to_string();
            assert_eq!(error, format!("configuration: tuning: {message}"));
        }
    }
}
