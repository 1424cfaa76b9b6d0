//! A request for predictions: its model, who asks, and the body.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::HeaderMap;

use super::target::Target;
use crate::entry::Entry;
use crate::problem::{Problem, ProblemKind};
use crate::served::Served;
use crate::service::Service;

/// A request for predictions.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) service: Arc<Service>,
    pub(super) served: Arc<Served>,
    pub(super) entry: Arc<Entry>,
    /// The query of the path, with options.
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

impl FromRequest<Arc<Service>> for Asked {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Problem> {
        let (mut head, body) = request.into_parts();
        let Target(served) = Target::from_request_parts(&mut head, service).await?;
        let defect = || Problem::new(ProblemKind::Defect, "a request that passed no gate");
        Ok(Self {
            service: Arc::clone(service),
            served,
            entry: head.extensions.remove().ok_or_else(defect)?,
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body,
        })
    }
}
