//! What the columns of a table for a sealed model are, besides its features.

use nomogram::{FeatureKind, Schema};
use serde::{Deserialize, Serialize};

use super::config::{DataConfig, FeatureConfig, Kind, TargetConfig};
use super::reader::Reader;
use crate::error::Error;
use crate::table::Table;

/// The columns of a table for a sealed model, whose schema defines the features. A column that is neither
/// named here nor a feature is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelColumns {
    /// The column with what came true: a class of the model, or a number.
    pub target: String,
    /// The column that names rows, unique; without it rows are named by their lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_id: Option<String>,
    /// The column that names patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Columns of the table that are not used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
}

impl ModelColumns {
    /// The configuration by which `table` is read. Its features have the names of the schema and no
    /// settings of their own: the schema has them.
    pub(super) fn configuration(
        &self,
        table: &Table,
        schema: &Schema,
    ) -> Result<DataConfig, Error> {
        let feature = |feature: &nomogram::Feature| {
            let kind = match feature.kind {
                FeatureKind::Boolean => Kind::Boolean,
                FeatureKind::Number | FeatureKind::Integer | FeatureKind::Category { .. } => {
                    Kind::Number
                }
            };
            FeatureConfig::of_kind(&feature.name, kind)
        };
        let target = TargetConfig {
            column: self.target.clone(),
            classes: schema.target().classes().to_vec(),
        };
        let mut config = DataConfig {
            row_id: self.row_id.clone(),
            patient: self.patient.clone(),
            ignored: self.ignored.clone(),
            ..DataConfig::new(target, schema.features().iter().map(feature).collect())
        };
        config.set_table_format(table.format().clone());
        config.check_roles().map_err(|invalid| invalid.at("data"))?;
        Ok(config)
    }

    /// The same for an evaluation, which needs neither row ids nor patients: the table may have them.
    #[must_use]
    pub fn of_target_alone(mut self) -> Self {
        let unused = self.row_id.take().into_iter().chain(self.patient.take());
        self.ignored.extend(unused);
        self
    }

    /// Adds the columns of a table that are neither named nor features to those that are not used.
    ///
    /// # Errors
    ///
    /// `Configuration` when a column is named twice.
    pub fn ignore_other_columns(&mut self, table: &Table, schema: &Schema) -> Result<(), Error> {
        let config = self.configuration(table, schema)?;
        let reader = Reader::of_schema(table, &config, schema.clone())?;
        self.ignored.extend(reader.unnamed_columns().map(str::to_owned));
        Ok(())
    }
}
