//! The model that a path names.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use http::HeaderName;
use http::request::Parts;

use crate::caller::Context;
use crate::entry::Entry;
use crate::following;
use crate::problem::Problem;
use crate::served::Served;
use crate::service::Service;

/// The header of the digest of the model that answered.
pub const MODEL_DIGEST: HeaderName = HeaderName::from_static("x-model-digest");

/// The model of a request: from its path, the default one without a name.
#[derive(Debug)]
pub(crate) struct Target(pub(crate) Arc<Served>);

impl FromRequestParts<Arc<Service>> for Target {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Problem> {
        let context = parts.extensions.get::<Context>().cloned();
        let context = context.ok_or_else(|| {
            Problem::new(crate::problem::ProblemKind::Defect, "a request without an id")
        })?;
        let served = if parts.uri.path().starts_with("/models/") {
            let parameters = RawPathParams::from_request_parts(parts, service).await;
            let bad = |_| {
                Problem::new(crate::problem::ProblemKind::Malformed, "a path that is not UTF-8")
            };
            let parameters = parameters.map_err(bad)?;
            let of = |wanted| {
                parameters.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value)
            };
            let subject = following::subject(&parts.headers, &context);
            following::choose(service, of("model"), of("version"), subject)?
        } else {
            let subject = following::subject(&parts.headers, &context);
            following::choose(service, None, None, subject)?
        };
        if let Some(entry) = parts.extensions.get::<Arc<Entry>>() {
            entry.set_served(&served);
        }
        Ok(Self(served))
    }
}

impl Target {
    /// The answer with the digest of the model.
    pub(crate) fn sign(&self, answer: Result<Response, Problem>) -> Response {
        let mut response = answer.unwrap_or_else(IntoResponse::into_response);
        response.headers_mut().insert(MODEL_DIGEST, self.0.digest_header());
        response
    }
}
