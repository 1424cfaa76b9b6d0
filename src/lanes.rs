//! Blocks of rows: a few rows side by side, one lane per row.
//!
//! A batch is predicted block by block. Every lane goes through the operations of a single row, in
//! the same order, so its bits do not depend on the block. What is written for any [`Number`] serves
//! a single row and a block alike.

use fearless_simd::Level;

/// How many rows a block has.
pub(crate) const N_LANES: usize = 16;

/// One number of each row of a block.
pub(crate) type Lanes = [f64; N_LANES];

/// A number of one row, or of each row of a block.
pub(crate) trait Number: Copy {
    /// The numbers of the rows.
    fn of_rows(&mut self) -> &mut [f64];

    /// The same number for every row.
    fn splat(value: f64) -> Self;

    /// `f` of the number of each row.
    fn map(self, f: impl Fn(f64) -> f64) -> Self;

    /// `f` of two numbers of each row.
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self;
}

impl Number for f64 {
    #[inline(always)]
    fn of_rows(&mut self) -> &mut [f64] {
        core::slice::from_mut(self)
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        f(self)
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        f(self, other)
    }
}

impl Number for Lanes {
    #[inline(always)]
    fn of_rows(&mut self) -> &mut [f64] {
        self
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        [value; N_LANES]
    }

    #[inline(always)]
    fn map(mut self, f: impl Fn(f64) -> f64) -> Self {
        for value in &mut self {
            *value = f(*value);
        }
        self
    }

    #[inline(always)]
    fn zip(mut self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        for (value, other) in self.iter_mut().zip(other) {
            *value = f(*value, other);
        }
        self
    }
}

/// Copies the numbers of one row out of a block.
#[allow(clippy::indexing_slicing, reason = "callers count lanes up to N_LANES")]
pub(crate) fn copy_lane(lane: usize, block: &[Lanes], row: &mut [f64]) {
    for (value, lanes) in row.iter_mut().zip(block) {
        *value = lanes[lane];
    }
}

/// Copies one row into a block.
#[allow(clippy::indexing_slicing, reason = "callers count lanes up to N_LANES")]
pub(crate) fn set_lane(lane: usize, row: &[f64], block: &mut [Lanes]) {
    for (lanes, value) in block.iter_mut().zip(row) {
        lanes[lane] = *value;
    }
}

/// The best vector instructions of this processor; without `std`, those that every such processor has.
pub(crate) fn best_level() -> Level {
    #[cfg(feature = "std")]
    return Level::new();
    #[cfg(not(feature = "std"))]
    Level::baseline()
}

/// Runs an operation that was compiled for several sets of vector instructions: with those of a level.
///
/// SSE4.2 has no kernels: they would be no faster than those of SSE2, which every x86-64 has.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
macro_rules! dispatch {
    ($level:expr, $simd:ident => $operation:expr) => {{
        let level = $level;
        if let Some($simd) = level.as_avx512() {
            fearless_simd::Simd::vectorize(
                $simd,
                #[inline(always)]
                || $operation,
            )
        } else if let Some($simd) = level.as_avx2() {
            fearless_simd::Simd::vectorize(
                $simd,
                #[inline(always)]
                || $operation,
            )
        } else {
            fearless_simd::dispatch!(fearless_simd::Level::baseline(), $simd => $operation)
        }
    }};
}
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) use fearless_simd::dispatch;

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) use dispatch;

/// Every set of vector instructions of this processor for which kernels are compiled.
#[cfg(test)]
pub(crate) fn levels() -> alloc::vec::Vec<Level> {
    let best = Level::new();
    let levels = [Level::baseline(), best];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    let levels = levels.into_iter().chain(best.as_avx2().map(Level::Avx2));
    levels.into_iter().collect()
}
