//! Numbers by which a source marks missing values, such as −999.
//!
//! As LightGBM's `zero_as_missing`, and scikit-learn's `SimpleImputer(missing_values=-1)`.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Inputs, Transform, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;

/// A value from `low` to `high`, both included, becomes missing, input by input. Missing values stay
/// missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkMissing {
    inputs: Inputs,
    lows: Vec<f64>,
    highs: Vec<f64>,
}
decode_struct!(MarkMissing { inputs, lows, highs });

impl MarkMissing {
    /// The lowest and the highest number, one of each per input, that becomes missing.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ, a bound is not finite or the lower one is above the higher
    /// one.
    pub fn new(inputs: Inputs, lows: Vec<f64>, highs: Vec<f64>) -> Result<Self, Error> {
        let mark = Self { inputs, lows, highs };
        mark.check_parameters()?;
        Ok(mark)
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.lows.len(), "lower bounds")?;
        self.inputs.check_count(self.highs.len(), "upper bounds")?;
        self.inputs.check_each(&|nth| {
            let (low, high) = (self.lows[nth], self.highs[nth]);
            if low.is_finite() && high.is_finite() && low <= high {
                return Ok(());
            }
            let detail = format_args!("bounds {low} and {high}, expected finite ones that ascend");
            Err(Error::invalid_model(detail))
        })
    }

    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    fn mark(&self, nth: usize, value: f64) -> f64 {
        if value >= self.lows[nth] && value <= self.highs[nth] { f64::NAN } else { value }
    }
}

impl Transform for MarkMissing {
    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.map_domains(inputs, &|nth, domain| {
            let may_be_marked = domain.low <= self.highs[nth] && domain.high >= self.lows[nth];
            Ok(Domain { may_be_missing: domain.may_be_missing || may_be_marked, ..domain })
        })
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), 4)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        self.inputs.map_values(input, output, |nth, value| self.mark(nth, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn values_between_the_bounds_become_missing() {
        let mark = MarkMissing::new(Inputs::all(2), vec![-1e-35, -9.0], vec![1e-35, -9.0]).unwrap();
        let mut output = [1.0; 2];
        mark.apply(&[-0.0, -9.0], &mut output);
        assert!(output.iter().all(|value| value.is_nan()));
        mark.apply(&[1e-34, f64::NAN], &mut output);
        assert!(output[0] == 1e-34 && output[1].is_nan());
        let domains = mark.check(&[Domain::new(1.0, 2.0), Domain::new(-10.0, 0.0)]).unwrap();
        assert_eq!(domains.iter().map(|d| d.may_be_missing).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn bounds_that_do_not_ascend_are_refused() {
        let refused = |low, high| MarkMissing::new(Inputs::all(1), vec![low], vec![high]).is_err();
        assert!(refused(1.0, 0.0) && refused(f64::NAN, 0.0) && refused(0.0, f64::INFINITY));
    }
}
