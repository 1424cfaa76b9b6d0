//! Shapley values of a forest, by quadrature over the paths to its leaves.
//!
//! For a leaf `v` and the players on its path, let `o` be 1 if the row itself takes all edges of a
//! player, else 0, and `z` the share of the training rows that does, or whether a background row does.
//! Then player `i` gets `v (o_i − z_i) ∫₀¹ Π_{j≠i} (z_j + t (o_j − z_j)) dt`, which `⌈d/2⌉` nodes
//! integrate exactly for `d` players. Leaves below an edge are summed first, so that each edge is
//! visited once.

use super::Aggregate;
use super::flat::{FlatForest, FlatTree, Layout};
use super::listed::Tables;
use super::path_memory::PathMemory;
use super::paths::{ForestPaths, NONE, TreePaths};

/// What a row is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Against<'b> {
    /// The shares of the training rows: path-dependent Shapley values.
    Shares,
    /// The same, by values that were listed as far as there was room.
    Listed(&'b Tables),
    /// Encoded background rows, one after the other, each with its weight; weights sum to 1.
    Rows(&'b [f64], &'b [f64]),
}

impl FlatForest {
    /// Writes the Shapley values of an encoded row, shape `(n_margins, n_players)`, and what they add up to
    /// with the base, as [`Self::double_margins`].
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(crate) fn attribute(
        &self,
        paths: &ForestPaths,
        encoded: &[f64],
        against: Against<'_>,
        memory: &mut PathMemory,
        margins: &mut [f64],
        out: &mut [f64],
    ) {
        out.fill(0.0);
        margins.fill(0.0);
        for (nth_tree, (tree, flat)) in paths.trees.iter().zip(&self.trees).enumerate() {
            if let Against::Listed(tables) = against
                && let Some(leaf) = self.look_up(tables, nth_tree, encoded, out)
            {
                paths.for_each_value(tree, leaf, |margin, value| margins[margin] += value);
                continue;
            }
            self.add_reached(flat, encoded, margins);
            let edges = &paths.edges[tree.first..tree.first + tree.n_edges];
            for (at, edge) in edges.iter().enumerate() {
                if !edge.is_right {
                    let goes_left = self.takes(edge, encoded);
                    memory.takes[at] = goes_left;
                    // The edge to the right follows all edges below the left one.
                    memory.takes[edge.end as usize] = !goes_left;
                }
            }
            match against {
                Against::Shares | Against::Listed(_) if tree.lanes > 0 => {
                    let n_players = out.len() / paths.n_margins.max(1);
                    paths.small_tree(tree).attribute(n_players, memory, out);
                }
                Against::Shares | Against::Listed(_) => {
                    paths.multiply(tree, memory, |at| edges[at].share);
                    paths.add(tree, memory, 1.0, out);
                }
                Against::Rows(rows, weights) => {
                    for (row, weight) in rows.chunks_exact(encoded.len()).zip(weights) {
                        let takes = |at: usize| if self.takes(&edges[at], row) { 1.0 } else { 0.0 };
                        paths.multiply(tree, memory, takes);
                        paths.add(tree, memory, *weight, out);
                    }
                }
            }
        }
        self.divide(out);
        self.divide(margins);
        self.add_base_margins(margins);
    }

    /// Writes the margins of an encoded row, summed in double precision whatever the precision of the
    /// forest: what Shapley values of the row add up to.
    pub(crate) fn double_margins(&self, encoded: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        self.trees.iter().for_each(|tree| self.add_reached(tree, encoded, out));
        self.divide(out);
        self.add_base_margins(out);
    }

    /// Adds what the leaf adds that a row reaches in a tree.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    fn add_reached(&self, tree: &FlatTree, encoded: &[f64], out: &mut [f64]) {
        let leaf = match tree.layout {
            Layout::Complete(complete) => {
                self.complete.walk::<true>(complete, |input| self.compared(encoded[input]))
            }
            Layout::Linked(root) => {
                let next = |position, _| {
                    self.next::<true>(position, |input| self.compared(encoded[input]))
                };
                self.leaf(tree, (0..tree.depth).fold(root, next))
            }
        };
        match tree.margin {
            Some(margin) => out[margin as usize] += leaf,
            None => {
                let values = self.values[leaf as usize..].iter();
                out.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
        }
    }

    fn add_base_margins(&self, out: &mut [f64]) {
        for (margin, base) in out.iter_mut().zip(&self.base_margins) {
            *margin += self.precision.round(*base);
        }
    }

