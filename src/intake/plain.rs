//! Plain values: those to which no policy applies.
//!
//! The checks that nearly every row passes: without a branch per value, by vector instructions. Each
//! gives the same answer as [`PlainValues::has`] of every value.

use alloc::vec::Vec;

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8, mask64x8};

use super::gate::Gate;
use crate::budget::Budget;
use crate::error::Error;
use crate::lanes::{Lanes, N_LANES, dispatch, set_lane};
use crate::memory;
use crate::numeric::is_whole;
use crate::schema::Schema;

/// The plain values of each feature.
#[derive(Debug)]
pub(super) struct PlainValues {
    lows: Vec<f64>,
    highs: Vec<f64>,
    /// Whether the values of each feature must be whole; empty if none need be.
    whole: Vec<bool>,
}

/// A set of the rows of a block: one bit per lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneSet(u64);

impl LaneSet {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ALL: Self = Self(u64::MAX >> (64 - N_LANES));

    pub(crate) fn contains(self, lane: usize) -> bool {
        self.0 >> lane & 1 == 1
    }

    /// Its lanes among the first `n_lanes`.
    pub(crate) fn among_first(self, n_lanes: usize) -> impl Iterator<Item = usize> + Clone {
        (0..n_lanes.min(N_LANES)).filter(move |lane| self.contains(*lane))
    }
}

impl PlainValues {
    pub(super) fn new(schema: &Schema, budget: &mut Budget) -> Result<Self, Error> {
        let n_features = schema.n_features();
        budget.take_list::<(f64, f64, bool)>(n_features)?;
        let mut lows = memory::filled(0.0, n_features)?;
        let mut highs = memory::filled(0.0, n_features)?;
        let mut whole = memory::filled(false, n_features)?;
        let bounds = lows.iter_mut().zip(&mut highs).zip(&mut whole);
        for (((low, high), whole), feature) in bounds.zip(schema.features()) {
            let plausible = Gate::new(feature).plausible;
            (*low, *high, *whole) = (plausible.low, plausible.high, plausible.is_whole);
        }
        if !whole.contains(&true) {
            whole.clear();
        }
        Ok(Self { lows, highs, whole })
    }

    /// A row that any model of the schema accepts.
    pub(super) fn placeholders(&self) -> &[f64] {
        &self.lows
    }

    /// Whether a number is a plain value of a feature.
    #[inline]
    pub(super) fn has(&self, feature: usize, number: f64) -> bool {
        let (Some(low), Some(high)) = (self.lows.get(feature), self.highs.get(feature)) else {
            return false;
        };
        let must_be_whole = self.whole.get(feature).is_some_and(|must| *must);
        (number >= *low) & (number <= *high) & (!must_be_whole || is_whole(number))
    }

    /// Whether rows of one number per feature hold plain values only.
    pub(super) fn have_all(&self, level: Level, rows: &[&[f64]]) -> bool {
        if self.lows.len() < 8 {
            return rows.iter().all(|row| self.have_each(0, row));
        }
        dispatch!(level, simd => self.have_tiles(simd, rows)) && self.are_whole(rows)
    }

    /// The positions of the numbers of a row that are not plain values, in order.
    pub(super) fn others(&self, level: Level, row: &[f64]) -> impl Iterator<Item = usize> {
        let mut n_done = 0;
        tiles(row.len()).flat_map(move |first| {
            let done = n_done;
            n_done = first + 8;
            // The last tile may begin with numbers of the one before.
            let mut others = self.others_of_tile(level, row, first) >> (done - first);
            core::iter::from_fn(move || {
                let nth = others.trailing_zeros() as usize;
                others &= others.checked_sub(1)?;
                Some(done + nth)
            })
        })
    }

    /// Which of the numbers from a position on, eight at most, are not plain values: a bit each.
    fn others_of_tile(&self, level: Level, row: &[f64], first: usize) -> u64 {
        if row.len() < 8 {
            let numbers = row.iter().enumerate().rev();
            return numbers
                .fold(0, |set, (at, number)| set << 1 | u64::from(!self.has(at, *number)));
        }
        let (outside, fractional) = dispatch!(level, simd => {
            let ((low, high), numbers) = (self.bounds(simd, first), eight(simd, row, first));
            let is_inside = numbers.simd_ge(low) & numbers.simd_le(high);
            (!is_inside.to_bitmask(), !numbers.trunc().simd_eq(numbers).to_bitmask())
        });
        let must_be_whole = self.whole.iter().skip(first).take(8).rev();
        let whole = must_be_whole.fold(0, |set, must| set << 1 | u64::from(*must));
        (outside | fractional & whole) & 0xff
    }

