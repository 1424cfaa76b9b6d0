//! What an entry of the log states: act, author, time and place in the log.

use std::collections::BTreeSet;

use nomogram::Digest;
use serde::{Deserialize, Serialize};

use crate::act::{Act, Evaluation, Registration};
use crate::timestamp::Timestamp;

/// The type of the signed bytes, in the envelope.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.nomogram.registry-entry+json";

/// The largest entry in bytes: bundles of entries have 16 bits for its length.
pub(crate) const MAX_ENTRY_LEN: usize = 65_535;

/// The number of an entry, from 0.
pub type Sequence = u64;

/// What an entry of the log states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The number of the entry, from 0.
    pub seq: Sequence,
    /// The digest of the file of the entry before it.
    pub previous: Option<Digest>,
    /// When it was written, by the clock of its author.
    pub time: Timestamp,
    /// The id of the key that signs it.
    pub key: String,
    /// A random text, by which a writer recognises its entry.
    pub nonce: String,
    /// What it does.
    pub act: Act,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Blobs that support it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Digest>,
}

impl Statement {
    /// What it registers.
    pub(crate) fn registration(&self) -> Option<&Registration> {
        if let Act::Register(registration) = &self.act { Some(registration) } else { None }
    }

    /// The evaluation that it attaches to a version.
    pub(crate) fn evaluation(&self) -> Option<&Evaluation> {
        if let Act::Evaluate { evaluation, .. } = &self.act {
            return Some(evaluation);
        }
        self.registration()?.evaluation.as_ref()
    }

    /// Every blob that it names, but one that it erases.
    pub(crate) fn blobs(&self) -> BTreeSet<Digest> {
        let registered = self.registration().into_iter().flat_map(Registration::blobs);
        let evaluation = self.evaluation().map(|evaluation| evaluation.blob);
        self.evidence.iter().copied().chain(registered).chain(evaluation).collect()
    }
}
