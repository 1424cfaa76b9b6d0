//! Without the feature `otlp`, a service sends no traces: there is never a value of [`Traces`].

use std::sync::Arc;

use http::HeaderMap;

use crate::log::Log;
use crate::spans::{RequestSpan, TracesConfig};

/// Where traces are sent: nowhere in this program.
#[derive(Debug)]
pub enum Traces {}

/// The place of a request in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {}

impl Traces {
    /// Refuses a configuration with traces.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn new(_config: &TracesConfig) -> Result<Self, String> {
        Err("this program was built without the feature `otlp`".into())
    }

    pub(crate) fn begin(&self, _headers: &HeaderMap) -> Option<Place> {
        match *self {}
    }

    pub(crate) fn add(&self, place: Place, _span: &RequestSpan<'_>) {
        match place {}
    }

    /// Sends nothing.
    pub async fn send(&self, _log: &Log) {
        match *self {}
    }

    /// Sends nothing.
    pub async fn keep_sending(self: Arc<Self>, _log: Arc<Log>) {
        match *self {}
    }
}
