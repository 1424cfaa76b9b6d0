//! The model that a path names.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::entry::Entry;
use crate::following;
use crate::problem::{Problem, ProblemKind};
use crate::served::Served;
use crate::service::Service;

/// The model of a request: from its path, the default one without a name.
#[derive(Debug)]
pub(crate) struct Target(pub(crate) Arc<Served>);

impl FromRequestParts<Arc<Service>> for Target {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Problem> {
        let entry = parts.extensions.get::<Arc<Entry>>().cloned();
        let entry =
            entry.ok_or_else(|| Problem::new(ProblemKind::Defect, "a request without an id"))?;
        let parameters = match parts.uri.path().starts_with("/models/") {
            true => {
                let parameters = RawPathParams::from_request_parts(parts, service).await;
                let bad = |_| Problem::new(ProblemKind::Malformed, "a path that is not UTF-8");
                Some(parameters.map_err(bad)?)
            }
            false => None,
        };
        let of = |wanted| {
            let mut parameters = parameters.iter().flatten();
            parameters.find(|(name, _)| *name == wanted).map(|(_, value)| value)
        };
        let request = (&*entry, &parts.headers);
        following::choose(service, request, of("model"), of("version")).map(Self)
    }
}
