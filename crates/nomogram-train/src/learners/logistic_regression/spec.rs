//! Settings of logistic regression.

use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, Spec};
use crate::learners::checks::{positive, require};
use crate::learners::class_weight::ClassWeight;
use crate::learners::fit_member::Smallest;

/// Logistic regression with a penalty on the weights, as scikit-learn defines it: `((1 − l1_ratio) / 2 ·
/// ‖w‖² + l1_ratio · ‖w‖₁) / c` is added to the sum of the rows' log losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogisticRegressionSpec {
    /// The inverse of the strength of the penalty; the intercept is not penalised.
    pub c: f64,
    /// How much of the penalty is L1: 0 (ridge) to 1 (lasso), between them the elastic net.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub l1_ratio: f64,
    /// How much each row counts.
    pub class_weight: ClassWeight,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

impl LogisticRegressionSpec {
    /// An L2 penalty of this inverse strength; every row counts the same.
    #[must_use]
    pub fn ridge(c: f64) -> Self {
        Self { c, l1_ratio: 0.0, class_weight: ClassWeight::Equal }
    }
}

impl Smallest for LogisticRegressionSpec {
    /// A penalty that leaves nothing to learn: a few steps reach the optimum.
    fn smallest(self) -> Self {
        Self { c: self.c.min(1e-6), l1_ratio: 0.0, ..self }
    }
}

impl Spec for LogisticRegressionSpec {
    fn validate(&self) -> Result<(), Invalid> {
        positive(self.c, "c")?;
        let has_inverse = (1.0 / self.c).is_finite();
        require(has_inverse, self.c, "a number whose inverse is finite", "c")?;
        let is_share = (0.0..=1.0).contains(&self.l1_ratio);
        require(is_share, self.l1_ratio, "0 to 1", "l1_ratio")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_settings_are_named() {
        let ridge = LogisticRegressionSpec::ridge;
        let invalid = |spec: LogisticRegressionSpec| spec.check().unwrap_err().to_string();
        assert_eq!(invalid(ridge(0.0)), "c: 0, expected a positive number");
        assert!(invalid(ridge(1e-310)).ends_with("expected a number whose inverse is finite"));
        let spec = LogisticRegressionSpec { l1_ratio: 1.5, ..ridge(1.0) };
        assert_eq!(invalid(spec), "l1_ratio: 1.5, expected 0 to 1");
    }
}
