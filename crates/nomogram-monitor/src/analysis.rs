//! All of it for the periods of one model, as reports show it.

use nomogram::{Model, Profile, REASONS};
use serde::Serialize;

use crate::charts::{Cusum, ObservedExpected, observed_expected};
use crate::drift::{Bets, Drift};
use crate::effect::{psi, wasserstein};
use crate::error::Error;
use crate::outcomes::OutcomeTest;
use crate::performance::{ExpectedPerformance, expected};
use crate::{ALARM, Period};

/// What is computed for a model and its periods.
#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    /// The name and the version of the model.
    pub model: String,
    /// The digest of its bundle.
    pub digest: String,
    /// How many periods the wagers cover.
    pub horizon: usize,
    /// The wager at which an alarm is raised.
    pub alarm_at: f64,
    /// One per period.
    pub periods: Vec<PeriodAnalysis>,
    /// The first period whose drift wager reached the alarm.
    pub drift_alarm: Option<Alarm>,
    /// The first period whose wager on outcomes reached the alarm, counted from 0.
    pub calibration_alarm: Option<usize>,
    /// Mean outcomes until the CUSUM for doubled odds reaches its limit although the risks are right.
    pub cusum_run_length: Option<f64>,
}

/// The first alarm of drift.
#[derive(Clone, Debug, Serialize)]
pub struct Alarm {
    /// The period, counted from 0.
    pub period: usize,
    /// The period in which the change most likely began, counted from 0.
    pub start: usize,
    /// At most five variables with the largest shares of the wager, largest first, with sizes of their
    /// change: those with more than 1 in 100, and those whose share alone reaches the alarm.
    pub variables: Vec<Change>,
}

/// How one variable changed since the start of a window.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The name of the feature, or `predicted risk`, `predicted class`.
    pub name: String,
    /// Its share of the wager.
    pub share: f64,
    /// The population stability index against the training rows.
    pub psi: f64,
    /// The Wasserstein distance in the units of the feature; `None` for levels.
    pub wasserstein: Option<f64>,
}

/// One period.
#[derive(Clone, Debug, Serialize)]
pub struct PeriodAnalysis {
    /// Its name.
    pub name: String,
    /// Rows that were predicted.
    pub n_rows: u64,
    /// Rows that were refused, by the name of the status; those with none are left out.
    pub refused: Vec<(String, u64)>,
    /// The wager on drift.
    pub drift: f64,
    /// The share of each variable in it that has more than 1 in 100, largest first.
    pub shares: Vec<(String, f64)>,
    /// The wager on outcomes; `None` before the first outcome.
    pub calibration: Option<f64>,
    /// Observed against expected events with the exact 95 % interval, where outcomes are known.
    pub observed_expected: Option<ObservedExpected>,
    /// Expected minus observed events up to this period.
    pub vlad: f64,
    /// Risk-adjusted CUSUMs after this period.
    pub cusum: Cusum,
    /// The performance that is expected without outcomes; `None` once calibration has alarmed.
    pub expected: Option<ExpectedPerformance>,
}

