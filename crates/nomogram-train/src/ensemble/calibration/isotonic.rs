//! Isotonic regression of one class against the others.

use nomogram::CalibrationMap;

use super::one_class::OneClass;
use crate::count::number;

/// Pools adjacent violators (Barlow et al. 1972), rows of equal probability first. As in
/// scikit-learn's `IsotonicRegression`, only the ends of a constant stretch are kept.
pub(super) fn isotonic(rows: &OneClass<'_>) -> CalibrationMap {
    let probabilities = rows.rows.probabilities.column(rows.class);
    let of_rows = probabilities.iter().zip(rows.targets()).zip(rows.rows.row_weights());
    let mut of_rows: Vec<(f64, f64, f64)> =
        of_rows.map(|((p, y), weight)| (*p, number(y), weight)).collect();
    of_rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut points: Vec<Block> = Vec::new();
    for (p, y, weight) in of_rows {
        match points.last_mut() {
            Some(last) if last.high >= p => {
                last.sum += weight * y;
                last.weight += weight;
            }
            _ => points.push(Block { low: p, high: p, sum: weight * y, weight }),
        }
    }
    let mut blocks: Vec<Block> = Vec::new();
    for mut block in points {
        while let Some(before) = blocks.pop_if(|before| before.mean() >= block.mean()) {
            block.low = before.low;
            block.sum += before.sum;
            block.weight += before.weight;
        }
        blocks.push(block);
    }
    let (mut probabilities, mut calibrated) = (Vec::new(), Vec::new());
    for block in blocks {
        let ends =
            if block.high > block.low { vec![block.low, block.high] } else { vec![block.low] };
        calibrated.extend(ends.iter().map(|_| block.mean()));
        probabilities.extend(ends);
    }
    CalibrationMap::Isotonic { probabilities, calibrated }
}

/// Rows between two probabilities.
struct Block {
    low: f64,
    high: f64,
    sum: f64,
    weight: f64,
}

impl Block {
    fn mean(&self) -> f64 {
        self.sum / self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ensemble::CalibrationRows;
    use ndarray::Array2;

    #[test]
    fn adjacent_violators_are_pooled() {
        let positive = [0.1, 0.2, 0.3, 0.3, 0.5, 0.6, 0.9];
        let probabilities = Array2::from_shape_fn((7, 2), |(row, class)| {
            if class == 1 { positive[row] } else { 1.0 - positive[row] }
        });
        let classes = [0, 1, 0, 0, 1, 0, 1];
        let rows = CalibrationRows::new(probabilities.view(), &classes);
        let rows = OneClass { rows, class: 1 };
        let third = 1.0 / 3.0;
        let expected = CalibrationMap::Isotonic {
            probabilities: vec![0.1, 0.2, 0.3, 0.5, 0.6, 0.9],
            calibrated: vec![0.0, third, third, 0.5, 0.5, 1.0],
        };
        assert_eq!(isotonic(&rows), expected);
    }
}
