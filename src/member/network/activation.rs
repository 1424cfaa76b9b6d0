//! Activations: the functions at the end of a layer.

use core::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};
use core::fmt;

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8};
use serde::{Deserialize, Serialize};

use crate::budget::FUNCTION;
use crate::codec::decode_enum;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::{Lanes, dispatch};
use crate::link::softmax_lanes;
use crate::numeric::{erf, logistic, softmax, tanh, vector};

/// The function at the end of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// The sum itself.
    Identity,
    /// The sum, or 0 if it is negative.
    Relu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(−sum))`.
    Logistic,
    /// The sum, or `slope · sum` if it is not positive.
    LeakyRelu {
        /// 0.01 in PyTorch, unless another one was chosen.
        slope: f64,
    },
    /// `sum · ½ · (1 + erf(sum / √2))`: the sum times the normal distribution's share below it
    /// (Hendrycks and Gimpel, Gaussian Error Linear Units, 2016), as PyTorch does by default.
    Gelu,
    /// `½ · sum · (1 + tanh(√(2/π) · (sum + 0.044715 · sum³)))`, close to [`Self::Gelu`]: PyTorch's
    /// `approximate="tanh"`.
    GeluTanh,
    /// `exp(sum)`, divided by the sum of that over all outputs of the layer.
    Softmax,
}
decode_enum!(Activation { Identity, Relu, Tanh, Logistic, LeakyRelu { slope }, Gelu, GeluTanh, Softmax });

/// Below the lowest value of either GELU, −0.16998 and −0.17004.
const BELOW_GELU: f64 = -0.171;

/// In words, for messages and descriptions.
impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Relu => "ReLU",
            Self::Tanh => "tanh",
            Self::Logistic => "logistic",
            Self::LeakyRelu { slope } => return write!(f, "leaky ReLU with slope {slope}"),
            Self::Gelu => "GELU",
            Self::GeluTanh => "GELU by tanh",
            Self::Softmax => "softmax",
        })
    }
}

impl Activation {
    /// What it computes for one sum, in steps of about a nanosecond.
    pub(super) fn work(self) -> u64 {
        match self {
            Self::Identity | Self::Relu | Self::LeakyRelu { .. } => 1,
            Self::Tanh | Self::Logistic | Self::Gelu | Self::GeluTanh | Self::Softmax => FUNCTION,
        }
    }

    /// Applies it to the sums of a layer.
    pub fn apply(self, sums: &mut [f64]) {
        let each = |sums: &mut [f64], f: fn(f64) -> f64| {
            sums.iter_mut().for_each(|sum| *sum = f(*sum));
        };
        match self {
            Self::Identity => {}
            Self::Relu => each(sums, |sum| if sum > 0.0 { sum } else { 0.0 }),
            Self::Tanh => each(sums, tanh),
            Self::Logistic => each(sums, logistic),
            Self::LeakyRelu { slope } => {
                sums.iter_mut().for_each(|sum| *sum = leaky_relu(slope, *sum));
            }
            Self::Gelu => each(sums, gelu),
            Self::GeluTanh => each(sums, gelu_tanh),
            Self::Softmax => softmax(sums),
        }
    }

    /// As [`Self::apply`], by the vector instructions of `level`.
    pub(super) fn apply_at(self, level: Level, sums: &mut [f64]) {
        let (eights, rest) = sums.as_chunks_mut::<8>();
        match self {
            Self::Identity => {}
            Self::Relu | Self::Tanh | Self::Logistic | Self::LeakyRelu { .. } => {
                dispatch!(level, simd => self.apply_to_eights(simd, eights));
                self.apply(rest);
            }
            Self::Gelu | Self::GeluTanh | Self::Softmax => self.apply(sums),
        }
    }

    /// The activations that vectors have.
    #[inline(always)]
    fn apply_to_eights<S: Simd>(self, simd: S, sums: &mut [[f64; 8]]) {
        // One loop for each, so that what it does to a sum is not chosen again.
        macro_rules! each {
            ($function:expr) => {
                for sums in sums {
                    *sums = $function(f64x8::simd_from(simd, *sums)).into();
                }
            };
        }
        match self {
            Self::Relu => {
                let zero = f64x8::splat(simd, 0.0);
                each!(|sum: f64x8<S>| sum.simd_gt(zero).select(sum, zero));
            }
            Self::LeakyRelu { slope } => {
                each!(|sum: f64x8<S>| sum.simd_gt(0.0).select(sum, sum * slope));
            }
            Self::Logistic => each!(|sum| vector::logistic_pair(sum).1),
            Self::Tanh => each!(vector::tanh),
            Self::Identity | Self::Gelu | Self::GeluTanh | Self::Softmax => {}
        }
    }

    /// As [`Self::apply`], for a block of rows.
    pub(super) fn apply_block(self, level: Level, sums: &mut [Lanes]) {
        match self {
            // The only one that reads several sums of a row.
            Self::Softmax => softmax_lanes(level, sums),
            Self::Identity
            | Self::Relu
            | Self::Tanh
            | Self::Logistic
            | Self::LeakyRelu { .. }
            | Self::Gelu
            | Self::GeluTanh => self.apply_at(level, sums.as_flattened_mut()),
        }
    }

    /// Refuses a parameter that is not finite.
    pub(super) fn check(self) -> Result<(), Error> {
        match self {
            Self::LeakyRelu { slope } if !slope.is_finite() => {
                Err(Error::invalid_model("the activation's slope is not a finite number"))
            }
            Self::LeakyRelu { .. }
            | Self::Identity
            | Self::Relu
            | Self::Tanh
            | Self::Logistic
            | Self::Gelu
            | Self::GeluTanh
            | Self::Softmax => Ok(()),
        }
    }

    /// The domain of its result for sums of such a domain.
    pub(super) fn domain(self, sum: Domain) -> Result<Domain, Error> {
        let domain = match self {
            Self::Identity => sum,
            Self::Relu => Domain::new(sum.low.max(0.0), sum.high.max(0.0)),
            Self::Tanh => Domain::new(-1.0, 1.0),
            Self::Logistic | Self::Softmax => Domain::new(0.0, 1.0),
            Self::LeakyRelu { slope } => {
                // Straight on either side of 0, so its extremes are at the ends or there.
                let bend = 0.0_f64.max(sum.low).min(sum.high);
                let values = [sum.low, bend, sum.high].map(|end| leaky_relu(slope, end));
                let low = values.into_iter().fold(f64::INFINITY, f64::min);
                Domain::new(low, values.into_iter().fold(f64::NEG_INFINITY, f64::max))
            }
            Self::Gelu | Self::GeluTanh => {
                let low = if sum.low < 0.0 { BELOW_GELU } else { 0.0 };
                Domain::new(low, sum.high.max(0.0))
            }
        };
        domain.check()
    }
}

fn leaky_relu(slope: f64, sum: f64) -> f64 {
    if sum > 0.0 { sum } else { slope * sum }
}

/// In PyTorch's order of operations.
fn gelu(sum: f64) -> f64 {
    sum * 0.5 * (1.0 + erf(sum * FRAC_1_SQRT_2))
}

/// In PyTorch's order of operations. The cube may overflow; the hyperbolic tangent of infinity is 1.
fn gelu_tanh(sum: f64) -> f64 {
    let inner = SQRT_2 * FRAC_2_SQRT_PI * 0.5 * (sum + 0.044_715 * (sum * sum * sum));
    0.5 * sum * (1.0 + tanh(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(activation: Activation, sum: f64) -> f64 {
        let mut sums = [sum];
        activation.apply(&mut sums);
        sums[0]
    }

    #[test]
    fn leaky_relu_bends_at_0() {
        let leaky = Activation::LeakyRelu { slope: 0.25 };
        assert_eq!([-2.0, 0.0, 3.0].map(|sum| apply(leaky, sum)), [-0.5, 0.0, 3.0]);
        // A negative slope bends upwards: the lowest value is inside.
        let bent = Activation::LeakyRelu { slope: -1.0 }.domain(Domain::new(-2.0, 3.0)).unwrap();
        assert_eq!((bent.low, bent.high), (0.0, 3.0));
        assert!(Activation::LeakyRelu { slope: f64::NAN }.check().is_err());
        let steep = Activation::LeakyRelu { slope: 1e300 };
        assert!(steep.check().is_ok() && steep.domain(Domain::new(-10.0, 0.0)).is_err());
    }

    #[test]
    fn vectors_have_the_bits_of_single_sums() {
        let sums = [0.0, -0.0, 1.5, -1.5, 1e-310, -1e-310, 1e300, -1e300, 20.5, -0.3, 0.7];
        for activation in [
            Activation::Identity,
            Activation::Relu,
            Activation::Tanh,
            Activation::Logistic,
            Activation::LeakyRelu { slope: -0.25 },
            Activation::Gelu,
            Activation::GeluTanh,
        ] {
            let bits = sums.map(|sum| apply(activation, sum).to_bits());
            for level in crate::lanes::levels() {
                let mut found = sums;
                activation.apply_at(level, &mut found);
                assert_eq!(found.map(f64::to_bits), bits, "{activation:?}, {level:?}");
            }
        }
    }

    #[test]
    fn either_gelu_has_an_answer_far_out() {
        for gelu in [Activation::Gelu, Activation::GeluTanh] {
            let values = [-1e300, -50.0, 0.0, 50.0, 1e300].map(|sum| apply(gelu, sum));
            assert_eq!(values, [0.0, 0.0, 0.0, 50.0, 1e300]);
            let lowest = (-2000..0).map(|step| apply(gelu, f64::from(step) / 1000.0));
            let lowest = lowest.fold(0.0, f64::min);
            assert!(BELOW_GELU < lowest && lowest < -0.1699, "{lowest}");
        }
    }

    #[test]
    fn softmax_runs_over_the_outputs() {
        let mut sums = [1000.0, 1000.0, -1000.0];
        Activation::Softmax.apply(&mut sums);
        assert_eq!(sums, [0.5, 0.5, 0.0]);
    }
}
