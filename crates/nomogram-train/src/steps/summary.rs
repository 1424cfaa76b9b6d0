//! Statistics of a column; missing values (NaN) do not count.

use ndarray::ArrayView1;

use crate::count::number;
use nomogram_stats::quantile;

/// The values in ascending order.
pub(super) fn sorted(column: ArrayView1<'_, f64>) -> Vec<f64> {
    let mut values: Vec<f64> = column.iter().copied().filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The values below which these shares of the column lie, interpolated linearly; nothing of a column
/// without values.
pub(super) fn quantiles(column: ArrayView1<'_, f64>, shares: &[f64]) -> Option<Vec<f64>> {
    let sorted = sorted(column);
    shares.iter().map(|share| quantile(&sorted, *share)).collect()
}

/// The mean; nothing of a column without values.
pub(super) fn mean(column: ArrayView1<'_, f64>) -> Option<f64> {
    let present = || column.iter().filter(|value| !value.is_nan());
    let n = present().count();
    (n > 0).then(|| present().fold(0.0, |sum, value| sum + value) / number(n))
}

/// The middle value, or the mean of the middle two.
#[allow(clippy::indexing_slicing, reason = "there is a value")]
pub(super) fn median(column: ArrayView1<'_, f64>) -> Option<f64> {
    let values = sorted(column);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(values[middle - 1] + (values[middle] - values[middle - 1]) / 2.0),
    }
}

/// The most frequent value; of equally frequent ones, the lowest.
pub(super) fn most_frequent(column: ArrayView1<'_, f64>) -> Option<f64> {
    let values = sorted(column);
    let runs = values.chunk_by(|a, b| a.total_cmp(b).is_eq());
    let longest = runs.fold(None, |best: Option<&[f64]>, run| match best {
        Some(best) if best.len() >= run.len() => Some(best),
        _ => Some(run),
    });
    longest.and_then(|run| run.first()).copied()
}

/// The divisor of a scale: 1 for a constant column.
pub(super) fn divisor(width: f64) -> f64 {
    if width > 0.0 { width } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn missing_values_do_not_count() {
        let values = array![3.0, f64::NAN, 1.0, 2.0, 2.0, f64::NAN];
        assert_eq!(median(values.view()), Some(2.0));
        assert_eq!(mean(values.view()), Some(2.0));
        assert_eq!(quantiles(values.view(), &[0.0, 1.0]), Some(vec![1.0, 3.0]));
        assert_eq!(median(array![1.0, 4.0].view()), Some(2.5));
        assert_eq!(most_frequent(values.view()), Some(2.0));
        assert_eq!(most_frequent(array![1.0, 0.0, 1.0, 0.0].view()), Some(0.0));
        assert_eq!(median(array![f64::NAN].view()), None);
        assert_eq!(mean(array![f64::NAN].view()), None);
    }
}
