//! Warnings about the members and the ensemble of a trained model.

use ndarray::Array2;
use serde::Serialize;

use crate::count::number;
use crate::error::Error;
use crate::predictions::Predictions;
use nomogram_stats::calibration::{calibration_line, clipped};
use nomogram_stats::metrics::log_loss;
use nomogram_stats::{Confidence, Rows};

/// A member has a warning when the log loss without it is lower by more than this share.
const MIN_GAIN: f64 = 0.01;

/// A reason not to trust a model yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The name of the member that it is about, or `ensemble`.
    pub about: String,
    /// What was found and what was expected.
    pub text: String,
}

/// Warnings about members and ensemble, from out-of-fold predictions of rows with these classes and
/// weights; without weights, rows count 1 each.
///
/// # Errors
///
/// `Data` or `Row` when predictions, classes and weights do not fit each other.
pub fn warnings(
    out_of_fold: &Predictions,
    classes: &[usize],
    weights: Option<&[f64]>,
) -> Result<Vec<Warning>, Error> {
    out_of_fold.check(classes, out_of_fold.ensemble.ncols())?;
    if let Some(weights) = weights.filter(|weights| weights.len() != classes.len()) {
        let (n_weights, n_rows) = (weights.len(), classes.len());
        return Err(Error::Data(format!(
            "{n_weights} weights of {n_rows} rows, expected one each"
        )));
    }
    let mut warnings = harmful_members(out_of_fold, classes, weights);
    if out_of_fold.ensemble.ncols() == 2 {
        let named = out_of_fold.names.iter().zip(&out_of_fold.members);
        warnings.extend(named.filter_map(|(name, member)| separating(name, member, classes)));
        warnings.extend(miscalibrated(out_of_fold, classes, weights));
    }
    Ok(warnings)
}

/// Members without which the mean of the others has a lower log loss.
fn harmful_members(
    out_of_fold: &Predictions,
    classes: &[usize],
    weights: Option<&[f64]>,
) -> Vec<Warning> {
    let members = &out_of_fold.members;
    if members.len() < 2 {
        return Vec::new();
    }
    let mean_without = |left_out: Option<usize>| {
        let kept = members.iter().enumerate().filter(|(index, _)| Some(*index) != left_out);
        let n = number(kept.clone().count());
        let zero = out_of_fold.ensemble.mapv(|_| 0.0);
        log_loss(&(kept.fold(zero, |sum, (_, member)| sum + member) / n), classes, weights)
    };
    let with_all = mean_without(None);
    let warning = |(index, name): (usize, &String)| {
        let without = mean_without(Some(index));
        (without < (1.0 - MIN_GAIN) * with_all).then(|| Warning {
            about: name.clone(),
            text: format!(
                "the ensemble is better without it: on held-out rows, the log loss of the mean of all \
                 members is {with_all:.4}, and {without:.4} without this one"
            ),
        })
    };
    out_of_fold.names.iter().enumerate().filter_map(warning).collect()
}

/// A member whose probabilities separate the two classes completely.
fn separating(name: &str, member: &Array2<f64>, classes: &[usize]) -> Option<Warning> {
    let of_class = |class: usize| {
        let rows = member.column(1).into_iter().zip(classes);
        rows.filter(move |(_, of_row)| **of_row == class).map(|(p, _)| *p)
    };
    let highest = of_class(0).fold(f64::NEG_INFINITY, f64::max);
    let lowest = of_class(1).fold(f64::INFINITY, f64::min);
    (highest < lowest).then(|| Warning {
        about: name.into(),
        text: format!(
            "it separates the classes: the highest probability of a negative row is {highest:.4}, the \
             lowest of a positive row {lowest:.4}; does a feature contain the outcome?"
        ),
    })
}

/// The ensemble, when its calibration slope is significantly different from 1.
fn miscalibrated(
    out_of_fold: &Predictions,
    classes: &[usize],
    weights: Option<&[f64]>,
) -> Option<Warning> {
    let outcomes: Vec<bool> = classes.iter().map(|class| *class == 1).collect();
    let probabilities = clipped(&out_of_fold.positive());
    let rows = Rows::new(&outcomes, &probabilities).ok()?.weighted(weights).ok()?;
    let slope = calibration_line(rows, Confidence::PERCENT_95).ok()?.slope;
    let (lower, upper) = (slope.interval.lower, slope.interval.upper);
    let kind = if slope.value < 1.0 { "too extreme" } else { "not extreme enough" };
    (lower > 1.0 || upper < 1.0).then(|| Warning {
        about: nomogram_stats::assessment::ENSEMBLE.into(),
        text: format!(
            "its probabilities are {kind}: on held-out rows the calibration slope is {:.3} \
             ({lower:.3} to {upper:.3}), expected 1; see `calibration`",
            slope.value
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(members: &[&[f64]]) -> Predictions {
        let both = |positive: &&[f64]| {
            Array2::from_shape_fn((positive.len(), 2), |(row, class)| {
                if class == 1 { positive[row] } else { 1.0 - positive[row] }
            })
        };
        Predictions {
            names: (0..members.len()).map(|nth| format!("m{nth}")).collect(),
            members: members.iter().map(both).collect(),
            margins: Array2::zeros((members[0].len(), 0)),
            ensemble: both(&members[0]),
            uncalibrated: None,
        }
    }

    #[test]
    fn a_sound_model_has_no_warning() {
        let sound: Vec<f64> = (0..40).map(|row| if row % 4 < 2 { 0.25 } else { 0.75 }).collect();
        let classes: Vec<usize> =
            (0..40).map(|row| usize::from((row % 4 < 2) == (row / 4 % 4 == 0))).collect();
        assert_eq!(warnings(&predictions(&[&sound]), &classes, None).unwrap(), []);
    }

    #[test]
    fn harmful_separating_and_overconfident_members_have_a_warning() {
        let classes = [0, 0, 0, 1, 1, 1, 0, 1];
        let good = [0.1, 0.2, 0.3, 0.7, 0.8, 0.9, 0.2, 0.8];
        let bad = [0.9, 0.8, 0.3, 0.2, 0.1, 0.6, 0.7, 0.3];
        let warned = warnings(&predictions(&[&good, &bad]), &classes, None).unwrap();
        let text = |about: &str| warned.iter().find(|w| w.about == about).unwrap().text.as_str();
        assert!(text("m0").contains("it separates the classes"), "{warned:?}");
        assert!(text("m1").contains("the ensemble is better without it"), "{warned:?}");
        let sure: Vec<f64> = (0..60).map(|row| if row % 2 == 0 { 0.001 } else { 0.999 }).collect();
        let classes: Vec<usize> =
            (0..60).map(|row| usize::from((row % 2 == 1) != (row % 5 == 0))).collect();
        let warned = warnings(&predictions(&[&sure]), &classes, None).unwrap();
        assert!(warned[0].text.contains("too extreme"), "{warned:?}");
    }
}
