//! Arms, canaries and shadows: which version answers, and how versions compare.
//!
//! A subject is in the same arm as long as weights stay: its id is hashed with a salt. A shadow predicts
//! the same rows and is only counted. An arm stops by the wager on its outcomes, which may be looked at
//! at any time. P-values may not, so they appear once the planned number of outcomes is known.

mod pairs;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::pairs::Pairs;
pub use self::pairs::{Comparison, Tests};
use crate::metric::{labels, write_head};
use crate::watch::{Predicted, State};

/// What is tried of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialSettings {
    /// Versions that answer, with their weights. The first is the one that others are measured by.
    pub arms: Vec<ArmSettings>,
    /// Versions that predict the same rows and do not answer.
    #[serde(default)]
    pub shadows: Vec<String>,
    /// What is hashed with the id of a subject. Another salt draws all subjects again.
    pub salt: String,
    /// After how many outcomes versions are compared by p-values, decided before the first one.
    #[serde(default = "usual_number")]
    pub n_outcomes: usize,
}

/// One version that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmSettings {
    /// The version.
    pub version: String,
    /// Its share of the subjects, relative to the other weights.
    pub weight: u32,
}

const fn usual_number() -> usize {
    1000
}

/// What is tried, by the name of the model.
#[derive(Debug, Default)]
pub struct Trials {
    trials: ArcSwap<BTreeMap<String, Arc<Trial>>>,
    /// By the digests of the model that answered and of its shadow.
    pairs: Mutex<BTreeMap<(String, String), Pairs>>,
}

/// What is tried of one model.
#[derive(Debug)]
pub struct Trial {
    settings: TrialSettings,
    arms: Vec<Arc<Arm>>,
}

#[derive(Debug, Default)]
struct Arm {
    n_requests: AtomicU64,
    is_stopped: AtomicBool,
}

/// The state of all trials, as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct TrialsReport {
    /// By the name of the model.
    pub models: BTreeMap<String, Vec<ArmReport>>,
    /// Of each model that answered with each shadow.
    pub comparisons: Vec<Comparison>,
}

/// The state of an arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArmReport {
    /// The version.
    pub version: String,
    /// Its weight.
    pub weight: u32,
    /// Requests that it was chosen for.
    pub n_requests: u64,
    /// Whether it was stopped, because its risks no longer fit the outcomes.
    pub is_stopped: bool,
}

impl TrialSettings {
    /// Checks that there is something to choose.
    ///
    /// # Errors
    ///
    /// What was found and what was expected.
    pub fn check(&self) -> Result<(), String> {
        let sum: u64 = self.arms.iter().map(|arm| u64::from(arm.weight)).sum();
        if sum == 0 {
            return Err("arms: no weight above 0, expected at least 1".into());
        }
        let mut versions: Vec<&str> = self.arms.iter().map(|arm| arm.version.as_str()).collect();
        versions.extend(self.shadows.iter().map(String::as_str));
        versions.sort_unstable();
        if versions.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err("a version is in two arms or shadows, expected it once".into());
        }
        if self.salt.is_empty() {
            return Err("salt: expected a text that is not empty".into());
        }
        Ok(())
    }
}

impl Trial {
    /// A trial; arms of the one before keep their state.
    fn new(settings: TrialSettings, before: Option<&Self>) -> Self {
        let arm = |of_new: &ArmSettings| {
            let mut known =
                before.iter().flat_map(|trial| trial.settings.arms.iter().zip(&trial.arms));
            let kept = known.find(|(known, _)| known.version == of_new.version);
            kept.map(|(_, arm)| Arc::clone(arm)).unwrap_or_default()
        };
        let arms = settings.arms.iter().map(arm).collect();
        Self { settings, arms }
    }

    /// The versions that predict the rows of the model and do not answer.
    #[must_use]
    pub fn shadows(&self) -> &[String] {
        &self.settings.shadows
    }

    /// The version that answers a subject, counted as a request of its arm.
    #[must_use]
    pub fn choose(&self, subject: &str) -> Option<&str> {
        let position = self.position(subject)?;
        let is_running = |arm: &&Arc<Arm>| !arm.is_stopped.load(Ordering::Relaxed);
        // Subjects of an arm that was stopped go to the first one.
        let position = self.arms.get(position).filter(is_running).map_or(0, |_| position);
        self.arms.get(position)?.n_requests.fetch_add(1, Ordering::Relaxed);
        self.settings.arms.get(position).map(|arm| arm.version.as_str())
    }

    /// The arm of a subject, by the hash of its id. It does not depend on which arms were stopped.
    fn position(&self, subject: &str) -> Option<usize> {
        let mut hash = Sha256::new();
        hash.update(self.settings.salt.as_bytes());
        hash.update([0]);
        hash.update(subject.as_bytes());
        let first: [u8; 8] = hash.finalize().first_chunk().copied()?;
        let sum: u64 = self.settings.arms.iter().map(|arm| u64::from(arm.weight)).sum();
        // The upper 64 bits of the product are uniform below the sum.
        let drawn = (u128::from(u64::from_be_bytes(first)) * u128::from(sum)) >> 64;
        let mut below = 0;
        self.settings.arms.iter().position(|arm| {
            below += u128::from(arm.weight);
            drawn < below
        })
    }

