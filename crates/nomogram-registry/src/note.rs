//! Checkpoints: signed notes of a log's size and root (C2SP signed-note, tlog-checkpoint).

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nomogram::Digest;
use nomogram_signing::{PublicKey, SecretKey};

use crate::error::Error;

/// The type of an Ed25519 signature, which is part of the key's hash.
const ED25519: u8 = 1;

/// The size and root of a log, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the registry.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The root of the Merkle tree over them.
    pub root: Digest,
    signatures: Vec<NoteSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    key_hash: [u8; 4],
    signature: Vec<u8>,
}

impl Checkpoint {
    /// Signs the size and root of a log in the name of the registry.
    #[must_use]
    pub fn sign(origin: &str, size: u64, root: Digest, key: &SecretKey) -> Self {
        let mut checkpoint = Self { origin: origin.to_owned(), size, root, signatures: Vec::new() };
        let signature = key.sign(checkpoint.body().as_bytes()).to_vec();
        let key_hash = key_hash(origin, &key.public_key());
        checkpoint.signatures.push(NoteSignature { name: origin.to_owned(), key_hash, signature });
        checkpoint
    }

    /// The signed text.
    fn body(&self) -> String {
        let root = BASE64_STANDARD.encode(self.root.as_bytes());
        format!("{}\n{}\n{root}\n", self.origin, self.size)
    }

    /// Reads a note.
    ///
    /// # Errors
    ///
    /// `Invalid` with `place` when it is none.
    pub fn parse(place: &str, text: &str) -> Result<Self, Error> {
        let invalid = |detail: &str| Error::invalid(place, detail);
        let (body, rest) = text.split_once("\n\n").ok_or_else(|| invalid("found no empty line"))?;
        let mut lines = body.split('\n');
        let mut line = |expected: &str| {
            lines.next().filter(|line| !line.is_empty()).ok_or_else(|| invalid(expected))
        };
        let origin = line("found no origin")?.to_owned();
        let size = line("found no size")?;
        let root =
            decode(line("found no root")?).ok_or_else(|| invalid("the root is no SHA-256"))?;
        if lines.next().is_some() {
            return Err(invalid("found a fourth line, expected three"));
        }
        let number: u64 = size.parse().map_err(|_| invalid("the size is no number"))?;
        let root: [u8; 32] = root.try_into().map_err(|_| invalid("the root is no SHA-256"))?;
        if number.to_string() != size {
            return Err(invalid("the size is no number"));
        }
        let rest =
            rest.strip_suffix('\n').ok_or_else(|| invalid("found no line end at the end"))?;
        let signatures: Option<Vec<NoteSignature>> =
            rest.split('\n').map(NoteSignature::parse).collect();
        let signatures = signatures.ok_or_else(|| invalid("found a line that is no signature"))?;
        Ok(Self { origin, size: number, root: Digest::from_bytes(root), signatures })
    }

    /// Verifies the signature of `key` in the name of the registry.
    ///
    /// # Errors
    ///
    /// `Damaged` with `place` when `key` did not sign it.
    pub fn verify(&self, place: &str, key: &PublicKey) -> Result<(), Error> {
        let hash = key_hash(&self.origin, key);
        let mut signatures = self.signatures.iter();
        let signature = signatures
            .find(|signature| signature.name == self.origin && signature.key_hash == hash)
            .ok_or_else(|| Error::damaged(place, format!("key {} did not sign it", key.id())))?;
        key.verify(self.body().as_bytes(), &signature.signature).map_err(|_| {
            Error::damaged(place, format!("the signature of key {} is wrong", key.id()))
        })
    }

    /// Whether a key has the hash of one of the signatures.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        let hash = key_hash(&self.origin, key);
        self.signatures.iter().any(|signature| signature.key_hash == hash)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.body())?;
        self.signatures.iter().try_for_each(|NoteSignature { name, key_hash, signature }| {
            let bytes: Vec<u8> = key_hash.iter().chain(signature).copied().collect();
            f.write_str(&format!("— {name} {}\n", BASE64_STANDARD.encode(bytes)))
        })
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Option<Self> {
        let (name, text) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = decode(text)?;
        let (key_hash, signature) = bytes.split_first_chunk::<4>()?;
        let (name, signature) = (name.to_owned(), signature.to_vec());
        (!name.is_empty()).then_some(Self { name, key_hash: *key_hash, signature })
    }
}

/// The hash by which a note refers to a key.
fn key_hash(name: &str, key: &PublicKey) -> [u8; 4] {
    let mut bytes = name.as_bytes().to_vec();
    bytes.extend([b'\n', ED25519]);
    bytes.extend(key.to_bytes());
    let [a, b, c, d, ..] = *Digest::of(&bytes).as_bytes();
    [a, b, c, d]
}

/// The text by which verifiers of notes know a key: `name+hash+key`.
#[must_use]
pub fn verifier_key(name: &str, key: &PublicKey) -> String {
    let hash: String = key_hash(name, key).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut bytes = vec![ED25519];
    bytes.extend(key.to_bytes());
    format!("{name}+{hash}+{}", BASE64_STANDARD.encode(bytes))
}

pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and the note of the documentation of Go's package `sumdb/note`.
    #[test]
    fn keys_and_signatures_are_those_of_other_programs() {
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let line = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg\
                    KvqfqdngotpRZb6KE6RyyBwJnAM=";
        let verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let bytes = decode(verifier.rsplit('+').next().unwrap()).unwrap();
        let key = PublicKey::from_bytes(bytes[1..].try_into().unwrap()).unwrap();
        assert_eq!(verifier_key("PeterNeumann", &key), verifier);
        let signature = NoteSignature::parse(line).unwrap();
        assert_eq!(signature.key_hash, key_hash("PeterNeumann", &key));
        key.verify(text.as_bytes(), &signature.signature).unwrap();
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_written() {
        let key = SecretKey::from_seed(&[3; 32]);
        let root = Digest::of(b"root");
        let checkpoint = Checkpoint::sign("registry.example/risk", 12, root, &key);
        let text = checkpoint.to_string();
        let read = Checkpoint::parse("checkpoint", &text).unwrap();
        assert_eq!(read, checkpoint);
        read.verify("checkpoint", &key.public_key()).unwrap();
        let other = text.replace("\n12\n", "\n13\n");
        let other = Checkpoint::parse("checkpoint", &other).unwrap();
        let error = other.verify("checkpoint", &key.public_key()).unwrap_err().to_string();
        assert!(error.contains("is wrong"), "{error}");
        for (from, to) in [("\n12\n", "\n012\n"), ("\n12\n", "\nx\n"), ("\n\n", "\n"), ("— ", "- ")]
        {
            assert!(Checkpoint::parse("checkpoint", &text.replace(from, to)).is_err(), "{to:?}");
        }
    }
}
