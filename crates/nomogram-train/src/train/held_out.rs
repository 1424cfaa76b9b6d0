//! What models say of rows that they had not seen.

use nomogram::Parts;

use super::{predict, vote};
use crate::config::TrainingConfig;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::predictions::Predictions;
use crate::split::Split;

/// The models of the folds, and what they say of the rows that they had not seen.
pub(super) struct HeldOut {
    folds: Vec<(Split, Parts)>,
    /// As the members say by themselves; their vote is not fitted.
    pub(super) members: Predictions,
}

impl HeldOut {
    pub(super) fn new(
        dataset: &Dataset,
        folds: Vec<Split>,
        fitted: Vec<Parts>,
    ) -> Result<Self, Error> {
        let folds: Vec<(Split, Parts)> = folds.into_iter().zip(fitted).collect();
        let members = gather(dataset, &folds, |_, parts| Ok(parts.clone()))?;
        Ok(Self { folds, members })
    }

    /// What the vote says of each row, fitted to what the members say of the other folds.
    pub(super) fn predict(
        &self,
        config: &TrainingConfig,
        dataset: &Dataset,
    ) -> Result<Predictions, Error> {
        if !config.needs_held_out() {
            return Ok(self.members.clone());
        }
        gather(dataset, &self.folds, |split, parts| {
            let others = self.members.select(&split.train);
            Ok(vote::fit(config, &others, &dataset.select(&split.train))?.of(parts.clone()))
        })
    }
}

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
