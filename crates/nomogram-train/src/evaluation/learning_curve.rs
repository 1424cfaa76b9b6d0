//! The whole training, repeated on parts and samples of the rows: how much there is to gain from more
//! rows, and how much better a model looks on the rows that it was fitted to.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use crate::count::number;
use crate::data::Dataset;
use crate::error::Error;
use crate::predictions::Predictions;
use crate::split::Split;
use crate::training::{TrainingConfig, cross_validate, fit_sample};
use nomogram_stats::Confidence;
use nomogram_stats::bootstrap::{BootstrapSpec, Optimism, optimism};
use nomogram_stats::calibration::{calibration_line, clipped};
use nomogram_stats::metrics::{Metrics, log_loss};
use nomogram_stats::random::Random;

/// Stream of random numbers of this module.
const SHARES: u64 = 0x6c65_6172;

/// The loss of models that learned from a share of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LearningPoint {
    /// How many rows they learned from: the mean over the folds, rounded.
    pub n_rows: usize,
    /// The mean log loss of the rows that the folds hold out.
    pub log_loss: f64,
}

/// For each share, the loss of models that learn from that share of each fold's training rows. A
/// larger share holds the rows of a smaller one; each class gives its share.
///
/// # Errors
///
/// As [`cross_validate`].
pub fn learning_curve(
    config: &TrainingConfig,
    dataset: &Dataset,
    shares: &[f64],
) -> Result<Vec<LearningPoint>, Error> {
    let folds = config.folds(dataset, config.seed)?;
    let point = |share: &f64| {
        let smaller = folds.iter().enumerate().map(|(fold, split)| {
            let train = first_of_each_class(dataset, split, *share, config.seed, fold as u64);
            Split { train, test: split.test.clone() }
        });
        let smaller: Vec<Split> = smaller.collect();
        let nobody = &mut |_: usize, _: usize, _: &str| {};
        let predictions = cross_validate(config, dataset, &smaller, nobody)?;
        let held_out: Vec<usize> = folds.iter().flat_map(|split| &split.test).copied().collect();
        let n_rows: usize = smaller.iter().map(|split| split.train.len()).sum();
        Ok(LearningPoint {
            n_rows: (n_rows + folds.len() / 2) / folds.len(),
            log_loss: log_loss(
                &predictions.select(&held_out).ensemble,
                dataset.select(&held_out).classes(),
            ),
        })
    };
    shares.iter().map(point).collect()
}

#[allow(clippy::indexing_slicing, reason = "rows are those of the table")]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count")]
fn first_of_each_class(
    dataset: &Dataset,
    split: &Split,
    share: f64,
    seed: u64,
    fold: u64,
) -> Vec<usize> {
    let mut kept = Vec::new();
    for class in 0..dataset.n_classes() {
        let of_class = |row: &&usize| dataset.classes()[**row] == class;
        let mut rows: Vec<usize> = split.train.iter().filter(of_class).copied().collect();
        Random::new(seed, SHARES ^ (fold << 32) ^ ((class as u64) << 48)).shuffle(&mut rows);
        rows.truncate((share * number(rows.len())).ceil() as usize);
        kept.extend(rows);
    }
    kept.sort_unstable();
    kept
}

/// Metrics of the model of all rows on these rows, corrected for optimism; nothing where they are not
/// defined.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CorrectedPerformance {
    /// The area under the ROC curve.
    pub auc: Option<Optimism>,
    /// The mean negative logarithm of the probability of what came true.
    pub log_loss: Option<Optimism>,
    /// The Brier score.
    pub brier: Option<Optimism>,
    /// The calibration slope.
    pub calibration_slope: Option<Optimism>,
}

/// Repeats the whole training, votes and calibrator included, on `n` bootstrap samples of the rows
/// (Harrell, Lee and Mark 1996; [`optimism`]). A row that was drawn twice stands in one fold, so that
/// it is not learned from where it is held out. Fitted on all threads of the rayon pool that calls.
///
/// # Errors
///
/// `Configuration` when the configuration makes no sense; `Data` when the target has not two classes or
/// the table has patients, whose rows would stand on both sides; as [`train`](crate::train) for all
/// rows. Samples that cannot be trained on count as undefined.
pub fn corrected_performance(
    config: &TrainingConfig,
    dataset: &Dataset,
    n: usize,
) -> Result<CorrectedPerformance, Error> {
    config.check()?;
    if dataset.patients().is_some() {
        return Err(Error::Data("n_bootstraps: rows have patients, expected rows alone".into()));
    }
    if dataset.n_classes() != 2 {
        let n_classes = dataset.n_classes();
        return Err(Error::Data(format!("n_bootstraps: {n_classes} classes, expected 2")));
    }
    let outcomes: Vec<bool> = dataset.classes().iter().map(|class| *class == 1).collect();
    let spec = BootstrapSpec::new(n, config.seed);
    let all: Vec<usize> = (0..outcomes.len()).collect();
    let mut samples: Vec<Vec<usize>> = vec![all.clone()];
    samples.extend((0..n as u64).map(|replicate| spec.rows(&outcomes, replicate)));
    let predict = |rows: Vec<usize>| {
        let model = fit_sample(config, dataset, &rows);
        let predicted = model.and_then(|model| Predictions::of(&model, dataset));
        match predicted {
            Ok(predicted) => Ok((rows, predicted.positive())),
            // Too few rows of a class, or no fit: of this sample, nothing is defined.
            Err(Error::Data(_) | Error::NotConverged(_)) if rows != all => {
                Ok((rows, vec![f64::NAN; outcomes.len()]))
            }
            Err(error) => Err(error),
        }
    };
    let predicted: Vec<Result<_, Error>> = samples.into_par_iter().map(predict).collect();
    let models: BTreeMap<Vec<usize>, Vec<f64>> =
        predicted.into_iter().collect::<Result<_, Error>>()?;
    let fit = |rows: &[usize]| {
        let of_all = models.get(rows).cloned().unwrap_or_default();
        Ok(move |rows: &[usize]| -> Vec<f64> {
            rows.iter().filter_map(|row| of_all.get(*row)).copied().collect()
        })
    };
    let metric = |of: fn(&Metrics) -> Option<f64>| {
        let metric = |outcomes: &[bool], probabilities: &[f64]| {
            if probabilities.iter().any(|p| p.is_nan()) {
                return None;
            }
            let classes: Vec<usize> = outcomes.iter().map(|own| usize::from(*own)).collect();
            of(&Metrics::new(&classes, probabilities))
        };
        optimism(&outcomes, &spec, fit, metric).ok()
    };
    let slope = |outcomes: &[bool], probabilities: &[f64]| {
        if probabilities.iter().any(|p| p.is_nan()) {
            return None;
        }
        calibration_line(outcomes, &clipped(probabilities), Confidence::PERCENT_95)
            .ok()
            .map(|line| line.slope.value)
    };
    Ok(CorrectedPerformance {
        auc: metric(|metrics| metrics.auc),
        log_loss: metric(|metrics| Some(metrics.log_loss)),
        brier: metric(|metrics| Some(metrics.brier)),
        calibration_slope: optimism(&outcomes, &spec, fit, slope).ok(),
    })
}
