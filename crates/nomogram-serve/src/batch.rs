//! Many rows of one model, in blocks: rows of numbers are predicted together, the others one by one.
//!
//! The bits are those of single rows. Memory is that of one block, however many rows there are.

use ndarray::ArrayView2;
use nomogram::{Column, Error, OnRefusal, Prediction, Session, Value};

use crate::problem::{Problem, ProblemKind};
use crate::scored::{Options, Refusal, Scored};
use crate::scoring::{Follower, Scorer, problem_of};
use crate::served::Served;
use crate::tally::Tally;

/// Rows of a block.
const BLOCK_ROWS: usize = 512;

/// The answer to one row.
pub type Answer = Result<Scored, Refusal>;

/// Rows that are scored in blocks.
#[derive(Debug)]
pub struct Batch<'a> {
    scorer: Scorer<'a>,
    options: Options,
    /// The rows of numbers of the block, one after the other.
    numbers: Vec<f64>,
    /// Every row of the block.
    rows: Vec<Row>,
    /// The last answer, whose memory is used again.
    answered: Answer,
    /// How many rows were answered, and how many of them refused.
    counts: (u64, u64),
}

#[derive(Debug)]
enum Row {
    /// The next one among the rows of numbers.
    OfNumbers,
    Answered(Box<Answer>),
}

impl<'a> Batch<'a> {
    /// A batch of rows of a model.
    ///
    /// # Errors
    ///
    /// As [`Scorer::new`].
    pub fn new(served: &'a Served, options: Options) -> Result<Self, Problem> {
        Ok(Self::of_scorer(Scorer::new(served, options)?, options))
    }

    /// A batch of rows that a scorer scores, which perhaps has a follower.
    #[must_use]
    pub fn of_scorer(scorer: Scorer<'a>, options: Options) -> Self {
        let (numbers, rows) = (Vec::new(), Vec::new());
        let answered = Ok(Scored::default());
        Self { scorer, options, numbers, rows, answered, counts: (0, 0) }
    }

    /// The scorer, for a row that is not of numbers. Its answer is then pushed.
    pub fn scorer(&mut self) -> &mut Scorer<'a> {
        &mut self.scorer
    }

    /// Whether rows of numbers are predicted together. Explanations are made one by one.
    #[must_use]
    pub fn takes_numbers(&self) -> bool {
        !self.options.explanation
    }

    /// Adds a row of numbers: one per feature, NaN for a missing one, a category by its level's position,
    /// a boolean as 0 or 1.
    pub fn push_numbers(&mut self, row: &[f64]) {
        self.numbers.extend_from_slice(row);
        self.rows.push(Row::OfNumbers);
    }

    /// Adds a row that is answered.
    pub fn push(&mut self, answer: Answer) {
        self.rows.push(Row::Answered(Box::new(answer)));
    }

    /// Whether rows of numbers wait to be predicted.
    #[must_use]
    pub fn has_numbers(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// Whether the block should be flushed.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= BLOCK_ROWS
    }

    /// Whether there is nothing to flush.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows were flushed, and how many of them were refused.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        self.counts
    }

    /// Answers all rows of the block, in their order.
    ///
    /// # Errors
    ///
    /// A problem that no row causes. No row after it is answered.
    pub fn flush(&mut self, mut answer: impl FnMut(&Answer)) -> Result<(), Problem> {
        let Self { scorer, options, numbers, rows, answered, counts } = self;
        let n_features = scorer.served().model().schema().n_features();
        let matrix = ArrayView2::from_shape((numbers.len() / n_features, n_features), numbers);
        let matrix =
            matrix.map_err(|_| Problem::new(ProblemKind::Defect, "rows of different lengths"))?;
        let (mut waiting, mut answer) = (rows.drain(..), counted(counts, &mut answer));
        // Those that come before the next row of numbers.
        let mut answer_waiting = |answer: &mut dyn FnMut(&Answer)| {
            for row in waiting.by_ref() {
                match row {
                    Row::OfNumbers => break,
                    Row::Answered(answered) => answer(&answered),
                }
            }
        };
        let (session, mut sink) = AnswerSink::of_scorer(scorer, *options, answered);
        let predicted = session.predict_rows(matrix, OnRefusal::GoOn, |row, predicted| {
            if !sink.is_stopped() {
                answer_waiting(&mut answer);
                let values = matrix.row(row);
                let values = &mut values.iter().map(|number| match number.is_nan() {
                    true => Value::Missing(None),
                    false => Value::Number(*number),
                });
                sink.take((row, predicted), values, &mut answer);
            }
        });
        sink.finish(predicted)?;
        answer_waiting(&mut answer);
        drop(waiting);
        numbers.clear();
        Ok(())
    }

    /// Answers rows that are given as columns, after those of the block: one column per feature.
    ///
    /// # Errors
    ///
    /// As [`Self::flush`].
    pub fn score_columns(
        &mut self,
        columns: &[Column<'_>],
        mut answer: impl FnMut(&Answer),
    ) -> Result<(), Problem> {
        self.flush(&mut answer)?;
        let Self { scorer, options, answered, counts, .. } = self;
        let mut answer = counted(counts, &mut answer);
        let (session, mut sink) = AnswerSink::of_scorer(scorer, *options, answered);
        let predicted = session.predict_columns(columns, OnRefusal::GoOn, |row, predicted| {
            if !sink.is_stopped() {
                let values = &mut columns.iter().map(|column| value(*column, row));
                sink.take((row, predicted), values, &mut answer);
            }
        });
        sink.finish(predicted)
    }
}