/// Analyses named periods in their order.
///
/// # Errors
///
/// `Model` for a bundle without a profile, `Data` for more periods than the horizon.
pub fn analyse(
    model: &Model,
    periods: &[(String, Period)],
    horizon: usize,
) -> Result<Analysis, Error> {
    let no_profile = || Error::Data("the bundle has no profile, so rows are not counted".into());
    let profile = model.profile().ok_or_else(no_profile)?;
    let names = names(model, profile);
    let (mut drift, mut test) =
        (Drift::new(profile, horizon, Bets::Likely)?, OutcomeTest::new(horizon)?);
    let mut analysis = Analysis {
        model: format!("{} {}", model.manifest().name, model.manifest().version),
        digest: model.digest().to_string(),
        horizon,
        alarm_at: ALARM,
        periods: Vec::with_capacity(periods.len()),
        drift_alarm: None,
        calibration_alarm: None,
        cusum_run_length: None,
    };
    let (mut vlad, mut cusum, mut has_outcomes) = (0.0, Cusum::default(), false);
    let mut all_outcomes = Vec::new();
    for (index, (name, period)) in periods.iter().enumerate() {
        let wager = drift.add(&period.counts()?)?;
        let outcomes = period.outcomes()?;
        let owned = test.add_bins(&outcomes)?;
        let (mut observed, mut sum) = (0, 0.0);
        for bin in &outcomes {
            observed += bin.events;
            sum += number(bin.n_rows) * bin.mean;
            has_outcomes |= bin.n_rows > 0;
        }
        vlad += sum - number(observed);
        cusum.add(&outcomes);
        let calibration = has_outcomes.then_some(owned);
        if analysis.calibration_alarm.is_none() && calibration.is_some_and(|owned| owned >= ALARM) {
            analysis.calibration_alarm = Some(index);
        }
        let ranked = ranked(&names, &wager.shares);
        if analysis.drift_alarm.is_none() && wager.value >= ALARM {
            let window = periods.get(wager.start..=index).unwrap_or_default();
            // A share that alone is an alarm is named, however large another one is.
            let is_named = |share: f64| share > 0.01 || share * wager.value >= ALARM;
            let named: Vec<_> =
                ranked.iter().copied().take(5).filter(|(_, share)| is_named(*share)).collect();
            let variables = changes(model, profile, &names, &named, window)?;
            analysis.drift_alarm = Some(Alarm { period: index, start: wager.start, variables });
        }
        let refused = REASONS.iter().zip(period.refused()?).filter(|(_, n)| *n > 0);
        let is_trusted =
            analysis.calibration_alarm.is_none() && model.schema().target().classes().len() == 2;
        analysis.periods.push(PeriodAnalysis {
            name: name.clone(),
            n_rows: period.n_rows(),
            refused: refused.map(|(kind, n)| (kind.c_name().to_string_lossy().into(), n)).collect(),
            drift: wager.value,
            shares: ranked
                .into_iter()
                .filter(|(_, share)| *share > 0.01)
                .map(|(index, share)| (names.get(index).cloned().unwrap_or_default(), share))
                .collect(),
            calibration,
            observed_expected: observed_expected(observed, sum, 0.95).ok(),
            vlad,
            cusum,
            expected: if is_trusted { expected(&period.risks()?) } else { None },
        });
        all_outcomes.extend(outcomes);
    }
    analysis.cusum_run_length = Cusum::run_length(&all_outcomes);
    Ok(analysis)
}

/// The names of the variables, in the order of the wager.
fn names(model: &Model, profile: &Profile) -> Vec<String> {
    let schema = model.schema();
    let features = schema.features().iter().map(|feature| feature.name.clone());
    let classes = schema.target().classes();
    let outputs = (0..profile.outputs.len()).map(|output| match classes.get(output) {
        Some(class) if classes.len() > 2 => format!("predicted probability of {class}"),
        Some(_) => "predicted risk".into(),
        None => "predicted number".into(),
    });
    let class = (!classes.is_empty()).then(|| "predicted class".into());
    features.chain(outputs).chain(class).collect()
}

/// The variables by their share, largest first.
fn ranked(names: &[String], shares: &[f64]) -> Vec<(usize, f64)> {
    let mut ranked: Vec<(usize, f64)> = shares.iter().copied().enumerate().collect();
    ranked.truncate(names.len());
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}

/// The sizes of the changes of variables with their shares, in a window.
fn changes(
    model: &Model,
    profile: &Profile,
    names: &[String],
    named: &[(usize, f64)],
    window: &[(String, Period)],
) -> Result<Vec<Change>, Error> {
    let mut sums: Vec<Vec<f64>> = Vec::new();
    for (_, period) in window {
        let counts = period.counts()?;
        sums.resize(counts.len(), Vec::new());
        for (sum, streams) in sums.iter_mut().zip(counts) {
            let bins = streams.into_iter().next().unwrap_or_default();
            sum.resize(bins.len(), 0.0);
            sum.iter_mut().zip(bins).for_each(|(sum, count)| *sum += count);
        }
    }
    let n_features = model.schema().n_features();
    let of = |(index, share): &(usize, f64)| {
        let bins = match profile.features.get(*index) {
            Some(histogram) => Some(&histogram.bins),
            None => profile.outputs.get(index - n_features),
        };
        let (edges, counts) = match bins {
            Some(bins) => (bins.edges(), bins.counts()),
            None => (&[][..], &profile.classes[..]),
        };
        let reference: Vec<f64> = counts.iter().map(|count| number(*count)).collect();
        let found = sums.get(*index).map(Vec::as_slice).unwrap_or_default();
        Change {
            name: names.get(*index).cloned().unwrap_or_default(),
            share: *share,
            psi: psi(&reference, found),
            wasserstein: (edges.len() > 1).then(|| wasserstein(edges, &reference, found)),
        }
    };
    Ok(named.iter().map(of).collect())
}

#[allow(clippy::cast_precision_loss, reason = "counts of patients")]
fn number(count: u64) -> f64 {
    count as f64
}
