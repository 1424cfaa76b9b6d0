//! `nomogram train`: trains on a table and seals a bundle.

use std::io::{self, IsTerminal};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use nomogram::{Cutoff, unseal};
use nomogram_report::{HELD_OUT_FOLDS, Inputs as ReportInputs, Report, Training};
use nomogram_stats::classification::{Classification, Proportion};
use nomogram_stats::{Confidence, Rows};
use nomogram_train::training::GoldenSpec;
use nomogram_train::{PredictedRows, Predictions, Warning, metrics_table, train, tune, warnings};

use serde::Serialize;

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{JournalPath, OutputPath, Outputs};
use crate::training::{Inputs, ReportFormat, Threads, write, write_report};

/// Train a model, evaluate it on held-out rows, and seal it.
///
/// The same table, configuration and seed give the same bundle, byte for byte. A table with errors is
/// refused before anything is fitted.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    inputs: Inputs,
    /// Write the bundle to this file
    #[arg(long, short, value_name = "BUNDLE")]
    output: OutputPath,
    /// Write a report: .html, .md or .json; may be given several times
    #[arg(long, value_name = "FILE")]
    report: Vec<OutputPath>,
    /// First search the settings that the configuration lists under `tuning`
    #[arg(long)]
    tune: bool,
    /// Record the search in this file; a search that was killed continues from it
    #[arg(long, value_name = "FILE", requires = "tune")]
    journal: Option<JournalPath>,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(
    arguments: &Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    // Reject reports of an unknown kind before training.
    arguments.report.iter().try_for_each(|path| ReportFormat::of(path).map(drop))?;
    let mut loaded = arguments.inputs.load(console)?;
    let parts = loaded.config.partitions(&loaded.dataset)?;
    let training_rows = loaded.dataset.select(&parts.train);
    let mut search = None;
    if arguments.tune {
        let journal = arguments.journal.as_ref().map(|path| path.as_path());
        let tuned = arguments.threads.run(|| Ok(tune(&loaded.config, &training_rows, journal)?));
        let (config, found) = tuned?;
        let best = serde_json::to_string(&found.best_trial().settings).unwrap_or_default();
        console.note(format_args!("the best of {} trials: {best}", found.trials.len()));
        search = Some(serde_json::json!({
            "n_trials": found.trials.len(),
            "settings": found.best_trial().settings,
        }));
        loaded.config = config;
    }

    let bar = progress_bar(console);
    let mut report_progress = |done: usize, total: usize, next: &str| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        bar.set_message(next.to_owned());
    };
    let trained =
        arguments.threads.run(|| Ok(train(&loaded.config, &training_rows, &mut report_progress)?));
    bar.finish_and_clear();
    let trained = trained?;

    let held_out_rows = training_rows.select(&trained.held_out);
    let test = loaded.dataset.select(&parts.test);
    let on_test = Predictions::of(&trained.model, &test)?;
    let held_out = PredictedRows {
        name: HELD_OUT_FOLDS,
        dataset: &held_out_rows,
        predictions: &trained.out_of_fold,
    };
    let mut sets = vec![held_out];
    if test.n_rows() > 0 {
        sets.push(PredictedRows { name: "test rows", dataset: &test, predictions: &on_test });
    }
    let mut warnings =
        warnings(&trained.out_of_fold, held_out_rows.classes(), held_out_rows.weights())?;
    if loaded.config.golden == GoldenSpec::Rows {
        warnings.push(Warning {
            about: "golden: rows".into(),
            text:
                "the bundle holds rows of the training data; whoever has the bundle has these rows"
                    .into(),
        });
    }
    for warning in &warnings {
        console.note(format_args!("warning: `{}`: {}", warning.about, warning.text));
    }
    let mut evaluations = Vec::new();
    for rows in &sets {
        evaluations.push((rows.name, rows.member_metrics()?));
    }
    if !arguments.report.is_empty() {
        let (parts, _golden_rows) = unseal(&trained.bundle)?;
        let report = arguments.threads.run(|| {
            let mut report = Report::new(&ReportInputs {
                model: &trained.model,
                parts: &parts,
                rows: &sets,
                config: &loaded.config,
                validation: &loaded.validation,
                training: Some(Training {
                    rows: &training_rows,
                    configuration: &loaded.configuration(),
                }),
                evaluated_file: None,
                known_rows: None,
            })?;
            report.add_resampling_results(&loaded.config, &training_rows, held_out)?;
            report.warnings.clone_from(&warnings);
            Ok(report)
        })?;
        for path in &arguments.report {
            write_report(outputs, &report, path, None)?;
        }
    }
    write(outputs, &arguments.output, &trained.bundle)?;

    let digest = trained.model.digest().to_string();
    let of_cutoff = |cutoff| AtCutoff::new(cutoff, &sets);
    let cutoffs: Vec<AtCutoff<'_>> =
        trained.model.cutoffs().iter().map(of_cutoff).collect::<Result<_, Error>>()?;
    if console.is_json() {
        let evaluations: serde_json::Map<String, serde_json::Value> = evaluations
            .into_iter()
            .map(|(rows, metrics)| (rows.to_owned(), serde_json::json!(metrics)))
            .collect();
        console.json_result(&serde_json::json!({
            "bundle": arguments.output.display().to_string(),
            "digest": digest,
            "bytes": trained.bundle.len(),
            "rows": training_rows.n_rows(),
            "validation": loaded.validation,
            "search": search,
            "evaluations": evaluations,
            "cutoffs": cutoffs,
            "warnings": warnings,
        }))?;
        return Ok(Exit::Done);
    }
    for (rows, evaluation) in &evaluations {
        let table = metrics_table(evaluation);
        console.result(format_args!("{}\n{table}\n", console.heading(rows)))?;
    }
    for cutoff in &cutoffs {
        console.result(cutoff.line())?;
    }
    let n_bytes = trained.bundle.len();
    console.result(format_args!("bundle {digest} ({n_bytes} bytes)"))?;
    Ok(Exit::Done)
}

