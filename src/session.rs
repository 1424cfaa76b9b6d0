//! Predicting: one row value by value, one row at once, or a batch.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::error::{Error, ErrorKind, Place};
use crate::intake::{Cell, Value};
use crate::model::{Buffers, Memory, Model};
use crate::prediction::Prediction;
use crate::schema::MissingReason;

/// The working memory of one thread for one model.
///
/// After it exists, predicting allocates nothing. The bits of a row's prediction depend on the
/// bundle and the row alone: not on the platform, the session, the thread, the other rows or their
/// layout.
#[derive(Debug)]
pub struct Session {
    model: Arc<Model>,
    cells: Vec<Cell>,
    buffers: Buffers,
}

/// What happens when a row of a batch cannot be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnRefusal {
    /// The first such row fails the batch, before anything is predicted.
    Stop,
    /// The row gets its error, and the others are predicted.
    GoOn,
}

/// Rows of a batch, in whatever form a caller has them.
pub(crate) trait Rows {
    fn n_rows(&self) -> usize;

    /// What the caller says of a feature in a row; both exist.
    fn cell(&self, row: usize, feature: usize) -> Cell;
}

impl Session {
    /// A session for `model`, which it keeps alive.
    #[must_use]
    pub fn new(model: Arc<Model>) -> Self {
        let cells = vec![Cell::UNSET; model.schema().n_features()];
        Self { buffers: Buffers::new(&model), cells, model }
    }

    /// The model that it predicts with.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    fn workspace(&mut self) -> Workspace<'_> {
        let memory = self.buffers.memory();
        Workspace { model: &self.model, cells: &mut self.cells, memory }
    }

    /// Forgets every value that was set: all features are then unset.
    pub fn clear(&mut self) {
        self.workspace().clear();
    }

    /// States the value of a feature, for [`Self::predict`]. It stays until it is stated anew or
    /// [`Self::clear`] is called.
    ///
    /// # Errors
    ///
    /// `UnknownFeature`, or `UnknownUnit` for a unit that the feature does not have; what was stated
    /// before then stays. Everything else that may be wrong with a value is for the feature's policy
    /// to decide when the row is predicted.
    pub fn set(&mut self, feature: usize, value: Value<'_>) -> Result<(), Error> {
        self.workspace().set(feature, value)
    }

    /// Why a feature was stated to be missing, if it was and a reason was given.
    #[must_use]
    pub fn missing_reason(&self, feature: usize) -> Option<MissingReason> {
        self.cells.get(feature)?.missing_reason()
    }

    /// Predicts the row that was stated by [`Self::set`].
    ///
    /// # Errors
    ///
    /// A kind of the class `Value`, with the feature or the rule. No error tells the value.
    ///
    /// ```
    /// # use nomogram::{ErrorKind, Model, Session, Value};
    /// # let model = Model::open(&nomogram_testkit::bundle_of_three_members())?;
    /// let mut session = Session::new(model.into());
    /// for (feature, value) in [17.99, 10.38].into_iter().enumerate() {
    ///     session.set(feature, Value::Number(value))?;
    /// }
    /// assert_eq!(session.predict().unwrap_err().kind(), ErrorKind::Unset);
    /// session.set(2, Value::Number(122.8))?;
    /// assert_eq!(session.predict()?.probabilities().len(), 2);
    /// # Ok::<(), nomogram::Error>(())
    /// ```
    pub fn predict(&mut self) -> Result<Prediction<'_>, Error> {
        let cells = self.cells.iter().copied();
        self.model.predict(cells, self.buffers.memory())
    }

    /// Predicts one row: one value per feature, in the order of the schema. NaN means missing; a
    /// category is the number of its level, a boolean 0 or 1.
    ///
    /// # Errors
    ///
    /// `FeatureCount`; a kind of the class `Value` with the feature or the rule. No error tells the
    /// value.
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
        self.model.intake().check_width(values.len())?;
        let cells = values.iter().map(|number| Cell::of_array(*number));
        self.model.predict(cells, self.buffers.memory())
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
        self.predict_rows(rows, OnRefusal::Stop, |row, prediction| {
            if let Ok(prediction) = prediction {
                sink(row, &prediction);
            }
        })
    }

    /// Predicts `rows` as [`Self::predict_each`], and says what happens when one of them cannot be
    /// predicted: `sink` gets its error in its place, or the call fails before `sink` is called.
    ///
    /// # Errors
    ///
    /// `FeatureCount`; with [`OnRefusal::Stop`] as [`Self::predict_row`], with the row.
    pub fn predict_rows(
        &mut self,
        rows: ArrayView2<'_, f64>,
        on_refusal: OnRefusal,
        sink: impl FnMut(usize, Result<Prediction<'_>, Error>),
    ) -> Result<(), Error> {
        self.model.intake().check_width(rows.ncols())?;
        self.workspace().predict_rows(&Matrix(rows), on_refusal, sink)
    }

    /// Writes the outputs of `rows` to `out`, shape `(n_rows, n_outputs)`; both may have any layout.
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
        let expected = (rows.nrows(), self.model.schema().n_outputs());
        if out.dim() != expected {
            return Err(Error::new(
                ErrorKind::OutputLength,
                format!("output of shape {:?}, expected {expected:?}", out.dim()),
            ));
        }
        self.predict_each(rows, |row, prediction| {
            for (own, output) in out.row_mut(row).iter_mut().zip(prediction.outputs()) {
                *own = *output;
            }
        })
    }
}

