//! Path-dependent Shapley values that are looked up.
//!
//! A tree is cut into subtrees of few splits below few players. What the leaves of such a subtree add
//! depends only on which of these players the row satisfies, and on the side that it takes at each of the
//! splits. So it is computed once for all combinations. A tree of few splits is not cut.

use alloc::vec::Vec;

use super::flat::FlatForest;
use super::path_memory::PathMemory;
use super::paths::{Edge, ForestPaths, NONE, TreePaths};
use super::small::SmallTree;
use crate::error::Error;
use crate::memory;

/// The most players above a subtree and splits in it, together. A full tree of depth 3 is not cut.
const MAX_BITS: usize = 8;
/// The most players above a subtree that is a leaf.
const MAX_LEAF_BITS: usize = 10;
/// The most splits of a tree: a bit for each.
const MAX_SPLITS: usize = 64;
/// The most values that are listed for a forest: 8 MiB.
const MAX_VALUES: usize = 1 << 20;

/// Marks a child that is a leaf.
const LEAF: u32 = 1 << 31;

/// The Shapley values of the subtrees of the trees of a forest, for each of their combinations.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    trees: Vec<ListedTree>,
    /// In the order of the trees' edges to the left.
    splits: Vec<Split>,
    /// What is on the right and on the left of each split: the number of a split of the tree, or
    /// [`LEAF`] and a leaf.
    children: Vec<[u32; 2]>,
    subtrees: Vec<Subtree>,
    /// Of each player above each subtree.
    above: Vec<Above>,
    /// The players of each subtree, those above it first.
    players: Vec<u32>,
    /// For each combination, the values of the subtree's players.
    values: Vec<f64>,
}

/// Where the lists of one tree begin. A tree without subtrees is not listed.
#[derive(Clone, Copy, Debug, Default)]
struct ListedTree {
    split: usize,
    n_splits: usize,
    subtree: usize,
    n_subtrees: usize,
    /// Where the values of its margin begin.
    first: usize,
    has_sets: bool,
}

/// A split, as a row is compared with it.
#[derive(Clone, Copy, Debug)]
struct Split {
    threshold: f64,
    input: u32,
    is_set: bool,
    missing_goes_right: bool,
}

/// Where the lists of one subtree begin. The bits of a combination are the players above, from the lowest
/// bit on, then the splits, of which 1 is left.
#[derive(Clone, Copy, Debug)]
struct Subtree {
    n_above: u32,
    n_splits: u32,
    n_players: usize,
    /// The number of its first split in the tree.
    split: u32,
    above: usize,
    player: usize,
    value: usize,
}

/// The splits on the path to a subtree that read one player, and the sides on which the path leaves them.
#[derive(Clone, Copy, Debug, Default)]
struct Above {
    splits: u64,
    sides: u64,
}

/// Memory to make tables with.
struct Maker<'p> {
    paths: &'p ForestPaths,
    n_players: usize,
    out: Vec<f64>,
    /// The number of the split of each edge of the current tree.
    split_of: Vec<u32>,
    /// The edge above each subtree of the current tree, or none.
    cuts: Vec<u32>,
    pending: Vec<u32>,
    /// The edges above the current subtree, from the root on, then its own.
    chain: Vec<u32>,
    edges: Vec<Edge>,
    numbers: Vec<f64>,
}

impl Tables {
    /// Lists the values of the trees that add to one margin and have few players on each path, as far as
    /// there is room for them.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn new(
        paths: &ForestPaths,
        memory: &mut PathMemory,
        n_players: usize,
    ) -> Result<Self, Error> {
        let mut tables = Self { trees: memory::list(paths.trees.len())?, ..Self::default() };
        let mut maker = Maker {
            paths,
            n_players,
            out: memory::filled(0.0, n_players * paths.n_margins)?,
            split_of: memory::filled(0, paths.most_edges)?,
            cuts: Vec::new(),
            pending: Vec::new(),
            chain: Vec::new(),
            edges: Vec::new(),
            numbers: Vec::new(),
        };
        for tree in &paths.trees {
            let listed = match tree.margin {
                Some(margin) => maker.add_tree(tree, margin as usize, memory, &mut tables)?,
                None => ListedTree::default(),
            };
            tables.trees.push(listed);
        }
        Ok(tables)
    }
}

#[cfg(test)]
impl Tables {
    /// How many trees are listed, and cut into several subtrees.
    pub(super) fn n_listed(&self) -> (usize, usize) {
        let listed = self.trees.iter().filter(|tree| tree.n_subtrees > 0);
        (listed.clone().count(), listed.filter(|tree| tree.n_subtrees > 1).count())
    }
}

