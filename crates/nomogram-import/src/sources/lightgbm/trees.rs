//! Trees: lists of splits and leaves, to trees of the core.

use std::collections::BTreeMap;

use nomogram::{Side, Tree};

use super::linear_leaves::{LinearLeaves, Terms};
use super::text::Block;
use crate::error::{Error, ErrorKind, Place};
use crate::forests::{self, SourceNode};
use crate::limits::Limits;

/// Up to here, in magnitude, a value is 0.
pub(super) const ZERO: f64 = 1e-35_f32 as f64;

/// The bits of a decision type.
const IS_CATEGORICAL: u8 = 1;
const IS_DEFAULT_LEFT: u8 = 2;

/// What counts as missing at a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingType {
    /// Nothing: NaN counts as 0.
    None,
    /// 0 and NaN.
    Zero,
    /// NaN.
    Nan,
}

impl MissingType {
    /// As LightGBM's documentation names it.
    fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Zero => "Zero",
            Self::Nan => "NaN",
        }
    }
}

/// The trees of a model.
#[derive(Debug, Default)]
pub(super) struct Trees {
    pub(super) trees: Vec<Tree>,
    pub(super) leaf_numbers: Vec<Vec<u32>>,
    /// The shares of the training rows that go to the left, if they are wanted.
    pub(super) left_shares: Vec<f64>,
    /// What counts as missing at the numeric splits of each feature.
    pub(super) missing_types: BTreeMap<usize, MissingType>,
    /// Of each feature that is split by categories, the highest code.
    pub(super) highest_codes: BTreeMap<usize, usize>,
    /// Of a model with linear trees, the sums of all leaves in the order of `trees`.
    pub(super) linear_leaves: LinearLeaves,
}

/// Reads trees, each with its number in the file; the `i`-th of them adds to margin `i % n_margins`.
///
/// # Errors
///
/// `Malformed` or `Unsupported`, with tree and line.
pub(super) fn read<'b>(
    blocks: impl Iterator<Item = (usize, &'b Block<'b>)>,
    n_features: usize,
    n_margins: usize,
    tree_shares: bool,
    limits: &Limits,
) -> Result<Trees, Error> {
    let mut trees = Trees::default();
    let mut n_nodes = 0;
    for (nth, (index, block)) in blocks.enumerate() {
        let in_tree = |error: Error| error.within(Place::Tree(index));
        let splits = Splits::read(block, limits).map_err(in_tree)?;
        n_nodes += splits.n_nodes();
        limits.check_nodes(n_nodes).map_err(in_tree)?;
        splits.note(n_features, &mut trees).map_err(in_tree)?;
        let margin = Some(forests::number(nth % n_margins)?);
        let root = if splits.features.is_empty() { splits.leaf_position(0) } else { 0 };
        let numbered = forests::tree_of(root, margin, splits.n_nodes(), |node| splits.node(node));
        let numbered = numbered.map_err(in_tree)?;
        if tree_shares {
            let weights = splits.n_rows(block).map_err(in_tree)?;
            trees.left_shares.extend(numbered.left_shares(&weights).map_err(in_tree)?);
        }
        let terms = Terms::read(block, &splits.leaves, n_features).map_err(in_tree)?;
        trees.linear_leaves.add(&terms, &numbered.leaf_numbers).map_err(in_tree)?;
        trees.trees.push(numbered.tree);
        trees.leaf_numbers.push(numbered.leaf_numbers);
    }
    Ok(trees)
}

/// The lists of a tree. Nodes are numbered: first the splits, then the leaves.
struct Splits {
    features: Vec<usize>,
    thresholds: Vec<f64>,
    decisions: Vec<u8>,
    left: Vec<i64>,
    right: Vec<i64>,
    leaves: Vec<f64>,
    /// The levels of each set.
    sets: Vec<Vec<u32>>,
}