/// Sensitivity and specificity at a cutoff, for each set of rows.
#[derive(Serialize)]
struct AtCutoff<'a> {
    name: &'a str,
    class: &'a str,
    probability: f64,
    rows: Vec<AtCutoffOfRows<'a>>,
}

/// Sensitivity and specificity of one set of rows; `None` without rows of that class.
#[derive(Serialize)]
struct AtCutoffOfRows<'a> {
    rows: &'a str,
    sensitivity: Option<f64>,
    specificity: Option<f64>,
}

impl<'a> AtCutoff<'a> {
    fn new(cutoff: &'a Cutoff, sets: &[PredictedRows<'a>]) -> Result<Self, Error> {
        let class = cutoff.class as usize;
        let of_rows = |set: &PredictedRows<'a>| {
            let PredictedRows { name, dataset, predictions } = *set;
            let outcomes: Vec<bool> = dataset.classes().iter().map(|row| *row == class).collect();
            let probabilities = predictions.ensemble.column(class).to_vec();
            let rows = Rows::new(&outcomes, &probabilities)?.weighted(dataset.weights())?;
            let found = Classification::new(rows, cutoff.probability, Confidence::PERCENT_95)?;
            let share = |proportion: Option<Proportion>| proportion.map(|share| share.value);
            Ok(AtCutoffOfRows {
                rows: name,
                sensitivity: share(found.sensitivity),
                specificity: share(found.specificity),
            })
        };
        let classes = sets.first().map(|set| set.dataset.schema().target().classes());
        Ok(Self {
            name: &cutoff.name,
            class: classes.and_then(|classes| classes.get(class)).map_or("", String::as_str),
            probability: cutoff.probability,
            rows: sets.iter().map(of_rows).collect::<Result<_, Error>>()?,
        })
    }

    fn line(&self) -> String {
        let mut line = format!("cutoff `{}`: {:.4} or more", self.name, self.probability);
        let share = |share: Option<f64>| share.map_or("undefined".into(), |s| format!("{s:.4}"));
        for AtCutoffOfRows { rows, sensitivity, specificity } in &self.rows {
            let (sensitivity, specificity) = (share(*sensitivity), share(*specificity));
            line += &format!("; {rows}: sensitivity {sensitivity}, specificity {specificity}");
        }
        line
    }
}

/// A progress bar on standard error; hidden if that is not a terminal or with --quiet.
fn progress_bar(console: &Console) -> ProgressBar {
    if !console.is_talkative() || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    match ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
