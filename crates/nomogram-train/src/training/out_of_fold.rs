//! What models say of rows that they had not seen, and the vote that is fitted to it.

use std::collections::BTreeSet;

use nomogram::{Calibrator, Combiner, Parts};

use super::train::predict;
use crate::config::TrainingConfig;
use crate::data::Dataset;
use crate::ensemble::combiner;
use crate::error::Error;
use crate::predictions::Predictions;
use crate::split::Split;

/// The models of the folds, and what they say of the rows that they had not seen.
pub(super) struct HeldOut<'a> {
    config: &'a TrainingConfig,
    dataset: &'a Dataset,
    folds: Vec<(Split, Parts)>,
    /// The rows that a fold holds out, ascending.
    rows: Vec<usize>,
    /// The vote as far as the configuration says it without held-out rows.
    predictions: Predictions,
}

/// How an ensemble goes from its members' outputs to its own.
pub(super) struct FittedVote {
    combiner: Combiner,
    calibrator: Option<Calibrator>,
}

impl FittedVote {
    /// The same members, with this vote.
    pub(super) fn of(self, members: Parts) -> Parts {
        Parts { combiner: self.combiner, calibrator: self.calibrator, ..members }
    }
}

impl<'a> HeldOut<'a> {
    /// Models that were fitted to the training rows of these folds.
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

    /// The vote that the configuration asks for, fitted to all held-out rows.
    pub(super) fn fit_vote(&self) -> Result<FittedVote, Error> {
        self.fit_vote_to(&self.rows)
    }

    /// The rows that a fold holds out, ascending.
    pub(super) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// What the vote says of each row, fitted to what the members say of the other folds.
    pub(super) fn predict(&self) -> Result<Predictions, Error> {
        if !self.config.needs_held_out() {
            return Ok(self.predictions.clone());
        }
        gather(self.dataset, &self.folds, |split, parts| {
            let own: BTreeSet<&usize> = split.test.iter().collect();
            let others: Vec<usize> =
                self.rows.iter().copied().filter(|row| !own.contains(row)).collect();
            Ok(self.fit_vote_to(&others)?.of(parts.clone()))
        })
    }

    fn fit_vote_to(&self, rows: &[usize]) -> Result<FittedVote, Error> {
        let config = self.config;
        let classes = self.dataset.select(rows);
        let members = self.predictions.select(rows);
        let combiner = combiner::fit_combiner(config, &members, classes.classes())?;
        let calibrator = match config.calibration {
            None => None,
            Some(calibration) => {
                let voted = gather(self.dataset, &self.folds, |_, parts| {
                    Ok(Parts { combiner: combiner.clone(), ..parts.clone() })
                })?;
                let voted = voted.select(rows).vote;
                calibration.fit(voted.view(), classes.classes(), config.seed)?
            }
        };
        Ok(FittedVote { combiner, calibrator })
    }
}

/// The predictions of each fold's held-out rows by a model that is made of its own.
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
