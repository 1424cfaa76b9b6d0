//! Weights of the members with the lowest log loss.

use ndarray::Array2;

use crate::count::number;
use crate::predictions::Predictions;

/// Iteration stops when no weight changes by more.
const TOLERANCE: f64 = 1e-12;
const MAX_STEPS: usize = 100_000;
/// Smaller weights become 0.
const SMALLEST_WEIGHT: f64 = 1e-6;
/// Probabilities below count as this, so that one impossible row does not decide alone.
const SMALLEST_PROBABILITY: f64 = 1e-15;

/// The weights of a soft vote with the lowest log loss: those of a mixture, by expectation
/// maximisation (Dempster, Laird and Rubin 1977), which for weights alone finds the global optimum.
/// `row_weights` has the weight of each row, or each counts 1.
#[allow(clippy::indexing_slicing, reason = "classes are below the number of columns")]
pub(super) fn fit_weights(
    out_of_fold: &Predictions,
    classes: &[usize],
    row_weights: Option<&[f64]>,
) -> Vec<f64> {
    let of_rows = row_weights.map_or_else(|| vec![1.0; classes.len()], <[f64]>::to_vec);
    let of_all = of_rows.iter().fold(0.0, |sum, weight| sum + weight);
    let n_members = out_of_fold.members.len();
    let of_truth = |member: &Array2<f64>| -> Vec<f64> {
        let rows = member.rows().into_iter().zip(classes);
        rows.map(|(row, class)| row[*class].max(SMALLEST_PROBABILITY)).collect()
    };
    let of_truth: Vec<Vec<f64>> = out_of_fold.members.iter().map(of_truth).collect();
    let mut weights = vec![1.0 / number(n_members); n_members];
    for _ in 0..MAX_STEPS {
        let mut shares = vec![0.0; n_members];
        for (row, row_weight) in of_rows.iter().enumerate() {
            let terms =
                weights.iter().zip(&of_truth).map(|(weight, of_rows)| weight * of_rows[row]);
            let total = terms.clone().fold(0.0, |sum, term| sum + term);
            shares
                .iter_mut()
                .zip(terms)
                .for_each(|(share, term)| *share += row_weight * (term / total));
        }
        shares.iter_mut().for_each(|share| *share /= of_all);
        let moves = weights.iter().zip(&shares).map(|(old, new)| (old - new).abs());
        let largest = moves.fold(0.0, f64::max);
        weights = shares;
        if largest < TOLERANCE {
            break;
        }
    }
    let rounded = |weight: f64| if weight < SMALLEST_WEIGHT { 0.0 } else { weight };
    weights.into_iter().map(rounded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(members: &[&[f64]]) -> Predictions {
        let n_rows = members[0].len();
        let of_both = |positive: &&[f64]| {
            Array2::from_shape_fn((n_rows, 2), |(row, class)| {
                if class == 1 { positive[row] } else { 1.0 - positive[row] }
            })
        };
        let members: Vec<Array2<f64>> = members.iter().map(of_both).collect();
        Predictions {
            names: members.iter().map(|_| "member".into()).collect(),
            margins: Array2::zeros((n_rows, 0)),
            ensemble: members[0].clone(),
            uncalibrated: None,
            members,
        }
    }

    fn log_loss(out_of_fold: &Predictions, classes: &[usize], weights: &[f64]) -> f64 {
        let total: f64 = weights.iter().sum();
        let loss = |(row, class): (usize, &usize)| {
            let terms = weights.iter().zip(&out_of_fold.members);
            let mean: f64 = terms.map(|(w, member)| w / total * member[[row, *class]]).sum();
            -nomogram::numeric::ln(mean)
        };
        classes.iter().enumerate().map(loss).sum()
    }

    #[test]
    fn no_other_weights_have_a_lower_log_loss() {
        let classes = [1, 1, 1, 0, 0, 0, 1, 0];
        let out_of_fold = predictions(&[
            &[0.9, 0.8, 0.3, 0.2, 0.1, 0.4, 0.6, 0.7],
            &[0.6, 0.9, 0.8, 0.3, 0.5, 0.1, 0.2, 0.4],
            &[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
        ]);
        let fitted = fit_weights(&out_of_fold, &classes, None);
        let best = log_loss(&out_of_fold, &classes, &fitted);
        for a in 0..=20 {
            for b in 0..=20 - a {
                let weights = [a, b, 20 - a - b].map(f64::from);
                assert!(best <= log_loss(&out_of_fold, &classes, &weights) + 1e-12, "{weights:?}");
            }
        }
        assert!((fitted.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{fitted:?}");
    }

    #[test]
    fn a_row_of_weight_three_is_three_rows() {
        let out_of_fold = predictions(&[&[0.9, 0.3, 0.2, 0.4], &[0.6, 0.8, 0.5, 0.1]]);
        let (classes, copies) = ([1, 1, 0, 0], [0, 1, 1, 1, 2, 3, 3]);
        let weighted = fit_weights(&out_of_fold, &classes, Some(&[1.0, 3.0, 1.0, 2.0]));
        let repeated = copies.map(|row: usize| classes[row]);
        let repeated = fit_weights(&out_of_fold.select(&copies), &repeated, None);
        for (weighted, repeated) in weighted.iter().zip(&repeated) {
            assert!((weighted - repeated).abs() < 1e-9, "{weighted}, {repeated}");
        }
        let plain = fit_weights(&out_of_fold, &classes, None);
        assert!((weighted[0] - plain[0]).abs() > 0.01);
    }

    #[test]
    fn a_member_that_raises_the_log_loss_gets_no_weight() {
        let classes = [1, 1, 0, 0];
        let out_of_fold = predictions(&[&[0.9, 0.8, 0.1, 0.2], &[0.2, 0.4, 0.9, 0.6]]);
        assert_eq!(fit_weights(&out_of_fold, &classes, None)[1], 0.0);
    }
}
