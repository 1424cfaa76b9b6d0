//! What an audit found.

use serde::Serialize;

use crate::error::Error;

/// What an audit found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Audit {
    /// The number of entries that were verified.
    pub n_entries: u64,
    /// The number of blobs whose bytes were compared with their digest.
    pub n_blobs: usize,
    /// The number of checkpoints that were verified.
    pub n_checkpoints: usize,
    /// The number of tiles and bundles of entries that were computed anew and compared.
    pub n_tiles: usize,
    /// What is wrong: empty when everything is as it was written.
    pub findings: Vec<Finding>,
    /// What is not wrong, but worth a look: acts that a rule refused, blobs of no version.
    pub remarks: Vec<Finding>,
}

/// An object, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The object.
    pub place: String,
    /// What was found.
    pub detail: String,
}

impl Audit {
    pub(crate) fn find(&mut self, place: impl Into<String>, detail: impl Into<String>) {
        self.findings.push(Finding { place: place.into(), detail: detail.into() });
    }

    pub(crate) fn remark(&mut self, place: impl Into<String>, detail: impl Into<String>) {
        self.remarks.push(Finding { place: place.into(), detail: detail.into() });
    }

    /// Keeps a failure that names its place as a finding.
    pub(crate) fn keep(&mut self, place: &str, failed: Error) {
        match failed {
            Error::Damaged { place, detail } | Error::Invalid { place, detail } => {
                self.find(place, detail)
            }
            Error::RolledBack { .. }
            | Error::Store { .. }
            | Error::Refused(_)
            | Error::NotFound { .. }
            | Error::Index { .. } => self.find(place, failed.to_string()),
        }
    }
}
