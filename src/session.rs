//! Predicting: the working memory of one thread.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch::Batch;
use crate::error::{Error, ErrorKind};
use crate::model::{Model, Scratch};
use crate::prediction::Prediction;

/// The working memory of one thread for one model.
///
/// After it exists, predicting allocates nothing. The bits of a row's prediction depend on the
/// bundle and the row alone: not on the platform, the session, the thread, the other rows or their
/// layout.
#[derive(Debug)]
pub struct Session {
    model: Arc<Model>,
    scratch: Scratch,
    row: Vec<f64>,
}

impl Session {
    /// A session for `model`, which it keeps alive.
    #[must_use]
    pub fn new(model: Arc<Model>) -> Self {
        let scratch = Scratch::new(&model);
        let row = vec![0.0; model.schema().n_features()];
        Self { model, scratch, row }
    }

    /// The model that it predicts with.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Predicts one row: one value per feature, in the order of the schema.
    ///
    /// # Errors
    ///
    /// `FeatureCount`; `Missing` for NaN, `Infinite` or `Magnitude` (above 1e100) with the feature.
    /// No error tells the value.
    ///
    /// ```
    /// # use nomogram::{ErrorKind, Model, Session};
    /// # let model = Model::open(&nomogram_testkit::bundle_of_three_members())?;
    /// let mut session = Session::new(model.into());
    /// let prediction = session.predict_row(&[17.99, 10.38, 122.8])?;
    /// assert_eq!(prediction.probabilities().len(), 2);
    ///
    /// let error = session.predict_row(&[17.99, f64::NAN, 122.8]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Missing);
    /// # Ok::<(), nomogram::Error>(())
    /// ```
    pub fn predict_row(&mut self, values: &[f64]) -> Result<Prediction<'_>, Error> {
        self.model.schema().check_row(values.iter())?;
        Ok(self.model.predict(values, &mut self.scratch))
    }

    /// Predicts `rows`, shape `(n_rows, n_features)` in any layout, and hands each prediction to
    /// `sink` with the number of its row.
    ///
    /// # Errors
    ///
    /// As [`Self::predict_row`], with the first row that cannot be predicted; `sink` is then not
    /// called at all.
    pub fn predict_each(
        &mut self,
        rows: ArrayView2<'_, f64>,
        mut sink: impl FnMut(usize, &Prediction<'_>),
    ) -> Result<(), Error> {
        let batch = Batch::new(self.model.schema(), rows)?;
        for (index, row) in batch.rows().rows().into_iter().enumerate() {
            for (own, value) in self.row.iter_mut().zip(row) {
                *own = *value;
            }
            sink(index, &self.model.predict(&self.row, &mut self.scratch));
        }
        Ok(())
    }

    /// Writes the probabilities of `rows` to `out`, shape `(n_rows, n_classes)`; both may have any
    /// layout.
    ///
    /// # Errors
    ///
    /// As [`Self::predict_each`], and `OutputLength` when `out` has another shape; `out` is then
    /// unchanged.
    pub fn predict_into(
        &mut self,
        rows: ArrayView2<'_, f64>,
        mut out: ArrayViewMut2<'_, f64>,
    ) -> Result<(), Error> {
        let expected = (rows.nrows(), self.model.schema().n_classes());
        if out.dim() != expected {
            return Err(Error::new(
                ErrorKind::OutputLength,
                format!("output of shape {:?}, expected {expected:?}", out.dim()),
            ));
        }
        self.predict_each(rows, |row, prediction| {
            for (own, probability) in out.row_mut(row).iter_mut().zip(prediction.probabilities()) {
                *own = *probability;
            }
        })
    }
}
