//! Predicting: one row value by value, one row at once, or a batch.

use alloc::sync::Arc;
use core::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use crate::error::{Error, ErrorKind, Place};
use crate::intake::{Cell, Value};
use crate::model::{Each, Model, OnRefusal, Rows};
use crate::monitor::Monitor;
use crate::prediction::Prediction;
use crate::schema::MissingReason;
use crate::scratch::Scratch;

/// The numbers of one feature in the rows of a batch; a category by the number of its level, a boolean as 0 or 1.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Column<'a> {
    /// NaN is a value that is not a number.
    Numbers(&'a [f64]),
    /// NaN is a missing value.
    NumbersOrMissing(&'a [f64]),
}

/// A model and the scratch memory of one thread to predict with it.
///
/// After it exists, predicting allocates nothing. The bits of a row's prediction depend on the
/// bundle and the row only: not on the platform, the session, the thread, the other rows or their
/// layout.
#[derive(Debug)]
pub struct Session {
    model: Arc<Model>,
    scratch: Scratch<'static>,
}

impl Session {
    /// A session for `model`, which it keeps alive.
    ///
    /// # Panics
    ///
    /// When there is no memory for it; [`Self::try_new`] returns an error then.
    #[must_use]
    pub fn new(model: Arc<Model>) -> Self {
        match Self::try_new(model) {
            Ok(session) => session,
            #[allow(clippy::panic, reason = "as every other allocation of a Rust program ends")]
            Err(error) => panic!("{error}"),
        }
    }

    /// A session for `model`, which it keeps alive.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub fn try_new(model: Arc<Model>) -> Result<Self, Error> {
        Ok(Self { scratch: Scratch::new(model.scratch_layout())?, model })
    }

    /// The model that it predicts with.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Counts every row that is predicted or refused from now on in `monitor`, until it is taken back by
    /// [`Self::detach`]. Counting allocates nothing.
    ///
    /// # Errors
    ///
    /// `Counters` for a monitor of another bundle, or when a monitor is attached already.
    pub fn attach(&mut self, monitor: Monitor) -> Result<(), Error> {
        let refused = |detail| Err(Error::new(ErrorKind::Counters, detail));
        if monitor.model().digest() != self.model.digest() {
            return refused("the monitor counts rows of another bundle");
        }
        if !self.scratch.counters().is_empty() {
            return refused("a monitor is attached already");
        }
        self.scratch.count_in(monitor.into_cells());
        Ok(())
    }

    /// Counts no longer, and returns the monitor that was attached.
    pub fn detach(&mut self) -> Option<Monitor> {
        let cells = self.scratch.stop_counting();
        (!cells.is_empty()).then(|| Monitor::of_cells(Arc::clone(&self.model), cells))
    }

    /// Forgets every value that was set: all features are then unset.
    pub fn clear(&mut self) {
        self.scratch.clear();
    }

    /// Sets the value of a feature, for [`Self::predict`]. It stays until it is set again or
    /// [`Self::clear`] is called.
    ///
    /// # Errors
    ///
    /// `UnknownFeature`, or `UnknownUnit` for a unit that the feature does not have; the value that was
    /// set before then stays. Anything else that is wrong with a value is decided by the feature's
    /// policy when the row is predicted.
    pub fn set(&mut self, feature: usize, value: Value<'_>) -> Result<(), Error> {
        self.model.set(&mut self.scratch, feature, value)
    }

    /// The value that was set for each feature.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Cell> {
        (0..self.model.schema().n_features())
            .map(|feature| self.scratch.cell(feature).unwrap_or(Cell::UNSET))
    }

    /// Why a feature was set to missing, if it was and a reason was given.
    #[must_use]
    pub fn missing_reason(&self, feature: usize) -> Option<MissingReason> {
        self.scratch.cell(feature)?.missing_reason()
    }

    /// Predicts the row that was set by [`Self::set`].
    ///
    /// # Errors
    ///
    /// A kind of the class `Value`, with the feature or the rule. No error contains the value.
    /// `FloatingPoint` in a thread that flushes subnormals to zero.
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
        self.model.predict_cells(&mut self.scratch)
    }

    /// Predicts one row: one value per feature, in the order of the schema. NaN means missing; a
    /// category is the number of its level, a boolean 0 or 1.
    ///
    /// # Errors
    ///
    /// `FeatureCount`; a kind of the class `Value` with the feature or the rule. No error contains
    /// the value. `FloatingPoint` in a thread that flushes subnormals to zero.
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
        self.model.predict_row(&mut self.scratch, values)
    }

    /// Predicts `rows`, shape `(n_rows, n_features)` in any layout, and passes each prediction
    /// to `sink` with the index of its row.
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

    /// Predicts `rows` as [`Self::predict_each`], and chooses what happens when one of them cannot be
    /// predicted: `sink` gets its error in its place, or the call fails before `sink` is called.
    ///
    /// # Errors
    ///
    /// `FeatureCount` and `FloatingPoint`; with [`OnRefusal::Stop`] as [`Self::predict_row`], with the row.
    pub fn predict_rows(
        &mut self,
        rows: ArrayView2<'_, f64>,
        on_refusal: OnRefusal,
        sink: impl FnMut(usize, Result<Prediction<'_>, Error>),
    ) -> Result<(), Error> {
        self.model.intake().check_width(rows.ncols())?;
        let sink = &mut Each::new(sink);
        self.model.predict_rows(&mut self.scratch, &Matrix(rows), on_refusal, sink)
    }

    /// Predicts rows as [`Self::predict_rows`], from one column per feature.
    ///
    /// # Errors
    ///
    /// `FeatureCount` for another number of columns, `Columns` for columns of different lengths; as
    /// [`Self::predict_rows`].
    ///
    /// ```
    /// # use nomogram::{Column, Model, OnRefusal, Session};
    /// # let model = Model::open(&nomogram_testkit::bundle_of_three_members())?;
    /// let mut session = Session::new(model.into());
    /// let columns = [[17.99, 12.0], [10.38, 15.0], [122.8, f64::NAN]];
    /// let columns = columns.each_ref().map(|numbers| Column::NumbersOrMissing(numbers));
    /// let mut are_predicted = Vec::new();
    /// session.predict_columns(&columns, OnRefusal::GoOn, |_, prediction| {
    ///     are_predicted.push(prediction.is_ok());
    /// })?;
    /// assert_eq!(are_predicted, [true, false]);
    ///
    /// let columns = [Column::Numbers(&[17.99]), Column::Numbers(&[]), Column::Numbers(&[122.8])];
    /// assert!(session.predict_columns(&columns, OnRefusal::GoOn, |_, _| {}).is_err());
    /// # Ok::<(), nomogram::Error>(())
    /// ```
    pub fn predict_columns(
        &mut self,
        columns: &[Column<'_>],
        on_refusal: OnRefusal,
        sink: impl FnMut(usize, Result<Prediction<'_>, Error>),
    ) -> Result<(), Error> {
        self.model.intake().check_width(columns.len())?;
        let n_rows = columns.first().map_or(0, |column| column.numbers().len());
        for (feature, column) in columns.iter().enumerate() {
            let n_numbers = column.numbers().len();
            if n_numbers != n_rows {
                let error = Error::count(ErrorKind::Columns, n_numbers, n_rows, "rows");
                return Err(error.within(Place::Feature(feature)));
            }
        }
        let sink = &mut Each::new(sink);
        let rows = Table { columns, n_rows };
        self.model.predict_rows(&mut self.scratch, &rows, on_refusal, sink)
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
                format_args!("output of shape {:?}, expected {expected:?}", out.dim()),
            ));
        }
        self.predict_each(rows, |row, prediction| {
            for (cell, output) in out.row_mut(row).iter_mut().zip(prediction.outputs()) {
                *cell = *output;
            }
        })
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

    fn slices<'r>(&'r self, rows: Range<usize>, slices: &mut [&'r [f64]]) -> bool {
        slices.iter_mut().zip(rows).all(|(slice, row)| {
            self.0.index_axis(Axis(0), row).to_slice().map(|numbers| *slice = numbers).is_some()
        })
    }

    fn read(&self, feature: usize, rows: Range<usize>, numbers: &mut [f64]) {
        // Skipping to the first row would count through all rows before it.
        let column = self.0.column(feature).slice_axis_move(Axis(0), rows.into());
        for (number, value) in numbers.iter_mut().zip(column) {
            *number = *value;
        }
    }
}

impl<'a> Column<'a> {
    fn numbers(self) -> &'a [f64] {
        match self {
            Self::Numbers(numbers) | Self::NumbersOrMissing(numbers) => numbers,
        }
    }
}

/// Columns of the same length, one per feature.
struct Table<'a> {
    columns: &'a [Column<'a>],
    n_rows: usize,
}

impl Rows for Table<'_> {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn cell(&self, row: usize, feature: usize) -> Cell {
        let column = self.columns.get(feature);
        let cell = column.and_then(|column| {
            let number = *column.numbers().get(row)?;
            Some(match column {
                Column::Numbers(_) => Cell::of_number(number),
                Column::NumbersOrMissing(_) => Cell::of_array(number),
            })
        });
        cell.unwrap_or(Cell::UNSET)
    }

    fn read(&self, feature: usize, rows: Range<usize>, numbers: &mut [f64]) {
        let column = self.columns.get(feature).and_then(|column| column.numbers().get(rows));
        for (number, value) in numbers.iter_mut().zip(column.unwrap_or_default()) {
            *number = *value;
        }
    }
}
