//! Random search and successive halving.

use rayon::prelude::*;
use serde::Serialize;

use super::{Journal, Settings, TuningSpec};
use crate::count::number;
use crate::error::Error;
use crate::parallel::try_map;

/// One draw of all settings, and its losses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// Counted from 0; decides the settings.
    pub number: usize,
    /// What was drawn.
    pub settings: Settings,
    /// The loss on each fold that was reached, lower is better.
    pub losses: Vec<f64>,
    /// Why it ended early, if it did.
    pub error: Option<String>,
}

/// The outcome of a search.
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
        (!self.losses.is_empty()).then(|| sum / number(self.losses.len()))
    }
}

/// Searches for the settings with the lowest mean loss; `loss(settings, fold)` fits to all other
/// folds and evaluates on that one.
///
/// A trial whose loss fails or is not finite ends there, with the reason, and is not the best.
/// Trials and folds run on all threads of the rayon pool that calls; each loss is written to
/// `journal` at once, and is not computed again.
///
/// # Errors
///
/// `Configuration` when the spec is invalid; `Data` when every trial failed; `File` when the
/// journal cannot be written.
pub fn search(
    spec: &TuningSpec,
    seed: u64,
    journal: &Journal,
    loss: &(dyn Fn(&Settings, usize) -> Result<f64, Error> + Sync),
) -> Result<Search, Error> {
    spec.check()?;
    let trial = |number| Trial {
        number,
        settings: spec.settings(seed, number),
        losses: Vec::new(),
        error: None,
    };
    let mut trials: Vec<Trial> = (0..spec.n_trials).map(trial).collect();
    let mut alive: Vec<usize> = (0..spec.n_trials).collect();
    for (rung, n_folds) in spec.rungs.iter().enumerate() {
        if rung > 0 {
            alive.truncate(share_up(alive.len(), spec.keep));
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

/// Computes the losses of trials up to this number of folds.
#[allow(clippy::indexing_slicing, reason = "`alive` holds numbers of trials")]
fn run(
    trials: &mut [Trial],
    alive: &[usize],
    n_folds: usize,
    journal: &Journal,
    loss: &(dyn Fn(&Settings, usize) -> Result<f64, Error> + Sync),
) -> Result<(), Error> {
    let missing = alive.iter().flat_map(|number| {
        (trials[*number].losses.len()..n_folds).map(move |fold| (*number, fold))
    });
    let missing: Vec<(usize, usize)> = missing.collect();
    let outcomes: Vec<Result<f64, String>> = try_map(missing.par_iter(), |(number, fold)| {
        journal.recall_or_compute(*number, *fold, || match loss(&trials[*number].settings, *fold) {
            Ok(loss) if loss.is_finite() => Ok(loss),
            Ok(loss) => Err(format!("fold {}: the loss is {loss}", fold + 1)),
            Err(error) => Err(format!("fold {}: {error}", fold + 1)),
        })
    })?;
    for ((number, _), outcome) in missing.into_iter().zip(outcomes) {
        let trial = &mut trials[number];
        match outcome {
            Ok(loss) if trial.error.is_none() => trial.losses.push(loss),
            Err(error) if trial.error.is_none() => trial.error = Some(error),
            // The trial ended on an earlier fold.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to n")]
fn share_up(n: usize, share: f64) -> usize {
    ((number(n) * share).ceil() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::tuning::Distribution;
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn spec(rungs: &[usize]) -> TuningSpec {
        let space = BTreeMap::from([
            ("a".to_owned(), Distribution::Uniform([-1.0, 1.0])),
            ("b".to_owned(), Distribution::Integers([1, 6])),
        ]);
        TuningSpec { n_trials: 27, rungs: rungs.to_vec(), keep: 1.0 / 3.0, space }
    }

    /// Lowest at a = 0.3, b = 4, the same on each fold but for a little.
    fn loss(settings: &Settings, fold: usize) -> Result<f64, Error> {
        let [a, b] = ["a", "b"].map(|name| settings[name].as_f64().unwrap());
        let noise = 1e-3 * f64::from(u32::try_from(fold).unwrap());
        Ok((a - 0.3) * (a - 0.3) + 0.1 * (b - 4.0).abs() + noise)
    }

    #[test]
    fn halving_finds_the_same_trial_with_fewer_fits() {
        let n_fits = AtomicUsize::new(0);
        let counted = |settings: &Settings, fold: usize| {
            n_fits.fetch_add(1, Ordering::Relaxed);
            loss(settings, fold)
        };
        let all = search(&spec(&[9]), 5, &Journal::none(), &counted).unwrap();
        assert_eq!(n_fits.swap(0, Ordering::Relaxed), 27 * 9);
        let halved = search(&spec(&[1, 3, 9]), 5, &Journal::none(), &counted).unwrap();
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
            pool.install(|| search(&spec(&[2, 4]), 5, &Journal::none(), &loss).unwrap())
        };
        assert_eq!(with(1), with(4));
    }

    #[test]
    fn a_trial_that_fails_ends_with_the_reason() {
        let failing = |settings: &Settings, fold: usize| match settings["b"].as_i64() {
            Some(4) if fold == 1 => Err(Error::NotConverged("no step helps".into())),
            Some(5) => Ok(f64::NAN),
            _ => loss(settings, fold),
        };
        let searched = search(&spec(&[3]), 5, &Journal::none(), &failing).unwrap();
        assert!(!matches!(searched.best_trial().settings["b"].as_i64(), Some(4 | 5)));
        for trial in &searched.trials {
            let expected = match trial.settings["b"].as_i64() {
                Some(4) => (1, Some("fold 2: no step helps")),
                Some(5) => (0, Some("fold 1: the loss is NaN")),
                _ => (3, None),
            };
            assert_eq!((trial.losses.len(), trial.error.as_deref()), expected);
        }
        let hopeless = |_: &Settings, _| Err(Error::Data("no rows".into()));
        let error = search(&spec(&[1]), 5, &Journal::none(), &hopeless).unwrap_err();
        assert_eq!(error.to_string(), "all 27 trials failed, the first with: fold 1: no rows");
    }
}
