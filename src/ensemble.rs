//! How members become one prediction: combiner, calibrator, cutoffs.

mod calibrator;

mod combiner;
mod cutoff;

use alloc::string::String;

use serde::{Deserialize, Serialize};

pub use calibrator::{CalibrationMap, Calibrator};
pub use combiner::{Combiner, CombinerReads};
pub(crate) use combiner::{CombinerInputs, CompiledCombiner, RowOfMembers};
pub use cutoff::Cutoff;

use crate::codec::decode_struct;
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
decode_struct!(EnsembleMember { name, branch, member });

#[cfg(test)]
mod tests;
