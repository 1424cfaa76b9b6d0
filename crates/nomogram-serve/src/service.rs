//! What all requests share: the models, the limits, the callers, log and metrics.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use http::{HeaderMap, HeaderValue};
use tokio::sync::Semaphore;

use crate::caller::{RequestId, RequestIds};
use crate::decisions::DecisionLog;
use crate::entry::Entry;
use crate::feedback::Feedback;
use crate::folder::Folder;
use crate::log::Log;
use crate::mapping::Mapping;
use crate::metrics::Metrics;
use crate::models::{Models, Withdrawal};
use crate::registry::Followed;
use crate::security::Security;
use crate::traces::Traces;
use crate::trials::Trials;
use crate::trust::{RefusedBundle, TrustPolicy};
use crate::watch::{Watch, WatchSettings};

/// What all requests share. Handlers get it as `State<Arc<Service>>`.
#[derive(Debug)]
pub struct Service {
    /// The models that are served.
    pub models: Models,
    /// The registry that they come from, if it is one.
    pub registry: Option<Followed>,
    /// The folder that they come from, if it is one.
    pub folder: ArcSwapOption<Folder>,
    /// The policy that bundles must satisfy to be served.
    pub trust: ArcSwap<TrustPolicy>,
    /// What a request may take.
    pub limits: RequestLimits,
    /// The ids of requests.
    pub request_ids: RequestIds,
    /// Where FHIR resources hold the values of features, by the name of the model.
    pub mappings: ArcSwap<BTreeMap<String, Mapping>>,
    /// What users did with the cards of CDS Hooks.
    pub feedback: Feedback,
    /// Counts of every model in periods, and alarms.
    pub watch: Watch,
    /// Which versions answer, and which only count.
    pub trials: Trials,
    /// Who asked which model when with which answer, if it is to be logged.
    pub decisions: Option<DecisionLog>,
    /// Who may call.
    pub security: ArcSwap<Security>,
    /// The origins of web pages that may call. Without any, the router takes no part in CORS.
    pub origins: ArcSwap<Vec<HeaderValue>>,
    /// The log of requests and events.
    pub log: Arc<Log>,
    /// Metrics of requests.
    pub metrics: Arc<Metrics>,
    /// Where traces are sent, if they are.
    pub traces: Option<Arc<Traces>>,
    /// Batches and streams that are computed at a time; the others wait.
    pub batches: Arc<Semaphore>,
    begin: Instant,
    /// The bundles that the policy refuses, as the log has them.
    refused: Mutex<Vec<RefusedBundle>>,
    n_requests: AtomicUsize,
    is_stopping: AtomicBool,
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
    /// The time until a request is answered; of a stream, the time between two of its pieces.
    pub max_time: Duration,
    /// Requests at a time; more are refused.
    pub max_requests: usize,
    /// Batches and streams that are computed at a time; the others wait.
    pub max_batches: usize,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 8 << 20,
            max_stream_bytes: 16 << 30,
            max_rows: 50_000,
            max_time: Duration::from_secs(30),
            max_requests: 512,
            max_batches: 8,
        }
    }
}

impl RequestLimits {
    /// What a message of an Arrow stream may hold when it is decompressed.
    #[must_use]
    pub const fn max_message_bytes(&self) -> usize {
        self.max_body_bytes.saturating_mul(8)
    }
}

/// A request among those at a time.
#[derive(Debug)]
pub struct Admission<'a>(&'a AtomicUsize);

