//! Cutoffs: named operating points on the probability of a class.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::codec::decode_struct;
use crate::error::{Error, ordinal};

/// A probability at which something is done, for example `refer to biopsy` at 0.1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cutoff {
    /// The name, unique in the model.
    pub name: String,
    /// The class whose probability is compared.
    pub class: u32,
    /// The lowest probability that reaches the cutoff, in `[0, 1]`.
    pub probability: f64,
}
decode_struct!(Cutoff { name, class, probability });

impl Cutoff {
    /// Whether the probability of the class reaches the cutoff. `probabilities` has one number per
    /// class; a class beyond them does not reach it.
    #[must_use]
    pub fn is_reached_by(&self, probabilities: &[f64]) -> bool {
        self.is_reached_at(probabilities.get(self.class as usize))
    }

    /// Whether this probability of the class, if there is one, reaches the cutoff.
    pub(crate) fn is_reached_at(&self, probability: Option<&f64>) -> bool {
        probability.is_some_and(|probability| *probability >= self.probability)
    }

    pub(crate) fn check(&self, n_classes: usize) -> Result<(), Error> {
        if self.class as usize >= n_classes {
            let detail =
                format_args!("class {}, expected 1 to {n_classes}", ordinal(self.class as usize));
            return Err(Error::invalid_model(detail));
        }
        if !(0.0..=1.0).contains(&self.probability) {
            let detail = format_args!("probability {}, expected 0 to 1", self.probability);
            return Err(Error::invalid_model(detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_equal_to_the_cutoff_reaches_it() {
        let cutoff = Cutoff { name: "refer".into(), class: 1, probability: 0.25 };
        assert!(cutoff.is_reached_by(&[0.75, 0.25]));
        assert!(!cutoff.is_reached_by(&[0.75, 0.25_f64.next_down()]));
        assert!(cutoff.check(2).is_ok() && cutoff.check(1).is_err());
        assert!(Cutoff { probability: f64::NAN, ..cutoff }.check(2).is_err());
    }
}
