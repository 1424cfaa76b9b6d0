//! Late outcomes: a wager against "the predicted probabilities are right".

#![allow(clippy::cast_precision_loss, reason = "counts of patients and periods")]

use std::f64::consts::LN_2;

use nomogram::numeric::{exp, ln, logistic};

use crate::error::Error;

/// Factors of the odds that are bet on, as logarithms: 1.25, 1.5, 2 and 3 times, and their inverses.
const INTERCEPTS: [f64; 9] = [
    -1.098_612_288_668_109_8,
    -LN_2,
    -0.405_465_108_108_164_4,
    -0.223_143_551_314_209_76,
    0.0,
    0.223_143_551_314_209_76,
    0.405_465_108_108_164_4,
    LN_2,
    1.098_612_288_668_109_8,
];
/// Slopes that are bet on: risks too extreme, right, too moderate.
const SLOPES: [f64; 3] = [0.6, 1.0, 1.6];
/// The share of the bets on odds that are multiplied, at any risk: the most likely change.
const ODDS: f64 = 0.75;
/// Probabilities of 0 and 1 have no odds; they count as this far from them.
const NEAREST: f64 = 1e-6;

/// The logarithm of the odds.
pub(crate) fn logit(p: f64) -> f64 {
    let p = p.clamp(NEAREST, 1.0 - NEAREST);
    ln(p) - ln(1.0 - p)
}

/// The probability after `logit p` becomes `a + b · logit p`.
fn changed(p: f64, a: f64, b: f64) -> f64 {
    logistic(a + b * logit(p))
}

/// The logarithm of the likelihood ratio of one outcome: Bernoulli(`expit(a + b · logit p)`) to
/// Bernoulli(`p`). With `b = 1` it is Steiner's weight `y · ln R − ln(1 − p + R p)`, `R = e^a`.
#[must_use]
pub fn ln_ratio(p: f64, came_true: bool, a: f64, b: f64) -> f64 {
    let (p, q) = (p.clamp(NEAREST, 1.0 - NEAREST), changed(p, a, b));
    if came_true { ln(q) - ln(p) } else { ln(1.0 - q) - ln(1.0 - p) }
}

/// The same of `n_rows` outcomes, `events` of them true, with mean probability `p`.
///
/// The probabilities need not be equal: the expectation of the ratio is then below 1, never above, by
/// the inequality of the geometric and the arithmetic mean. So a wager on bins is still fair.
#[must_use]
pub fn ln_ratio_of_bin(n_rows: u64, events: u64, p: f64, a: f64, b: f64) -> f64 {
    let others = n_rows.saturating_sub(events) as f64;
    let of_event = ln_ratio(p, true, a, b);
    events as f64 * of_event + others * ln_ratio(p, false, a, b)
}

/// The outcomes of one bin of predicted probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutcomeBin {
    /// How many outcomes are known.
    pub n_rows: u64,
    /// In how many of them the event came true.
    pub events: u64,
    /// Their mean predicted probability.
    pub mean: f64,
}

/// The wager: `R ← (R + 1/T) e^W` for each `(a, b)`, and their weighted mean plus `(T − t) / T`.
#[derive(Clone, Debug)]
pub struct OutcomeTest {
    horizon: usize,
    n_steps: usize,
    bets: Vec<(f64, f64)>,
    /// The share of each bet in the mixture.
    weights: Vec<f64>,
    owned: Vec<f64>,
}

impl OutcomeTest {
    /// A wager over a horizon of `horizon` rows or periods, in which a change may begin in any.
    ///
    /// # Errors
    ///
    /// `Data` for a horizon of 0.
    pub fn new(horizon: usize) -> Result<Self, Error> {
        if horizon == 0 {
            return Err(Error::Data("a horizon of 0, expected at least 1".into()));
        }
        let bets = INTERCEPTS.iter().flat_map(|a| SLOPES.iter().map(move |b| (*a, *b)));
        let bets: Vec<(f64, f64)> = bets.filter(|bet| *bet != (0.0, 1.0)).collect();
        let is_of_odds = |bet: &(f64, f64)| bet.1 == 1.0;
        let n_of_odds = bets.iter().filter(|bet| is_of_odds(bet)).count() as f64;
        let n_others = bets.len() as f64 - n_of_odds;
        let weight = |bet: &(f64, f64)| {
            if is_of_odds(bet) { ODDS / n_of_odds } else { (1.0 - ODDS) / n_others }
        };
        let weights = bets.iter().map(weight).collect();
        Ok(Self { horizon, n_steps: 0, weights, owned: vec![0.0; bets.len()], bets })
    }

    /// Adds one outcome as a step. Returns the wager.
    ///
    /// # Errors
    ///
    /// `Data` for a probability outside of [0, 1], or after the horizon.
    pub fn add(&mut self, p: f64, came_true: bool) -> Result<f64, Error> {
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::Data(format!("probability {p}, expected a number in [0, 1]")));
        }
        self.step(|a, b| ln_ratio(p, came_true, a, b))
    }

    /// Adds the outcomes of a period as a step. Returns the wager.
    ///
    /// # Errors
    ///
    /// `Data` after the horizon.
    pub fn add_bins(&mut self, bins: &[OutcomeBin]) -> Result<f64, Error> {
        let of = |bin: &OutcomeBin, a, b| ln_ratio_of_bin(bin.n_rows, bin.events, bin.mean, a, b);
        self.step(|a, b| bins.iter().map(|bin| of(bin, a, b)).sum())
    }

    /// Of some periods, the one from which on the outcomes are the most evidence against the risks: the
    /// period in which a change most likely began.
    #[must_use]
    pub fn start(&self, periods: &[Vec<OutcomeBin>]) -> usize {
        let mut sums = vec![0.0; self.bets.len()];
        let (mut best, mut start) = (f64::NEG_INFINITY, 0);
        for (index, bins) in periods.iter().enumerate().rev() {
            let mut evidence = 0.0;
            for ((sum, (a, b)), weight) in sums.iter_mut().zip(&self.bets).zip(&self.weights) {
                let of =
                    |bin: &OutcomeBin| ln_ratio_of_bin(bin.n_rows, bin.events, bin.mean, *a, *b);
                *sum += bins.iter().map(of).sum::<f64>();
                evidence += weight * exp(sum.min(600.0));
            }
            if evidence > best {
                (best, start) = (evidence, index);
            }
        }
        start
    }

    fn step(&mut self, ratio: impl Fn(f64, f64) -> f64) -> Result<f64, Error> {
        if self.n_steps >= self.horizon {
            let horizon = self.horizon;
            return Err(Error::Data(format!("more than {horizon} steps: the horizon is over")));
        }
        self.n_steps += 1;
        let horizon = self.horizon as f64;
        for (owned, (a, b)) in self.owned.iter_mut().zip(&self.bets) {
            // Beyond 1e250 it only matters that it is large.
            *owned = ((*owned + 1.0 / horizon) * exp(ratio(*a, *b).min(600.0))).min(1e250);
        }
        let weighted = self.owned.iter().zip(&self.weights);
        let mean = weighted.map(|(owned, weight)| owned * weight).sum::<f64>();
        Ok(mean + (horizon - self.n_steps as f64) / horizon)
    }
}