    /// Whether the numbers of a row from a feature on are plain values.
    fn have_each(&self, first: usize, numbers: &[f64]) -> bool {
        numbers
            .iter()
            .enumerate()
            .fold(true, |are_plain, (nth, number)| are_plain & self.has(first + nth, *number))
    }

    /// Whether the numbers of rows are whole where they must be.
    fn are_whole(&self, rows: &[&[f64]]) -> bool {
        self.whole.is_empty()
            || rows.iter().all(|row| {
                row.iter().zip(&self.whole).all(|(number, must_be)| !must_be || is_whole(*number))
            })
    }

    /// Whether the numbers of rows of at least eight numbers are within their bounds.
    #[inline(always)]
    fn have_tiles<S: Simd>(&self, simd: S, rows: &[&[f64]]) -> bool {
        if !gains::<S>() {
            return rows.iter().all(|row| self.have_each(0, row));
        }
        let mut are_plain = mask64x8::splat(simd, true);
        for first in tiles(self.lows.len()) {
            let (low, high) = self.bounds(simd, first);
            for row in rows {
                let numbers = eight(simd, row, first);
                are_plain &= numbers.simd_ge(low) & numbers.simd_le(high);
            }
        }
        are_plain.all_true()
    }

    #[inline(always)]
    fn bounds<S: Simd>(&self, simd: S, first: usize) -> (f64x8<S>, f64x8<S>) {
        (eight(simd, &self.lows, first), eight(simd, &self.highs, first))
    }

    /// The rows of a block that hold plain values only.
    pub(super) fn rows_of(&self, level: Level, block: &[Lanes]) -> LaneSet {
        dispatch!(level, simd => self.plain_lanes(simd, block))
    }

    #[inline(always)]
    fn plain_lanes<S: Simd>(&self, simd: S, block: &[Lanes]) -> LaneSet {
        let mut are_plain = [mask64x8::splat(simd, true); N_LANES / 8];
        let bounds = self.lows.iter().zip(&self.highs).enumerate();
        for (lanes, (feature, (low, high))) in block.iter().zip(bounds) {
            let (low, high) = (f64x8::splat(simd, *low), f64x8::splat(simd, *high));
            let must_be_whole = self.whole.get(feature).is_some_and(|must| *must);
            for (are_plain, numbers) in are_plain.iter_mut().zip(lanes.as_chunks::<8>().0) {
                let numbers = f64x8::simd_from(simd, *numbers);
                *are_plain &= numbers.simd_ge(low) & numbers.simd_le(high);
                if must_be_whole {
                    // Bounds are finite.
                    *are_plain &= numbers.trunc().simd_eq(numbers);
                }
            }
        }
        let bits = are_plain.iter().rev().fold(0, |bits, mask| bits << 8 | mask.to_bitmask());
        LaneSet(bits)
    }
}

/// Copies rows, of one number per feature, to a block.
pub(super) fn arrange(level: Level, rows: &[&[f64]; N_LANES], block: &mut [Lanes]) {
    if block.len() < 8 {
        rows.iter().enumerate().for_each(|(lane, row)| set_lane(lane, row, block));
    } else {
        dispatch!(level, simd => transpose(simd, rows, block));
    }
}

/// Whether a level gains by tiles of eight numbers: not if its vectors hold two.
#[inline(always)]
const fn gains<S: Simd>() -> bool {
    <S::f64s as SimdBase<S>>::LEN > 2
}

/// The first positions of tiles of eight that cover `n_items`; the last two may overlap. Fewer than eight items
/// have one tile.
#[inline(always)]
fn tiles(n_items: usize) -> impl Iterator<Item = usize> {
    (0..n_items).step_by(8).map(move |first| first.min(n_items.saturating_sub(8)))
}

/// Eight numbers of a list that has so many.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "callers pass lists of one number per feature")]
fn eight<S: Simd>(simd: S, numbers: &[f64], first: usize) -> f64x8<S> {
    f64x8::from_slice(simd, &numbers[first..first + 8])
}

