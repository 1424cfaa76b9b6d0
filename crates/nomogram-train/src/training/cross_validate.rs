//! Predictions of the rows that folds hold out.

use rayon::prelude::*;

use super::config::TrainingConfig;
use super::fit::Fits;
use super::progress::Progress;
use super::provisional::{predict, predict_with_uncalibrated};
use crate::data::Dataset;
use crate::error::Error;
use crate::parallel::try_map;
use crate::predictions::Predictions;
use crate::split::Split;

/// Predicts the held-out rows of each fold by a model that was trained on its other rows alone, with
/// its combiner and calibrator. A row that no fold holds out is NaN; of a row that several folds hold
/// out, the last prediction is kept.
///
/// # Errors
///
/// As [`train`](crate::train), but uninformative members are not refused.
pub fn cross_validate(
    config: &TrainingConfig,
    dataset: &Dataset,
    folds: &[Split],
    progress: &mut dyn Progress,
) -> Result<Predictions, Error> {
    config.check()?;
    let n_inner = if config.needs_out_of_fold() { config.n_folds() } else { 0 };
    let fits = Fits::new(config, folds.len() * (n_inner + 1), progress);
    let predict = |(fold, split): (usize, &Split)| {
        let rows = dataset.select(&split.train);
        let parts =
            fits.fit_ensemble(&rows, || fits.folds(&rows), &format!("fold {}", fold + 1))?;
        let predict =
            if config.calibration.is_some() { predict_with_uncalibrated } else { predict };
        predict(&parts, &rows, &dataset.select(&split.test))
    };
    let predictions = try_map(folds.par_iter().enumerate(), predict)?;
    let rows = folds.iter().map(|split| split.test.as_slice());
    Predictions::gather(&rows.zip(predictions).collect::<Vec<_>>(), dataset.n_rows())
}
