//! What one thread does with a chunk: state the rows, predict them, write them down.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nomogram::{Model, Monitor, Session};
use nomogram_table::{Chunk, Columns, Row};

use super::answer::{Answer, FLAGS};
use crate::error::Error;
use crate::explanation::{ExplainOptions, Explaining};
use crate::output::{Block, push_csv_cell};
use crate::refusal::Refusal;

/// What all threads share, and how a chunk is done.
#[derive(Clone)]
pub(super) struct Worker {
    model: Arc<Model>,
    columns: Arc<Columns>,
    answer: Arc<Answer>,
    table: Arc<str>,
    /// The columns of refused rows that are noted; without them, the first refused row is a failure.
    bad_row_columns: Option<Arc<[usize]>>,
    /// The counts of all threads, if rows are counted.
    counters: Option<Arc<Mutex<Monitor>>>,
    is_timed: bool,
}

/// A chunk that was done.
pub(super) struct Done {
    pub(super) block: Block,
    /// Refused rows as CSV.
    pub(super) bad_rows: Vec<u8>,
    pub(super) counts: Counts,
    /// How much of the input it was.
    pub(super) length: u64,
}

/// What happened to the rows of a chunk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) refused: u64,
    /// How many rows have each flag, in the order of [`FLAGS`].
    pub(super) flags: [u64; FLAGS.len()],
    pub(super) parse: Duration,
    pub(super) predict: Duration,
    pub(super) encode: Duration,
}

/// Measures time if asked to, since reading a clock costs time.
struct Clock(Option<Instant>);

impl Worker {
    pub(super) fn new(
        (model, columns, answer): (Arc<Model>, Arc<Columns>, Arc<Answer>),
        table: &str,
        bad_row_columns: Option<Arc<[usize]>>,
        counters: Option<Arc<Mutex<Monitor>>>,
        is_timed: bool,
    ) -> Self {
        let table = table.into();
        Self { model, columns, answer, table, bad_row_columns, counters, is_timed }
    }

    /// What a thread calls for each of its chunks.
    ///
    /// # Errors
    ///
    /// As [`ExplainOptions::explainer`].
    pub(super) fn for_a_thread(
        &self,
        explanation: Option<&ExplainOptions>,
    ) -> Result<impl FnMut(Chunk) -> Result<Done, Error> + Send + 'static + use<>, Error> {
        let own = self.clone();
        let mut session = Session::new(self.model.clone());
        let mut explaining =
            explanation.map(|options| options.explainer(&self.model)).transpose()?;
        Ok(move |chunk| {
            own.begin_counting(&mut session)?;
            let done = own.predict(&chunk, &mut session, explaining.as_mut())?;
            own.add_counts(&mut session)?;
            Ok(done)
        })
    }

    fn begin_counting(&self, session: &mut Session) -> Result<(), Error> {
        match self.counters {
            Some(_) => Ok(session.attach(Monitor::new(self.model.clone())?)?),
            None => Ok(()),
        }
    }

    /// Adds the counts of a chunk to those of all threads.
    fn add_counts(&self, session: &mut Session) -> Result<(), Error> {
        if let (Some(total), Some(counted)) = (&self.counters, session.detach()) {
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            total.add(&counted.to_bytes())?;
        }
        Ok(())
    }

    fn predict(
        &self,
        chunk: &Chunk,
        session: &mut Session,
        mut explaining: Option<&mut Explaining>,
    ) -> Result<Done, Error> {
        let begin = Instant::now();
        let mut builder = self.answer.builder(chunk);
        let (mut bad_rows, mut scratch) = (Vec::new(), String::new());
        let mut counts = Counts::default();
        chunk.each_row(|row| {
            counts.rows += 1;
            let refusal = match Refusal::of_length(row, &self.columns) {
                Some(refusal) => refusal,
                None => {
                    let stated = self.columns.state(row, session);
                    let mut clock = Clock::new(self.is_timed);
                    // A row that is refused is refused again below.
                    let number = explaining.as_ref().map_or(0, |explaining| explaining.number);
                    let why = match explaining.as_mut() {
                        Some(explaining) if stated.is_ok() => {
                            explaining.explainer.explain_set(session).ok()
                        }
                        Some(_) | None => None,
                    };
                    let why = why.map(|why| (why, number));
                    let predicted = stated.and_then(|()| session.predict());
                    counts.predict += clock.lap();
                    match predicted {
                        Ok(prediction) => {
                            for (count, (flag, _)) in counts.flags.iter_mut().zip(FLAGS) {
                                *count += u64::from(prediction.flags().contains(flag));
                            }
                            let result = Ok((&prediction, why.as_ref()));
                            self.answer.push(&mut builder, row, &self.model, result, &mut scratch);
                            counts.encode += clock.lap();
                            return Ok(());
                        }
                        Err(e) => Refusal::new(&e, row, &self.columns, self.model.schema()),
                    }
                }
            };
            let Some(written) = &self.bad_row_columns else {
                let table = self.table.to_string();
                return Err(Error::Row { table, refusal: refusal.line() });
            };
            counts.refused += 1;
            let result = Err(refusal.status.as_str());
            self.answer.push(&mut builder, row, &self.model, result, &mut scratch);
            note(&mut bad_rows, row, &refusal, written, self.answer.layout.delimiter);
            Ok(())
        })?;
        let clock = Instant::now();
        let block = builder.finish(&self.answer.layout)?;
        counts.encode += clock.elapsed();
        counts.parse = begin.elapsed().saturating_sub(counts.predict + counts.encode);
        Ok(Done { block, bad_rows, counts, length: chunk.length() })
    }
}

/// Adds a refused row, with all its cells, to the file of refused rows.
pub(super) fn note(
    bad_rows: &mut Vec<u8>,
    row: Row<'_>,
    refusal: &Refusal,
    columns: &[usize],
    delimiter: u8,
) {
    let place = refusal.place.number().to_string();
    for cell in [&place, &refusal.status, &refusal.feature, &refusal.reason] {
        push_csv_cell(bad_rows, delimiter, cell.as_bytes());
        bad_rows.push(delimiter);
    }
    // A row of text may have more or fewer cells than there are columns.
    let all: Vec<usize>;
    let columns = match row.n_cells() {
        Some(n_cells) => {
            all = (0..n_cells).collect();
            &all
        }
        None => columns,
    };
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            bad_rows.push(delimiter);
        }
        push_csv_cell(bad_rows, delimiter, row.text(*column).as_bytes());
    }
    bad_rows.push(b'\n');
}

impl Clock {
    fn new(is_timed: bool) -> Self {
        Self(is_timed.then(Instant::now))
    }

    /// The time since the last lap.
    fn lap(&mut self) -> Duration {
        let Some(last) = &mut self.0 else { return Duration::ZERO };
        let now = Instant::now();
        now.duration_since(std::mem::replace(last, now))
    }
}
