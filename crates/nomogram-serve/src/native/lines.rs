//! A batch as lines of JSON: each is a row, and is answered as soon as no further one has come.

use memchr::memchr;

use super::run::{End, Run};
use crate::json::{Fault, Reader};
use crate::problem::{Problem, ProblemKind};
use crate::row::read_row;
use crate::scored::Refusal;
use crate::stream::Received;

/// Scores the lines of a body.
///
/// # Errors
///
/// `TooLarge` for a line beyond the limit; as [`Run::flush`]; why the body cannot be read.
pub(super) fn run(
    mut received: Received,
    run: &mut Run<'_>,
    max_line_bytes: usize,
) -> Result<(), End> {
    // The begin of a line whose end has not come.
    let mut begun: Vec<u8> = Vec::new();
    loop {
        let piece = match received.next_now() {
            Some(piece) => piece,
            None => {
                run.flush()?;
                match received.wait() {
                    Some(piece) => piece,
                    None => break,
                }
            }
        };
        let piece = piece?;
        let mut rest = &piece[..];
        while let Some(end) = memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            if begun.is_empty() {
                read_line(line, run)?;
            } else {
                begun.extend_from_slice(line);
                read_line(&begun, run)?;
                begun.clear();
            }
        }
        begun.extend_from_slice(rest);
        if begun.len() > max_line_bytes {
            let detail = format!("a line of more than {max_line_bytes} bytes");
            return Err(Problem::new(ProblemKind::TooLarge, detail).into());
        }
    }
    read_line(&begun, run)
}

/// Scores one line; one without a row is left out.
fn read_line(line: &[u8], run: &mut Run<'_>) -> Result<(), End> {
    if line.trim_ascii().is_empty() {
        return Ok(());
    }
    let Ok(text) = std::str::from_utf8(line) else {
        return run.refuse(Refusal::new("malformed", "bytes that are not UTF-8"));
    };
    if run.batch.takes_numbers() {
        let mut reader = Reader::new(text);
        if run.row.read(&mut reader) == Ok(true) && reader.end().is_ok() {
            return run.push_row();
        }
    }
    let scorer = run.scorer()?;
    let mut reader = Reader::new(text);
    let read = read_row(&mut reader, scorer).and_then(|row| reader.end().map(|()| row));
    let answer = match read {
        Ok(row) => scorer.answer(row),
        Err(Fault { offset, expected }) => {
            let detail = format!("column {}: expected {expected}", offset + 1);
            scorer.answer(Err(Refusal::new("malformed", detail)))
        }
    };
    run.push(answer)
}
