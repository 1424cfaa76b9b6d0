//! The best split of each node of a level, in one scan per input.

use nomogram::Side;

use super::columns::Columns;
use super::gradient::{Gradient, Sums};
use crate::learners::boosted_trees::spec::BoostedTreesSpec;

/// A node whose residuals vary less is a leaf.
const MIN_VARIANCE: f64 = f64::EPSILON;

/// What all searches of a tree read.
pub(super) struct Search<'a> {
    pub(super) spec: &'a BoostedTreesSpec,
    pub(super) columns: &'a Columns,
    pub(super) gradients: &'a [Gradient],
}

/// A node that may still be split, and the sums over its rows.
pub(super) struct Open {
    pub(super) node: usize,
    pub(super) n_rows: usize,
    pub(super) weight: f64,
    pub(super) sum: f64,
    pub(super) sum_of_squares: f64,
    pub(super) curvature: f64,
    pub(super) best: Option<Split>,
}

#[derive(Clone, Copy)]
pub(super) struct Split {
    gain: f64,
    pub(super) input: usize,
    pub(super) threshold: f64,
    pub(super) missing: Side,
}

/// The left side while an input is scanned, and the rows without a value.
#[derive(Clone, Copy, Default)]
struct Scan {
    left: Sums,
    last: f64,
    missing: Sums,
}

#[allow(clippy::indexing_slicing, reason = "rows and open nodes are those of the table and level")]
impl Search<'_> {
    /// Finds the best split of every node of a level in one scan per input.
    pub(super) fn find_splits(&self, level: &mut [Open], place: &[Option<usize>]) {
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
            // Above the last value a split separates only missing values.
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
