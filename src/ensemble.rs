//! How members vote.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::link::most_probable;
use crate::member::Member;

/// A member in its place: its name and the branch that it reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnsembleMember {
    /// Its name, unique in the ensemble, for example `boosted_trees`.
    pub name: String,
    /// The branch of the pipeline that it reads.
    pub branch: u32,
    /// The fitted model.
    pub member: Member,
}

/// How the members' probabilities become those of the ensemble.
///
/// Sums run over the members from the first to the last, and are then divided by the sum of the
/// weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Combiner {
    /// The weighted mean of the members' probabilities.
    SoftVote {
        /// One weight per member.
        weights: Vec<f64>,
    },
    /// The share of the weight that voted for each class. A member votes for its most probable
    /// class; of equally probable ones, for the lowest.
    HardVote {
        /// One weight per member.
        weights: Vec<f64>,
    },
}

impl Combiner {
    fn weights(&self) -> &[f64] {
        match self {
            Self::SoftVote { weights } | Self::HardVote { weights } => weights,
        }
    }

    pub(crate) fn check(&self, n_members: usize) -> Result<(), Error> {
        let weights = self.weights();
        if weights.len() != n_members {
            let n_weights = weights.len();
            return Err(Error::invalid_model(format!(
                "{n_weights} weights for {n_members} members"
            )));
        }
        // Neither sums nor products of such weights can overflow or vanish.
        let is_usable = |weight: f64| weight == 0.0 || (1e-100..=1e100).contains(&weight);
        if let Some(index) = weights.iter().position(|weight| !is_usable(*weight)) {
            let found = weights.get(index).copied().unwrap_or(f64::NAN);
            let detail = format!("weight {index} is {found}, expected 0, or 1e-100 to 1e100");
            return Err(Error::invalid_model(detail));
        }
        if weights.iter().all(|weight| *weight <= 0.0) {
            return Err(Error::invalid_model("every weight is 0, at least 1 member must count"));
        }
        Ok(())
    }

    /// Combines `members`, the probabilities of one member after the other, into `out`.
    #[allow(clippy::indexing_slicing, reason = "lengths were checked when the model was opened")]
    pub(crate) fn combine(&self, members: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let mut total = 0.0;
        for (probabilities, weight) in members.chunks_exact(out.len()).zip(self.weights()) {
            total += weight;
            match self {
                Self::SoftVote { .. } => {
                    for (sum, probability) in out.iter_mut().zip(probabilities) {
                        *sum += weight * probability;
                    }
                }
                Self::HardVote { .. } => out[most_probable(probabilities)] += weight,
            }
        }
        for share in out {
            *share /= total;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use alloc::vec;

    const MEMBERS: [f64; 6] = [0.9, 0.1, 0.4, 0.6, 0.2, 0.8];

    #[test]
    fn a_soft_vote_is_the_weighted_mean() {
        let mut out = [0.0; 2];
        Combiner::SoftVote { weights: vec![2.0, 1.0, 1.0] }.combine(&MEMBERS, &mut out);
        assert_eq!(out, [(2.0 * 0.9 + 0.4 + 0.2) / 4.0, (2.0 * 0.1 + 0.6 + 0.8) / 4.0]);
    }

    #[test]
    fn a_hard_vote_is_the_share_of_the_weight() {
        let mut out = [0.0; 2];
        Combiner::HardVote { weights: vec![1.0, 1.0, 3.0] }.combine(&MEMBERS, &mut out);
        assert_eq!(out, [0.2, 0.8]);
    }

    #[test]
    fn a_member_of_weight_zero_does_not_count() {
        let mut out = [0.0; 2];
        Combiner::SoftVote { weights: vec![0.0, 1.0, 0.0] }.combine(&MEMBERS, &mut out);
        assert_eq!(out, [0.4, 0.6]);
    }

    #[test]
    fn weights_that_cannot_vote_are_refused() {
        for weights in [vec![1.0], vec![0.0, 0.0], vec![1.0, -1.0], vec![1.0, f64::NAN]] {
            let refused = Combiner::SoftVote { weights: weights.clone() }.check(2);
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidModel, "{weights:?}");
        }
    }
}