/// A function that counts rows and refused rows, and passes them on.
fn counted<'f>(
    (n_rows, n_refused): &'f mut (u64, u64),
    answer: &'f mut dyn FnMut(&Answer),
) -> impl FnMut(&Answer) + 'f {
    move |answered| {
        *n_rows += 1;
        *n_refused += u64::from(answered.is_err());
        answer(answered);
    }
}

/// The value of a row of a column.
fn value(column: Column<'_>, row: usize) -> Value<'_> {
    match column {
        Column::NumbersOrMissing(numbers) => match numbers.get(row) {
            Some(number) if !number.is_nan() => Value::Number(*number),
            Some(_) | None => Value::Missing(None),
        },
        Column::Numbers(numbers) => {
            numbers.get(row).copied().map_or(Value::Missing(None), Value::Number)
        }
        _ => Value::Missing(None),
    }
}

/// Takes predictions, and makes the answers of which each is passed to the follower.
struct AnswerSink<'t, 'a> {
    served: &'a Served,
    options: Options,
    follower: Option<&'t mut (dyn Follower + 'a)>,
    /// The answer to a row, whose memory the next one uses.
    answered: &'t mut Answer,
    n_predicted: u64,
    n_verdicts: [u64; 3],
    followed: Result<(), Problem>,
}

impl<'t, 'a> AnswerSink<'t, 'a> {
    fn of_scorer(
        scorer: &'t mut Scorer<'a>,
        options: Options,
        answered: &'t mut Answer,
    ) -> (&'t mut Session, Self) {
        let served = scorer.served();
        let (session, follower) = scorer.session_and_follower();
        let (n_predicted, n_verdicts, followed) = (0, [0; 3], Ok(()));
        let sink = Self { served, options, follower, answered, n_predicted, n_verdicts, followed };
        (session, sink)
    }

    /// Whether a row must not be answered, nor any after it.
    fn is_stopped(&self) -> bool {
        self.followed.is_err()
    }

