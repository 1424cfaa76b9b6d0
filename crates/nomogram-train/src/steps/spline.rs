//! Restricted cubic splines.

use nomogram::{Spline, Step};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::encoded_rows::{EncodedRows, inputs};
use super::summary::quantiles;
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// Shares of the values below the knots of a spline (Harrell, Regression Modeling Strategies, 2015,
/// table 2.3), by the number of knots.
const KNOTS: [&[f64]; 5] = [
    &[0.1, 0.5, 0.9],
    &[0.05, 0.35, 0.65, 0.95],
    &[0.05, 0.275, 0.5, 0.725, 0.95],
    &[0.05, 0.23, 0.41, 0.59, 0.77, 0.95],
    &[0.025, 0.1833, 0.3417, 0.5, 0.6583, 0.8167, 0.975],
];

/// A restricted cubic spline with knots at Harrell's quantiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplineSpec {
    /// The number of knots, 3 to 7 (Harrell, Regression Modeling Strategies, 2015, table 2.3).
    pub knots: usize,
    /// Names of features; without it every column that the step can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
}

fn unknown_knots(knots: usize) -> Invalid {
    Invalid::new(knots, "3 to 7").at("knots")
}

impl Spec for SplineSpec {
    fn validate(&self) -> Result<(), Invalid> {
        let is_known = KNOTS.iter().any(|shares| shares.len() == self.knots);
        if is_known { Ok(()) } else { Err(unknown_knots(self.knots)) }
    }
}

impl Checked<SplineSpec> {
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        let Some(shares) = KNOTS.iter().find(|shares| shares.len() == self.knots) else {
            return Err(unknown_knots(self.knots).into());
        };
        let positions = rows.positions(self.of.as_deref(), Column::is_number)?;
        let knots = rows.fit_each(&positions, |column| quantiles(column, shares))?;
        let spline = Spline::new(inputs(&positions)?, knots).map_err(|cause| {
            Error::Data(format!("{cause}; use fewer knots, or name other features in `of`"))
        })?;
        rows.replace_columns(&positions, |column| vec![column.clone(); self.knots - 1]);
        rows.push(Step::Spline(spline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_to_seven_knots_are_known() {
        let invalid = SplineSpec { knots: 8, of: None }.check().unwrap_err();
        assert_eq!(invalid.to_string(), "knots: 8, expected 3 to 7");
    }
}
