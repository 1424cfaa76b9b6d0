//! `nomogram train`: from a table to a sealed bundle.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use nomogram::{Cutoff, unseal};
use nomogram_report::Report;
use nomogram_stats::Confidence;
use nomogram_stats::classification::{Classification, Proportion};
use nomogram_train::tuning::tune;
use nomogram_train::{
    Dataset, PredictedRows, Predictions, Trained, TrainingConfig, corrected_performance,
    learning_curve, metrics_table, train, warnings,
};

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::training::{HELD_OUT, Inputs, ReportFormat, Threads, report, write, write_report};

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
    output: PathBuf,
    /// A report: .html, .md or .json; may be given several times
    #[arg(long, value_name = "FILE")]
    report: Vec<PathBuf>,
    /// Search the settings that the configuration names under `tuning` first
    #[arg(long)]
    tune: bool,
    /// Keep what the search has found in this file; a search that was killed goes on from there
    #[arg(long, value_name = "FILE", requires = "tune")]
    journal: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    // What training would only be lost for.
    arguments.report.iter().try_for_each(|path| ReportFormat::of(path).map(drop))?;
    let mut loaded = arguments.inputs.load(console)?;
    let parts = loaded.config.parts(&loaded.dataset)?;
    let to_learn_from = loaded.dataset.select(&parts.train);
    if arguments.tune {
        let journal = arguments.journal.as_deref();
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
    let mut sets = vec![(HELD_OUT, &judged, &trained.out_of_fold)];
    if test.n_rows() > 0 {
        sets.push(("test part", &test, &on_test));
    }
    let warnings = warnings(&trained.out_of_fold, judged.classes());
    for warning in &warnings {
        console.note(format_args!("warning: `{}`: {}", warning.about, warning.text));
    }
    let mut evaluations = Vec::new();
    for (rows, dataset, predictions) in &sets {
        let predicted = PredictedRows { name: rows, dataset, predictions };
        evaluations.push((*rows, predicted.member_metrics()?));
    }
    if !arguments.report.is_empty() {
        let (parts, _golden_rows) = unseal(&trained.bundle)?;
        let report = arguments.threads.run(|| {
            let mut report = report(&trained.model, &parts, &sets, &loaded, Some(&to_learn_from))?;
            add_what_repeats(&mut report, &loaded.config, &to_learn_from, &judged, &trained)?;
            report.warnings.clone_from(&warnings);
            Ok(report)
        })?;
        for path in &arguments.report {
            write_report(&report, path, None)?;
        }
    }
    write(&arguments.output, &trained.bundle)?;

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
        let table = metrics_table(evaluation);
        console.result(format_args!("{}\n{table}\n", console.heading(rows)))?;
    }
    for cutoff in trained.model.cutoffs() {
        console.result(format_args!("{}", at_cutoff(cutoff, &sets)?))?;
    }
    let n_bytes = trained.bundle.len();
    console.result(format_args!("bundle {digest} ({n_bytes} bytes)"))?;
    Ok(Exit::Done)
}

/// What a cutoff does on each set of rows, in one line.
fn at_cutoff(cutoff: &Cutoff, sets: &[(&str, &Dataset, &Predictions)]) -> Result<String, Error> {
    let (name, probability) = (&cutoff.name, cutoff.probability);
    let mut line = format!("cutoff `{name}`: {probability:.4} or more");
    for (rows, dataset, predictions) in sets {
        let class = cutoff.class as usize;
        let outcomes: Vec<bool> = dataset.classes().iter().map(|own| *own == class).collect();
        let probabilities = predictions.vote.column(class).to_vec();
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

/// Adds what is found by training again: how surely cutoffs were chosen, the learning curve, and the
/// performance corrected for optimism, as far as the configuration asks for them.
fn add_what_repeats(
    report: &mut Report,
    config: &TrainingConfig,
    rows: &Dataset,
    judged: &Dataset,
    trained: &Trained,
) -> Result<(), Error> {
    let predictions = &trained.out_of_fold;
    let held_out = PredictedRows { name: HELD_OUT, dataset: judged, predictions };
    let on_folds = report.assessments.iter_mut().filter(|own| own.rows.starts_with(HELD_OUT));
    for own in on_folds {
        held_out.add_choices(own, &config.cutoffs, config.seed)?;
    }
    let asked = config.report.clone().unwrap_or_default();
    if !asked.learning_curve.is_empty() {
        report.learning_curve = learning_curve(config, rows, &asked.learning_curve)?;
    }
    if asked.n_bootstraps > 0 {
        report.corrected = Some(corrected_performance(config, rows, asked.n_bootstraps)?);
    }
    Ok(())
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
