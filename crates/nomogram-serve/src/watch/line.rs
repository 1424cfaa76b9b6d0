//! The periods of one model: closed ones, and the one that is running.

mod shown;

use std::io;
use std::sync::Arc;

use nomogram::{Model, Monitor};
use nomogram_monitor::analysis::Analyser;
use nomogram_monitor::{ALARM, Period};

use super::failure::Failure;
use super::state::{Alarm, AlarmKind, Reached, State};
use super::store::{Key, Store};
use crate::served::Served;

/// The periods of one model.
#[derive(Debug)]
pub(super) struct Line {
    name: String,
    version: String,
    digest: String,
    model: Arc<Model>,
    /// The model as it is served, and as it was served, until the last request on it ends.
    serving: Vec<Arc<Served>>,
    horizon: usize,
    has_store: bool,
    /// Of the closed periods.
    analyser: Analyser,
    n_closed: usize,
    /// Periods that were closed before the service began: their alarms were raised then.
    n_of_before: usize,
    /// Closed periods that the store could not write yet.
    unwritten: Vec<(String, Monitor)>,
    running: Running,
    reached: Reached,
    /// What of it was raised.
    raised: Reached,
    /// What of it the store has.
    written: Reached,
    /// `None` when counters have changed since it was computed.
    state: Option<State>,
}

/// The period that is running.
#[derive(Debug)]
struct Running {
    name: String,
    monitor: Monitor,
    is_written: bool,
}

impl Line {
    /// The periods of a model that the store has, and the one with the name `period`, which runs.
    ///
    /// # Errors
    ///
    /// A sentence with the file that cannot be read.
    pub(super) fn open(
        served: &Served,
        horizon: usize,
        store: Option<&Store>,
        period: &str,
    ) -> Result<Self, String> {
        let model = Arc::clone(served.model());
        let monitor = Monitor::new(Arc::clone(&model)).map_err(|e| e.to_string())?;
        let mut line = Self {
            name: served.name().to_owned(),
            version: served.version().to_owned(),
            digest: served.digest().to_owned(),
            serving: Vec::new(),
            horizon,
            has_store: store.is_some(),
            analyser: Analyser::new(&model, horizon).map_err(|e| e.to_string())?,
            n_closed: 0,
            n_of_before: 0,
            unwritten: Vec::new(),
            running: Running { name: String::new(), monitor, is_written: true },
            reached: Reached::default(),
            raised: Reached::default(),
            written: Reached::default(),
            state: None,
            model,
        };
        if let Some(store) = store {
            line.read(store)?;
        }
        line.n_of_before = line.n_closed;
        // Alarms of before were raised before.
        let _raised = line.new_alarms();
        line.turn(period).map_err(|e| e.to_string())?;
        Ok(line)
    }

    fn read(&mut self, store: &Store) -> Result<(), String> {
        if let Some(json) = store.read_alarms(self.key()).map_err(|e| e.to_string())? {
            let place = |fault| format!("{}: {fault}", store.alarms_path(self.key()).display());
            self.written = Reached::of_json(&json, &self.digest).map_err(place)?;
            self.reached = self.written.clone();
            self.raised = self.written.clone();
        }
        for (name, bytes) in store.read(self.key()).map_err(|e| e.to_string())? {
            let monitor = Monitor::of_bytes(Arc::clone(&self.model), &bytes)
                .map_err(|e| format!("{}: {e}", store.period_path(self.key(), &name).display()))?;
            let next = Running { name, monitor, is_written: true };
            let closed = std::mem::replace(&mut self.running, next);
            self.close(closed);
        }
        Ok(())
    }

