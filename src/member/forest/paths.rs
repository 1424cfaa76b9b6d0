//! The edges of the trees, laid out for attributions: parents before children.
//!
//! A *player* is a feature of the schema; several inputs of a forest may belong to one. What a player
//! decides on the way to a leaf is the product of its edges, so each edge knows the closest edge above
//! it with the same player.

use alloc::vec::Vec;

use super::complete::CompleteTree;
use super::flat::{FlatForest, Layout};
use super::quadrature::gauss_legendre;
use super::shares::LeftShares;
use super::{Precision, single};
use crate::error::{Error, ErrorKind};
use crate::memory;

/// No edge or leaf.
pub(super) const NONE: u32 = u32::MAX;

/// The most numbers in [`ForestPaths::small`]: 16 MiB.
const MAX_SMALL: usize = 1 << 21;

/// The most players on the way to a leaf.
const MAX_PLAYERS: u32 = 256;

/// An edge from a split to one of its children. Indexes of edges count from the first of the tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// The threshold of the split; for a set, its number.
    pub(super) threshold: f64,
    /// The share of the training rows that took all edges of this player up to this one.
    pub(super) share: f64,
    pub(super) input: u32,
    pub(super) player: u32,
    pub(super) parent: u32,
    /// The closest edge above with the same player.
    pub(super) ancestor: u32,
    /// Which leaf it leads to, if it leads to one.
    pub(super) leaf: u32,
    /// The first edge that is not below this one.
    pub(super) end: u32,
    pub(super) is_right: bool,
    pub(super) is_set: bool,
    pub(super) missing_goes_right: bool,
}

/// The edges of one tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct TreePaths {
    pub(super) first: usize,
    pub(super) n_edges: usize,
    /// The number of nodes of its quadrature.
    pub(super) n_nodes: usize,
    /// The only leaf of a tree without splits.
    pub(super) root_leaf: u32,
    /// The margin that it adds to, or every one.
    pub(super) margin: Option<u32>,
    /// Where its numbers in [`ForestPaths::small`] begin.
    pub(super) small: usize,
    /// At how many nodes these are known: 2, 4 or 8; 0 if they are not there.
    pub(super) lanes: usize,
}

/// The edges of a forest, with the quadratures that its trees need.
#[derive(Debug)]
pub(crate) struct ForestPaths {
    pub(super) trees: Vec<TreePaths>,
    pub(super) edges: Vec<Edge>,
    /// What an edge needs for rows that do not take it and for rows that do, at each node: the factors
    /// `z + t (o − z)` of both, then `(o − z) w / (z + t (o − z))` of both, 0 where no row takes the edge. Of
    /// path-dependent values, nothing of it depends on the row.
    pub(super) small: Vec<f64>,
    /// The values of leaves: one per leaf, or one per margin.
    pub(super) leaves: Vec<f64>,
    /// Nodes, then weights, of the rules with 1, 2, … nodes.
    rules: Vec<f64>,
    pub(super) n_margins: usize,
    /// The most numbers that an attribution of a tree needs for its edges.
    pub(super) most_numbers: usize,
    pub(super) most_edges: usize,
}

/// A place in a laid out tree.
#[derive(Clone, Copy)]
enum Position {
    Slot(CompleteTree, usize),
    Node(u32),
}

/// What is at a place of a tree.
enum Kind {
    Leaf(f64),
    /// A split that all rows pass to the left: it only repeats a leaf.
    Pass(Position),
    Split(Edge, [Position; 2]),
}

/// A child that is not yet laid out.
struct Pending {
    edge: Edge,
    child: Position,
}

impl FlatForest {
    /// The edges of all trees. `players` has the player of each input.
    ///
    /// # Errors
    ///
    /// `Option` when a tree has too many players on the way to a leaf; `OutOfMemory`.
    #[allow(clippy::indexing_slicing, reason = "there is room for a rule of every length")]
    pub(crate) fn paths(
        &self,
        players: &[u32],
        shares: Option<&LeftShares>,
    ) -> Result<ForestPaths, Error> {
        let n_margins = self.base_margins.len();
        let trees = memory::list(self.trees.len())?;
        let (edges, leaves, rules) = (Vec::new(), Vec::new(), Vec::new());
        let mut paths = ForestPaths {
            trees,
            edges,
            small: Vec::new(),
            leaves,
            rules,
            n_margins,
            most_numbers: 0,
            most_edges: 0,
        };
        let mut builder = Builder { forest: self, players, shares, ..Builder::default_of(self) };
        let n_players = players.iter().max().map_or(0, |player| *player as usize + 1);
        builder.latest = memory::filled(NONE, n_players)?;
        let mut most_nodes = 0;
        for tree in &self.trees {
            let root = match tree.layout {
                Layout::Complete(complete) => Position::Slot(complete, 0),
                Layout::Linked(root) => Position::Node(root),
            };
            let built = builder.tree(&mut paths, root, tree.margin)?;
            let most_lanes = built.n_nodes.max(lanes(built.n_nodes));
            paths.most_numbers = paths.most_numbers.max(built.n_edges * most_lanes);
            paths.most_edges = paths.most_edges.max(built.n_edges);
            most_nodes = most_nodes.max(built.n_nodes);
            paths.trees.push(built);
        }
        paths.rules = memory::filled(0.0, most_nodes * (most_nodes + 1))?;
        for n in 1..=most_nodes {
            let (nodes, weights) = paths.rules[n * (n - 1)..n * (n + 1)].split_at_mut(n);
            gauss_legendre(nodes, weights);
        }
        if shares.is_some() {
            paths.add_small()?;
        }
        Ok(paths)
    }

