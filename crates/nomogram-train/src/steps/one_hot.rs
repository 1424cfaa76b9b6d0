//! One column for each level.

use nomogram::{OneHotEncoder, Step};
use serde::{Deserialize, Serialize};

use super::column::{Column, ColumnKind};
use super::encoded_rows::{EncodedRows, inputs};
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// One column for each level of a category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneHotSpec {
    /// Leaves out the column of the first level.
    #[serde(default)]
    pub drops_first: bool,
}

impl Spec for OneHotSpec {
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Checked<OneHotSpec> {
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        let levels =
            rows.columns.iter().enumerate().filter_map(|(index, column)| match column.kind {
                ColumnKind::Levels(n_levels) => Some((index, n_levels)),
                ColumnKind::Number | ColumnKind::Flag | ColumnKind::Level | ColumnKind::Missing => {
                    None
                }
            });
        let (positions, n_levels): (Vec<usize>, Vec<u32>) = levels.unzip();
        if positions.is_empty() {
            return Ok(());
        }
        let encoder = OneHotEncoder::new(inputs(&positions)?, n_levels, self.drops_first)?;
        rows.replace_columns(&positions, |column| {
            let ColumnKind::Levels(n_levels) = column.kind else { return Vec::new() };
            let n = n_levels as usize - usize::from(self.drops_first);
            vec![Column { kind: ColumnKind::Level, ..column.clone() }; n]
        });
        rows.push(Step::OneHot(encoder))
    }
}
