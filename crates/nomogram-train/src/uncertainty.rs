//! Uncertainty, fitted to rows that were held out.
//!
//! Scores and probabilities are rounded to grids, so that a bundle does not hold the numbers of single
//! patients; scores are rounded up, so that coverage stays valid. Of a number, the score at each level is
//! exact, and no other is kept.

// Layers, lowest first.
mod covariance;
mod independent;
mod number_scores;
mod spreads;
mod venn_abers;

mod spec;

mod sealed_spec;

pub use sealed_spec::{DifficultySpec, SealedReferralSpec, SealedUncertaintySpec};
pub use spec::{ReferralSpec, UncertaintySpec};
pub(crate) use spec::{ranks_of_distances, refuse_weights};

pub(crate) use covariance::Whitening;
pub(crate) use independent::independent_rows;

#[cfg(test)]
mod reference;
