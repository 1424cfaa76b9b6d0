//! Background rows: means of cells of training rows.

#![allow(clippy::indexing_slicing, reason = "rows and features of the data set")]

use std::cmp::Reverse;

use ndarray::{Array2, ArrayView2};
use nomogram::{Action, Feature, FeatureKind};

use super::Background;
use crate::count::number;
use crate::data::Dataset;

/// The fewest training rows of a cell, if there are as many at all.
const MIN_ROWS: usize = 5;

/// At most `n_max` background rows.
pub(super) fn rows(dataset: &Dataset, n_max: usize) -> Background {
    let values = dataset.values().view();
    let features = dataset.schema().features();
    let widths: Vec<f64> = (0..features.len())
        .map(|feature| width(values, feature, &(0..values.nrows()).collect::<Vec<_>>()))
        .collect();
    let mut cells: Vec<Vec<usize>> = vec![(0..values.nrows()).collect()];
    while cells.len() < n_max {
        // The largest cell; of equally large ones, the first.
        let largest = (0..cells.len()).max_by_key(|index| (cells[*index].len(), Reverse(*index)));
        let Some(largest) = largest.filter(|index| cells[*index].len() >= 2 * MIN_ROWS) else {
            break;
        };
        let cell = cells.swap_remove(largest);
        let (low, high) = halves(values, &widths, cell);
        cells.extend([low, high]);
    }
    cells.sort_unstable();
    let mut rows = Array2::zeros((cells.len(), features.len()));
    for (mut row, cell) in rows.rows_mut().into_iter().zip(&cells) {
        for (feature, (value, about)) in row.iter_mut().zip(features).enumerate() {
            *value = typical(about, values, feature, cell, widths[feature]);
        }
    }
    let weight = |row: &usize| dataset.weights().map_or(1.0, |weights| weights[*row]);
    Background {
        rows,
        weights: cells.iter().map(|cell| cell.iter().map(weight).sum()).collect(),
        fewest_rows: cells.iter().map(Vec::len).min().unwrap_or(0),
    }
}

/// The known values of a feature in some rows.
fn known<'a>(
    values: ArrayView2<'a, f64>,
    feature: usize,
    rows: &'a [usize],
) -> impl Iterator<Item = f64> + Clone + 'a {
    rows.iter().map(move |row| values[[*row, feature]]).filter(|value| !value.is_nan())
}

/// From the smallest to the largest value of a feature in some rows.
fn width(values: ArrayView2<'_, f64>, feature: usize, rows: &[usize]) -> f64 {
    let known = known(values, feature, rows);
    let low = known.clone().reduce(f64::min).unwrap_or(0.0);
    known.reduce(f64::max).unwrap_or(0.0) - low
}

/// Halves a cell at the median of the feature in which it is widest, relative to all rows.
fn halves(
    values: ArrayView2<'_, f64>,
    widths: &[f64],
    mut cell: Vec<usize>,
) -> (Vec<usize>, Vec<usize>) {
    let mut widest = (0, f64::NEG_INFINITY);
    for (feature, whole) in widths.iter().enumerate().filter(|(_, whole)| **whole > 0.0) {
        let share = width(values, feature, &cell) / whole;
        if share > widest.1 {
            widest = (feature, share);
        }
    }
    // Missing values are above all others; equal values keep the order of the rows.
    cell.sort_by(|a, b| values[[*a, widest.0]].total_cmp(&values[[*b, widest.0]]));
    let mut high = cell.split_off(cell.len() / 2);
    cell.sort_unstable();
    high.sort_unstable();
    (cell, high)
}

/// What is typical of a feature in a cell: the rounded mean of a number, the most frequent level, or that
/// it is missing.
fn typical(
    about: &Feature,
    values: ArrayView2<'_, f64>,
    feature: usize,
    cell: &[usize],
    width: f64,
) -> f64 {
    let all: Vec<usize> = (0..values.nrows()).collect();
    let mut known_values: Vec<f64> = known(values, feature, cell).collect();
    let is_mostly_missing = 2 * known_values.len() < cell.len();
    if is_mostly_missing && about.policy.missing == Action::Impute {
        return f64::NAN;
    }
    if known_values.is_empty() {
        known_values = known(values, feature, &all).collect();
    }
    let mean = known_values.iter().sum::<f64>() / number(known_values.len().max(1));
    let value = match &about.kind {
        FeatureKind::Boolean | FeatureKind::Category { .. } => return most_frequent(&known_values),
        FeatureKind::Integer => mean.round(),
        FeatureKind::Number => rounded(mean, width),
    };
    match about.range {
        Some(range) => value.clamp(range.low, range.high),
        None => value,
    }
}

/// The most frequent value; of equally frequent ones, the smallest.
fn most_frequent(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut best = (0, 0.0);
    for equal in sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        if equal.len() > best.0 {
            best = (equal.len(), equal[0]);
        }
    }
    best.1
}

/// A number rounded to a power of ten that is a hundredth to a thousandth of a width.
fn rounded(value: f64, width: f64) -> f64 {
    if width <= 0.0 {
        return value;
    }
    // Powers of ten from 1 up are exact, so divide by them to round to small steps.
    let (mut step, mut per_unit) = (1.0, 1.0);
    while step * 10.0 <= width / 100.0 {
        step *= 10.0;
    }
    while 1.0 / per_unit > width / 100.0 && per_unit < 1e15 {
        per_unit *= 10.0;
    }
    if step > 1.0 { (value / step).round() * step } else { (value * per_unit).round() / per_unit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataConfig;

    fn dataset() -> Dataset {
        let config = "{ row_id: id, target: { column: y, negative: a, positive: b }, features: \
            [{ name: x }, { name: n, kind: integer }, { name: z, policy: { missing: impute } }] }";
        let config: DataConfig = serde_saphyr::from_str(config).unwrap();
        let rows = (0..40).map(|i| {
            let z = if i < 12 { String::new() } else { format!("{}", 0.001 * f64::from(i)) };
            format!("{i},{},{}.37,{i},{z}\n", if i % 2 == 0 { "a" } else { "b" }, i * 7 % 40)
        });
        let text = format!("id,y,x,n,z\n{}", rows.collect::<String>());
        Dataset::from_csv("test", text.as_bytes(), &config).unwrap()
    }

    #[test]
    fn no_background_row_is_a_training_row_and_each_is_the_mean_of_several() {
        let dataset = dataset();
        let background = rows(&dataset, 32);
        assert_eq!(background.rows.nrows(), 8);
        assert_eq!(background.weights.iter().sum::<f64>(), 40.0);
        assert!(background.fewest_rows >= MIN_ROWS);
        for row in background.rows.rows() {
            assert!(!dataset.values().rows().into_iter().any(|training| training == row));
            assert!(row[1] == row[1].round());
        }
        let n_missing = background.rows.column(2).iter().filter(|value| value.is_nan()).count();
        assert!((1..8).contains(&n_missing), "{:?}", background.rows);
        assert_eq!(rows(&dataset, 3).rows.nrows(), 3);
    }

    #[test]
    fn means_are_rounded_to_the_width_of_the_feature() {
        assert_eq!(rounded(0.123_456, 0.5), 0.123);
        assert_eq!(rounded(123.456, 4.0), 123.46);
        assert_eq!(rounded(1234.56, 3000.0), 1230.0);
        assert_eq!(most_frequent(&[2.0, 1.0, 2.0, 1.0, 0.0]), 1.0);
    }
}
