//! `nomogram monitor`: counts of periods, added and analysed.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use clap::{Args, Subcommand};
use nomogram::{Model, Monitor};
use nomogram_monitor::Period;
use nomogram_monitor::analysis::{Analysis, analyse};
use nomogram_report::monitoring::{to_html, to_prometheus};
use nomogram_table::{Table, TableFormat};

use crate::bundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};

/// Compare the patients of many periods, and their outcomes, with the training of a bundle.
///
/// `nomogram predict --monitor FILE`, and the C, C++, Rust and Python interfaces, count how many rows
/// lie in each bin of the bundle's profile. Counts hold no value of a row.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Merge(MergeArguments),
    Outcomes(OutcomeArguments),
    Report(ReportArguments),
}

/// Add the counts of several files, in any order.
#[derive(Args, Debug)]
struct MergeArguments {
    /// The bundle
    bundle: InputPath,
    /// Files of counts
    #[arg(required = true)]
    counts: Vec<InputPath>,
    /// Write the sum to this file
    #[arg(long, short, value_name = "FILE")]
    output: OutputPath,
    /// Round every count to a multiple of this, for those who may not see small counts
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounding: u32,
}

/// Count outcomes that became known later, from a table with the predicted probability and the outcome.
#[derive(Args, Debug)]
struct OutcomeArguments {
    /// The bundle
    bundle: InputPath,
    /// The table, with a row per outcome
    table: InputPath,
    /// The column of the predicted probability of the second class
    #[arg(long, value_name = "COLUMN")]
    probability: String,
    /// The column of the outcome: the name of the class that came true
    #[arg(long, value_name = "COLUMN")]
    outcome: String,
    /// Write the counts to this file
    #[arg(long, short, value_name = "FILE")]
    output: OutputPath,
}

/// Report whether patients or the quality of predictions have changed: files of counts are periods, in
/// the order in which they are given and named like their file.
///
/// Ends with code 5 if there is an alarm. Without a change, at most 1 in 20 horizons has a false alarm
/// of drift, and at most 1 in 20 one of outcomes.
#[derive(Args, Debug)]
struct ReportArguments {
    /// The bundle
    bundle: InputPath,
    /// Files of counts, one per period
    #[arg(required = true)]
    counts: Vec<InputPath>,
    /// For how many periods the model is monitored: decide this before the first one
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    horizon: u16,
    /// Write one HTML page to this file
    #[arg(long, value_name = "FILE")]
    html: Option<OutputPath>,
    /// Write the last period in the text format of Prometheus to this file
    #[arg(long, value_name = "FILE")]
    prometheus: Option<OutputPath>,
}

pub(crate) fn run(
    arguments: Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    match arguments.command {
        Command::Merge(arguments) => merge(&arguments, outputs),
        Command::Outcomes(arguments) => outcomes(&arguments, outputs),
        Command::Report(arguments) => report(&arguments, console, outputs),
    }
}

fn merge(arguments: &MergeArguments, outputs: &mut Outputs) -> Result<Exit, Error> {
    let model = bundle::open(&arguments.bundle)?;
    let mut sum = Monitor::new(model.clone())?;
    for path in &arguments.counts {
        sum.add(&read(path)?).map_err(|cause| refused(path, cause))?;
    }
    write(outputs, &arguments.output, &sum.to_rounded_bytes(arguments.rounding))?;
    Ok(Exit::Done)
}

