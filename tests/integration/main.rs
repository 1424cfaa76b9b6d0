//! What the crate promises to its users, tested from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[cfg(feature = "ffi")]
#[allow(unsafe_code, reason = "calls as C makes them")]
mod arrow;

mod architecture;
mod bundle_bytes;
mod c_coverage;

#[cfg(feature = "ffi")]
mod c_programs;
mod corpus;
#[cfg(feature = "ffi")]
mod corpus_programs;
#[cfg(feature = "ffi")]
mod cpp_programs;
mod documents;
mod explanation;
mod golden_bundles;
#[cfg(feature = "header")]
mod header;
mod prediction;
#[cfg(feature = "ffi")]
mod readme;
#[cfg(all(feature = "ffi", target_os = "linux"))]
mod symbols;
