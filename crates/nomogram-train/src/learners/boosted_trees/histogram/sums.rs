//! Sums of derivatives in whole numbers, which do not depend on an order.
//!
//! Each row's residual, curvature and count are added as integers: the residual in one 64-bit word,
//! curvature and count together in another. Adding and subtracting them rounds nothing, so a
//! histogram that is its parent's minus its sibling's is the one that its own rows give, and any
//! number of threads gives the same bits. The step is chosen for each tree so that the sum of all
//! rows just fits: for 100,000 rows 2⁻⁴⁴ of a mean residual, 2⁻²⁷ of a mean curvature.

use super::bins::BLOCK;

/// One row, or the sum of many: the residual; curvature above, count below.
pub(super) type Sum = [i64; 2];

/// The sums by bin of one input, of the most bins that there can be.
pub(super) type Bin256 = [Sum; 256];

/// The derivatives of a row's loss, times the row's weight.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Derivatives {
    /// The negative first derivative.
    pub(super) residual: f64,
    /// The second derivative.
    pub(super) curvature: f64,
}

/// The value of one unit of each word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    residual: f64,
    curvature: f64,
    count_bits: u32,
}

/// A sum in floating point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Total {
    pub(super) residual: f64,
    pub(super) curvature: f64,
}

impl Scale {
    /// For rows whose absolute derivatives sum to `sums`.
    pub(super) fn new(sums: Derivatives, n_rows: usize) -> Self {
        let count_bits = usize::BITS - n_rows.leading_zeros();
        Self {
            residual: power_of_two(61 - exponent(sums.residual)),
            curvature: power_of_two(61 - i64::from(count_bits) - exponent(sums.curvature)),
            count_bits,
        }
    }

    /// A row in units, rounded to the nearest.
    #[allow(clippy::cast_possible_truncation, reason = "the scale was chosen so that it fits")]
    pub(super) fn row(&self, row: Derivatives) -> Sum {
        let residual = row.residual * self.residual;
        let curvature = (row.curvature * self.curvature + 0.5) as i64;
        [(residual + 0.5_f64.copysign(residual)) as i64, (curvature << self.count_bits) | 1]
    }

    /// The number of rows of a sum.
    pub(super) fn count(&self, sum: Sum) -> i64 {
        sum[1] & ((1 << self.count_bits) - 1)
    }

    /// A sum in floating point.
    #[allow(clippy::cast_precision_loss, reason = "rounded to the nearest, on every platform")]
    pub(super) fn total(&self, sum: Sum) -> Total {
        // The scales are powers of two: dividing rounds nothing.
        Total {
            residual: sum[0] as f64 * (1.0 / self.residual),
            curvature: (sum[1] >> self.count_bits) as f64 * (1.0 / self.curvature),
        }
    }
}

/// The largest `e` with `2^e <= value`, for a value that is positive and normal.
fn exponent(value: f64) -> i64 {
    i64::from(u16::try_from(value.to_bits() >> 52 & 0x7ff).unwrap_or(0)) - 1023
}

/// 2 to the `exponent`, held where it and its reciprocal are normal.
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(u64::try_from(exponent.clamp(-1000, 1000) + 1023).unwrap_or(0) << 52)
}

pub(super) fn add(sum: Sum, other: Sum) -> Sum {
    [sum[0] + other[0], sum[1] + other[1]]
}

pub(super) fn subtract(sum: Sum, other: Sum) -> Sum {
    [sum[0] - other[0], sum[1] - other[1]]
}

/// Adds rows to the histograms of a block; `sums` are those of `rows`, in their order.
#[allow(clippy::indexing_slicing, reason = "rows are those of the block")]
pub(super) fn accumulate(
    block: &[[u8; BLOCK]],
    rows: &[u32],
    sums: &[Sum],
    histograms: &mut [Bin256; BLOCK],
) {
    for (row, sum) in rows.iter().zip(sums) {
        let bins = block[*row as usize];
        for (histogram, bin) in histograms.iter_mut().zip(bins) {
            let entry = &mut histogram[bin as usize];
            *entry = add(*entry, *sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_units_are_the_sums_of_the_numbers() {
        let rows: Vec<Derivatives> = (0..1000_u16)
            .map(|row| Derivatives {
                residual: f64::from(row % 17) / 17.0 - 0.4,
                curvature: f64::from(row % 13) / 52.0,
            })
            .collect();
        let absolute = rows.iter().fold(Derivatives::default(), |sum, row| Derivatives {
            residual: sum.residual + row.residual.abs(),
            curvature: sum.curvature + row.curvature,
        });
        let scale = Scale::new(absolute, rows.len());
        let sum = rows.iter().fold([0; 2], |sum, row| add(sum, scale.row(*row)));
        let plain =
            rows.iter().fold((0.0, 0.0), |sum, row| (sum.0 + row.residual, sum.1 + row.curvature));
        let total = scale.total(sum);
        assert_eq!(scale.count(sum), 1000);
        assert!((total.residual - plain.0).abs() < 1e-10, "{total:?}");
        assert!((total.curvature - plain.1).abs() < 1e-10, "{total:?}");
        let rest = subtract(sum, scale.row(rows[0]));
        assert_eq!(rest, rows[1..].iter().fold([0; 2], |sum, row| add(sum, scale.row(*row))));
    }

    #[test]
    fn extreme_derivatives_do_not_overflow() {
        for value in [1e-250, 1e-30, 1.0, 1e30, 1e300] {
            let row = Derivatives { residual: -value, curvature: value };
            let sums = Derivatives { residual: value * 3.0, curvature: value * 3.0 };
            let scale = Scale::new(sums, 3);
            let sum = (0..3).fold([0; 2], |sum, _| add(sum, scale.row(row)));
            let total = scale.total(sum);
            assert_eq!(scale.count(sum), 3);
            assert!((total.residual / (value * -3.0) - 1.0).abs() < 1e-9, "{value}: {total:?}");
            assert!((total.curvature / (value * 3.0) - 1.0).abs() < 1e-9, "{value}: {total:?}");
        }
    }
}