fn outcomes(arguments: &OutcomeArguments, outputs: &mut Outputs) -> Result<Exit, Error> {
    let model = bundle::open(&arguments.bundle)?;
    let mut monitor = Monitor::new(model.clone())?;
    let format = TableFormat::default();
    let in_table = |cause: nomogram_table::Error| Error::Table {
        table: arguments.table.display().to_string(),
        detail: cause.to_string(),
    };
    let table = Table::from_file(&arguments.table, &format).map_err(in_table)?;
    let classes = model.schema().target().classes();
    let probabilities = table.column(&arguments.probability).map_err(in_table)?;
    let outcomes = table.column(&arguments.outcome).map_err(in_table)?;
    for (probability, outcome) in probabilities.zip(outcomes) {
        let text = outcome.text();
        let Some(class) = classes.iter().position(|class| *class == *text) else {
            let expected = format!("one of {}", classes.join(", "));
            return Err(in_table(outcome.refuse(expected)));
        };
        let number = probability.text().parse::<f64>().ok();
        let added = number.map(|number| monitor.add_outcome(number, class == 1));
        if !matches!(added, Some(Ok(()))) {
            return Err(in_table(probability.refuse("a number in [0, 1]")));
        }
    }
    write(outputs, &arguments.output, &monitor.to_bytes())?;
    Ok(Exit::Done)
}

fn report(
    arguments: &ReportArguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let model = bundle::open(&arguments.bundle)?;
    let periods: Vec<(String, Period)> =
        arguments.counts.iter().map(|path| period(&model, path)).collect::<Result<_, Error>>()?;
    let analysis = analyse(&model, &periods, usize::from(arguments.horizon))?;
    if let Some(path) = &arguments.html {
        write(outputs, path, to_html(&analysis)?.as_bytes())?;
    }
    if let Some(path) = &arguments.prometheus {
        write(outputs, path, to_prometheus(&analysis).as_bytes())?;
    }
    if console.is_json() {
        console.json_result(&analysis)?;
    } else {
        console.result(text(&analysis))?;
    }
    let is_quiet = analysis.drift_alarm.is_none() && analysis.calibration_alarm.is_none();
    Ok(if is_quiet { Exit::Done } else { Exit::Alarm })
}

/// A wager in at most nine characters: after an alarm it may have hundreds of digits.
fn wager(wager: f64) -> String {
    if wager < 1e5 { format!("{wager:.3}") } else { format!("{wager:.2e}") }
}

/// A line per period, then the alarms.
fn text(analysis: &Analysis) -> String {
    let mut lines = vec![format!("{:<24}{:>8}{:>12}{:>12}", "period", "rows", "drift", "outcomes")];
    for period in &analysis.periods {
        let outcomes = period.calibration.map_or("–".into(), wager);
        let drift = wager(period.drift);
        lines.push(format!("{:<24}{:>8}{drift:>12}{outcomes:>12}", period.name, period.n_rows));
    }
    let name = |index: usize| analysis.periods.get(index).map_or("", |period| &period.name);
    match &analysis.drift_alarm {
        None => lines.push("drift: no alarm".into()),
        Some(alarm) => {
            let variables: Vec<String> = alarm
                .variables
                .iter()
                .map(|change| format!("{} ({:.0} %)", change.name, 100.0 * change.share))
                .collect();
            lines.push(format!(
                "drift: ALARM in {}, probably since {}: {}",
                name(alarm.period),
                name(alarm.start),
                variables.join(", ")
            ));
        }
    }
    lines.push(match analysis.calibration_alarm {
        None => "outcomes: no alarm".into(),
        Some(period) => format!("outcomes: ALARM in {}", name(period)),
    });
    lines.join("\n")
}

fn period(model: &Arc<Model>, path: &Path) -> Result<(String, Period), Error> {
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let period = Monitor::of_bytes(model.clone(), &read(path)?);
    Ok((name, Period::of_monitor(period.map_err(|cause| refused(path, cause))?)))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|cause| Error::file(path.display().to_string(), cause))
}

fn refused(path: &Path, cause: nomogram::Error) -> Error {
    Error::Bundle { path: path.to_path_buf(), cause: Box::new(cause) }
}

fn write(outputs: &mut Outputs, path: &OutputPath, bytes: &[u8]) -> Result<(), Error> {
    let mut output = outputs.create(path)?;
    output.write_all(bytes).map_err(|cause| output.failed(cause))?;
    output.finish()
}
