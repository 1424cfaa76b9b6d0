//! Imputation: missing values become fitted ones.
//!
//! As scikit-learn's `SimpleImputer`, with its `add_indicator`.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Inputs, Origin, Transform, appended, check_finite, merged, times};
use crate::codec::{decode_enum, decode_struct};
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;
use crate::numeric::is_whole;

/// Replaces missing values. With indicators, one more value for each input is appended at the end of
/// the row: 1 if it was missing, else 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Imputer {
    inputs: Inputs,
    statistic: ImputeStatistic,
    values: Vec<f64>,
    has_indicators: bool,
}
decode_struct!(Imputer { inputs, statistic, values, has_indicators });

/// Where the imputed values come from; for people, as the values themselves are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImputeStatistic {
    /// Chosen beforehand.
    Constant,
    /// The mean of the training rows.
    Mean,
    /// The median of the training rows.
    Median,
    /// The most frequent value of the training rows.
    Mode,
}
decode_enum!(ImputeStatistic { Constant, Mean, Median, Mode });

impl Imputer {
    /// One value per input.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ or a value is not finite.
    pub fn new(
        inputs: Inputs,
        statistic: ImputeStatistic,
        values: Vec<f64>,
        has_indicators: bool,
    ) -> Result<Self, Error> {
        let imputer = Self { inputs, statistic, values, has_indicators };
        imputer.check_parameters()?;
        Ok(imputer)
    }

    /// Where the imputed values come from.
    #[must_use]
    pub fn statistic(&self) -> ImputeStatistic {
        self.statistic
    }

    /// The inputs that it changes.
    #[must_use]
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// What takes the place of a missing value of each input.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Whether a value is appended for each input: 1 if it was missing, else 0.
    #[must_use]
    pub fn has_indicators(&self) -> bool {
        self.has_indicators
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.values.len(), "values")?;
        self.inputs.check_each(&|nth| check_finite(self.values[nth], "value"))
    }
}

impl Transform for Imputer {
    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        let mut outputs = self.inputs.map_domains(inputs, &|nth, domain| {
            if !domain.may_be_missing {
                return Ok(domain);
            }
            let value = self.values[nth];
            Ok(Domain {
                low: domain.low.min(value),
                high: domain.high.max(value),
                is_whole: domain.is_whole && is_whole(value),
                may_be_missing: false,
            })
        })?;
        if self.has_indicators {
            outputs
                .try_reserve_exact(self.inputs.n_inputs())
                .map_err(|_| Error::out_of_memory())?;
            outputs.resize(outputs.len() + self.inputs.n_inputs(), Domain::whole(0.0, 1.0));
        }
        Ok(outputs)
    }

    fn max_outputs(&self, n_inputs: usize) -> usize {
        n_inputs + if self.has_indicators { self.inputs.n_inputs() } else { 0 }
    }

    fn origins(&self, inputs: &[Origin]) -> Result<Vec<Origin>, Error> {
        let n_indicators = if self.has_indicators { self.inputs.n_inputs() } else { 0 };
        let indicators = self.inputs.positions().take(n_indicators);
        appended(inputs, indicators.map(|at| merged(inputs, [at].into_iter())))
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), 4)
    }

    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        let (values, indicators) = output.split_at_mut(input.len());
        for (indicator, at) in indicators.iter_mut().zip(self.inputs.positions()) {
            *indicator = input[at].map(|value| if value.is_nan() { 1.0 } else { 0.0 });
        }
        let impute = |nth: usize, value: f64| if value.is_nan() { self.values[nth] } else { value };
        self.inputs.map_values(input, values, impute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn missing_values_are_replaced_and_indicated() {
        let inputs = Inputs::new(vec![0, 2]).unwrap();
        let statistic = ImputeStatistic::Median;
        let imputer = Imputer::new(inputs, statistic, vec![5.0, 7.5], true).unwrap();
        let missing = Domain { may_be_missing: true, ..Domain::whole(0.0, 6.0) };
        let outputs = imputer.check(&[missing, missing, missing]).unwrap();
        assert!(!outputs[0].may_be_missing && outputs[0].is_whole && outputs[1].may_be_missing);
        assert!(!outputs[2].is_whole && outputs[2].high == 7.5 && outputs.len() == 5);
        let mut output = [0.0; 5];
        imputer.apply(&[f64::NAN, 1.0, 2.0], &mut output);
        assert_eq!(output, [5.0, 1.0, 2.0, 1.0, 0.0]);
        imputer.apply(&[0.0, 1.0, -f64::NAN], &mut output);
        assert_eq!(output, [0.0, 1.0, 7.5, 0.0, 1.0]);
    }
}
