//! The logarithm of one more.

use nomogram::{Log1p, Step};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::encoded_rows::{EncodedRows, inputs};
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// `ln(1 + x)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log1pSpec {
    /// Names of features; without it every column that the step can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
    /// Appends the transformed values to the row and keeps the values as they are.
    #[serde(default)]
    pub keep: bool,
}

impl Spec for Log1pSpec {
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Checked<Log1pSpec> {
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        let mut positions = rows.positions(self.of.as_deref(), Column::is_number)?;
        if self.keep {
            positions = rows.copy(&positions)?;
        }
        rows.push(Step::Log1p(Log1p::new(inputs(&positions)?)))
    }
}
