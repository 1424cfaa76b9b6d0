//! One batch on its way: rows in, answers out, block by block.

use std::sync::Arc;

use super::writer::BatchWriter;
use crate::batch::{Answer, Batch};
use crate::problem::Problem;
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
    pub(super) numbers: Vec<f64>,
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
        let numbers = vec![f64::NAN; served.model().schema().n_features()];
        Self { batch, writer, answering, streams, numbers }
    }

    /// Adds the row of [`Self::numbers`].
    ///
    /// # Errors
    ///
    /// As [`Self::flush`].
    pub(super) fn push_numbers(&mut self) -> Result<(), End> {
        self.batch.push_numbers(&self.numbers);
        self.flush_full()
    }

    /// Adds a row that is answered.
    ///
    /// # Errors
    ///
    /// As [`Self::flush`].
    pub(super) fn push(&mut self, answer: Answer) -> Result<(), End> {
        self.batch.push(answer);
        self.flush_full()
    }

    fn flush_full(&mut self) -> Result<(), End> {
        if !self.batch.is_full() {
            return Ok(());
        }
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

    fn score(&mut self) -> Result<(), End> {
        let writer = &mut self.writer;
        self.batch.flush(|answer| writer.push(answer))?;
        self.writer.end_block()?;
        Ok(())
    }

    fn send(&mut self) -> Result<(), End> {
        let piece = self.writer.take();
        if self.answering.send(piece) { Ok(()) } else { Err(End::CallerLeft) }
    }

    /// Ends the answer. Returns how many rows there were, and how many of them were refused.
    ///
    /// # Errors
    ///
    /// As [`Self::flush`].
    pub(super) fn finish(mut self) -> Result<(u64, u64), End> {
        if !self.batch.is_empty() {
            self.score()?;
        }
        let counts = self.batch.counts();
        let last = self.writer.finish(counts)?;
        if self.answering.send(last) { Ok(counts) } else { Err(End::CallerLeft) }
    }
}
