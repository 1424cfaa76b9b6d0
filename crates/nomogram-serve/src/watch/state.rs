//! What is known of a model at a time, and what is raised.

use serde::{Deserialize, Serialize};

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
    /// Closed periods whose wager is not computed again yet since the service began.
    pub n_uncomputed: usize,
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

impl State {
    /// Whether the model has more periods than it was to be watched for, so no alarm can come any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.n_periods > self.horizon
    }
}

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// Patients are no longer those of the training.
    PatientsHaveChanged,
    /// Predicted risks no longer fit the outcomes.
    RisksNoLongerFit,
}

impl AlarmKind {
    /// As JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PatientsHaveChanged => "patients_have_changed",
            Self::RisksNoLongerFit => "risks_no_longer_fit",
        }
    }
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

impl Alarm {
    pub(super) fn new(alarm: AlarmKind, state: &State) -> Self {
        let variables = match alarm {
            AlarmKind::PatientsHaveChanged => {
                let mut shares: Vec<_> = state.shares.iter().collect();
                shares.sort_by(|a, b| b.1.total_cmp(&a.1));
                let named = shares.into_iter().take(5).filter(|(_, share)| *share > 0.01);
                named.map(|(name, _)| name.clone()).collect()
            }
            AlarmKind::RisksNoLongerFit => Vec::new(),
        };
        Self {
            alarm,
            model: state.model.clone(),
            version: state.version.clone(),
            digest: state.digest.clone(),
            period: state.period.clone(),
            variables,
        }
    }
}

/// The period in which the wager reached each alarm for the first time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) drift: Option<String>,
    pub(super) outcomes: Option<String>,
}

/// The same on disk.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    digest: String,
    alarms: Vec<WrittenAlarm>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenAlarm {
    alarm: AlarmKind,
    period: String,
}

impl Reached {
    /// The alarms that were written for the model with a digest.
    pub(super) fn of_json(json: &[u8], digest: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_slice(json)
            .map_err(|error| format!("expected alarms as JSON: {error}"))?;
        if written.digest != digest {
            return Err(format!("alarms of digest {}, expected {digest}", written.digest));
        }
        let mut reached = Self::default();
        for WrittenAlarm { alarm, period } in written.alarms {
            match alarm {
                AlarmKind::PatientsHaveChanged => reached.drift = Some(period),
                AlarmKind::RisksNoLongerFit => reached.outcomes = Some(period),
            }
        }
        Ok(reached)
    }

    pub(super) fn to_json(&self, digest: &str) -> Result<Vec<u8>, serde_json::Error> {
        let alarm = |alarm, period: &Option<String>| {
            period.clone().map(|period| WrittenAlarm { alarm, period })
        };
        let drift = alarm(AlarmKind::PatientsHaveChanged, &self.drift);
        let outcomes = alarm(AlarmKind::RisksNoLongerFit, &self.outcomes);
        let alarms = drift.into_iter().chain(outcomes).collect();
        serde_json::to_vec(&Written { digest: digest.to_owned(), alarms })
    }
}
