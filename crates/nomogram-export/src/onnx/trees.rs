//! Forests: `TreeEnsemble` of opset 5.
//!
//! Thresholds and leaves are in double precision, or in single precision where the forest rounds its sums. A
//! forest that rounds its values only, as scikit-learn does, gets the thresholds in double precision that split
//! the unrounded values in the same way.

use nomogram::{Aggregate, Comparison, Forest, Node, Precision, Side, Tree};

use super::graph::Graph;
use super::message::{Element, attribute, tensor};
use super::threshold;
use crate::error::Error;

/// The numbers of modes in the format.
const AT_MOST: f64 = 0.0;
const BELOW: f64 = 1.0;
const MEMBER: f64 = 6.0;

/// The lists of a `TreeEnsemble`.
#[derive(Debug, Default)]
struct Lists {
    roots: Vec<i64>,
    inputs: Vec<i64>,
    modes: Vec<f64>,
    thresholds: Vec<f64>,
    children: [Vec<i64>; 2],
    are_leaves: [Vec<i64>; 2],
    missing_is_true: Vec<i64>,
    members: Vec<f64>,
    targets: Vec<i64>,
    weights: Vec<f64>,
}

/// The margins of a forest, in double precision.
pub(super) fn margins(graph: &mut Graph, forest: &Forest, columns: &str) -> Result<String, Error> {
    let is_single = match forest.precision {
        Precision::Double | Precision::SingleInputs => false,
        Precision::Single => true,
    };
    let element = if is_single { Element::Single } else { Element::Double };
    let n_margins = forest.base_margins.len();
    let has_bases = forest.base_margins.iter().any(|base| *base != 0.0);
    let mut lists = Lists::default();
    let mut n_trees = vec![0.0; n_margins];
    if has_bases && forest.aggregate == Aggregate::Sum {
        // The sum starts from the base: it is the leaf of the first tree.
        for (margin, base) in forest.base_margins.iter().enumerate() {
            lists.add_leaf_tree(margin, *base);
        }
    }
    for tree in &forest.trees {
        let margins = match tree.margin {
            Some(margin) => margin as usize..margin as usize + 1,
            // A leaf of the format has one weight.
            None => 0..n_margins,
        };
        for margin in margins {
            lists.add_tree(forest, tree, margin)?;
            n_trees.iter_mut().skip(margin).take(1).for_each(|n| *n += 1.0);
        }
    }
    if lists.roots.is_empty() {
        lists.add_leaf_tree(0, 0.0);
    }
    let columns = match element {
        Element::Single => {
            graph.node("Cast", &[columns], &[attribute::number("to", Element::Single as i64)])
        }
        _ => columns.to_owned(),
    };
    let mut margins = lists.node(graph, &columns, n_margins, element);
    if forest.aggregate == Aggregate::Mean {
        let counts: Vec<f64> = n_trees.iter().map(|n| f64::max(*n, 1.0)).collect();
        let counts = graph.constant(element, &[1, n_margins], &counts);
        margins = graph.node("Div", &[&margins, &counts], &[]);
        if has_bases {
            let bases = graph.constant(element, &[1, n_margins], &forest.base_margins);
            margins = graph.node("Add", &[&margins, &bases], &[]);
        }
    }
    if is_single {
        let to_double = attribute::number("to", Element::Double as i64);
        margins = graph.node("Cast", &[&margins], &[to_double]);
    }
    Ok(margins)
}

impl Lists {
    fn leaf(&mut self, margin: usize, weight: f64) -> i64 {
        self.targets.push(index(margin));
        self.weights.push(weight);
        index(self.targets.len() - 1)
    }

    /// A split whose children follow later. Returns its number.
    fn split(&mut self, input: u32, mode: f64, threshold: f64, side: Side) -> usize {
        self.inputs.push(i64::from(input));
        self.modes.push(mode);
        self.thresholds.push(threshold);
        self.missing_is_true.push(i64::from(side == Side::Left));
        for list in self.children.iter_mut().chain(&mut self.are_leaves) {
            list.push(0);
        }
        self.inputs.len() - 1
    }

    fn set_child(&mut self, parent: usize, is_right: bool, child: i64, is_leaf: bool) {
        let nth = usize::from(is_right);
        for (lists, value) in
            [(&mut self.children, child), (&mut self.are_leaves, i64::from(is_leaf))]
        {
            let list = lists.iter_mut().skip(nth).take(1);
            list.for_each(|list| list.iter_mut().skip(parent).take(1).for_each(|at| *at = value));
        }
    }

