//! Golden cases: rows with the bits that the model gave for them when it was sealed.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::codec::decode_struct;
use crate::prediction::Prediction;

/// How many golden cases a bundle has at least.
pub const MIN_GOLDEN_CASES: usize = 16;
/// How many it has at most, so that opening it stays cheap.
pub const MAX_GOLDEN_CASES: usize = 10_000;

/// One row and its expected bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct GoldenCase {
    /// One value per feature; NaN where it is missing.
    pub(crate) row: Vec<f64>,
    /// What was done to each value, one set of bits per feature.
    pub(crate) flags: Vec<u8>,
    /// The outputs, as bits.
    pub(crate) outputs: Vec<u64>,
    /// The outputs of each member, one member after the other, as bits.
    pub(crate) members: Vec<u64>,
}
decode_struct!(GoldenCase { row, flags, outputs, members });

impl GoldenCase {
    /// The case of a row and its prediction.
    pub(crate) fn of(row: &[f64], prediction: &Prediction<'_>) -> Self {
        Self {
            row: row.to_vec(),
            flags: prediction.feature_flags().iter().map(|flags| flags.bits()).collect(),
            outputs: prediction.outputs().iter().map(|p| p.to_bits()).collect(),
            members: prediction.members().flatten().map(|p| p.to_bits()).collect(),
        }
    }
}
