//! Out-of-fold predictions, and the combiner and calibrator that are fitted to them.

use std::collections::BTreeSet;

use nomogram::{Calibrator, Combiner, Parts};

use super::config::TrainingConfig;
use super::provisional::predict;
use crate::data::Dataset;
use crate::ensemble::CalibrationRows;
use crate::error::Error;
use crate::predictions::Predictions;
use crate::split::Split;

/// The models of the folds, and their predictions of the rows that each fold holds out.
pub(super) struct OutOfFold<'a> {
    config: &'a TrainingConfig,
    dataset: &'a Dataset,
    folds: Vec<(Split, Parts)>,
    /// The rows that a fold holds out, ascending.
    rows: Vec<usize>,
    /// By members; the combiner is not fitted yet.
    predictions: Predictions,
}

/// How an ensemble goes from the outputs of its members to its own.
pub(super) struct Combination {
    combiner: Combiner,
    calibrator: Option<Calibrator>,
}

impl Combination {
    /// The same members, with this combination.
    pub(super) fn of(self, members: Parts) -> Parts {
        Parts { combiner: self.combiner, calibrator: self.calibrator, ..members }
    }
}

impl<'a> OutOfFold<'a> {
    /// Predicts with models that were fitted to the training rows of these folds.
    pub(super) fn new(
        config: &'a TrainingConfig,
        dataset: &'a Dataset,
        folds: Vec<(Split, Parts)>,
    ) -> Result<Self, Error> {
        let predictions = gather(dataset, &folds, |_, parts| Ok(parts.clone()))?;
        let rows: BTreeSet<usize> =
            folds.iter().flat_map(|(split, _)| &split.test).copied().collect();
        Ok(Self { config, dataset, folds, rows: rows.into_iter().collect(), predictions })
    }

    /// The combiner and the calibrator of the configuration, fitted to all held-out rows.
    pub(super) fn fit_combination(&self) -> Result<Combination, Error> {
        self.fit_combination_to(&self.rows)
    }

    /// The models of the folds, whose combiner is not fitted yet.
    pub(super) fn folds(&self) -> &[(Split, Parts)] {
        &self.folds
    }

    /// The rows that a fold holds out, ascending.
    pub(super) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Predictions of each row by an ensemble whose combiner and calibrator are fitted to the rows
    /// that the other folds hold out.
    pub(super) fn predict(&self) -> Result<Predictions, Error> {
        if !self.config.needs_out_of_fold() {
            return Ok(self.predictions.clone());
        }
        match self.config.combiner.is_fitted() {
            true => self.predict_combined(),
            false => self.predict_calibrated(),
        }
    }

    /// [`Self::predict`] where the combiner is fitted, so that each fold has another one.
    fn predict_combined(&self) -> Result<Predictions, Error> {
        let combine = |(split, parts): &(Split, Parts)| {
            let of_fold: BTreeSet<&usize> = split.test.iter().collect();
            let others = self.rows.iter().copied().filter(|row| !of_fold.contains(row));
            let others: Vec<usize> = others.collect();
            Ok((split.clone(), self.fit_combination_to(&others)?.of(parts.clone())))
        };
        let combined: Vec<(Split, Parts)> =
            self.folds.iter().map(combine).collect::<Result<_, Error>>()?;
        let predictions = gather(self.dataset, &combined, |_, parts| Ok(parts.clone()))?;
        if self.config.calibration.is_none() {
            return Ok(predictions);
        }
        let uncalibrated = gather(self.dataset, &combined, |_, parts| {
            Ok(Parts { calibrator: None, ..parts.clone() })
        })?;
        Ok(Predictions { uncalibrated: Some(uncalibrated.ensemble), ..predictions })
    }

