//! `nomogram evaluate` and `nomogram report`: evaluates a bundle on a table.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use nomogram::{Digest, Model};
use nomogram_report::{EvaluatedFile, Inputs as ReportInputs, Report, TEST_ROWS};
use nomogram_stats::assessment::MemberMetrics;
use nomogram_stats::classification::Proportion;
use nomogram_stats::numbers::IntervalCoverage;
use nomogram_train::{
    EvaluatedRows, KnownRows, NumberAssessment, PredictedRows, Predictions, VerdictCounts,
    metrics_table, rows_line,
};

use crate::bundle::OpenBundle;
use crate::console::Console;
use crate::error::Error;
use crate::evaluation::EvaluationInputs;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};
use crate::training::{self, ReportFormat, Threads};

/// Evaluate a bundle on a table.
///
/// The bundle keeps the configuration that it was trained with, which defines the columns of the table;
/// row id, patient, weight, time and split may be absent. Uses all rows unless --test is given. With a
/// column of weights, all metrics are weighted; with one of patients, intervals of a bootstrap over
/// patients are part of the JSON and of the report. Warns if rows were used to train the bundle, by the
/// digest of all training rows; to compare row by row, name the training table with --training, since
/// a trained bundle keeps no rows.
///
/// Of a model of a number: its errors, and of each level how many intervals hold the number and how wide
/// they are.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The bundle
    bundle: InputPath,
    #[command(flatten)]
    inputs: EvaluationInputs,
    /// Use only the test rows of the configuration
    #[arg(long)]
    test: bool,
    /// Write a report: .html, .md or .json; may be given several times
    #[arg(long, value_name = "FILE")]
    report: Vec<OutputPath>,
    #[command(flatten)]
    threads: Threads,
}

