//! One request in log, metrics and traces: written when the last one who works on it is done.
//!
//! Every protocol gets it as the extension `Arc<Entry>` of the request. Model and rows are noted where a model
//! is found and where its rows are followed, so no protocol does it by itself.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime};

use crate::caller::RequestId;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::served::Served;
use crate::spans::RequestSpan;
use crate::traces::{Place, Traces};

/// What is logged and counted of a request. A stream keeps it until its end.
#[derive(Debug)]
pub struct Entry {
    log: Arc<Log>,
    metrics: Arc<Metrics>,
    trace: Option<(Arc<Traces>, Place)>,
    begin: Instant,
    request_id: RequestId,
    endpoint: &'static str,
    method: &'static str,
    status: AtomicU16,
    caller: OnceLock<Arc<str>>,
    code: OnceLock<Cow<'static, str>>,
    served: OnceLock<Arc<Served>>,
    n_rows: AtomicU64,
    n_refused: AtomicU64,
}

impl Entry {
    /// The entry of a request that begins now.
    #[must_use]
    pub fn new(
        (log, metrics): (Arc<Log>, Arc<Metrics>),
        trace: Option<(Arc<Traces>, Place)>,
        request_id: RequestId,
        (method, endpoint): (&'static str, &'static str),
    ) -> Self {
        metrics.in_flight.inc();
        Self {
            log,
            metrics,
            trace,
            begin: Instant::now(),
            request_id,
            endpoint,
            method,
            status: AtomicU16::new(0),
            caller: OnceLock::new(),
            code: OnceLock::new(),
            served: OnceLock::new(),
            n_rows: AtomicU64::new(0),
            n_refused: AtomicU64::new(0),
        }
    }

    /// The id of the request, in every answer.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// Who calls; empty before it is known.
    #[must_use]
    pub fn caller(&self) -> &str {
        self.caller.get().map_or("", |caller| caller)
    }

    /// The model that answers, once it is known.
    #[must_use]
    pub fn served(&self) -> Option<&Arc<Served>> {
        self.served.get()
    }

    /// The status of the answer.
    pub fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// Who calls.
    pub fn set_caller(&self, caller: &Arc<str>) {
        // The first one is kept.
        let _set = self.caller.set(Arc::clone(caller));
    }

    /// The code of a problem.
    pub fn set_code(&self, code: impl Into<Cow<'static, str>>) {
        let _set = self.code.set(code.into());
    }

    /// The model that answers.
    pub fn set_served(&self, served: &Arc<Served>) {
        let _set = self.served.set(Arc::clone(served));
    }

    /// Adds rows, and how many of them were refused.
    pub fn add_rows(&self, n_rows: u64, n_refused: u64) {
        self.n_rows.fetch_add(n_rows, Ordering::Relaxed);
        self.n_refused.fetch_add(n_refused, Ordering::Relaxed);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let duration = self.begin.elapsed();
        let status = *self.status.get_mut();
        self.metrics.in_flight.dec();
        self.metrics.count_request(self.endpoint, status, duration);
        if let Some(code) = self.code.get() {
            self.metrics.count_problem(code);
        }
        let (n_rows, n_refused) = (*self.n_rows.get_mut(), *self.n_refused.get_mut());
        if let Some((traces, place)) = &self.trace {
            let served = self.served.get();
            let span = RequestSpan {
                name: (self.method, self.endpoint),
                time: (SystemTime::now(), duration),
                request_id: self.request_id.as_str(),
                status,
                code: self.code.get().map(|code| &**code),
                model: served.map(|s| [s.name(), s.version(), s.digest()]),
                n_rows: (n_rows, n_refused),
            };
            traces.add(*place, &span);
        }
        if !self.log.is_written() {
            return;
        }
        let level = if status >= 500 { "error" } else { "info" };
        self.log.line(level, |json| {
            json.named_text("request_id", self.request_id.as_str());
            json.named_text("method", self.method);
            json.named_text("endpoint", self.endpoint);
            // 0 is a caller who left before the answer.
            json.name("status");
            json.count(u64::from(status));
            if let Some(code) = self.code.get() {
                json.named_text("code", code);
            }
            if let Some(caller) = self.caller.get() {
                json.named_text("caller", caller);
            }
            if let Some(served) = self.served.get() {
                json.named_text("model", served.name());
                json.named_text("version", served.version());
                json.named_text("digest", served.digest());
            }
            if n_rows > 0 {
                json.name("rows");
                json.count(n_rows);
                json.name("refused");
                json.count(n_refused);
            }
            json.name("micros");
            json.count(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
        });
    }
}
