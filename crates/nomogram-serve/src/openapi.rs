//! The description of the API: `/openapi.json`, and the page `/docs` that reads it.
//!
//! The page comes from the program, not from another server.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, header};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The description, `OpenAPI` 3.1.
pub const OPENAPI: &str = include_str!("../openapi.json");

/// The routes of description and page.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let page = SwaggerUi::new("/docs").config(Config::from("/openapi.json"));
    Router::new().route("/openapi.json", get(openapi)).merge(Router::from(page))
}

async fn openapi() -> Response {
    let mut response = OPENAPI.into_response();
    let media_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}
