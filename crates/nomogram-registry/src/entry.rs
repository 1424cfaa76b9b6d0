//! Entries of the log: envelopes with one signature, in the one encoding that is accepted.

use bytes::Bytes;
use nomogram::Digest;
use nomogram_signing::dsse::Envelope;
use nomogram_signing::{PublicKey, SecretKey};

use crate::act::Act;
use crate::error::Error;
use crate::layout;
use crate::merkle::leaf_hash;
use crate::state::State;
use crate::statement::{MAX_ENTRY_LEN, PAYLOAD_TYPE, Sequence, Statement};

/// An entry of the log.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) statement: Statement,
    /// The file.
    pub(crate) bytes: Bytes,
    /// The digest of the file.
    pub(crate) digest: Digest,
    /// Its leaf in the Merkle tree.
    pub(crate) leaf: Digest,
    envelope: Envelope,
}

impl Entry {
    /// Signs a statement.
    pub(crate) fn sign(statement: Statement, key: &SecretKey) -> Result<Self, Error> {
        let name = layout::entry(statement.seq);
        let invalid = |detail: String| Error::invalid(&name, detail);
        let payload = serde_json::to_vec(&statement).map_err(|cause| invalid(cause.to_string()))?;
        let envelope = Envelope::sign(PAYLOAD_TYPE, &payload, key);
        let envelope = envelope.map_err(|cause| invalid(cause.to_string()))?;
        let bytes = encode(&envelope).map_err(|cause| invalid(cause.to_string()))?;
        if bytes.len() > MAX_ENTRY_LEN {
            let expected = format!("expected at most {MAX_ENTRY_LEN}; shorten it");
            return Err(invalid(format!("{} bytes, {expected}", bytes.len())));
        }
        Ok(Self::new(statement, bytes, envelope))
    }

    /// Reads the file of entry `seq`, without verifying its signature.
    pub(crate) fn read(seq: Sequence, bytes: &Bytes) -> Result<Self, Error> {
        let name = layout::entry(seq);
        let damaged = |detail: String| Error::damaged(&name, detail);
        if bytes.len() > MAX_ENTRY_LEN {
            return Err(damaged(format!(
                "{} bytes, expected at most {MAX_ENTRY_LEN}",
                bytes.len()
            )));
        }
        let unreadable = |cause: nomogram_signing::Error| damaged(cause.to_string());
        let envelope = Envelope::from_json(bytes).map_err(unreadable)?;
        let payload = envelope.unverified_payload().map_err(unreadable)?;
        let statement: Statement = serde_json::from_slice(&payload)
            .map_err(|cause| damaged(format!("its statement cannot be read: {cause}")))?;
        if statement.seq != seq {
            return Err(damaged(format!("states that it is entry {}", statement.seq)));
        }
        // A byte that no signature covers, such as white space, would otherwise change unnoticed.
        let mut expected = Envelope::new(PAYLOAD_TYPE, &payload);
        for (_, signature) in envelope.unverified_signatures().map_err(unreadable)?.iter().take(1) {
            expected.push_signature(Some(statement.key.clone()), signature);
        }
        if encode(&expected).map_err(unreadable)? != *bytes {
            return Err(damaged("is not in the encoding that the registry writes".into()));
        }
        Ok(Self::new(statement, bytes.clone(), envelope))
    }

    fn new(statement: Statement, bytes: Bytes, envelope: Envelope) -> Self {
        let (digest, leaf) = (Digest::of(&bytes), leaf_hash(&bytes));
        Self { statement, bytes, digest, leaf, envelope }
    }

    /// Verifies the place in the log and the signature. `state` is that before the entry.
    pub(crate) fn verify(&self, state: &State) -> Result<(), Error> {
        let name = layout::entry(self.statement.seq);
        let damaged = |detail: String| Error::damaged(&name, detail);
        let Statement { seq, previous, key, act, .. } = &self.statement;
        if *seq != state.n_entries() {
            return Err(damaged(format!("expected entry {}", state.n_entries())));
        }
        if *previous != state.head() {
            let text = |digest: Option<Digest>| digest.map_or("none".into(), |d| d.to_string());
            let (found, expected) = (text(*previous), text(state.head()));
            let detail = format!("follows an entry with the SHA-256 {found}, expected {expected}");
            return Err(damaged(detail));
        }
        let public = match (state.people().keys().get(key), act) {
            (Some(known), _) => known.public,
            (None, Act::Found { public_key, .. }) if *seq == 0 => {
                PublicKey::from_pem(public_key).map_err(|cause| damaged(cause.to_string()))?
            }
            (None, _) => {
                let detail = format!("is signed by key {key}, which the registry does not know");
                return Err(damaged(detail));
            }
        };
        let verified = self.envelope.verify(PAYLOAD_TYPE, &[public]);
        verified.map(|_| ()).map_err(|cause| damaged(format!("key {key}: {cause}")))
    }
}

/// The file of an envelope.
fn encode(envelope: &Envelope) -> Result<Bytes, nomogram_signing::Error> {
    let mut text = envelope.to_json()?;
    text.push('\n');
    Ok(Bytes::from(text))
}
