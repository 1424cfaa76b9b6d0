//! The analysis, built period by period, so that a look at a running period costs one step.

use nomogram::{Model, Profile, REASONS};

use super::{Alarm, Analysis, Change, Miscalibration, PeriodAnalysis};
use crate::charts::{Cusum, observed_expected};
use crate::drift::{Bets, Drift, Wager};
use crate::effect::{psi, wasserstein};
use crate::error::Error;
use crate::outcomes::{OutcomeBin, OutcomeTest};
use crate::performance::expected;
use crate::recalibration::{Recalibration, brier_score};
use crate::{ALARM, Period};

/// The analysis of the periods so far.
///
/// The wager on drift after `t` periods costs `t` windows, everything else of a period costs little. So a
/// period may be taken without it, and wagers are computed later, in any pauses.
#[derive(Clone, Debug)]
pub struct Analyser {
    profile: Profile,
    names: Vec<String>,
    n_features: usize,
    is_of_two_classes: bool,
    drift: Drift,
    sums: Sums,
    /// Per period.
    outcomes: Vec<Vec<OutcomeBin>>,
    /// The outcomes whose run length is known, and the run length.
    run_length: Option<(Vec<Vec<OutcomeBin>>, Option<f64>)>,
    /// Periods whose wager on drift is computed; the others follow in `analysis`.
    n_computed: usize,
    analysis: Analysis,
}

/// What is carried from period to period.
#[derive(Clone, Debug)]
struct Sums {
    test: OutcomeTest,
    vlad: f64,
    cusum: Cusum,
    has_outcomes: bool,
}

/// The wagers if a running period ended now.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The wager on drift.
    pub drift: Wager,
    /// The wager on outcomes; `None` before the first one.
    pub calibration: Option<f64>,
}

impl Analyser {
    /// An analysis of no periods.
    ///
    /// # Errors
    ///
    /// `Data` for a bundle without a profile or a horizon of 0.
    pub fn new(model: &Model, horizon: usize) -> Result<Self, Error> {
        let no_profile =
            || Error::Data("the bundle has no profile, so rows are not counted".into());
        let profile = model.profile().ok_or_else(no_profile)?;
        let test = OutcomeTest::new(horizon)?;
        Ok(Self {
            profile: profile.clone(),
            names: names(model, profile),
            n_features: model.schema().n_features(),
            is_of_two_classes: model.schema().target().classes().len() == 2,
            drift: Drift::new(profile, horizon, Bets::Likely)?,
            sums: Sums { test, vlad: 0.0, cusum: Cusum::default(), has_outcomes: false },
            outcomes: Vec::new(),
            run_length: None,
            n_computed: 0,
            analysis: Analysis {
                model: format!("{} {}", model.manifest().name, model.manifest().version),
                digest: model.digest().to_string(),
                horizon,
                alarm_at: ALARM,
                periods: Vec::new(),
                drift_alarm: None,
                changes: Vec::new(),
                calibration_alarm: None,
                miscalibration: None,
                cusum_run_length: None,
            },
        })
    }

    /// Adds a period.
    ///
    /// # Errors
    ///
    /// `Data` for counts of another model, or after the horizon.
    pub fn add(&mut self, name: &str, period: &Period) -> Result<(), Error> {
        self.add_uncomputed(name, period)?;
        while self.compute_next()?.is_some() {}
        Ok(())
    }

