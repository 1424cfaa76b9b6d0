//! What a person should know before trusting a model.

use serde::Serialize;

use crate::count::number;
use crate::predictions::Predictions;
use nomogram_stats::Confidence;
use nomogram_stats::calibration::{calibration_line, clipped};
use nomogram_stats::metrics::log_loss;

/// A member is told to worsen the vote when the log loss would fall by this share without it.
const WORTH_TELLING: f64 = 0.01;

/// Something that a person should know before trusting a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The member that it is about, or the vote.
    pub about: String,
    /// What was found and what is expected.
    pub text: String,
}

/// What is suspicious about members and vote, from predictions of rows that they had not seen.
#[must_use]
pub fn warnings(out_of_fold: &Predictions, classes: &[usize]) -> Vec<Warning> {
    let mut found = Vec::new();
    let names = || out_of_fold.names.iter().zip(&out_of_fold.members);
    let mean_without = |left_out: Option<usize>| {
        let kept = out_of_fold.members.iter().enumerate().filter(|(at, _)| Some(*at) != left_out);
        let n = number(kept.clone().count());
        let sum = kept.fold(out_of_fold.vote.mapv(|_| 0.0), |sum, (_, own)| sum + own);
        log_loss(&(sum / n), classes)
    };
    if out_of_fold.members.len() > 1 {
        let with_all = mean_without(None);
        for (at, (name, _)) in names().enumerate() {
            let without = mean_without(Some(at));
            if without < (1.0 - WORTH_TELLING) * with_all {
                found.push(Warning {
                    about: name.clone(),
                    text: format!(
                        "it worsens the vote: on held-out rows the mean of all members has the log \
                         loss {with_all:.4}, without it {without:.4}"
                    ),
                });
            }
        }
    }
    if out_of_fold.vote.ncols() != 2 {
        return found;
    }
    for (name, own) in names() {
        let of_class = |class: usize| {
            own.column(1)
                .into_iter()
                .zip(classes)
                .filter(move |(_, own)| **own == class)
                .map(|(p, _)| *p)
        };
        let highest = of_class(0).fold(f64::NEG_INFINITY, f64::max);
        let lowest = of_class(1).fold(f64::INFINITY, f64::min);
        if highest < lowest {
            found.push(Warning {
                about: name.clone(),
                text: format!(
                    "it parts the classes: no negative row has more than {highest:.4}, no positive one \
                     less than {lowest:.4}; does a feature hold the answer?"
                ),
            });
        }
    }
    let outcomes: Vec<bool> = classes.iter().map(|class| *class == 1).collect();
    let inside = clipped(&out_of_fold.positive());
    if let Ok(line) = calibration_line(&outcomes, &inside, Confidence::PERCENT_95) {
        let slope = line.slope;
        if slope.interval.lower > 1.0 || slope.interval.upper < 1.0 {
            let kind = if slope.value < 1.0 { "too extreme" } else { "not extreme enough" };
            found.push(Warning {
                about: nomogram_stats::assessment::ENSEMBLE.into(),
                text: format!(
                    "its probabilities are {kind}: on held-out rows the calibration slope is {:.3} \
                     ({:.3} to {:.3}), expected 1; see `calibration`",
                    slope.value, slope.interval.lower, slope.interval.upper
                ),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn predictions(members: &[&[f64]]) -> Predictions {
        let of = |own: &&[f64]| {
            Array2::from_shape_fn((own.len(), 2), |(row, class)| {
                if class == 1 { own[row] } else { 1.0 - own[row] }
            })
        };
        Predictions {
            names: (0..members.len()).map(|nth| format!("m{nth}")).collect(),
            members: members.iter().map(of).collect(),
            margins: Array2::zeros((members[0].len(), 0)),
            vote: of(&members[0]),
        }
    }

    #[test]
    fn a_sound_model_has_no_warning() {
        let own: Vec<f64> = (0..40).map(|row| if row % 4 < 2 { 0.25 } else { 0.75 }).collect();
        let classes: Vec<usize> =
            (0..40).map(|row| usize::from((row % 4 < 2) == (row / 4 % 4 == 0))).collect();
        assert_eq!(warnings(&predictions(&[&own]), &classes), []);
    }

    #[test]
    fn what_harms_parts_or_exaggerates_is_told() {
        let classes = [0, 0, 0, 1, 1, 1, 0, 1];
        let good = [0.1, 0.2, 0.3, 0.7, 0.8, 0.9, 0.2, 0.8];
        let bad = [0.9, 0.8, 0.3, 0.2, 0.1, 0.6, 0.7, 0.3];
        let found = warnings(&predictions(&[&good, &bad]), &classes);
        let of = |about: &str| found.iter().find(|own| own.about == about).unwrap().text.as_str();
        assert!(of("m0").contains("it parts the classes"), "{found:?}");
        assert!(of("m1").contains("it worsens the vote"), "{found:?}");
        let sure: Vec<f64> = (0..60).map(|row| if row % 2 == 0 { 0.001 } else { 0.999 }).collect();
        let classes: Vec<usize> =
            (0..60).map(|row| usize::from((row % 2 == 1) != (row % 5 == 0))).collect();
        let found = warnings(&predictions(&[&sure]), &classes);
        assert!(found[0].text.contains("too extreme"), "{found:?}");
    }
}
