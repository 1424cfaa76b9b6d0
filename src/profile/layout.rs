//! Where each count lies among the counters of a model.

use core::ops::Range;

use super::Profile;
use super::bins::Bins;
use crate::error::ErrorKind;

/// How many counts a feature has beside its bins: missing, unset, out of range, unseen level, invalid.
pub const N_STATUSES: usize = 5;

/// Why a row was refused, in the order of the counters.
pub const REASONS: [ErrorKind; N_REASONS] = [
    ErrorKind::Infinite,
    ErrorKind::Missing,
    ErrorKind::Magnitude,
    ErrorKind::Unset,
    ErrorKind::NotANumber,
    ErrorKind::OutOfRange,
    ErrorKind::UnseenLevel,
    ErrorKind::WrongType,
    ErrorKind::RuleViolated,
];

/// How many reasons there are to refuse a row.
pub const N_REASONS: usize = 9;

/// The place of every count, in this order: predicted rows; refused rows by reason; rows that break
/// each rule; of each feature the bins, the statuses and the rows refused because of it; of each
/// output the bins and, of a class,
/// the sums of the probabilities in them; the rows of each predicted class; and of each bin of the output of two classes the
/// outcomes, the events among them, and the sum of their probabilities in units of 2^-32.
#[derive(Clone, Copy, Debug)]
pub struct CounterLayout<'p> {
    profile: &'p Profile,
    n_rules: usize,
}

/// The places of the counts of a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureCells {
    /// One per bin.
    pub bins: Range<usize>,
    /// In the order of [`Statuses::counts`](super::Statuses::counts).
    pub statuses: Range<usize>,
    /// Rows that were refused because of this feature.
    pub refused: usize,
}

/// The places of the counts of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputCells {
    /// One per bin.
    pub bins: Range<usize>,
    /// The sum of the probabilities in each bin, in units of 2^-32; empty when a number is predicted.
    pub sums: Range<usize>,
}

impl<'p> CounterLayout<'p> {
    /// Where the number of predicted rows lies.
    pub const N_ROWS: usize = 0;

    pub(super) fn new(profile: &'p Profile, n_rules: usize) -> Self {
        Self { profile, n_rules }
    }

    /// The refused rows, by [`REASONS`].
    #[must_use]
    pub fn reasons(&self) -> Range<usize> {
        1..1 + N_REASONS
    }

    /// The rows that break each rule; also those that are refused for it.
    #[must_use]
    pub fn rules(&self) -> Range<usize> {
        let first = 1 + N_REASONS;
        first..first + self.n_rules
    }

    /// The counts of each feature.
    pub fn features(&self) -> impl Iterator<Item = FeatureCells> + use<'p> {
        let mut first = self.rules().end;
        self.profile.features.iter().map(move |histogram| {
            let bins = first..first + histogram.bins.counts().len();
            let statuses = bins.end..bins.end + N_STATUSES;
            let refused = statuses.end;
            first = refused + 1;
            FeatureCells { bins, statuses, refused }
        })
    }

    /// The counts of each output.
    pub fn outputs(&self) -> impl Iterator<Item = OutputCells> + use<'p> {
        let mut first = self.features_end();
        let has_sums = self.has_sums();
        self.profile.outputs.iter().map(move |bins| {
            let bins = first..first + bins.counts().len();
            let sums = bins.end..bins.end + if has_sums { bins.len() } else { 0 };
            first = sums.end;
            OutputCells { bins, sums }
        })
    }

    /// The rows that each class was predicted for.
    #[must_use]
    pub fn classes(&self) -> Range<usize> {
        let times = if self.has_sums() { 2 } else { 1 };
        let first = self.features_end() + times * self.output_bins();
        first..first + self.profile.classes.len()
    }

    /// The outcomes: as many rows as bins of the output, then as many events, then as many sums of
    /// probabilities; empty unless there are two classes.
    #[must_use]
    pub fn outcomes(&self) -> [Range<usize>; 3] {
        let (first, n) = (self.classes().end, self.n_outcome_bins());
        [0, 1, 2].map(|part| first + part * n..first + (part + 1) * n)
    }

    /// How many counts there are.
    #[must_use]
    pub fn n_cells(&self) -> usize {
        self.classes().end + 3 * self.n_outcome_bins()
    }

    fn has_sums(&self) -> bool {
        !self.profile.classes.is_empty()
    }

    fn n_outcome_bins(&self) -> usize {
        if self.profile.classes.len() == 2 { self.output_bins() } else { 0 }
    }

    fn features_end(&self) -> usize {
        let of_feature = |bins: &Bins| bins.counts().len() + N_STATUSES + 1;
        let features = self.profile.features.iter();
        self.rules().end + features.map(|histogram| of_feature(&histogram.bins)).sum::<usize>()
    }

    fn output_bins(&self) -> usize {
        self.profile.outputs.iter().map(|bins| bins.counts().len()).sum()
    }
}
