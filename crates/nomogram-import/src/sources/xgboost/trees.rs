//! Trees: lists of nodes, to trees of the core.

use std::collections::BTreeMap;

use nomogram::{Side, Tree};

use crate::document::{Cursor, Number};
use crate::error::{Error, Place};
use crate::forests::{self, SourceNode};
use crate::limits::{self, Limits};

/// The trees of a model.
#[derive(Debug, Default)]
pub(super) struct Trees {
    pub(super) trees: Vec<Tree>,
    /// The number of each leaf's node, tree after tree.
    pub(super) leaf_numbers: Vec<Vec<u32>>,
    /// The shares of the training rows' hessians that go to the left, if they are wanted.
    pub(super) left_shares: Vec<f64>,
    /// Of each feature that is split by categories, the highest code.
    pub(super) highest_codes: BTreeMap<usize, usize>,
}

/// Reads the first `n_trees` trees of a model. `weights` are those of DART.
///
/// # Errors
///
/// `Malformed` or `Unsupported`, with tree and node.
pub(super) fn read(
    model: &Cursor<'_>,
    weights: Option<&[Number]>,
    n_trees: usize,
    n_groups: usize,
    tree_shares: bool,
    limits: &Limits,
) -> Result<Trees, Error> {
    let groups = model.key("tree_info")?;
    let of_trees = groups.wholes()?;
    let mut trees = Trees::default();
    let mut n_nodes = 0;
    for (index, tree) in model.key("trees")?.items_at(Place::Tree)?.take(n_trees).enumerate() {
        let group = of_trees.get(index).copied().filter(|group| *group < n_groups);
        let group = group.ok_or_else(|| {
            groups.malformed(format!(
                "tree {}: no group, expected 0 to {}",
                index + 1,
                n_groups - 1
            ))
        })?;
        let weight = match weights {
            None => 1.0,
            Some(weights) => {
                let weight = weights.get(index).map(|weight| weight.single);
                weight.ok_or_else(|| tree.malformed("no weight in `weight_drop`"))?
            }
        };
        let nodes = Nodes::read(&tree)?;
        n_nodes += nodes.left.len();
        limits.check_nodes(n_nodes)?;
        nodes.note_categories(&mut trees.highest_codes);
        let margin = Some(forests::number(group)?);
        let numbered =
            forests::tree_of(0, margin, nodes.left.len(), |index| nodes.node(index, weight));
        let numbered = numbered.map_err(|error| tree.locate(error))?;
        if tree_shares {
            let hessians = tree.key("sum_hessian")?.numbers()?;
            let hessians: Vec<f64> =
                hessians.iter().map(|hessian| f64::from(hessian.single)).collect();
            let shares = numbered.left_shares(&hessians).map_err(|error| tree.locate(error))?;
            trees.left_shares.extend(shares);
        }
        trees.trees.push(numbered.tree);
        trees.leaf_numbers.push(numbered.leaf_numbers);
    }
    Ok(trees)
}

/// The lists of a tree, one item per node.
struct Nodes {
    left: Vec<i64>,
    right: Vec<i64>,
    inputs: Vec<usize>,
    conditions: Vec<Number>,
    default_left: Vec<bool>,
    /// The categories of each node that is split by them.
    categories: BTreeMap<usize, Vec<u32>>,
}

impl Nodes {
    fn read(tree: &Cursor<'_>) -> Result<Self, Error> {
        if let Some(size) = tree.key("tree_param")?.find("size_leaf_vector")
            && size.whole()? > 1
        {
            return Err(size.unsupported("leaves with one value per target (multi_output_tree)"));
        }
        let left = tree.key("left_children")?.integers()?;
        let nodes = Self {
            right: tree.key("right_children")?.integers()?,
            inputs: tree.key("split_indices")?.wholes()?,
            conditions: tree.key("split_conditions")?.numbers()?,
            default_left: tree.key("default_left")?.booleans()?,
            categories: categories(tree, left.len())?,
            left,
        };
        let n_nodes = nodes.left.len();
        for (key, found) in [
            ("right_children", nodes.right.len()),
            ("split_indices", nodes.inputs.len()),
            ("split_conditions", nodes.conditions.len()),
            ("default_left", nodes.default_left.len()),
        ] {
            if found != n_nodes {
                let detail = format!("{found} items, expected {n_nodes}, as in `left_children`");
                return Err(tree.key(key)?.malformed(detail));
            }
        }
        Ok(nodes)
    }

