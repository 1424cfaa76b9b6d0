//! The periods of one model: closed ones, and the one that is running.

use std::io;
use std::sync::Arc;

use nomogram::{Model, Monitor};
use nomogram_monitor::analysis::{Analysis, analyse};
use nomogram_monitor::drift::{Bets, Drift, Wager};
use nomogram_monitor::outcomes::OutcomeTest;
use nomogram_monitor::{ALARM, Error, Period};
use serde::Serialize;

use super::store::{Key, Store};
use crate::problem::{Problem, ProblemKind};
use crate::served::Served;

/// The periods of one model.
#[derive(Debug)]
pub(super) struct Line {
    name: String,
    version: String,
    digest: String,
    model: Arc<Model>,
    /// The model while it is served, and until the last request on it ends.
    served: Option<Arc<Served>>,
    horizon: usize,
    closed: Vec<(String, Monitor)>,
    /// The name of the running period, and its counters.
    current: Option<(String, Monitor)>,
    drift: Drift,
    test: OutcomeTest,
    has_outcomes: bool,
    /// Whether each wager has reached the alarm at any time.
    has_reached: [bool; 2],
    /// Whether each alarm was raised.
    was_raised: [bool; 2],
    /// `None` when counters have changed since it was computed.
    state: Option<State>,
}

/// What is known of a model at a time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// The name of the model.
    pub model: String,
    /// Its version.
    pub version: String,
    /// Its digest.
    pub digest: String,
    /// The running period.
    pub period: String,
    /// Periods with rows, the running one included.
    pub n_periods: usize,
    /// For how many periods it is watched.
    pub horizon: usize,
    /// Rows that were predicted in the running period.
    pub n_rows: u64,
    /// Rows that were refused in the running period.
    pub n_refused: u64,
    /// Outcomes that became known in the running period.
    pub n_outcomes: u64,
    /// The wager on patients; `None` once the horizon is over.
    pub drift: Option<f64>,
    /// The share of each variable in it.
    pub shares: Vec<(String, f64)>,
    /// The wager on outcomes; `None` before the first one, and once the horizon is over.
    pub outcomes: Option<f64>,
    /// Whether patients have changed: once true, it stays.
    pub drift_alarm: bool,
    /// Whether risks no longer fit the outcomes: once true, it stays.
    pub outcome_alarm: bool,
}

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// Patients are no longer those of the training.
    PatientsHaveChanged,
    /// Predicted risks no longer fit the outcomes.
    RisksNoLongerFit,
}

/// An alarm, as a webhook gets it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alarm {
    /// What it is about.
    pub alarm: AlarmKind,
    /// The name of the model.
    pub model: String,
    /// Its version.
    pub version: String,
    /// Its digest.
    pub digest: String,
    /// The running period.
    pub period: String,
    /// Of patients who have changed: the variables with the largest shares of the wager.
    pub variables: Vec<String>,
}

impl Line {
    /// The periods of a model that the store has.
    pub(super) fn open(
        served: &Served,
        horizon: usize,
        store: Option<&Store>,
    ) -> Result<Self, Problem> {
        let model = Arc::clone(served.model());
        let failed = |detail: String| Problem::new(ProblemKind::Defect, detail);
        let profile = model.profile().ok_or_else(|| failed("the bundle has no profile".into()))?;
        let drift =
            Drift::new(profile, horizon, Bets::Likely).map_err(|e| failed(e.to_string()))?;
        let test = OutcomeTest::new(horizon).map_err(|e| failed(e.to_string()))?;
        let mut line = Self {
            name: served.name().to_owned(),
            version: served.version().to_owned(),
            digest: served.digest().to_owned(),
            model,
            served: None,
            horizon,
            closed: Vec::new(),
            current: None,
            drift,
            test,
            has_outcomes: false,
            has_reached: [false; 2],
            was_raised: [false; 2],
            state: None,
        };
        let periods = match store {
            Some(store) => store.read(line.key()).map_err(|e| failed(e.to_string()))?,
            None => Vec::new(),
        };
        for (name, bytes) in periods {
            let monitor = Monitor::of_bytes(Arc::clone(&line.model), &bytes)
                .map_err(|error| failed(format!("period {name}: {error}")))?;
            line.begin(name);
            line.current = line.current.take().map(|(name, _)| (name, monitor));
        }
        // Alarms of before were raised before.
        let _raised = line.new_alarms();
        Ok(line)
    }

