//! Linear equations with a symmetric positive definite matrix, by Cholesky's decomposition.

use nomogram::numeric;
use rayon::prelude::*;

/// Columns that are decomposed before the entries to their right see them.
const PANEL: usize = 32;

/// Solves `matrix · x = right` for a symmetric positive definite matrix, given by its lower
/// triangle, row-major; nothing when it is not positive definite.
pub(super) fn solve_cholesky(matrix: Vec<f64>, right: &[f64]) -> Option<Vec<f64>> {
    Some(substitute(&decompose(matrix, right.len())?, right))
}

/// The lower triangle whose product with its transpose is the matrix of `n` rows.
///
/// The terms of each entry are subtracted from the first column to the last, whatever the panels and
/// the threads.
pub(super) fn decompose(mut matrix: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    for start in (0..n).step_by(PANEL) {
        let end = (start + PANEL).min(n);
        decompose_panel(&mut matrix, n, start, end)?;
        subtract_panel(&mut matrix, n, start, end);
    }
    Some(matrix)
}

/// Solves the equations of a decomposed matrix.
#[allow(clippy::indexing_slicing, reason = "the matrix has n · n entries")]
pub(super) fn substitute(lower: &[f64], right: &[f64]) -> Vec<f64> {
    let n = right.len();
    let mut x = right.to_vec();
    for row in 0..n {
        for k in 0..row {
            x[row] -= lower[row * n + k] * x[k];
        }
        x[row] /= lower[row * n + row];
    }
    for row in (0..n).rev() {
        for k in row + 1..n {
            x[row] -= lower[k * n + row] * x[k];
        }
        x[row] /= lower[row * n + row];
    }
    x
}

/// Decomposes the columns of a panel, of which the columns before it are subtracted already.
#[allow(clippy::indexing_slicing, reason = "the matrix has n · n entries")]
fn decompose_panel(matrix: &mut [f64], n: usize, start: usize, end: usize) -> Option<()> {
    let (above, below) = matrix.split_at_mut(end * n);
    for row in start..end {
        let (before, line) = above.split_at_mut(row * n);
        finish_line(&mut line[..n], before, n, start..row);
        let pivot = (start..row).fold(line[row], |sum, k| sum - line[k] * line[k]);
        // Not a number is refused too.
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        line[row] = numeric::sqrt(pivot);
    }
    below.par_chunks_exact_mut(n).for_each(|line| finish_line(line, above, n, start..end));
    Some(())
}

/// Computes the entries of a line in these columns from the lines of the columns.
#[allow(clippy::indexing_slicing, reason = "the lines above have n entries each")]
fn finish_line(line: &mut [f64], above: &[f64], n: usize, columns: std::ops::Range<usize>) {
    let start = columns.start;
    for column in columns {
        let of_column = &above[column * n..][..=column];
        let (done, rest) = line.split_at_mut(column);
        let terms = done[start..].iter().zip(&of_column[start..]);
        rest[0] = terms.fold(rest[0], |sum, (a, b)| sum - a * b) / of_column[column];
    }
}

/// Subtracts the terms of a panel from all entries to its right.
#[allow(clippy::indexing_slicing, reason = "the matrix has n · n entries")]
fn subtract_panel(matrix: &mut [f64], n: usize, start: usize, end: usize) {
    let n_left = n - end;
    // The panel below its triangle, column by column, so that the inner loop reads contiguous numbers.
    let mut columns = vec![0.0; (end - start) * n_left];
    for (column, entries) in columns.chunks_exact_mut(n_left.max(1)).enumerate() {
        for (row, entry) in entries.iter_mut().enumerate() {
            *entry = matrix[(end + row) * n + start + column];
        }
    }
    let lines = matrix[end * n..].par_chunks_exact_mut(n).enumerate();
    lines.with_min_len(8).for_each(|(row, line)| {
        let (panel, rest) = line.split_at_mut(end);
        let entries = &mut rest[..=row];
        let mut column = 0;
        for factors in panel[start..].chunks(4) {
            let of = |nth: usize| &columns[(column + nth) * n_left..][..=row];
            if let [a, b, c, d] = *factors {
                let columns = of(0).iter().zip(of(1)).zip(of(2)).zip(of(3));
                for (entry, (((p, q), r), s)) in entries.iter_mut().zip(columns) {
                    *entry = *entry - a * p - b * q - c * r - d * s;
                }
            } else {
                for (nth, factor) in factors.iter().enumerate() {
                    let terms = entries.iter_mut().zip(of(nth));
                    terms.for_each(|(entry, value)| *entry -= factor * value);
                }
            }
            column += factors.len();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::number;

    #[test]
    fn positive_definite_matrices_alone_are_solved() {
        let x = solve_cholesky(vec![4.0, 0.0, 2.0, 3.0], &[10.0, 8.0]).unwrap();
        assert!((x[0] - 1.75).abs() < 1e-15 && (x[1] - 1.5).abs() < 1e-15);
        assert!(solve_cholesky(vec![1.0, 0.0, 2.0, 1.0], &[1.0, 1.0]).is_none());
        assert!(solve_cholesky(vec![f64::NAN], &[1.0]).is_none());
    }

    /// The textbook's loops, entry by entry.
    fn plain(mut matrix: Vec<f64>, n: usize) -> Vec<f64> {
        for row in 0..n {
            for column in 0..=row {
                let mut sum = matrix[row * n + column];
                for k in 0..column {
                    sum -= matrix[row * n + k] * matrix[column * n + k];
                }
                matrix[row * n + column] =
                    if row == column { sum.sqrt() } else { sum / matrix[column * n + column] };
            }
        }
        matrix
    }

    #[test]
    fn panels_have_the_bits_of_the_plain_loops() {
        for n in [1, 5, 32, 33, 64, 101] {
            let mut matrix = vec![0.0; n * n];
            for row in 0..n {
                for column in 0..=row {
                    matrix[row * n + column] = number(row * 7 % 13 * (column * 5 % 11)) / 200.0;
                }
                matrix[row * n + row] += number(n);
            }
            let right: Vec<f64> = (0..n).map(|i| number(i % 3) - 1.0).collect();
            let lower = plain(matrix.clone(), n);
            let mut x = right.clone();
            for row in 0..n {
                (0..row).for_each(|k| x[row] -= lower[row * n + k] * x[k]);
                x[row] /= lower[row * n + row];
            }
            for row in (0..n).rev() {
                (row + 1..n).for_each(|k| x[row] -= lower[k * n + row] * x[k]);
                x[row] /= lower[row * n + row];
            }
            assert_eq!(solve_cholesky(matrix, &right).unwrap(), x, "{n}");
        }
    }
}