    fn note_categories(&self, highest_codes: &mut BTreeMap<usize, usize>) {
        for (node, codes) in &self.categories {
            let highest = codes.last().map_or(0, |code| *code as usize);
            if let Some(input) = self.inputs.get(*node) {
                let known = highest_codes.entry(*input).or_insert(highest);
                *known = (*known).max(highest);
            }
        }
    }

    fn node(&self, index: usize, weight: f32) -> Result<SourceNode, Error> {
        let absent = || Error::malformed("no such node");
        let condition = *self.conditions.get(index).ok_or_else(absent)?;
        let (left, right) = self.left.get(index).zip(self.right.get(index)).ok_or_else(absent)?;
        if *left < 0 {
            let value = f64::from(weight * condition.single);
            return Ok(SourceNode::Leaf { values: vec![value], number: forests::number(index)? });
        }
        let child = |child: i64| {
            let index = usize::try_from(child);
            index.map_err(|_| Error::malformed(format!("child {child}, expected at least 0")))
        };
        let (left, right) = (child(*left)?, child(*right)?);
        let input = forests::number(self.inputs.get(index).copied().ok_or_else(absent)?)?;
        let default_left = *self.default_left.get(index).ok_or_else(absent)?;
        let side = |is_left| if is_left { Side::Left } else { Side::Right };
        Ok(match self.categories.get(&index) {
            // The set of the source goes to the right, that of the core to the left.
            Some(levels) if !levels.is_empty() => SourceNode::SplitLevels {
                input,
                levels: levels.clone(),
                left: right,
                right: left,
                default_child: side(!default_left),
            },
            // No level goes to the right.
            Some(_) => SourceNode::Split {
                input,
                threshold: f64::MAX,
                left,
                right,
                default_child: side(default_left),
            },
            None => SourceNode::Split {
                input,
                threshold: condition.double_of_single()?,
                left,
                right,
                default_child: side(default_left),
            },
        })
    }
}

impl Number {
    /// The threshold as XGBoost compares it.
    fn double_of_single(self) -> Result<f64, Error> {
        if self.single.is_nan() {
            return Err(Error::malformed("a threshold that is not a number"));
        }
        Ok(f64::from(self.single))
    }
}

/// The categories of the nodes that are split by them, ascending.
fn categories(tree: &Cursor<'_>, n_nodes: usize) -> Result<BTreeMap<usize, Vec<u32>>, Error> {
    let mut categories = BTreeMap::new();
    let types = tree.find("split_type").map_or(Ok(Vec::new()), |types| types.wholes())?;
    let Some(nodes) = tree.find("categories_nodes") else {
        return match types.iter().position(|kind| *kind != 0) {
            None => Ok(categories),
            Some(node) => Err(tree.malformed(format!("node {} without categories", node + 1))),
        };
    };
    let codes = tree.key("categories")?.wholes()?;
    let starts = tree.key("categories_segments")?.wholes()?;
    let sizes = tree.key("categories_sizes")?.wholes()?;
    let nodes = nodes.wholes()?;
    limits::check(nodes.len(), n_nodes, "nodes with categories")?;
    for (nth, node) in nodes.iter().enumerate() {
        let slice = starts
            .get(nth)
            .zip(sizes.get(nth))
            .and_then(|(start, size)| codes.get(*start..start.checked_add(*size)?));
        let slice = slice.ok_or_else(|| tree.malformed("categories beyond their list"))?;
        let levels: Result<Vec<u32>, Error> =
            slice.iter().map(|code| forests::number(*code)).collect();
        let mut levels = levels.map_err(|error| tree.locate(error))?;
        levels.sort_unstable();
        levels.dedup();
        categories.insert(*node, levels);
    }
    let is_split = |node: usize| categories.contains_key(&node);
    match types.iter().enumerate().find(|(node, kind)| (**kind == 1) != is_split(*node)) {
        None => Ok(categories),
        Some((node, kind)) => Err(tree.locate(
            Error::malformed(format!("split type {kind} does not fit its categories"))
                .within(Place::Node(node)),
        )),
    }
}
