//! What a bundle needs to explain its predictions: background rows and groups of features.
//!
//! A background row is the mean of a cell of training rows. Cells are halved at the median of the feature
//! in which they are widest, so that each has many rows: k-means leaves clusters of a single patient.

mod background;
mod shares;
mod spec;

use ndarray::Array2;
use nomogram::{Explanation, FeatureGroup, Parts};

use super::golden::nearest_distance;
use crate::data::Dataset;
use crate::error::Error;
pub use spec::ExplanationSpec;

/// The note of a manifest about where the background rows come from.
pub const BACKGROUND_ROWS: &str = "background rows";

/// The section of a bundle, and the note about its rows; `None` if the configuration wants no section.
pub(super) fn explanation(
    spec: &ExplanationSpec,
    parts: &Parts,
    dataset: &Dataset,
) -> Result<Option<(Explanation, String)>, Error> {
    if spec.background == 0 {
        return Ok(None);
    }
    let background = background::rows(dataset, spec.background);
    let schema = dataset.schema();
    let groups = spec.groups.iter().map(|(name, features)| {
        let positions = features.iter().filter_map(|feature| schema.feature_index(feature));
        let mut features: Vec<u32> =
            positions.filter_map(|position| u32::try_from(position).ok()).collect();
        features.sort_unstable();
        FeatureGroup { name: name.clone(), features }
    });
    let note = note(dataset, &background);
    let explanation = Explanation {
        background: background.rows.into_iter().collect(),
        weights: background.weights,
        groups: groups.collect(),
        left_shares: if spec.tree_shares { shares::shares(parts, dataset)? } else { Vec::new() },
    };
    Ok(Some((explanation, note)))
}

/// Background rows of a training table.
struct Background {
    rows: Array2<f64>,
    weights: Vec<f64>,
    /// How many training rows the smallest cell has.
    fewest_rows: usize,
}

/// Where the rows come from, and how near they are to training rows.
fn note(dataset: &Dataset, background: &Background) -> String {
    let smallest = nearest_distance(dataset, &background.rows);
    format!(
        "means of at least {} training rows each; distance to the nearest training row at least \
         {smallest:.3} of a feature's spread",
        background.fewest_rows
    )
}
