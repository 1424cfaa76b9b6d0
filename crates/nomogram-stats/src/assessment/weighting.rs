//! How rows were weighted, and what does not follow the weights.

use serde::Serialize;

use crate::effective::effective_n;
use crate::rows::Rows;
use crate::whole;

/// What counts rows whatever their weights, in plain words.
const UNWEIGHTED: [&str; 3] = [
    "numbers of rows, events and patients",
    "the edges of calibration groups",
    "the number of rows near a point of the smoothed calibration curve",
];

/// The weights of a set of rows. All statistics but those listed are weighted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Weighting {
    /// The sum of all weights.
    #[serde(serialize_with = "whole::sum")]
    pub sum: f64,
    /// The sum of the weights of positive rows.
    #[serde(serialize_with = "whole::sum")]
    pub sum_of_events: f64,
    /// `(Σ weight)² / Σ weight²` (Kish 1965): as many rows of equal weight would be as precise.
    pub n_effective: f64,
    /// What is unweighted.
    pub unweighted: Vec<&'static str>,
}

impl Weighting {
    /// `None` for rows without weights.
    pub(super) fn of(rows: Rows<'_>) -> Option<Self> {
        rows.weights().map(|weights| Self {
            sum: rows.total(),
            sum_of_events: rows.sums().0,
            n_effective: effective_n(weights.iter().copied()),
            unweighted: UNWEIGHTED.to_vec(),
        })
    }
}
