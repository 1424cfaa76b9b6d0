//! Scaling from 0 to 1.

use nomogram::{MinMaxScaler, Step};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::encoded_rows::{EncodedRows, inputs};
use super::summary::{divisor, quantiles};
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// The smallest value becomes 0, the largest 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinMaxScaleSpec {
    /// Names of features; without it every column that the step can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
}

impl Spec for MinMaxScaleSpec {
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Checked<MinMaxScaleSpec> {
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        let positions = rows.positions(self.of.as_deref(), Column::is_scalable)?;
        let fitted = rows.fit_each(&positions, |column| {
            let [low, high] = quantiles(column, &[0.0, 1.0])?[..] else { return None };
            let scale = 1.0 / divisor(high - low);
            Some((scale, -low * scale))
        })?;
        let (scales, shifts) = fitted.into_iter().unzip();
        rows.push(Step::MinMaxScale(MinMaxScaler::new(inputs(&positions)?, scales, shifts)?))
    }
}
