//! Splits by sets of levels, as LightGBM chooses them.
//!
//! Few levels: one against the rest. Many: sorted by residual over curvature, from either end
//! (Fisher 1958). Missing counts as one more level; rare and unknown levels stay on the right.

use super::best::Best;
use super::splits::Rule;
use super::sums::{Sum, add, subtract};
use crate::count::number;

/// Tries the sets of levels; `bins` are the sums of `n_levels` levels, perhaps one of rare levels,
/// and missing.
pub(super) fn scan(best: &mut Best<'_>, n_levels: usize, bins: &[Sum]) {
    let input = Levels { bins, n_levels, missing: bins.len() - 1 };
    if n_levels <= best.search.histogram.max_cat_to_onehot {
        for bin in input.present(best, 1) {
            input.consider(best, &[bin]);
        }
    } else {
        input.scan_sorted(best);
    }
}

struct Levels<'a> {
    bins: &'a [Sum],
    n_levels: usize,
    missing: usize,
}

#[allow(clippy::indexing_slicing, reason = "bins are those of the input")]
impl Levels<'_> {
    /// The levels, and missing, with at least this number of rows.
    fn present(&self, best: &Best<'_>, min_rows: i64) -> Vec<usize> {
        (0..self.n_levels)
            .chain([self.missing])
            .filter(|bin| best.search.scale.count(self.bins[*bin]) >= min_rows)
            .collect()
    }

    fn scan_sorted(&self, best: &mut Best<'_>) {
        let (spec, scale) = (best.search.histogram, best.search.scale);
        let ratio = |bin: usize| {
            let total = scale.total(self.bins[bin]);
            total.residual / (total.curvature + spec.cat_smooth)
        };
        let mut sorted: Vec<(f64, usize)> = self
            .present(best, 1)
            .into_iter()
            .filter(|bin| rows(scale.count(self.bins[*bin])) >= spec.cat_smooth)
            .map(|bin| (ratio(bin), bin))
            .collect();
        // Stable: equal levels stay in their order.
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut order: Vec<usize> = sorted.into_iter().map(|(_, bin)| bin).collect();
        let longest = spec.max_cat_threshold.min(order.len().div_ceil(2));
        let min_group = i64::try_from(spec.min_rows_per_group).unwrap_or(i64::MAX);
        best.l2 += spec.cat_l2;
        for _ in 0..2 {
            let mut in_group = 0;
            for (place, bin) in order.iter().enumerate().take(longest) {
                in_group += scale.count(self.bins[*bin]);
                let set = &order[..=place];
                let left = self.sum(set);
                let right = subtract(best.node.sum, left);
                if scale.count(right) < min_group {
                    break;
                }
                if in_group >= min_group && best.is_allowed(left, right) {
                    in_group = 0;
                    self.consider(best, set);
                }
            }
            order.reverse();
        }
    }

    fn sum(&self, set: &[usize]) -> Sum {
        set.iter().fold([0; 2], |sum, bin| add(sum, self.bins[*bin]))
    }

    /// Tries a set of levels, which may include missing.
    fn consider(&self, best: &mut Best<'_>, set: &[usize]) {
        let scale = best.search.scale;
        let left = self.sum(set);
        let right = subtract(best.node.sum, left);
        let mut within: Vec<usize> =
            set.iter().copied().filter(|bin| *bin != self.missing).collect();
        within.sort_unstable();
        if !within.is_empty() {
            let any_missing = scale.count(self.bins[self.missing]) > 0;
            let missing_left = if any_missing {
                set.contains(&self.missing)
            } else {
                scale.count(left) > scale.count(right)
            };
            best.consider(left, right, missing_left, || Rule::Within(within));
            return;
        }
        // A forest has no set of missing alone, so all levels go to the left instead, if there are
        // no others that would have to go with them.
        let has_rest = (self.n_levels..self.missing).any(|bin| scale.count(self.bins[bin]) > 0);
        if !has_rest {
            best.consider(right, left, false, || Rule::Within((0..self.n_levels).collect()));
        }
    }
}

/// A number of rows.
fn rows(count: i64) -> f64 {
    number(usize::try_from(count).unwrap_or(0))
}
