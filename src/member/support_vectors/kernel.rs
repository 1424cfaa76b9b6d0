//! Kernels: the similarity of a row and a stored vector.

use serde::{Deserialize, Serialize};

use crate::codec::decode_enum;
use crate::domain::{Domain, affine};
use crate::error::Error;
use crate::member::weighted_sum;
use crate::numeric::{exp, tanh};

/// The similarity of a row and a vector. Sums run from the first input to the last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kernel {
    /// `exp(−gamma · Σ (value − number)²)`; `gamma` is not negative.
    Radial {
        /// How fast it falls.
        gamma: f64,
    },
    /// `(gamma · Σ value · number + offset)^degree`, by repeated squaring from the lowest bit of the
    /// degree on, as libsvm does.
    Polynomial {
        /// The factor of the sum.
        gamma: f64,
        /// What is added to it; scikit-learn's `coef0`.
        offset: f64,
        /// The power.
        degree: u32,
    },
    /// `tanh(gamma · Σ value · number + offset)`.
    Sigmoid {
        /// The factor of the sum.
        gamma: f64,
        /// What is added to it; scikit-learn's `coef0`.
        offset: f64,
    },
}
decode_enum!(Kernel { Radial { gamma }, Polynomial { gamma, offset, degree }, Sigmoid { gamma, offset } });

impl Kernel {
    /// Refuses a radial kernel without bound; those of the others are seen in [`Self::range`].
    pub(super) fn check(self) -> Result<(), Error> {
        match self {
            Self::Radial { gamma } if !(gamma >= 0.0 && gamma.is_finite()) => {
                let detail =
                    format_args!("gamma is {gamma}, expected a finite number of at least 0");
                Err(Error::invalid_model(detail))
            }
            Self::Radial { .. } | Self::Polynomial { .. } | Self::Sigmoid { .. } => Ok(()),
        }
    }

    /// The kernel of a vector and a row.
    pub(super) fn of(self, vector: &[f64], row: &[f64]) -> f64 {
        match self {
            Self::Radial { gamma } => {
                let terms = row.iter().zip(vector);
                exp(-gamma * terms.fold(0.0, |sum, (value, number)| sum + square(value - number)))
            }
            Self::Polynomial { gamma, offset, degree } => {
                power(argument(vector, row, gamma, offset), degree)
            }
            Self::Sigmoid { gamma, offset } => tanh(argument(vector, row, gamma, offset)),
        }
    }

    /// The domain of [`Self::of`] for any rows of these inputs.
    pub(super) fn range(self, vector: &[f64], inputs: &[Domain]) -> Result<Domain, Error> {
        match self {
            Self::Radial { gamma } => {
                let furthest = inputs.iter().zip(vector).fold(0.0, |sum, (input, number)| {
                    sum + square(f64::max((input.low - number).abs(), (input.high - number).abs()))
                });
                Domain::new(0.0, f64::max(furthest, gamma * furthest)).check()?;
                Ok(Domain::new(0.0, 1.0))
            }
            Self::Polynomial { gamma, offset, degree } => {
                let argument = argument_range(vector, inputs, gamma, offset)?;
                if degree % 2 == 1 {
                    return argument.map_monotone(&|argument| power(argument, degree));
                }
                let high = f64::max(power(argument.low, degree), power(argument.high, degree));
                Domain::new(0.0, high).check()
            }
            Self::Sigmoid { gamma, offset } => {
                argument_range(vector, inputs, gamma, offset)?;
                Ok(Domain::new(-1.0, 1.0))
            }
        }
    }
}

/// `gamma · Σ value · number + offset`.
#[inline(never)]
fn argument(vector: &[f64], row: &[f64], gamma: f64, offset: f64) -> f64 {
    gamma * weighted_sum(0.0, vector, row) + offset
}

/// The domain of [`argument`].
fn argument_range(
    vector: &[f64],
    inputs: &[Domain],
    gamma: f64,
    offset: f64,
) -> Result<Domain, Error> {
    affine(0.0, vector.iter().zip(inputs))?.map_monotone(&|sum| gamma * sum + offset)
}

fn square(value: f64) -> f64 {
    value * value
}

/// `base` to a power of at least 0. Its intermediate results are no larger than the larger one of 1 and the
/// result.
fn power(base: f64, mut degree: u32) -> f64 {
    let (mut product, mut square) = (1.0, base);
    while degree > 0 {
        if degree % 2 == 1 {
            product *= square;
        }
        degree /= 2;
        if degree > 0 {
            square *= square;
        }
    }
    product
}
