//! Abstention: the error of the rows that are left when the least sure ones are referred.

use serde::Serialize;

use crate::class_rows::ClassRows;
use crate::count::number;
use crate::predicted_class::most_probable;

/// The shares of rows that are referred in [`risk_coverage`].
const SHARES: [f64; 6] = [0.0, 0.01, 0.02, 0.05, 0.1, 0.15];

/// The error of the rows that are left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RiskAtCoverage {
    /// The share of the rows that are referred, by number.
    pub referred: f64,
    /// How many rows are left.
    pub n_rows: usize,
    /// How many of them have another class than the predicted one.
    pub n_wrong: usize,
    /// The share of wrong predictions among the rows that are left, by weight.
    pub error: f64,
    /// The smallest probability of a predicted class among the rows that are left.
    pub smallest_probability: f64,
}

/// The error when the least sure rows are referred, for shares from none to 15 %. Rows are the surer, the
/// larger the probability of their predicted class is; of equally sure ones, later rows are referred
/// first.
#[must_use]
pub fn risk_coverage(rows: &ClassRows<'_>) -> Vec<RiskAtCoverage> {
    let of_row = |(row, class): (usize, &usize)| {
        let probabilities = rows.probabilities().row(row).to_vec();
        let predicted = most_probable(rows.probabilities().row(row));
        let probability = probabilities.get(predicted).copied().unwrap_or(f64::NAN);
        let weight = rows.weights().and_then(|weights| weights.get(row)).copied().unwrap_or(1.0);
        (probability, predicted != *class, weight)
    };
    let mut surest: Vec<(f64, bool, f64)> = rows.classes().iter().enumerate().map(of_row).collect();
    surest.sort_by(|a, b| b.0.total_cmp(&a.0));
    let at = |referred: f64| {
        let n_kept = kept(surest.len(), referred);
        let (kept, _) = surest.split_at(n_kept);
        let weight = |is_counted: fn(&&(f64, bool, f64)) -> bool| -> f64 {
            kept.iter().filter(is_counted).map(|(_, _, weight)| weight).sum()
        };
        RiskAtCoverage {
            referred,
            n_rows: n_kept,
            n_wrong: kept.iter().filter(|(_, is_wrong, _)| *is_wrong).count(),
            error: weight(|(_, is_wrong, _)| *is_wrong) / weight(|_| true),
            smallest_probability: kept.last().map_or(f64::NAN, |(probability, ..)| *probability),
        }
    };
    SHARES.into_iter().map(at).collect()
}

/// How many of `n` rows are left; at least 1.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to n")]
fn kept(n: usize, referred: f64) -> usize {
    let n_referred = (number(n) * referred).round() as usize;
    n.saturating_sub(n_referred).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn the_least_sure_rows_are_referred_first() {
        // 100 rows, less sure from row to row; the last three are wrong.
        let probabilities = Array2::from_shape_fn((100, 2), |(row, class)| {
            let p = 0.99 - number(row) / 250.0;
            if class == 0 { p } else { 1.0 - p }
        });
        let classes: Vec<usize> = (0..100).map(|row| usize::from(row >= 97)).collect();
        let rows = ClassRows::new(&classes, probabilities.view()).unwrap();
        let table = risk_coverage(&rows);
        let found: Vec<(usize, usize)> = table.iter().map(|at| (at.n_rows, at.n_wrong)).collect();
        assert_eq!(found, [(100, 3), (99, 2), (98, 1), (95, 0), (90, 0), (85, 0)]);
        assert_eq!(table[0].error, 0.03);
        assert_eq!(table[3].smallest_probability, 0.99 - 94.0 / 250.0);

        let weights: Vec<f64> =
            classes.iter().map(|class| if *class == 1 { 97.0 } else { 1.0 }).collect();
        let weighted = rows.weighted(Some(&weights)).unwrap();
        assert_eq!(risk_coverage(&weighted)[0].error, 0.75);
    }

    #[test]
    fn one_row_is_always_left() {
        let probabilities = Array2::from_elem((1, 2), 0.5);
        let rows = ClassRows::new(&[1], probabilities.view()).unwrap();
        assert!(risk_coverage(&rows).iter().all(|at| at.n_rows == 1 && at.error == 1.0));
    }
}
