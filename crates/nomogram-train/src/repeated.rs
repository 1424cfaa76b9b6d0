//! The whole training, repeated on parts and samples of the rows: how much there is to gain from more
//! rows, and how much better a model looks on the rows that it was fitted to.

use std::collections::BTreeMap;
use std::sync::Arc;

use nomogram::Model;
use rayon::prelude::*;
use serde::Serialize;

use crate::config::TrainingConfig;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::learner::number;
use crate::metrics::{Metrics, log_loss};
use crate::predictions::Predictions;
use crate::random::Random;
use crate::split::Split;
use crate::statistics::Confidence;
use crate::statistics::bootstrap::{BootstrapSpec, Optimism, optimism};
use crate::statistics::calibration::calibration_line;
use crate::train::{cross_validate, fit_whole};

/// A member is told to worsen the vote when the log loss would fall by this share without it.
const WORTH_TELLING: f64 = 0.01;
/// Stream of random numbers of this module.
const SHARES: u64 = 0x6c65_6172;
/// Probabilities of 0 and 1 are moved this far inside before a line is fitted to their logits.
const LOGIT_CLIP: f64 = 1e-6;

/// The loss of models that learned from a share of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LearningPoint {
    /// How many rows they learned from, the mean over the folds.
    pub n_rows: f64,
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
            n_rows: number(n_rows) / number(folds.len()),
            log_loss: log_loss(
                &predictions.select(&held_out).vote,
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
/// (Harrell, Lee and Mark 1996; [`optimism`]). Fitted on all threads of the rayon pool that calls.
///
/// # Errors
///
/// `Data` when the target has not two classes; as [`train`](crate::train) for the first sample that
/// cannot be trained on.
pub fn corrected_performance(
    config: &TrainingConfig,
    dataset: &Dataset,
    n: usize,
) -> Result<CorrectedPerformance, Error> {
    if dataset.n_classes() != 2 {
        let n_classes = dataset.n_classes();
        return Err(Error::Data(format!("n_bootstraps: {n_classes} classes, expected 2")));
    }
    let outcomes: Vec<bool> = dataset.classes().iter().map(|class| *class == 1).collect();
    let spec = BootstrapSpec::new(n, config.seed);
    let all = (0..outcomes.len()).collect();
    let mut samples: Vec<Vec<usize>> = vec![all];
    samples.extend((0..n as u64).map(|replicate| spec.rows(&outcomes, replicate)));
    let models: Vec<(Vec<usize>, Arc<Model>)> = samples
        .into_par_iter()
        .map(|rows| fit_whole(config, &dataset.select(&rows)).map(|model| (rows, model)))
        .collect::<Result<_, Error>>()?;
    let models: BTreeMap<Vec<usize>, Vec<f64>> = models
        .into_iter()
        .map(|(rows, model)| Ok((rows, Predictions::of(&model, dataset)?.positive())))
        .collect::<Result<_, Error>>()?;
    let fit = |rows: &[usize]| {
        let of_all = models.get(rows).cloned().unwrap_or_default();
        Ok(move |rows: &[usize]| -> Vec<f64> {
            rows.iter().filter_map(|row| of_all.get(*row)).copied().collect()
        })
    };
    let metric = |of: fn(&Metrics) -> Option<f64>| {
        let metric = |outcomes: &[bool], probabilities: &[f64]| {
            let classes: Vec<usize> = outcomes.iter().map(|own| usize::from(*own)).collect();
            of(&Metrics::new(&classes, probabilities))
        };
        optimism(&outcomes, &spec, fit, metric).ok()
    };
    let slope = |outcomes: &[bool], probabilities: &[f64]| {
        let inside: Vec<f64> = probabilities.iter().copied().map(inside).collect();
        calibration_line(outcomes, &inside, Confidence::PERCENT_95)
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

fn inside(probability: f64) -> f64 {
    probability.clamp(LOGIT_CLIP, 1.0 - LOGIT_CLIP)
}

/// Something that a person should know before trusting a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The member that it is about, or the vote.
    pub about: String,
    /// What was found and what is expected.
    pub text: String,
}

/// What is suspicious about members and vote, from predictions of rows that they had not seen.
#[must_use]
pub fn warnings(out_of_fold: &Predictions, classes: &[usize]) -> Vec<Warning> {
    let mut found = Vec::new();
    let names = || out_of_fold.names.iter().zip(&out_of_fold.members);
    let mean_without = |left_out: Option<usize>| {
        let kept = out_of_fold.members.iter().enumerate().filter(|(at, _)| Some(*at) != left_out);
        let n = number(kept.clone().count());
        let sum = kept.fold(out_of_fold.vote.mapv(|_| 0.0), |sum, (_, own)| sum + own);
        log_loss(&(sum / n), classes)
    };
    if out_of_fold.members.len() > 1 {
        let with_all = mean_without(None);
        for (at, (name, _)) in names().enumerate() {
            let without = mean_without(Some(at));
            if without < (1.0 - WORTH_TELLING) * with_all {
                found.push(Warning {
                    about: name.clone(),
                    text: format!(
                        "it worsens the vote: on held-out rows the mean of all members has the log \
                         loss {with_all:.4}, without it {without:.4}"
                    ),
                });
            }
        }
    }
    if out_of_fold.vote.ncols() != 2 {
        return found;
    }
    for (name, own) in names() {
        let of_class = |class: usize| {
            own.column(1)
                .into_iter()
                .zip(classes)
                .filter(move |(_, own)| **own == class)
                .map(|(p, _)| *p)
        };
        let highest = of_class(0).fold(f64::NEG_INFINITY, f64::max);
        let lowest = of_class(1).fold(f64::INFINITY, f64::min);
        if highest < lowest {
            found.push(Warning {
                about: name.clone(),
                text: format!(
                    "it parts the classes: no negative row has more than {highest:.4}, no positive one \
                     less than {lowest:.4}; does a feature hold the answer?"
                ),
            });
        }
    }
    let outcomes: Vec<bool> = classes.iter().map(|class| *class == 1).collect();
    let inside: Vec<f64> = out_of_fold.positive().into_iter().map(inside).collect();
    if let Ok(line) = calibration_line(&outcomes, &inside, Confidence::PERCENT_95) {
        let slope = line.slope;
        if slope.interval.lower > 1.0 || slope.interval.upper < 1.0 {
            let kind = if slope.value < 1.0 { "too extreme" } else { "not extreme enough" };
            found.push(Warning {
                about: "vote".into(),
                text: format!(
                    "its probabilities are {kind}: on held-out rows the calibration slope is {:.3} \
                     ({:.3} to {:.3}), expected 1; see `calibration`",
                    slope.value, slope.interval.lower, slope.interval.upper
                ),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn predictions(members: &[&[f64]]) -> Predictions {
        let of = |own: &&[f64]| {
            Array2::from_shape_fn((own.len(), 2), |(row, class)| {
                if class == 1 { own[row] } else { 1.0 - own[row] }
            })
        };
        Predictions {
            names: (0..members.len()).map(|nth| format!("m{nth}")).collect(),
            members: members.iter().map(of).collect(),
            margins: Array2::zeros((members[0].len(), 0)),
            vote: of(&members[0]),
        }
    }

    #[test]
    fn a_sound_model_has_no_warning() {
        let own: Vec<f64> = (0..40).map(|row| if row % 4 < 2 { 0.25 } else { 0.75 }).collect();
        let classes: Vec<usize> =
            (0..40).map(|row| usize::from((row % 4 < 2) == (row / 4 % 4 == 0))).collect();
        assert_eq!(warnings(&predictions(&[&own]), &classes), []);
    }

    #[test]
    fn what_harms_parts_or_exaggerates_is_told() {
        let classes = [0, 0, 0, 1, 1, 1, 0, 1];
        let good = [0.1, 0.2, 0.3, 0.7, 0.8, 0.9, 0.2, 0.8];
        let bad = [0.9, 0.8, 0.3, 0.2, 0.1, 0.6, 0.7, 0.3];
        let found = warnings(&predictions(&[&good, &bad]), &classes);
        let of = |about: &str| found.iter().find(|own| own.about == about).unwrap().text.as_str();
        assert!(of("m0").contains("it parts the classes"), "{found:?}");
        assert!(of("m1").contains("it worsens the vote"), "{found:?}");
        let sure: Vec<f64> = (0..60).map(|row| if row % 2 == 0 { 0.001 } else { 0.999 }).collect();
        let classes: Vec<usize> =
            (0..60).map(|row| usize::from((row % 2 == 1) != (row % 5 == 0))).collect();
        let found = warnings(&predictions(&[&sure]), &classes);
        assert!(found[0].text.contains("too extreme"), "{found:?}");
    }
}
