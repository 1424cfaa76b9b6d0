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
#[allow(clippy::indexing_slicing, reason = "classes are below the number of columns")]
pub(super) fn fit_weights(out_of_fold: &Predictions, classes: &[usize]) -> Vec<f64> {
    let n_members = out_of_fold.members.len();
    let of_truth = |member: &Array2<f64>| -> Vec<f64> {
        let rows = member.rows().into_iter().zip(classes);
        rows.map(|(row, class)| row[*class].max(SMALLEST_PROBABILITY)).collect()
    };
    let of_truth: Vec<Vec<f64>> = out_of_fold.members.iter().map(of_truth).collect();
    let mut weights = vec![1.0 / number(n_members); n_members];
    for _ in 0..MAX_STEPS {
        let mut shares = vec![0.0; n_members];
        for row in 0..classes.len() {
            let terms =
                weights.iter().zip(&of_truth).map(|(weight, of_rows)| weight * of_rows[row]);
            let total = terms.clone().fold(0.0, |sum, term| sum + term);
            shares.iter_mut().zip(terms).for_each(|(share, term)| *share += term / total);
        }
        shares.iter_mut().for_each(|share| *share /= number(classes.len()));
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
        let fitted = fit_weights(&out_of_fold, &classes);
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
    fn a_member_that_raises_the_log_loss_gets_no_weight() {
        let classes = [1, 1, 0, 0];
        let out_of_fold = predictions(&[&[0.9, 0.8, 0.1, 0.2], &[0.2, 0.4, 0.9, 0.6]]);
        assert_eq!(fit_weights(&out_of_fold, &classes)[1], 0.0);
    }
}
