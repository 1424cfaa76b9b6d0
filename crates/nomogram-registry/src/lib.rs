//! A registry of sealed risk models: versions, approvals and history, signed and provable.
//!
//! A registry is a folder or a bucket of objects that are each written once: blobs by their digest,
//! and a log of signed entries. What is registered, approved and in use follows from the log alone.
//!
//! What this crate does not do: it has no server and keeps no secret. Files of keys are read and
//! written by `nomogram-signing`.

// Layers, lowest first: a module uses only the blocks above its own.
mod error;
mod reference;
mod role;
mod timestamp;

mod findings;
mod limits;
mod merkle;
mod note;
mod store;

mod policy;

mod act;

mod statement;

mod layout;

mod state;
mod tiles;

mod entry;
mod index;

mod proof;

mod checks;

mod registry;

// For other programs.
mod blocking;
pub mod mlflow;

pub use act::{Act, Evaluation, Registration, VersionName};
pub use blocking::block_on;
pub use error::{Error, Refusal, Rule};
pub use findings::{Audit, Finding};
pub use limits::{Impact, Limit, Measures, impact_text, measures};
pub use merkle::{inclusion_proof, leaf_hash, root, root_of_inclusion};
pub use nomogram::Digest;
pub use note::{Checkpoint, verifier_key};
pub use policy::{Approvals, Policy, Stage};
pub use proof::Proof;
pub use reference::{Reference, Selector};
pub use registry::{Author, Head, NewVersion, Options, Registry, Resolved};
pub use role::Role;
pub use state::{AliasChange, Key, ModelRecord, Notice, People, Review, State, VersionRecord};
pub use statement::{Sequence, Statement};
pub use timestamp::Timestamp;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
