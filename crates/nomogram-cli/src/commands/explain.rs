//! `nomogram explain`: how much each feature moved the predictions of some rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use nomogram::{Scale, Session};
use nomogram_table::{Columns, Wanted};
use serde::Serialize;

use crate::bundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::explanation::{ExplainOptions, Explaining};
use crate::output::InputPath;
use crate::refusal::Refusal;
use crate::table::{self, ReadOptions};

/// Show how much each feature, or group of features, moved the predictions of some rows.
///
/// Values are Shapley values against the background rows of the bundle: the base is the mean
/// prediction over these, and base and values add up to the prediction of the row. They say how the
/// model computes, not what would happen to a patient whose value was changed. To explain a whole
/// table, use `nomogram predict --explain`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The bundle
    bundle: InputPath,
    /// The table; `-` is standard input
    #[arg(default_value = "-")]
    input: Option<InputPath>,
    #[command(flatten)]
    read: ReadOptions,
    #[command(flatten)]
    explain: ExplainOptions,
    /// Show this column, which names the rows
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// Explain at most this many rows
    #[arg(long, value_name = "N", default_value_t = 5)]
    rows: usize,
}

/// The explanation of a row.
#[derive(Serialize)]
struct ExplainedRow {
    row: String,
    base: f64,
    prediction: f64,
    values: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    std_errors: BTreeMap<String, f64>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    let model = bundle::open(&arguments.bundle)?;
    let explaining = arguments.explain.explainer(&model)?;
    let (players, is_sampled) = (explaining.players(), explaining.is_sampled());
    let Explaining { mut explainer, number } = explaining;
    let input = table::or_stdin(arguments.input.as_deref());
    let format = Arc::new(arguments.read.written.for_model(&model, &input)?);
    let mut source = arguments.read.open(&input, &format)?;
    let wanted = Wanted {
        id: arguments.id.as_deref(),
        keep: &[],
        ignore_others: arguments.read.ignore_other_columns,
    };
    let table = (source.name(), source.headers());
    let columns = Columns::new(table, model.schema(), wanted, &format, &BTreeSet::new())?;
    source.select(&columns.used());
    let name = source.name().to_owned();
    let mut session = Session::new(model.clone());
    let mut rows: Vec<ExplainedRow> = Vec::new();
    while rows.len() < arguments.rows
        && let Some(chunk) = source.next_chunk()?
    {
        chunk.each_row(|row| {
            if rows.len() >= arguments.rows {
                return Ok(());
            }
            let refused =
                |refusal: Refusal| Error::Row { table: name.clone(), refusal: refusal.line() };
            if let Some(refusal) = Refusal::of_length(row, &columns) {
                return Err(refused(refusal));
            }
            let stated = columns.state(row, &mut session);
            let explained = stated.and_then(|()| explainer.explain_set(&session));
            let found =
                explained.map_err(|e| refused(Refusal::new(&e, row, &columns, model.schema())))?;
            let id = columns.kept.first().map(|kept| row.text(kept.column).into_owned());
            let named =
                |numbers: &[f64]| players.iter().cloned().zip(numbers.iter().copied()).collect();
            let errors = found.std_errors().unwrap_or_default();
            let errors = errors.chunks_exact(players.len().max(1)).nth(number).unwrap_or_default();
            rows.push(ExplainedRow {
                row: id.unwrap_or_else(|| (rows.len() + 1).to_string()),
                base: found.base().get(number).copied().unwrap_or(f64::NAN),
                prediction: found.explained().get(number).copied().unwrap_or(f64::NAN),
                values: named(found.values_of(number)),
                std_errors: named(errors),
            });
            Ok(())
        })?;
    }
    if console.is_json() {
        console.json_result(&rows)?;
        return Ok(Exit::Done);
    }
    let scale = match explainer.scale() {
        Scale::Probability => "probability",
        Scale::Margin => "margin",
        Scale::Value => "value",
    };
    let flavour = if is_sampled { "sampled" } else { "exact" };
    for row in &rows {
        console.result(format_args!("{}", text_of(row, scale, flavour)))?;
    }
    Ok(Exit::Done)
}

/// The explanation of a row as lines, the largest value first.
fn text_of(row: &ExplainedRow, scale: &str, flavour: &str) -> String {
    let mut text = format!("row {}: {scale} {:.4} ({flavour})\n", row.row, row.prediction);
    let mut values: Vec<(&String, &f64)> = row.values.iter().collect();
    values.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
    let width = values.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(4);
    _ = writeln!(text, "  {:<width$}  {:>10.4}", "base", row.base);
    for (name, value) in values {
        _ = write!(text, "  {name:<width$}  {value:>+10.4}");
        match row.std_errors.get(name) {
            Some(error) => _ = writeln!(text, "  ± {error:.4}"),
            None => text.push('\n'),
        }
    }
    text
}
