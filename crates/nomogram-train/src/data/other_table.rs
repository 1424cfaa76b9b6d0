//! A configuration for another table than the one that it was written for.

use super::config::DataConfig;
use super::reader::Reader;
use crate::error::Error;
use crate::table::Table;

/// A column that a configuration names and a table does not have, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentColumn {
    /// Its name.
    pub name: String,
    /// What it is, for example `the patient`.
    pub role: &'static str,
}

impl DataConfig {
    /// Leaves out the columns that a table can do without and does not have: row id, patient, weight,
    /// time and split. Returns them.
    pub fn leave_out_absent(&mut self, table: &Table) -> Vec<AbsentColumn> {
        let mut absent = Vec::new();
        for (column, role) in [
            (&mut self.row_id, "the row id"),
            (&mut self.patient, "the patient"),
            (&mut self.weight, "the weight"),
            (&mut self.time, "the time"),
            (&mut self.split, "the split"),
        ] {
            if let Some(name) = column.take_if(|name| !table.columns().contains(name)) {
                absent.push(AbsentColumn { name, role });
            }
        }
        absent
    }

    /// Adds the columns of a table that this configuration does not name to those that are not used.
    ///
    /// # Errors
    ///
    /// `Configuration` when the configuration contradicts itself.
    pub fn ignore_other_columns(&mut self, table: &Table) -> Result<(), Error> {
        let reader = Reader::new(table, self)?;
        let others: Vec<String> = reader.unnamed_columns().map(str::to_owned).collect();
        self.ignored.extend(others);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_a_table_can_do_without_are_left_out() {
        let mut config = DataConfig::from_yaml(
            "data: { row_id: id, patient: p, weight: w, target: { column: y, negative: a, positive: b }, \
             features: [{ name: x, unit: mg/dL, alternative_units: [{ code: g/L, divisor: 0.01 }] }] }",
        )
        .unwrap();
        let text = "id,x [g/L],z,y\n1,2,3,a\n2,3,4,b\n";
        let table = Table::from_csv("t", text.as_bytes(), &config.table_format()).unwrap();
        let absent = config.leave_out_absent(&table);
        let names: Vec<&str> = absent.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["p", "w"]);
        assert_eq!((config.row_id.as_deref(), &config.patient), (Some("id"), &None));
        config.ignore_other_columns(&table).unwrap();
        assert_eq!(config.ignored, ["z"], "a feature in another unit is a feature");
    }
}
