//! What features add to the predictions of many rows: the mean magnitude of their Shapley values, and how
//! these depend on the feature.

use std::sync::Arc;

use nomogram::{Explained, Explainer, Feature, FeatureKind, Flavour, Method, Model, Request};
use nomogram_stats::random::Random;
use nomogram_train::Dataset;
use serde::Serialize;

use crate::dependence::{DependencePoint, dependence};
use crate::error::Error;

/// About how many rows are predicted for all explanations of a report.
const N_PREDICTIONS: usize = 400_000;
/// The most rows that are explained.
const MAX_ROWS: usize = 100;
/// The stream of random numbers that draws them.
const PURPOSE: u64 = 0x0073_6861_706c_6579;

/// The mean magnitude of what features, or groups of features, add to the last output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contributions {
    /// The class whose probability is explained, or the target.
    pub explained: String,
    /// How many rows were explained, drawn from all.
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
    /// How its values depend on the feature; empty for categories, groups of several features and a few
    /// rows.
    pub dependence: Vec<DependencePoint>,
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
        let numbers: Vec<Option<usize>> =
            (0..n_players).map(|player| number_of(model, player)).collect();
        let mut pairs = vec![Vec::new(); n_players];
        // Every so many rows would be of one kind where kinds alternate.
        let mut drawn: Vec<usize> = (0..dataset.n_rows()).collect();
        Random::new(0, PURPOSE).shuffle(&mut drawn);
        drawn.truncate(n_rows);
        for row in drawn {
            let row = dataset.values().row(row);
            let found = explainer.explain_values(row).map_err(failed)?;
            for (sum, value) in sums.iter_mut().zip(found.values_of(number)) {
                *sum += value.abs();
            }
            let of_players = pairs.iter_mut().zip(&numbers).zip(found.values_of(number));
            for ((pairs, feature), value) in of_players {
                let of_feature = feature.and_then(|feature| row.get(feature));
                pairs.extend(of_feature.map(|of_feature| (*of_feature, *value)));
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "a number of rows")]
        let mean = |sum: f64| sum / n_rows.max(1) as f64;
        let mut players: Vec<Contribution> = (0..)
            .zip(sums)
            .zip(pairs)
            .map(|((player, sum), pairs)| Contribution {
                name: explainer.player_name(player).unwrap_or_default().to_owned(),
                mean_magnitude: mean(sum),
                dependence: dependence(pairs),
            })
            .collect();
        players.sort_by(|a, b| b.mean_magnitude.total_cmp(&a.mean_magnitude));
        let target = model.schema().target();
        let explained = target.classes().last().map_or(target.name(), |class| class).to_owned();
        let is_exact = explainer.flavour() == Flavour::Exact;
        Ok(Some(Self { explained, n_rows, is_exact, players }))
    }
}

/// The only feature of a player, if it is a number.
fn number_of(model: &Model, player: usize) -> Option<usize> {
    let groups = model.explanation().map_or(&[][..], |section| &section.groups);
    let feature = match groups.get(player) {
        Some(group) => match group.features.as_slice() {
            [feature] => *feature as usize,
            _ => return None,
        },
        None => player,
    };
    let is_number =
        |found: &&Feature| matches!(found.kind, FeatureKind::Number | FeatureKind::Integer);
    model.schema().features().get(feature).filter(is_number).map(|_| feature)
}