    fn key(&self) -> Key<'_> {
        Key { name: &self.name, version: &self.version, digest: &self.digest }
    }

    /// That the watch of the model fails.
    pub(super) fn failure(&self, detail: String) -> Failure {
        Failure {
            model: self.name.clone(),
            version: self.version.clone(),
            digest: self.digest.clone(),
            detail,
        }
    }

    /// Remembers the model as it is served, which may have been loaded again.
    pub(super) fn serve(&mut self, served: &Arc<Served>) {
        if !self.serving.iter().any(|known| Arc::ptr_eq(known, served)) {
            self.serving.push(Arc::clone(served));
        }
    }

    /// Takes the counts of the model into the period with a name. Another period than the running one
    /// closes it. The clock may go back: an older period is not opened again.
    pub(super) fn take_counts(&mut self, period: &str) -> Result<(), nomogram::Error> {
        self.turn(period)?;
        // No request that comes later holds a model that only this line holds.
        let is_held = |served: &Arc<Served>| Arc::strong_count(served) > 1;
        let mut are_held = self.serving.iter().map(is_held).collect::<Vec<_>>().into_iter();
        for served in &self.serving {
            let Some(counted) = served.take_counters()? else { continue };
            if !is_empty(&counted) {
                self.running.monitor.add(&counted.to_bytes())?;
                self.running.is_written = false;
                self.state = None;
            }
        }
        self.serving.retain(|_| are_held.next().unwrap_or(true));
        Ok(())
    }

    /// Begins the period with a name, if it is a later one, and closes the running one.
    fn turn(&mut self, period: &str) -> Result<(), nomogram::Error> {
        if self.running.name.as_str() >= period {
            return Ok(());
        }
        let monitor = Monitor::new(Arc::clone(&self.model))?;
        let next = Running { name: period.to_owned(), monitor, is_written: true };
        let closed = std::mem::replace(&mut self.running, next);
        self.state = None;
        self.close(closed);
        // Those of before are computed in pauses.
        if self.analyser.n_uncomputed() == 1 {
            self.compute_next();
        }
        Ok(())
    }

    /// A period without counts leaves no trace, so a service that nobody uses does not use up its horizon.
    fn close(&mut self, closed: Running) {
        let Running { name, monitor, is_written } = closed;
        if is_empty(&monitor) {
            return;
        }
        if self.has_store && !is_written {
            self.unwritten.push((name.clone(), monitor.clone()));
        }
        self.n_closed += 1;
        // Once the horizon is over, wagers stay as they are.
        let _added = self.analyser.add_uncomputed(&name, &Period::of_monitor(monitor));
        if self.reached.outcomes.is_none() {
            self.reached.outcomes = self.analyser.calibration_alarm().map(str::to_owned);
        }
    }

    /// Computes the wager of the first closed period that has none. Returns whether there was one.
    pub(super) fn compute_next(&mut self) -> bool {
        let position = self.n_closed.min(self.horizon) - self.analyser.n_uncomputed();
        let Ok(Some((period, wager))) = self.analyser.compute_next() else { return false };
        if wager >= ALARM && self.reached.drift.is_none() {
            self.reached.drift = Some(period.to_owned());
            if position < self.n_of_before {
                self.raised.drift.clone_from(&self.reached.drift);
            }
        }
        self.state = None;
        true
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
        self.running.monitor.add_outcome(probability, came_true)?;
        self.running.is_written = false;
        self.state = None;
        Ok(())
    }

    /// Writes what the store does not have yet: alarms first, since counters do not show a wager that was
    /// higher within a period.
    pub(super) fn write(&mut self, store: &Store) -> io::Result<()> {
        let key = Key { name: &self.name, version: &self.version, digest: &self.digest };
        let mut failure = None;
        if self.written != self.reached {
            let json = self.reached.to_json(&self.digest).map_err(io::Error::from);
            match json.and_then(|json| store.write_alarms(key, &json)) {
                Ok(()) => self.written = self.reached.clone(),
                Err(error) => failure = Some(error),
            }
        }
        self.unwritten.retain(|(name, monitor)| {
            let error = store.write(key, name, &monitor.to_bytes()).err();
            let is_unwritten = error.is_some();
            failure = failure.take().or(error);
            is_unwritten
        });
        let Running { name, monitor, is_written } = &mut self.running;
        if !*is_written {
            let error = store.write(key, name, &monitor.to_bytes()).err();
            *is_written = error.is_none();
            failure = failure.or(error);
        }
        failure.map_or(Ok(()), Err)
    }

    /// Alarms that were not raised before.
    pub(super) fn new_alarms(&mut self) -> Vec<Alarm> {
        let state = self.state();
        let was = std::mem::replace(&mut self.raised, self.reached.clone());
        let mut alarms = Vec::new();
        if state.drift_alarm && was.drift.is_none() {
            alarms.push(Alarm::new(AlarmKind::PatientsHaveChanged, &state));
        }
        if state.outcome_alarm && was.outcomes.is_none() {
            alarms.push(Alarm::new(AlarmKind::RisksNoLongerFit, &state));
        }
        alarms
    }
}

fn is_empty(monitor: &Monitor) -> bool {
    monitor.cells().iter().all(|cell| *cell == 0)
}