    fn key(&self) -> Key<'_> {
        Key { name: &self.name, version: &self.version, digest: &self.digest }
    }

    /// Adds counts to the period with a name. Another period than the running one closes it. The clock
    /// may go back: an older period is not opened again.
    pub(super) fn add(&mut self, counted: &Monitor, period: &str) -> Result<(), nomogram::Error> {
        if self.current.as_ref().is_none_or(|(name, _)| name.as_str() < period) {
            self.begin(period.to_owned());
        }
        if let Some((_, current)) = &mut self.current {
            current.add(&counted.to_bytes())?;
        }
        if counted.cells().iter().any(|cell| *cell > 0) {
            self.state = None;
        }
        Ok(())
    }

    /// Remembers the model that is served.
    pub(super) fn serve(&mut self, served: &Arc<Served>) {
        self.served = Some(Arc::clone(served));
    }

    /// Takes the counts of a model that is served no longer, until no request holds it any more.
    pub(super) fn add_last(&mut self, period: &str) -> Result<(), nomogram::Error> {
        let Some(served) = self.served.take() else { return Ok(()) };
        let is_last = Arc::strong_count(&served) == 1;
        if let Some(counted) = served.take_counters()? {
            self.add(&counted, period)?;
        }
        self.served = Some(served).filter(|_| !is_last);
        Ok(())
    }

    /// The digest of the bundle.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    /// Closes the running period and begins the next one. A period without counts leaves no trace, so a
    /// service that nobody uses does not use up its horizon.
    fn begin(&mut self, name: String) {
        self.state = None;
        if let Some((closed, monitor)) = self.current.take()
            && !is_empty(&monitor)
        {
            let period = Period::of_monitor(monitor.clone());
            self.has_outcomes |= n_outcomes(&period) > 0;
            // Once the horizon is over, wagers stay as they are.
            if let Ok((wager, owned)) = step(&mut self.drift, &mut self.test, &period) {
                self.has_reached[0] |= wager.value >= ALARM;
                self.has_reached[1] |= self.has_outcomes && owned >= ALARM;
            }
            self.closed.push((closed, monitor));
        }
        self.current = Monitor::new(Arc::clone(&self.model)).ok().map(|monitor| (name, monitor));
    }

    /// Whether a class is the second of two; `None` when the model does not have it.
    pub(super) fn is_second(&self, class: &str) -> Option<bool> {
        let classes = self.model.schema().target().classes();
        classes.iter().position(|known| known == class).map(|position| position == 1)
    }

    /// Counts an outcome in the running period.
    pub(super) fn add_outcome(
        &mut self,
        probability: f64,
        came_true: bool,
    ) -> Result<(), nomogram::Error> {
        self.state = None;
        match &mut self.current {
            Some((_, current)) => current.add_outcome(probability, came_true),
            None => Ok(()),
        }
    }

    /// Writes the running period, and one that was closed since it was last written.
    pub(super) fn write(&self, store: &Store) -> io::Result<()> {
        let last = self.closed.last().map(|(name, monitor)| (name, monitor));
        let current = self.current.as_ref().map(|(name, monitor)| (name, monitor));
        for (name, monitor) in last.into_iter().chain(current) {
            if !is_empty(monitor) {
                store.write(self.key(), name, &monitor.to_bytes())?;
            }
        }
        Ok(())
    }

    /// The state; it is computed when counters have changed.
    pub(super) fn state(&mut self) -> State {
        if let Some(state) = &self.state {
            return state.clone();
        }
        let state = self.computed();
        self.has_reached = [state.drift_alarm, state.outcome_alarm];
        self.state = Some(state.clone());
        state
    }

    fn computed(&mut self) -> State {
        let running = self.current.as_ref().filter(|(_, monitor)| !is_empty(monitor));
        let period = running.map(|(_, monitor)| Period::of_monitor(monitor.clone()));
        let mut test = self.test.clone();
        let wagers = period.as_ref().and_then(|period| {
            let wager = self.drift.preview(&period.counts().ok()?).ok()?;
            Some((wager, test.add_bins(&period.outcomes().ok()?).ok()?))
        });
        let wager = wagers.as_ref().map(|(wager, _)| wager);
        let known = period.as_ref().map_or(0, n_outcomes);
        let has_outcomes = self.has_outcomes || known > 0;
        let outcomes = wagers.as_ref().map(|(_, owned)| *owned).filter(|_| has_outcomes);
        let reaches = |value: Option<f64>| value.is_some_and(|value| value >= ALARM);
        let [was_drift, was_outcomes] = self.has_reached;
        let refused = period.as_ref().and_then(|period| period.refused().ok()).unwrap_or_default();
        State {
            model: self.name.clone(),
            version: self.version.clone(),
            digest: self.digest.clone(),
            period: self.current.as_ref().map_or_else(String::new, |(name, _)| name.clone()),
            n_periods: self.closed.len() + usize::from(running.is_some()),
            horizon: self.horizon,
            n_rows: period.as_ref().map_or(0, Period::n_rows),
            n_refused: refused.iter().sum(),
            n_outcomes: known,
            drift: wager.map(|wager| wager.value),
            shares: wager.map_or_else(Vec::new, |wager| self.shares(wager)),
            outcomes,
            drift_alarm: was_drift || reaches(wager.map(|wager| wager.value)),
            outcome_alarm: was_outcomes || reaches(outcomes),
        }
    }

    /// The share of each variable in a wager, by its name.
    fn shares(&self, wager: &Wager) -> Vec<(String, f64)> {
        let schema = self.model.schema();
        let n_features = schema.n_features();
        let name = |variable: usize| match schema.features().get(variable) {
            Some(feature) => feature.name.clone(),
            None => format!("output {}", variable - n_features + 1),
        };
        wager.shares.iter().enumerate().map(|(index, share)| (name(index), *share)).collect()
    }

    /// Alarms that were not raised before.
    pub(super) fn new_alarms(&mut self) -> Vec<Alarm> {
        let state = self.state();
        let [was_drift, was_outcomes] = self.was_raised;
        self.was_raised = self.has_reached;
        let alarm = |alarm, variables| Alarm {
            alarm,
            model: state.model.clone(),
            version: state.version.clone(),
            digest: state.digest.clone(),
            period: state.period.clone(),
            variables,
        };
        let mut alarms = Vec::new();
        if state.drift_alarm && !was_drift {
            let mut shares = state.shares.clone();
            shares.sort_by(|a, b| b.1.total_cmp(&a.1));
            let named = shares.into_iter().take(5).filter(|(_, share)| *share > 0.01);
            alarms
                .push(alarm(AlarmKind::PatientsHaveChanged, named.map(|(name, _)| name).collect()));
        }
        if state.outcome_alarm && !was_outcomes {
            alarms.push(alarm(AlarmKind::RisksNoLongerFit, Vec::new()));
        }
        alarms
    }

    /// All periods, analysed.
    pub(super) fn analysis(&self) -> Result<Analysis, Error> {
        let running = self.current.iter().filter(|(_, monitor)| !is_empty(monitor));
        let periods: Vec<(String, Period)> = self
            .closed
            .iter()
            .chain(running)
            .map(|(name, monitor)| (name.clone(), Period::of_monitor(monitor.clone())))
            .collect();
        analyse(&self.model, &periods, self.horizon)
    }
}

/// Adds a period to both wagers.
fn step(drift: &mut Drift, test: &mut OutcomeTest, period: &Period) -> Result<(Wager, f64), Error> {
    Ok((drift.add(&period.counts()?)?, test.add_bins(&period.outcomes()?)?))
}

fn n_outcomes(period: &Period) -> u64 {
    period.outcomes().map_or(0, |bins| bins.iter().map(|bin| bin.n_rows).sum())
}

fn is_empty(monitor: &Monitor) -> bool {
    monitor.cells().iter().all(|cell| *cell == 0)
}
