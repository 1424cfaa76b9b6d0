//! One batch on its way: rows in, answers out, block by block.

use std::sync::Arc;

use nomogram::Column;

use super::writer::BatchWriter;
use crate::batch::{Answer, Batch};
use crate::problem::Problem;
use crate::row::RowOfNumbers;
use crate::scored::Refusal;
use crate::scoring::Scorer;
use crate::served::Served;
use crate::stream::{Answering, PIECE_BYTES};

/// A batch that is scored and written.
pub(super) struct Run<'a> {
    pub(super) batch: Batch<'a>,
    writer: BatchWriter,
    answering: &'a Answering,
    /// Whether answers are sent before the last row; otherwise a fault at its end still refuses it all.
    streams: bool,
    /// Room for the numbers of one row.
    pub(super) row: RowOfNumbers<'a>,
}

/// Why a batch ends before its last row.
#[derive(Debug)]
pub(super) enum End {
    Problem(Problem),
    /// The caller left.
    CallerLeft,
}

impl From<Problem> for End {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(
        served: &'a Arc<Served>,
        batch: Batch<'a>,
        writer: BatchWriter,
        (answering, streams): (&'a Answering, bool),
    ) -> Self {
        Self { batch, writer, answering, streams, row: RowOfNumbers::new(served) }
    }

    /// Adds the row of [`Self::row`].
    ///
    /// # Errors
    ///
    /// As [`Self::flush`].
    pub(super) fn push_row(&mut self) -> Result<(), End> {
        self.batch.push_numbers(&self.row.numbers);
        self.flush_full()
    }

    /// Answers rows that are given as columns, one per feature, after those before them.
    ///
    /// # Errors
    ///
    /// As [`Self::flush`].
    pub(super) fn score_columns(&mut self, columns: &[Column<'_>]) -> Result<(), End> {
        self.check_caller()?;
        let writer = &mut self.writer;
        self.batch.score_columns(columns, |answer| writer.push(answer))?;
        self.writer.end_block()?;
        Ok(())
    }

    /// Adds a row that is answered.
    ///
    /// # Errors
    ///
    /// As [`Self::flush`]; a refusal that is no fault of the row.
    pub(super) fn push(&mut self, answer: Answer) -> Result<(), End> {
        // Such a row may take long: it is explained, for example.
        self.check_caller()?;
        if let Err(refusal) = &answer
            && !refusal.is_of_row()
        {
            let served = self.batch.scorer().served();
            return Err(refusal.clone().into_problem(served).into());
        }
        self.batch.push(answer);
        self.flush_full()
    }

    /// Adds a row that cannot be read.
    ///
    /// # Errors
    ///
    /// As [`Self::push`].
    pub(super) fn refuse(&mut self, refusal: Refusal) -> Result<(), End> {
        let scorer = self.scorer()?;
        scorer.begin_row();
        let answer = scorer.answer(Err(refusal));
        self.push(answer)
    }

    /// The scorer, for a row that is not of numbers. Those before it are answered first: the order of the
    /// answers is that of the rows in the decision log and among those that outcomes name.
    ///
    /// # Errors
    ///
    /// As [`Self::flush`].
    pub(super) fn scorer(&mut self) -> Result<&mut Scorer<'a>, End> {
        if self.batch.has_numbers() {
            self.end_block()?;
        }
        Ok(self.batch.scorer())
    }

    fn flush_full(&mut self) -> Result<(), End> {
        if self.batch.is_full() { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<(), End> {
        self.score()?;
        match self.streams && self.writer.n_bytes() >= PIECE_BYTES {
            true => self.send(),
            false => Ok(()),
        }
    }

    /// Answers the rows so far, for a caller who waits for them.
    ///
    /// # Errors
    ///
    /// `Defect`, or that the caller left.
    pub(super) fn flush(&mut self) -> Result<(), End> {
        if !self.batch.is_empty() {
            self.score()?;
        }
        if self.streams { self.send() } else { Ok(()) }
    }

    /// A batch whose caller left, or whose time is over, is not computed further.
    fn check_caller(&self) -> Result<(), End> {
        if self.answering.caller_left() { Err(End::CallerLeft) } else { Ok(()) }
    }

    fn score(&mut self) -> Result<(), End> {
        self.check_caller()?;
        let writer = &mut self.writer;
        self.batch.flush(|answer| writer.push(answer))?;
        self.writer.end_block()?;
        Ok(())
    }

    fn send(&mut self) -> Result<(), End> {
        let piece = self.writer.take();
        if self.answering.send(piece) { Ok(()) } else { Err(End::CallerLeft) }
    }

    /// Ends the answer.
    ///
    /// # Errors
    ///
    /// As [`Self::flush`].
    pub(super) fn finish(mut self) -> Result<(), End> {
        if !self.batch.is_empty() {
            self.score()?;
        }
        let last = self.writer.finish(self.batch.counts())?;
        if self.answering.send(last) { Ok(()) } else { Err(End::CallerLeft) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::form::Form;
    use crate::problem::ProblemKind;
    use crate::scored::Options;
    use crate::served::Approval;
    use crate::stream;

    #[test]
    fn a_batch_whose_caller_left_is_not_computed_further() {
        let bytes = nomogram_testkit::bundle_of_three_members();
        let served = Arc::new(Served::open(&bytes, Approval::NotRecorded).unwrap());
        let (answering, answered) = stream::answer();
        let run = || {
            let batch = Batch::new(&served, Options::default()).unwrap();
            let writer = BatchWriter::new(Arc::clone(&served), Form::Json, Options::default(), "r");
            Run::new(&served, batch, writer.unwrap(), (&answering, false))
        };
        let refused = || Err(Refusal::new("value_missing", "none"));
        let (mut single, mut block) = (run(), run());
        single.push(refused()).unwrap();
        block.row.numbers.fill(1.0);
        block.push_row().unwrap();
        drop(answered);
        assert!(matches!(single.push(refused()), Err(End::CallerLeft)));
        let n_predicted = served.tally().n_predicted();
        assert!(matches!(block.flush(), Err(End::CallerLeft)));
        assert_eq!(served.tally().n_predicted(), n_predicted);
    }

    #[test]
    fn a_row_that_must_not_be_answered_ends_the_batch() {
        let bytes = nomogram_testkit::bundle_of_three_members();
        let served = Arc::new(Served::open(&bytes, Approval::NotRecorded).unwrap());
        let (answering, _answered) = stream::answer();
        let batch = Batch::new(&served, Options::default()).unwrap();
        let writer = BatchWriter::new(Arc::clone(&served), Form::Json, Options::default(), "r");
        let mut run = Run::new(&served, batch, writer.unwrap(), (&answering, false));
        let problem = Problem::new(ProblemKind::NotReady, "no log");
        let Err(End::Problem(ended)) = run.push(Err(Refusal::of_problem(&problem))) else {
            panic!("it goes on");
        };
        assert_eq!((ended.kind(), ended.detail()), (ProblemKind::NotReady, "no log"));
    }
}
