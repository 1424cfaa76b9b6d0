//! Keys and signatures of sealed risk models: Ed25519 in the bundle, DSSE, OpenSSF Model Signing.
//!
//! A [`SecretKey`] never appears in an error, a log or a `Debug` text. No function uses a clock: callers pass the time.

// Failures.
pub mod error;

// Ed25519 keys and their files.
pub mod keys;

// Signed statements in JSON.
pub mod dsse;

// Signatures inside a bundle.
mod embedded;

// Detached signatures of files and folders.
pub mod openssf;

pub use embedded::sign_bundle;
pub use error::Error;
pub use keys::{KeyId, PublicKey, SecretKey};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
