//! Scaling by median and quartiles.

use nomogram::{RobustScaler, Step};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::encoded_rows::{EncodedRows, inputs};
use super::summary::{divisor, quantiles};
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// Median 0 and interquartile range 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobustScaleSpec {
    /// Names of features; without it every column that the step can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
}

impl Spec for RobustScaleSpec {
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Checked<RobustScaleSpec> {
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        let positions = rows.positions(self.of.as_deref(), Column::is_scalable)?;
        let fitted = rows.fit_each(&positions, |column| {
            let [low, median, high] = quantiles(column, &[0.25, 0.5, 0.75])?[..] else {
                return None;
            };
            Some((median, divisor(high - low)))
        })?;
        let (centers, scales) = fitted.into_iter().unzip();
        rows.push(Step::RobustScale(RobustScaler::new(inputs(&positions)?, centers, scales)?))
    }
}
