//! Many rows of one model, in blocks: rows of numbers are predicted together, the others one by one.
//!
//! The bits are those of single rows. Memory is that of one block, however many rows there are.

use ndarray::ArrayView2;
use nomogram::{OnRefusal, Value};

use crate::problem::Problem;
use crate::scored::{Options, Refusal, Scored};
use crate::scoring::{Follower, Scorer, problem_of};
use crate::served::Served;

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
    n_rows: u64,
    n_refused: u64,
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
        Self { scorer, options, numbers, rows, n_rows: 0, n_refused: 0 }
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
        (self.n_rows, self.n_refused)
    }

    /// Answers all rows of the block, in their order.
    ///
    /// # Errors
    ///
    /// A problem that no row causes. No row after it is answered.
    pub fn flush(&mut self, mut answer: impl FnMut(&Answer)) -> Result<(), Problem> {
        let Self { scorer, options, numbers, rows, n_rows, n_refused } = self;
        let served = scorer.served();
        let (model, tally) = (served.model(), served.tally());
        let n_features = model.schema().n_features();
        let mut answer = |answered: &Answer| {
            *n_rows += 1;
            *n_refused += u64::from(answered.is_err());
            answer(answered);
        };
        let mut waiting = rows.drain(..);
        // Those that come before the next row of numbers.
        let mut answer_waiting = |answer: &mut dyn FnMut(&Answer)| {
            for row in waiting.by_ref() {
                match row {
                    Row::OfNumbers => break,
                    Row::Answered(answered) => answer(&answered),
                }
            }
        };
        let matrix = ArrayView2::from_shape((numbers.len() / n_features, n_features), numbers);
        let matrix = matrix.map_err(|_| {
            Problem::new(crate::problem::ProblemKind::Defect, "rows of different lengths")
        })?;
        let (session, mut follower) = scorer.session_and_follower();
        let mut followed = Ok(());
        session
            .predict_rows(matrix, OnRefusal::GoOn, |row, predicted| {
                if followed.is_err() {
                    return;
                }
                answer_waiting(&mut answer);
                let answered = match predicted {
                    Ok(prediction) => Ok(Scored::new(&prediction, model, *options)),
                    Err(error) => Err(Refusal::of_row(&error, row)),
                };
                if let Some(follower) = &mut follower {
                    followed = follow(&mut **follower, matrix.row(row).iter().copied(), &answered);
                    if followed.is_err() {
                        return;
                    }
                }
                match &answered {
                    Ok(scored) => tally.count_predicted(scored.verdict),
                    Err(refusal) => tally.count_refused(&refusal.status),
                }
                answer(&answered);
            })
            .map_err(|error| problem_of(&error))?;
        followed?;
        answer_waiting(&mut answer);
        drop(waiting);
        numbers.clear();
        Ok(())
    }
}

/// Passes a row of numbers to a follower.
fn follow(
    follower: &mut dyn Follower,
    numbers: impl Iterator<Item = f64>,
    answer: &Answer,
) -> Result<(), Problem> {
    follower.begin_row();
    if follower.needs_values() {
        for (position, number) in numbers.enumerate() {
            let value = if number.is_nan() { Value::Missing(None) } else { Value::Number(number) };
            follower.set(position, value);
        }
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
}