impl Service {
    /// A service of these models for everybody, without a log.
    #[must_use]
    pub fn new(models: Models, limits: RequestLimits) -> Self {
        let mut bytes = [0; 8];
        // Without random bits, ids are unique within the process only.
        let _random = getrandom::fill(&mut bytes);
        Self {
            models,
            registry: None,
            folder: ArcSwapOption::empty(),
            trust: ArcSwap::default(),
            limits,
            request_ids: RequestIds::new(u64::from_le_bytes(bytes)),
            security: ArcSwap::from_pointee(Security::open()),
            origins: ArcSwap::default(),
            log: Arc::new(Log::none()),
            metrics: Arc::default(),
            traces: None,
            batches: Arc::new(Semaphore::new(limits.max_batches)),
            begin: Instant::now(),
            refused: Mutex::default(),
            n_requests: AtomicUsize::new(0),
            is_stopping: AtomicBool::new(false),
            mappings: ArcSwap::default(),
            feedback: Feedback::default(),
            watch: Watch::new(WatchSettings::default()),
            trials: Trials::default(),
            decisions: None,
        }
    }

    /// The same service with other callers.
    #[must_use]
    pub fn with_security(self, security: Security) -> Self {
        self.security.store(Arc::new(security));
        self
    }

    /// The same service, whose models come from a registry.
    #[must_use]
    pub fn with_registry(self, registry: Followed) -> Self {
        Self { registry: Some(registry), ..self }
    }

    /// The same service with a log.
    #[must_use]
    pub fn with_log(self, log: Log) -> Self {
        Self { log: Arc::new(log), ..self }
    }

    /// The entry of a request that begins now, with the names of its method and of its kind.
    pub(crate) fn begin_request(
        &self,
        headers: &HeaderMap,
        request_id: RequestId,
        names: (&'static str, &'static str),
    ) -> Arc<Entry> {
        let output = (Arc::clone(&self.log), Arc::clone(&self.metrics));
        let trace = self.traces.as_ref();
        let trace = trace.and_then(|traces| Some((Arc::clone(traces), traces.begin(headers)?)));
        Arc::new(Entry::new(output, trace, request_id, names))
    }

    /// The bundles that the policy of trust refuses.
    #[must_use]
    pub fn refused(&self) -> Vec<RefusedBundle> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Logs the bundles that the policy refuses and did not refuse before.
    pub(crate) fn report_refused(&self, refused: Vec<RefusedBundle>) {
        let mut known = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        for bundle in refused.iter().filter(|bundle| !known.contains(bundle)) {
            let details = [("bundle", bundle.name.as_str()), ("reason", bundle.reason.as_str())];
            self.log.event("error", "bundle_refused", &details);
        }
        *known = refused;
    }

    /// Takes away the models that the policy of trust refuses by now: it changed, or a signature expired.
    pub(crate) fn withdraw_untrusted(&self) {
        let (trust, catalog) = (self.trust.load_full(), self.models.catalog());
        let refused: Vec<_> = catalog
            .served()
            .filter_map(|served| Some((served, trust.verify(served.model()).err()?)))
            .collect();
        for (served, error) in refused {
            let (name, version) = (served.name(), served.version());
            let Ok(()) = self.models.change(|catalog| {
                // Another bundle may have come in its place.
                let current = catalog.find(Some(name), Some(version));
                if current.is_ok_and(|current| Arc::ptr_eq(current, served)) {
                    catalog.withdraw(name, version, Withdrawal::Untrusted);
                }
                Ok::<(), Infallible>(())
            });
            let name = format!("{name}@{version}");
            let mut known = self.refused();
            known.push(RefusedBundle { name, reason: error.to_string() });
            self.report_refused(known);
        }
    }

    /// The time since the service began.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Admits a request, unless there are too many at this time.
    #[must_use]
    pub fn admit(&self) -> Option<Admission<'_>> {
        let admission = Admission(&self.n_requests);
        let n_requests = self.n_requests.fetch_add(1, Ordering::Relaxed);
        (n_requests < self.limits.max_requests).then_some(admission)
    }

    /// Takes no requests from load balancers any more.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Whether there are models, decisions can be logged, and the service is not stopping.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.is_stopping.load(Ordering::Relaxed)
            && self.logs_decisions() != Some(false)
            && self.models.catalog().served().next().is_some()
    }

    /// Whether decisions can be logged, if they are to be.
    #[must_use]
    pub fn logs_decisions(&self) -> Option<bool> {
        self.decisions.as_ref().map(DecisionLog::is_writable)
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