#[allow(clippy::indexing_slicing, reason = "edges were laid out tree after tree")]
#[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
impl Maker<'_> {
    /// Lists the values of a tree, if it can be cut and there is room.
    fn add_tree(
        &mut self,
        tree: &TreePaths,
        margin: usize,
        memory: &mut PathMemory,
        tables: &mut Tables,
    ) -> Result<ListedTree, Error> {
        let paths = self.paths;
        let edges = &paths.edges[tree.first..tree.first + tree.n_edges];
        let n_splits = edges.len() / 2;
        if edges.is_empty() || tree.lanes == 0 || n_splits > MAX_SPLITS {
            return Ok(ListedTree::default());
        }
        let n_values = self.cut(edges)?;
        if n_values.is_none_or(|n_values| tables.values.len() + n_values > MAX_VALUES) {
            return Ok(ListedTree::default());
        }
        let (split, subtree) = (tables.splits.len(), tables.subtrees.len());
        for (at, edge) in edges.iter().enumerate().filter(|(_, edge)| !edge.is_right) {
            let nth = (tables.splits.len() - split) as u32;
            // The edge to the right follows all edges below the left one.
            (self.split_of[at], self.split_of[edge.end as usize]) = (nth, nth);
            let Edge { threshold, input, is_set, missing_goes_right, .. } = *edge;
            let made = Split { threshold, input, is_set, missing_goes_right };
            memory::push(&mut tables.splits, made)?;
        }
        for (at, edge) in edges.iter().enumerate().filter(|(_, edge)| !edge.is_right) {
            let child = |at: usize| match edges[at].leaf {
                NONE => self.split_of[at + 1],
                leaf => LEAF | leaf,
            };
            memory::push(&mut tables.children, [child(edge.end as usize), child(at)])?;
        }
        for nth in 0..self.cuts.len() {
            self.add_subtree(tree, edges, self.cuts[nth], margin, memory, tables)?;
        }
        let (n_subtrees, first) = (self.cuts.len(), margin * self.n_players);
        let has_sets = tables.splits[split..].iter().any(|split| split.is_set);
        Ok(ListedTree { split, n_splits, subtree, n_subtrees, first, has_sets })
    }

    /// Cuts a tree into subtrees. Returns how many values they have; `None` if a leaf has too many players.
    fn cut(&mut self, edges: &[Edge]) -> Result<Option<usize>, Error> {
        self.cuts.clear();
        self.pending.clear();
        memory::push(&mut self.pending, NONE)?;
        let mut n_values = 0;
        let mut players = Vec::new();
        while let Some(above) = self.pending.pop() {
            self.set_chain(edges, above)?;
            players.clear();
            self.add_players(edges, &mut players, 0)?;
            let n_above = players.len();
            let start = if above == NONE { 0 } else { above as usize + 1 };
            let end = if above == NONE { edges.len() } else { edges[above as usize].end as usize };
            let n_splits = (end - start) / 2;
            if n_splits > 0 && n_above + n_splits > MAX_BITS {
                memory::push(&mut self.pending, edges[start].end)?;
                memory::push(&mut self.pending, start as u32)?;
                continue;
            }
            if n_above > MAX_LEAF_BITS {
                return Ok(None);
            }
            for edge in &edges[start..end] {
                if !players.contains(&edge.player) {
                    memory::push(&mut players, edge.player)?;
                }
            }
            n_values += players.len() << (n_above + n_splits);
            memory::push(&mut self.cuts, above)?;
        }
        Ok(Some(n_values))
    }

    /// Sets the chain to the edges from the root to one.
    fn set_chain(&mut self, edges: &[Edge], last: u32) -> Result<(), Error> {
        self.chain.clear();
        let mut at = last;
        while at != NONE {
            memory::push(&mut self.chain, at)?;
            at = edges[at as usize].parent;
        }
        self.chain.reverse();
        Ok(())
    }

    /// Appends the players of the chain, each once after position `from`.
    fn add_players(
        &self,
        edges: &[Edge],
        players: &mut Vec<u32>,
        from: usize,
    ) -> Result<(), Error> {
        for at in &self.chain {
            let player = edges[*at as usize].player;
            if !players[from..].contains(&player) {
                memory::push(players, player)?;
            }
        }
        Ok(())
    }

    /// Lists the values of the subtree below an edge.
    fn add_subtree(
        &mut self,
        tree: &TreePaths,
        edges: &[Edge],
        above: u32,
        margin: usize,
        memory: &mut PathMemory,
        tables: &mut Tables,
    ) -> Result<(), Error> {
        self.set_chain(edges, above)?;
        let n_chain = self.chain.len();
        let player = tables.players.len();
        self.add_players(edges, &mut tables.players, player)?;
        let n_above = tables.players.len() - player;
        let start = if above == NONE { 0 } else { above as usize + 1 };
        let end = if above == NONE { edges.len() } else { edges[above as usize].end as usize };
        for (at, edge) in edges.iter().enumerate().take(end).skip(start) {
            memory::push(&mut self.chain, at as u32)?;
            if !tables.players[player..].contains(&edge.player) {
                memory::push(&mut tables.players, edge.player)?;
            }
        }
        let players = &tables.players[player..];
        let bit_of = |edge: &Edge| players.iter().position(|player| *player == edge.player);
        let first_above = tables.above.len();
        for _ in 0..n_above {
            memory::push(&mut tables.above, Above::default())?;
        }
        for at in &self.chain[..n_chain] {
            let edge = &edges[*at as usize];
            let split = 1_u64 << self.split_of[*at as usize];
            let above = &mut tables.above[first_above + bit_of(edge).unwrap_or(0)];
            above.splits |= split;
            above.sides |= if edge.is_right { 0 } else { split };
        }
        self.copy_edges(tree, edges, start, n_chain)?;
        let subtree = Subtree {
            n_above: n_above as u32,
            n_splits: ((end - start) / 2) as u32,
            n_players: players.len(),
            split: if start < end { self.split_of[start] } else { 0 },
            above: first_above,
            player,
            value: tables.values.len(),
        };
        let small = SmallTree {
            edges: &self.edges,
            numbers: &self.numbers,
            lanes: tree.lanes,
            leaves: &self.paths.leaves,
            margins: (margin, 1),
        };
        for combination in 0..1_usize << (subtree.n_above + subtree.n_splits) {
            let mut split = n_above;
            for (at, edge) in self.edges.iter().enumerate() {
                if at < n_chain {
                    memory.takes[at] = combination >> bit_of(edge).unwrap_or(0) & 1 == 1;
                } else if !edge.is_right {
                    let goes_left = combination >> split & 1 == 1;
                    memory.takes[at] = goes_left;
                    memory.takes[edge.end as usize] = !goes_left;
                    split += 1;
                }
            }
            small.attribute(self.n_players, memory, &mut self.out);
            for player in players {
                let value = &mut self.out[margin * self.n_players + *player as usize];
                memory::push(&mut tables.values, core::mem::take(value))?;
            }
        }
        memory::push(&mut tables.subtrees, subtree)
    }

    /// Copies the edges of the chain, numbered from its first, with what is known of each.
    fn copy_edges(
        &mut self,
        tree: &TreePaths,
        edges: &[Edge],
        start: usize,
        n_chain: usize,
    ) -> Result<(), Error> {
        self.edges.clear();
        self.numbers.clear();
        let chain = &self.chain[..n_chain];
        let renumbered = |at: u32| match at as usize {
            _ if at == NONE => NONE,
            inside if inside >= start => (inside - start + n_chain) as u32,
            _ => chain.iter().position(|own| *own == at).map_or(NONE, |at| at as u32),
        };
        for at in &self.chain {
            let edge = &edges[*at as usize];
            let (parent, ancestor) = (renumbered(edge.parent), renumbered(edge.ancestor));
            let end = if self.edges.len() < n_chain { 0 } else { renumbered(edge.end) };
            memory::push(&mut self.edges, Edge { parent, ancestor, end, ..*edge })?;
            let n_numbers = 4 * tree.lanes;
            let first = tree.small + *at as usize * n_numbers;
            for number in &self.paths.small[first..first + n_numbers] {
                memory::push(&mut self.numbers, *number)?;
            }
        }
        Ok(())
    }
}

