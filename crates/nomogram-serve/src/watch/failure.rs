//! Models whose watch fails, while the others are watched.

use std::fmt;

use super::state::Alarm;
use crate::served::Served;

/// The watch of a model fails: its periods cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The name of the model.
    pub model: String,
    /// Its version.
    pub version: String,
    /// Its digest.
    pub digest: String,
    /// Why, with the file.
    pub detail: String,
}

/// A look at which some models failed, with the alarms of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// Alarms that are new.
    pub alarms: Vec<Alarm>,
    /// What failed.
    pub failures: Vec<Failure>,
}

impl Failure {
    pub(super) fn new(served: &Served, detail: String) -> Self {
        let (model, version) = (served.name().to_owned(), served.version().to_owned());
        Self { model, version, digest: served.digest().to_owned(), detail }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, version, detail, .. } = self;
        write!(f, "{model} {version}: {detail}")
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures: Vec<String> = self.failures.iter().map(Failure::to_string).collect();
        f.write_str(&failures.join("; "))
    }
}

impl std::error::Error for Failed {}