    /// Answers a row with these values.
    fn take(
        &mut self,
        (row, predicted): (usize, Result<Prediction<'_>, Error>),
        values: &mut dyn Iterator<Item = Value<'_>>,
        answer: &mut dyn FnMut(&Answer),
    ) {
        let Self { served, options, answered, .. } = self;
        match (&mut **answered, predicted) {
            (Ok(scored), Ok(prediction)) => scored.set(&prediction, served.model(), *options),
            (Err(_), Ok(prediction)) => {
                **answered = Ok(Scored::new(&prediction, served.model(), *options));
            }
            (_, Err(error)) => **answered = Err(Refusal::of_row(&error, row)),
        }
        if let Some(follower) = &mut self.follower {
            self.followed = follow(&mut **follower, values, answered);
            if self.followed.is_err() {
                return;
            }
        }
        match &**answered {
            Ok(scored) => {
                self.n_predicted += 1;
                let position = scored.verdict.map(Tally::position_of);
                if let Some(n) = position.and_then(|position| self.n_verdicts.get_mut(position)) {
                    *n += 1;
                }
            }
            Err(refusal) => self.served.tally().count_refused(&refusal.status),
        }
        answer(answered);
    }

    /// Counts the rows that were predicted.
    fn finish(self, predicted: Result<(), Error>) -> Result<(), Problem> {
        self.served.tally().add_predicted(self.n_predicted, self.n_verdicts);
        predicted.map_err(|error| problem_of(&error))?;
        self.followed
    }
}

/// Passes a row to a follower.
fn follow(
    follower: &mut dyn Follower,
    values: &mut dyn Iterator<Item = Value<'_>>,
    answer: &Answer,
) -> Result<(), Problem> {
    follower.begin_row();
    if follower.needs_values() {
        values.enumerate().for_each(|(position, value)| follower.set(position, value));
    }
    follower.end_row(answer.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::served::Approval;

    #[test]
    fn rows_are_answered_in_their_order_with_the_bits_of_single_rows() {
        let bytes = nomogram_testkit::bundle_of_three_members();
        let served = Served::open(&bytes, Approval::NotRecorded).unwrap();
        let mut batch = Batch::new(&served, Options::default()).unwrap();
        let row = |number: f64| [10.0 + number / 7.0, 12.0, 80.0 + number];
        let mut expected = Vec::new();
        for number in 0..40_u8 {
            let mut row = row(f64::from(number));
            match number % 5 {
                1 => {
                    batch.push(Err(Refusal::new("argument_feature", "none")));
                    expected.push(Err("argument_feature".to_owned()));
                    continue;
                }
                3 => row[1] = f64::NAN,
                _ => {}
            }
            batch.push_numbers(&row);
            let mut session = served.session().unwrap();
            let single = session.predict_row(&row);
            expected.push(match single {
                Ok(prediction) => Ok(prediction.outputs().to_vec()),
                Err(error) => Err(crate::scored::status(error.kind())),
            });
        }
        let mut found = Vec::new();
        batch
            .flush(|answer| {
                found.push(match answer {
                    Ok(scored) => Ok(scored.outputs.clone()),
                    Err(refusal) => {
                        assert!(!refusal.detail.starts_with("row"), "{}", refusal.detail);
                        Err(refusal.status.to_string())
                    }
                });
            })
            .unwrap();
        assert_eq!(found, expected);
        assert_eq!(batch.counts(), (40, 16));
        assert!(batch.is_empty());
    }

    #[test]
    fn columns_are_answered_as_their_rows_after_the_rows_before() {
        let bytes = nomogram_testkit::bundle_with_profile();
        let served = Served::open(&bytes, Approval::NotRecorded).unwrap();
        let number = |row: u8, feature: u8| match (row, feature) {
            (9 | 30, 1) => f64::NAN,
            (12, 2) => f64::INFINITY,
            _ => f64::from(row) / 3.0 + f64::from(feature),
        };
        let columns = [0, 1, 2].map(|feature| (0..50).map(|row| number(row, feature)).collect());
        let columns: [Vec<f64>; 3] = columns;
        let answers = |is_missing: bool| {
            let mut batch = Batch::new(&served, Options::default()).unwrap();
            batch.push(Err(Refusal::new("argument_feature", "none")));
            batch.push_numbers(&[1.0, 2.0, 3.0]);
            let columns = columns.each_ref().map(|numbers| match is_missing {
                true => Column::NumbersOrMissing(numbers),
                false => Column::Numbers(numbers),
            });
            let mut answers = Vec::new();
            batch.score_columns(&columns, |answer| answers.push(answer.clone())).unwrap();
            assert_eq!(batch.counts(), (52, 4));
            answers
        };
        for is_missing in [true, false] {
            let mut scorer = Scorer::new(&served, Options::default()).unwrap();
            let found = answers(is_missing);
            assert_eq!(found[0].as_ref().unwrap_err().status, "argument_feature");
            assert!(found[1].is_ok());
            for (row, found) in (0_u8..).zip(&found[2..]) {
                scorer.begin_row();
                for feature in 0..3_u8 {
                    let value = match number(row, feature) {
                        number if number.is_nan() && is_missing => Value::Missing(None),
                        number => Value::Number(number),
                    };
                    scorer.set(feature.into(), value).unwrap();
                }
                assert_eq!(*found, scorer.score(), "row {row}, {is_missing}");
            }
        }
        let mut batch = Batch::new(&served, Options::default()).unwrap();
        assert!(batch.score_columns(&[Column::Numbers(&[1.0])], |_| {}).is_err());
    }
}
