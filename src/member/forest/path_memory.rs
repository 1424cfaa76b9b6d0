//! Memory for attributions: made once, for the largest tree of a forest.

use alloc::vec::Vec;

use super::paths::ForestPaths;
use crate::error::Error;
use crate::memory;

/// Memory for the edges of one tree.
#[derive(Debug)]
pub(crate) struct PathMemory {
    /// Whether the row takes each edge.
    pub(super) takes: Vec<bool>,
    /// `o` and `z` of each edge.
    pub(super) ends: Vec<(f64, f64)>,
    /// The edges with `o` or `z` above 0.
    pub(super) live: Vec<u32>,
    /// At each node of the quadrature: `z + t (o − z)` of each edge.
    pub(super) factors: Vec<f64>,
    /// The product of the factors of all players down to each edge.
    pub(super) products: Vec<f64>,
    /// The sum of the leaves below each edge, times the products at the leaves.
    pub(super) sums: Vec<f64>,
}

impl PathMemory {
    /// Memory for the trees of a forest.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn new(paths: &ForestPaths) -> Result<Self, Error> {
        Ok(Self {
            takes: memory::filled(false, paths.most_edges)?,
            ends: memory::filled((0.0, 0.0), paths.most_edges)?,
            live: memory::list(paths.most_edges)?,
            factors: memory::filled(0.0, paths.most_numbers)?,
            products: memory::filled(0.0, paths.most_numbers)?,
            sums: memory::filled(0.0, paths.most_numbers)?,
        })
    }
}
