//! Boosting with exact splits: between every two values, level by level.
//!
//! In the form of scikit-learn's `GradientBoostingClassifier` with the squared-error criterion: each
//! tree is fitted to the residuals, each leaf takes one Newton step. Of equally good splits the
//! lowest feature wins, then the lowest threshold, then missing on the right.
//!
//! For two classes and inputs that are numbers; [`super::histogram`] takes more of either kind.

use nomogram::{Forest, Link, Node, Side, Tree, numeric};

use super::{SUBSAMPLE, draw, n_drawn};
use crate::config::BoostedTreesSpec;
use crate::count::position;
use crate::error::Error;
use crate::learners::TrainingRows;
use nomogram_stats::random::Random;

/// A node whose residuals vary less is a leaf.
const MIN_VARIANCE: f64 = f64::EPSILON;
/// A leaf whose rows have less curvature than this adds nothing, as in scikit-learn.
const MIN_CURVATURE: f64 = 1e-150;

/// Fits a forest whose leaves contain the learning rate.
pub(super) fn fit(
    spec: &BoostedTreesSpec,
    rows: TrainingRows<'_>,
    seed: u64,
) -> Result<Forest, Error> {
    refuse_more_classes(rows)?;
    let targets = rows.targets();
    let weights = rows.weights.map_or_else(|| vec![1.0; rows.n_rows()], <[f64]>::to_vec);
    let n_rows = rows.n_rows();
    let n_drawn = n_drawn(spec, n_rows)?;
    let columns = Columns::new(rows);
    let (positive, total) =
        targets.iter().zip(&weights).fold((0.0, 0.0), |(positive, total), (target, weight)| {
            (positive + target * weight, total + weight)
        });
    let prior = positive / total;
    let base_margin = numeric::ln(prior / (1.0 - prior));

    let mut random = Random::new(seed, SUBSAMPLE);
    let mut margins = vec![base_margin; n_rows];
    let mut trees = Vec::with_capacity(spec.n_trees);
    for _ in 0..spec.n_trees {
        let drawn = draw(&mut random, n_rows, n_drawn);
        let rows = margins.iter().zip(&targets).zip(&weights);
        let gradients = rows.map(|((margin, target), weight)| {
            let probability = numeric::logistic(*margin);
            Gradient {
                weight: *weight,
                residual: target - probability,
                curvature: probability * (1.0 - probability),
            }
        });
        let gradients: Vec<Gradient> = gradients.collect();
        let tree = Grower { spec, columns: &columns, gradients: &gradients }.grow(drawn)?;
        for (row, margin) in margins.iter_mut().enumerate() {
            *margin += columns.leaf_of(row, &tree);
        }
        trees.push(tree);
    }
    Ok(Forest::new(Link::Logit, position(rows.n_inputs())?, vec![base_margin], trees)?)
}

fn refuse_more_classes(rows: TrainingRows<'_>) -> Result<(), Error> {
    if rows.n_classes == 2 {
        return Ok(());
    }
    let n_classes = rows.n_classes;
    Err(Error::Data(format!(
        "boosted trees: {n_classes} classes, but `splits: exact` takes 2; say `splits: \
         {{ histogram: {{}} }}`"
    )))
}

/// The derivatives of a row's log loss: what a tree is fitted to, and what its leaves divide by.
struct Gradient {
    weight: f64,
    residual: f64,
    curvature: f64,
}

/// The values by input, the rows of each input in the order of their values, and those without one.
struct Columns {
    values: Vec<Vec<f64>>,
    orders: Vec<Vec<usize>>,
    missing: Vec<Vec<usize>>,
}

#[allow(clippy::indexing_slicing, reason = "rows and inputs are those of the table")]
impl Columns {
    fn new(rows: TrainingRows<'_>) -> Self {
        let values: Vec<Vec<f64>> =
            rows.values.columns().into_iter().map(|column| column.to_vec()).collect();
        let parted = values.iter().map(|column| {
            let (mut order, missing): (Vec<usize>, Vec<usize>) =
                (0..column.len()).partition(|row| !column[*row].is_nan());
            order.sort_by(|a, b| column[*a].total_cmp(&column[*b]));
            (order, missing)
        });
        let (orders, missing) = parted.unzip();
        Self { values, orders, missing }
    }

    /// Whether a row goes to the left of a split.
    fn goes_left(&self, row: usize, input: usize, threshold: f64, missing: Side) -> bool {
        let value = self.values[input][row];
        if value.is_nan() { missing == Side::Left } else { value <= threshold }
    }

