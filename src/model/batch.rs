//! The prediction of many rows, in whatever form a caller has them.

use super::Model;
use super::row::check_subnormals;
use crate::error::{Error, Place};
use crate::intake::Cell;
use crate::prediction::Prediction;
use crate::scratch::Scratch;

/// What happens when a row of a batch cannot be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnRefusal {
    /// The first such row fails the batch, before anything is predicted.
    Stop,
    /// The row gets its error, and the others are predicted.
    GoOn,
}

/// Rows of a batch.
pub(crate) trait Rows {
    fn n_rows(&self) -> usize;

    /// The caller's value of a feature in a row; both exist.
    fn cell(&self, row: usize, feature: usize) -> Cell;
}

impl Model {
    /// Predicts `rows` and passes each prediction to `sink` with the index of its row.
    ///
    /// # Errors
    ///
    /// `FloatingPoint`; with [`OnRefusal::Stop`], that of the first row that is refused; `sink` was then never
    /// called.
    pub(crate) fn predict_rows(
        &self,
        scratch: &mut Scratch<'_>,
        rows: &impl Rows,
        on_refusal: OnRefusal,
        mut sink: impl FnMut(usize, Result<Prediction<'_>, Error>),
    ) -> Result<(), Error> {
        check_subnormals()?;
        let (n_features, layout) = (self.intake.n_features(), &self.scratch_layout);
        let cells = |row| (0..n_features).map(move |feature| rows.cell(row, feature));
        match on_refusal {
            OnRefusal::Stop => {
                for row in 0..rows.n_rows() {
                    let admitted = self.admit(cells(row), &mut scratch.regions(layout));
                    admitted.map_err(|e| e.within(Place::Row(row)))?;
                }
            }
            OnRefusal::GoOn => {}
        }
        for row in 0..rows.n_rows() {
            let prediction = self.predict(cells(row), scratch.regions(layout));
            sink(row, prediction.map_err(|e| e.within(Place::Row(row))));
        }
        Ok(())
    }
}
