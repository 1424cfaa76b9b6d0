//! Trees: oblivious ones, and plain ones of nested nodes.

use nomogram::Side;

use super::columns::{Columns, hash};
use crate::document::{Cursor, Value};
use crate::error::{Error, Place};
use crate::forests::{self, NumberedTree, SourceNode};
use crate::limits::{self, Limits};

/// The deepest oblivious tree: CatBoost grows none above 16.
const MAX_DEPTH: usize = 24;

/// The trees of a model.
#[derive(Debug, Default)]
pub(super) struct Trees {
    pub(super) trees: Vec<NumberedTree>,
    /// Whether the numbers of their leaves are CatBoost's: those of plain trees are not in the file.
    pub(super) has_leaf_numbers: bool,
    /// The shares of the training rows that go to the left at each split, if they are wanted.
    pub(super) left_shares: Vec<Vec<f64>>,
}

/// Reads the trees, with `n_margins` values per leaf.
///
/// # Errors
///
/// `Malformed` or `Unsupported`, with the tree.
pub(super) fn read(
    root: &Cursor<'_>,
    columns: &Columns,
    n_margins: usize,
    tree_shares: bool,
    limits: &Limits,
) -> Result<Trees, Error> {
    let mut trees = Trees::default();
    let mut n_nodes = 0;
    let (list, is_oblivious) = match root.find("oblivious_trees") {
        Some(list) => (list, true),
        None => (root.key("trees")?, false),
    };
    trees.has_leaf_numbers = is_oblivious;
    for tree in list.items_at(Place::Tree)? {
        let read = match is_oblivious {
            true => oblivious(&tree, columns, n_margins, tree_shares)?,
            false => plain(&tree, columns, n_margins, tree_shares, limits)?,
        };
        let WeightedTree { numbered, mut weights } = read;
        n_nodes += numbered.tree.nodes.len();
        limits.check_nodes(n_nodes).map_err(|error| tree.locate(error))?;
        if tree_shares {
            numbered.add_up(&mut weights);
            let shares = numbered.left_shares(&weights).map_err(|error| tree.locate(error))?;
            trees.left_shares.push(shares);
        }
        trees.trees.push(numbered);
    }
    Ok(trees)
}

/// A tree, and the weight of the training rows at each node of the source; only those of leaves are there.
struct WeightedTree {
    numbered: NumberedTree,
    weights: Vec<f64>,
}

/// A question: with the answer yes, a value goes to the right.
enum Question {
    Above {
        input: u32,
        border: f64,
        missing: Side,
    },
    IsLevel {
        input: u32,
        level: u32,
    },
    /// A level that no row can have.
    Never {
        input: u32,
    },
}

impl Question {
    fn read(split: &Cursor<'_>, columns: &Columns) -> Result<Self, Error> {
        let kind = split.key("split_type")?;
        match kind.text()? {
            "FloatFeature" => {
                let index = split.key("float_feature_index")?;
                let known = columns.numbers.get(&index.whole()?);
                let (input, missing) = *known.ok_or_else(|| index.malformed("no such feature"))?;
                let border = f64::from(split.key("border")?.number()?.single);
                if border.is_nan() {
                    return Err(split.malformed("a border that is not a number"));
                }
                Ok(Self::Above { input, border, missing })
            }
            "OneHotFeature" => {
                let index = split.key("cat_feature_index")?;
                let known = columns.categories.get(&index.whole()?);
                let input = *known.ok_or_else(|| index.malformed("no such feature"))?;
                let level = columns.levels.get(&hash(&split.key("value")?)?);
                Ok(match level {
                    Some(level) => Self::IsLevel { input, level: *level },
                    None if columns.levels.is_empty() => Self::Never { input },
                    None => {
                        return Err(split.unsupported(
                            "a category whose name the file does not hold; save it with `pool`",
                        ));
                    }
                })
            }
            "OnlineCtr" => {
                Err(kind.unsupported("split `OnlineCtr`: categories encoded by target statistics"))
            }
            other => Err(kind.unsupported(format!("split `{other}`"))),
        }
    }

    /// The node that asks it: `no` and `yes` are its children.
    fn node(&self, no: usize, yes: usize) -> SourceNode {
        match *self {
            Self::Above { input, border, missing } => SourceNode::Split {
                input,
                threshold: border,
                left: no,
                right: yes,
                default_child: missing,
            },
            Self::IsLevel { input, level } => SourceNode::SplitLevels {
                input,
                levels: vec![level],
                left: yes,
                right: no,
                default_child: Side::Right,
            },
            Self::Never { input } => SourceNode::Split {
                input,
                threshold: f64::MAX,
                left: no,
                right: yes,
                default_child: Side::Left,
            },
        }
    }
}