    /// A tree of one leaf: a split with the same leaf on both sides.
    fn add_leaf_tree(&mut self, margin: usize, weight: f64) {
        let leaf = self.leaf(margin, weight);
        let root = self.split(0, AT_MOST, 0.0, Side::Left);
        self.roots.push(index(root));
        self.set_child(root, false, leaf, true);
        self.set_child(root, true, leaf, true);
    }

    /// A tree, with the leaf values of one margin.
    fn add_tree(&mut self, forest: &Forest, tree: &Tree, margin: usize) -> Result<(), Error> {
        let (nth, width) =
            if tree.margin.is_some() { (0, 1) } else { (margin, forest.base_margins.len()) };
        let weight =
            |leaf: u32| tree.leaves.get(leaf as usize * width + nth).copied().unwrap_or_default();
        if let Some(Node::Leaf { leaf }) = tree.nodes.first() {
            self.add_leaf_tree(margin, weight(*leaf));
            return Ok(());
        }
        // A node, and the child of a split that it becomes.
        let mut pending: Vec<(u32, Option<(usize, bool)>)> = vec![(0, None)];
        while let Some((node, parent)) = pending.pop() {
            let (input, left, right, side, split) = match tree.nodes.get(node as usize) {
                Some(Node::Leaf { leaf }) => {
                    let leaf = self.leaf(margin, weight(*leaf));
                    if let Some((parent, is_right)) = parent {
                        self.set_child(parent, is_right, leaf, true);
                    }
                    continue;
                }
                Some(Node::Split { input, threshold, left, right, default_child }) => {
                    (*input, *left, *right, *default_child, comparison(forest, *threshold))
                }
                Some(Node::SplitLevels { input, levels, left, right, default_child }) => {
                    if levels.is_empty() {
                        return Err(Error::unsupported("a split by no level"));
                    }
                    self.members.extend(levels.iter().map(|level| f64::from(*level)));
                    // NaN ends the set of a node.
                    self.members.push(f64::NAN);
                    (*input, *left, *right, *default_child, (MEMBER, 0.0))
                }
                None => return Err(Error::unsupported("a child that is no node")),
            };
            let number = self.split(input, split.0, split.1, side);
            match parent {
                Some((parent, is_right)) => self.set_child(parent, is_right, index(number), false),
                None => self.roots.push(index(number)),
            }
            pending.push((right, Some((number, true))));
            pending.push((left, Some((number, false))));
        }
        Ok(())
    }

    fn node(&self, graph: &mut Graph, columns: &str, n_margins: usize, element: Element) -> String {
        let list = |values: &[f64], element| tensor("", &[values.len()], element, values);
        let [left, right] = &self.children;
        let [left_is_leaf, right_is_leaf] = &self.are_leaves;
        let mut attributes = vec![
            // Leaves are summed, and nothing follows.
            attribute::number("aggregate_function", 1),
            attribute::number("post_transform", 0),
            attribute::number("n_targets", index(n_margins)),
            attribute::numbers("tree_roots", &self.roots),
            attribute::numbers("nodes_featureids", &self.inputs),
            attribute::tensor("nodes_modes", &list(&self.modes, Element::Byte)),
            attribute::tensor("nodes_splits", &list(&self.thresholds, element)),
            attribute::numbers("nodes_truenodeids", left),
            attribute::numbers("nodes_trueleafs", left_is_leaf),
            attribute::numbers("nodes_falsenodeids", right),
            attribute::numbers("nodes_falseleafs", right_is_leaf),
            attribute::numbers("nodes_missing_value_tracks_true", &self.missing_is_true),
            attribute::numbers("leaf_targetids", &self.targets),
            attribute::tensor("leaf_weights", &list(&self.weights, element)),
        ];
        if !self.members.is_empty() {
            attributes.push(attribute::tensor("membership_values", &list(&self.members, element)));
        }
        graph.ml_node("TreeEnsemble", &[columns], &attributes)
    }
}

/// The mode and the threshold of a comparison.
fn comparison(forest: &Forest, threshold: f64) -> (f64, f64) {
    let highest_left = match forest.comparison {
        Comparison::Below => threshold.next_down(),
        Comparison::AtMost => threshold,
    };
    match (forest.precision, forest.comparison) {
        (Precision::SingleInputs, _) => (AT_MOST, threshold::of_unrounded(highest_left)),
        (Precision::Single, Comparison::Below) if threshold::is_single(threshold) => {
            (BELOW, threshold)
        }
        (Precision::Single, _) => (AT_MOST, f64::from(threshold::single_at_most(highest_left))),
        (_, Comparison::Below) => (BELOW, threshold),
        (_, _) => (AT_MOST, threshold),
    }
}

#[allow(clippy::cast_possible_wrap, reason = "positions are far below 2^63")]
fn index(position: usize) -> i64 {
    position as i64
}
