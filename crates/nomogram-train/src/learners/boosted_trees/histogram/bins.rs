//! Values into bins: quantiles of numbers, levels of categories.
//!
//! Bounds are those of LightGBM's `GreedyFindBin` with `min_data_in_bin` 1 and no bin of its own for
//! zero: with few distinct values the middles between them, else bins of about equally many rows,
//! where a value with more rows than that has its own. Row weights play no part. Of more than
//! [`MAX_QUANTILE_ROWS`] rows, evenly spaced ones are used.

use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::count::number;
use crate::error::Error;
use crate::learners::training_rows::TrainingRows;

/// Inputs of a block: their bins of a row are read as one word, and their histograms fit the
/// processor's nearest memory.
pub(super) const BLOCK: usize = 8;
/// As LightGBM's `bin_construct_sample_cnt`.
const MAX_QUANTILE_ROWS: usize = 200_000;

/// The values of each bin of an input. Missing values have the bin after the last.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bins {
    /// Bin `i` ends with `bounds[i]`; the last has no end.
    Numbers { bounds: Vec<f64> },
    /// Bin `i` is `levels[i]`, ascending; with `has_rest`, one more bin holds the levels that are
    /// too rare to have their own.
    Levels { levels: Vec<u32>, has_rest: bool },
}

/// The rows as bins: for each block of inputs, row after row.
pub(super) struct BinnedRows {
    pub(super) blocks: Vec<Vec<[u8; BLOCK]>>,
    pub(super) inputs: Vec<Bins>,
}

impl Bins {
    /// The number of bins, without that of missing values.
    pub(super) fn n_bins(&self) -> usize {
        match self {
            Self::Numbers { bounds } => bounds.len() + 1,
            Self::Levels { levels, has_rest } => levels.len() + usize::from(*has_rest),
        }
    }

    /// The bins of a column of numbers; `max_bins` is 2 to 255.
    #[allow(clippy::indexing_slicing, reason = "chunks of equals are not empty")]
    fn from_numbers(values: &[f64], max_bins: usize) -> Self {
        let n_used = values.len().min(MAX_QUANTILE_ROWS);
        let mut sorted: Vec<f64> = (0..n_used)
            .filter_map(|nth| values.get(nth * values.len() / n_used).copied())
            .filter(|value| !value.is_nan())
            .collect();
        sorted.sort_unstable_by(f64::total_cmp);
        // `-0.0 == 0.0`, so both are one value.
        let distinct = sorted.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len()));
        Self::Numbers { bounds: bounds(&distinct.collect::<Vec<_>>(), sorted.len(), max_bins) }
    }

    /// The bins of a column of levels: the most frequent have their own, of equals the lowest.
    #[allow(clippy::indexing_slicing, reason = "chunks of equals are not empty")]
    fn from_levels(values: &[f64], max_bins: usize) -> Result<Self, String> {
        let mut all = Vec::with_capacity(values.len());
        for value in values.iter().filter(|value| !value.is_nan()) {
            all.push(
                level(*value)
                    .ok_or_else(|| format!("found {value}, expected the number of a level"))?,
            );
        }
        all.sort_unstable();
        let mut counts: Vec<(usize, u32)> =
            all.chunk_by(|a, b| a == b).map(|equal| (equal.len(), equal[0])).collect();
        let has_rest = counts.len() > max_bins;
        if has_rest {
            counts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            counts.truncate(max_bins - 1);
        }
        let mut levels: Vec<u32> = counts.into_iter().map(|(_, level)| level).collect();
        levels.sort_unstable();
        Ok(Self::Levels { levels, has_rest })
    }

    /// The bin of a value; unseen levels count as rare, or as missing.
    #[allow(clippy::cast_possible_truncation, reason = "at most 255 bins, and one for missing")]
    fn bin_of(&self, value: f64) -> u8 {
        let n_bins = self.n_bins();
        let bin = match self {
            _ if value.is_nan() => n_bins,
            Self::Numbers { bounds } => bounds.partition_point(|bound| *bound < value),
            Self::Levels { levels, .. } => level(value)
                .and_then(|level| levels.binary_search(&level).ok())
                .unwrap_or(levels.len()),
        };
        bin as u8
    }
}

/// The number of a level, if it is one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "only what comes back unchanged is taken"
)]
fn level(value: f64) -> Option<u32> {
    let level = value as u32;
    (f64::from(level) == value).then_some(level)
}

/// The bounds between bins of about equally many rows; `distinct` holds values with their rows.
#[allow(clippy::indexing_slicing, reason = "places below the number of distinct values")]
fn bounds(distinct: &[(f64, usize)], n_rows: usize, max_bins: usize) -> Vec<f64> {
    let middles = distinct.windows(2).map(|pair| middle(pair[0].0, pair[1].0));
    if distinct.len() <= max_bins {
        return middles.collect();
    }
    let is_big = |at: usize| distinct[at].1 * max_bins >= n_rows;
    let big = |at| if is_big(at) { (1, distinct[at].1) } else { (0, 0) };
    let (n_big, rows_of_big) =
        (0..distinct.len()).map(big).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let (mut bins_left, mut rows_left) = (max_bins - n_big, n_rows - rows_of_big);
    let mut wanted = share(rows_left, bins_left);
    let mut in_bin = 0;
    let mut bounds = Vec::with_capacity(max_bins - 1);
    for (at, middle) in middles.enumerate() {
        let rows = distinct[at].1;
        if !is_big(at) {
            rows_left -= rows;
        }
        in_bin += rows;
        let in_bin_f = number(in_bin);
        let is_full = is_big(at) || in_bin_f >= wanted;
        if is_full || (is_big(at + 1) && in_bin_f >= (wanted * 0.5).max(1.0)) {
            bounds.push(middle);
            if bounds.len() == max_bins - 1 {
                break;
            }
            in_bin = 0;
            if !is_big(at) {
                bins_left -= 1;
                wanted = share(rows_left, bins_left);
            }
        }
    }
    bounds
}

