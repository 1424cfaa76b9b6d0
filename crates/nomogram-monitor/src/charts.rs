//! Charts that clinicians know, as numbers: VLAD, risk-adjusted CUSUM, O/E.

#![allow(clippy::cast_precision_loss, reason = "counts of patients and periods")]

use std::f64::consts::LN_2;

use nomogram::numeric::{exp, ln, ln_gamma};
use serde::Serialize;

use crate::error::Error;
use crate::outcomes::{OutcomeBin, ln_ratio_of_bin};

/// The variable life-adjusted display: expected minus observed events, summed up row by row. It rises
/// while fewer events come true than predicted.
#[must_use]
pub fn vlad(rows: &[(f64, bool)]) -> Vec<f64> {
    let mut sum = 0.0;
    let step = |(p, came_true): &(f64, bool)| {
        sum += p - f64::from(u8::from(*came_true));
        sum
    };
    rows.iter().map(step).collect()
}

/// Steiner's weight of an outcome in a CUSUM for odds that are `ratio` times as large:
/// `y · ln R − ln(1 − p + R p)` (Steiner et al. 2000, Biostatistics 1:441).
#[must_use]
pub fn steiner_weight(p: f64, came_true: bool, ratio: f64) -> f64 {
    f64::from(u8::from(came_true)) * ln(ratio) - ln(1.0 - p + ratio * p)
}

/// The risk-adjusted CUSUM: `C ← max(0, C + W)`, row by row.
#[must_use]
pub fn cusum(rows: &[(f64, bool)], ratio: f64) -> Vec<f64> {
    let mut sum = 0.0_f64;
    let step = |(p, came_true): &(f64, bool)| {
        sum = (sum + steiner_weight(*p, *came_true, ratio)).max(0.0);
        sum
    };
    rows.iter().map(step).collect()
}

/// Two risk-adjusted CUSUMs of outcomes in bins: for doubled and for halved odds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cusum {
    /// Rises while more events come true than predicted.
    pub doubled: f64,
    /// Rises while fewer do.
    pub halved: f64,
}

impl Cusum {
    /// The limit that charts show, which Steiner et al. 2000 used.
    pub const LIMIT: f64 = 4.5;

    /// Adds the outcomes of a period. Their order is not known, so the sum is held above 0 once.
    pub fn add(&mut self, outcomes: &[OutcomeBin]) {
        let step = |a: f64| -> f64 {
            let of = |bin: &OutcomeBin| ln_ratio_of_bin(bin.n_rows, bin.events, bin.mean, a, 1.0);
            outcomes.iter().map(of).sum()
        };
        self.doubled = (self.doubled + step(LN_2)).max(0.0);
        self.halved = (self.halved + step(-LN_2)).max(0.0);
    }

    /// The mean number of outcomes until the CUSUM for doubled odds reaches [`LIMIT`](Self::LIMIT), if
    /// risks are as those of `outcomes` and right. `None` without outcomes.
    #[must_use]
    pub fn run_length(outcomes: &[OutcomeBin]) -> Option<f64> {
        let n_rows = outcomes.iter().map(|bin| bin.n_rows).sum::<u64>() as f64;
        let steps = outcomes.iter().filter(|bin| bin.n_rows > 0).flat_map(|bin| {
            let (share, p) = (bin.n_rows as f64 / n_rows, bin.mean);
            let weight = |came_true| steiner_weight(p, came_true, 2.0);
            [(weight(true), share * p), (weight(false), share * (1.0 - p))]
        });
        let steps: Vec<(f64, f64)> = steps.collect();
        run_length(&steps, Self::LIMIT, 400).ok().filter(|length| length.is_finite())
    }
}

