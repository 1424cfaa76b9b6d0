//! The weight of the rows of the other class that lie below each row.

use crate::rows::Rows;

/// For each row, in their order: the weight of the rows of the other class that are ranked below it, and
/// half the weight of those that are ranked equally. Sums run from the lowest probability up.
pub(super) fn weights_below(rows: Rows<'_>) -> Vec<f64> {
    let ranked = rows.ranked().each().enumerate();
    let mut sorted: Vec<(f64, usize, bool, f64)> =
        ranked.map(|(row, (outcome, value, weight))| (value + 0.0, row, outcome, weight)).collect();
    // By row within equal values, so that sums have one order.
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut below = vec![0.0; rows.n_rows()];
    let (mut positive, mut negative) = (0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.0.to_bits() == b.0.to_bits()) {
        let of_class = |class: bool| {
            let rows = tied.iter().filter(|(_, _, outcome, _)| *outcome == class);
            rows.fold(0.0, |sum, (.., weight)| sum + weight)
        };
        let (tied_positive, tied_negative) = (of_class(true), of_class(false));
        for (_, row, outcome, _) in tied {
            let (others, tied) =
                if *outcome { (negative, tied_negative) } else { (positive, tied_positive) };
            if let Some(slot) = below.get_mut(*row) {
                *slot = others + tied / 2.0;
            }
        }
        positive += tied_positive;
        negative += tied_negative;
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tied_rows_count_one_half() {
        let rows = Rows::new(&[true, false, true, false, false], &[0.3, 0.1, 0.3, 0.3, -0.0]);
        let rows = rows.unwrap();
        assert_eq!(weights_below(rows), [2.5, 0.0, 2.5, 1.0, 0.0]);
        let weighted = rows.weighted(Some(&[1.0, 4.0, 1.0, 2.0, 0.5])).unwrap();
        assert_eq!(weights_below(weighted), [5.5, 0.0, 5.5, 1.0, 0.0]);
    }
}
