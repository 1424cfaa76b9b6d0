//! What is shown of a line: its state, and the analysis of its periods.

use nomogram_monitor::analysis::Analysis;
use nomogram_monitor::drift::Wager;
use nomogram_monitor::{ALARM, Error, Period};

use super::{Line, is_empty};
use crate::problem::{Problem, ProblemKind};
use crate::watch::state::State;

impl Line {
    /// The state; it is computed when counters have changed.
    pub(in crate::watch) fn state(&mut self) -> State {
        if let Some(state) = &self.state {
            return state.clone();
        }
        let state = self.computed();
        let period = || Some(state.period.clone());
        if state.drift_alarm && self.reached.drift.is_none() {
            self.reached.drift = period();
        }
        if state.outcome_alarm && self.reached.outcomes.is_none() {
            self.reached.outcomes = period();
        }
        self.state = Some(state.clone());
        state
    }

    fn computed(&mut self) -> State {
        let is_running = !is_empty(&self.running.monitor);
        let period = Period::of_monitor(self.running.monitor.clone());
        let preview = is_running.then(|| self.analyser.preview(&period).ok()).flatten();
        let drift = preview.as_ref().map(|preview| &preview.drift);
        let outcomes = preview.as_ref().and_then(|preview| preview.calibration);
        let reaches = |value: Option<f64>| value.is_some_and(|value| value >= ALARM);
        let known = period.outcomes().unwrap_or_default();
        State {
            model: self.name.clone(),
            version: self.version.clone(),
            digest: self.digest.clone(),
            period: self.running.name.clone(),
            n_periods: self.n_closed + usize::from(is_running),
            n_uncomputed: self.analyser.n_uncomputed(),
            horizon: self.horizon,
            n_rows: period.n_rows(),
            n_refused: period.refused().unwrap_or_default().iter().sum(),
            n_outcomes: known.iter().map(|bin| bin.n_rows).sum(),
            drift: drift.map(|wager| wager.value),
            shares: drift.map_or_else(Vec::new, |wager| self.shares(wager)),
            outcomes,
            drift_alarm: self.reached.drift.is_some() || reaches(drift.map(|wager| wager.value)),
            outcome_alarm: self.reached.outcomes.is_some() || reaches(outcomes),
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

    /// All periods, analysed.
    ///
    /// # Errors
    ///
    /// `NotReady` while wagers of before are computed, `Unsupported` once the horizon is over.
    pub(in crate::watch) fn analysis(&mut self) -> Result<Analysis, Problem> {
        if self.analyser.n_uncomputed() > 0 {
            let detail = "wagers of closed periods are being computed";
            return Err(Problem::new(ProblemKind::NotReady, detail));
        }
        let is_running = !is_empty(&self.running.monitor);
        let over = |error: Error| Problem::new(ProblemKind::Unsupported, error.to_string());
        if self.n_closed > self.horizon {
            return Err(over(Error::Data("the horizon is over".into())));
        }
        match is_running {
            true => {
                let period = Period::of_monitor(self.running.monitor.clone());
                self.analyser.analysis_with(&self.running.name, &period).map_err(over)
            }
            false => self.analyser.analysis().map_err(over),
        }
    }
}
