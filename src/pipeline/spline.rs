//! Restricted cubic splines: cubic between knots, straight beyond the outer ones.
//!
//! Harrell, Regression Modeling Strategies, 2nd edition, 2015, section 2.4.5; the basis of R's
//! `Hmisc::rcspline.eval(x, knots, inclx = TRUE, norm = 2)`.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Inputs, MAX_OUTPUTS, Origin, Transform, repeated, total};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::lanes::Number;
use crate::memory;

/// The value itself, then one term for each knot but the last two, take the place of the value. With
/// knots `t₁ … t_k` and `(u)₊³` as 0 for negative `u`, term `j` is
/// `((x − t_j)₊³ + ((t_{k−1} − t_j)·(x − t_k)₊³ − (t_k − t_j)·(x − t_{k−1})₊³) / (t_k − t_{k−1})) / (t_k − t₁)²`.
/// A missing value becomes missing values only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spline {
    inputs: Inputs,
    knots: Vec<Vec<f64>>,
}
decode_struct!(Spline { inputs, knots });

impl Spline {
    /// The knots of each input, three or more.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ, there are fewer than three knots, or knots are not
    /// finite or do not ascend.
    pub fn new(inputs: Inputs, knots: Vec<Vec<f64>>) -> Result<Self, Error> {
        let spline = Self { inputs, knots };
        spline.check_parameters()?;
        Ok(spline)
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.knots.len(), "lists of knots")?;
        let n_terms: usize = self.knots.iter().map(Vec::len).sum();
        if n_terms > MAX_OUTPUTS {
            return Err(Error::invalid_model("too many knots, expected at most 65,536"));
        }
        self.inputs.check_each(&|nth| {
            let knots = &self.knots[nth];
            let ascend = knots.is_sorted_by(|before, after| before < after);
            let are_sane = knots.iter().all(|knot| knot.abs() <= 1e100);
            if knots.len() < 3 || !ascend || !are_sane {
                return Err(Error::invalid_model(
                    "its knots, expected at least 3 finite ones that ascend",
                ));
            }
            Ok(())
        })
    }
}

/// Term `j` of a spline with these knots, three or more.
#[allow(clippy::indexing_slicing, reason = "there are three knots or more, and j is below k - 2")]
fn term(knots: &[f64], j: usize, x: f64) -> f64 {
    let k = knots.len();
    let (last, before) = (knots[k - 1], knots[k - 2]);
    let norm = (last - knots[0]) * (last - knots[0]);
    let outer = (before - knots[j]) * cube(x - last) - (last - knots[j]) * cube(x - before);
    (cube(x - knots[j]) + outer / (last - before)) / norm
}

/// `u³`, or 0 below 0; NaN for NaN.
fn cube(u: f64) -> f64 {
    if u < 0.0 { 0.0 } else { u * u * u }
}

/// The domain of a term: bounded by the sum of its summands.
#[allow(clippy::indexing_slicing, reason = "there are three knots or more, and j is below k - 2")]
fn term_domain(knots: &[f64], j: usize, input: Domain) -> Result<Domain, Error> {
    let k = knots.len();
    let (last, before) = (knots[k - 1], knots[k - 2]);
    let largest = cube((input.high - knots[j]).max(0.0));
    let weight = (last - knots[j]) / (last - before);
    // Each of the three cubes is at most the largest, and the weights of the outer two at most this.
    let sum = largest * (1.0 + 2.0 * weight);
    Domain::new(-sum, sum).check()?;
    let norm = (last - knots[0]) * (last - knots[0]);
    let bound = sum / norm * (1.0 + 1e-12);
    Domain::new(-bound, bound).missing_as(input).check()
}

impl Transform for Spline {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.check(inputs.len())?;
        let mut splines = self.inputs.positions().zip(&self.knots).peekable();
        let mut outputs = memory::list(self.max_outputs(inputs.len()))?;
        for (at, input) in inputs.iter().enumerate() {
            outputs.push(*input);
            let Some((_, knots)) = splines.next_if(|(position, _)| *position == at) else {
                continue;
            };
            for j in 0..knots.len() - 2 {
                let domain = term_domain(knots, j, *input);
                outputs.push(domain.map_err(|e| e.within(Place::Input(at)))?);
            }
        }
        Ok(outputs)
    }

    fn max_outputs(&self, n_inputs: usize) -> usize {
        n_inputs + self.knots.iter().map(Vec::len).sum::<usize>()
    }

    fn origins(&self, inputs: &[Origin]) -> Result<Vec<Origin>, Error> {
        let mut splines = self.inputs.positions().zip(&self.knots).peekable();
        repeated(inputs, |at| match splines.next_if(|(position, _)| *position == at) {
            Some((_, knots)) => knots.len() - 1,
            None => 1,
        })
    }

    fn work(&self) -> u64 {
        16 * total(&self.knots)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        let mut splines = self.inputs.positions().zip(&self.knots).peekable();
        let mut outputs = output.iter_mut();
        for (at, value) in input.iter().enumerate() {
            outputs.by_ref().take(1).for_each(|output| *output = *value);
            let Some((_, knots)) = splines.next_if(|(position, _)| *position == at) else {
                continue;
            };
            for (j, output) in (0..knots.len() - 2).zip(outputs.by_ref()) {
                *output = value.map(|value| term(knots, j, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_spline_is_straight_beyond_its_outer_knots() {
        let spline = Spline::new(Inputs::all(1), vec![vec![1.0, 2.0, 4.0, 7.0]]).unwrap();
        assert_eq!(spline.check(&[Domain::new(-100.0, 100.0)]).unwrap().len(), 3);
        let terms = |x: f64| {
            let mut output = [0.0; 3];
            spline.apply(&[x], &mut output);
            output
        };
        assert_eq!(terms(0.5), [0.5, 0.0, 0.0]);
        // Of equal steps beyond the last knot, equal differences.
        for term in [1, 2] {
            let steps = [20.0, 30.0, 40.0].map(|x| terms(x)[term]);
            let (first, second) = (steps[1] - steps[0], steps[2] - steps[1]);
            assert!((first - second).abs() < 1e-9 * first.abs(), "{steps:?}");
        }
        assert!(terms(f64::NAN).iter().all(|value| value.is_nan()));
        assert!(Spline::new(Inputs::all(1), vec![vec![1.0, 2.0]]).is_err());
    }
}
