//! A batch as a table: CSV, or a stream of Arrow IPC.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use nomogram::{Action, FeatureKind, Schema, Value};
use nomogram_table::{
    Chunk, Columns, Error, FileKind, Header, Row, Source, Wanted, match_feature, row_length,
};

use super::run::{End, Run};
use crate::problem::{Problem, ProblemKind, TextPlace};
use crate::scored::Refusal;
use crate::served::Served;
use crate::stream::Received;

/// Rows of a chunk: a caller who sends slowly waits for so many.
const CHUNK_ROWS: usize = 512;
/// 2^53, up to which every whole number is a double.
const MAX_WHOLE: u64 = 1 << 53;

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
    let limits = (CHUNK_ROWS, max_message_bytes as u64);
    let source = Source::new_limited("body", received, kind, format, limits);
    let mut source = source.map_err(&unreadable)?;
    let wanted = Wanted { ignore_others, ..Wanted::default() };
    let table = (source.name(), source.headers());
    let columns = Columns::new(table, schema, wanted, format, &BTreeSet::new());
    let columns = columns.map_err(|_| misfit(source.headers(), schema, ignore_others))?;
    source.select(&columns.used());
    let is_complete = columns.features.len() == schema.n_features();
    while let Some(chunk) = source.next_chunk().map_err(&unreadable)? {
        let doubles =
            doubles(&chunk, &columns).filter(|_| is_complete && run.batch.takes_numbers());
        let mut position = 0;
        let read = chunk.each_row(|row| {
            let is_read =
                doubles.as_ref().is_some_and(|doubles| doubles.read(position, &mut run.numbers));
            position += 1;
            match is_read {
                true => Ok(run.push_numbers()?),
                false => Ok(read_one(row, run, &columns, is_complete)?),
            }
        });
        read.map_err(|stop| match stop {
            Stop::Table(error) => unreadable(error),
            Stop::End(end) => end,
        })?;
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
    if is_complete && run.batch.takes_numbers() && read_numbers(row, columns, &mut run.numbers) {
        return run.push_numbers();
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

/// The feature columns of a chunk of doubles, with the position of the feature.
struct Doubles<'c>(Vec<(usize, &'c [f64])>);

/// The columns of a chunk, if every feature is a number in its own unit and its cells are doubles that are
/// there.
fn doubles<'c>(chunk: &'c Chunk, columns: &Columns) -> Option<Doubles<'c>> {
    let Chunk::Typed(chunk) = chunk else { return None };
    let columns = columns.features.iter().map(|column| {
        let array = chunk.array(column.column)?.as_primitive_opt::<Float64Type>()?;
        let is_plain = column.cells.unit().is_none()
            && column.cells.feature().kind == FeatureKind::Number
            && array.null_count() == 0;
        is_plain.then(|| (column.index, array.values().as_ref()))
    });
    columns.collect::<Option<Vec<_>>>().map(Doubles)
}

impl Doubles<'_> {
    /// Reads a row; returns whether it is one of numbers.
    fn read(&self, row: usize, numbers: &mut [f64]) -> bool {
        self.0.iter().all(|(position, column)| {
            match (column.get(row), numbers.get_mut(*position)) {
                (Some(number), Some(slot)) => {
                    *slot = *number;
                    !number.is_nan()
                }
                (Some(_), None) | (None, _) => false,
            }
        })
    }
}

/// Reads a row of numbers; returns whether it is one.
fn read_numbers(row: Row<'_>, columns: &Columns, numbers: &mut [f64]) -> bool {
    columns.features.iter().all(|column| {
        let kind = &column.cells.feature().kind;
        let number = match (column.cells.value(row.cell(column.column)), kind) {
            (Value::Number(number), _) if !number.is_nan() => number,
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            (Value::Integer(number), _) if number.unsigned_abs() <= MAX_WHOLE => number as f64,
            (Value::Boolean(value), FeatureKind::Boolean) => f64::from(u8::from(value)),
            (Value::Text(text), FeatureKind::Category { levels }) => {
                let level = levels.iter().position(|level| level == text);
                match level.and_then(|level| u32::try_from(level).ok()) {
                    Some(level) => f64::from(level),
                    None => return false,
                }
            }
            _ => return false,
        };
        match numbers.get_mut(column.index) {
            Some(slot) => *slot = number,
            None => return false,
        }
        true
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
