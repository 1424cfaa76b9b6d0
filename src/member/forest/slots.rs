//! The slots of one complete tree, and the leaf that a row reaches in it.

/// The splits and leaves of a tree with `N` leaves, all at the same depth.
///
/// The splits are in their order level by level, so that the children of split `n` are `2n + 1` and
/// `2n + 2`, with one slot to spare. The leaves go from left to right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots<const N: usize> {
    pub(super) thresholds: [f64; N],
    pub(super) leaves: [f64; N],
    pub(super) inputs: [u32; N],
    /// One bit per split: whether a missing value goes to the right.
    pub(super) missing_goes_right: u16,
}

impl<const N: usize> Slots<N> {
    /// The first slots of these, of which there are enough.
    pub(super) fn of(thresholds: &[f64], leaves: &[f64], inputs: &[u32], missing: u16) -> Self {
        Self {
            thresholds: thresholds.first_chunk().copied().unwrap_or([f64::INFINITY; N]),
            leaves: leaves.first_chunk().copied().unwrap_or([0.0; N]),
            inputs: inputs.first_chunk().copied().unwrap_or([0; N]),
            missing_goes_right: missing,
        }
    }

    /// The leaf of one row; `value` returns the value of an input. `ANY` is whether it may be missing.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "positions are taken modulo the number of slots")]
    pub(super) fn leaf<const ANY: bool>(&self, value: impl Fn(usize) -> f64) -> f64 {
        let mut n = 0;
        for _ in 0..N.ilog2() {
            let value = value(self.inputs[n % N] as usize);
            let is_default = ANY & value.is_nan() & (self.missing_goes_right >> n & 1 == 1);
            n = 2 * n + 1 + usize::from(is_default | (value > self.thresholds[n % N]));
        }
        self.leaves[(n + 1) % N]
    }
}
