//! Projection onto fitted directions: principal components.
//!
//! As scikit-learn's `PCA.transform`, with its `whiten`.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{
    MAX_OUTPUTS, Origin, Transform, appended, check_finite, check_positive, merged, times,
};
use crate::codec::decode_struct;
use crate::domain::{Domain, affine};
use crate::error::{Error, Place};
use crate::lanes::Number;
use crate::memory;

/// The projections take the place of the whole row: output `k` is `Σ (value[j] − mean[j]) ·
/// component[k][j]`, from the first value to the last, divided by `scale[k]`. An output is missing
/// where a value is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    means: Vec<f64>,
    components: Vec<f64>,
    scales: Vec<f64>,
}
decode_struct!(Projection { means, components, scales });

impl Projection {
    /// One mean per value; components of shape `(n_outputs, n_values)`, row-major; one scale per
    /// output, 1 where nothing is whitened (else the root of the explained variance).
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the shapes do not fit, a number is not finite, or a scale is not positive.
    pub fn new(means: Vec<f64>, components: Vec<f64>, scales: Vec<f64>) -> Result<Self, Error> {
        let projection = Self { means, components, scales };
        projection.check_parameters()?;
        Ok(projection)
    }

    fn check_parameters(&self) -> Result<(), Error> {
        let (n_values, n_outputs) = (self.means.len(), self.scales.len());
        let is_filled = n_values.checked_mul(n_outputs) == Some(self.components.len());
        if n_values == 0 || !(1..=MAX_OUTPUTS).contains(&n_outputs) || !is_filled {
            return Err(Error::invalid_model(format_args!(
                "{} components, expected {n_outputs} outputs × {n_values} values",
                self.components.len()
            )));
        }
        self.means.iter().try_for_each(|mean| check_finite(*mean, "mean"))?;
        self.components.iter().try_for_each(|weight| check_finite(*weight, "component"))?;
        self.scales.iter().try_for_each(|scale| check_positive(*scale, "scale"))
    }
}

impl Transform for Projection {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        if inputs.len() != self.means.len() {
            let (n_inputs, n_means) = (inputs.len(), self.means.len());
            let detail = format_args!("reads {n_means} values, expected {n_inputs}");
            return Err(Error::invalid_model(detail));
        }
        let mut centred = memory::list(inputs.len())?;
        for (at, (input, mean)) in inputs.iter().zip(&self.means).enumerate() {
            let domain = input.map_monotone(&|value| value - mean);
            centred.push(domain.map_err(|e| e.within(Place::Input(at)))?);
        }
        let components = self.components.chunks_exact(self.means.len());
        memory::collect(components.zip(&self.scales).map(|(component, scale)| {
            affine(0.0, component.iter().zip(&centred))?.map_monotone(&|sum| sum / scale)
        }))
    }

    fn max_outputs(&self, n_inputs: usize) -> usize {
        n_inputs + self.scales.len()
    }

    fn origins(&self, inputs: &[Origin]) -> Result<Vec<Origin>, Error> {
        let all = merged(inputs, 0..inputs.len());
        appended(&[], self.scales.iter().map(|_| all))
    }

    fn work(&self) -> u64 {
        times(self.components.len(), 2) + times(self.scales.len(), 8)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        let components = self.components.chunks_exact(self.means.len());
        for ((output, component), scale) in output.iter_mut().zip(components).zip(&self.scales) {
            let terms = input.iter().zip(&self.means).zip(component);
            let sum = terms.fold(N::splat(0.0), |sum, ((value, mean), weight)| {
                sum.zip(*value, |sum, value| sum + (value - mean) * weight)
            });
            *output = sum.map(|sum| sum / scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn centred_values_are_projected_and_scaled() {
        let components = vec![0.6, 0.8, -0.8, 0.6];
        let projection = Projection::new(vec![1.0, 2.0], components, vec![1.0, 0.5]).unwrap();
        let mut output = [0.0; 2];
        projection.apply(&[2.0, 4.0], &mut output);
        assert_eq!(output, [0.0 + 1.0 * 0.6 + 2.0 * 0.8, (0.0 + 1.0 * -0.8 + 2.0 * 0.6) / 0.5]);
        assert!(projection.check(&[Domain::new(0.0, 1.0)]).is_err());
        assert!(Projection::new(vec![0.0], vec![1.0, 2.0], vec![1.0]).is_err());
        assert!(Projection::new(vec![0.0], vec![1.0], vec![0.0]).is_err());
    }
}
