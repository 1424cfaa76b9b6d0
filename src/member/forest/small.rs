//! Path-dependent Shapley values of trees with at most 16 players on the way to a leaf.
//!
//! What an edge needs does not depend on the row but for the side that it takes, so it is computed once.

use super::path_memory::PathMemory;
use super::paths::{Edge, ForestPaths, NONE, TreePaths};

/// Edges of a tree, with what is known of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct SmallTree<'t> {
    pub(super) edges: &'t [Edge],
    /// Of each edge, as [`ForestPaths::small`] has it.
    pub(super) numbers: &'t [f64],
    /// At how many nodes: 2, 4 or 8.
    pub(super) lanes: usize,
    pub(super) leaves: &'t [f64],
    /// The first margin that it adds to, and to how many.
    pub(super) margins: (usize, usize),
}

impl ForestPaths {
    /// A tree whose numbers are there.
    #[allow(clippy::indexing_slicing, reason = "edges were laid out tree after tree")]
    pub(super) fn small_tree(&self, tree: &TreePaths) -> SmallTree<'_> {
        SmallTree {
            edges: &self.edges[tree.first..tree.first + tree.n_edges],
            numbers: &self.small[tree.small..],
            lanes: tree.lanes,
            leaves: &self.leaves,
            margins: tree.margin.map_or((0, self.n_margins), |margin| (margin as usize, 1)),
        }
    }
}

impl SmallTree<'_> {
    /// Adds its Shapley values. `memory.takes` has whether the row takes each edge.
    pub(super) fn attribute(&self, n_players: usize, memory: &mut PathMemory, out: &mut [f64]) {
        match self.lanes {
            2 => self.attribute_lanes::<2>(n_players, memory, out),
            4 => self.attribute_lanes::<4>(n_players, memory, out),
            _ => self.attribute_lanes::<8>(n_players, memory, out),
        }
    }

    /// [`Self::attribute`], with numbers at `N` nodes.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn attribute_lanes<const N: usize>(
        &self,
        n_players: usize,
        memory: &mut PathMemory,
        out: &mut [f64],
    ) {
        let edges = self.edges;
        let (small, _) = self.numbers.as_chunks::<N>();
        // Of each edge: factors for rows that do not take it and that do, then terms.
        let (small, _) = small.as_chunks::<4>();
        let takes = &mut memory.takes[..edges.len()];
        let (products, _) = memory.products.as_chunks_mut::<N>();
        let (sums, _) = memory.sums.as_chunks_mut::<N>();
        for (at, edge) in edges.iter().enumerate() {
            let mut is_taken = takes[at];
            if edge.ancestor != NONE {
                is_taken &= takes[edge.ancestor as usize];
            }
            let mut product = small[at][usize::from(is_taken)];
            if edge.parent != NONE {
                let above = &products[edge.parent as usize];
                product.iter_mut().zip(above).for_each(|(product, above)| *product *= above);
            }
            if edge.ancestor != NONE {
                let ancestor = edge.ancestor as usize;
                let above = &small[ancestor][usize::from(takes[ancestor])];
                for (product, above) in product.iter_mut().zip(above) {
                    // Without rows above, there are none here.
                    *product = if *above > 0.0 { *product / above } else { 0.0 };
                }
            }
            (takes[at], products[at], sums[at]) = (is_taken, product, [0.0; N]);
        }
        let (first, n_values) = self.margins;
        for nth in 0..n_values {
            let out = &mut out[(first + nth) * n_players..][..n_players];
            for (at, edge) in edges.iter().enumerate().rev() {
                let mut sum = sums[at];
                if edge.leaf != NONE {
                    let value = self.leaves[edge.leaf as usize + nth];
                    sum = products[at].map(|product| value * product);
                }
                let mut contribution = dot(&small[at][2 + usize::from(takes[at])], &sum);
                if edge.ancestor != NONE {
                    let ancestor = edge.ancestor as usize;
                    contribution -= dot(&small[ancestor][2 + usize::from(takes[ancestor])], &sum);
                }
                out[edge.player as usize] += contribution;
                if edge.parent != NONE {
                    let above = &mut sums[edge.parent as usize];
                    above.iter_mut().zip(sum).for_each(|(above, sum)| *above += sum);
                }
                sums[at] = [0.0; N];
            }
        }
    }
}

/// The sum of the products, each half added to the other until one number is left. `N` is a power of 2.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "half of the length is below it")]
fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    let mut products = *a;
    products.iter_mut().zip(b).for_each(|(product, b)| *product *= b);
    let mut half = N / 2;
    while half > 0 {
        for k in 0..half {
            products[k] += products[half + k];
        }
        half /= 2;
    }
    products[0]
}