    /// Adds a period, whose wager on drift [`Self::compute_next`] computes.
    ///
    /// # Errors
    ///
    /// As [`Self::add`].
    pub fn add_uncomputed(&mut self, name: &str, period: &Period) -> Result<(), Error> {
        let (counts, outcomes) = (period.counts()?, period.outcomes()?);
        let (refused, risks) = (period.refused()?, period.risks()?);
        self.drift.push(&counts)?;
        let owned = self.sums.test.add_bins(&outcomes)?;
        let (mut observed, mut sum) = (0, 0.0);
        for bin in &outcomes {
            observed += bin.events;
            sum += number(bin.n_rows) * bin.mean;
            self.sums.has_outcomes |= bin.n_rows > 0;
        }
        self.sums.vlad += sum - number(observed);
        self.sums.cusum.add(&outcomes);
        let calibration = self.sums.has_outcomes.then_some(owned);
        let analysis = &mut self.analysis;
        let brier_score = brier_score(&outcomes);
        self.outcomes.push(outcomes);
        if analysis.calibration_alarm.is_none() && calibration.is_some_and(|owned| owned >= ALARM) {
            analysis.calibration_alarm = Some(analysis.periods.len());
            let start = self.sums.test.start(&self.outcomes);
            let since = self.outcomes.iter().skip(start).flatten().copied().collect::<Vec<_>>();
            let fitted = Recalibration::of(&since);
            analysis.miscalibration =
                fitted.map(|recalibration| Miscalibration { start, recalibration });
        }
        let refused = REASONS.iter().zip(refused).filter(|(_, n)| *n > 0);
        let is_trusted = analysis.calibration_alarm.is_none() && self.is_of_two_classes;
        analysis.periods.push(PeriodAnalysis {
            name: name.to_owned(),
            n_rows: period.n_rows(),
            refused: refused.map(|(kind, n)| (kind.c_name().to_string_lossy().into(), n)).collect(),
            drift: f64::NAN,
            shares: Vec::new(),
            calibration,
            observed_expected: observed_expected(observed, sum, 0.95).ok(),
            brier_score,
            vlad: self.sums.vlad,
            cusum: self.sums.cusum,
            expected: if is_trusted { expected(&risks) } else { None },
        });
        Ok(())
    }

    /// Computes the wager on drift of the first period that has none yet, and returns the name of the
    /// period with the wager; `None` when all are computed.
    ///
    /// # Errors
    ///
    /// None after a period was added.
    pub fn compute_next(&mut self) -> Result<Option<(&str, f64)>, Error> {
        let index = self.n_computed;
        if index == self.analysis.periods.len() {
            return Ok(None);
        }
        let wager = self.drift.wager_after(index + 1)?;
        let ranked = ranked(&self.names, &wager.shares);
        let window = self.drift.window(wager.start, index + 1);
        let has_value = |(index, _): &(usize, f64)| {
            window.get(*index).is_some_and(|counts| counts.iter().sum::<f64>() > 0.0)
        };
        let all: Vec<_> = wager.shares.iter().copied().enumerate().filter(has_value).collect();
        self.analysis.changes = self.changes(&all, &window);
        if self.analysis.drift_alarm.is_none() && wager.value >= ALARM {
            // A share that alone is an alarm is named, however large another one is.
            let is_named = |share: f64| share > 0.01 || share * wager.value >= ALARM;
            let named: Vec<_> =
                ranked.iter().copied().take(5).filter(|(_, share)| is_named(*share)).collect();
            let variables = self.changes(&named, &window);
            self.analysis.drift_alarm =
                Some(Alarm { period: index, start: wager.start, variables });
        }
        let name = |index: usize| self.names.get(index).cloned().unwrap_or_default();
        let shares = ranked.into_iter().filter(|(_, share)| *share > 0.01);
        let shares = shares.map(|(index, share)| (name(index), share)).collect();
        self.n_computed += 1;
        let Some(period) = self.analysis.periods.get_mut(index) else { return Ok(None) };
        (period.drift, period.shares) = (wager.value, shares);
        Ok(Some((&period.name, wager.value)))
    }

    /// How many periods have no wager on drift yet.
    #[must_use]
    pub fn n_uncomputed(&self) -> usize {
        self.analysis.periods.len() - self.n_computed
    }

    /// Whether an outcome is known.
    #[must_use]
    pub fn has_outcomes(&self) -> bool {
        self.sums.has_outcomes
    }

