//! What one thread does with a chunk: state the rows, predict them, write them down.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ndarray::ArrayView2;
use nomogram::{Attribution, Model, Monitor, OnRefusal, Prediction, Session};
use nomogram_table::{Chunk, Columns, Numbers, Row, Rows};

use super::answer::{Answer, FLAGS};
use crate::error::Error;
use crate::explanation::{ExplainOptions, Explaining};
use crate::output::{Block, BlockBuilder, push_csv_cell};
use crate::refusal::Refusal;

/// How many rows are predicted together.
const BLOCK_ROWS: usize = 256;

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

/// What one thread predicts with.
struct Predicting {
    /// For rows of numbers, block by block.
    together: Session,
    /// For the other rows, one by one.
    alone: Session,
    explaining: Option<Explaining>,
    /// The rows of numbers of a block.
    numbers: Numbers,
}

/// A chunk that is being done.
struct Doing<'w> {
    worker: &'w Worker,
    builder: BlockBuilder,
    bad_rows: Vec<u8>,
    scratch: String,
    counts: Counts,
    clock: Clock,
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
        let mut predicting = Predicting {
            together: Session::new(self.model.clone()),
            alone: Session::new(self.model.clone()),
            explaining: explanation.map(|options| options.explainer(&self.model)).transpose()?,
            numbers: Numbers::default(),
        };
        Ok(move |chunk| {
            own.begin_counting(&mut predicting)?;
            let done = own.predict(&chunk, &mut predicting)?;
            own.add_counts(&mut predicting)?;
            Ok(done)
        })
    }

    fn begin_counting(&self, predicting: &mut Predicting) -> Result<(), Error> {
        if self.counters.is_some() {
            for session in predicting.sessions() {
                session.attach(Monitor::new(self.model.clone())?)?;
            }
        }
        Ok(())
    }

    /// Adds the counts of a chunk to those of all threads.
    fn add_counts(&self, predicting: &mut Predicting) -> Result<(), Error> {
        let Some(total) = &self.counters else { return Ok(()) };
        let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
        for counted in predicting.sessions().into_iter().filter_map(Session::detach) {
            total.add(&counted.to_bytes())?;
        }
        Ok(())
    }

    fn predict(&self, chunk: &Chunk, predicting: &mut Predicting) -> Result<Done, Error> {
        let begin = Instant::now();
        let mut doing = Doing {
            worker: self,
            builder: self.answer.builder(chunk),
            bad_rows: Vec::new(),
            scratch: String::new(),
            counts: Counts::default(),
            clock: Clock::new(self.is_timed),
        };
        chunk.each_block(BLOCK_ROWS, |rows| predicting.predict(rows, &mut doing))?;
        let Doing { builder, bad_rows, mut counts, .. } = doing;
        let clock = Instant::now();
        let block = builder.finish(&self.answer.layout)?;
        counts.encode += clock.elapsed();
        counts.parse = begin.elapsed().saturating_sub(counts.predict + counts.encode);
        Ok(Done { block, bad_rows, counts, length: chunk.length() })
    }
}

impl Predicting {
    fn sessions(&mut self) -> [&mut Session; 2] {
        [&mut self.together, &mut self.alone]
    }

    /// Predicts rows of numbers together and the others one by one; answers all in their order.
    fn predict(&mut self, rows: Rows<'_>, doing: &mut Doing<'_>) -> Result<(), Error> {
        let Self { together, alone, explaining, numbers } = self;
        let Worker { model, columns, .. } = doing.worker;
        let n_features = model.schema().n_features();
        match explaining {
            Some(_) => numbers.clear(rows.len()),
            None => columns.read_numbers(rows, model.schema(), numbers),
        }
        let values = numbers.values();
        let matrix = ArrayView2::from_shape((values.len() / n_features, n_features), values);
        let matrix = matrix.map_err(|_| Error::Defect("rows of different lengths"))?;
        let mut waiting = rows.iter().zip(numbers.is_of_numbers());
        // The next row of numbers, when those before it are answered.
        let mut next = |doing: &mut Doing<'_>| {
            for (row, is_of_numbers) in waiting.by_ref() {
                if *is_of_numbers {
                    return Ok(Some(row));
                }
                predict_alone(row, alone, explaining.as_mut(), doing)?;
            }
            Ok::<_, Error>(None)
        };
        doing.clock.lap();
        let mut outcome = Ok(());
        together.predict_rows(matrix, OnRefusal::GoOn, |_, predicted| {
            if outcome.is_err() {
                return;
            }
            doing.counts.predict += doing.clock.lap();
            outcome = next(doing).and_then(|row| match row {
                Some(row) => doing.answer(row, predicted.map(|prediction| (prediction, None))),
                None => Err(Error::Defect("more predictions than rows")),
            });
        })?;
        outcome?;
        next(doing).map(drop)
    }
}

/// Predicts a row that is no row of numbers, or is explained.
fn predict_alone(
    row: Row<'_>,
    session: &mut Session,
    mut explaining: Option<&mut Explaining>,
    doing: &mut Doing<'_>,
) -> Result<(), Error> {
    let columns = &doing.worker.columns;
    if let Some(refusal) = Refusal::of_length(row, columns) {
        return doing.refuse(row, &refusal);
    }
    let stated = columns.state(row, session);
    doing.clock.lap();
    let number = explaining.as_ref().map_or(0, |explaining| explaining.number);
    let why = match explaining.as_mut() {
        // A row that is refused is refused again below.
        Some(explaining) if stated.is_ok() => explaining.explainer.explain_set(session).ok(),
        Some(_) | None => None,
    };
    let predicted = stated.and_then(|()| session.predict());
    doing.counts.predict += doing.clock.lap();
    doing.answer(row, predicted.map(|prediction| (prediction, why.map(|why| (why, number)))))
}

impl Doing<'_> {
    /// Writes down what was predicted for a row, and perhaps which explanation is its own.
    #[allow(clippy::type_complexity, reason = "as in `Answer::push`")]
    fn answer(
        &mut self,
        row: Row<'_>,
        predicted: Result<(Prediction<'_>, Option<(Attribution<'_>, usize)>), nomogram::Error>,
    ) -> Result<(), Error> {
        let Worker { model, columns, answer, .. } = self.worker;
        let (prediction, why) = match predicted {
            Ok(predicted) => predicted,
            Err(error) => {
                return self.refuse(row, &Refusal::new(&error, row, columns, model.schema()));
            }
        };
        self.counts.rows += 1;
        for (count, (flag, _)) in self.counts.flags.iter_mut().zip(FLAGS) {
            *count += u64::from(prediction.flags().contains(flag));
        }
        let result = Ok((&prediction, why.as_ref()));
        answer.push(&mut self.builder, row, model, result, &mut self.scratch);
        self.counts.encode += self.clock.lap();
        Ok(())
    }

    fn refuse(&mut self, row: Row<'_>, refusal: &Refusal) -> Result<(), Error> {
        let Worker { model, answer, table, bad_row_columns, .. } = self.worker;
        let Some(written) = bad_row_columns else {
            return Err(Error::Row { table: table.to_string(), refusal: refusal.line() });
        };
        self.counts.rows += 1;
        self.counts.refused += 1;
        let result = Err(refusal.status.as_str());
        answer.push(&mut self.builder, row, model, result, &mut self.scratch);
        note(&mut self.bad_rows, row, refusal, written, answer.layout.delimiter);
        self.counts.encode += self.clock.lap();
        Ok(())
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
