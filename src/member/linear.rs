//! Linear members: one weighted sum per margin.

use alloc::vec::Vec;

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8};
use serde::{Deserialize, Serialize};

use super::{MemberKind, check_finite, check_inputs, check_no_probabilities, weighted_sum};
use crate::codec::decode_struct;
use crate::domain::{Domain, affine};
use crate::error::Error;
use crate::lanes::{Lanes, N_LANES, dispatch};
use crate::link::Link;
use crate::memory;

/// `margin = intercept + Σ weight · value`, summed from the first input to the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    link: Link,
    n_inputs: u32,
    intercepts: Vec<f64>,
    weights: Vec<f64>,
}
decode_struct!(Linear { link, n_inputs, intercepts, weights });

impl Linear {
    /// A model of `intercepts.len()` margins; `weights` has shape `(n_margins, n_inputs)`,
    /// row-major.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the shapes do not fit, a parameter is not finite, or for the probability
    /// link.
    pub fn new(link: Link, intercepts: Vec<f64>, weights: Vec<f64>) -> Result<Self, Error> {
        let n_inputs = weights.len() / intercepts.len().max(1);
        let n_inputs =
            u32::try_from(n_inputs).map_err(|_| Error::invalid_model("too many weights"))?;
        let linear = Self { link, n_inputs, intercepts, weights };
        linear.check_parameters()?;
        Ok(linear)
    }

    pub(super) fn n_inputs(&self) -> usize {
        self.n_inputs as usize
    }

    /// How its margins become outputs.
    #[must_use]
    pub fn link(&self) -> Link {
        self.link
    }

    /// The intercept of each margin.
    #[must_use]
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// The weights, shape `(n_margins, n_inputs)`, row-major.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    pub(super) fn check_parameters(&self) -> Result<(), Error> {
        check_no_probabilities(self.link)?;
        let (n_margins, n_inputs) = (self.intercepts.len(), self.n_inputs());
        if n_inputs == 0 || n_margins.checked_mul(n_inputs) != Some(self.weights.len()) {
            return Err(Error::invalid_model(format_args!(
                "{} weights, expected {n_margins} margins × {n_inputs} inputs",
                self.weights.len()
            )));
        }
        check_finite(&self.intercepts, "intercept")?;
        check_finite(&self.weights, "weight")
    }

    /// The intercept and the weights of each margin. Only for members that were checked.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&f64, &[f64])> {
        self.intercepts.iter().zip(self.weights.chunks_exact(self.n_inputs()))
    }

    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        self.weights.len() as u64
    }

    #[inline]
    pub(crate) fn margins(&self, encoded: &[f64], out: &mut [f64]) {
        let mut rest = self.weights.as_slice();
        for (margin, intercept) in out.iter_mut().zip(&self.intercepts) {
            let (weights, after) = rest.split_at_checked(encoded.len()).unwrap_or_default();
            (*margin, rest) = (weighted_sum(*intercept, weights, encoded), after);
        }
    }
}

impl Linear {
    /// As [`Self::margins`], of the values that are not missing.
    pub(crate) fn known_margins(&self, encoded: &[f64], out: &mut [f64]) {
        for (margin, (intercept, weights)) in out.iter_mut().zip(self.rows()) {
            let known = weights.iter().zip(encoded).filter(|(_, value)| !value.is_nan());
            *margin = known.fold(*intercept, |sum, (weight, value)| sum + weight * value);
        }
    }

    /// As [`Self::margins`], for a block of rows.
    pub(super) fn block_margins(&self, level: Level, encoded: &[Lanes], out: &mut [Lanes]) {
        dispatch!(level, simd => self.lane_margins(simd, encoded, out));
    }

    #[inline(always)]
    fn lane_margins<S: Simd>(&self, simd: S, encoded: &[Lanes], out: &mut [Lanes]) {
        for (margin, (intercept, weights)) in out.iter_mut().zip(self.rows()) {
            let mut sums = [f64x8::splat(simd, *intercept); N_LANES / 8];
            for (weight, values) in weights.iter().zip(encoded) {
                for (sum, values) in sums.iter_mut().zip(values.as_chunks::<8>().0) {
                    *sum += f64x8::simd_from(simd, *values) * *weight;
                }
            }
            for (margin, sum) in margin.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
                *margin = sum.into();
            }
        }
    }
}

impl MemberKind for Linear {
    fn link(&self) -> Link {
        self.link
    }

    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        check_inputs(inputs, self.n_inputs())?;
        let affine =
            |(intercept, weights): (&f64, &[f64])| affine(*intercept, weights.iter().zip(inputs));
        memory::collect(self.rows().map(affine))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn margins_are_summed_from_the_intercept_on() {
        let linear =
            Linear::new(Link::Softmax, vec![0.1, -1.0], vec![1.0, 2.0, 3.0, 0.5, 0.25, 0.0])
                .unwrap();
        let mut out = [0.0; 2];
        linear.margins(&[0.3, 0.2, 0.7], &mut out);
        assert_eq!(out, [0.1 + 0.3 + 2.0 * 0.2 + 3.0 * 0.7, -1.0 + 0.5 * 0.3 + 0.25 * 0.2]);
    }

    #[test]
    fn every_link_but_one_has_linear_members() {
        let linear = |link, n_margins: usize| {
            Linear::new(link, vec![0.0; n_margins], vec![1.0; 2 * n_margins])
        };
        let value = linear(Link::Identity, 1).unwrap();
        let domains = value.check(&[Domain::new(-1.0, 1.0), Domain::new(0.0, 5.0)]).unwrap();
        assert_eq!((domains[0].low, domains[0].high), (-1.0, 6.0));
        assert_eq!(linear(Link::Softmax, 3).unwrap().check(&[domains[0]; 2]).unwrap().len(), 3);
        assert_eq!(
            linear(Link::Probability, 2).unwrap_err().to_string(),
            "the probability link, expected another one: weighted sums need not sum to 1"
        );
    }

    #[test]
    fn shapes_and_overflow_are_refused() {
        let refused =
            |intercepts, weights| Linear::new(Link::Logit, intercepts, weights).unwrap_err();
        assert_eq!(refused(vec![], vec![]).to_string(), "0 weights, expected 0 margins × 0 inputs");
        assert_eq!(
            refused(vec![0.0; 2], vec![0.0; 3]).to_string(),
            "3 weights, expected 2 margins × 1 inputs"
        );
        assert_eq!(
            refused(vec![0.0], vec![1.0, f64::NAN]).to_string(),
            "weight 2 is not a finite number"
        );
        let huge = Linear::new(Link::Logit, vec![0.0], vec![1e250]).unwrap();
        let refused = |domain| huge.check(&[domain]).unwrap_err().to_string();
        assert!(refused(Domain::new(0.0, 1e100)).contains("could pass 1e300"));
        let missing = Domain { may_be_missing: true, ..Domain::new(0.0, 1.0) };
        assert_eq!(refused(missing), "input 1: may be missing here; impute it first");
    }
}