/// Copies rows of at least eight numbers to a block, in tiles of eight by eight.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "a block has as many numbers per lane as a row")]
fn transpose<S: Simd>(simd: S, rows: &[&[f64]; N_LANES], block: &mut [Lanes]) {
    if !gains::<S>() {
        return rows.iter().enumerate().for_each(|(lane, row)| set_lane(lane, row, block));
    }
    for (part, rows) in rows.as_chunks::<8>().0.iter().enumerate() {
        for first in tiles(block.len()) {
            let mut tile: [f64x8<S>; 8] = core::array::from_fn(|nth| eight(simd, rows[nth], first));
            // Three times, the first half is interleaved with the second.
            for _ in 0..3 {
                tile = core::array::from_fn(|nth| {
                    let (low, high) = (tile[nth / 2], tile[nth / 2 + 4]);
                    if nth % 2 == 0 { low.zip_low(high) } else { low.zip_high(high) }
                });
            }
            for (lanes, numbers) in block[first..first + 8].iter_mut().zip(tile) {
                lanes.as_chunks_mut::<8>().0[part] = numbers.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::levels;
    use crate::schema::{Feature, FeatureKind, Range, Target};
    use alloc::vec;
    use proptest::prelude::*;

    /// Features of which every third is whole, with ranges that differ.
    fn plain_values(n_features: u32) -> PlainValues {
        let features = (0..n_features).map(|index| {
            let kind = if index % 3 == 0 { FeatureKind::Integer } else { FeatureKind::Number };
            let mut feature = Feature::of_kind(alloc::format!("feature {index}"), kind);
            let low = f64::from(index) - 5.0;
            feature.range = Some(Range { low, high: low + 20.0 });
            feature
        });
        let schema = Schema::new(features.collect(), Target::of_classes("outcome", ["no", "yes"]));
        PlainValues::new(&schema.unwrap(), &mut Budget::unlimited()).unwrap()
    }

    /// The row of the given number of features that is plain, or fails at one of them.
    fn row(n_features: usize, bad: Option<(usize, f64)>) -> Vec<f64> {
        let mut row: Vec<f64> = (0..n_features).map(crate::schema::count).collect();
        if let Some((feature, value)) = bad {
            row[feature] = value;
        }
        row
    }

    #[test]
    fn a_bad_value_at_any_place_of_a_block_is_seen_at_every_level() {
        for n_features in [1, 2, 7, 8, 9, 15, 16, 17, 30] {
            let plain = plain_values(u32::try_from(n_features).unwrap());
            let good = row(n_features, None);
            for (lane, feature) in
                (0..N_LANES).flat_map(|lane| (0..n_features).map(move |feature| (lane, feature)))
            {
                for value in [f64::NAN, f64::INFINITY, -1e9, 1e9, good[feature] + 0.5] {
                    let bad = row(n_features, Some((feature, value)));
                    let is_plain = plain.has(feature, value);
                    let mut rows = [good.as_slice(); N_LANES];
                    rows[lane] = &bad;
                    let expected = if is_plain { 0 } else { 1_u64 << lane };
                    for level in levels() {
                        let mut block = vec![[0.0; N_LANES]; n_features];
                        arrange(level, &rows, &mut block);
                        let set = plain.rows_of(level, &block);
                        assert_eq!(set, LaneSet(LaneSet::ALL.0 & !expected), "{lane} {feature}");
                        assert_eq!(set.contains(lane), is_plain);
                        assert_eq!(plain.have_all(level, &rows), is_plain, "{lane} {feature}");
                        let others: Vec<usize> = plain.others(level, &bad).collect();
                        assert_eq!(others, if is_plain { vec![] } else { vec![feature] });
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_block_holds_the_rows_at_every_level(
            values in proptest::collection::vec(any::<f64>(), N_LANES * 37),
            n_features in 1_usize..=37,
        ) {
            let plain = plain_values(u32::try_from(n_features).unwrap());
            let rows: [&[f64]; N_LANES] =
                core::array::from_fn(|lane| &values[lane * n_features..][..n_features]);
            for level in levels() {
                let mut block = vec![[0.0; N_LANES]; n_features];
                arrange(level, &rows, &mut block);
                let set = plain.rows_of(level, &block);
                for (lane, row) in rows.iter().enumerate() {
                    prop_assert_eq!(set.contains(lane), plain.have_each(0, row));
                    let others: Vec<usize> = plain.others(level, row).collect();
                    let expected = (0..n_features).filter(|at| !plain.has(*at, row[*at]));
                    prop_assert_eq!(others, expected.collect::<Vec<_>>());
                    for (lanes, number) in block.iter().zip(*row) {
                        prop_assert_eq!(lanes[lane].to_bits(), number.to_bits());
                    }
                }
            }
        }
    }
}
