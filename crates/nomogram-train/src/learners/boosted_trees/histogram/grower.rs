//! Growth of one tree, leaf by leaf: the leaf that gains most is split first.
//!
//! Of two children, the one with fewer rows is summed; the other is the parent less it. Blocks of
//! inputs are the unit of work of a thread, and their results are looked through in order.

use std::ops::Range;

use nomogram::{Node, Side, Tree};
use rayon::prelude::*;

use super::best::Search;
use super::bins::{BLOCK, BinnedRows, Bins};
use super::partition::Partition;
use super::splits::{Bounds, Child, Rule, Searched, Split};
use super::sums::{Sum, accumulate, add, subtract};
use crate::count::position;
use crate::error::Error;

/// Fewer additions than this are not worth a second thread.
const MIN_PARALLEL: usize = 1 << 15;

/// The sums by bin of each input of each block, one input after the other.
type Histogram = Vec<Vec<Sum>>;

/// Rows and settings of one tree.
pub(super) struct Grower<'a> {
    pub(super) search: Search<'a>,
    pub(super) rows: &'a BinnedRows,
    /// The inputs that may be split.
    pub(super) used: &'a [bool],
    /// The derivatives of all rows.
    pub(super) sums: &'a [Sum],
}

/// A leaf of the growing tree, which may still be split.
struct Leaf {
    node: usize,
    depth: usize,
    /// Places of the rows that the tree is fitted to, and of the others.
    fitted: Range<usize>,
    others: Range<usize>,
    sum: Sum,
    step: f64,
    bounds: Bounds,
    histogram: Histogram,
    best: Option<Split>,
}

