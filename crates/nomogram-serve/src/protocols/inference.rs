//! Open Inference Protocol v2: REST with the binary extension, gRPC, and the model repository.
//!
//! A feature is a tensor with its name, one element per row; or all features are one tensor of shape
//! `(n_rows, n_features)` with another name. `null`, NaN and an input that is left out are extensions of the
//! protocol, which the server announces: the first two are missing values, the third is unset.

#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::must_use_candidate,
    reason = "generated"
)]
mod generated;
mod invalid;
mod object;

mod datatype;

mod outputs;
mod tensor;

mod elements;
mod grpc_tensors;
mod metadata;
mod rows;

mod message;

mod infer;
mod repository;

mod grpc;
mod rest;

use std::sync::Arc;

use axum::Router;
use axum::middleware::map_response;

use self::generated::grpc_inference_service_server::GrpcInferenceServiceServer;
use self::grpc::Inference;
pub(crate) use self::rest::JSON_LENGTH;
use crate::service::Service;

/// The routes of the protocol: REST under `/v2`, and the gRPC service under its name.
pub(super) fn router(service: &Arc<Service>) -> Router<Arc<Service>> {
    let limit = service.limits.max_body_bytes;
    let grpc = GrpcInferenceServiceServer::new(Inference { service: Arc::clone(service) })
        .max_decoding_message_size(limit);
    let calls = Router::new()
        .route_service("/inference.GRPCInferenceService/{method}", grpc)
        .layer(map_response(grpc::with_problem));
    rest::router().merge(calls)
}
