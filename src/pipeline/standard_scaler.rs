//! Standard scaling: subtract the mean, divide by the standard deviation.
//!
//! Formula and defaults are those of scikit-learn's `StandardScaler`.

use alloc::format;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Place};

/// `(value − mean) / std_dev`, feature by feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandardScaler {
    means: Vec<f64>,
    std_devs: Vec<f64>,
}

impl StandardScaler {
    /// One mean and one standard deviation per feature.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ, a mean is not finite, or a standard deviation is not
    /// a positive number.
    pub fn new(means: Vec<f64>, std_devs: Vec<f64>) -> Result<Self, Error> {
        let scaler = Self { means, std_devs };
        scaler.check()?;
        Ok(scaler)
    }

    /// How many values it reads and writes.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.means.len()
    }

    /// Writes the scaled values of `input` to `output`; both hold one value per feature.
    pub fn apply(&self, input: &[f64], output: &mut [f64]) {
        for (((out, value), mean), std_dev) in
            output.iter_mut().zip(input).zip(&self.means).zip(&self.std_devs)
        {
            // Divide, as scikit-learn does: a stored reciprocal rounds twice and gives other bits.
            *out = (value - mean) / std_dev;
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if self.means.len() != self.std_devs.len() {
            return Err(Error::invalid_model(format!(
                "{} means, but {} standard deviations",
                self.means.len(),
                self.std_devs.len()
            )));
        }
        for (index, (mean, std_dev)) in self.means.iter().zip(&self.std_devs).enumerate() {
            if !mean.is_finite() {
                return Err(Error::invalid_model(format!("mean {mean}, expected a finite number"))
                    .within(Place::Feature(index)));
            }
            if !(*std_dev > 0.0 && std_dev.is_finite()) {
                return Err(Error::invalid_model(format!(
                    "standard deviation {std_dev}, expected a positive number"
                ))
                .within(Place::Feature(index)));
            }
        }
        Ok(())
    }

    pub(super) fn bound(&self, magnitude: f64) -> f64 {
        let largest = |mean: &f64, std_dev: &f64| (magnitude + mean.abs()) / std_dev;
        self.means.iter().zip(&self.std_devs).map(|(m, s)| largest(m, s)).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn it_subtracts_then_divides() {
        let scaler = StandardScaler::new(vec![1.0, 0.1], vec![3.0, 0.7]).unwrap();
        let mut out = [0.0; 2];
        scaler.apply(&[2.0, 0.3], &mut out);
        assert_eq!(out, [1.0 / 3.0, (0.3 - 0.1) / 0.7]);
    }

    #[test]
    fn parameters_that_cannot_scale_are_refused() {
        let cases = [
            (vec![0.0], vec![], "1 means, but 0 standard deviations"),
            (vec![f64::NAN], vec![1.0], "feature 0: mean NaN, expected a finite number"),
            (vec![0.0], vec![0.0], "feature 0: standard deviation 0, expected a positive number"),
        ];
        for (means, std_devs, message) in cases {
            assert_eq!(StandardScaler::new(means, std_devs).unwrap_err().to_string(), message);
        }
    }
}
