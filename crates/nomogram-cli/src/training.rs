//! What the commands share that train and judge: configuration, table, parts, reports.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use nomogram::{Model, Parts};
use nomogram_report::{
    Characteristics, FORMAT, FeatureSummary, ModelSummary, Report, nomograms, tripod,
};
use nomogram_train::{
    Assessment, Dataset, Predictions, Table, TrainingConfig, ValidationReport,
    permutation_importance, validate,
};

use crate::console::Console;
use crate::environment;
use crate::error::Error;
use crate::output::Output;
use crate::table::FormatOptions;

/// The rows on which cutoffs are chosen, as reports name them.
pub(crate) const HELD_OUT: &str = "held-out folds";

/// How many times the values of a feature are shuffled for its importance.
const N_SHUFFLES: usize = 5;

/// A configuration and a table that fits it.
#[derive(Args, Debug)]
pub(crate) struct Inputs {
    /// What to train, as YAML: docs/training.md
    config: PathBuf,
    /// The table: CSV, Parquet or Arrow
    data: PathBuf,
    #[command(flatten)]
    written: FormatOptions,
}

/// How many threads train.
#[derive(Args, Debug)]
pub(crate) struct Threads {
    /// How many threads fit; without it, one per processor. The result does not depend on it
    #[arg(long, value_name = "N", env = "NOMOGRAM_THREADS", hide_env = true)]
    threads: Option<u16>,
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// One page that needs nothing else
    Html,
    /// A model card
    Markdown,
    /// Every number
    Json,
}

/// A table that was read and looked through.
pub(crate) struct Loaded {
    pub(crate) config: TrainingConfig,
    pub(crate) config_text: String,
    pub(crate) dataset: Dataset,
    pub(crate) validation: ValidationReport,
}

impl Inputs {
    /// Reads both, and looks for everything that is wrong with the table.
    pub(crate) fn read(
        &self,
        bundle: Option<&Model>,
        console: &Console,
    ) -> Result<(TrainingConfig, String, Table, ValidationReport), Error> {
        let mut config = environment::overridden(TrainingConfig::from_file(&self.config)?, console)?;
        let place = self.config.display().to_string();
        let text = std::fs::read_to_string(&self.config);
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

    /// Reads both; a table with errors is refused, warnings are told.
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
    /// What was trained: the text of the file, or where the environment or a search set something
    /// else, the whole as JSON.
    fn configuration(&self) -> String {
        match TrainingConfig::from_yaml(&self.config_text) {
            Ok(config) if config == self.config => self.config_text.clone(),
            _ => serde_json::to_string_pretty(&self.config).unwrap_or_default(),
        }
    }
}

/// A report of a model on some sets of rows; importance and scales are those of the last one.
/// `learned_from` are the rows of a model that was trained just now.
pub(crate) fn report(
    model: &Arc<Model>,
    parts: &Parts,
    sets: &[(&str, &Dataset, &Predictions)],
    loaded: &Loaded,
    learned_from: Option<&Dataset>,
) -> Result<Report, Error> {
    let asked = loaded.config.report.clone().unwrap_or_default();
    let mut assessments = Vec::new();
    for (rows, dataset, predictions) in sets {
        let mut all = Assessment::all(rows, dataset, predictions, model.cutoffs())?;
        for own in &mut all {
            own.add_subgroups(dataset, predictions, &asked.subgroups)?;
        }
        assessments.extend(all);
    }
    let (importance, scales) = match sets.last() {
        None => (Vec::new(), Vec::new()),
        Some((_, dataset, _)) => (
            permutation_importance(model, dataset, N_SHUFFLES, loaded.config.seed)?,
            nomograms(parts, dataset),
        ),
    };
    // Held-out folds are the rows that were learned from.
    let others = sets.iter().filter(|(rows, ..)| *rows != HELD_OUT);
    let others = others.map(|(rows, own, _)| Characteristics::new(rows, own, learned_from));
    let learned = learned_from.map(|own| Characteristics::new("training part", own, None));
    let mut report = Report {
        format: FORMAT,
        model: ModelSummary::of(model, parts),
        features: FeatureSummary::all_of(model),
        configuration: learned_from.map(|_| loaded.configuration()),
        validation: Some(loaded.validation.clone()),
        characteristics: learned.into_iter().chain(others).collect(),
        assessments,
        importance,
        learning_curve: Vec::new(),
        corrected: None,
        warnings: Vec::new(),
        nomograms: scales,
        tripod: Vec::new(),
    };
    report.tripod = tripod(&report);
    Ok(report)
}

impl ReportFormat {
    /// The format that the ending of a name tells.
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

/// Writes a report; without a format, that of the name.
pub(crate) fn write_report(
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
    write(path, text?.as_bytes())
}

/// Writes a file that is there as a whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    use std::io::Write as _;
    let mut output = Output::create(path)?;
    output.write_all(bytes).map_err(|cause| output.failed(cause))?;
    output.finish()
}
