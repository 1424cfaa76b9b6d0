//! The whole training repeated on bootstrap samples, to correct metrics for optimism.

use rayon::prelude::*;
use serde::Serialize;

use crate::data::Dataset;
use crate::error::Error;
use crate::predictions::Predictions;
use crate::training::{TrainingConfig, fit_sample};
use nomogram_stats::bootstrap::{BootstrapSpec, FittedReplicate, Optimism, optimism};
use nomogram_stats::calibration::{calibration_line, clipped};
use nomogram_stats::metrics::Metrics;
use nomogram_stats::{Confidence, Rows, numbered_patients, outcomes_of};

/// Metrics of the model of all rows on these rows, corrected for optimism; `None` where a metric is
/// undefined.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CorrectedPerformance {
    /// The number of bootstrap samples.
    pub n_replicates: usize,
    /// The area under the ROC curve.
    pub auc: Option<Optimism>,
    /// The mean negative logarithm of the probability of the observed class.
    pub log_loss: Option<Optimism>,
    /// The Brier score.
    pub brier: Option<Optimism>,
    /// The calibration slope.
    pub calibration_slope: Option<Optimism>,
}

/// More replicates than anyone waits for.
const MAX_REPLICATES: usize = 100_000;

/// Repeats the whole training, combiner and calibrator included, on `n` bootstrap samples of the rows
/// (Harrell, Lee and Mark 1996; [`optimism`]). All copies of a row are in the same fold, so that no
/// copy is a training row while another is held out. Where rows have patients, samples draw patients,
/// each with all of its rows. Runs on all threads of the calling rayon pool.
///
/// # Errors
///
/// `Configuration` when the configuration is invalid; `Data` when the target does not have two
/// classes or there are too many samples; as [`train`](crate::train) for all rows. Samples that cannot be trained on count as
/// undefined.
pub fn corrected_performance(
    config: &TrainingConfig,
    dataset: &Dataset,
    n: usize,
) -> Result<CorrectedPerformance, Error> {
    config.check()?;
    if dataset.n_classes() != 2 {
        let n_classes = dataset.n_classes();
        return Err(Error::Data(format!("n_bootstraps: {n_classes} classes, expected 2")));
    }
    if n > MAX_REPLICATES {
        return Err(Error::Data(format!("n_bootstraps: {n}, expected at most {MAX_REPLICATES}")));
    }
    let outcomes = outcomes_of(1, dataset.classes());
    let spec = BootstrapSpec::new(n, config.seed);
    let patients = dataset.patients().map(numbered_patients);
    let predict = |rows: &[usize]| {
        let model = fit_sample(config, dataset, rows)?;
        Ok(Predictions::of(&model, dataset)?.positive())
    };
    let replicate = |replicate: u64| {
        let rows = match &patients {
            Some(patients) => spec.rows_of_patients(patients, replicate),
            None => spec.rows(&outcomes, replicate),
        };
        match predict(&rows) {
            Ok(probabilities) => Ok(FittedReplicate { rows, probabilities: Some(probabilities) }),
            // Too few rows of a class, or no fit.
            Err(
                Error::Data(_)
                | Error::RareClass { .. }
                | Error::Row { .. }
                | Error::NotConverged(_)
                | Error::Separated { .. },
            ) => Ok(FittedReplicate { rows, probabilities: None }),
            Err(error) => Err(error),
        }
    };
    let all: Vec<usize> = (0..outcomes.len()).collect();
    let (apparent, replicates) = rayon::join(
        || predict(&all),
        || (0..n as u64).into_par_iter().map(replicate).collect::<Vec<Result<_, Error>>>(),
    );
    let apparent = apparent?;
    let replicates: Vec<FittedReplicate> = replicates.into_iter().collect::<Result<_, _>>()?;
    let rows = Rows::new(&outcomes, &apparent)?.weighted(dataset.weights())?;
    let corrected = |metric: fn(Rows<'_>) -> Option<f64>| optimism(rows, &replicates, metric).ok();
    Ok(CorrectedPerformance {
        n_replicates: n,
        auc: corrected(|rows| Metrics::of_event(rows).auc),
        log_loss: corrected(|rows| Some(Metrics::of_event(rows).log_loss)),
        brier: corrected(|rows| Some(Metrics::of_event(rows).brier)),
        calibration_slope: corrected(|rows| {
            let inside = clipped(rows.probabilities());
            let rows = Rows::new(rows.outcomes(), &inside).ok()?.weighted(rows.weights()).ok()?;
            Some(calibration_line(rows, Confidence::PERCENT_95).ok()?.slope.value)
        }),
    })
}
