//! Splits of numbers by a threshold.

use super::best::Best;
use super::splits::Rule;
use super::sums::{Sum, add, subtract};

/// Tries every threshold, with missing values on either side.
#[allow(clippy::indexing_slicing, reason = "the last bin is that of missing values")]
pub(super) fn scan(best: &mut Best<'_>, bins: &[Sum]) {
    let (present, missing) = bins.split_at(bins.len() - 1);
    let missing = missing[0];
    let n_missing = best.search.scale.count(missing);
    let n_rows = best.search.scale.count(best.node.sum);
    let mut left = [0; 2];
    for (bin, sum) in present.iter().enumerate() {
        if best.search.scale.count(*sum) == 0 {
            continue;
        }
        left = add(left, *sum);
        let n_left = best.search.scale.count(left);
        let right = subtract(best.node.sum, left);
        if n_missing == 0 {
            if n_rows - n_left < best.search.min_rows {
                break;
            }
            // Where none is missing, later missing values go with most of the rows.
            best.consider(left, right, n_left > n_rows - n_left, || Rule::UpTo(bin));
        } else {
            best.consider(left, right, false, || Rule::UpTo(bin));
            let (left, right) = (add(left, missing), subtract(right, missing));
            best.consider(left, right, true, || Rule::UpTo(bin));
        }
    }
}