    /// The margin of the leaf that a row ends in.
    fn leaf_of(&self, row: usize, tree: &Tree) -> f64 {
        let mut at = 0;
        loop {
            match tree.nodes[at] {
                Node::Split { input, threshold, left, right, default_child } => {
                    let goes_left = self.goes_left(row, input as usize, threshold, default_child);
                    at = if goes_left { left } else { right } as usize;
                }
                Node::Leaf { leaf } => return tree.leaves[leaf as usize],
                // `Node` may get more kinds; this learner makes these two. NaN would be refused.
                _ => return f64::NAN,
            }
        }
    }
}

/// Grows one tree, level by level.
struct Grower<'a> {
    spec: &'a BoostedTreesSpec,
    columns: &'a Columns,
    gradients: &'a [Gradient],
}

/// A node of a tree that grows.
#[derive(Clone, Copy)]
enum Grown {
    Leaf { margin: f64 },
    Split { input: u32, threshold: f64, missing: Side, left: u32, right: u32 },
}

/// The tree that has grown, its leaves numbered in the order of the nodes.
fn tree(nodes: Vec<Grown>) -> Tree {
    let mut leaves = Vec::new();
    let mut leaf = 0;
    let nodes = nodes.into_iter().map(|node| match node {
        Grown::Leaf { margin } => {
            leaves.push(margin);
            leaf += 1;
            Node::Leaf { leaf: leaf - 1 }
        }
        Grown::Split { input, threshold, missing, left, right } => {
            Node::Split { input, threshold, left, right, default_child: missing }
        }
    });
    let nodes = nodes.collect();
    Tree { margin: Some(0), nodes, leaves }
}

/// A node that may still be split: its rows in numbers.
struct Open {
    node: usize,
    n_rows: usize,
    weight: f64,
    sum: f64,
    sum_of_squares: f64,
    curvature: f64,
    best: Option<Split>,
}

#[derive(Clone, Copy)]
struct Split {
    gain: f64,
    input: usize,
    threshold: f64,
    missing: Side,
}

/// Rows in numbers.
#[derive(Clone, Copy, Default)]
struct Sums {
    n_rows: usize,
    weight: f64,
    sum: f64,
}

impl Sums {
    fn add(&mut self, gradient: &Gradient) {
        self.n_rows += 1;
        self.weight += gradient.weight;
        self.sum += gradient.weight * gradient.residual;
    }

    fn with(self, other: Self) -> Self {
        Self {
            n_rows: self.n_rows + other.n_rows,
            weight: self.weight + other.weight,
            sum: self.sum + other.sum,
        }
    }
}

/// What lies left of a place while an input is scanned, and the rows without a value.
#[derive(Clone, Copy, Default)]
struct Scan {
    left: Sums,
    last: f64,
    missing: Sums,
}