/// A model with the memory to predict with it, wherever that lies.
#[derive(Debug)]
pub(crate) struct Workspace<'m> {
    pub(crate) model: &'m Model,
    /// What was stated of each feature.
    pub(crate) cells: &'m mut [Cell],
    pub(crate) memory: Memory<'m>,
}

impl Workspace<'_> {
    pub(crate) fn clear(&mut self) {
        self.cells.fill(Cell::UNSET);
    }

    pub(crate) fn set(&mut self, feature: usize, value: Value<'_>) -> Result<(), Error> {
        let cell = self.model.intake().cell(feature, value)?;
        if let Some(own) = self.cells.get_mut(feature) {
            *own = cell;
        }
        Ok(())
    }

    /// Predicts what was stated.
    #[cfg(feature = "ffi")]
    pub(crate) fn predict(&mut self) -> Result<Prediction<'_>, Error> {
        self.model.predict(self.cells.iter().copied(), self.memory.lend())
    }

    pub(crate) fn predict_rows(
        &mut self,
        rows: &impl Rows,
        on_refusal: OnRefusal,
        mut sink: impl FnMut(usize, Result<Prediction<'_>, Error>),
    ) -> Result<(), Error> {
        let n_features = self.model.intake().n_features();
        let cells = |row| (0..n_features).map(move |feature| rows.cell(row, feature));
        if on_refusal == OnRefusal::Stop {
            for row in 0..rows.n_rows() {
                let admitted = self.model.admit(cells(row), &mut self.memory);
                admitted.map_err(|e| e.within(Place::Row(row)))?;
            }
        }
        for row in 0..rows.n_rows() {
            let prediction = self.model.predict(cells(row), self.memory.lend());
            sink(row, prediction.map_err(|e| e.within(Place::Row(row))));
        }
        Ok(())
    }
}

/// Numbers, shape `(n_rows, n_features)`; NaN means missing.
struct Matrix<'a>(ArrayView2<'a, f64>);

impl Rows for Matrix<'_> {
    fn n_rows(&self) -> usize {
        self.0.nrows()
    }

    fn cell(&self, row: usize, feature: usize) -> Cell {
        self.0.get((row, feature)).map_or(Cell::UNSET, |number| Cell::of_array(*number))
    }
}
