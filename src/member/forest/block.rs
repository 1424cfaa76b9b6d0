//! Forests over a block of rows: tree after tree, the walks of all rows side by side.
//!
//! No walk has a branch, so a row's next node is loaded while those of the other rows are on their
//! way. Leaves are added in the order of the trees, as for a single row.

use fearless_simd::{Level, Simd};

use super::flat::{FlatForest, Layout};
use super::margins::MAX_FULL_WALK;
use crate::lanes::{Lanes, N_LANES, dispatch};

impl FlatForest {
    /// As [`Self::margins`], for a block of rows.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(in super::super) fn block_margins(
        &self,
        level: Level,
        encoded: &[Lanes],
        temporary: &mut [Lanes],
        out: &mut [Lanes],
    ) {
        let encoded = self.rounded(encoded, temporary);
        let has_missing = encoded.as_flattened().iter().any(|value| value.is_nan());
        self.start(out);
        if has_missing || !self.sets.is_empty() {
            self.add_trees(out, |tree| match tree.layout {
                Layout::Complete(complete) => core::array::from_fn(|lane| {
                    self.complete.walk(complete, |input| encoded[input][lane])
                }),
                Layout::Linked(root) => self.walk_block(root, tree.depth, encoded, Self::next),
            });
        } else {
            dispatch!(level, simd => self.add_plain(simd, encoded, out));
        }
        self.finish(out);
    }

    /// Adds the leaves of rows without missing values, in a forest without sets.
    #[inline(always)]
    fn add_plain<S: Simd>(&self, simd: S, encoded: &[Lanes], out: &mut [Lanes]) {
        // A closure that is not inlined would be compiled without the vector instructions.
        self.add_trees(
            out,
            #[inline(always)]
            |tree| match tree.layout {
                Layout::Complete(complete) => self.complete.select(simd, complete, encoded),
                Layout::Linked(root) => {
                    self.walk_block(root, tree.depth, encoded, Self::next_plain)
                }
            },
        );
    }

    /// The leaf of each row, if `next` is the node after one with a value.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk_block(
        &self,
        root: u32,
        depth: u32,
        encoded: &[Lanes],
        next: impl Fn(&Self, u32, f64) -> u32,
    ) -> Lanes {
        let mut positions = [root; N_LANES];
        for _ in 0..depth {
            let before = positions;
            for (lane, position) in positions.iter_mut().enumerate() {
                *position = next(self, *position, encoded[self.input(*position)][lane]);
            }
            if depth > MAX_FULL_WALK && positions == before {
                break;
            }
        }
        positions.map(|position| self.leaves[position as usize])
    }
}
