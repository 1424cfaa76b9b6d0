//! Golden answers: what golden cases cannot show in the bits of predictions.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Digest;
use crate::codec::decode_struct;

/// Digests of how the model answered in words when it was sealed.
///
/// A golden case has the bits of its prediction, in the features' own units. It does not show which
/// unit a value was converted from, which value is refused, or what a class, a rule or a cutoff is
/// called. `Model::answers` puts these together, item by item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answers {
    /// Of each feature: its name and units, and what the intake does with values that probe it.
    pub(crate) features: Vec<Digest>,
    /// Of each rule: its name, features, bounds and action, and which golden rows break it.
    pub(crate) rules: Vec<Digest>,
    /// Of each cutoff: its name, class and probability, and which golden cases reach it.
    pub(crate) cutoffs: Vec<Digest>,
    /// The names of the target, its classes or its unit, and the members.
    pub(crate) names: Digest,
}
decode_struct!(Answers { features, rules, cutoffs, names });
