//! Training rows with the extremes of features and probabilities.

use std::collections::BTreeSet;

use ndarray::{Array2, Axis};
use nomogram::{MAX_GOLDEN_CASES, MIN_GOLDEN_CASES, Parts};

use crate::data::Dataset;
use crate::error::Error;
use crate::training::provisional::predict;

/// Chooses the extremes: the rows with the lowest and highest value of each feature, with the lowest
/// and highest probability of each member and of the ensemble, and with the probability of the
/// ensemble closest to 0.5. Adds rows evenly spread over the table up to [`MIN_GOLDEN_CASES`].
pub(super) fn choose(parts: &Parts, dataset: &Dataset) -> Result<Array2<f64>, Error> {
    let mut chosen = BTreeSet::new();
    for column in dataset.values().columns() {
        chosen.extend(extremes(&column.to_vec()));
    }
    // By the model before it has its golden cases.
    let predictions = predict(parts, dataset, dataset)?;
    for probabilities in predictions.members.iter().chain([&predictions.ensemble]) {
        // Of two classes, the extremes of one are those of the other.
        let first = if probabilities.ncols() == 2 { 1 } else { 0 };
        for class in probabilities.columns().into_iter().skip(first) {
            chosen.extend(extremes(&class.to_vec()));
        }
    }
    for class in predictions.ensemble.columns().into_iter().skip(1) {
        let doubts: Vec<f64> = class.iter().map(|p| (p - 0.5).abs()).collect();
        chosen.extend(extremes(&doubts));
    }

    let n_rows = dataset.n_rows();
    // Evenly spread; then, where these were chosen already, from the start.
    let spread = (0..MIN_GOLDEN_CASES).map(|step| step * n_rows / MIN_GOLDEN_CASES);
    for row in spread.chain(0..n_rows) {
        if chosen.len() >= MIN_GOLDEN_CASES {
            break;
        }
        chosen.insert(row);
    }
    let chosen: Vec<usize> = chosen.into_iter().take(MAX_GOLDEN_CASES).collect();
    Ok(dataset.values().select(Axis(0), &chosen))
}

/// The rows of the lowest and of the highest value; of equal values, the first.
fn extremes(values: &[f64]) -> [usize; 2] {
    let mut extremes = [(0, f64::INFINITY), (0, f64::NEG_INFINITY)];
    for (row, value) in values.iter().enumerate() {
        let [lowest, highest] = &mut extremes;
        if *value < lowest.1 {
            *lowest = (row, *value);
        }
        if *value > highest.1 {
            *highest = (row, *value);
        }
    }
    extremes.map(|(row, _)| row)
}
