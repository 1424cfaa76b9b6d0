//! Settings of naive Bayes.

use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, Spec};
use crate::learners::checks::positive;
use crate::learners::fit_member::Smallest;

/// Gaussian naive Bayes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NaiveBayesSpec {
    /// This share of the largest variance of all inputs is added to each variance.
    #[serde(default = "smallest_variance")]
    pub var_smoothing: f64,
}

fn smallest_variance() -> f64 {
    1e-9
}

impl Smallest for NaiveBayesSpec {}

impl Spec for NaiveBayesSpec {
    fn validate(&self) -> Result<(), Invalid> {
        positive(self.var_smoothing, "var_smoothing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_is_positive() {
        let error = NaiveBayesSpec { var_smoothing: -1.0 }.check().unwrap_err();
        assert_eq!(error.to_string(), "var_smoothing: -1, expected a positive number");
    }
}
