//! Early stopping: keeps the fit with the lowest log loss on held-out rows.

use serde::{Deserialize, Serialize};

use super::checks::{at_least_one, require};
use super::training_rows::TrainingRows;
use crate::error::Error;
use crate::invalid::{Invalid, Spec};
use crate::split::Split;

/// When to stop, by the log loss of rows that are held out from the fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// The share of the rows that is held out, stratified; of whole groups, where rows have them.
    pub fraction: f64,
    /// The number of epochs or rounds without a lower log loss after which to stop.
    pub patience: usize,
}

impl Spec for EarlyStopping {
    fn validate(&self) -> Result<(), Invalid> {
        at_least_one(self.patience, "patience")?;
        let is_between = self.fraction > 0.0 && self.fraction < 1.0;
        require(is_between, self.fraction, "between 0 and 1", "fraction")
    }
}

impl EarlyStopping {
    /// Holds rows out: about the share of each class, and no row of a group whose others are fitted to.
    pub(super) fn split(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Split, Error> {
        let split = match rows.groups {
            None => Split::stratified(rows.classes, self.fraction, seed),
            Some(groups) => Split::grouped(rows.classes, groups, self.fraction, seed),
        };
        split.map_err(|error| match error {
            Error::Data(detail) => Error::Data(format!("early stopping: {detail}")),
            Error::RareClass { before, class, after } => {
                Error::RareClass { before: format!("early stopping: {before}"), class, after }
            }
            other => other,
        })
    }
}

/// The best fit so far, by the log loss of held-out rows.
#[derive(Debug)]
pub(super) struct Best<T> {
    loss: f64,
    n_waited: usize,
    /// What is kept of the fit.
    pub(super) fit: T,
}

impl<T> Best<T> {
    /// Any loss is better than that of `start`.
    pub(super) fn new(start: T) -> Self {
        Self { loss: f64::INFINITY, n_waited: 0, fit: start }
    }

    /// Keeps a fit that is better than the best; returns whether it is time to stop.
    pub(super) fn update(
        &mut self,
        loss: f64,
        fit: impl FnOnce() -> T,
        rule: &EarlyStopping,
    ) -> bool {
        if loss < self.loss {
            *self = Self { loss, n_waited: 0, fit: fit() };
            return false;
        }
        self.n_waited += 1;
        self.n_waited >= rule.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_fit_is_kept_until_patience_ends() {
        let rule = EarlyStopping { fraction: 0.5, patience: 2 };
        let mut best = Best::new(usize::MAX);
        let losses = [(0.5, false), (0.6, false), (0.4, false), (0.4, false), (0.7, true)];
        for (epoch, (loss, stops)) in losses.into_iter().enumerate() {
            assert_eq!(best.update(loss, || epoch, &rule), stops, "epoch {epoch}");
        }
        assert_eq!(best.fit, 2);
    }

    #[test]
    fn no_group_is_on_both_sides() {
        let values = ndarray::Array2::zeros((60, 1));
        let classes: Vec<usize> = (0..60).map(|row| row % 2).collect();
        let groups: Vec<usize> = (0..60).map(|row| row % 17).collect();
        let rows = TrainingRows::binary(values.view(), &classes);
        let rule = EarlyStopping { fraction: 0.3, patience: 1 };
        for seed in 0..20 {
            let shared = |rows: TrainingRows<'_>| {
                let split = rule.split(rows, seed).unwrap();
                assert_eq!(split.train.len() + split.test.len(), 60);
                let is_shared =
                    |row: &&usize| split.test.iter().any(|t| groups[*t] == groups[**row]);
                split.train.iter().filter(is_shared).count()
            };
            assert_eq!(shared(TrainingRows { groups: Some(&groups), ..rows }), 0, "seed {seed}");
            assert!(shared(rows) > 0, "seed {seed}");
        }
        let all_one = TrainingRows { groups: Some(&[0; 60]), ..rows };
        let error = rule.split(all_one, 0).unwrap_err().to_string();
        assert!(error.starts_with("early stopping: the "), "{error}");
    }

    #[test]
    fn rules_that_cannot_stop_are_invalid() {
        let invalid = |fraction, patience| {
            EarlyStopping { fraction, patience }.validate().unwrap_err().to_string()
        };
        assert_eq!(invalid(0.5, 0), "patience: 0, expected at least 1");
        assert_eq!(invalid(1.0, 1), "fraction: 1, expected between 0 and 1");
    }
}