    fn report(&self) -> Vec<ArmReport> {
        let report = |(settings, arm): (&ArmSettings, &Arc<Arm>)| ArmReport {
            version: settings.version.clone(),
            weight: settings.weight,
            n_requests: arm.n_requests.load(Ordering::Relaxed),
            is_stopped: arm.is_stopped.load(Ordering::Relaxed),
        };
        self.settings.arms.iter().zip(&self.arms).map(report).collect()
    }
}

impl Trials {
    /// The trials of some models.
    ///
    /// # Errors
    ///
    /// As [`TrialSettings::check`], with the name of the model.
    pub fn new(settings: BTreeMap<String, TrialSettings>) -> Result<Self, String> {
        let trials = Self::default();
        trials.replace(settings)?;
        Ok(trials)
    }

    /// Tries this from now on. Arms that are still there keep their counts, and stay stopped; comparisons stay.
    ///
    /// # Errors
    ///
    /// As [`Self::new`]; nothing is changed then.
    pub fn replace(&self, settings: BTreeMap<String, TrialSettings>) -> Result<(), String> {
        let (before, mut trials) = (self.trials.load(), BTreeMap::new());
        for (model, settings) in settings {
            settings.check().map_err(|error| format!("trial of `{model}`: {error}"))?;
            let trial = Trial::new(settings, before.get(&model).map(Arc::as_ref));
            trials.insert(model, Arc::new(trial));
        }
        self.trials.store(Arc::new(trials));
        Ok(())
    }

    /// What is tried of a model, if anything is.
    #[must_use]
    pub fn of_model(&self, model: &str) -> Option<Arc<Trial>> {
        self.trials.load().get(model).cloned()
    }

    /// Counts a row that a model and its shadow predicted: probabilities of the second class, and
    /// whether the predicted classes agree.
    pub fn add_pair(
        &self,
        model: &str,
        digests: (&str, &str),
        probabilities: (f64, f64),
        agrees: bool,
    ) {
        let key = (digests.0.to_owned(), digests.1.to_owned());
        let mut pairs = self.pairs();
        let of_digests = pairs.entry(key).or_default();
        model.clone_into(&mut of_digests.model);
        of_digests.add(probabilities, agrees);
    }

    /// Counts an outcome of a row that shadows predicted too.
    pub fn add_outcome(&self, predicted: &Predicted, came_true: bool) {
        for (shadow, probability) in &predicted.shadows {
            let key = (predicted.digest.clone(), shadow.clone());
            let probabilities = (predicted.probability, *probability);
            self.pairs().entry(key).or_default().add_outcome(probabilities, came_true);
        }
    }

    /// Stops arms whose risks no longer fit the outcomes, other than the first. Returns the models and
    /// versions that were stopped now.
    pub fn stop(&self, states: &[State]) -> Vec<(String, String)> {
        let mut stopped = Vec::new();
        for state in states.iter().filter(|state| state.outcome_alarm) {
            let Some(trial) = self.of_model(&state.model) else { continue };
            let arms = trial.settings.arms.iter().zip(&trial.arms).skip(1);
            for (_, arm) in arms.filter(|(settings, _)| settings.version == state.version) {
                if !arm.is_stopped.swap(true, Ordering::Relaxed) {
                    stopped.push((state.model.clone(), state.version.clone()));
                }
            }
        }
        stopped
    }

    /// The state of all trials.
    #[must_use]
    pub fn report(&self) -> TrialsReport {
        let (trials, pairs) = (self.trials.load(), self.pairs());
        let compare = |((first, shadow), pairs): (&(String, String), &Pairs)| {
            let trial = trials.get(&pairs.model);
            let n_planned = trial.map_or(usual_number(), |trial| trial.settings.n_outcomes);
            pairs.compare(first, shadow, n_planned)
        };
        TrialsReport {
            models: trials.iter().map(|(name, trial)| (name.clone(), trial.report())).collect(),
            comparisons: pairs.iter().map(compare).collect(),
        }
    }

    /// Writes the state of the arms as metrics.
    pub fn write_metrics(&self, text: &mut String) {
        let models = self.report().models;
        let mut write = |name: &str, value: fn(&ArmReport) -> u64| {
            write_head(text, name);
            for (model, arms) in &models {
                for arm in arms {
                    let (labels, value) = (labels(model, &arm.version), value(arm));
                    // Writing to a text does not fail.
                    let _written = writeln!(text, "{name}{{{labels}}} {value}");
                }
            }
        };
        write("nomogram_arm_requests_total", |arm| arm.n_requests);
        write("nomogram_arm_stopped", |arm| u64::from(arm.is_stopped));
    }

    fn pairs(&self) -> MutexGuard<'_, BTreeMap<(String, String), Pairs>> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
