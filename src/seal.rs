//! Sealing: the parts of a model to a bundle, and back.

use alloc::vec::Vec;

use ndarray::{Array2, ArrayView2};

use crate::budget::Budget;
use crate::bundle::{Bundle, Digest, GoldenCase, Limits, Parts, to_bytes};
use crate::error::{Error, ErrorKind, Place};
use crate::model::{Model, UncertaintyAnswer};
use crate::scratch::Scratch;

/// Checks `parts`, predicts `golden_rows` and returns the bytes of the bundle.
///
/// `golden_rows` has shape `(n_rows, n_features)`, NaN where a value is missing, and at least
/// [`MIN_GOLDEN_CASES`](crate::MIN_GOLDEN_CASES) rows; they are stored as they are, so they must not
/// identify a patient. The same arguments always give the same bytes.
///
/// # Errors
///
/// `InvalidModel` when the parts contradict each other or there are too few rows; a kind of the class
/// `Value`, with the row, when a row is refused.
pub fn seal(parts: &Parts, golden_rows: ArrayView2<'_, f64>) -> Result<Vec<u8>, Error> {
    parts.check_looks()?;
    let model = Model::new(parts.clone(), Digest::of(&[]), &mut Budget::unlimited())?;
    model.intake().check_width(golden_rows.ncols())?;
    let mut scratch = Scratch::new(model.scratch_layout())?;
    let mut cases = Vec::with_capacity(golden_rows.nrows());
    let mut uncertainty = UncertaintyAnswer::new();
    for (index, row) in golden_rows.rows().into_iter().enumerate() {
        let row: Vec<f64> = row.iter().copied().collect();
        let prediction = model.predict_row(&mut scratch, &row);
        let prediction = prediction.map_err(|e| e.within(Place::Row(index)))?;
        cases.push(GoldenCase::of(&row, &prediction));
        uncertainty.add(&prediction);
    }
    let answers = model.answers(&cases);
    let bytes = to_bytes(parts, &cases, &answers, uncertainty.finish())?;
    // A bundle that does not open must not be sealed. This covers the number of cases and the codec.
    Model::open(&bytes).map_err(|e| match e.kind() {
        ErrorKind::TooLarge => e,
        _ => Error::new(ErrorKind::InvalidModel, format_args!("{e}")),
    })?;
    Ok(bytes)
}

/// The parts of a bundle and its golden rows, as [`seal`] took them: to inspect a model or to
/// derive another one from it. A bundle of the newest format is sealed to the same bytes again.
///
/// # Errors
///
/// As [`Model::open`], which also checks the bundle.
pub fn unseal(bytes: &[u8]) -> Result<(Parts, Array2<f64>), Error> {
    Model::open(bytes)?;
    let bundle = Bundle::from_bytes(bytes, &Limits::default(), &mut Budget::unlimited())?;
    let n_features = bundle.parts.schema.n_features();
    let shape = (bundle.golden_cases.len(), n_features);
    let rows = bundle.golden_cases.into_iter().flat_map(|case| case.row).collect();
    let rows = Array2::from_shape_vec(shape, rows)
        .map_err(|e| Error::new(ErrorKind::InvalidModel, format_args!("golden cases: {e}")))?;
    Ok((bundle.parts, rows))
}
