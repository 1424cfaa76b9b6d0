//! Parts to a sealed bundle.

use alloc::vec::Vec;

use ndarray::ArrayView2;

use crate::batch::Batch;
use crate::bundle::{Digest, GoldenCase, Parts, to_bytes};
use crate::error::{Error, ErrorKind};
use crate::model::{Model, Scratch};

/// Checks `parts`, predicts `golden_rows` and returns the bytes of the bundle.
///
/// `golden_rows` has shape `(n_rows, n_features)` and at least
/// [`MIN_GOLDEN_CASES`](crate::MIN_GOLDEN_CASES) rows; they are stored as they are, so they must not
/// identify a patient. The same arguments always give the same bytes.
///
/// # Errors
///
/// `InvalidModel` when the parts contradict each other or there are too few rows; as for predicting
/// when a row is not usable.
pub fn seal(parts: &Parts, golden_rows: ArrayView2<'_, f64>) -> Result<Vec<u8>, Error> {
    let model = Model::new(parts.clone(), Digest::of(&[]))?;
    let batch = Batch::new(model.schema(), golden_rows)?;
    let mut scratch = Scratch::new(&model);
    let mut cases = Vec::with_capacity(golden_rows.nrows());
    for row in batch.rows().rows() {
        let row: Vec<f64> = row.iter().copied().collect();
        cases.push(GoldenCase::of(&row, &model.predict(&row, &mut scratch)));
    }
    let bytes = to_bytes(parts, &cases)?;
    // What cannot be opened must not be sealed: this covers the number of cases and the codec.
    Model::open(&bytes).map_err(|e| Error::new(ErrorKind::InvalidModel, alloc::format!("{e}")))?;
    Ok(bytes)
}
