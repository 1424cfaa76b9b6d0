//! What is bet on: the bins of one feature with the reference, and the alternatives to it.

use nomogram::numeric::{exp, ln};
use nomogram::{Bins, Histogram};

use crate::multinomial::ln_sequence;

/// Shifts of the location, in standard deviations of the logistic scores of the bins.
const SHIFTS: [f64; 6] = [-1.0, -0.5, -0.25, 0.25, 0.5, 1.0];
/// The spread grows or shrinks.
const SPREADS: [f64; 2] = [-0.25, 0.25];
/// Shares that differ in any way, known as well as from so many rows: far away, and nearer.
const VAGUE: [f64; 2] = [8.0, 64.0];

/// What is known of the bins of a stream, and what is bet on instead.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// Parameters of the shares, from the training rows.
    reference: Vec<f64>,
    /// Parameters of each alternative with its weight; the weights sum to 1.
    alternatives: Vec<(f64, Vec<f64>)>,
}

/// Which changes are bet on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bets {
    /// Any shares are alike likely (Jeffreys' prior, ½ per bin).
    Any,
    /// Shifts, other spreads, and shares near those of the training rows.
    Likely,
}

impl Stream {
    /// The bins of a feature or an output.
    pub(crate) fn of_bins(bins: &Bins, bets: Bets) -> Self {
        match bins {
            Bins::Gaps { gaps, .. } => Self::new(gaps.iter().map(|gap| *gap as f64), true, bets),
            Bins::Intervals { counts, .. } => Self::new(halves(counts), true, bets),
            Bins::Levels { counts } => Self::new(halves(counts), counts.len() == 2, bets),
            _ => Self { reference: Vec::new(), alternatives: Vec::new() },
        }
    }

    /// Whether the values of a feature were used, or why not. Shares that are near 0 stay near 0 at
    /// little cost, so only shares near those of the training rows are bet on.
    pub(crate) fn of_statuses(histogram: &Histogram, n_rows: u64) -> Self {
        let others = histogram.statuses.counts();
        let used = n_rows.saturating_sub(others.iter().sum());
        let counts: Vec<u64> = [used].into_iter().chain(others).collect();
        let mut stream = Self::new(halves(&counts), false, Bets::Likely);
        stream.alternatives = stream.vague();
        stream.normalise();
        stream
    }

    /// The rows of each class.
    pub(crate) fn of_classes(counts: &[u64], bets: Bets) -> Self {
        Self::new(halves(counts), counts.len() == 2, bets)
    }

    fn new(reference: impl Iterator<Item = f64>, is_ordered: bool, bets: Bets) -> Self {
        let mut stream = Self { reference: reference.collect(), alternatives: Vec::new() };
        let n_bins = stream.reference.len();
        match bets {
            Bets::Any => stream.alternatives.push((1.0, vec![0.5; n_bins])),
            Bets::Likely => {
                stream.alternatives = stream.vague();
                if is_ordered && n_bins > 1 {
                    let scores = stream.scores();
                    let tilted = |weight, power: fn(f64) -> f64, by: f64| {
                        let tilt = |score: &f64| by * power(*score);
                        (weight, stream.tilted(scores.iter().map(tilt)))
                    };
                    let mut tilts: Vec<(f64, Vec<f64>)> =
                        SHIFTS.iter().map(|shift| tilted(1.0, |z| z, *shift)).collect();
                    if n_bins > 2 {
                        let square = |z: f64| z * z - 1.0;
                        tilts.extend(SPREADS.iter().map(|by| tilted(0.5, square, *by)));
                    }
                    stream.alternatives.extend(tilts);
                }
            }
        }
        stream.normalise();
        stream
    }

    fn vague(&self) -> Vec<(f64, Vec<f64>)> {
        let total: f64 = self.reference.iter().sum();
        let known = |rows: f64| self.reference.iter().map(|r| r * rows / total).collect();
        VAGUE.iter().map(|rows| (1.0, known(*rows))).collect()
    }

    /// The logistic quantile of the middle of each bin, scaled to standard deviation 1.
    fn scores(&self) -> Vec<f64> {
        /// `√3 / π`.
        const SCALE: f64 = 0.551_328_895_421_792;
        let total: f64 = self.reference.iter().sum();
        let mut below = 0.0;
        let score = |count: &f64| {
            let middle = (below + count / 2.0) / total;
            below += count;
            SCALE * (ln(middle) - ln(1.0 - middle))
        };
        self.reference.iter().map(score).collect()
    }

    /// The reference with its shares multiplied by `e^tilt`, known as well as before.
    fn tilted(&self, tilts: impl Iterator<Item = f64>) -> Vec<f64> {
        let total: f64 = self.reference.iter().sum();
        let tilted: Vec<f64> = self.reference.iter().zip(tilts).map(|(r, t)| r * exp(t)).collect();
        let sum: f64 = tilted.iter().sum();
        tilted.into_iter().map(|r| r * total / sum).collect()
    }

    fn normalise(&mut self) {
        let sum: f64 = self.alternatives.iter().map(|(weight, _)| weight).sum();
        self.alternatives.iter_mut().for_each(|(weight, _)| *weight /= sum);
    }

    pub(crate) fn n_bins(&self) -> usize {
        self.reference.len()
    }

    /// The parameters of the reference.
    pub(crate) fn reference(&self) -> &[f64] {
        &self.reference
    }

    /// How much more likely the counts of a window are under the alternatives than under the
    /// reference: an e-value.
    pub(crate) fn evidence(&self, counts: &[f64]) -> f64 {
        let by_reference = ln_sequence(counts, &self.reference);
        let of = |(weight, alphas): &(f64, Vec<f64>)| {
            // Beyond e^600 it only matters that it is large.
            weight * exp((ln_sequence(counts, alphas) - by_reference).min(600.0))
        };
        self.alternatives.iter().map(of).sum()
    }
}

/// Counts of levels as parameters: Jeffreys' prior, updated by the training rows.
fn halves(counts: &[u64]) -> impl Iterator<Item = f64> {
    counts.iter().map(|count| *count as f64 + 0.5)
}