/// The mean number of rows of a bin.
fn share(rows: usize, bins: usize) -> f64 {
    number(rows) / number(bins.max(1))
}

/// A bound that is at least `low` and below `high`.
fn middle(low: f64, high: f64) -> f64 {
    // Halved first so that the sum cannot overflow.
    let middle = low / 2.0 + high / 2.0;
    if middle >= high { low } else { middle }
}

impl BinnedRows {
    /// Puts all rows into bins, whose bounds come from the rows of `fitted`, or from all rows.
    pub(super) fn new(
        rows: TrainingRows<'_>,
        fitted: Option<&[usize]>,
        categorical: &[usize],
        max_bins: usize,
    ) -> Result<Self, Error> {
        let (values, n_inputs) = (rows.values, rows.n_inputs());
        let bin_block = |block: usize| -> Result<(Vec<Bins>, Vec<[u8; BLOCK]>), Error> {
            let first = block * BLOCK;
            let mut binned = vec![[0; BLOCK]; values.nrows()];
            let mut inputs = Vec::with_capacity(BLOCK);
            let columns = columns(values, first..n_inputs.min(first + BLOCK));
            for (place, column) in columns.iter().enumerate() {
                let chosen = fitted
                    .map(|rows| rows.iter().filter_map(|row| column.get(*row).copied()).collect());
                let chosen: &[f64] = chosen.as_ref().map_or(column, |chosen: &Vec<f64>| chosen);
                let bins = if categorical.contains(&(first + place)) {
                    Bins::from_levels(chosen, max_bins).map_err(|detail| {
                        let name = rows.input_name(first + place);
                        Error::Data(format!("boosted trees: {name}: {detail}"))
                    })?
                } else {
                    Bins::from_numbers(chosen, max_bins)
                };
                for (row, value) in binned.iter_mut().zip(column) {
                    if let Some(bin) = row.get_mut(place) {
                        *bin = bins.bin_of(*value);
                    }
                }
                inputs.push(bins);
            }
            Ok((inputs, binned))
        };
        let blocks: Vec<Result<_, Error>> =
            (0..n_inputs.div_ceil(BLOCK)).into_par_iter().map(bin_block).collect();
        let mut binned_rows = Self { blocks: Vec::new(), inputs: Vec::new() };
        for block in blocks {
            let (inputs, binned) = block?;
            binned_rows.inputs.extend(inputs);
            binned_rows.blocks.push(binned);
        }
        Ok(binned_rows)
    }
}

/// Some columns, read row by row so that each cache line is fetched once.
fn columns(values: ArrayView2<'_, f64>, inputs: std::ops::Range<usize>) -> Vec<Vec<f64>> {
    let mut columns: Vec<Vec<f64>> =
        inputs.clone().map(|_| Vec::with_capacity(values.nrows())).collect();
    for row in values.rows() {
        for (column, value) in columns.iter_mut().zip(row.iter().skip(inputs.start)) {
            column.push(*value);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds_of(bins: &Bins) -> &[f64] {
        match bins {
            Bins::Numbers { bounds } => bounds,
            Bins::Levels { .. } => panic!("levels"),
        }
    }

    #[test]
    fn bounds_of_few_values_are_the_middles() {
        let bins = Bins::from_numbers(&[4.0, 1.0, f64::NAN, 2.0, 1.0, -0.0, 0.0], 255);
        assert_eq!(bounds_of(&bins), [0.5, 1.5, 3.0]);
        let bin_numbers = [-1.0, 0.5, 0.6, 3.0, 9.0, f64::NAN].map(|value| bins.bin_of(value));
        assert_eq!(bin_numbers, [0, 0, 1, 2, 3, 4]);
    }

    #[test]
    fn many_values_have_bins_of_equally_many_rows() {
        let values: Vec<f64> = (0..1000_u16).map(f64::from).collect();
        let bins = Bins::from_numbers(&values, 10);
        let expected: Vec<f64> = (1..10_u16).map(|nth| f64::from(nth * 100) - 0.5).collect();
        assert_eq!(bounds_of(&bins), expected);
    }

    #[test]
    fn a_frequent_value_has_its_own_bin() {
        let mut values: Vec<f64> = (0..100_u16).map(f64::from).collect();
        values.extend([50.0; 300]);
        let bins = Bins::from_numbers(&values, 4);
        assert_eq!(bounds_of(&bins).len(), 3);
        assert_ne!(bins.bin_of(49.0), bins.bin_of(50.0));
        assert_ne!(bins.bin_of(51.0), bins.bin_of(50.0));
    }

    #[test]
    fn rare_levels_share_a_bin() {
        let values = [7.0, 7.0, 2.0, 2.0, 2.0, 9.0, 1.0, 0.0];
        let bins = Bins::from_levels(&values, 4).unwrap();
        assert_eq!(bins, Bins::Levels { levels: vec![0, 2, 7], has_rest: true });
        let bin_numbers = [0.0, 2.0, 7.0, 1.0, 9.0, 55.0, f64::NAN].map(|value| bins.bin_of(value));
        assert_eq!(bin_numbers, [0, 1, 2, 3, 3, 3, 4]);
        let error = Bins::from_levels(&[1.5], 4).unwrap_err();
        assert_eq!(error, "found 1.5, expected the number of a level");
    }

    #[test]
    fn a_bound_stays_below_the_next_value() {
        let high = 1.0_f64.next_up();
        assert_eq!(middle(1.0, high), 1.0);
        assert_eq!(middle(-f64::MAX, f64::MAX), 0.0);
    }
}
