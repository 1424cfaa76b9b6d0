//! Boosting with splits between bins, leaf by leaf.
//!
//! Ke et al. (2017) without sampling by gradient and without bundles of features. All sums that
//! decide a split are whole numbers (see [`sums`]), so threads and order change no bit.

// Layers, lowest first: a file uses only the blocks above its own.
mod bins;

mod sums;

mod loss;
mod splits;

mod best;
mod partition;

mod levels;
mod thresholds;

mod search;

mod grower;

mod fit;

pub(super) use fit::fit;
