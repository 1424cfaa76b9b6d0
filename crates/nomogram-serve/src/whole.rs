//! The body of a request as an extractor of handlers: read whole, within the limits of the service.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};

use crate::body;
use crate::problem::Problem;
use crate::service::Service;

/// The body of a request, neither compressed nor longer than the limit.
#[derive(Debug)]
pub(crate) struct Whole(pub(crate) Bytes);

impl FromRequest<Arc<Service>> for Whole {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        body::whole(&head.headers, body, service.limits.max_body_bytes).await.map(Self)
    }
}
