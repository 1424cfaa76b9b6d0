//! A batch as a table: CSV, or a stream of Arrow IPC.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use nomogram::{Action, Column, FeatureKind, Schema};
use nomogram_table::{
    Chunk, Columns, Error, FileKind, Header, Row, Source, Wanted, match_feature, row_length,
};

use super::run::{End, Run};
use crate::problem::{Problem, ProblemKind, TextPlace};
use crate::scored::Refusal;
use crate::served::Served;
use crate::stream::Received;

/// Rows of a chunk of text: a caller who sends slowly waits for so many.
const TEXT_CHUNK_ROWS: usize = 512;
/// Rows of a chunk of columns, which are there all at once, and of a record batch of the answer.
const COLUMN_CHUNK_ROWS: usize = 2048;

/// Scores the rows of a table; columns that are no feature are refused, unless they are to be ignored. A
/// message of Arrow IPC holds at most `max_message_bytes` when it is decompressed.
///
/// # Errors
///
/// `Malformed`; `Unsupported` for columns that do not fit the model; as [`Run::flush`].
pub(super) fn run(
    received: Received,
    run: &mut Run<'_>,
    served: &Served,
    (kind, ignore_others): (FileKind, bool),
    max_message_bytes: usize,
) -> Result<(), End> {
    let problem = received.problem();
    let unreadable = |error: Error| {
        let of_body = problem.lock().unwrap_or_else(PoisonError::into_inner).take();
        End::Problem(of_body.unwrap_or_else(|| of_table(&error)))
    };
    let (schema, format) = (served.model().schema(), served.table_format());
    let is_text = kind == FileKind::Csv;
    let chunk_rows = if is_text { TEXT_CHUNK_ROWS } else { COLUMN_CHUNK_ROWS };
    let limits = (chunk_rows, max_message_bytes as u64);
    let source = Source::new_limited("body", received, kind, format, limits);
    let mut source = source.map_err(&unreadable)?;
    let wanted = Wanted { ignore_others, ..Wanted::default() };
    let table = (source.name(), source.headers());
    let columns = Columns::new(table, schema, wanted, format, &BTreeSet::new());
    let columns = columns.map_err(|_| misfit(source.headers(), schema, ignore_others))?;
    source.select(&columns.used());
    let is_complete = columns.features.len() == schema.n_features();
    while let Some(chunk) = source.next_chunk().map_err(&unreadable)? {
        let are_numbers = is_complete && run.batch.takes_numbers();
        match doubles(&chunk, &columns).filter(|_| are_numbers) {
            Some(doubles) => {
                let columns: Vec<Column<'_>> = doubles.iter().map(Doubles::column).collect();
                run.score_columns(&columns)?;
            }
            None => {
                let read = chunk.each_row(|row| Ok(read_one(row, run, &columns, is_complete)?));
                read.map_err(|stop| match stop {
                    Stop::Table(error) => unreadable(error),
                    Stop::End(end) => end,
                })?;
            }
        }
        run.flush()?;
    }
    Ok(())
}

enum Stop {
    Table(Error),
    End(End),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Table(error)
    }
}

