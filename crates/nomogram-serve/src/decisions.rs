//! The decision log: who asked which model when with which answer.
//!
//! Opt-in. Every record is encrypted to a public key (HPKE, RFC 9180: X25519, HKDF-SHA256,
//! ChaCha20-Poly1305), so the service cannot read what it wrote. Records are chained by SHA-256 over the
//! ciphertexts: anyone can check that none was changed, left out or moved; what was cut off at the end
//! shows only by a head that was kept elsewhere, such as in the service's own log. A row whose record cannot
//! be written is not answered.

mod chain;
mod keys;
mod place;
mod record;

mod reader;
mod segment;

mod writer;

pub use self::keys::{PrivateKey, PublicKey, new_keys};
pub use self::reader::{Verified, verify};
pub use self::record::{Answer, Decision};
pub use self::writer::{DecisionLog, MAX_SEGMENT_BYTES};

#[cfg(test)]
mod tests;