impl Grower<'_> {
    /// Grows a tree on the rows of `fitted`, and adds its leaves to the margins of all rows: `add_to`
    /// gets the rows of each leaf and its value.
    pub(super) fn grow(
        &self,
        mut fitted: Partition,
        mut others: Partition,
        mut add_to: impl FnMut(&[u32], f64),
    ) -> Result<Tree, Error> {
        let rate = self.search.spec.learning_rate;
        let mut nodes = vec![Node::Leaf { leaf: 0 }];
        let mut leaves = vec![self.root(&fitted, &others)];
        let max_leaves = self.search.spec.max_leaves.unwrap_or(usize::MAX);
        while leaves.len() < max_leaves {
            let Some((at, split)) = take_best(&mut leaves) else { break };
            let child_nodes = [position(nodes.len())?, position(nodes.len() + 1)?];
            let may_go_on = leaves.len() + 1 < max_leaves;
            let kind = self.kind(split.input);
            let sides = split.rule.sides(kind.n_bins(), split.missing_left);
            let leaf = leaves.swap_remove(at);
            let (block, place) = (self.block(split.input), split.input % BLOCK);
            let n_left = fitted.split(leaf.fitted.clone(), block, place, &sides);
            let n_others_left = others.split(leaf.others.clone(), block, place, &sides);
            if let Some(node) = nodes.get_mut(leaf.node) {
                *node = core_node(&split, kind, child_nodes)?;
            }
            let first_child = nodes.len();
            nodes.extend([Node::Leaf { leaf: 0 }, Node::Leaf { leaf: 0 }]);
            let children =
                leaf.children(&split, first_child, [n_left, n_others_left], &self.search);
            leaves.extend(self.open(children, leaf.histogram, &fitted, may_go_on));
        }
        leaves.sort_by_key(|leaf| leaf.node);
        let mut values = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            let value = rate * leaf.step;
            if let Some(node) = nodes.get_mut(leaf.node) {
                *node = Node::Leaf { leaf: position(values.len())? };
            }
            values.push(value);
            add_to(fitted.rows(leaf.fitted), value);
            add_to(others.rows(leaf.others), value);
        }
        Ok(Tree { margin: None, nodes, leaves: values })
    }

    fn root(&self, fitted: &Partition, others: &Partition) -> Leaf {
        let all = fitted.rows(0..fitted.len());
        let sums = self.gather(all);
        let sum = sums.iter().fold([0; 2], |sum, row| add(sum, *row));
        let mut root = Leaf {
            node: 0,
            depth: 0,
            fitted: 0..fitted.len(),
            others: 0..others.len(),
            sum,
            step: self.search.step(sum, Bounds::NONE),
            bounds: Bounds::NONE,
            histogram: Vec::new(),
            best: None,
        };
        if self.may_split(&root) {
            let node = root.searched();
            let work = |block: usize| {
                let histogram = self.histogram(block, all, &sums);
                let best = self.best_of_block(block, node, &histogram);
                (histogram, best)
            };
            for (histogram, best) in self.on_blocks(all.len(), work) {
                root.histogram.push(histogram);
                root.best = better(root.best, best);
            }
        }
        root
    }

    /// Finds the best splits of two children from the histogram of their parent.
    fn open(
        &self,
        children: [Leaf; 2],
        parent: Histogram,
        fitted: &Partition,
        may_go_on: bool,
    ) -> [Leaf; 2] {
        let may = [0, 1].map(|side: usize| {
            may_go_on && children.get(side).is_some_and(|child| self.may_split(child))
        });
        if may == [false; 2] {
            return children;
        }
        let [left, right] = children;
        let left_is_small = left.fitted.len() <= right.fitted.len();
        let (mut small, mut large) = if left_is_small { (left, right) } else { (right, left) };
        let [may_small, may_large] = if left_is_small { may } else { [may[1], may[0]] };
        let rows = fitted.rows(small.fitted.clone());
        let sums = self.gather(rows);
        let nodes = (small.searched(), large.searched());
        let work = |block: usize| {
            let small_bins = self.histogram(block, rows, &sums);
            let parent_bins = parent.get(block).into_iter().flatten();
            let large_bins: Vec<Sum> =
                parent_bins.zip(&small_bins).map(|(all, part)| subtract(*all, *part)).collect();
            let best_small = may_small.then(|| self.best_of_block(block, nodes.0, &small_bins));
            let best_large = may_large.then(|| self.best_of_block(block, nodes.1, &large_bins));
            ((small_bins, best_small.flatten()), (large_bins, best_large.flatten()))
        };
        for (small_bins, large_bins) in self.on_blocks(rows.len(), work) {
            for (leaf, (histogram, best)) in [(&mut small, small_bins), (&mut large, large_bins)] {
                leaf.histogram.push(histogram);
                leaf.best = better(leaf.best.take(), best);
            }
        }
        if left_is_small { [small, large] } else { [large, small] }
    }

    /// Does work for each block; results are in the order of the blocks.
    fn on_blocks<T: Send>(&self, n_rows: usize, work: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
        let blocks = 0..self.rows.blocks.len();
        // Looking for splits takes about as long as adding 1000 rows.
        if (n_rows + 1000) * self.rows.inputs.len() < MIN_PARALLEL {
            return blocks.map(work).collect();
        }
        blocks.into_par_iter().map(work).collect()
    }

    #[allow(clippy::indexing_slicing, reason = "rows of the table")]
    fn gather(&self, rows: &[u32]) -> Vec<Sum> {
        rows.iter().map(|row| self.sums[*row as usize]).collect()
    }

    /// The sums by bin of a block's inputs; empty if none is used.
    fn histogram(&self, block: usize, rows: &[u32], sums: &[Sum]) -> Vec<Sum> {
        let used = self.used.iter().skip(block * BLOCK).take(BLOCK);
        let inputs = self.rows.inputs.iter().skip(block * BLOCK).take(BLOCK);
        if !used.copied().any(|used| used) {
            return Vec::new();
        }
        let mut full = vec![[[0; 2]; 256]; BLOCK];
        if let (Ok(full), Some(block)) =
            (full.as_mut_slice().try_into(), self.rows.blocks.get(block))
        {
            accumulate(block, rows, sums, full);
        }
        let by_input = full.iter().zip(inputs);
        by_input.flat_map(|(bins, kind)| bins.iter().take(kind.n_bins() + 1)).copied().collect()
    }

    fn best_of_block(&self, block: usize, node: Searched, histogram: &[Sum]) -> Option<Split> {
        let mut best = None;
        let mut rest = histogram;
        let inputs = self.rows.inputs.iter().zip(self.used).enumerate();
        for (input, (kind, used)) in inputs.skip(block * BLOCK).take(BLOCK) {
            let Some((bins, behind)) = rest.split_at_checked(kind.n_bins() + 1) else { break };
            rest = behind;
            if *used {
                best = better(best, self.search.best(node, input, kind, bins));
            }
        }
        best
    }

    fn may_split(&self, leaf: &Leaf) -> bool {
        let spec = self.search.spec;
        spec.max_depth.is_none_or(|max| leaf.depth < max)
            && leaf.fitted.len() / 2 >= spec.min_rows_per_leaf
            && leaf.fitted.len() >= 2
    }

    #[allow(clippy::indexing_slicing, reason = "an input of the table")]
    fn kind(&self, input: usize) -> &Bins {
        &self.rows.inputs[input]
    }

    #[allow(clippy::indexing_slicing, reason = "an input of the table")]
    fn block(&self, input: usize) -> &[[u8; BLOCK]] {
        &self.rows.blocks[input / BLOCK]
    }
}

