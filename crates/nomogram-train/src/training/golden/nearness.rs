//! Nearness: how far rows are from the training rows.
//!
//! Two rows differ by the largest difference of a feature: of a number, in units of the spread of its
//! training values; of a level or a missing value, 1 where it differs. So a distance of 0.1 means that
//! some feature differs by a tenth of the range of all patients.

use ndarray::ArrayView2;

use super::space::{Space, Values};

/// Below this distance, a case is near a training row.
pub(super) const NEAR: f64 = 0.05;

/// The distance of a row to the nearest of the training rows.
pub(super) fn nearest(spaces: &[Space], rows: ArrayView2<'_, f64>, row: &[f64]) -> f64 {
    let mut nearest = f64::INFINITY;
    for training in rows.rows() {
        let mut distance = 0.0_f64;
        for ((space, a), b) in spaces.iter().zip(row).zip(training) {
            distance = distance.max(difference(space, *a, *b));
            if distance >= nearest {
                break;
            }
        }
        nearest = nearest.min(distance);
    }
    nearest
}

fn difference(space: &Space, a: f64, b: f64) -> f64 {
    match (a.is_nan(), b.is_nan(), space.values) {
        (true, true, _) => 0.0,
        (true, false, _) | (false, true, _) => 1.0,
        (false, false, Values::Numbers { .. }) => (a - b).abs() / space.spread,
        (false, false, Values::Levels(_)) => (a - b).abs().min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use nomogram::{Feature, FeatureKind};

    use super::*;

    #[test]
    fn the_largest_difference_of_a_feature_counts() {
        let features = [Feature::number("a"), Feature::of_kind("b", FeatureKind::Boolean)];
        let rows = array![[0.0, 1.0], [10.0, 0.0], [4.0, f64::NAN]];
        let spaces = Space::each(&features, rows.view());
        let distance = |row: [f64; 2]| nearest(&spaces, rows.view(), &row);
        assert_eq!(distance([10.0, 0.0]), 0.0);
        assert!((distance([9.0, 0.0]) - 0.1).abs() < 1e-12);
        assert!((distance([5.0, 0.0]) - 0.5).abs() < 1e-12, "not the first: 5 and 1 apart");
        assert!((distance([4.5, f64::NAN]) - 0.05).abs() < 1e-12);
    }
}
