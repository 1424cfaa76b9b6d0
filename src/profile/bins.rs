//! Bins of one feature or one output, and how many training rows lie in each.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::codec::{decode_enum, decode_struct};
use crate::error::Error;
use crate::numeric::is_whole;
use crate::schema::FeatureKind;

/// The most bins of a feature. Levels beyond share the last one.
pub const MAX_BINS: usize = 64;

/// The largest count: 2^53, up to which a double holds every count.
const MAX_COUNT: u64 = 1 << 53;

/// Bins and their counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Bins {
    /// Intervals of a continuous value. Their edges are values of training rows without ties, and the
    /// counts are those of the gaps between neighbouring rows: one more than there are rows. The
    /// shares of the population in the bins have a Dirichlet distribution with these parameters.
    Gaps {
        /// Ascending; a value equal to an edge is in the bin below it.
        edges: Vec<f64>,
        /// One more than edges.
        gaps: Vec<u64>,
    },
    /// Intervals of a value with ties, such as a whole number, and the training rows in them.
    Intervals {
        /// Ascending; a value equal to an edge is in the bin below it.
        edges: Vec<f64>,
        /// One more than edges.
        counts: Vec<u64>,
    },
    /// The training rows with each level, or with false and true.
    Levels {
        /// One per level, at most [`MAX_BINS`].
        counts: Vec<u64>,
    },
}
decode_enum!(Bins { Gaps { edges, gaps }, Intervals { edges, counts }, Levels { counts } });

/// The training rows of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Rows whose value was used as it is.
    pub bins: Bins,
    /// The other rows.
    pub statuses: Statuses,
}
decode_struct!(Histogram { bins, statuses });

/// Rows without a value that was used as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statuses {
    /// Declared missing.
    pub missing: u64,
    /// Not set by the caller.
    pub unset: u64,
    /// Outside of the plausible range, infinity included.
    pub out_of_range: u64,
    /// No level of the category.
    pub unseen_level: u64,
    /// Not a number, or of another type.
    pub invalid: u64,
}
decode_struct!(Statuses { missing, unset, out_of_range, unseen_level, invalid });

impl Statuses {
    /// The counts in the order of the counters.
    #[must_use]
    pub const fn counts(&self) -> [u64; 5] {
        [self.missing, self.unset, self.out_of_range, self.unseen_level, self.invalid]
    }
}

impl Bins {
    /// The upper ends of all bins but the last; none of levels.
    #[must_use]
    pub fn edges(&self) -> &[f64] {
        match self {
            Self::Gaps { edges, .. } | Self::Intervals { edges, .. } => edges,
            Self::Levels { .. } => &[],
        }
    }

    /// The counts of gaps or of training rows.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        match self {
            Self::Gaps { gaps: counts, .. }
            | Self::Intervals { counts, .. }
            | Self::Levels { counts } => counts,
        }
    }

    /// The bin of a value.
    #[must_use]
    #[inline]
    pub fn bin(&self, value: f64) -> usize {
        match self {
            Self::Gaps { edges, .. } | Self::Intervals { edges, .. } => {
                edges.iter().filter(|edge| value > **edge).count()
            }
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the number of a level, cut to the number of bins"
            )]
            Self::Levels { counts } => (value as usize).min(counts.len().saturating_sub(1)),
        }
    }

    /// Checks intervals.
    ///
    /// # Errors
    ///
    /// `InvalidModel`.
    pub(super) fn check_edges(&self, n_rows: u64) -> Result<(), Error> {
        let (edges, counts) = (self.edges(), self.counts());
        if matches!(self, Self::Levels { .. }) {
            return Err(Error::invalid_model("bins of levels, expected intervals"));
        }
        if counts.len() != edges.len() + 1 || counts.len() > MAX_BINS {
            return Err(Error::invalid_model(format_args!(
                "{} edges and {} counts, expected one more count than edges, and at most {MAX_BINS}",
                edges.len(),
                counts.len()
            )));
        }
        let are_ascending = edges.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        if !are_ascending || !edges.iter().all(|edge| edge.is_finite()) {
            return Err(Error::invalid_model("edges of bins, expected finite, ascending numbers"));
        }
        match self {
            Self::Gaps { gaps, .. } if gaps.contains(&0) => {
                Err(Error::invalid_model("a bin with 0 gaps, expected at least 1"))
            }
            Self::Gaps { gaps, .. } => check_counts(gaps, n_rows.saturating_add(1)),
            Self::Intervals { .. } | Self::Levels { .. } => check_counts(counts, n_rows),
        }
    }
}

impl Histogram {
    /// Checks it against the kind of its feature.
    ///
    /// # Errors
    ///
    /// `InvalidModel`.
    pub(super) fn check(&self, kind: &FeatureKind, n_rows: u64) -> Result<(), Error> {
        check_counts(&self.statuses.counts(), n_rows)?;
        let n_levels = match kind {
            FeatureKind::Number | FeatureKind::Integer => {
                let is_of_kind = |edge: &f64| *kind == FeatureKind::Number || is_whole(*edge);
                if !self.bins.edges().iter().all(is_of_kind) {
                    return Err(Error::invalid_model(
                        "edges of an integer, expected whole numbers",
                    ));
                }
                return self.bins.check_edges(n_rows);
            }
            FeatureKind::Boolean => 2,
            FeatureKind::Category { levels } => levels.len().min(MAX_BINS),
        };
        match &self.bins {
            Bins::Levels { counts } if counts.len() == n_levels => check_counts(counts, n_rows),
            Bins::Levels { counts } => Err(Error::invalid_model(format_args!(
                "{} counts of levels, expected {n_levels}",
                counts.len()
            ))),
            Bins::Gaps { .. } | Bins::Intervals { .. } => {
                Err(Error::invalid_model("intervals, expected the counts of levels"))
            }
        }
    }
}

/// Checks that counts are at most `max`, and not so large that a double would round their sum. Small
/// counts are rounded up to 5, so the sum may exceed the number of rows.
///
/// # Errors
///
/// `InvalidModel`.
pub(super) fn check_counts(counts: &[u64], max: u64) -> Result<(), Error> {
    let max = max.max(5);
    match counts.iter().find(|count| **count > max || **count > MAX_COUNT) {
        None => Ok(()),
        Some(count) => Err(Error::invalid_model(format_args!(
            "a count of {count}, expected at most {} (the number of rows)",
            max.min(MAX_COUNT)
        ))),
    }
}
