//! The router of all protocols, and the middleware around it.

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use http::{HeaderValue, Method, header};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::following::SUBJECT;
use crate::gate::gate;
pub use crate::gate::{MODEL_DIGEST, REQUEST_ID};
use crate::native;
use crate::openapi;
use crate::problem::{Problem, ProblemKind};
use crate::protocols::JSON_LENGTH;
use crate::security::API_KEY;
use crate::service::Service;
use crate::spans::TRACE_PARENT;

/// The router of a service. Protocols have routers of their own, which are merged here.
pub fn router(service: Arc<Service>) -> Router {
    let has_origins = !service.origins.load().is_empty();
    let router = protocols(&service)
        .fallback(async || Problem::new(ProblemKind::NotFound, "no such path"))
        .method_not_allowed_fallback(async || {
            Problem::new(ProblemKind::Method, "the path has other methods")
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&service), gate))
        .layer(compression());
    let router = if has_origins { router.layer(cors(&service)) } else { router };
    router.with_state(service)
}

/// Lets web pages of the service's origins call, with every header that a request may have.
fn cors(service: &Arc<Service>) -> CorsLayer {
    let service = Arc::clone(service);
    let is_known = move |origin: &HeaderValue, _: &_| service.origins.load().contains(origin);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_known))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            API_KEY,
            header::CONTENT_TYPE,
            REQUEST_ID,
            SUBJECT,
            TRACE_PARENT,
            JSON_LENGTH,
        ])
        .expose_headers([REQUEST_ID, MODEL_DIGEST, JSON_LENGTH, header::RETRY_AFTER])
}

/// Compresses long answers, apart from those that are streamed piece by piece.
fn compression() -> CompressionLayer<impl Predicate> {
    let predicate = SizeAbove::new(1024)
        .and(NotForContentType::GRPC)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("application/x-ndjson"));
    CompressionLayer::new().compress_when(predicate)
}

/// The routes of all protocols.
fn protocols(service: &Arc<Service>) -> Router<Arc<Service>> {
    let own = native::router().merge(openapi::router());
    own.merge(crate::protocols::router(service)).merge(crate::watching::router())
}

#[cfg(test)]
mod tests;
