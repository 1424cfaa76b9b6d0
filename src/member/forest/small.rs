//! Path-dependent Shapley values of trees with at most four players on the way to a leaf.
//!
//! What an edge needs does not depend on the row but for the side that it takes, so it is computed once.
//! The values of a tree of few splits depend only on the side that the row takes at each: they are
//! computed once for all combinations of sides.

use alloc::vec::Vec;

use super::flat::FlatForest;
use super::path_memory::PathMemory;
use super::paths::{Edge, ForestPaths, NONE, TreePaths};
use crate::error::Error;
use crate::memory;

/// The most splits of a tree whose combinations are listed: a full tree of depth 3.
const MAX_SPLITS: usize = 7;
/// The most values that are listed for a forest: 8 MiB.
const MAX_VALUES: usize = 1 << 20;

/// The Shapley values of the trees of a forest, for each combination of sides at their splits.
#[derive(Debug)]
pub(crate) struct Tables {
    trees: Vec<Table>,
    /// The edges to the left, in the order of the trees' edges.
    splits: Vec<Edge>,
    /// The players of the trees; each is there once per tree.
    players: Vec<u32>,
    /// For each combination, a bit per split of which 1 is left, the values of the tree's players.
    values: Vec<f64>,
}

/// Where the lists of one tree begin.
#[derive(Clone, Copy, Debug)]
struct Table {
    split: usize,
    n_splits: usize,
    player: usize,
    n_players: usize,
    value: usize,
    /// Where the values of its margin begin.
    first: usize,
}

impl Tables {
    /// Lists the values of all trees; `None` unless all are small and add to one margin each.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    #[allow(clippy::indexing_slicing, reason = "edges were laid out tree after tree")]
    pub(crate) fn new(
        paths: &ForestPaths,
        memory: &mut PathMemory,
        n_players: usize,
    ) -> Result<Option<Self>, Error> {
        if paths.small.is_empty() {
            return Ok(None);
        }
        let (mut trees, mut players) = (memory::list(paths.trees.len())?, Vec::new());
        let mut n_values = 0_usize;
        let mut splits = memory::list(paths.edges.len() / 2)?;
        for tree in &paths.trees {
            let n_splits = tree.n_edges / 2;
            let Some(margin) = tree.margin.filter(|_| n_splits <= MAX_SPLITS) else {
                return Ok(None);
            };
            let (split, player) = (splits.len(), players.len());
            for edge in &paths.edges[tree.first..tree.first + tree.n_edges] {
                if !edge.is_right {
                    splits.push(*edge);
                }
                if !players[player..].contains(&edge.player) {
                    memory::push(&mut players, edge.player)?;
                }
            }
            let (value, first) = (n_values, margin as usize * n_players);
            let n_players = players.len() - player;
            trees.push(Table { split, n_splits, player, n_players, value, first });
            n_values += n_players << n_splits;
            if n_values > MAX_VALUES {
                return Ok(None);
            }
        }
        let mut tables = Self { trees, splits, players, values: memory::list(n_values)? };
        let mut out = memory::filled(0.0, n_players * paths.n_margins)?;
        for (tree, table) in paths.trees.iter().zip(&tables.trees) {
            let edges = &paths.edges[tree.first..tree.first + tree.n_edges];
            for sides in 0..1_usize << table.n_splits {
                let mut split = 0;
                for (at, edge) in edges.iter().enumerate() {
                    if !edge.is_right {
                        let goes_left = sides >> split & 1 == 1;
                        // The edge to the right follows all edges below the left one.
                        memory.takes[at] = goes_left;
                        memory.takes[edge.end as usize] = !goes_left;
                        split += 1;
                    }
                }
                paths.attribute_small(tree, memory, &mut out);
                for player in &tables.players[table.player..][..table.n_players] {
                    let value = &mut out[table.first + *player as usize];
                    tables.values.push(core::mem::take(value));
                }
            }
        }
        Ok(Some(tables))
    }
}

impl FlatForest {
    /// Adds the Shapley values of all trees of a forest whose values are listed.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn look_up(&self, tables: &Tables, encoded: &[f64], out: &mut [f64]) {
        for table in &tables.trees {
            let mut sides = 0;
            for (split, edge) in tables.splits[table.split..][..table.n_splits].iter().enumerate() {
                sides |= usize::from(self.takes(edge, encoded)) << split;
            }
            let players = &tables.players[table.player..][..table.n_players];
            let values = &tables.values[table.value + sides * table.n_players..];
            let out = &mut out[table.first..];
            for (player, value) in players.iter().zip(values) {
                out[*player as usize] += value;
            }
        }
    }
}

impl ForestPaths {
    /// Adds the Shapley values of one tree, where what an edge needs is there already. `memory.takes` has
    /// whether the row takes each edge.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn attribute_small(
        &self,
        tree: &TreePaths,
        memory: &mut PathMemory,
        out: &mut [f64],
    ) {
        let edges = &self.edges[tree.first..tree.first + tree.n_edges];
        let small = &self.small[tree.first..tree.first + tree.n_edges];
        let takes = &mut memory.takes[..edges.len()];
        let (products, _) = memory.products.as_chunks_mut::<2>();
        let (sums, _) = memory.sums.as_chunks_mut::<2>();
        for (at, edge) in edges.iter().enumerate() {
            let mut is_taken = takes[at];
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
        let n_players = out.len() / self.n_margins.max(1);
        let (first, n_values) = match tree.margin {
            Some(margin) => (margin as usize, 1),
            None => (0, self.n_margins),
        };
        for nth in 0..n_values {
            let out = &mut out[(first + nth) * n_players..][..n_players];
            for (at, edge) in edges.iter().enumerate().rev() {
                let mut sum = sums[at];
                if edge.leaf != NONE {
                    let value = self.leaves[edge.leaf as usize + nth];
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
