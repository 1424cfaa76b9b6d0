//! `nomogram train`: from a table to a sealed bundle.

use std::io::{self, IsTerminal};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use nomogram::{Cutoff, unseal};
use nomogram_report::{EvaluatedRows, HELD_OUT_FOLDS, Inputs as ReportInputs, Report, Training};
use nomogram_stats::Confidence;
use nomogram_stats::classification::{Classification, Proportion};
use nomogram_train::{Evaluation, Predictions, train, tune, warnings};

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{JournalPath, OutputPath, Outputs};
use crate::training::{Inputs, ReportFormat, Threads, write, write_report};

/// Train a model, judge it on rows that it has not seen, and seal it.
///
/// The same table, configuration and seed give the same bundle, byte for byte. A table with errors is
/// refused before anything is fitted.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    inputs: Inputs,
    /// Where the bundle goes
    #[arg(long, short, value_name = "BUNDLE")]
    output: OutputPath,
    /// A report: .html, .md or .json; may be given several times
    #[arg(long, value_name = "FILE")]
    report: Vec<OutputPath>,
    /// Search the settings that the configuration names under `tuning` first
    #[arg(long)]
    tune: bool,
    /// Keep what the search has found in this file; a search that was killed goes on from there
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
    let to_learn_from = loaded.dataset.select(&parts.train);
    if arguments.tune {
        let journal = arguments.journal.as_ref().map(|path| path.as_path());
        let tuned = arguments.threads.run(|| Ok(tune(&loaded.config, &to_learn_from, journal)?));
        let (config, found) = tuned?;
        let best = serde_json::to_string(&found.best_trial().settings).unwrap_or_default();
        console.note(format_args!("the best of {} trials: {best}", found.trials.len()));
        loaded.config = config;
    }

    let bar = progress_bar(console);
    let mut tell = |done: usize, total: usize, next: &str| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        bar.set_message(next.to_owned());
    };
    let trained = arguments.threads.run(|| Ok(train(&loaded.config, &to_learn_from, &mut tell)?));
    bar.finish_and_clear();
    let trained = trained?;

    let judged = to_learn_from.select(&trained.held_out);
    let test = loaded.dataset.select(&parts.test);
    let on_test = Predictions::of(&trained.model, &test)?;
    let held_out =
        EvaluatedRows { name: HELD_OUT_FOLDS, dataset: &judged, predictions: &trained.out_of_fold };
    let mut sets = vec![held_out];
    if test.n_rows() > 0 {
        sets.push(EvaluatedRows { name: "test part", dataset: &test, predictions: &on_test });
    }
    let warnings = warnings(&trained.out_of_fold, judged.classes());
    for warning in &warnings {
        console.note(format_args!("warning: `{}`: {}", warning.about, warning.text));
    }
    let mut evaluations = Vec::new();
    for EvaluatedRows { name, dataset, predictions } in &sets {
        evaluations.push((*name, Evaluation::new(predictions, dataset.classes())?));
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
                    rows: &to_learn_from,
                    configuration: &loaded.configuration(),
                }),
            })?;
            report.add_resampling_results(&loaded.config, &to_learn_from, held_out)?;
            report.warnings.clone_from(&warnings);
            Ok(report)
        })?;
        for path in &arguments.report {
            write_report(outputs, &report, path, None)?;
        }
    }
    write(outputs, &arguments.output, &trained.bundle)?;

    let digest = trained.model.digest().to_string();
    if console.is_json() {
        let evaluations: serde_json::Map<String, serde_json::Value> = evaluations
            .into_iter()
            .map(|(rows, own)| (rows.to_owned(), serde_json::json!(own)))
            .collect();
        console.json_result(&serde_json::json!({
            "bundle": arguments.output.display().to_string(),
            "digest": digest,
            "rows": to_learn_from.n_rows(),
            "evaluations": evaluations,
            "warnings": warnings,
        }))?;
        return Ok(Exit::Done);
    }
    for (rows, evaluation) in &evaluations {
        console.result(format_args!("{}\n{evaluation}\n", console.heading(rows)))?;
    }
    for cutoff in trained.model.cutoffs() {
        console.result(format_args!("{}", at_cutoff(cutoff, &sets)?))?;
    }
    let n_bytes = trained.bundle.len();
    console.result(format_args!("bundle {digest} ({n_bytes} bytes)"))?;
    Ok(Exit::Done)
}

/// Sensitivity and specificity at a cutoff, for each set of rows, in one line.
fn at_cutoff(cutoff: &Cutoff, sets: &[EvaluatedRows<'_>]) -> Result<String, Error> {
    let (name, probability) = (&cutoff.name, cutoff.probability);
    let mut line = format!("cutoff `{name}`: {probability:.4} or more");
    for EvaluatedRows { name: rows, dataset, predictions } in sets {
        let class = cutoff.class as usize;
        let outcomes: Vec<bool> = dataset.classes().iter().map(|own| *own == class).collect();
        let probabilities = predictions.ensemble.column(class).to_vec();
        let found =
            Classification::new(&outcomes, &probabilities, probability, Confidence::PERCENT_95)?;
        let share = |own: &Option<Proportion>| match own {
            Some(own) => format!("{:.4}", own.value),
            None => "undefined".into(),
        };
        line.push_str(&format!(
            "; {rows}: sensitivity {}, specificity {}",
            share(&found.sensitivity),
            share(&found.specificity)
        ));
    }
    Ok(line)
}

/// A bar on standard error, hidden where that is no terminal or nobody wants to see it.
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
