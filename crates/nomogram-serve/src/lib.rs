//! Serves sealed risk models over HTTP and gRPC, and watches them.
//!
//! Every prediction is the core's: nothing here computes one. Every protocol scores rows through
//! [`Scorer`], and no answer, log line or metric contains a value of a request.

// Layers, lowest first: a module uses only the blocks above its own.
mod folder_lock;
mod metric;

pub mod client;
pub mod decisions;
pub mod instant;
pub mod problem;
mod trust;

pub mod body;
pub mod caller;
mod feedback;
pub mod json;
mod json_writer;
pub mod mapping;
mod rate;
pub mod stream;
mod tally;

pub mod access;
mod keys;
pub mod log;
mod served;
mod spans;
mod tokens;

mod token_keys;
#[cfg_attr(not(feature = "otlp"), path = "no_traces.rs")]
pub mod traces;

mod models;
mod scored;
mod security;

mod answer;
pub mod metrics;
mod scoring;
pub mod watch;

mod batch;
mod entry;
mod folder;
pub mod registry;
mod row;
pub mod trials;

mod service;

mod following;
mod gate;
mod whole;

// A protocol is a module here; `app` merges its router.
mod native;
mod openapi;
mod polling;
pub mod protocols;
mod watching;

pub mod app;
mod setup;

mod config;

mod server;

pub use batch::{Answer, Batch};
pub use caller::{Caller, RequestId, Role, Roles};
pub use config::{AccessConfig, Config, LimitsConfig, TlsConfig, TokensConfig, environment};
pub use entry::Entry;
pub use feedback::{Feedback, FeedbackCounts};
pub use folder::{Folder, ModelsConfig};
pub use keys::{KeyEntry, KeyFile, Keys, new_key};
pub use models::{Catalog, Models, Versions, Withdrawal};
pub use openapi::OPENAPI;
pub use polling::{keep_fetching, keep_reading, poll};
pub use rate::{Bucket, Peers, Rate};
pub use scored::{
    Options, Refusal, Scored, ScoredExplanation, ScoredUncertainty, flag_name, status, verdict_name,
};
pub use scoring::{Follower, NamedValue, Scorer, missing_reason, problem_of};
pub use security::{Security, TokenCheck};
pub use served::{Approval, Lease, Served};
pub use server::{Origin, Server};
pub use service::{Admission, RequestLimits, Service};
pub use setup::{DecisionsConfig, WatchConfig};
pub use spans::{RequestSpan, TracesConfig};
pub use tally::Tally;
pub use token_keys::{FetchedKeys, KeySource};
pub use tokens::{TokenRules, Tokens};
pub use trust::{RefusedBundle, TrustPolicy};
pub use watching::{Webhook, keep_watch, look};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
