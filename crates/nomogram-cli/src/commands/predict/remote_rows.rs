//! Rows of a table as lines of JSON.

use std::io;

use nomogram::{ErrorKind, Value};
use nomogram_table::{Chunk, Columns, Row};

use crate::error::Error;
use crate::refusal::{Refusal, status};

/// The lines of a chunk, without those rows that [`refusal`] refuses.
pub(super) fn lines(chunk: &Chunk, columns: &Columns) -> Result<Vec<u8>, Error> {
    let mut lines = Vec::new();
    chunk.each_row(|row| {
        if refusal(row, columns).is_none() {
            // Writing to memory does not fail.
            let _written = write_row(&mut lines, row, columns);
        }
        Ok::<(), Error>(())
    })?;
    Ok(lines)
}

/// Why a row cannot be sent: it has too few or too many cells, or a value that JSON does not have.
pub(super) fn refusal(row: Row<'_>, columns: &Columns) -> Option<Refusal> {
    Refusal::of_length(row, columns).or_else(|| {
        let column = columns.features.iter().find(|column| {
            matches!(column.cells.value(row.cell(column.column)),
                Value::Number(number) | Value::NumberIn(number, _) if number.is_nan())
        })?;
        let feature = column.cells.feature().name.clone();
        let detail =
            "found NaN, which JSON cannot hold; leave the cell empty if it is missing".into();
        Some(Refusal::of_service(row.place(), status(ErrorKind::NotANumber), feature, detail))
    })
}

fn write_row(out: &mut Vec<u8>, row: Row<'_>, columns: &Columns) -> io::Result<()> {
    out.push(b'{');
    for (position, column) in columns.features.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        serde_json::to_writer(&mut *out, &column.cells.feature().name)?;
        out.push(b':');
        write_value(out, column.cells.value(row.cell(column.column)))?;
    }
    out.extend_from_slice(b"}\n");
    Ok(())
}

fn write_value(out: &mut Vec<u8>, value: Value<'_>) -> io::Result<()> {
    match value {
        Value::Number(number) => write_number(out, number)?,
        Value::NumberIn(number, unit) => {
            out.extend_from_slice(b"{\"value\":");
            write_number(out, number)?;
            out.extend_from_slice(b",\"unit\":");
            serde_json::to_writer(&mut *out, unit)?;
            out.push(b'}');
        }
        Value::Integer(number) => serde_json::to_writer(&mut *out, &number)?,
        Value::Boolean(value) => serde_json::to_writer(&mut *out, &value)?,
        Value::Text(text) => serde_json::to_writer(&mut *out, text)?,
        // Cells have no reason; and kinds of value that a later core may have.
        _ => out.extend_from_slice(b"null"),
    }
    Ok(())
}

/// An infinity is a number beyond the largest double, as the service reads it.
fn write_number(out: &mut Vec<u8>, number: f64) -> io::Result<()> {
    match number.is_finite() {
        true => serde_json::to_writer(&mut *out, &number)?,
        false => out.extend_from_slice(if number > 0.0 { b"1e999" } else { b"-1e999" }),
    }
    Ok(())
}
