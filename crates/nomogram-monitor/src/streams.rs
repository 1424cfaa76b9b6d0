//! What is bet on: the bins of one feature with the reference, and the alternatives to it.

#![allow(clippy::cast_precision_loss, reason = "counts of patients and periods")]

use nomogram::numeric::{exp, ln};
use nomogram::{Bins, Histogram};

use crate::multinomial::{Parameters, Tables};

/// Shifts of the location, in standard deviations of the logistic scores of the bins.
const SHIFTS: [f64; 6] = [-1.0, -0.5, -0.25, 0.25, 0.5, 1.0];
/// The spread grows or shrinks.
const SPREADS: [f64; 2] = [-0.25, 0.25];
/// Shares that differ in any way, known as well as from so many rows: far away, and nearer.
const VAGUE: [f64; 2] = [8.0, 64.0];

/// A reason why a value is not used becomes so many times as frequent.
const GROWTH_OF_STATUSES: [f64; 3] = [4.0, 16.0, 64.0];
/// A level becomes so many times as frequent.
const GROWTH: [f64; 3] = [2.0, 4.0, 16.0];
const SHRINKING: [f64; 2] = [0.5, 0.25];
/// The fewest training rows of a level that may become rarer.
const MIN_TO_SHRINK: u64 = 20;

/// What is known of the bins of a stream, and what is bet on instead.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// Parameters of the shares, from the training rows.
    reference: Vec<f64>,
    /// Parameters of each alternative with its weight; the weights sum to 1.
    alternatives: Vec<(f64, Vec<f64>)>,
    /// The same, the reference first, once they are in tables.
    tables: Vec<Parameters>,
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
            Bins::Gaps { gaps, .. } => Self::of_intervals(gaps.iter().map(|gap| *gap as f64), bets),
            Bins::Intervals { counts, .. } => Self::of_intervals(halves(counts), bets),
            Bins::Levels { counts } => Self::of_levels(counts, bets),
        }
    }

    /// Whether the values of a feature were used, or why not. Only growth of each reason is bet on: that
    /// a value is missing less often than the training rows could show is no reason for an alarm.
    pub(crate) fn of_statuses(histogram: &Histogram, n_rows: u64) -> Self {
        let others = histogram.statuses.counts();
        let used = n_rows.saturating_sub(others.iter().sum());
        let counts: Vec<u64> = [used].into_iter().chain(others).collect();
        let mut stream = Self::of_reference(halves(&counts));
        for status in 1..counts.len() {
            stream.bet_on_factors(status, &GROWTH_OF_STATUSES);
        }
        stream.normalise();
        stream
    }

    /// The rows of each level or class.
    pub(crate) fn of_levels(counts: &[u64], bets: Bets) -> Self {
        let mut stream = Self::of_reference(halves(counts));
        match bets {
            Bets::Any => stream.bet_on_any(),
            Bets::Likely => {
                for (level, count) in counts.iter().enumerate() {
                    stream.bet_on_factors(level, &GROWTH);
                    // Small counts are published as 5, so rarer levels are no evidence.
                    if *count >= MIN_TO_SHRINK {
                        stream.bet_on_factors(level, &SHRINKING);
                    }
                }
            }
        }
        stream.normalise();
        stream
    }

    fn of_intervals(reference: impl Iterator<Item = f64>, bets: Bets) -> Self {
        let mut stream = Self::of_reference(reference);
        match bets {
            Bets::Any => stream.bet_on_any(),
            Bets::Likely => {
                stream.alternatives = stream.vague();
                stream.bet_on_tilts(1.0, &SHIFTS, |score| score);
                if stream.n_bins() > 2 {
                    stream.bet_on_tilts(0.5, &SPREADS, |score| score * score - 1.0);
                }
            }
        }
        stream.normalise();
        stream
    }

    fn of_reference(reference: impl Iterator<Item = f64>) -> Self {
        Self { reference: reference.collect(), alternatives: Vec::new(), tables: Vec::new() }
    }

    fn bet_on_any(&mut self) {
        self.alternatives.push((1.0, vec![0.5; self.n_bins()]));
    }

    fn bet_on_tilts(&mut self, weight: f64, by: &[f64], of_score: impl Fn(f64) -> f64) {
        let scores = self.scores();
        for by in by {
            let tilted = self.tilted(scores.iter().map(|score| by * of_score(*score)));
            self.alternatives.push((weight, tilted));
        }
    }

    /// The share of one bin is multiplied.
    fn bet_on_factors(&mut self, bin: usize, factors: &[f64]) {
        for factor in factors {
            let tilt = |index: usize| if index == bin { ln(*factor) } else { 0.0 };
            let tilted = self.tilted((0..self.n_bins()).map(tilt));
            self.alternatives.push((1.0, tilted));
        }
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

    /// Looks its parameters up in tables from now on.
    pub(crate) fn tabulate(&mut self, tables: &mut Tables) {
        let alternatives = self.alternatives.iter().map(|(_, alphas)| alphas);
        self.tables = [&self.reference]
            .into_iter()
            .chain(alternatives)
            .map(|a| tables.parameters(a))
            .collect();
    }

    /// How much more likely the counts of a window are under the alternatives than under the
    /// reference: an e-value. The stream is tabulated.
    pub(crate) fn evidence(&self, counts: &[usize], tables: &mut Tables) -> f64 {
        let Some((reference, alternatives)) = self.tables.split_first() else { return 1.0 };
        let by_reference = tables.ln_sequence(counts, reference);
        let mut evidence = 0.0;
        for (parameters, (weight, _)) in alternatives.iter().zip(&self.alternatives) {
            // Beyond e^600 it only matters that it is large.
            let ln_ratio = (tables.ln_sequence(counts, parameters) - by_reference).min(600.0);
            evidence += weight * exp(ln_ratio);
        }
        evidence
    }
}

/// Counts of levels as parameters: Jeffreys' prior, updated by the training rows.
fn halves(counts: &[u64]) -> impl Iterator<Item = f64> {
    counts.iter().map(|count| *count as f64 + 0.5)
}