fn oblivious(
    tree: &Cursor<'_>,
    columns: &Columns,
    n_margins: usize,
    tree_shares: bool,
) -> Result<WeightedTree, Error> {
    let values = tree.key("leaf_values")?.doubles()?;
    let splits = tree.find("splits").filter(|splits| *splits.value() != Value::Null);
    let mut questions = Vec::new();
    for split in splits.iter().flat_map(Cursor::items).flatten() {
        limits::check(questions.len() + 1, MAX_DEPTH, "splits").map_err(|e| tree.locate(e))?;
        questions.push(Question::read(&split, columns)?);
    }
    let n_leaves = 1_usize << questions.len();
    if values.len() != n_leaves * n_margins {
        let detail = format!("{} leaf values, expected {n_leaves} × {n_margins}", values.len());
        return Err(tree.malformed(detail));
    }
    // Level after level: node p of a level has children 2p and 2p + 1 of the next one. The last split is
    // asked first, since it is the highest bit.
    let first_leaf = n_leaves - 1;
    let mut weights = Vec::new();
    if tree_shares {
        let list = tree.key("leaf_weights")?;
        weights.resize(first_leaf, 0.0);
        weights.extend(list.doubles()?);
        if weights.len() != first_leaf + n_leaves {
            let n_weights = weights.len() - first_leaf;
            return Err(list.malformed(format!("{n_weights} weights, expected {n_leaves}")));
        }
    }
    let node = |index: usize| {
        if let Some(leaf) = index.checked_sub(first_leaf) {
            let values = values.get(leaf * n_margins..(leaf + 1) * n_margins);
            let values = values.unwrap_or_default().to_vec();
            return Ok(SourceNode::Leaf { values, number: forests::number(leaf)? });
        }
        let level = (index + 1).ilog2() as usize;
        let question = questions.len().checked_sub(level + 1).and_then(|nth| questions.get(nth));
        let question = question.ok_or_else(|| Error::malformed("no such split"))?;
        Ok(question.node(2 * index + 1, 2 * index + 2))
    };
    let numbered = forests::tree_of(0, margin(n_margins), first_leaf + n_leaves, node);
    let numbered = numbered.map_err(|error| tree.locate(error))?;
    Ok(WeightedTree { numbered, weights })
}

/// One margin is named; of several, each leaf has all.
fn margin(n_margins: usize) -> Option<u32> {
    (n_margins == 1).then_some(0)
}

fn plain(
    tree: &Cursor<'_>,
    columns: &Columns,
    n_margins: usize,
    tree_shares: bool,
    limits: &Limits,
) -> Result<WeightedTree, Error> {
    // Numbered in the order in which they are found: the children of a node come after it.
    let mut found = vec![tree.clone()];
    let (mut nodes, mut weights) = (Vec::new(), Vec::new());
    let mut n_leaves = 0;
    while let Some(node) = found.get(nodes.len()).cloned() {
        limits.check_nodes(found.len()).map_err(|error| tree.locate(error))?;
        let Some(split) = node.find("split") else {
            let value = node.key("value")?;
            let values = match value.value() {
                Value::List(_) => value.doubles()?,
                _ => vec![value.double()?],
            };
            if values.len() != n_margins {
                let detail = format!("{} values, expected {n_margins}", values.len());
                return Err(value.malformed(detail));
            }
            nodes.push(SourceNode::Leaf { values, number: forests::number(n_leaves)? });
            weights.push(if tree_shares { node.key("weight")?.double()? } else { 0.0 });
            n_leaves += 1;
            continue;
        };
        let question = Question::read(&split, columns)?;
        found.push(node.key("left")?);
        found.push(node.key("right")?);
        nodes.push(question.node(found.len() - 2, found.len() - 1));
        weights.push(0.0);
    }
    let node =
        |index: usize| nodes.get(index).cloned().ok_or_else(|| Error::malformed("no such node"));
    let numbered = forests::tree_of(0, margin(n_margins), nodes.len(), node);
    let numbered = numbered.map_err(|error| tree.locate(error))?;
    Ok(WeightedTree { numbered, weights })
}
