//! Bins of a profile: edges at order statistics of the training rows, coarse enough to publish.

use nomogram::Bins;

/// The most bins of numbers: deciles.
const MAX_INTERVALS: usize = 10;
/// Fewer rows per bin than these would show where single patients are.
const ROWS_PER_BIN: usize = 20;
/// After ties were moved to one side of an edge.
const MIN_ROWS_PER_BIN: usize = 10;
/// A count below is rounded up to it, but for 0.
const SMALLEST_COUNT: u64 = 5;

/// The bins of numbers: about equally many rows in each, at least 10. NaN is left out.
///
/// Without ties at the edges the counts are those of gaps, one more than there are rows; the shares of
/// a continuous population in the bins then have a Dirichlet distribution with these parameters
/// exactly, whatever the distribution of the values is.
#[must_use]
pub fn of_numbers(values: impl Iterator<Item = f64>) -> Bins {
    let mut sorted: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let n_gaps = sorted.len() + 1;
    let n_bins = (n_gaps / ROWS_PER_BIN).clamp(1, MAX_INTERVALS);
    let (mut edges, mut counts, mut below, mut has_ties) = (Vec::new(), Vec::new(), 0, false);
    for bin in 1..n_bins {
        let rank = (bin * n_gaps + n_bins / 2) / n_bins;
        let Some(edge) = rank.checked_sub(1).and_then(|index| sorted.get(index)).copied() else {
            continue;
        };
        let up_to = sorted.partition_point(|value| *value <= edge);
        let is_wide = up_to >= below + MIN_ROWS_PER_BIN && n_gaps - up_to > MIN_ROWS_PER_BIN;
        if is_wide {
            has_ties |= sorted.partition_point(|value| *value < edge) + 1 != up_to;
            edges.push(edge);
            counts.push((up_to - below) as u64);
            below = up_to;
        }
    }
    if has_ties {
        counts.push((sorted.len() - below) as u64);
        Bins::Intervals { edges, counts }
    } else {
        counts.push((n_gaps - below) as u64);
        Bins::Gaps { edges, gaps: counts }
    }
}

/// A count of rows that does not show fewer than 5: 1 to 4 become 5.
#[must_use]
pub fn published(count: u64) -> u64 {
    if count == 0 { 0 } else { count.max(SMALLEST_COUNT) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_order_statistics_with_the_gaps_between_them() {
        let values = (1..=426).map(f64::from).chain([f64::NAN]);
        let Bins::Gaps { edges, gaps } = of_numbers(values) else { panic!("there are no ties") };
        assert_eq!(edges, [43.0, 85.0, 128.0, 171.0, 214.0, 256.0, 299.0, 342.0, 384.0]);
        assert_eq!(gaps.iter().sum::<u64>(), 427);
        assert_eq!(gaps, [43, 42, 43, 43, 43, 42, 43, 43, 42, 43]);
    }

    #[test]
    fn equal_values_are_in_one_bin() {
        let values = (0..100).map(|row| f64::from(row / 40));
        let Bins::Intervals { edges, counts } = of_numbers(values) else {
            panic!("there are ties")
        };
        assert_eq!((edges, counts), (vec![0.0, 1.0], vec![40, 40, 20]));
    }

    #[test]
    fn few_rows_have_few_bins() {
        assert_eq!(
            of_numbers((0..38).map(f64::from)),
            Bins::Gaps { edges: vec![], gaps: vec![39] }
        );
        assert_eq!(of_numbers([].into_iter()).counts(), [1]);
        assert_eq!([0, 1, 4, 5, 6].map(published), [0, 5, 5, 5, 6]);
    }
}
