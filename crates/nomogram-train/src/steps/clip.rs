//! Clipping between two quantiles.

use nomogram::{Clip, Step};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::encoded_rows::{EncodedRows, inputs};
use super::summary::quantiles;
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// Keeps values between two quantiles; between the smallest and the largest value by default.
///
/// A feature without a range needs it before steps that could overflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipSpec {
    /// Shares of the values that lie below the bounds.
    #[serde(default = "all")]
    pub quantiles: [f64; 2],
    /// Names of features; without it every column that the step can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
}

fn all() -> [f64; 2] {
    [0.0, 1.0]
}

impl Default for ClipSpec {
    fn default() -> Self {
        Self { quantiles: all(), of: None }
    }
}

impl Spec for ClipSpec {
    fn validate(&self) -> Result<(), Invalid> {
        let [low, high] = self.quantiles;
        if 0.0 <= low && low < high && high <= 1.0 {
            return Ok(());
        }
        let invalid = Invalid::new(format!("{low} to {high}"), "two ascending numbers from 0 to 1");
        Err(invalid.at("quantiles"))
    }
}

impl Checked<ClipSpec> {
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        let [low, high] = self.quantiles;
        let positions = rows.positions(self.of.as_deref(), Column::is_number)?;
        let bounds = rows.fit_each(&positions, |column| {
            let [low, high] = quantiles(column, &[low, high])?[..] else { return None };
            Some((low, high))
        })?;
        let (lows, highs) = bounds.into_iter().unzip();
        rows.push(Step::Clip(Clip::new(inputs(&positions)?, lows, highs)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_ascend() {
        let invalid = ClipSpec { quantiles: [0.9, 0.1], of: None }.check().unwrap_err();
        assert_eq!(
            invalid.to_string(),
            "quantiles: 0.9 to 0.1, expected two ascending numbers from 0 to 1"
        );
    }
}