    /// A value as splits compare it.
    #[inline(always)]
    pub(super) fn compared(&self, value: f64) -> f64 {
        match self.precision {
            Precision::Double => value,
            Precision::SingleInputs | Precision::Single => single(value),
        }
    }

    /// Whether a row takes an edge.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn takes(&self, edge: &Edge, encoded: &[f64]) -> bool {
        let value = self.compared(encoded[edge.input as usize]);
        let goes_right = if value.is_nan() {
            edge.missing_goes_right
        } else if edge.is_set {
            !self.is_in_set(edge.threshold, value)
        } else {
            value > edge.threshold
        };
        goes_right == edge.is_right
    }
}

impl ForestPaths {
    /// Computes what each edge needs at the nodes of its tree, for the first trees that have few nodes and
    /// together not too many numbers. Nodes that are left over have no weight.
    #[allow(clippy::indexing_slicing, reason = "edges were laid out tree after tree")]
    fn add_small(&mut self) -> Result<(), Error> {
        let mut n_numbers = 0;
        for tree in &mut self.trees {
            let lanes = lanes(tree.n_nodes);
            let of_tree = 4 * lanes * tree.n_edges;
            if n_numbers + of_tree <= MAX_SMALL {
                (tree.small, tree.lanes) = (n_numbers, lanes);
                n_numbers += of_tree;
            }
        }
        let mut small = memory::filled(0.0, n_numbers)?;
        for tree in self.trees.iter().filter(|tree| tree.lanes > 0) {
            let (nodes, weights) = self.rule(tree.n_nodes);
            let edges = &self.edges[tree.first..tree.first + tree.n_edges];
            let of_edges = small[tree.small..].chunks_exact_mut(4 * tree.lanes);
            for (edge, numbers) in edges.iter().zip(of_edges) {
                let (factors, terms) = numbers.split_at_mut(2 * tree.lanes);
                for (side, o) in [0.0, 1.0].into_iter().enumerate() {
                    for (k, (t, weight)) in nodes.iter().zip(weights).enumerate() {
                        let factor = edge.share + t * (o - edge.share);
                        factors[side * tree.lanes + k] = factor;
                        if factor > 0.0 {
                            terms[side * tree.lanes + k] = (o - edge.share) * weight / factor;
                        }
                    }
                }
            }
        }
        self.small = small;
        Ok(())
    }

    /// The nodes and weights of the rule with `n` nodes.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "there is a rule for every tree")]
    pub(super) fn rule(&self, n: usize) -> (&[f64], &[f64]) {
        self.rules[n * (n - 1)..n * (n + 1)].split_at(n)
    }
}

/// At how many nodes the numbers of a tree are computed once; 0 if it has too many.
fn lanes(n_nodes: usize) -> usize {
    match n_nodes {
        0..=2 => 2,
        3..=4 => 4,
        5..=8 => 8,
        _ => 0,
    }
}

/// What building the edges of one tree after the other needs.
struct Builder<'f> {
    forest: &'f FlatForest,
    players: &'f [u32],
    shares: Option<&'f LeftShares>,
    /// The margin that the current tree adds to, or every one.
    margin: Option<u32>,
    /// The last edge of each player on the current path.
    latest: Vec<u32>,
    /// The current path: its edges, and how many players each has above it and at it.
    path: Vec<(u32, u32)>,
    pending: Vec<Pending>,
}

impl<'f> Builder<'f> {
    fn default_of(forest: &'f FlatForest) -> Self {
        let (latest, path, pending) = (Vec::new(), Vec::new(), Vec::new());
        Self { forest, players: &[], shares: None, margin: None, latest, path, pending }
    }

