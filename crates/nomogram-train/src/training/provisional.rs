//! Models that are opened to predict, but not given away.

use std::sync::Arc;

use nomogram::{MIN_GOLDEN_CASES, Model, Parts, seal};

use crate::data::Dataset;
use crate::error::Error;
use crate::predictions::Predictions;

/// Opens a model that was fitted to `fitted`.
pub(super) fn open(parts: &Parts, fitted: &Dataset) -> Result<Arc<Model>, Error> {
    // Any golden rows will do: the bundle is not kept.
    let first: Vec<usize> = (0..MIN_GOLDEN_CASES).collect();
    let bundle = seal(parts, fitted.select(&first).values().view())
        .map_err(|error| fitted.located(error.into(), &parts.schema))?;
    Ok(Arc::new(Model::open(&bundle)?))
}

/// Predictions of `rows` by a model that was fitted to `fitted`.
pub(super) fn predict(
    parts: &Parts,
    fitted: &Dataset,
    rows: &Dataset,
) -> Result<Predictions, Error> {
    Predictions::of(&open(parts, fitted)?, rows)
}

/// [`predict`] by one of several models that were calibrated apart: also before calibration.
pub(super) fn predict_with_uncalibrated(
    parts: &Parts,
    fitted: &Dataset,
    rows: &Dataset,
) -> Result<Predictions, Error> {
    let bare = Parts { calibrator: None, ..parts.clone() };
    let uncalibrated = Some(predict(&bare, fitted, rows)?.ensemble);
    Ok(Predictions { uncalibrated, ..predict(parts, fitted, rows)? })
}
