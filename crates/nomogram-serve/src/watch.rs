//! The watch: counts of every model in periods, outcomes that become known later, and alarms.
//!
//! A period is a file of counters, which hold no value of a patient. Each model has a lock of its own, under
//! which its wagers are computed: call what computes from threads that may wait, not from async ones. What
//! was predicted for a request is kept in memory only, until its outcome comes or newer predictions take its
//! place.

mod memory;
mod period;
mod state;
mod store;

mod failure;

mod line;

mod metrics;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::failure::{Failed, Failure};
use self::line::Line;
use self::memory::{Memory, Missing};
pub use self::memory::{Predicted, Remembered};
pub use self::metrics::{alert_rules, dashboard};
pub use self::page::{page, to_json};
pub use self::period::PeriodLength;
pub use self::state::{Alarm, AlarmKind, State};
use self::store::Store;
use crate::instant::Instant;
pub use crate::metric::{METRICS, Metric, MetricKind};
use crate::models::Catalog;
use crate::problem::{Problem, ProblemKind};
use crate::served::Served;

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
    /// By digest. The lock of the map is held shortly: nothing is read or computed under it.
    lines: Mutex<BTreeMap<String, Arc<Mutex<Line>>>>,
    memory: Mutex<Memory>,
    /// One look at a time.
    looking: Mutex<()>,
    has_looked: AtomicBool,
    failures: Mutex<Vec<Failure>>,
    /// The digests of models whose horizon is over, once it was reported.
    over: Mutex<BTreeSet<String>>,
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
        Self {
            settings,
            store,
            lines: Mutex::default(),
            memory,
            looking: Mutex::default(),
            has_looked: AtomicBool::new(false),
            failures: Mutex::default(),
            over: Mutex::default(),
        }
    }

    /// Takes the store for this process, before anything of it is read. Otherwise, the first look that writes
    /// takes it.
    ///
    /// # Errors
    ///
    /// A sentence with the folder, when another process has it. What else fails may end while the service runs:
    /// a look reports it.
    pub fn claim_store(&self) -> Result<(), String> {
        match self.store.as_ref().map(Store::claim) {
            Some(Err(error)) if error.kind() == ErrorKind::ResourceBusy => Err(error.to_string()),
            Some(Err(_) | Ok(())) | None => Ok(()),
        }
    }

    /// Takes the counts of all models, closes periods that are over, writes the store, and returns the
    /// alarms that are new. Call it every few seconds and before the service ends.
    ///
    /// # Errors
    ///
    /// The models whose store cannot be read or written; their counts are kept until it can.
    pub fn collect(&self, catalog: &Catalog, now: Instant) -> Result<Vec<Alarm>, Failed> {
        let _one = lock(&self.looking);
        let period = self.settings.period.name(now);
        let (mut alarms, mut failures) = (Vec::new(), Vec::new());
        for served in catalog.served().filter(|served| served.model().profile().is_some()) {
            match self.opened(served, &period) {
                Ok(line) => lock(&line).serve(served),
                // The counts stay with the model.
                Err(detail) => failures.push(Failure::new(served, detail)),
            }
        }
        for line in self.lines() {
            let mut line = lock(&line);
            if let Err(error) = line.take_counts(&period) {
                failures.push(line.failure(error.to_string()));
            }
            alarms.extend(line.new_alarms());
            if let Some(Err(error)) = self.store.as_ref().map(|store| line.write(store)) {
                failures.push(line.failure(error.to_string()));
            }
        }
        lock(&self.failures).clone_from(&failures);
        self.has_looked.store(true, Ordering::Relaxed);
        if failures.is_empty() { Ok(alarms) } else { Err(Failed { alarms, failures }) }
    }

    /// Reads what the store has of a model, before the first look.
    ///
    /// # Errors
    ///
    /// A sentence with the file that cannot be read; the first look reports it again.
    pub fn open(&self, served: &Served, now: Instant) -> Result<(), String> {
        let _one = lock(&self.looking);
        self.opened(served, &self.settings.period.name(now)).map(|_| ())
    }

    fn opened(&self, served: &Served, period: &str) -> Result<Arc<Mutex<Line>>, String> {
        if let Some(line) = lock(&self.lines).get(served.digest()) {
            return Ok(Arc::clone(line));
        }
        let line = Line::open(served, self.settings.horizon, self.store.as_ref(), period)?;
        let line = Arc::new(Mutex::new(line));
        lock(&self.lines).insert(served.digest().to_owned(), Arc::clone(&line));
        Ok(line)
    }

    /// Computes the wager of one period that was closed before the service began. Returns whether there
    /// was one: call it until there is none.
    pub fn compute_next(&self) -> bool {
        self.lines().iter().any(|line| lock(line).compute_next())
    }

    /// Models whose watch failed at the last look.
    #[must_use]
    pub fn failures(&self) -> Vec<Failure> {
        lock(&self.failures).clone()
    }

    /// Models whose horizon is over and was not reported as over before.
    #[must_use]
    pub fn newly_over<'a>(&self, states: &'a [State]) -> Vec<&'a State> {
        let mut over = lock(&self.over);
        states.iter().filter(|state| state.is_over() && over.insert(state.digest.clone())).collect()
    }

    /// Remembers what was predicted for a request, so that its outcomes can be counted.
    pub fn remember(&self, request: &str, remembered: Remembered) {
        lock(&self.memory).insert(request, remembered);
    }

    /// Counts an outcome and forgets the prediction. Returns what was predicted and whether the second
    /// class came true.
    ///
    /// # Errors
    ///
    /// `NotFound` for a request or a row that is not remembered, or whose outcome was counted, or whose id
    /// several requests had; as [`Self::count`].
    pub fn add_outcome(&self, outcome: &Outcome<'_>) -> Result<(Predicted, bool), Problem> {
        let missing = |missing| {
            let detail = match missing {
                Missing::Unknown => "no prediction is remembered for this request and row",
                Missing::Ambiguous => {
                    "several requests with other predictions had this id; send the digest and the probability"
                }
            };
            Problem::new(ProblemKind::NotFound, detail)
        };
        // Predictions are remembered under this lock, so nothing may be computed under it.
        let taken = lock(&self.memory).take(outcome.request, outcome.row);
        let predicted = taken.map_err(missing)?;
        match self.count(&predicted.digest, predicted.probability, outcome.came_true) {
            Ok(came_true) => Ok((predicted, came_true)),
            Err(problem) => {
                let probability = predicted.probability;
                lock(&self.memory).put_back(outcome.request, outcome.row, probability);
                Err(problem)
            }
        }
    }

    /// Counts an outcome whose probability the caller has kept. Returns whether the second class came
    /// true.
    ///
    /// # Errors
    ///
    /// `UnknownModel` for a model that is not watched, `NotReady` for one whose periods are not read yet or
    /// cannot be read, `Malformed` for a number that is no probability
    /// or a class that the model does not have, `Unsupported` for a model that does not predict two
    /// classes.
    pub fn count(
        &self,
        digest: &str,
        probability: f64,
        came_true: CameTrue<'_>,
    ) -> Result<bool, Problem> {
        let line = self.line(digest)?;
        let mut line = lock(&line);
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
        self.lines().iter().map(|line| lock(line).state()).collect()
    }

    /// All periods of a model, analysed as the program `nomogram monitor report` does.
    ///
    /// # Errors
    ///
    /// `UnknownModel`; `NotReady` while wagers of before are computed; `Unsupported` when the horizon is
    /// over.
    pub fn analysis(&self, digest: &str) -> Result<nomogram_monitor::analysis::Analysis, Problem> {
        lock(&*self.line(digest)?).analysis()
    }

    /// Appends the metrics of all models, as Prometheus reads them.
    pub fn write_metrics(&self, text: &mut String) {
        metrics::write(text, &self.states(), &self.failures());
    }

    fn lines(&self) -> Vec<Arc<Mutex<Line>>> {
        lock(&self.lines).values().cloned().collect()
    }

    fn line(&self, digest: &str) -> Result<Arc<Mutex<Line>>, Problem> {
        if let Some(line) = lock(&self.lines).get(digest) {
            return Ok(Arc::clone(line));
        }
        let is_failing = lock(&self.failures).iter().any(|failure| failure.digest == digest);
        let (kind, detail) = match (is_failing, self.has_looked.load(Ordering::Relaxed)) {
            (true, _) => (ProblemKind::NotReady, "the periods of this model cannot be read"),
            (false, false) => (ProblemKind::NotReady, "the periods of this model are not read yet"),
            (false, true) => (ProblemKind::UnknownModel, "no model with this digest is watched"),
        };
        Err(Problem::new(kind, detail))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
