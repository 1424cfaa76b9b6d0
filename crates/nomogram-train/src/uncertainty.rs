//! Uncertainty, fitted to rows that were held out.
//!
//! Scores and probabilities are rounded to grids, so that a bundle does not hold the numbers of single
//! patients; scores are rounded up, so that coverage stays valid.

// Layers, lowest first.
mod covariance;
mod independent;
mod spreads;
mod venn_abers;

mod spec;

pub(crate) use spec::refuse_weights;
pub use spec::{ReferralSpec, UncertaintySpec};

pub(crate) use covariance::Whitening;

#[cfg(test)]
mod reference;
