//! How probable a value of one input is in each class.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::check_log_probabilities;
use crate::budget::bytes_of;
use crate::codec::decode_enum;
use crate::domain::Domain;
use crate::error::{Error, ordinal};
use crate::lanes::Number;
use crate::member::kind::check_finite;
use crate::memory;
use crate::numeric::ln;
use crate::schema::count;

/// How probable a value of one input is in each class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Likelihood {
    /// A normal distribution in each class: `−½ · ln(2π · variance) − ½ · (value − mean)² /
    /// variance`.
    Gaussian {
        /// The mean of each class.
        means: Vec<f64>,
        /// The variance of each class, smoothing included (scikit-learn's `var_`).
        variances: Vec<f64>,
    },
    /// A probability for each level in each class. The one number after the last level is a level
    /// that training never saw; it contributes nothing. No input may give a higher number.
    Categorical {
        /// The logarithms, shape `(n_classes, n_levels)`, row-major (scikit-learn's
        /// `feature_log_prob_` of the input).
        log_probabilities: Vec<f64>,
    },
}
decode_enum!(Likelihood { Gaussian { means, variances }, Categorical { log_probabilities } });

impl Likelihood {
    pub(super) fn check_parameters(&self, n_classes: usize) -> Result<(), Error> {
        match self {
            Self::Gaussian { means, variances } => {
                for (parameters, what) in [(means, "means"), (variances, "variances")] {
                    if parameters.len() != n_classes {
                        let detail =
                            format_args!("{} {what}, expected {n_classes}", parameters.len());
                        return Err(Error::invalid_model(detail));
                    }
                }
                check_finite(means, "mean")?;
                match variances.iter().position(|variance| !(1e-300..=1e300).contains(variance)) {
                    None => Ok(()),
                    Some(class) => Err(Error::invalid_model(format_args!(
                        "variance of class {}, expected 1e-300 to 1e300",
                        ordinal(class)
                    ))),
                }
            }
            Self::Categorical { log_probabilities } => {
                let n_entries = log_probabilities.len();
                if n_entries == 0 || n_entries % n_classes != 0 {
                    return Err(Error::invalid_model(format_args!(
                        "{n_entries} log probabilities for {n_classes} classes, expected a \
                         positive multiple"
                    )));
                }
                check_log_probabilities(log_probabilities)
            }
        }
    }

    /// Adds what values of `input` can contribute to the domains of the margins. Only after
    /// [`Self::check_parameters`].
    ///
    /// Computed as a row is, and rounding never reverses an order: every margin lies within.
    pub(super) fn add_domains(&self, input: Domain, margins: &mut [Domain]) -> Result<(), Error> {
        if let Self::Categorical { log_probabilities } = self {
            let n_levels = log_probabilities.len() / margins.len().max(1);
            if !(input.is_whole && input.low >= 0.0) {
                return Err(Error::invalid_model("is not a level, expected one"));
            }
            if input.high > count(n_levels) {
                return Err(Error::invalid_model(format_args!(
                    "may be level {}, but the table has {n_levels} levels",
                    input.high + 1.0
                )));
            }
        }
        let n_classes = margins.len();
        for (class, margin) in margins.iter_mut().enumerate() {
            let mut added = self.domain(input, class, n_classes);
            if input.may_be_missing {
                added = Domain::new(added.low.min(0.0), added.high.max(0.0));
            }
            *margin = Domain::new(margin.low + added.low, margin.high + added.high);
        }
        Ok(())
    }

    /// What values of `input` can contribute to the margin of a class.
    #[allow(clippy::indexing_slicing, reason = "the parameters were checked")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole levels")]
    fn domain(&self, input: Domain, class: usize, n_classes: usize) -> Domain {
        match self {
            Self::Gaussian { means, variances } => {
                let normal = Normal::new(means[class], variances[class]);
                let nearest = normal.mean.max(input.low).min(input.high);
                let ends = normal.ln_density(input.low).min(normal.ln_density(input.high));
                Domain::new(ends, normal.ln_density(nearest))
            }
            Self::Categorical { log_probabilities } => {
                let n_levels = log_probabilities.len() / n_classes;
                let of_class = &log_probabilities[class * n_levels..][..n_levels];
                let (first, last) = (input.low as usize, input.high as usize);
                let unseen = (last == n_levels).then_some(0.0);
                let known = of_class.iter().copied().take(last + 1).skip(first);
                let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
                for value in known.chain(unseen) {
                    (low, high) = (low.min(value), high.max(value));
                }
                Domain::new(low, high)
            }
        }
    }

    pub(super) fn compile(self, n_classes: usize) -> Result<CompiledLikelihood, Error> {
        Ok(match self {
            Self::Gaussian { means, variances } => {
                let normals = means.iter().zip(&variances);
                CompiledLikelihood::Gaussian(memory::collect(
                    normals.map(|(mean, variance)| Ok(Normal::new(*mean, *variance))),
                )?)
            }
            Self::Categorical { log_probabilities } => {
                let n_levels = log_probabilities.len() / n_classes.max(1);
                CompiledLikelihood::Categorical { log_probabilities, n_levels }
            }
        })
    }

    /// The memory that [`Self::compile`] allocates.
    pub(super) fn compiled_bytes(&self) -> u64 {
        match self {
            Self::Gaussian { means, .. } => bytes_of::<Normal>(means.len()),
            Self::Categorical { .. } => 0,
        }
    }
}

/// A likelihood with what does not depend on a row computed once.
#[derive(Debug)]
pub(in super::super) enum CompiledLikelihood {
    Gaussian(Vec<Normal>),
    Categorical { log_probabilities: Vec<f64>, n_levels: usize },
}

impl CompiledLikelihood {
    /// Adds the contribution of a value to the margins; NaN contributes nothing.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole levels")]
    pub(super) fn add<N: Number>(&self, value: N, margins: &mut [N]) {
        match self {
            Self::Gaussian(normals) => {
                for (margin, normal) in margins.iter_mut().zip(normals) {
                    *margin = margin.zip(value, |margin, value| {
                        if value.is_nan() { margin } else { margin + normal.ln_density(value) }
                    });
                }
            }
            Self::Categorical { log_probabilities, n_levels } => {
                let by_class = log_probabilities.chunks_exact(*n_levels);
                for (margin, log_probabilities) in margins.iter_mut().zip(by_class) {
                    *margin = margin.zip(value, |margin, level| {
                        if level.is_nan() {
                            return margin;
                        }
                        let log_probability = log_probabilities.get(level as usize);
                        log_probability.map_or(margin, |log_probability| margin + log_probability)
                    });
                }
            }
        }
    }
}

/// A normal distribution.
#[derive(Debug)]
pub(in super::super) struct Normal {
    mean: f64,
    variance: f64,
    /// `−½ · ln(2π · variance)`
    ln_height: f64,
}

impl Normal {
    fn new(mean: f64, variance: f64) -> Self {
        Self { mean, variance, ln_height: -0.5 * ln(core::f64::consts::TAU * variance) }
    }

    fn ln_density(&self, value: f64) -> f64 {
        let distance = value - self.mean;
        self.ln_height - 0.5 * (distance * distance / self.variance)
    }
}