    /// Lays out the edges of a tree, each before those below it.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn tree(
        &mut self,
        paths: &mut ForestPaths,
        root: Position,
        margin: Option<u32>,
    ) -> Result<TreePaths, Error> {
        let first = paths.edges.len();
        self.margin = margin;
        let mut root_leaf = NONE;
        let mut most_players = 1;
        if let Some(leaf) = self.descend(root, NONE)? {
            root_leaf = self.push_leaf(paths, leaf, margin)?;
        }
        while let Some(Pending { mut edge, child }) = self.pending.pop() {
            let index = (paths.edges.len() - first) as u32;
            while let Some(&(last, _)) = self.path.last()
                && last != edge.parent
            {
                let left = &mut paths.edges[first + last as usize];
                left.end = index;
                self.latest[left.player as usize] = left.ancestor;
                self.path.pop();
            }
            edge.ancestor = core::mem::replace(&mut self.latest[edge.player as usize], index);
            let mut n_players = self.path.last().map_or(0, |(_, n_players)| *n_players);
            match edge.ancestor {
                NONE => n_players += 1,
                ancestor => edge.share *= paths.edges[first + ancestor as usize].share,
            }
            if n_players > MAX_PLAYERS {
                let detail = "a path of a tree reads more than 256 features";
                return Err(Error::new(ErrorKind::Option, detail));
            }
            most_players = most_players.max(n_players);
            memory::push(&mut self.path, (index, n_players))?;
            if let Some(leaf) = self.descend(child, index)? {
                edge.leaf = self.push_leaf(paths, leaf, margin)?;
            }
            memory::push(&mut paths.edges, edge)?;
        }
        let n_edges = paths.edges.len() - first;
        while let Some((last, _)) = self.path.pop() {
            let left = &mut paths.edges[first + last as usize];
            left.end = n_edges as u32;
            self.latest[left.player as usize] = NONE;
        }
        let n_nodes = most_players.div_ceil(2) as usize;
        Ok(TreePaths { first, n_edges, n_nodes, root_leaf, margin, small: 0, lanes: 0 })
    }

    /// Returns the leaf below an edge, or appends the two edges of its split to those to lay out.
    fn descend(&mut self, mut position: Position, parent: u32) -> Result<Option<f64>, Error> {
        loop {
            match self.kind(position) {
                Kind::Leaf(leaf) => return Ok(Some(leaf)),
                Kind::Pass(next) => position = next,
                Kind::Split(split, [left, right]) => {
                    let edge = Edge { parent, ..split };
                    let share = 1.0 - edge.share;
                    let to_right = Edge { is_right: true, share, ..edge };
                    memory::push(&mut self.pending, Pending { edge: to_right, child: right })?;
                    memory::push(&mut self.pending, Pending { edge, child: left })?;
                    return Ok(None);
                }
            }
        }
    }

    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn kind(&self, position: Position) -> Kind {
        let split = |threshold, input: u32, share, is_set, missing_goes_right| Edge {
            threshold,
            share,
            input,
            player: self.players[input as usize],
            parent: NONE,
            ancestor: NONE,
            leaf: NONE,
            end: 0,
            is_right: false,
            is_set,
            missing_goes_right,
        };
        match position {
            Position::Slot(tree, n) if n >= tree.n_splits() => {
                Kind::Leaf(self.forest.complete.leaf(tree, n - tree.n_splits()))
            }
            Position::Slot(tree, n) => {
                let found = self.forest.complete.split(tree, n);
                let [left, right] = [2 * n + 1, 2 * n + 2].map(|n| Position::Slot(tree, n));
                if found.threshold == f64::INFINITY {
                    return Kind::Pass(left);
                }
                let share = self.shares.map_or(0.5, |shares| shares.slots[found.slot]);
                let edge =
                    split(found.threshold, found.input, share, false, found.missing_goes_right);
                Kind::Split(edge, [left, right])
            }
            Position::Node(at) => {
                let (node, question) =
                    (self.forest.nodes[at as usize], self.forest.questions[at as usize]);
                if node.left == at {
                    let first = node.first_value();
                    let is_shared = self.margin.is_none();
                    return Kind::Leaf(if is_shared {
                        f64::from(first)
                    } else {
                        self.forest.values[first as usize]
                    });
                }
                let share = self.shares.map_or(0.5, |shares| shares.nodes[at as usize]);
                let (is_set, goes_right) = (question.is_set, question.missing_goes_right);
                let edge = split(node.threshold, node.input, share, is_set, goes_right);
                Kind::Split(edge, [node.left, node.left + 1].map(Position::Node))
            }
        }
    }

    /// Appends the values of a leaf, as the forest adds them. Returns where they begin.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    fn push_leaf(
        &self,
        paths: &mut ForestPaths,
        leaf: f64,
        margin: Option<u32>,
    ) -> Result<u32, Error> {
        let first = paths.leaves.len() as u32;
        let round = |value| self.forest.precision.round(value);
        if margin.is_some() {
            memory::push(&mut paths.leaves, round(leaf))?;
            return Ok(first);
        }
        let values = &self.forest.values[leaf as usize..leaf as usize + paths.n_margins];
        for value in values {
            memory::push(&mut paths.leaves, round(*value))?;
        }
        Ok(first)
    }
}
