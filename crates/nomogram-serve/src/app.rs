//! The router of all protocols, and the middleware around it.

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use http::{HeaderValue, Method, header};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::gate::gate;
pub use crate::gate::{MODEL_DIGEST, REQUEST_ID};
use crate::native;
use crate::openapi;
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// The router of a service. Protocols have routers of their own, which are merged here.
pub fn router(service: Arc<Service>) -> Router {
    protocols(&service)
        .fallback(async || Problem::new(ProblemKind::NotFound, "no such path"))
        .method_not_allowed_fallback(async || {
            Problem::new(ProblemKind::Method, "the path has other methods")
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&service), gate))
        .layer(compression())
        .with_state(service)
}

/// Lets web pages of these origins call, if there are any.
pub fn with_origins(router: Router, origins: Vec<HeaderValue>) -> Router {
    if origins.is_empty() {
        return router;
    }
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, REQUEST_ID])
        .expose_headers([REQUEST_ID, MODEL_DIGEST]);
    router.layer(cors)
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