    /// The first period whose wager on outcomes reached the alarm, by its name.
    #[must_use]
    pub fn calibration_alarm(&self) -> Option<&str> {
        let period = self.analysis.periods.get(self.analysis.calibration_alarm?)?;
        Some(&period.name)
    }

    /// The wagers if a running period ended now.
    ///
    /// # Errors
    ///
    /// As [`Self::add`].
    pub fn preview(&mut self, period: &Period) -> Result<Preview, Error> {
        let outcomes = period.outcomes()?;
        let owned = self.sums.test.clone().add_bins(&outcomes)?;
        let has_outcomes = self.sums.has_outcomes || outcomes.iter().any(|bin| bin.n_rows > 0);
        let drift = self.drift.preview(&period.counts()?)?;
        Ok(Preview { drift, calibration: has_outcomes.then_some(owned) })
    }

    /// The analysis if a running period ended now; what was added stays as it is.
    ///
    /// # Errors
    ///
    /// As [`Self::add`].
    pub fn analysis_with(&mut self, name: &str, period: &Period) -> Result<Analysis, Error> {
        while self.compute_next()?.is_some() {}
        let (sums, n_outcomes) = (self.sums.clone(), self.outcomes.len());
        let (n_periods, drift_alarm) = (self.n_computed, self.analysis.drift_alarm.clone());
        let (calibration_alarm, miscalibration) =
            (self.analysis.calibration_alarm, self.analysis.miscalibration);
        let changes = self.analysis.changes.clone();
        let analysis = self.add(name, period).and_then(|()| self.analysis());
        self.drift.truncate(n_periods);
        self.sums = sums;
        self.outcomes.truncate(n_outcomes);
        self.n_computed = n_periods;
        self.analysis.periods.truncate(n_periods);
        self.analysis.drift_alarm = drift_alarm;
        self.analysis.calibration_alarm = calibration_alarm;
        self.analysis.miscalibration = miscalibration;
        self.analysis.changes = changes;
        analysis
    }

    /// The analysis of the periods so far.
    ///
    /// # Errors
    ///
    /// None after a period was added.
    pub fn analysis(&mut self) -> Result<Analysis, Error> {
        while self.compute_next()?.is_some() {}
        // The run length is that of all outcomes, and costs more than a wager.
        let known = self.run_length.take().filter(|(outcomes, _)| *outcomes == self.outcomes);
        let (outcomes, length) = known
            .unwrap_or_else(|| (self.outcomes.clone(), Cusum::run_length(&self.outcomes.concat())));
        self.run_length = Some((outcomes, length));
        Ok(Analysis { cusum_run_length: length, ..self.analysis.clone() })
    }

    /// The analysis, when no period follows.
    ///
    /// # Errors
    ///
    /// None after a period was added.
    pub fn finish(mut self) -> Result<Analysis, Error> {
        self.analysis()
    }

    /// The sizes of the changes of variables with their shares, in a window.
    fn changes(&self, named: &[(usize, f64)], window: &[Vec<f64>]) -> Vec<Change> {
        let of = |(index, share): &(usize, f64)| {
            let bins = match self.profile.features.get(*index) {
                Some(histogram) => Some(&histogram.bins),
                None => self.profile.outputs.get(index - self.n_features),
            };
            let (edges, counts) = match bins {
                Some(bins) => (bins.edges(), bins.counts()),
                None => (&[][..], &self.profile.classes[..]),
            };
            let reference: Vec<f64> = counts.iter().map(|count| number(*count)).collect();
            let now = window.get(*index).map(Vec::as_slice).unwrap_or_default();
            Change {
                name: self.names.get(*index).cloned().unwrap_or_default(),
                share: *share,
                psi: psi(&reference, now),
                wasserstein: (edges.len() > 1).then(|| wasserstein(edges, &reference, now)),
            }
        };
        named.iter().map(of).collect()
    }
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

#[allow(clippy::cast_precision_loss, reason = "counts of patients")]
fn number(count: u64) -> f64 {
    count as f64
}
