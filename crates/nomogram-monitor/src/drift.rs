//! Drift of the features and predictions: a wager on windows of any start, mixed over all features.

#![allow(clippy::cast_precision_loss, reason = "counts of patients and periods")]

use nomogram::{Bins, Histogram, Profile};
use serde::Serialize;

use crate::error::Error;
use crate::multinomial::Tables;
use crate::streams::Stream;

pub use crate::streams::Bets;

/// The streams of one variable: a feature, an output, or the predicted class.
#[derive(Clone, Debug)]
struct Variable {
    /// Streams with equal weights.
    streams: Vec<Stream>,
}

/// The wager against "patients are as in the training", period by period.
///
/// At the end of period `t` it is `(1 / (m T)) Σ_features Σ_{k ≤ t} E(k, t) + (T − t) / T`, where
/// `E(k, t)` is how much more likely the counts of periods `k..=t` are under the alternatives than
/// under the reference, and `T` is the number of periods in the horizon. While nothing has changed,
/// its expectation is 1 at any time.
#[derive(Clone, Debug)]
pub struct Drift {
    variables: Vec<Variable>,
    horizon: usize,
    /// Sums of counts of the first `t` periods, per variable and stream; the first is of none.
    sums: Vec<Vec<Vec<Vec<f64>>>>,
    tables: Tables,
}

/// The state of a wager after a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wager {
    /// What the gambler owns; an alarm from [`ALARM`](crate::ALARM) on.
    pub value: f64,
    /// The share of each variable in it; they sum to 1.
    pub shares: Vec<f64>,
    /// The period in which the change most likely began, counted from 0.
    pub start: usize,
}

impl Drift {
    /// A wager over a horizon of `horizon` periods: features, then outputs, then the class.
    ///
    /// # Errors
    ///
    /// `Data` for a horizon of 0.
    pub fn new(profile: &Profile, horizon: usize, bets: Bets) -> Result<Self, Error> {
        let of_feature = |histogram: &Histogram| Variable {
            streams: match bets {
                Bets::Any => vec![Stream::of_bins(&histogram.bins, bets)],
                Bets::Likely => vec![
                    Stream::of_bins(&histogram.bins, bets),
                    Stream::of_statuses(histogram, profile.n_rows),
                ],
            },
        };
        let features = profile.features.iter().map(of_feature);
        let of_output = |bins: &Bins| Variable { streams: vec![Stream::of_bins(bins, bets)] };
        let outputs = profile.outputs.iter().map(of_output);
        let class = (!profile.classes.is_empty())
            .then(|| Variable { streams: vec![Stream::of_levels(&profile.classes, bets)] });
        let mut variables: Vec<Variable> = features.chain(outputs).chain(class).collect();
        let mut tables = Tables::default();
        for stream in variables.iter_mut().flat_map(|variable| &mut variable.streams) {
            stream.tabulate(&mut tables);
        }
        if horizon == 0 {
            return Err(Error::Data("a horizon of 0 periods, expected at least 1".into()));
        }
        let nothing = |stream: &Stream| vec![0.0; stream.n_bins()];
        let of_none = variables.iter().map(|v| v.streams.iter().map(nothing).collect()).collect();
        Ok(Self { variables, horizon, sums: vec![of_none], tables })
    }

    /// How many variables there are.
    #[must_use]
    pub fn n_variables(&self) -> usize {
        self.variables.len()
    }

    /// The parameters of the reference, per variable and stream.
    #[must_use]
    pub fn references(&self) -> Vec<Vec<&[f64]>> {
        self.variables.iter().map(|v| v.streams.iter().map(Stream::reference).collect()).collect()
    }

    /// Adds the counts of a period, per variable and stream, and returns the wager.
    ///
    /// # Errors
    ///
    /// `Data` for counts of another shape, or after the horizon.
    pub fn add(&mut self, counts: &[Vec<Vec<f64>>]) -> Result<Wager, Error> {
        self.push(counts)?;
        Ok(self.wager(self.n_periods()))
    }

