//! Permutation importance of each feature.

use std::sync::Arc;

use nomogram::Model;
use rayon::prelude::*;
use serde::Serialize;

use crate::count::number;
use crate::data::Dataset;
use crate::error::Error;
use crate::parallel::try_map;
use crate::predictions::Predictions;
use nomogram_stats::metrics::log_loss;
use nomogram_stats::random::Random;

/// Stream of random numbers of this module.
const SHUFFLES: u64 = 0x696d_706f;

/// The increase of the log loss when the values of one feature are shuffled between rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    /// The feature.
    pub feature: String,
    /// The mean increase of the log loss.
    pub log_loss_increase: f64,
    /// The smallest and the largest increase of all shuffles.
    pub range: [f64; 2],
}

/// More shuffles than anyone waits for.
const MAX_SHUFFLES: usize = 10_000;

/// Permutation importance (Breiman 2001; as scikit-learn's `permutation_importance`) of each feature,
/// the most important first. Correlated features share their importance.
///
/// # Errors
///
/// `Model` when a row does not fit the model; `Data` without rows, and for no or too many shuffles.
pub fn permutation_importance(
    model: &Arc<Model>,
    dataset: &Dataset,
    n_shuffles: usize,
    seed: u64,
) -> Result<Vec<Importance>, Error> {
    if dataset.n_rows() == 0 || n_shuffles == 0 || n_shuffles > MAX_SHUFFLES {
        return Err(Error::Data(format!(
            "importance: {} rows and {n_shuffles} shuffles, expected at least 1 of both, and at most \
             {MAX_SHUFFLES} shuffles",
            dataset.n_rows()
        )));
    }
    let loss = |rows: &Dataset| -> Result<f64, Error> {
        let predictions = Predictions::of(model, rows)?;
        Ok(log_loss(&predictions.ensemble, rows.classes(), rows.weights()))
    };
    let base = loss(dataset)?;
    let n_features = dataset.schema().n_features();
    let of_feature = |feature: usize| -> Result<Importance, Error> {
        let mut increases = Vec::with_capacity(n_shuffles);
        for shuffle in 0..n_shuffles {
            let purpose = SHUFFLES ^ ((feature as u64) << 32) ^ ((shuffle as u64) << 52);
            let mut order: Vec<usize> = (0..dataset.n_rows()).collect();
            Random::new(seed, purpose).shuffle(&mut order);
            increases.push(loss(&dataset.with_column_of(feature, &order))? - base);
        }
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let (low, high) = increases.iter().fold(ends, |(a, b), rise| (a.min(*rise), b.max(*rise)));
        let name = dataset.schema().features().get(feature).map_or("", |f| f.name.as_str());
        Ok(Importance {
            feature: name.into(),
            log_loss_increase: increases.iter().sum::<f64>() / number(n_shuffles),
            range: [low, high],
        })
    };
    let mut all = try_map((0..n_features).into_par_iter(), of_feature)?;
    all.sort_by(|a, b| b.log_loss_increase.total_cmp(&a.log_loss_increase));
    Ok(all)
}