impl FlatForest {
    /// Adds the Shapley values of a tree, and returns the leaf that the row reaches; `None` if the tree is
    /// not listed.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn look_up(
        &self,
        tables: &Tables,
        nth_tree: usize,
        encoded: &[f64],
        out: &mut [f64],
    ) -> Option<u32> {
        let tree = &tables.trees[nth_tree];
        if tree.n_subtrees == 0 {
            return None;
        }
        let mut sides = 0_u64;
        let splits = &tables.splits[tree.split..][..tree.n_splits];
        for (nth, split) in splits.iter().enumerate() {
            let value = self.compared(encoded[split.input as usize]);
            let goes_right =
                (value > split.threshold) | (value.is_nan() & split.missing_goes_right);
            sides |= u64::from(!goes_right) << nth;
        }
        if tree.has_sets {
            for (nth, split) in splits.iter().enumerate().filter(|(_, split)| split.is_set) {
                let value = self.compared(encoded[split.input as usize]);
                if !value.is_nan() {
                    let goes_left = self.is_in_set(split.threshold, value);
                    sides = sides & !(1 << nth) | u64::from(goes_left) << nth;
                }
            }
        }
        let out = &mut out[tree.first..];
        for subtree in &tables.subtrees[tree.subtree..][..tree.n_subtrees] {
            let mask = (1_u64 << subtree.n_splits) - 1;
            let mut combination = ((sides >> subtree.split) & mask) << subtree.n_above;
            let above = &tables.above[subtree.above..][..subtree.n_above as usize];
            for (nth, above) in above.iter().enumerate() {
                let is_satisfied = (sides ^ above.sides) & above.splits == 0;
                combination |= u64::from(is_satisfied) << nth;
            }
            let players = &tables.players[subtree.player..][..subtree.n_players];
            #[allow(clippy::cast_possible_truncation, reason = "it has few bits")]
            let values = &tables.values[subtree.value + combination as usize * subtree.n_players..];
            for (player, value) in players.iter().zip(values) {
                out[*player as usize] += value;
            }
        }
        let children = &tables.children[tree.split..][..tree.n_splits];
        let mut at = 0;
        while at & LEAF == 0 {
            at = children[at as usize][usize::from(sides >> at & 1 == 1)];
        }
        Some(at & !LEAF)
    }
}
