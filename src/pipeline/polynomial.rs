//! Polynomial terms: products of values.
//!
//! As scikit-learn's `PolynomialFeatures`. The terms themselves are stored, so degree, interactions
//! and bias need not be.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{MAX_OUTPUTS, Origin, Transform, appended, check_position, merged, total};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;
use crate::memory;

/// The terms take the place of the whole row. A term is the product of the values at its positions,
/// multiplied from the last to the first. A position that appears twice is squared; a term without
/// positions is the number 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Polynomial {
    terms: Vec<Vec<u32>>,
}
decode_struct!(Polynomial { terms });

impl Polynomial {
    /// These terms, in this order.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is none, or more than 65,536.
    pub fn new(terms: Vec<Vec<u32>>) -> Result<Self, Error> {
        let polynomial = Self { terms };
        polynomial.check_count()?;
        Ok(polynomial)
    }

    /// Every term of up to `degree` factors out of `width` values, in scikit-learn's order: by
    /// degree, then by position. `interactions_only` leaves out powers, `has_bias` begins with 1.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there are more than 65,536 terms.
    pub fn of_degree(
        width: u32,
        degree: u32,
        interactions_only: bool,
        has_bias: bool,
    ) -> Result<Self, Error> {
        let mut terms: Vec<Vec<u32>> = Vec::new();
        let mut of_degree: Vec<Vec<u32>> = alloc::vec![Vec::new()];
        if has_bias {
            terms.push(Vec::new());
        }
        for _ in 0..degree {
            let mut longer = Vec::new();
            for term in &of_degree {
                let next = |last: u32| if interactions_only { last + 1 } else { last };
                for position in term.last().copied().map_or(0, next)..width {
                    longer.push([term.as_slice(), &[position]].concat());
                    Self::check_number(terms.len() + longer.len())?;
                }
            }
            terms.extend(longer.iter().cloned());
            of_degree = longer;
        }
        Self::new(terms)
    }

    fn check_count(&self) -> Result<(), Error> {
        if self.terms.is_empty() {
            return Err(Error::invalid_model("no terms, expected at least 1"));
        }
        Self::check_number(self.terms.len())
    }

    fn check_number(n_terms: usize) -> Result<(), Error> {
        if n_terms <= MAX_OUTPUTS {
            return Ok(());
        }
        Err(Error::invalid_model(format_args!("{n_terms} terms, expected at most {MAX_OUTPUTS}")))
    }
}

/// The domain of a product.
fn product(first: Domain, second: Domain) -> Domain {
    let corners = [first.low, first.high].map(|a| [a * second.low, a * second.high]);
    let corners = corners.as_flattened().iter().copied();
    Domain {
        low: corners.clone().fold(f64::INFINITY, f64::min),
        high: corners.fold(f64::NEG_INFINITY, f64::max),
        is_whole: first.is_whole && second.is_whole,
        may_be_missing: first.may_be_missing || second.may_be_missing,
    }
}

impl Transform for Polynomial {
    #[allow(clippy::indexing_slicing, reason = "positions are checked first")]
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_count()?;
        let of_term = |term: &Vec<u32>| {
            term.iter().rev().try_fold(Domain::whole(1.0, 1.0), |domain, position| {
                check_position(*position as usize, inputs.len())?;
                product(domain, inputs[*position as usize]).check()
            })
        };
        memory::collect(self.terms.iter().map(of_term))
    }

    fn max_outputs(&self, _n_inputs: usize) -> usize {
        self.terms.len()
    }

    fn origins(&self, inputs: &[Origin]) -> Result<Vec<Origin>, Error> {
        let of_term = |term: &Vec<u32>| merged(inputs, term.iter().map(|at| *at as usize));
        appended(&[], self.terms.iter().map(of_term))
    }

    fn work(&self) -> u64 {
        2 * total(&self.terms)
    }

    #[allow(clippy::indexing_slicing, reason = "positions were checked when the model was opened")]
    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        for (output, term) in output.iter_mut().zip(&self.terms) {
            *output = term.iter().rev().fold(N::splat(1.0), |product, position| {
                product.zip(input[*position as usize], |product, value| product * value)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn terms_are_in_the_order_of_scikit_learn() {
        let all = Polynomial::of_degree(2, 2, false, true).unwrap();
        assert_eq!(all.terms, [vec![], vec![0], vec![1], vec![0, 0], vec![0, 1], vec![1, 1]]);
        let pairs = Polynomial::of_degree(3, 2, true, false).unwrap();
        assert_eq!(pairs.terms, [vec![0], vec![1], vec![2], vec![0, 1], vec![0, 2], vec![1, 2]]);
        let mut output = [0.0; 6];
        all.apply(&[3.0, -0.5], &mut output);
        assert_eq!(output, [1.0, 3.0, -0.5, 9.0, -1.5, 0.25]);
        assert!(Polynomial::of_degree(1000, 3, false, false).is_err());
    }

    #[test]
    fn a_product_that_could_overflow_is_refused() {
        let square = Polynomial::new(vec![vec![0, 0, 0, 0]]).unwrap();
        assert!(square.check(&[Domain::new(-1e100, 1e100)]).is_err());
        let outputs = square.check(&[Domain::new(-2.0, 1.0)]).unwrap();
        assert!(outputs[0].low <= 0.0 && outputs[0].high == 16.0);
        assert!(Polynomial::new(vec![vec![1]]).unwrap().check(&[Domain::new(0.0, 1.0)]).is_err());
    }
}