    /// [`Self::predict`] where the combiner is not fitted: the predictions are there, and each fold
    /// calibrates those of its rows.
    fn predict_calibrated(&self) -> Result<Predictions, Error> {
        let mut predictions = self.predictions.clone();
        for (split, _) in &self.folds {
            let of_fold: BTreeSet<&usize> = split.test.iter().collect();
            let others = self.rows.iter().copied().filter(|row| !of_fold.contains(row));
            let combination = self.fit_combination_to(&others.collect::<Vec<_>>())?;
            for row in &split.test {
                let mut probabilities = self.predictions.ensemble.row(*row).to_vec();
                if let Some(calibrator) = &combination.calibrator {
                    calibrator.apply(&mut probabilities);
                }
                let to = predictions.ensemble.row_mut(*row);
                to.into_iter().zip(probabilities).for_each(|(to, from)| *to = from);
            }
        }
        let uncalibrated = Some(self.predictions.ensemble.clone());
        Ok(Predictions { uncalibrated, ..predictions })
    }

    fn fit_combination_to(&self, rows: &[usize]) -> Result<Combination, Error> {
        let config = self.config;
        let dataset = self.dataset.select(rows);
        let members = self.predictions.select(rows);
        let combiner = config.combiner.fit(config.weights(), &members, &dataset, config.seed)?;
        let calibrator = match config.calibration {
            None => None,
            Some(calibration) => {
                let combined = if config.combiner.is_fitted() {
                    let combined = gather(self.dataset, &self.folds, |_, parts| {
                        Ok(Parts { combiner: combiner.clone(), ..parts.clone() })
                    })?;
                    combined.select(rows).ensemble
                } else {
                    members.ensemble
                };
                calibration.fit(CalibrationRows::of(&dataset, combined.view()), config.seed)?
            }
        };
        Ok(Combination { combiner, calibrator })
    }
}

/// The predictions of the rows that each fold holds out, by what `model` makes of the fold's model.
fn gather(
    dataset: &Dataset,
    folds: &[(Split, Parts)],
    model: impl Fn(&Split, &Parts) -> Result<Parts, Error>,
) -> Result<Predictions, Error> {
    let mut predictions = Vec::with_capacity(folds.len());
    for (split, parts) in folds {
        let fitted = dataset.select(&split.train);
        let predicted = predict(&model(split, parts)?, &fitted, &dataset.select(&split.test))?;
        predictions.push((split.test.as_slice(), predicted));
    }
    Predictions::gather(&predictions, dataset.n_rows())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::fit::Fits;

    const CONFIG: &str = r#"
model: { name: small, version: "1" }
data: { target: { column: y, negative: "no", positive: "yes" }, features: [{ name: a }, { name: b }] }
seed: 1
validation: { n_folds: 4, min_auc: 0.5 }
members:
  - { name: bayes, input: scaled, weight: 1.0, learner: { naive_bayes: { var_smoothing: 1.0e-9 } } }
  - { name: lr, input: scaled, weight: 2.0, learner: { logistic_regression: { c: 1.0, class_weight: equal } } }
combiner: soft_vote
calibration: platt
"#;

    #[test]
    fn calibrating_predictions_is_predicting_with_calibrated_models() {
        let config = TrainingConfig::from_yaml(CONFIG).unwrap();
        let row = |row: usize| {
            let (a, b) = (row * 37 % 101, row * 53 % 89);
            format!("{a},{b},{}\n", if a + b + row % 40 > 110 { "yes" } else { "no" })
        };
        let table = format!("a,b,y\n{}", (0..120).map(row).collect::<String>());
        let dataset = Dataset::from_csv("t", table.as_bytes(), &config.data).unwrap();
        let mut nobody = |_: usize, _: usize, _: &str| {};
        let fits = Fits::new(&config, 4, &mut nobody);
        let out_of_fold = fits.fit_folds(&dataset, fits.folds(&dataset).unwrap(), "").unwrap();
        let calibrated = out_of_fold.predict_calibrated().unwrap();
        assert_eq!(calibrated, out_of_fold.predict_combined().unwrap());
        assert_ne!(Some(calibrated.ensemble), calibrated.uncalibrated);
    }
}
