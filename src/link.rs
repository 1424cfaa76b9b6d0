//! From margins to probabilities, and from these to a class.

use alloc::format;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::numeric::{exp, logistic_pair};

/// The function whose inverse turns a member's margins into one probability per class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Link {
    /// Two classes, one margin: the log odds of class 1.
    Logit,
    /// One margin per class; probabilities are proportional to `exp(margin)`.
    Softmax,
}

impl Link {
    /// How many margins a member must give for this many classes.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the link cannot serve that many classes.
    pub(crate) fn n_margins(self, n_classes: usize) -> Result<usize, Error> {
        match self {
            Self::Logit if n_classes != 2 => Err(Error::new(
                ErrorKind::InvalidModel,
                format!("the logit link serves 2 classes, but the target has {n_classes}"),
            )),
            Self::Logit => Ok(1),
            Self::Softmax => Ok(n_classes),
        }
    }

    /// Writes one probability per class; `margins` are finite.
    ///
    /// The sum of `Softmax` runs from the first class to the last.
    #[allow(clippy::indexing_slicing, reason = "lengths were checked when the model was opened")]
    pub(crate) fn probabilities(self, margins: &[f64], out: &mut [f64]) {
        match self {
            Self::Logit => (out[0], out[1]) = logistic_pair(margins[0]),
            Self::Softmax => {
                let largest = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let mut sum = 0.0;
                for (share, &margin) in out.iter_mut().zip(margins) {
                    *share = exp(margin - largest);
                    sum += *share;
                }
                for share in out {
                    *share /= sum;
                }
            }
        }
    }
}

/// The index of the largest probability; of equal ones, the lowest.
pub(crate) fn most_probable(probabilities: &[f64]) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, &probability) in probabilities.iter().enumerate() {
        if probability > best.1 {
            best = (index, probability);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_of_two_margins_is_the_logistic_of_their_difference() {
        let mut softmax = [0.0; 2];
        Link::Softmax.probabilities(&[0.25, 1.5], &mut softmax);
        let mut logit = [0.0; 2];
        Link::Logit.probabilities(&[1.25], &mut logit);
        assert!((softmax[0] - logit[0]).abs() < 1e-16 && (softmax[1] - logit[1]).abs() < 1e-15);
    }

    #[test]
    fn softmax_does_not_overflow() {
        let mut out = [0.0; 3];
        Link::Softmax.probabilities(&[1e300, -1e300, 1e300], &mut out);
        assert_eq!(out, [0.5, 0.0, 0.5]);
    }

    #[test]
    fn the_logit_link_refuses_three_classes() {
        assert_eq!(Link::Logit.n_margins(3).unwrap_err().kind(), ErrorKind::InvalidModel);
    }

    #[test]
    fn of_equally_probable_classes_the_lowest_is_chosen() {
        assert_eq!(most_probable(&[0.5, 0.5]), 0);
        assert_eq!(most_probable(&[0.2, 0.4, 0.4]), 1);
    }
}
