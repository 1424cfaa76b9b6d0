//! What training and evaluating commands share: configuration, table, threads, report files.

use std::path::Path;

use clap::{Args, ValueEnum};
use nomogram::Model;
use nomogram_report::Report;
use nomogram_train::{
    Dataset, Table, TrainingConfig, UncertaintyConfig, ValidationReport, validate,
};

use crate::console::Console;
use crate::environment;
use crate::error::Error;
use crate::output::{InputPath, Outputs};
use crate::table::FormatOptions;

/// A configuration and a table that fits it.
#[derive(Args, Debug)]
pub(crate) struct Inputs {
    /// The configuration, as YAML: docs/training.md
    config: InputPath,
    /// The table: CSV, Parquet or Arrow
    data: InputPath,
    #[command(flatten)]
    written: FormatOptions,
}

/// The number of threads.
#[derive(Args, Debug)]
pub(crate) struct Threads {
    /// Number of threads; by default, one per processor. The result does not depend on it
    #[arg(long, value_name = "N", env = "NOMOGRAM_THREADS", hide_env = true)]
    threads: Option<u16>,
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// One self-contained page
    Html,
    /// A model card
    Markdown,
    /// All numbers
    Json,
}

/// A table that was read and validated, with its configuration.
pub(crate) struct Loaded {
    pub(crate) config: TrainingConfig,
    pub(crate) config_text: String,
    pub(crate) dataset: Dataset,
    pub(crate) validation: ValidationReport,
}

impl Inputs {
    /// Reads both, and validates the table.
    pub(crate) fn read(
        &self,
        bundle: Option<&Model>,
        console: &Console,
    ) -> Result<(TrainingConfig, String, Table, ValidationReport), Error> {
        let mut config =
            environment::overridden(TrainingConfig::from_file(&self.config)?, console)?;
        let place = self.config.display().to_string();
        let text = std::fs::read_to_string(self.config.as_path());
        let text = text.map_err(|cause| Error::file(place, cause))?;
        let kept = bundle.map(|model| self.written.for_model(model, &self.data)).transpose()?;
        let format = config.data.table_format().or(kept.unwrap_or_default());
        let format = self.written.over(format)?;
        // Otherwise the configuration stays as written, and so does its digest.
        if format != config.data.table_format() {
            config.data.set_table_format(format);
        }
        let table = Table::from_file(&self.data, &config.data.table_format())?;
        let validation = validate(&table, &config.data)?;
        Ok((config, text, table, validation))
    }

    /// The configuration, if it is one of uncertainty alone.
    pub(crate) fn uncertainty_config(&self) -> Result<Option<UncertaintyConfig>, Error> {
        let text = std::fs::read_to_string(self.config.as_path());
        let text = text.map_err(|cause| Error::file(self.config.display().to_string(), cause))?;
        if !UncertaintyConfig::is_in(&text) {
            return Ok(None);
        }
        environment::refuse_overrides()?;
        Ok(Some(UncertaintyConfig::from_file(&self.config)?))
    }

    /// The table as a bundle keeps that its tables are written, unless options override it.
    pub(crate) fn table_of(&self, bundle: &Model) -> Result<Table, Error> {
        Ok(Table::from_file(&self.data, &self.written.for_model(bundle, &self.data)?)?)
    }

    /// Reads both; refuses a table with errors and prints its warnings.
    pub(crate) fn load(&self, console: &Console) -> Result<Loaded, Error> {
        self.load_for(None, console)
    }

    /// [`Self::load`] for a bundle, which keeps how its table was written; the configuration and
    /// options come first.
    pub(crate) fn load_for(
        &self,
        bundle: Option<&Model>,
        console: &Console,
    ) -> Result<Loaded, Error> {
        let (config, config_text, table, validation) = self.read(bundle, console)?;
        if validation.has_errors() {
            return Err(Error::Validation(validation.to_string()));
        }
        if !validation.findings.is_empty() {
            console.note(&validation);
        }
        let dataset = Dataset::from_table(&table, &config.data)?;
        Ok(Loaded { config, config_text, dataset, validation })
    }
}

impl Threads {
    /// Runs on a pool of so many threads.
    pub(crate) fn run<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let n_threads = self.threads.map_or(0, usize::from);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build();
        pool.map_err(|_| Error::Defect("threads cannot be started"))?.install(work)
    }
}

impl Loaded {
    /// The text of the configuration file; where the environment or a search changed it, the whole
    /// configuration as JSON.
    pub(crate) fn configuration(&self) -> String {
        match TrainingConfig::from_yaml(&self.config_text) {
            Ok(config) if config == self.config => self.config_text.clone(),
            _ => serde_json::to_string_pretty(&self.config).unwrap_or_default(),
        }
    }
}

impl ReportFormat {
    /// The format of a file with this extension.
    pub(crate) fn of(path: &Path) -> Result<Self, Error> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("html" | "htm") => Ok(Self::Html),
            Some("md") => Ok(Self::Markdown),
            Some("json") => Ok(Self::Json),
            _ => {
                let path = path.display();
                Err(Error::usage(format!("{path}: expected .html, .md or .json, or --format")))
            }
        }
    }
}

/// Writes a report; without a format, in that of the extension.
pub(crate) fn write_report(
    outputs: &mut Outputs,
    report: &Report,
    path: &Path,
    format: Option<ReportFormat>,
) -> Result<(), Error> {
    let format = format.map_or_else(|| ReportFormat::of(path), Ok)?;
    let text = match format {
        ReportFormat::Html => report.to_html(),
        ReportFormat::Markdown => report.to_markdown(),
        ReportFormat::Json => report.to_json(),
    };
    write(outputs, path, text?.as_bytes())
}

/// Writes a planned output.
pub(crate) fn write(outputs: &mut Outputs, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    use std::io::Write as _;
    let mut output = outputs.create(path)?;
    output.write_all(bytes).map_err(|cause| output.failed(cause))?;
    output.finish()
}
