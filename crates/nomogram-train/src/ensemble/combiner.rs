//! How the members vote, found on rows that they were not fitted to.

use ndarray::Array2;
use nomogram::{Combiner, StackInput};

use crate::config::{Learner, LogisticRegressionSpec, StackReads, TrainingConfig, Vote};
use crate::count::number;
use crate::error::Error;
use crate::learners::TrainingRows;
use crate::predictions::Predictions;

/// Weights move less than this when they are found.
const TOLERANCE: f64 = 1e-12;
const MAX_STEPS: usize = 100_000;
/// A member that would count less does not count.
const SMALLEST_WEIGHT: f64 = 1e-6;
/// Probabilities below count as this, so that one impossible row does not decide alone.
const SMALLEST_PROBABILITY: f64 = 1e-15;

/// The vote as far as a configuration says it without held-out rows; members count as they say.
pub(crate) fn given(config: &TrainingConfig) -> Combiner {
    let weights = config.members.iter().map(|member| member.weight).collect();
    match config.vote {
        Vote::Hard => Combiner::HardVote { weights },
        _ => Combiner::SoftVote { weights },
    }
}

/// The combiner that a configuration asks for; `held_out` are predictions by members that had not
/// seen the rows.
pub(crate) fn fit_combiner(
    config: &TrainingConfig,
    held_out: &Predictions,
    classes: &[usize],
) -> Result<Combiner, Error> {
    match &config.vote {
        Vote::Soft | Vote::Hard => Ok(given(config)),
        Vote::Fitted => Ok(Combiner::SoftVote { weights: fit_weights(held_out, classes) }),
        Vote::Stack(stack) => {
            let (input, values) = match stack.reads {
                StackReads::Margins => (StackInput::Margins, held_out.margins.clone()),
                StackReads::Outputs => (StackInput::Outputs, outputs(held_out)),
            };
            let n_classes = held_out.vote.ncols();
            let (values, weights, columns) = (values.view(), None, &[][..]);
            let rows = TrainingRows { values, classes, n_classes, weights, columns };
            let learner = Learner::LogisticRegression(LogisticRegressionSpec::ridge(stack.c));
            let member = Box::new(learner.fit(rows, config.seed)?);
            Ok(Combiner::Stack { input, member })
        }
    }
}

/// What a stacked member reads of the outputs: of two classes, the probability of class 1 alone.
fn outputs(held_out: &Predictions) -> Array2<f64> {
    let n_classes = held_out.vote.ncols();
    let first = if n_classes == 2 { 1 } else { 0 };
    let width = n_classes - first;
    let shape = (held_out.vote.nrows(), width * held_out.members.len());
    Array2::from_shape_fn(shape, |(row, column)| {
        let member = held_out.members.get(column / width);
        member.map_or(f64::NAN, |member| member[[row, first + column % width]])
    })
}

/// The weights of a soft vote with the lowest log loss: those of a mixture, by expectation
/// maximisation (Dempster, Laird and Rubin 1977), which for weights alone finds the global optimum.
#[allow(clippy::indexing_slicing, reason = "classes are below the number of columns")]
fn fit_weights(held_out: &Predictions, classes: &[usize]) -> Vec<f64> {
    let n_members = held_out.members.len();
    let of_truth = |member: &Array2<f64>| -> Vec<f64> {
        let rows = member.rows().into_iter().zip(classes);
        rows.map(|(row, class)| row[*class].max(SMALLEST_PROBABILITY)).collect()
    };
    let of_truth: Vec<Vec<f64>> = held_out.members.iter().map(of_truth).collect();
    let mut weights = vec![1.0 / number(n_members); n_members];
    for _ in 0..MAX_STEPS {
        let mut shares = vec![0.0; n_members];
        for row in 0..classes.len() {
            let parts = weights.iter().zip(&of_truth).map(|(weight, own)| weight * own[row]);
            let total = parts.clone().fold(0.0, |sum, part| sum + part);
            shares.iter_mut().zip(parts).for_each(|(share, part)| *share += part / total);
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

    fn held_out(members: &[&[f64]]) -> Predictions {
        let n_rows = members[0].len();
        let of_both =
            |own: &&[f64]| {
                Array2::from_shape_fn((n_rows, 2), |(row, class)| {
                    if class == 1 { own[row] } else { 1.0 - own[row] }
                })
            };
        let members: Vec<Array2<f64>> = members.iter().map(of_both).collect();
        Predictions {
            names: members.iter().map(|_| "member".into()).collect(),
            margins: Array2::zeros((n_rows, 0)),
            vote: members[0].clone(),
            members,
        }
    }

    fn log_loss(held_out: &Predictions, classes: &[usize], weights: &[f64]) -> f64 {
        let total: f64 = weights.iter().sum();
        let loss = |(row, class): (usize, &usize)| {
            let parts = weights.iter().zip(&held_out.members);
            let vote: f64 = parts.map(|(w, own)| w / total * own[[row, *class]]).sum();
            -nomogram::numeric::ln(vote)
        };
        classes.iter().enumerate().map(loss).sum()
    }

    #[test]
    fn no_other_weights_have_a_lower_log_loss() {
        let classes = [1, 1, 1, 0, 0, 0, 1, 0];
        let held_out = held_out(&[
            &[0.9, 0.8, 0.3, 0.2, 0.1, 0.4, 0.6, 0.7],
            &[0.6, 0.9, 0.8, 0.3, 0.5, 0.1, 0.2, 0.4],
            &[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
        ]);
        let found = fit_weights(&held_out, &classes);
        let best = log_loss(&held_out, &classes, &found);
        for a in 0..=20 {
            for b in 0..=20 - a {
                let weights = [a, b, 20 - a - b].map(f64::from);
                assert!(best <= log_loss(&held_out, &classes, &weights) + 1e-12, "{weights:?}");
            }
        }
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn a_member_that_only_harms_does_not_count() {
        let classes = [1, 1, 0, 0];
        let held_out = held_out(&[&[0.9, 0.8, 0.1, 0.2], &[0.2, 0.4, 0.9, 0.6]]);
        assert_eq!(fit_weights(&held_out, &classes)[1], 0.0);
    }
}
