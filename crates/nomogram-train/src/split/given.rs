//! A split that a file gives, row by row.

use std::collections::BTreeMap;
use std::path::Path;

use nomogram_table::shown_value;

use super::Split;
use crate::data::Dataset;
use crate::error::Error;
use crate::table::{Table, TableFormat};

impl Split {
    /// The split that a CSV file gives: columns `row_id` and `part`, which is `train` or `test`.
    ///
    /// # Errors
    ///
    /// `File`; `Table` or `Cell` when the file does not have exactly one line for each row of
    /// `dataset`, or `part` is neither `train` nor `test`.
    pub fn from_csv_file(path: &Path, dataset: &Dataset) -> Result<Self, Error> {
        let table = Table::from_csv_file(path, &TableFormat::default())?;
        table.refuse_repeated("row_id")?;
        let rows: BTreeMap<&str, usize> =
            dataset.row_ids().iter().map(String::as_str).zip(0..).collect();
        let mut is_test = vec![None; dataset.n_rows()];
        for (id, part) in table.column("row_id")?.zip(table.column("part")?) {
            let row = rows.get(id.text().as_ref()).copied();
            let Some(slot) = row.and_then(|row| is_test.get_mut(row)) else {
                return Err(id.refuse("the id of a row of the data").into());
            };
            *slot = match part.text().as_ref() {
                "train" => Some(false),
                "test" => Some(true),
                _ => return Err(part.refuse("`train` or `test`").into()),
            };
        }
        if let Some(row) = is_test.iter().position(Option::is_none) {
            let id = dataset.row_ids().get(row).map_or("", |id| id);
            return Err(table.failed(format!("no line for row id `{}`", shown_value(id))).into());
        }
        Ok(Self::holding_out(is_test.into_iter().map(|is_test| is_test == Some(true))))
    }
}