/// The mean number of steps until a CUSUM that starts at 0 reaches `limit`, for steps that take each
/// value with its probability: a Markov chain of `n_states` states, as by Brook and Evans 1972.
///
/// # Errors
///
/// `Data` for a limit or a number of states that is not above 0, or a CUSUM that never reaches it.
pub fn run_length(steps: &[(f64, f64)], limit: f64, n_states: usize) -> Result<f64, Error> {
    if limit <= 0.0 || n_states == 0 || steps.is_empty() {
        return Err(Error::Data("expected steps, and a limit and states above 0".into()));
    }
    // State i is the sum i · w. A sum between two states is divided among them so that its mean stays:
    // rounded to one of them, steps of few values would drift. Beyond half a state after the last is an
    // alarm.
    let width = 2.0 * limit / (2 * n_states - 1) as f64;
    let mut rows = vec![vec![0.0; n_states + 1]; n_states];
    for (from, row) in rows.iter_mut().enumerate() {
        for (step, probability) in steps {
            let place = (from as f64 + step / width).max(0.0);
            if place >= n_states as f64 - 0.5 {
                continue;
            }
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a state, at most the last"
            )]
            let below = place as usize;
            let is_last = below + 1 == n_states;
            let share_above = if is_last { 0.0 } else { place - below as f64 };
            let shares = [1.0 - share_above, share_above];
            for (cell, share) in row.iter_mut().skip(below).zip(shares) {
                *cell -= probability * share;
            }
        }
        if let Some(cell) = row.get_mut(from) {
            *cell += 1.0;
        }
        if let Some(right) = row.last_mut() {
            *right = 1.0;
        }
    }
    solve(&mut rows).ok_or_else(|| Error::Data("the CUSUM never reaches its limit".into()))
}

/// The first unknown of a linear system, by elimination with pivots; the last column is the right side.
fn solve(rows: &mut [Vec<f64>]) -> Option<f64> {
    let n = rows.len();
    for column in (0..n).rev() {
        let size = |row: &[f64]| row.get(column).map_or(0.0, |cell| cell.abs());
        let candidates = rows.iter().enumerate().take(column + 1);
        let (pivot, _) = candidates.max_by(|a, b| size(a.1).total_cmp(&size(b.1)))?;
        rows.swap(pivot, column);
        let (above, rest) = rows.split_at_mut(column);
        let row = rest.first()?;
        let lead = *row.get(column)?;
        if lead.abs() < 1e-13 {
            return None;
        }
        for other in above {
            let factor = other.get(column)? / lead;
            if factor != 0.0 {
                other.iter_mut().zip(row).for_each(|(cell, of_row)| *cell -= factor * of_row);
            }
        }
    }
    let first = rows.first()?;
    Some(first.last()? / first.first()?)
}

/// Observed events per expected event, with an exact interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ObservedExpected {
    /// Events that came true.
    pub observed: u64,
    /// The sum of predicted probabilities.
    pub expected: f64,
    /// `observed / expected`.
    pub ratio: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// O/E with the exact Poisson interval of Garwood 1936 at `level`, the expected number taken as known.
/// Sums of unequal Bernoulli outcomes vary less than Poisson ones, so it covers at least `level`.
///
/// # Errors
///
/// `Data` when nothing is expected.
pub fn observed_expected(
    observed: u64,
    expected: f64,
    level: f64,
) -> Result<ObservedExpected, Error> {
    if expected.is_nan() || expected <= 0.0 {
        return Err(Error::Data(format!("{expected} expected events, expected more than 0")));
    }
    let tail = (1.0 - level) / 2.0;
    // P(X ≤ k | mean) falls in the mean: the mean at which it is `share`.
    let mean_of = |k: u64, share: f64| {
        let (mut low, mut high) = (0.0, 10.0 + 4.0 * k as f64);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if poisson_cdf(k, middle) > share { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    };
    let low = if observed == 0 { 0.0 } else { mean_of(observed - 1, 1.0 - tail) };
    let high = mean_of(observed, tail);
    let ratio = observed as f64 / expected;
    Ok(ObservedExpected { observed, expected, ratio, low: low / expected, high: high / expected })
}

/// The probability of at most `k` events with this mean.
fn poisson_cdf(k: u64, mean: f64) -> f64 {
    if mean <= 0.0 {
        return 1.0;
    }
    let (mut sum, mut term) = (0.0, exp(k as f64 * ln(mean) - mean - ln_gamma(k as f64 + 1.0)));
    for count in (0..=k).rev() {
        sum += term;
        term *= count as f64 / mean;
        if term < 1e-18 * sum {
            break;
        }
    }
    f64::min(sum, 1.0)
}