    /// Writes the expected margins over the shares of the training rows.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(crate) fn expected_margins(
        &self,
        paths: &ForestPaths,
        memory: &mut PathMemory,
        out: &mut [f64],
    ) {
        out.fill(0.0);
        for tree in &paths.trees {
            let edges = &paths.edges[tree.first..tree.first + tree.n_edges];
            paths.for_each_value(tree, tree.root_leaf, |margin, value| out[margin] += value);
            for (at, edge) in edges.iter().enumerate() {
                let above =
                    if edge.parent == NONE { 1.0 } else { memory.sums[edge.parent as usize] };
                let before = match edge.ancestor {
                    NONE => 1.0,
                    ancestor => edges[ancestor as usize].share,
                };
                let share = if before > 0.0 { above * edge.share / before } else { 0.0 };
                memory.sums[at] = share;
                paths.for_each_value(tree, edge.leaf, |margin, value| out[margin] += share * value);
            }
        }
        self.divide(out);
        self.add_base_margins(out);
    }

    /// Divides sums over trees by the number of trees, where leaves are averaged.
    fn divide(&self, sums: &mut [f64]) {
        match self.aggregate {
            Aggregate::Sum => {}
            Aggregate::Mean => {
                let width = sums.len() / self.n_trees.len().max(1);
                for (sums, n_trees) in sums.chunks_exact_mut(width.max(1)).zip(&self.n_trees) {
                    sums.iter_mut().for_each(|sum| *sum /= n_trees.max(1.0));
                }
            }
        }
    }
}

impl ForestPaths {
    /// Multiplies the factors down to each edge. `share` returns what the training rows, or a background
    /// row, add to `z` at an edge; shares are products over the edges of a player already.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn multiply(&self, tree: &TreePaths, memory: &mut PathMemory, share: impl Fn(usize) -> f64) {
        let edges = &self.edges[tree.first..tree.first + tree.n_edges];
        let n = tree.n_nodes;
        let (nodes, _) = self.rule(n);
        memory.live.clear();
        let mut at = 0;
        while at < edges.len() {
            let edge = &edges[at];
            let (mut o, mut z) = (if memory.takes[at] { 1.0 } else { 0.0 }, share(at));
            if edge.ancestor != NONE {
                let (above_o, above_z) = memory.ends[edge.ancestor as usize];
                o *= above_o;
                z = f64::min(z, above_z);
            }
            if o + z <= 0.0 {
                at = edge.end as usize;
                continue;
            }
            memory.ends[at] = (o, z);
            memory.live.push(at as u32);
            for (k, t) in nodes.iter().enumerate() {
                let factor = z + t * (o - z);
                let mut product = factor;
                if edge.parent != NONE {
                    product *= memory.products[edge.parent as usize * n + k];
                }
                if edge.ancestor != NONE {
                    product /= memory.factors[edge.ancestor as usize * n + k];
                }
                memory.factors[at * n + k] = factor;
                memory.products[at * n + k] = product;
                memory.sums[at * n + k] = 0.0;
            }
            at += 1;
        }
    }

    /// Adds what each player contributes to the leaves of a tree, times `weight`.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn add(&self, tree: &TreePaths, memory: &mut PathMemory, weight: f64, out: &mut [f64]) {
        let n_players = out.len() / self.n_margins.max(1);
        match tree.margin {
            Some(margin) => {
                let first = margin as usize * n_players;
                self.add_to(tree, 0, memory, weight, &mut out[first..first + n_players]);
            }
            None => {
                for (margin, out) in out.chunks_exact_mut(n_players.max(1)).enumerate() {
                    self.add_to(tree, margin, memory, weight, out);
                }
            }
        }
    }

    /// [`Self::add`] for one value of each leaf.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn add_to(
        &self,
        tree: &TreePaths,
        nth: usize,
        memory: &mut PathMemory,
        weight: f64,
        out: &mut [f64],
    ) {
        let edges = &self.edges[tree.first..tree.first + tree.n_edges];
        let n = tree.n_nodes;
        let (_, weights) = self.rule(n);
        let PathMemory { ends, live, factors, products, sums, .. } = memory;
        for at in live.iter().rev().map(|at| *at as usize) {
            let edge = &edges[at];
            if edge.leaf != NONE {
                let value = self.leaves[edge.leaf as usize + nth];
                for k in at * n..at * n + n {
                    sums[k] = value * products[k];
                }
            }
            let share = |other: usize| {
                let (o, z) = ends[other];
                let terms = weights.iter().enumerate();
                let integral = terms.fold(0.0, |sum, (k, weight)| {
                    sum + weight * sums[at * n + k] / factors[other * n + k]
                });
                (o - z) * integral
            };
            let mut contribution = share(at);
            if edge.ancestor != NONE {
                // The edges above counted these leaves with the factor that the player had there.
                contribution -= share(edge.ancestor as usize);
            }
            out[edge.player as usize] += weight * contribution;
            for k in 0..n {
                if edge.parent != NONE {
                    sums[edge.parent as usize * n + k] += sums[at * n + k];
                }
                sums[at * n + k] = 0.0;
            }
        }
    }

    /// Passes the values of a leaf to `each`, with the margin of each value.
    #[allow(clippy::indexing_slicing, reason = "every leaf was laid out")]
    fn for_each_value(&self, tree: &TreePaths, leaf: u32, mut each: impl FnMut(usize, f64)) {
        if leaf == NONE {
            return;
        }
        match tree.margin {
            Some(margin) => each(margin as usize, self.leaves[leaf as usize]),
            None => {
                let values = self.leaves[leaf as usize..].iter().take(self.n_margins);
                values.enumerate().for_each(|(margin, value)| each(margin, *value));
            }
        }
    }
}

#[cfg(test)]
mod tests;