impl Leaf {
    fn searched(&self) -> Searched {
        Searched { sum: self.sum, bounds: self.bounds }
    }

    /// The two leaves that a split makes of this one; `n_left` are the rows, fitted and others.
    fn children(
        &self,
        split: &Split,
        first_node: usize,
        n_left: [usize; 2],
        search: &Search<'_>,
    ) -> [Self; 2] {
        let [fitted, others] = [self.fitted.start + n_left[0], self.others.start + n_left[1]];
        let bounds = self.bounds.children(split, &search.spec.monotone);
        let leaf = |nth: usize, child: Child, fitted, others, bounds| Self {
            node: first_node + nth,
            depth: self.depth + 1,
            fitted,
            others,
            sum: child.sum,
            step: child.step,
            bounds,
            histogram: Vec::new(),
            best: None,
        };
        let (f, o) = (&self.fitted, &self.others);
        [
            leaf(0, split.left, f.start..fitted, o.start..others, bounds[0]),
            leaf(1, split.right, fitted..f.end, others..o.end, bounds[1]),
        ]
    }
}

/// The better of two splits; of equally good ones the first.
fn better(first: Option<Split>, second: Option<Split>) -> Option<Split> {
    match (first, second) {
        (Some(first), Some(second)) if second.gain > first.gain => Some(second),
        (None, second) => second,
        (first, _) => first,
    }
}

/// The place and split of the leaf that gains most; of equals, the one of the lowest node.
fn take_best(leaves: &mut [Leaf]) -> Option<(usize, Split)> {
    let gain = |leaf: &Leaf| leaf.best.as_ref().map(|split| (split.gain, leaf.node));
    let mut chosen: Option<(usize, (f64, usize))> = None;
    for (at, leaf) in leaves.iter().enumerate() {
        let Some((gain, node)) = gain(leaf) else { continue };
        let is_better = chosen
            .is_none_or(|(_, (best, of_node))| gain > best || (gain >= best && node < of_node));
        if is_better {
            chosen = Some((at, (gain, node)));
        }
    }
    let (at, _) = chosen?;
    Some((at, leaves.get_mut(at)?.best.take()?))
}

/// The node that a bundle stores.
#[allow(clippy::indexing_slicing, reason = "bins are those of the input")]
fn core_node(split: &Split, kind: &Bins, [left, right]: [u32; 2]) -> Result<Node, Error> {
    let input = position(split.input)?;
    let default_child = if split.missing_left { Side::Left } else { Side::Right };
    Ok(match (&split.rule, kind) {
        (Rule::Within(bins), Bins::Levels { levels, .. }) => {
            let levels = bins.iter().map(|bin| levels[*bin]).collect();
            Node::SplitLevels { input, levels, left, right, default_child }
        }
        (Rule::UpTo(bin), Bins::Numbers { bounds }) => {
            // Above the last bound a split separates only missing values.
            let threshold = bounds.get(*bin).copied().unwrap_or(f64::MAX);
            Node::Split { input, threshold, left, right, default_child }
        }
        (Rule::Within(_), Bins::Numbers { .. }) | (Rule::UpTo(_), Bins::Levels { .. }) => {
            let number = split.input + 1;
            return Err(Error::Data(format!(
                "boosted trees: input {number}: a rule for the other kind of input"
            )));
        }
    })
}
