//! Early stopping: keeps the fit with the lowest log loss on held-out rows.

use serde::{Deserialize, Serialize};

use super::checks::{at_least_one, require};
use crate::invalid::{Invalid, Spec};

/// When to stop, by the log loss of rows that are held out from the fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// The share of the rows that is held out, stratified.
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
    fn rules_that_cannot_stop_are_invalid() {
        let invalid = |fraction, patience| {
            EarlyStopping { fraction, patience }.validate().unwrap_err().to_string()
        };
        assert_eq!(invalid(0.5, 0), "patience: 0, expected at least 1");
        assert_eq!(invalid(1.0, 1), "fraction: 1, expected between 0 and 1");
    }
}
