//! Naive Bayes: prior of each class times the likelihood of each input, one by one.
//!
//! Each input has its kind of likelihood, so that numbers and levels mix. Formulas are those
//! of scikit-learn's `GaussianNB` and `CategoricalNB`; `BernoulliNB` is a category of two levels.
//! Counts (`MultinomialNB`, `ComplementNB`) are not here: they are linear members.

mod likelihood;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub(super) use likelihood::CompiledLikelihood;
pub use likelihood::Likelihood;

use super::{MemberKind, check_width};
use crate::budget::{bytes_of, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place, ordinal};
use crate::lanes::Number;
use crate::link::Link;
use crate::memory;

/// `margin = ln prior + Σ ln likelihood of the input's value`, one margin per class, summed from the
/// first input to the last: the joint log likelihood, whose softmax are the probabilities.
///
/// A missing value contributes nothing: its factor is left out, so that the other inputs and the
/// priors decide. So does a level that training never saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NaiveBayes {
    log_priors: Vec<f64>,
    likelihoods: Vec<Likelihood>,
}
decode_struct!(NaiveBayes { log_priors, likelihoods });

impl NaiveBayes {
    /// One logarithm of a prior probability per class, one likelihood per input.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is no class or no input, a logarithm of a probability is above 0,
    /// and as the likelihoods are refused by themselves, with the input.
    pub fn new(log_priors: Vec<f64>, likelihoods: Vec<Likelihood>) -> Result<Self, Error> {
        let naive_bayes = Self { log_priors, likelihoods };
        naive_bayes.check_parameters()?;
        Ok(naive_bayes)
    }

    /// The logarithm of each class's prior probability.
    #[must_use]
    pub fn log_priors(&self) -> &[f64] {
        &self.log_priors
    }

    /// The likelihood of each input.
    #[must_use]
    pub fn likelihoods(&self) -> &[Likelihood] {
        &self.likelihoods
    }

    fn check_parameters(&self) -> Result<(), Error> {
        let n_classes = self.log_priors.len();
        if n_classes == 0 || self.likelihoods.is_empty() {
            let n_inputs = self.likelihoods.len();
            let detail = format_args!(
                "{n_classes} classes and {n_inputs} inputs, expected at least 1 of each"
            );
            return Err(Error::invalid_model(detail));
        }
        check_log_probabilities(&self.log_priors)?;
        self.likelihoods.iter().enumerate().try_for_each(|(input, likelihood)| {
            likelihood.check_parameters(n_classes).map_err(|e| e.within(Place::Input(input)))
        })
    }

    /// The same member, with what does not depend on a row computed once. Only for members that
    /// were checked.
    pub(super) fn compile(self) -> Result<CompiledNaiveBayes, Error> {
        let n_classes = self.log_priors.len();
        let likelihoods = self.likelihoods.into_iter().map(|one| one.compile(n_classes));
        let likelihoods = memory::collect(likelihoods)?;
        Ok(CompiledNaiveBayes { log_priors: self.log_priors, likelihoods })
    }

    /// The memory that [`Self::compile`] allocates.
    pub(super) fn compiled_bytes(&self) -> u64 {
        let of_each = self.likelihoods.iter().map(Likelihood::compiled_bytes);
        bytes_of::<CompiledLikelihood>(self.likelihoods.len()) + of_each.sum::<u64>()
    }
}

impl MemberKind for NaiveBayes {
    fn link(&self) -> Link {
        Link::Softmax
    }

    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        check_width(inputs, self.likelihoods.len())?;
        self.check_parameters()?;
        let mut margins =
            memory::collect(self.log_priors.iter().map(|prior| Ok(Domain::new(*prior, *prior))))?;
        for (index, (likelihood, input)) in self.likelihoods.iter().zip(inputs).enumerate() {
            let added = likelihood.add_domains(*input, &mut margins);
            added.map_err(|e| e.within(Place::Input(index)))?;
        }
        margins.iter().try_for_each(|margin| margin.check().map(drop))?;
        Ok(margins)
    }
}

/// A checked naive Bayes member.
#[derive(Debug)]
pub(crate) struct CompiledNaiveBayes {
    log_priors: Vec<f64>,
    likelihoods: Vec<CompiledLikelihood>,
}

impl CompiledNaiveBayes {
    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        times(self.likelihoods.len(), 8).saturating_mul(self.log_priors.len() as u64)
    }

    pub(super) fn margins<N: Number>(&self, encoded: &[N], out: &mut [N]) {
        for (margin, prior) in out.iter_mut().zip(&self.log_priors) {
            *margin = N::splat(*prior);
        }
        for (likelihood, value) in self.likelihoods.iter().zip(encoded) {
            likelihood.add(*value, out);
        }
    }
}

/// Refuses values that are not logarithms of probabilities, such as a probability itself.
fn check_log_probabilities(values: &[f64]) -> Result<(), Error> {
    match values.iter().position(|value| !(value.is_finite() && *value <= 0.0)) {
        None => Ok(()),
        Some(index) => Err(Error::invalid_model(format_args!(
            "log probability {}, expected a finite number of at most 0",
            ordinal(index)
        ))),
    }
}

#[cfg(test)]
mod tests;