impl Splits {
    fn read(block: &Block<'_>, limits: &Limits) -> Result<Self, Error> {
        let n_leaves: usize = block.number("num_leaves")?;
        limits.check_nodes(n_leaves).map_err(|error| block.at("num_leaves", error))?;
        if n_leaves == 0 {
            return Err(block.at("num_leaves", Error::malformed("0, expected at least 1")));
        }
        let n_splits = n_leaves - 1;
        let mut splits = Self {
            features: Vec::new(),
            thresholds: Vec::new(),
            decisions: Vec::new(),
            left: Vec::new(),
            right: Vec::new(),
            leaves: block.numbers("leaf_value", n_leaves)?,
            sets: Vec::new(),
        };
        if n_splits == 0 {
            return Ok(splits);
        }
        splits.features = block.numbers("split_feature", n_splits)?;
        splits.thresholds = block.numbers("threshold", n_splits)?;
        splits.decisions = block.numbers("decision_type", n_splits)?;
        splits.left = block.numbers("left_child", n_splits)?;
        splits.right = block.numbers("right_child", n_splits)?;
        let n_sets = block.find("num_cat").map_or(Ok(0), |_| block.number("num_cat"))?;
        if n_sets > 0 {
            splits.sets = sets(block, n_sets, n_splits)?;
        }
        Ok(splits)
    }

    /// How many training rows arrive at each node.
    fn n_rows(&self, block: &Block<'_>) -> Result<Vec<f64>, Error> {
        if self.features.is_empty() {
            // Trees of one leaf may have no counts, and need none.
            return Ok(Vec::new());
        }
        let mut n_rows = block.numbers("internal_count", self.features.len())?;
        n_rows.extend(block.numbers::<f64>("leaf_count", self.leaves.len())?);
        Ok(n_rows)
    }

    fn n_nodes(&self) -> usize {
        self.features.len() + self.leaves.len()
    }

    fn leaf_position(&self, leaf: usize) -> usize {
        self.features.len() + leaf
    }

    fn missing_type(decision: u8) -> Result<MissingType, Error> {
        match (decision >> 2) & 3 {
            0 => Ok(MissingType::None),
            1 => Ok(MissingType::Zero),
            2 => Ok(MissingType::Nan),
            other => Err(Error::malformed(format!("missing type {other}, expected 0 to 2"))),
        }
    }

    /// Notes what the splits of each feature have in common.
    fn note(&self, n_features: usize, trees: &mut Trees) -> Result<(), Error> {
        let splits = self.features.iter().zip(&self.decisions).zip(&self.thresholds).enumerate();
        for (node, ((feature, decision), threshold)) in splits {
            let here = |error: Error| error.within(Place::Node(node));
            if *feature >= n_features {
                let detail = format!("feature {feature}, expected 0 to {}", n_features - 1);
                return Err(here(Error::malformed(detail)));
            }
            if decision & IS_CATEGORICAL != 0 {
                let highest = self.set(*threshold).map_err(here)?.last().copied();
                let known = trees.highest_codes.entry(*feature).or_default();
                *known = (*known).max(highest.map_or(0, |code| code as usize));
                continue;
            }
            let missing = Self::missing_type(*decision).map_err(here)?;
            let known = *trees.missing_types.entry(*feature).or_insert(missing);
            if known != missing {
                return Err(here(Error::unsupported(format!(
                    "feature {feature} with two treatments of missing values: {} and {}",
                    known.name(),
                    missing.name()
                ))));
            }
        }
        let both = trees.highest_codes.keys().find(|at| trees.missing_types.contains_key(at));
        match both {
            None => Ok(()),
            Some(feature) => Err(Error::unsupported(format!(
                "feature {feature} with splits by number and by category"
            ))),
        }
    }