    /// Adds the counts of a period without computing the wager, which costs a window per period so far:
    /// [`Self::wager_after`] computes it later.
    ///
    /// # Errors
    ///
    /// As [`Self::add`].
    pub fn push(&mut self, counts: &[Vec<Vec<f64>>]) -> Result<(), Error> {
        let n_periods = self.sums.len();
        if n_periods > self.horizon {
            let horizon = self.horizon;
            let detail =
                format!("period {n_periods}, expected at most {horizon}: the horizon is over");
            return Err(Error::Data(detail));
        }
        let fits = |(variable, counts): (&Variable, &Vec<Vec<f64>>)| {
            let lengths = variable.streams.iter().map(Stream::n_bins);
            lengths.eq(counts.iter().map(Vec::len))
        };
        if counts.len() != self.variables.len() || !self.variables.iter().zip(counts).all(fits) {
            return Err(Error::Data("the counts do not fit the bins of the profile".into()));
        }
        let last = self.sums.last().map(Vec::as_slice).unwrap_or_default();
        self.sums.push(sum(last, counts));
        Ok(())
    }

    /// How many periods were added.
    #[must_use]
    pub fn n_periods(&self) -> usize {
        self.sums.len() - 1
    }

    /// The wager as it was after the first periods, also when others have come since.
    ///
    /// # Errors
    ///
    /// `Data` for no period, or more than were added.
    pub fn wager_after(&mut self, n_periods: usize) -> Result<Wager, Error> {
        let known = self.n_periods();
        if n_periods == 0 || n_periods > known {
            let detail = format!("the wager after {n_periods} periods, expected 1 to {known}");
            return Err(Error::Data(detail));
        }
        Ok(self.wager(n_periods))
    }

    /// The counts of the periods `start..end` in the bins of each variable.
    pub(crate) fn window(&self, start: usize, end: usize) -> Vec<Vec<f64>> {
        let (Some(before), Some(now)) = (self.sums.get(start), self.sums.get(end)) else {
            return Vec::new();
        };
        let bins = |streams: &[Vec<f64>]| streams.first().cloned().unwrap_or_default();
        let counts = |(now, before): (&Vec<Vec<f64>>, &Vec<Vec<f64>>)| {
            bins(now).iter().zip(bins(before)).map(|(now, before)| now - before).collect()
        };
        now.iter().zip(before).map(counts).collect()
    }

    /// Forgets all periods but the first ones.
    pub(crate) fn truncate(&mut self, n_periods: usize) {
        self.sums.truncate(n_periods + 1);
    }

    /// The wager if a period that is still running ended now; the wager itself stays as it is.
    ///
    /// # Errors
    ///
    /// As [`Self::add`].
    pub fn preview(&mut self, counts: &[Vec<Vec<f64>>]) -> Result<Wager, Error> {
        let wager = self.add(counts)?;
        self.sums.pop();
        Ok(wager)
    }

    /// The wager after the first `t` periods.
    fn wager(&mut self, t: usize) -> Wager {
        let now = self.sums.get(t).map(Vec::as_slice).unwrap_or_default();
        let (m, horizon) = (self.variables.len() as f64, self.horizon as f64);
        let mut shares = vec![0.0; self.variables.len()];
        let (mut best, mut start) = (f64::NEG_INFINITY, 0);
        for (k, before) in self.sums.iter().take(t).enumerate() {
            let mut of_window = 0.0;
            for (((variable, share), now), before) in
                self.variables.iter().zip(&mut shares).zip(now).zip(before)
            {
                let evidence = variable.evidence(now, before, &mut self.tables);
                *share += evidence;
                of_window += evidence;
            }
            if of_window > best {
                (best, start) = (of_window, k);
            }
        }
        let total: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= total);
        let value = total / (m * horizon) + (horizon - t as f64) / horizon;
        Wager { value, shares, start }
    }
}

impl Variable {
    /// The mean of the e-values of its streams in a window.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of patients, which do not fall"
    )]
    fn evidence(&self, now: &[Vec<f64>], before: &[Vec<f64>], tables: &mut Tables) -> f64 {
        let mut window = Vec::new();
        let mut evidence = 0.0;
        for ((stream, now), before) in self.streams.iter().zip(now).zip(before) {
            window.clear();
            window.extend(now.iter().zip(before).map(|(now, before)| (now - before) as usize));
            evidence += stream.evidence(&window, tables);
        }
        evidence / self.streams.len() as f64
    }
}

fn sum(a: &[Vec<Vec<f64>>], b: &[Vec<Vec<f64>>]) -> Vec<Vec<Vec<f64>>> {
    let cells = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    let streams = |(a, b): (&Vec<Vec<f64>>, &Vec<Vec<f64>>)| a.iter().zip(b).map(cells).collect();
    a.iter().zip(b).map(streams).collect()
}
