//! A table that a bundle is evaluated on, read by the configuration that the bundle keeps.

use std::path::Path;

use clap::Args;
use nomogram::Model;
use nomogram_train::{
    Dataset, NumberRows, Table, TrainingConfig, UncertaintyConfig, ValidationReport, validate,
};

use crate::console::Console;
use crate::environment;
use crate::error::Error;
use crate::output::InputPath;
use crate::table::FormatOptions;

/// A table, and how it is read.
#[derive(Args, Debug)]
pub(crate) struct EvaluationInputs {
    /// The table: CSV, Parquet or Arrow
    data: InputPath,
    /// A configuration that defines columns, splits and subgroups, instead of the one in the bundle; of
    /// a model of a number, one of uncertainty
    #[arg(long, value_name = "CONFIG")]
    config: Option<InputPath>,
    /// The table that the bundle was trained on: warns about rows that both have
    #[arg(long, value_name = "TABLE")]
    training: Option<InputPath>,
    /// Skip columns that the configuration does not name
    #[arg(long, help_heading = "Table")]
    ignore_other_columns: bool,
    #[command(flatten)]
    written: FormatOptions,
}

/// A table that was read and validated, with the configuration that it was read by.
pub(crate) struct LoadedTable {
    pub(crate) config: TrainingConfig,
    pub(crate) dataset: Dataset,
    pub(crate) validation: ValidationReport,
}

impl EvaluationInputs {
    /// The table.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The name of the training table, as it was given, and its rows.
    pub(crate) fn training(
        &self,
        model: &Model,
        console: &Console,
    ) -> Result<Option<(String, Dataset)>, Error> {
        let Some(path) = &self.training else { return Ok(None) };
        let loaded = self.read(path, model, console)?;
        Ok(Some((path.display().to_string(), loaded.dataset)))
    }

    /// Reads the table; refuses one with errors and prints its warnings.
    pub(crate) fn load(&self, model: &Model, console: &Console) -> Result<LoadedTable, Error> {
        let loaded = self.read(&self.data, model, console)?;
        if !loaded.validation.findings.is_empty() {
            console.note(&loaded.validation);
        }
        Ok(loaded)
    }

    /// Reads the table of a model of a number, by the configuration of its uncertainty.
    pub(crate) fn load_numbers(&self, model: &Model) -> Result<NumberRows, Error> {
        if self.training.is_some() {
            return Err(Error::usage("--training: the model predicts a number, expected classes"));
        }
        let config = match &self.config {
            Some(path) => {
                environment::refuse_overrides()?;
                UncertaintyConfig::from_file(path)?
            }
            None => {
                UncertaintyConfig::of_bundle(model.manifest()).ok_or_else(no_configuration)??
            }
        };
        let table = Table::from_file(&self.data, &self.written.for_model(model, &self.data)?)?;
        let mut columns = config.data.of_target_alone();
        if self.ignore_other_columns {
            columns.ignore_other_columns(&table, model.schema())?;
        }
        Ok(NumberRows::of_model(&table, model.schema(), &columns)?)
    }

    fn read(&self, path: &Path, model: &Model, console: &Console) -> Result<LoadedTable, Error> {
        let kept = self.written.for_model(model, path)?;
        let mut config = self.configuration(model, console)?;
        let format = match &self.config {
            Some(_) => self.written.over(config.data.table_format().or(kept))?,
            None => kept,
        };
        config.data.set_table_format(format);
        let table = Table::from_file(path, &config.data.table_format())?;
        if self.config.is_none() {
            for column in config.data.leave_out_absent(&table) {
                let (name, role) = (column.name, column.role);
                console.note(format_args!(
                    "{}: no column `{name}`, {role}: the bundle is evaluated without it",
                    path.display()
                ));
            }
        }
        if self.ignore_other_columns {
            config.data.ignore_other_columns(&table)?;
        }
        let validation = validate(&table, &config.data)?;
        if validation.has_errors() {
            return Err(Error::Validation(validation.to_string()));
        }
        let dataset = Dataset::from_table(&table, &config.data)?;
        Ok(LoadedTable { config, dataset, validation })
    }

    /// The configuration that is named, or the one that the bundle keeps.
    fn configuration(&self, model: &Model, console: &Console) -> Result<TrainingConfig, Error> {
        if let Some(path) = &self.config {
            return environment::overridden(TrainingConfig::from_file(path)?, console);
        }
        match TrainingConfig::of_bundle(model.manifest()) {
            Some(config) => Ok(config?),
            None => Err(no_configuration()),
        }
    }
}

fn no_configuration() -> Error {
    Error::usage("the bundle keeps no configuration; name one by --config")
}