    fn set(&self, threshold: f64) -> Result<&[u32], Error> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let set = self.sets.get(threshold as usize);
        set.map(Vec::as_slice).ok_or_else(|| Error::malformed(format!("no set {threshold}")))
    }

    /// The position of a child: a split, or the complement of a leaf's number.
    fn child(&self, child: i64) -> Result<usize, Error> {
        let position = if child >= 0 { child } else { !child };
        let position = usize::try_from(position).unwrap_or(usize::MAX);
        let is_known =
            if child >= 0 { position < self.features.len() } else { position < self.leaves.len() };
        if !is_known {
            return Err(Error::malformed(format!("no child {child}")));
        }
        Ok(if child >= 0 { position } else { self.leaf_position(position) })
    }

    fn node(&self, index: usize) -> Result<SourceNode, Error> {
        let absent = || Error::malformed("no such node");
        if let Some(leaf) = index.checked_sub(self.features.len()) {
            let value = self.leaves.get(leaf).copied().ok_or_else(absent)?;
            return Ok(SourceNode::Leaf { values: vec![value], number: forests::number(leaf)? });
        }
        let (left, right) = self.left.get(index).zip(self.right.get(index)).ok_or_else(absent)?;
        let (left, right) = (self.child(*left)?, self.child(*right)?);
        let input = forests::number(self.features.get(index).copied().ok_or_else(absent)?)?;
        let threshold = self.thresholds.get(index).copied().ok_or_else(absent)?;
        let decision = self.decisions.get(index).copied().ok_or_else(absent)?;
        if decision & IS_CATEGORICAL != 0 {
            let levels = self.set(threshold)?.to_vec();
            if levels.is_empty() {
                // No level is in the set, so all go to the right.
                let (threshold, default_child) = (-f64::MAX, Side::Right);
                return Ok(SourceNode::Split { input, threshold, left, right, default_child });
            }
            // A missing category goes to the right, whatever the default is.
            let default_child = Side::Right;
            return Ok(SourceNode::SplitLevels { input, levels, left, right, default_child });
        }
        if threshold.is_nan() {
            return Err(Error::malformed("a threshold that is not a number"));
        }
        let goes_left = match Self::missing_type(decision)? {
            MissingType::None => 0.0 <= threshold,
            MissingType::Zero | MissingType::Nan => decision & IS_DEFAULT_LEFT != 0,
        };
        let default_child = if goes_left { Side::Left } else { Side::Right };
        let threshold = with_zeros_together(threshold);
        Ok(SourceNode::Split { input, threshold, left, right, default_child })
    }
}

/// The threshold for values as they are. LightGBM reads every value up to [`ZERO`] in magnitude as 0
/// before it compares, so a threshold among them sends all of these to one side.
fn with_zeros_together(threshold: f64) -> f64 {
    if !(-ZERO..ZERO).contains(&threshold) {
        threshold
    } else if threshold < 0.0 {
        (-ZERO).next_down()
    } else {
        ZERO
    }
}

/// The levels of each set, from the bits of `cat_threshold`.
fn sets(block: &Block<'_>, n_sets: usize, n_splits: usize) -> Result<Vec<Vec<u32>>, Error> {
    if n_sets > n_splits {
        let detail = format!("{n_sets} sets, expected at most {n_splits}");
        return Err(block.at("num_cat", Error::malformed(detail)));
    }
    let ends: Vec<usize> = block.numbers("cat_boundaries", n_sets + 1)?;
    let n_words = ends.last().copied().unwrap_or(0);
    let words: Vec<u32> = block.numbers("cat_threshold", n_words)?;
    let mut sets = Vec::with_capacity(n_sets);
    for bounds in ends.windows(2) {
        let (start, end) = (bounds.first().copied(), bounds.last().copied());
        let words = start.zip(end).and_then(|(start, end)| words.get(start..end));
        let words = words.ok_or_else(|| {
            block.at("cat_boundaries", Error::malformed("bounds that do not ascend"))
        })?;
        let mut levels = Vec::new();
        for (nth, word) in words.iter().enumerate() {
            let first = u32::try_from(nth).ok().and_then(|nth| nth.checked_mul(32));
            let first = first.ok_or_else(|| Error::new(ErrorKind::TooLarge, "a set of 2^32"))?;
            levels.extend((0..32).filter(|bit| word >> bit & 1 == 1).map(|bit| first + bit));
        }
        sets.push(levels);
    }
    Ok(sets)
}
