//! Serves sealed risk models over HTTP and gRPC, and watches them.
//!
//! Every prediction is the core's: nothing here computes one. Every protocol scores rows through
//! [`Scorer`], and no answer, log line or metric contains a value of a request.

// Layers, lowest first: a module uses only the blocks above its own.
pub mod decisions;
pub mod instant;
pub mod problem;

pub mod caller;
mod feedback;
pub mod json;
pub mod mapping;
mod served;

mod models;
mod scored;

pub mod watch;

pub mod trials;

#[allow(dead_code, reason = "used by the native API")]
mod answer;
mod scoring;
mod service;

#[allow(dead_code, reason = "used by the native API")]
mod row;

mod following;

pub mod protocols;
mod watching;

// A protocol is a module here; `app` merges its router.
pub mod app;

pub use feedback::Feedback;
pub use models::{Catalog, Models, Versions};
pub use scored::{
    Options, Refusal, Scored, ScoredExplanation, ScoredUncertainty, flag_name, status, verdict_name,
};
pub use scoring::{Follower, NamedValue, Scorer, missing_reason, problem_of};
pub use served::{Approval, Lease, Served};
pub use service::{RequestLimits, Service};
pub use watching::{Webhook, keep_watch};
