//! Rows for which a tie among stored rows decides the answer.

use nomogram::{Member, Neighbours, Parts, Step};

use crate::error::Error;
use crate::probes::{encoded, steps};

/// Distances (squared for the Euclidean metric) tie when they differ by at most this share: libraries round them
/// differently.
const TIE: f64 = 1e-9;

/// Members whose answer depends on which of equally far rows is a neighbour.
pub(crate) struct Ties<'p> {
    members: Vec<(Vec<&'p Step>, &'p Neighbours)>,
}

impl<'p> Ties<'p> {
    pub(crate) fn new(parts: &'p Parts) -> Self {
        let members = parts.members.iter().filter_map(|member| match &member.member {
            Member::Neighbours(one) => Some((steps(parts, member.branch as usize), one)),
            Member::Linear(_)
            | Member::Forest(_)
            | Member::Network(_)
            | Member::NaiveBayes(_)
            | Member::PointsScore(_)
            | Member::LinearSingle(_)
            | Member::LinearForest(_)
            | Member::SupportVectors(_) => None,
        });
        Self { members: members.collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether a tie decides the answer for a row, given after the policies of its features.
    ///
    /// # Errors
    ///
    /// `Model` when a step refuses the row.
    pub(crate) fn has(&self, row: &[f64]) -> Result<bool, Error> {
        for (steps, neighbours) in &self.members {
            let encoded = encoded(steps, row.to_vec())?;
            if neighbours.has_tie(&encoded, TIE)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
