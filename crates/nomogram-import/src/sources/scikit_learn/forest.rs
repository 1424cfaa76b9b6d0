//! Trees of a description, to a forest.

use nomogram::{Aggregate, Comparison, Forest, Link, Precision, Side, Tree};

use crate::document::{Cursor, Value};
use crate::error::{Error, Place};
use crate::forests::{self, NumberedTree, SourceNode, number};
use crate::limits::Limits;

/// A forest, the source's number of each leaf, and the shares of the training rows at each split.
#[derive(Clone, Debug)]
pub(super) struct NumberedForest {
    pub(super) forest: Forest,
    pub(super) leaf_numbers: Vec<Vec<u32>>,
    /// None where a tree has no weights of training rows, as descriptions of earlier versions.
    pub(super) left_shares: Option<Vec<f64>>,
}

/// Reads a forest that reads `n_inputs` columns.
///
/// # Errors
///
/// `Malformed` with the tree and the node, `TooLarge`, or `Model`.
pub(super) fn read(
    model: &Cursor<'_>,
    link: Link,
    n_inputs: usize,
    limits: &Limits,
) -> Result<NumberedForest, Error> {
    let aggregate = model.key("aggregate")?;
    let aggregate = match aggregate.text()? {
        "sum" => Aggregate::Sum,
        "mean" => Aggregate::Mean,
        other => return Err(aggregate.malformed(format!("`{other}`, expected `sum` or `mean`"))),
    };
    let precision = match model.key("single_inputs")?.boolean()? {
        true => Precision::SingleInputs,
        false => Precision::Double,
    };
    let base_margins = model.key("base_margins")?.doubles()?;
    limits.check_features(base_margins.len())?;
    let (mut trees, mut leaf_numbers, mut n_nodes) = (Vec::new(), Vec::new(), 0_usize);
    let mut left_shares = Some(Vec::new());
    for entry in model.key("trees")?.items_at(Place::Tree)? {
        n_nodes = n_nodes.saturating_add(entry.key("left")?.n_items()?);
        limits.check_nodes(n_nodes)?;
        let numbered = tree(&entry, base_margins.len())?;
        match (entry.find("weight"), &mut left_shares) {
            (Some(weights), Some(shares)) => {
                let of_tree = numbered.left_shares(&weights.doubles()?);
                shares.extend(of_tree.map_err(|error| entry.locate(error))?);
            }
            (Some(_), None) => {}
            (None, _) => left_shares = None,
        }
        trees.push(numbered.tree);
        leaf_numbers.push(numbered.leaf_numbers);
    }
    let forest = Forest {
        link,
        n_inputs: number(n_inputs)?,
        comparison: Comparison::AtMost,
        precision,
        aggregate,
        base_margins,
        trees,
    };
    Ok(NumberedForest { forest, leaf_numbers, left_shares })
}

/// The lists of a tree, one item for each node.
struct Lists {
    left: Vec<i64>,
    right: Vec<i64>,
    inputs: Vec<i64>,
    thresholds: Vec<f64>,
    missing_left: Vec<bool>,
    /// As many for each node as the tree adds to margins.
    values: Vec<f64>,
    /// The levels that go to the left, of splits by levels.
    levels: Vec<Option<Vec<u32>>>,
}

fn tree(entry: &Cursor<'_>, n_margins: usize) -> Result<NumberedTree, Error> {
    let margin = entry.key("margin")?;
    let margin = match margin.value() {
        Value::Null => None,
        _ => Some(number(margin.whole()?)?),
    };
    let width = if margin.is_some() { 1 } else { n_margins };
    let lists = Lists::read(entry, width)?;
    forests::tree_of(0, margin, lists.left.len(), |node| lists.node(node, width))
        .map_err(|error| entry.locate(error))
}

impl Lists {
    fn read(entry: &Cursor<'_>, width: usize) -> Result<Self, Error> {
        let left = entry.key("left")?.integers()?;
        let n_nodes = left.len();
        let check = |list: Cursor<'_>, expected: usize| match list.n_items()? {
            found if found == expected => Ok(list.clone()).map(|_| ()),
            found => Err(list.malformed(format!("{found} items, expected {expected}"))),
        };
        for key in ["right", "input", "threshold", "missing_left"] {
            check(entry.key(key)?, n_nodes)?;
        }
        check(entry.key("value")?, n_nodes.saturating_mul(width))?;
        let levels = match entry.find("levels") {
            None => Vec::new(),
            Some(list) => {
                check(list.clone(), n_nodes)?;
                let of_node = |levels: Cursor<'_>| match levels.value() {
                    Value::Null => Ok(None),
                    _ => {
                        let numbers: Result<Vec<u32>, Error> =
                            levels.wholes()?.into_iter().map(number).collect();
                        numbers.map(Some)
                    }
                };
                list.items()?.map(of_node).collect::<Result<_, Error>>()?
            }
        };
        Ok(Self {
            left,
            right: entry.key("right")?.integers()?,
            inputs: entry.key("input")?.integers()?,
            thresholds: entry.key("threshold")?.doubles()?,
            missing_left: entry.key("missing_left")?.booleans()?,
            values: entry.key("value")?.doubles()?,
            levels,
        })
    }

    fn node(&self, node: usize, width: usize) -> Result<SourceNode, Error> {
        let at = |list: &[i64]| list.get(node).copied().unwrap_or(-1);
        let Ok(left) = usize::try_from(at(&self.left)) else {
            let values = self.values.get(node * width..(node + 1) * width).unwrap_or_default();
            return Ok(SourceNode::Leaf { values: values.to_vec(), number: number(node)? });
        };
        let right = usize::try_from(at(&self.right))
            .map_err(|_| Error::malformed("no right child, expected one"))?;
        let input = u32::try_from(at(&self.inputs))
            .map_err(|_| Error::malformed("a negative input, expected a column"))?;
        let is_left = self.missing_left.get(node).copied().unwrap_or_default();
        let default_child = if is_left { Side::Left } else { Side::Right };
        if let Some(Some(levels)) = self.levels.get(node) {
            let levels = levels.clone();
            return Ok(SourceNode::SplitLevels { input, levels, left, right, default_child });
        }
        let threshold = self.thresholds.get(node).copied().unwrap_or(f64::NAN);
        if threshold.is_nan() {
            return Err(Error::malformed("threshold NaN, expected a number"));
        }
        Ok(SourceNode::Split { input, threshold, left, right, default_child })
    }
}

/// The forest whose margin is `slope · margin + intercept`, or the same of its probability of class 1,
/// where it has probabilities.
pub(super) fn rescaled(forest: Forest, slope: f64, intercept: f64) -> Forest {
    let of_classes = forest.link == Link::Probability;
    let rescale = |leaves: Vec<f64>| -> Vec<f64> {
        let every = if of_classes { 2 } else { 1 };
        leaves.iter().skip(every - 1).step_by(every).map(|leaf| slope * leaf).collect()
    };
    let tree = |tree: Tree| Tree { margin: Some(0), leaves: rescale(tree.leaves), ..tree };
    let base = if of_classes { 0.0 } else { forest.base_margins.first().copied().unwrap_or(0.0) };
    Forest {
        link: Link::Logit,
        base_margins: vec![slope * base + intercept],
        trees: forest.trees.into_iter().map(tree).collect(),
        ..forest
    }
}