#[allow(clippy::indexing_slicing, reason = "rows and open nodes are those of the table and level")]
impl Grower<'_> {
    fn grow(&self, drawn: Vec<bool>) -> Result<Tree, Error> {
        // The value of each node as long as it is a leaf.
        let mut nodes = vec![Grown::Leaf { margin: 0.0 }];
        // Which open node of the level each row is in.
        let mut place: Vec<Option<usize>> = drawn.into_iter().map(|d| d.then_some(0)).collect();
        let mut level = self.open(&place, &[0]);
        for depth in 0.. {
            for open in &level {
                nodes[open.node] = Grown::Leaf { margin: self.leaf(open) };
            }
            if Some(depth) == self.spec.max_depth {
                break;
            }
            self.find_splits(&mut level, &place);
            let mut children = Vec::new();
            let mut first_child = vec![0; level.len()];
            for (index, open) in level.iter().enumerate() {
                let Some(split) = open.best else { continue };
                let (left, right) = (position(nodes.len())?, position(nodes.len() + 1)?);
                let (input, Split { threshold, missing, .. }) = (position(split.input)?, split);
                nodes[open.node] = Grown::Split { input, threshold, missing, left, right };
                first_child[index] = children.len();
                children.extend([nodes.len(), nodes.len() + 1]);
                nodes.extend([Grown::Leaf { margin: 0.0 }; 2]);
            }
            if children.is_empty() {
                break;
            }
            for (row, place) in place.iter_mut().enumerate() {
                *place = place.and_then(|open| {
                    let split = level[open].best?;
                    let Split { input, threshold, missing, .. } = split;
                    let goes_left = self.columns.goes_left(row, input, threshold, missing);
                    Some(first_child[open] + usize::from(!goes_left))
                });
            }
            level = self.open(&place, &children);
        }
        Ok(tree(nodes))
    }

    /// The numbers of each node of a level, summed from the first row to the last.
    fn open(&self, place: &[Option<usize>], nodes: &[usize]) -> Vec<Open> {
        let empty = |node: &usize| Open {
            node: *node,
            n_rows: 0,
            weight: 0.0,
            sum: 0.0,
            sum_of_squares: 0.0,
            curvature: 0.0,
            best: None,
        };
        let mut level: Vec<Open> = nodes.iter().map(empty).collect();
        for (gradient, place) in self.gradients.iter().zip(place) {
            let Some(open) = place.map(|index| &mut level[index]) else { continue };
            open.n_rows += 1;
            let weighted = gradient.weight * gradient.residual;
            open.weight += gradient.weight;
            open.sum += weighted;
            open.sum_of_squares += weighted * gradient.residual;
            open.curvature += gradient.weight * gradient.curvature;
        }
        level
    }

    /// One Newton step on the log loss of the node's rows, times the learning rate.
    fn leaf(&self, open: &Open) -> f64 {
        if open.curvature.abs() < MIN_CURVATURE {
            return 0.0;
        }
        self.spec.learning_rate * (open.sum / open.curvature)
    }

    /// Finds the best split of every node of a level in one scan per input.
    fn find_splits(&self, level: &mut [Open], place: &[Option<usize>]) {
        let splittable: Vec<bool> = level.iter().map(|open| self.is_splittable(open)).collect();
        let place = |row: usize| place[row].filter(|open| splittable[*open]);
        let columns = self.columns.orders.iter().zip(&self.columns.missing);
        for (input, (order, missing)) in columns.enumerate() {
            let mut scans = vec![Scan::default(); level.len()];
            for &row in missing {
                let Some(open) = place(row) else { continue };
                scans[open].missing.add(&self.gradients[row]);
            }
            for &row in order {
                let Some(open) = place(row) else { continue };
                let value = self.columns.values[input][row];
                let scan = &mut scans[open];
                if scan.left.n_rows > 0 && value > scan.last {
                    self.consider(&mut level[open], *scan, input, value);
                }
                scan.left.add(&self.gradients[row]);
                scan.last = value;
            }
            // Behind the last value only missing ones are parted from the rest.
            for (open, scan) in level.iter_mut().zip(&scans) {
                if scan.left.n_rows > 0 && scan.missing.n_rows > 0 {
                    self.keep_if_better(open, scan.left, input, f64::MAX, Side::Right);
                }
            }
        }
    }

    fn is_splittable(&self, open: &Open) -> bool {
        let mean = open.sum / open.weight;
        open.n_rows >= 2 * self.spec.min_rows_per_leaf
            && open.n_rows >= 2
            && open.sum_of_squares / open.weight - mean * mean > MIN_VARIANCE
    }

    /// Tries the split between `scan.last` and `value`, with missing values on either side.
    fn consider(&self, open: &mut Open, scan: Scan, input: usize, value: f64) {
        // Halved first so that the sum cannot overflow; rounding may reach the upper value, which
        // must stay on the right.
        let middle = scan.last / 2.0 + value / 2.0;
        let threshold = if middle >= value { scan.last } else { middle };
        if scan.missing.n_rows == 0 {
            return self.keep_if_better(open, scan.left, input, threshold, Side::Left);
        }
        self.keep_if_better(open, scan.left, input, threshold, Side::Right);
        self.keep_if_better(open, scan.left.with(scan.missing), input, threshold, Side::Left);
    }

    /// Keeps a split if it is the best so far.
    fn keep_if_better(
        &self,
        open: &mut Open,
        left: Sums,
        input: usize,
        threshold: f64,
        missing: Side,
    ) {
        let n_right = open.n_rows - left.n_rows;
        if left.n_rows.min(n_right) < self.spec.min_rows_per_leaf {
            return;
        }
        let sum_right = open.sum - left.sum;
        let weight_right = open.weight - left.weight;
        let gain = left.sum * left.sum / left.weight + sum_right * sum_right / weight_right;
        if open.best.is_none_or(|best| gain > best.gain) {
            open.best = Some(Split { gain, input, threshold, missing });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn spec(n_trees: usize, max_depth: usize) -> BoostedTreesSpec {
        BoostedTreesSpec { max_depth: Some(max_depth), ..BoostedTreesSpec::new(n_trees, 0.5) }
    }

    #[test]
    fn the_first_tree_splits_where_the_classes_change() {
        let values = array![[7.0, 1.0], [7.0, 2.0], [7.0, 4.0], [7.0, 8.0]];
        let rows = TrainingRows::binary(values.view(), &[0, 0, 1, 1]);
        let forest = fit(&spec(1, 3), rows, 0).unwrap();
        // Residuals ±0.5, curvatures 0.25: a Newton step of ±2, halved by the learning rate.
        assert_eq!(
            forest.trees[0].nodes,
            [
                Node::Split {
                    input: 1,
                    threshold: 3.0,
                    left: 1,
                    right: 2,
                    default_child: Side::Left
                },
                Node::Leaf { leaf: 0 },
                Node::Leaf { leaf: 1 },
            ]
        );
        assert_eq!(forest.trees[0].leaves, [-1.0, 1.0]);
        assert_eq!(forest.base_margins, [0.0]);
    }

    #[test]
    fn leaves_keep_their_smallest_number_of_rows() {
        let values = array![[1.0], [2.0], [3.0], [4.0], [5.0]];
        let rows = TrainingRows::binary(values.view(), &[1, 0, 0, 0, 0]);
        let two = BoostedTreesSpec { min_rows_per_leaf: 2, ..spec(1, 3) };
        let forest = fit(&two, rows, 0).unwrap();
        assert!(matches!(forest.trees[0].nodes[0], Node::Split { threshold: 2.5, .. }));
        let three = BoostedTreesSpec { min_rows_per_leaf: 3, ..spec(1, 3) };
        let forest = fit(&three, rows, 0).unwrap();
        assert_eq!(forest.trees[0].nodes.len(), 1);
    }

    #[test]
    fn a_threshold_never_reaches_the_value_on_its_right() {
        let low = 1.0_f64;
        let high = f64::from_bits(low.to_bits() + 1);
        let values = array![[low], [high]];
        let rows = TrainingRows::binary(values.view(), &[0, 1]);
        let forest = fit(&spec(1, 1), rows, 0).unwrap();
        assert!(
            matches!(forest.trees[0].nodes[0], Node::Split { threshold, .. } if threshold == low)
        );
    }

    #[test]
    fn subsampling_depends_on_the_seed_alone() {
        let values = ndarray::Array2::from_shape_fn((40, 2), |(row, column)| {
            f64::from(u32::try_from((row * 17 + column * 5) % 23).unwrap())
        });
        let classes: Vec<usize> = (0..40).map(|row| usize::from(row % 3 == 0)).collect();
        let rows = TrainingRows::binary(values.view(), &classes);
        let half = BoostedTreesSpec { subsample: 0.5, ..spec(5, 2) };
        let of_seed = |seed| fit(&half, rows, seed).unwrap();
        assert_eq!(of_seed(1), of_seed(1));
        assert_ne!(of_seed(1), of_seed(2));
    }

    #[test]
    fn a_row_that_counts_twice_is_a_row_that_stands_twice() {
        let values = array![[1.0], [2.0], [3.0], [4.0], [5.0]];
        let classes = [0, 1, 0, 1, 1];
        let weighted = TrainingRows {
            weights: Some(&[1.0, 2.0, 1.0, 1.0, 2.0]),
            ..TrainingRows::binary(values.view(), &classes)
        };
        let repeated = array![[1.0], [2.0], [2.0], [3.0], [4.0], [5.0], [5.0]];
        let repeated_classes = [0, 1, 1, 0, 1, 1, 1];
        let repeated = TrainingRows::binary(repeated.view(), &repeated_classes);
        let weighted = fit(&spec(4, 2), weighted, 0).unwrap();
        let repeated = fit(&spec(4, 2), repeated, 0).unwrap();
        for (a, b) in weighted.trees.iter().zip(&repeated.trees) {
            assert_eq!(a.nodes, b.nodes);
            assert!(a.leaves.iter().zip(&b.leaves).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }

    #[test]
    fn missing_values_go_with_the_side_that_they_fit() {
        let values = array![[1.0], [2.0], [3.0], [4.0], [f64::NAN], [f64::NAN]];
        for (classes, side, at) in [
            ([0, 0, 1, 1, 0, 0], Side::Left, 2.5),
            ([0, 0, 1, 1, 1, 1], Side::Right, 2.5),
            ([0, 0, 0, 0, 1, 1], Side::Right, f64::MAX),
        ] {
            let rows = TrainingRows::binary(values.view(), &classes);
            let forest = fit(&spec(1, 3), rows, 0).unwrap();
            let Node::Split { threshold, default_child, .. } = forest.trees[0].nodes[0] else {
                panic!("{classes:?} are parted by one split")
            };
            assert_eq!((threshold, default_child), (at, side), "{classes:?}");
            assert_eq!(forest.trees[0].leaves.len(), 2, "{classes:?}");
        }
    }

    #[test]
    fn three_classes_are_refused() {
        let values = array![[1.0], [2.0], [3.0]];
        let rows = TrainingRows { n_classes: 3, ..TrainingRows::binary(values.view(), &[0, 1, 2]) };
        let error = fit(&spec(1, 1), rows, 0).unwrap_err().to_string();
        assert!(error.starts_with("boosted trees: 3 classes"), "{error}");
    }
}
