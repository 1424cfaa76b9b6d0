//! Sums over many rows whose rounding error hardly grows with their number.
//!
//! Rows of a block are added one after another, blocks in pairs, pairs in pairs and so on. The order
//! depends on the number of rows alone, so threads do not change a bit.

use std::ops::Range;

/// The number of rows that are added one after another.
const BLOCK_ROWS: usize = 1024;

/// The sum of `of_block` over blocks of the rows.
pub(super) fn sum_blocks<T: Send>(
    rows: Range<usize>,
    of_block: &(impl Fn(Range<usize>) -> T + Sync),
    add: &(impl Fn(T, T) -> T + Sync),
) -> T {
    let n_blocks = rows.len().div_ceil(BLOCK_ROWS);
    if n_blocks <= 1 {
        return of_block(rows);
    }
    let middle = rows.start + n_blocks.div_ceil(2) * BLOCK_ROWS;
    let (left, right) = rayon::join(
        || sum_blocks(rows.start..middle, of_block, add),
        || sum_blocks(middle..rows.end, of_block, add),
    );
    add(left, right)
}

/// Adds entry by entry.
pub(super) fn add_entries(mut sums: Vec<f64>, others: Vec<f64>) -> Vec<f64> {
    sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_added_once_in_blocks() {
        for n_rows in [0, 1, 1024, 1025, 5000, 1_000_000] {
            let (sum, largest) = sum_blocks(
                0..n_rows,
                &|rows| (rows.clone().sum::<usize>(), rows.len()),
                &|left, right| (left.0 + right.0, left.1.max(right.1)),
            );
            assert_eq!(sum, n_rows * n_rows.saturating_sub(1) / 2, "{n_rows} rows");
            assert!(largest <= BLOCK_ROWS, "{n_rows} rows");
        }
    }

    #[test]
    fn a_million_equal_terms_round_less_than_one_after_another() {
        let n_rows = 1_000_000;
        let one_after_another = |rows: Range<usize>| rows.fold(0.0, |sum, _| sum + 0.1);
        let error = |sum: f64| (sum - 100_000.0).abs();
        let blocks = sum_blocks(0..n_rows, &one_after_another, &|left, right| left + right);
        assert!(error(blocks) < 1e-8, "{blocks}");
        assert!(error(one_after_another(0..n_rows)) > 1e-6);
    }
}
