//! Forests over a block of rows: tree after tree, each for all rows.
//!
//! No kernel has a branch that depends on a value. Leaves are added in the order of the trees, as for a
//! single row.

use fearless_simd::{Level, Simd};

use super::flat::{FlatForest, FlatTree, Layout};
use super::margins::MAX_FULL_WALK;
use super::octet::is_wide;
use crate::lanes::{Lanes, N_LANES, dispatch};

impl FlatForest {
    /// As [`Self::margins`], for a block of rows.
    pub(in super::super) fn block_margins(
        &self,
        level: Level,
        encoded: &[Lanes],
        temporary: &mut [Lanes],
        out: &mut [Lanes],
    ) {
        dispatch!(level, simd => self.vector_margins(simd, encoded, temporary, out));
    }

    // What is not inlined into the dispatch would be compiled without the vector instructions.
    #[inline(always)]
    fn vector_margins<S: Simd>(
        &self,
        simd: S,
        encoded: &[Lanes],
        temporary: &mut [Lanes],
        out: &mut [Lanes],
    ) {
        let encoded = self.rounded(encoded, temporary);
        self.start(out);
        if self.sets.is_empty() && !has_missing(encoded) {
            self.add_trees(
                out,
                #[inline(always)]
                |tree| self.block_leaves::<S, false>(simd, tree, encoded),
            );
        } else {
            self.add_trees(
                out,
                #[inline(always)]
                |tree| self.block_leaves::<S, true>(simd, tree, encoded),
            );
        }
        self.finish(out);
    }

    /// The leaf of each row; `ANY` is whether any value may be missing, or any split has a set.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn block_leaves<S: Simd, const ANY: bool>(
        &self,
        simd: S,
        tree: &FlatTree,
        encoded: &[Lanes],
    ) -> Lanes {
        let mut leaves = [0.0; N_LANES];
        match (tree.layout, tree.bits) {
            (Layout::Complete(complete), _) if is_wide::<S>() || !ANY => {
                leaves = self.complete.select::<S, ANY>(simd, complete, encoded);
            }
            (Layout::Complete(complete), _) => {
                for (lane, leaf) in leaves.iter_mut().enumerate() {
                    *leaf = self.complete.walk(
                        complete,
                        #[inline(always)]
                        |input| encoded[input][lane],
                    );
                }
            }
            (Layout::Linked(_), Some(bits)) if is_wide::<S>() => {
                leaves = self.bits.leaves::<S, ANY>(simd, bits, encoded);
            }
            (Layout::Linked(root), _) => {
                let positions = self.walk_block::<ANY>(root, tree.depth, encoded);
                for (leaf, position) in leaves.iter_mut().zip(positions) {
                    *leaf = self.leaf(tree, position);
                }
            }
        }
        leaves
    }

    /// Where the walk of each row ends, all side by side: a row's next node is loaded while those of the
    /// other rows are on their way.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk_block<const ANY: bool>(
        &self,
        root: u32,
        depth: u32,
        encoded: &[Lanes],
    ) -> [u32; N_LANES] {
        let mut positions = [root; N_LANES];
        for _ in 0..depth {
            let mut moved = 0;
            for (lane, position) in positions.iter_mut().enumerate() {
                let next = self.next::<ANY>(
                    *position,
                    #[inline(always)]
                    |input| encoded[input][lane],
                );
                moved |= next ^ *position;
                *position = next;
            }
            if depth > MAX_FULL_WALK && moved == 0 {
                break;
            }
        }
        positions
    }
}

/// Whether any value is missing.
#[inline(always)]
fn has_missing(encoded: &[Lanes]) -> bool {
    let mut is_missing = [false; N_LANES];
    for values in encoded {
        for (is_missing, value) in is_missing.iter_mut().zip(values) {
            *is_missing |= value.is_nan();
        }
    }
    is_missing.contains(&true)
}