/// Write the report of a bundle on a table: a page, a model card, or its numbers.
#[derive(Args, Debug)]
pub(crate) struct ReportArguments {
    /// The bundle
    bundle: InputPath,
    #[command(flatten)]
    inputs: EvaluationInputs,
    /// Use only the test rows of the configuration
    #[arg(long)]
    test: bool,
    /// Write the report to this file
    #[arg(long, short, value_name = "FILE")]
    output: OutputPath,
    /// Format of the report; by default, from the extension of the file
    #[arg(long, value_enum)]
    format: Option<ReportFormat>,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(
    arguments: &Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let Arguments { bundle, inputs, test, report, threads } = arguments;
    report.iter().try_for_each(|path| ReportFormat::of(path).map(drop))?;
    let open = OpenBundle::open(bundle)?;
    if open.model.schema().target().classes().is_empty() {
        if *test || !report.is_empty() {
            return Err(Error::usage(
                "--test and --report are for models that predict classes; this one predicts a number",
            ));
        }
        return print_numbers(&open.model, inputs, console);
    }
    let evaluated = Evaluated::new(&open, inputs, *test, threads, console)?;
    for path in report {
        training::write_report(outputs, &evaluated.report, path, None)?;
    }
    if console.is_json() {
        let Report { assessments, warnings, .. } = &evaluated.report;
        console.json_result(&serde_json::json!({
            "rows": evaluated.n_rows,
            "metrics": evaluated.metrics,
            "assessments": assessments,
            "warnings": warnings,
        }))?;
    } else {
        console.result(&evaluated.rows)?;
        console.result(metrics_table(&evaluated.metrics))?;
    }
    Ok(Exit::Done)
}

pub(crate) fn run_report(
    arguments: &ReportArguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let ReportArguments { bundle, inputs, test, output, format, threads } = arguments;
    let format = format.map_or_else(|| ReportFormat::of(output), Ok)?;
    let open = OpenBundle::open(bundle)?;
    let evaluated = Evaluated::new(&open, inputs, *test, threads, console)?;
    training::write_report(outputs, &evaluated.report, output, Some(format))?;
    Ok(Exit::Done)
}

/// Evaluates a model of a number.
fn print_numbers(
    model: &Arc<Model>,
    inputs: &EvaluationInputs,
    console: &Console,
) -> Result<Exit, Error> {
    let rows = inputs.load_numbers(model)?;
    let assessment = NumberAssessment::new(model, &rows)?;
    for warning in &assessment.warnings {
        console.note(format_args!("warning: {}: {warning}", inputs.data().display()));
    }
    if console.is_json() {
        console.json_result(&assessment)?;
        return Ok(Exit::Done);
    }
    let NumberAssessment { errors, intervals, verdicts, .. } = assessment;
    let r_squared = errors.r_squared.map_or("–".into(), |value| format!("{value:.4}"));
    console.result(format_args!("{} rows", errors.n_rows))?;
    console.result(format_args!("mean absolute error  {:.4}", errors.mean_absolute_error))?;
    console.result(format_args!("root mean square     {:.4}", errors.root_mean_squared_error))?;
    console.result(format_args!("R²                   {r_squared}"))?;
    for IntervalCoverage { level, coverage, mean_width } in intervals {
        let Proportion { n_with, n_rows, value, wilson, .. } = coverage;
        console.result(format_args!(
            "intervals at {level}: {n_with} of {n_rows} hold the number, {:.1} % ({:.1} to {:.1}); \
             mean width {mean_width:.4}",
            100.0 * value,
            100.0 * wilson.lower,
            100.0 * wilson.upper,
        ))?;
    }
    if let Some(VerdictCounts { predicted, ambiguous, unlike }) = verdicts {
        console.result(format_args!(
            "{predicted} rows predicted, {ambiguous} ambiguous, {unlike} unlike the training rows"
        ))?;
    }
    Ok(Exit::Done)
}

/// The rows in words, the metrics and the report.
struct Evaluated {
    rows: String,
    n_rows: usize,
    metrics: MemberMetrics,
    report: Report,
}

impl Evaluated {
    fn new(
        open: &OpenBundle,
        inputs: &EvaluationInputs,
        test: bool,
        threads: &Threads,
        console: &Console,
    ) -> Result<Self, Error> {
        let loaded = inputs.load(&open.model, console)?;
        let training = inputs.training(&open.model, console)?;
        let rows: Vec<usize> = match test {
            true => loaded.config.partitions(&loaded.dataset)?.test,
            false => (0..loaded.dataset.n_rows()).collect(),
        };
        let evaluated =
            EvaluatedRows { dataset: &loaded.dataset, rows: &rows, config: &loaded.config };
        let training = training.as_ref().map(|(name, rows)| (name.as_str(), rows));
        let known = KnownRows::new(evaluated, open.model.manifest(), training);
        for warning in &known.warnings {
            console.note(format_args!("warning: {}: {}", inputs.data().display(), warning.text));
        }
        let dataset = loaded.dataset.select(&rows);
        let name = if test { TEST_ROWS } else { "all rows" };
        let file = evaluated_file(inputs.data())?;
        let predictions = Predictions::of(&open.model, &dataset)?;
        let rows = PredictedRows { name, dataset: &dataset, predictions: &predictions };
        let report = threads.run(|| {
            Ok(Report::new(&ReportInputs {
                model: &open.model,
                parts: &open.parts,
                rows: &[rows],
                config: &loaded.config,
                validation: &loaded.validation,
                training: None,
                evaluated_file: Some(&file),
                known_rows: Some(&known),
            })?)
        })?;
        let metrics = rows.member_metrics()?;
        Ok(Self { rows: rows_line(&dataset), n_rows: dataset.n_rows(), metrics, report })
    }
}

/// The name of a file, without its folder, and the digest of its bytes.
fn evaluated_file(path: &Path) -> Result<EvaluatedFile, Error> {
    let bytes =
        std::fs::read(path).map_err(|cause| Error::file(path.display().to_string(), cause))?;
    let name =
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(EvaluatedFile { name, sha256: Digest::of(&bytes).to_string() })
}