impl From<End> for Stop {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

fn read_one(
    row: Row<'_>,
    run: &mut Run<'_>,
    columns: &Columns,
    is_complete: bool,
) -> Result<(), End> {
    let n_columns = columns.names.len();
    if let Some(n_cells) = row.n_cells().filter(|n_cells| *n_cells != n_columns) {
        let refusal = Refusal::new("schema_columns", row_length(n_cells, n_columns));
        return run.refuse(refusal);
    }
    if is_complete && run.batch.takes_numbers() && read_numbers(row, columns, &mut run.row.numbers)
    {
        return run.push_row();
    }
    let scorer = run.scorer()?;
    scorer.begin_row();
    let mut set = Ok(());
    for column in &columns.features {
        set = scorer.set(column.index, column.cells.value(row.cell(column.column)));
        if set.is_err() {
            break;
        }
    }
    let answer = scorer.answer(set);
    run.push(answer)
}

/// The numbers of a feature in a chunk.
enum Doubles<'c> {
    /// All are there.
    There(&'c [f64]),
    /// With NaN where there is none.
    OrMissing(Vec<f64>),
}

/// The columns of a chunk in the order of the features, if every feature is a number in its own unit and its
/// cells are doubles. Not so if some are missing and others NaN, which is refused for another reason.
fn doubles<'c>(chunk: &'c Chunk, columns: &Columns) -> Option<Vec<Doubles<'c>>> {
    let Chunk::Typed(chunk) = chunk else { return None };
    let mut doubles: Vec<_> = columns.features.iter().map(|_| Doubles::There(&[])).collect();
    for column in &columns.features {
        let array = chunk.array(column.column)?.as_primitive_opt::<Float64Type>()?;
        let is_number = column.cells.feature().kind == FeatureKind::Number;
        if !is_number || column.cells.unit().is_some() {
            return None;
        }
        *doubles.get_mut(column.index)? = match array.null_count() {
            0 => Doubles::There(array.values()),
            _ if array.iter().flatten().any(f64::is_nan) => return None,
            _ => Doubles::OrMissing(array.iter().map(|cell| cell.unwrap_or(f64::NAN)).collect()),
        };
    }
    Some(doubles)
}

impl Doubles<'_> {
    fn column(&self) -> Column<'_> {
        match self {
            Self::There(numbers) => Column::Numbers(numbers),
            Self::OrMissing(numbers) => Column::NumbersOrMissing(numbers),
        }
    }
}

/// Reads a row of numbers; returns whether it is one.
fn read_numbers(row: Row<'_>, columns: &Columns, numbers: &mut [f64]) -> bool {
    columns.features.iter().all(|column| {
        let number = column.cells.array_number(row.cell(column.column));
        match (number, numbers.get_mut(column.index)) {
            (Some(number), Some(slot)) => {
                *slot = number;
                true
            }
            (_, None) | (None, _) => false,
        }
    })
}

/// Why the columns do not fit, without a text of the caller.
fn misfit(headers: &[Header], schema: &Schema, ignore_others: bool) -> Problem {
    let problem =
        |detail| Problem::new(ProblemKind::Unsupported, detail).with_status("schema_columns");
    let mut seen = BTreeSet::new();
    for (position, header) in headers.iter().enumerate() {
        let column = position + 1;
        match match_feature(header, schema) {
            Err(_) => {
                return problem(format!("column {column}: a unit that its feature does not have"));
            }
            Ok(None) if !ignore_others => {
                return problem(format!(
                    "column {column} is none of the model's features; leave such columns out, or ask \
                     with `ignore_other_columns=true`"
                ));
            }
            Ok(None) => {}
            Ok(Some((_, feature, _))) if !seen.insert(&feature.name) => {
                return problem(format!("column {column}: a second one of `{}`", feature.name));
            }
            Ok(Some(_)) => {}
        }
    }
    let needed = |feature: &&nomogram::Feature| {
        feature.policy.unset == Action::Refuse && !seen.contains(&feature.name)
    };
    match schema.features().iter().find(needed) {
        Some(feature) => problem(format!("no column for feature `{}`", feature.name)),
        None => problem("columns that do not fit the model".into()),
    }
}

/// Why a table cannot be read, without a text of it.
fn of_table(error: &Error) -> Problem {
    let place = match error {
        Error::Table { place, .. } => place.map(|place| place.number()),
        Error::Cell { place, .. } => Some(place.number()),
        _ => None,
    };
    let detail = "a table that cannot be read: expected rows as the model's training table was \
                  written, or a stream of Arrow IPC";
    let problem = Problem::new(ProblemKind::Malformed, detail);
    match place {
        Some(line) => problem.with_place(TextPlace { line, column: 1 }),
        None => problem,
    }
}
