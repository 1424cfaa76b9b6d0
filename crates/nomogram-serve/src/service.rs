//! What all requests share: the models, the limits and the ids.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::caller::RequestIds;
use crate::decisions::DecisionLog;
use crate::feedback::Feedback;
use crate::mapping::Mapping;
use crate::models::Models;
use crate::trials::Trials;
use crate::watch::{Watch, WatchSettings};

/// What all requests share. Handlers get it as `State<Arc<Service>>`.
#[derive(Debug)]
pub struct Service {
    /// The models that are served.
    pub models: Models,
    /// What a request may take.
    pub limits: RequestLimits,
    /// The ids of requests.
    pub request_ids: RequestIds,
    /// Where FHIR resources hold the values of features, by the name of the model.
    pub mappings: BTreeMap<String, Mapping>,
    /// What users did with the cards of CDS Hooks.
    pub feedback: Feedback,
    /// Counts of every model in periods, and alarms.
    pub watch: Watch,
    /// Which versions answer, and which only count.
    pub trials: Trials,
    /// Who asked which model when with which answer, if it is to be logged.
    pub decisions: Option<DecisionLog>,
}

/// What a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Bytes of a body that is read whole.
    pub max_body_bytes: usize,
    /// Bytes of a body that is streamed.
    pub max_stream_bytes: u64,
    /// Rows of a body that is read whole.
    pub max_rows: usize,
    /// The time until a request is answered, apart from streams.
    pub max_time: Duration,
    /// Requests at a time; more are refused.
    pub max_requests: usize,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 8 << 20,
            max_stream_bytes: 16 << 30,
            max_rows: 50_000,
            max_time: Duration::from_secs(30),
            max_requests: 512,
        }
    }
}

impl Service {
    /// A service of these models.
    #[must_use]
    pub fn new(models: Models, limits: RequestLimits) -> Self {
        let mut bytes = [0; 8];
        // Without random bits, ids are unique within the process only.
        let _random = getrandom::fill(&mut bytes);
        let request_ids = RequestIds::new(u64::from_le_bytes(bytes));
        let (mappings, feedback) = (BTreeMap::new(), Feedback::default());
        let (watch, trials) = (Watch::new(WatchSettings::default()), Trials::default());
        Self { models, limits, request_ids, mappings, feedback, watch, trials, decisions: None }
    }
}
