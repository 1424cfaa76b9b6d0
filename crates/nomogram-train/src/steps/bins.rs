//! Quantile bins.

use nomogram::{Binner, Step};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::encoded_rows::{EncodedRows, inputs};
use super::summary::quantiles;
use crate::count::number;
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// More bins than any table has different values for.
const MAX_BINS: usize = 65_536;

/// The number of the quantile bin that the value lies in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinsSpec {
    /// The number of bins, at least 2; fewer where quantiles are equal.
    pub n: usize,
    /// Names of features; without it every column that the step can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
}

impl Spec for BinsSpec {
    fn validate(&self) -> Result<(), Invalid> {
        let expected = match self.n {
            0 | 1 => "at least 2",
            2..=MAX_BINS => return Ok(()),
            _ => "at most 65,536",
        };
        Err(Invalid::new(self.n, expected).at("n"))
    }
}

impl Checked<BinsSpec> {
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        let positions = rows.positions(self.of.as_deref(), Column::is_number)?;
        let shares: Vec<f64> = (1..self.n).map(|nth| number(nth) / number(self.n)).collect();
        let edges = rows.fit_each(&positions, |column| {
            let mut edges = quantiles(column, &shares)?;
            edges.dedup();
            Some(edges)
        })?;
        rows.push(Step::Bin(Binner::new(inputs(&positions)?, edges)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_at_least_two_bins() {
        let invalid = BinsSpec { n: 1, of: None }.check().unwrap_err();
        assert_eq!(invalid.to_string(), "n: 1, expected at least 2");
        let invalid = BinsSpec { n: usize::MAX, of: None }.check().unwrap_err().to_string();
        assert!(invalid.ends_with("expected at most 65,536"), "{invalid}");
    }
}
