//! How members are evaluated on out-of-fold rows.

use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, require};

/// Each fold is a fit of all members.
const MAX_FOLDS: usize = 10_000;

/// How members are evaluated on rows that they were not fitted to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationSpec {
    /// The number of folds of the training rows, without `splits`.
    pub n_folds: usize,
    /// A member whose out-of-fold AUC is below is uninformative; 0.6 is a good bound.
    pub min_auc: f64,
}

impl ValidationSpec {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        require((2..=MAX_FOLDS).contains(&self.n_folds), || {
            let expected = if self.n_folds < 2 { "at least 2" } else { "at most 10,000" };
            Invalid::new(self.n_folds, expected).at("n_folds")
        })?;
        require((0.0..=1.0).contains(&self.min_auc), || {
            Invalid::new(self.min_auc, "0 to 1").at("min_auc")
        })
    }
}
