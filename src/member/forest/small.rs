//! Path-dependent Shapley values of trees with at most four players on the way to a leaf.
//!
//! What an edge needs does not depend on the row but for the side that it takes, so it is computed once.

use super::flat::FlatForest;
use super::path_memory::PathMemory;
use super::paths::{ForestPaths, NONE, TreePaths};

impl FlatForest {
    /// Adds the Shapley values of one tree, where what an edge needs is there already.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn attribute_small(
        &self,
        paths: &ForestPaths,
        tree: &TreePaths,
        encoded: &[f64],
        memory: &mut PathMemory,
        out: &mut [f64],
    ) {
        let edges = &paths.edges[tree.first..tree.first + tree.n_edges];
        let small = &paths.small[tree.first..tree.first + tree.n_edges];
        let takes = &mut memory.takes[..edges.len()];
        let (products, _) = memory.products.as_chunks_mut::<2>();
        let (sums, _) = memory.sums.as_chunks_mut::<2>();
        for (at, edge) in edges.iter().enumerate() {
            let mut is_taken = self.takes(edge, encoded);
            if edge.ancestor != NONE {
                is_taken &= takes[edge.ancestor as usize];
            }
            let mut product = small[at].factors[usize::from(is_taken)];
            if edge.parent != NONE {
                let above = products[edge.parent as usize];
                product = [product[0] * above[0], product[1] * above[1]];
            }
            if edge.ancestor != NONE {
                let ancestor = edge.ancestor as usize;
                let above = small[ancestor].factors[usize::from(takes[ancestor])];
                for (product, above) in product.iter_mut().zip(above) {
                    // Without rows above, there are none here.
                    *product = if above > 0.0 { *product / above } else { 0.0 };
                }
            }
            (takes[at], products[at], sums[at]) = (is_taken, product, [0.0; 2]);
        }
        let n_players = out.len() / paths.n_margins.max(1);
        let (first, n_values) = match tree.margin {
            Some(margin) => (margin as usize, 1),
            None => (0, paths.n_margins),
        };
        for nth in 0..n_values {
            let out = &mut out[(first + nth) * n_players..][..n_players];
            for (at, edge) in edges.iter().enumerate().rev() {
                let mut sum = sums[at];
                if edge.leaf != NONE {
                    let value = paths.leaves[edge.leaf as usize + nth];
                    sum = [value * products[at][0], value * products[at][1]];
                }
                let terms = small[at].terms[usize::from(takes[at])];
                let mut contribution = terms[0] * sum[0] + terms[1] * sum[1];
                if edge.ancestor != NONE {
                    let ancestor = edge.ancestor as usize;
                    let terms = small[ancestor].terms[usize::from(takes[ancestor])];
                    contribution -= terms[0] * sum[0] + terms[1] * sum[1];
                }
                out[edge.player as usize] += contribution;
                if edge.parent != NONE {
                    let above = &mut sums[edge.parent as usize];
                    *above = [above[0] + sum[0], above[1] + sum[1]];
                }
                sums[at] = [0.0; 2];
            }
        }
    }
}
