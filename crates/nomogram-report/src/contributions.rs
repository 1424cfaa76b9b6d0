//! What features add to the predictions of many rows: the mean magnitude of their Shapley values.

use std::sync::Arc;

use nomogram::{Explained, Explainer, Flavour, Method, Model, Request};
use nomogram_train::Dataset;
use serde::Serialize;

use crate::error::Error;

/// About how many rows are predicted for all explanations of a report.
const N_PREDICTIONS: usize = 400_000;
/// The most rows that are explained.
const MAX_ROWS: usize = 100;

/// The mean magnitude of what features, or groups of features, add to the last output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contributions {
    /// The class whose probability is explained, or the target.
    pub explained: String,
    /// How many rows were explained, evenly spaced among all.
    pub n_rows: usize,
    /// Whether values are exact; sampled otherwise.
    pub is_exact: bool,
    /// Each feature or group, the largest first.
    pub players: Vec<Contribution>,
}

/// What one feature, or one group of features, adds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution {
    /// The feature or the group.
    pub name: String,
    /// The mean magnitude of its values.
    pub mean_magnitude: f64,
}

impl Contributions {
    /// Those of some of the rows; `None` for a bundle that cannot be explained.
    ///
    /// # Errors
    ///
    /// `Training` when a row cannot be predicted.
    pub fn new(model: &Arc<Model>, dataset: &Dataset) -> Result<Option<Self>, Error> {
        let Some(section) = model.explanation().filter(|section| section.n_rows() > 0) else {
            return Ok(None);
        };
        let n_features = model.schema().n_features();
        let n_players = if section.groups.is_empty() { n_features } else { section.groups.len() };
        let by_groups = !section.groups.is_empty() || n_features <= 12;
        let (method, per_row) = if by_groups {
            (Method::Groups, section.n_rows() << n_players)
        } else {
            (Method::Permutations { n_pairs: 2 }, section.n_rows() * 4 * n_features)
        };
        let request = Request { explained: Explained::Outputs, method };
        let failed = |error: nomogram::Error| Error::Training(error.into());
        let mut explainer = Explainer::new(model.clone(), request).map_err(failed)?;
        let n_rows = (N_PREDICTIONS / per_row.max(1)).clamp(5, MAX_ROWS).min(dataset.n_rows());
        let number = explainer.n_explained().saturating_sub(1);
        let mut sums = vec![0.0; n_players];
        for nth in 0..n_rows {
            let row = dataset.values().row(nth * dataset.n_rows() / n_rows.max(1));
            let found = explainer.explain_values(row).map_err(failed)?;
            for (sum, value) in sums.iter_mut().zip(found.values_of(number)) {
                *sum += value.abs();
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "a number of rows")]
        let mean = |sum: f64| sum / n_rows.max(1) as f64;
        let mut players: Vec<Contribution> = (0..)
            .zip(sums)
            .map(|(player, sum)| Contribution {
                name: explainer.player_name(player).unwrap_or_default().to_owned(),
                mean_magnitude: mean(sum),
            })
            .collect();
        players.sort_by(|a, b| b.mean_magnitude.total_cmp(&a.mean_magnitude));
        let target = model.schema().target();
        let explained = target.classes().last().map_or(target.name(), |class| class).to_owned();
        let is_exact = explainer.flavour() == Flavour::Exact;
        Ok(Some(Self { explained, n_rows, is_exact, players }))
    }
}
