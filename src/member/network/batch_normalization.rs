//! Batch normalisation: folded into the weights and biases of an adjacent layer.
//!
//! A bundle has no batch normalisation: in a trained network it is one more weighted sum, so a
//! converter folds it. The rounding differs from that of the source library.

use alloc::vec::Vec;

use super::Layer;
use crate::error::Error;
use crate::member::kind::check_finite;
use crate::numeric::sqrt;

/// `(value − mean) / √(variance + epsilon) · scale + shift`, value by value: a fitted batch
/// normalisation (Ioffe and Szegedy, 2015), as PyTorch's `BatchNorm1d` after `eval()`.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNormalization {
    /// One per value: PyTorch's `weight`; 1 where nothing was learned.
    pub scales: Vec<f64>,
    /// One per value: PyTorch's `bias`; 0 where nothing was learned.
    pub shifts: Vec<f64>,
    /// One per value: PyTorch's `running_mean`.
    pub means: Vec<f64>,
    /// One per value: PyTorch's `running_var`.
    pub variances: Vec<f64>,
    /// PyTorch's `eps`.
    pub epsilon: f64,
}

/// The same as `value · factor + offset`.
struct Affine {
    factors: Vec<f64>,
    offsets: Vec<f64>,
}

impl BatchNormalization {
    fn affine(&self, n_values: usize) -> Result<Affine, Error> {
        for (parameters, what) in [
            (&self.scales, "scales"),
            (&self.shifts, "shifts"),
            (&self.means, "means"),
            (&self.variances, "variances"),
        ] {
            if parameters.len() != n_values {
                let detail = format_args!("{} {what}, expected {n_values}", parameters.len());
                return Err(Error::invalid_model(detail));
            }
        }
        let factor = |(scale, variance): (&f64, &f64)| scale / sqrt(variance + self.epsilon);
        let factors: Vec<f64> = self.scales.iter().zip(&self.variances).map(factor).collect();
        let means_and_factors = self.means.iter().zip(&factors);
        let offset = |(shift, (mean, factor)): (&f64, (&f64, &f64))| shift - mean * factor;
        let offsets: Vec<f64> = self.shifts.iter().zip(means_and_factors).map(offset).collect();
        check_finite(&factors, "scale / √(variance + epsilon)")?;
        check_finite(&offsets, "shift − mean · scale / √(variance + epsilon)")?;
        Ok(Affine { factors, offsets })
    }
}

impl Layer {
    /// The layer that does to plain inputs what this one does to normalised ones, for a
    /// normalisation before this layer.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the normalisation does not have one of each parameter per input, or a
    /// result is not finite.
    pub fn with_normalized_inputs(&self, by: &BatchNormalization) -> Result<Self, Error> {
        self.check_parameters()?;
        let Affine { factors, offsets } = by.affine(self.n_inputs())?;
        let mut folded = self.clone();
        let of_inputs = folded.weights.chunks_exact_mut(self.n_outputs());
        for ((weights, factor), offset) in of_inputs.zip(factors).zip(offsets) {
            for (weight, bias) in weights.iter_mut().zip(&mut folded.biases) {
                *bias += offset * *weight;
                *weight *= factor;
            }
        }
        folded.check_parameters().map(|()| folded)
    }

    /// The layer that does what this one does when its sums are normalised before the activation.
    /// A normalisation after an activation belongs to the next layer's inputs.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the normalisation does not have one of each parameter per output, or a
    /// result is not finite.
    pub fn with_normalized_sums(&self, by: &BatchNormalization) -> Result<Self, Error> {
        self.check_parameters()?;
        let Affine { factors, offsets } = by.affine(self.n_outputs())?;
        let mut folded = self.clone();
        for ((bias, factor), offset) in folded.biases.iter_mut().zip(&factors).zip(offsets) {
            *bias = *bias * factor + offset;
        }
        for weights in folded.weights.chunks_exact_mut(self.n_outputs()) {
            for (weight, factor) in weights.iter_mut().zip(&factors) {
                *weight *= factor;
            }
        }
        folded.check_parameters().map(|()| folded)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Activation;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn normalization() -> BatchNormalization {
        BatchNormalization {
            scales: vec![1.25, -0.5, 0.75],
            shifts: vec![0.1, 0.2, -3.0],
            means: vec![4.0, -1.0, 0.0],
            variances: vec![2.0, 0.25, 1e-4],
            epsilon: 1e-5,
        }
    }

    fn normalize(values: &[f64]) -> Vec<f64> {
        let by = normalization();
        let one = |index: usize| {
            let scaled = (values[index] - by.means[index]) / sqrt(by.variances[index] + by.epsilon);
            scaled * by.scales[index] + by.shifts[index]
        };
        (0..values.len()).map(one).collect()
    }

    fn outputs(layer: &Layer, inputs: &[f64]) -> Vec<f64> {
        let mut outputs = vec![0.0; layer.n_outputs()];
        layer.apply(inputs, &mut outputs);
        outputs
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        for (found, expected) in found.iter().zip(expected) {
            let error = (found - expected).abs();
            assert!(error <= 1e-12 * expected.abs().max(1.0), "{found} is not {expected}");
        }
    }

    fn layer(n_inputs: usize, n_outputs: usize) -> Layer {
        let ramp = |n: usize| (0_u32..).take(n).map(|step| f64::from(step * 7 % 11) / 3.0 - 1.5);
        Layer {
            activation: Activation::Tanh,
            biases: ramp(n_outputs).collect(),
            weights: ramp(n_inputs * n_outputs).collect(),
        }
    }

    #[test]
    fn normalized_inputs_fold_into_the_layer_behind_them() {
        let (layer, inputs) = (layer(3, 2), [3.5, -0.75, 0.01]);
        let folded = layer.with_normalized_inputs(&normalization()).unwrap();
        assert_close(&outputs(&folded, &inputs), &outputs(&layer, &normalize(&inputs)));
        assert!(outputs(&folded, &inputs) != outputs(&layer, &inputs));
    }

    #[test]
    fn normalized_sums_fold_into_the_layer_before_its_activation() {
        let (layer, inputs) = (layer(2, 3), [0.3, -0.2]);
        let folded = layer.with_normalized_sums(&normalization()).unwrap();
        let plain = Layer { activation: Activation::Identity, ..layer };
        let mut expected = normalize(&outputs(&plain, &inputs));
        Activation::Tanh.apply(&mut expected);
        assert_close(&outputs(&folded, &inputs), &expected);
    }

    #[test]
    fn a_normalization_that_does_not_fit_is_refused() {
        let refused = |by: BatchNormalization| {
            layer(3, 1).with_normalized_inputs(&by).unwrap_err().to_string()
        };
        let short = BatchNormalization { means: vec![0.0], ..normalization() };
        assert_eq!(refused(short), "1 means, expected 3");
        let constant =
            BatchNormalization { variances: vec![0.0; 3], epsilon: 0.0, ..normalization() };
        assert!(refused(constant).starts_with("scale / √(variance + epsilon) 1 is not a finite"));
        let negative = BatchNormalization { variances: vec![-1.0; 3], ..normalization() };
        assert!(refused(negative).contains("is not a finite number"));
        let wide = layer(2, 2).with_normalized_sums(&normalization()).unwrap_err();
        assert_eq!(wide.to_string(), "3 scales, expected 2");
    }
}
