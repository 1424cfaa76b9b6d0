//! A batch as one object of JSON: `{"rows": [{…}, …]}` or `{"columns": {"age": [64, …], …}}`.

use std::sync::Arc;

use super::options;
use super::run::{End, Run};
use crate::json::{Fault, Reader};
use crate::problem::{Problem, ProblemKind};
use crate::row::{read_and_set, read_row};
use crate::scored::{Options, Refusal};
use crate::served::Served;

/// A body whose syntax was checked.
pub(super) struct JsonBatch<'a> {
    text: &'a str,
    content: Content<'a>,
    pub(super) options: Options,
}

enum Content<'a> {
    /// At the begin of the array of rows.
    Rows(Reader<'a>),
    /// At the begin of the object of columns.
    Columns(Reader<'a>),
}

impl<'a> JsonBatch<'a> {
    /// Checks the syntax of a body and finds its rows.
    ///
    /// # Errors
    ///
    /// `Malformed`, with the place.
    pub(super) fn new(text: &'a str, asked: Options) -> Result<Self, Problem> {
        let (mut content, mut options) = (None, asked);
        let mut reader = Reader::new(text);
        let read = reader.object(|reader, name| {
            let fault = reader.fault("`rows` or `columns`, and perhaps options");
            match name.as_ref() {
                "rows" if content.is_none() => content = Some(Content::Rows(reader.clone())),
                "columns" if content.is_none() => content = Some(Content::Columns(reader.clone())),
                name if options::read(&mut options, reader, name)? => return Ok(()),
                _ => return Err(fault),
            }
            reader.skip()
        });
        let read = read.and_then(|()| reader.end());
        let fault = reader.fault("a member `rows` or `columns` before");
        let content = read.and_then(|()| content.ok_or(fault));
        let content = content.map_err(|fault: Fault| fault.in_text(text))?;
        Ok(Self { text, content, options })
    }

    /// Scores all rows.
    ///
    /// # Errors
    ///
    /// `Malformed`, with the place; `TooLarge`; as [`Run::flush`].
    pub(super) fn run(
        self,
        run: &mut Run<'_>,
        served: &Arc<Served>,
        max_rows: usize,
    ) -> Result<(), End> {
        let text = self.text;
        let read = match self.content {
            Content::Rows(mut reader) => rows(&mut reader, run, max_rows),
            Content::Columns(mut reader) => columns(&mut reader, run, served, max_rows),
        };
        read.map_err(|stop| match stop {
            Stop::Fault(fault) => End::Problem(fault.in_text(text)),
            Stop::End(end) => end,
        })
    }
}

enum Stop {
    Fault(Fault),
    End(End),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<End> for Stop {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

fn rows(reader: &mut Reader<'_>, run: &mut Run<'_>, max_rows: usize) -> Result<(), Stop> {
    reader.array(|reader, index| {
        check_count(index, max_rows)?;
        read_one(reader, run)
    })
}

/// Reads one row and adds it.
fn read_one(reader: &mut Reader<'_>, run: &mut Run<'_>) -> Result<(), Stop> {
    if run.batch.takes_numbers() {
        let mut ahead = reader.clone();
        if run.row.read(&mut ahead)? {
            *reader = ahead;
            return Ok(run.push_row()?);
        }
    }
    let scorer = run.scorer()?;
    let read = read_row(reader, scorer)?;
    let answer = scorer.answer(read);
    Ok(run.push(answer)?)
}

/// Reads all columns side by side.
fn columns(
    reader: &mut Reader<'_>,
    run: &mut Run<'_>,
    served: &Arc<Served>,
    max_rows: usize,
) -> Result<(), Stop> {
    let mut columns: Vec<(usize, Reader<'_>)> = Vec::new();
    let begin = reader.fault("arrays of the same length");
    reader.object(|reader, name| {
        let known = run.batch.scorer().feature(&name, columns.len());
        let position = known.map_err(|refusal| refused(refusal, served))?;
        if columns.iter().any(|(known, _)| *known == position) {
            let refusal = Refusal::new("argument_duplicate", "two columns of one feature");
            return Err(refused(refusal.of_feature(position), served));
        }
        columns.push((position, reader.clone()));
        Ok(reader.skip()?)
    })?;
    for index in 0.. {
        let mut n_items = 0;
        for (_, reader) in &mut columns {
            n_items += usize::from(reader.item(index)?);
        }
        if n_items == 0 {
            return Ok(());
        }
        if n_items != columns.len() {
            return Err(begin.into());
        }
        check_count(index, max_rows)?;
        let scorer = run.scorer()?;
        scorer.begin_row();
        let mut row = Ok(());
        for (position, reader) in &mut columns {
            let set = read_and_set(reader, scorer, *position)?;
            row = row.and(set);
        }
        let answer = scorer.answer(row);
        run.push(answer)?;
    }
    Ok(())
}

fn refused(refusal: Refusal, served: &Served) -> Stop {
    Stop::End(End::Problem(refusal.into_problem(served)))
}

fn check_count(index: usize, max_rows: usize) -> Result<(), End> {
    if index < max_rows {
        return Ok(());
    }
    let detail = format!("more than {max_rows} rows in one object; expected fewer, or a stream");
    Err(Problem::new(ProblemKind::TooLarge, detail).into())
}
