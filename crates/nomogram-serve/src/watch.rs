//! The watch: counts of every model in periods, outcomes that become known later, and alarms.
//!
//! A period is a file of counters, which hold no value of a patient. What was predicted for a request is
//! kept in memory only, until its outcome comes or newer predictions take its place.

mod memory;
mod period;
mod store;

mod line;

mod metrics;
mod page;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::line::Line;
pub use self::line::{Alarm, AlarmKind, State};
use self::memory::Memory;
pub use self::memory::{Predicted, Remembered};
pub use self::metrics::{METRICS, Metric, MetricKind, alert_rules, dashboard};
pub use self::page::{page, to_json};
pub use self::period::PeriodLength;
use self::store::Store;
use crate::instant::Instant;
use crate::models::Catalog;
use crate::problem::{Problem, ProblemKind};

/// How models are watched.
#[derive(Clone, Debug)]
pub struct WatchSettings {
    /// The folder of the periods; without one they are lost with the process.
    pub store: Option<PathBuf>,
    /// How long a period is.
    pub period: PeriodLength,
    /// For how many periods a model is watched, decided before the first one.
    pub horizon: usize,
    /// How many predicted rows are remembered for their outcomes.
    pub n_remembered: usize,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self { store: None, period: PeriodLength::Week, horizon: 104, n_remembered: 100_000 }
    }
}

/// The watch over all models.
#[derive(Debug)]
pub struct Watch {
    settings: WatchSettings,
    store: Option<Store>,
    /// By digest.
    lines: Mutex<BTreeMap<String, Line>>,
    memory: Mutex<Memory>,
}

/// An outcome that became known.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<'a> {
    /// The request that predicted it.
    pub request: &'a str,
    /// The row of that request, counted from 0.
    pub row: usize,
    /// What came true.
    pub came_true: CameTrue<'a>,
}

/// What came true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CameTrue<'a> {
    /// The second of two classes, or not.
    Second(bool),
    /// The class with this name.
    Class(&'a str),
}

impl Watch {
    /// A watch; what its store has is read when a model is first counted.
    #[must_use]
    pub fn new(settings: WatchSettings) -> Self {
        let store = settings.store.clone().map(Store::new);
        let memory = Mutex::new(Memory::new(settings.n_remembered));
        Self { settings, store, lines: Mutex::default(), memory }
    }

    /// Takes the counts of all models, closes periods that are over, writes the store, and returns the
    /// alarms that are new. Call it every few seconds and before the service ends.
    ///
    /// # Errors
    ///
    /// `Defect` when the store cannot be read or written; the counts are kept in memory.
    pub fn collect(&self, catalog: &Catalog, now: Instant) -> Result<Vec<Alarm>, Problem> {
        let name = self.settings.period.name(now);
        let (mut alarms, mut failure) = (Vec::new(), None);
        let mut lines = self.lines();
        for served in catalog.served() {
            let Some(counted) = served.take_counters().map_err(|e| defect(&e))? else { continue };
            let line = match lines.entry(served.digest().to_owned()) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    let line = Line::open(served, self.settings.horizon, self.store.as_ref())?;
                    entry.insert(line)
                }
            };
            line.serve(served);
            line.add(&counted, &name).map_err(|e| defect(&e))?;
        }
        for line in lines.values_mut() {
            if catalog.of_digest(line.digest()).is_none() {
                line.add_last(&name).map_err(|e| defect(&e))?;
            }
            if let Some(store) = &self.store {
                failure = line.write(store).err().or(failure);
            }
            alarms.extend(line.new_alarms());
        }
        match failure {
            None => Ok(alarms),
            Some(error) => Err(defect(&error)),
        }
    }

    /// Remembers what was predicted for a request, so that its outcomes can be counted.
    pub fn remember(&self, request: &str, remembered: Remembered) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(request, remembered);
    }

    /// Counts an outcome and forgets the prediction. Returns what was predicted and whether the second
    /// class came true.
    ///
    /// # Errors
    ///
    /// `NotFound` for a request or a row that is not remembered, or whose outcome was counted; as
    /// [`Self::count`].
    pub fn add_outcome(&self, outcome: &Outcome<'_>) -> Result<(Predicted, bool), Problem> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = || {
            let detail = "no prediction is remembered for this request and row";
            Problem::new(ProblemKind::NotFound, detail)
        };
        let predicted = memory.find(outcome.request, outcome.row).ok_or_else(unknown)?;
        let came_true = self.count(&predicted.digest, predicted.probability, outcome.came_true)?;
        memory.forget(outcome.request, outcome.row);
        Ok((predicted, came_true))
    }

    /// Counts an outcome whose probability the caller has kept. Returns whether the second class came
    /// true.
    ///
    /// # Errors
    ///
    /// `UnknownModel` for a model that is not watched, `Malformed` for a number that is no probability
    /// or a class that the model does not have, `Unsupported` for a model that does not predict two
    /// classes.
    pub fn count(
        &self,
        digest: &str,
        probability: f64,
        came_true: CameTrue<'_>,
    ) -> Result<bool, Problem> {
        let mut lines = self.lines();
        let line = lines.get_mut(digest).ok_or_else(not_watched)?;
        if !(0.0..=1.0).contains(&probability) {
            let detail = "probability: expected a number in [0, 1]";
            return Err(Problem::new(ProblemKind::Malformed, detail));
        }
        let came_true = match came_true {
            CameTrue::Second(came_true) => came_true,
            CameTrue::Class(name) => line.is_second(name).ok_or_else(|| {
                let detail = "outcome: expected true, false or the name of a class of the model";
                Problem::new(ProblemKind::Malformed, detail)
            })?,
        };
        line.add_outcome(probability, came_true)
            .map_err(|error| Problem::new(ProblemKind::Unsupported, error.to_string()))?;
        Ok(came_true)
    }

    /// The state of every model that is watched, by digest.
    #[must_use]
    pub fn states(&self) -> Vec<State> {
        self.lines().values_mut().map(Line::state).collect()
    }

    /// All periods of a model, analysed as the program `nomogram monitor report` does.
    ///
    /// # Errors
    ///
    /// `UnknownModel`; `Unsupported` when the horizon is over.
    pub fn analysis(&self, digest: &str) -> Result<nomogram_monitor::analysis::Analysis, Problem> {
        let lines = self.lines();
        let line = lines.get(digest).ok_or_else(not_watched)?;
        line.analysis().map_err(|error| Problem::new(ProblemKind::Unsupported, error.to_string()))
    }

    /// Appends the metrics of all models, as Prometheus reads them.
    pub fn write_metrics(&self, text: &mut String) {
        metrics::write(text, &self.states());
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<String, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_watched() -> Problem {
    Problem::new(ProblemKind::UnknownModel, "no model with this digest is watched")
}

fn defect(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Defect, error.to_string())
}

#[cfg(test)]
mod tests;
