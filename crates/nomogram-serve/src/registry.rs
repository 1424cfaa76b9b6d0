//! The registry that models come from: what it lets be served, and whether it is what it was.

mod fault;
mod standing;

mod catalog;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use nomogram_registry::{Digest, Error, Head, Options, Registry, State, block_on};
use serde::{Deserialize, Serialize};

use crate::metric::write_one;
use crate::models::Models;
use crate::trust::{RefusedBundle, TrustPolicy};
pub use fault::{Fault, FaultKind};

/// Which registry models come from, and which of its versions are served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistryConfig {
    /// A folder, or `s3://bucket/path`.
    pub location: String,
    /// The digest of the first entry, by which the registry is known.
    pub identity: Option<Digest>,
    /// The file that remembers the newest entry; without it, the memory ends with the process.
    pub index: Option<PathBuf>,
    /// Seconds between two looks at the log.
    pub poll_seconds: u64,
    /// The stages whose versions are served; when empty, those whose versions may carry an alias.
    pub stages: Vec<String>,
    /// The aliases whose versions are served; when empty, a version needs none.
    pub aliases: Vec<String>,
}

impl Default for RegistryConfig {
    fn default() -> Self {
        Self {
            location: String::new(),
            identity: None,
            index: None,
            poll_seconds: 10,
            stages: Vec::new(),
            aliases: Vec::new(),
        }
    }
}

/// A registry whose models are served.
#[derive(Debug)]
pub struct Followed {
    registry: Registry,
    config: RegistryConfig,
    /// The model of requests that name none.
    default: Option<String>,
    /// The newest entry that was read, and the policy of trust at that time. Held while the registry is read.
    seen: Mutex<Option<(Head, TrustPolicy)>>,
    fault: Mutex<Option<Fault>>,
    /// The versions that the policy refuses.
    refused: Mutex<Vec<RefusedBundle>>,
}

/// What an update did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// The registry has no new entry.
    Unchanged,
    /// The models are those of the registry's newest entry.
    Read,
}

/// An update that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Why.
    pub fault: Fault,
    /// Whether the update before did not fail in the same way.
    pub is_new: bool,
}

impl Followed {
    /// Opens a registry and verifies its log. Blocks; not for use inside of a runtime.
    ///
    /// # Errors
    ///
    /// A sentence with the key of the configuration.
    pub fn open(config: &RegistryConfig, default: Option<String>) -> Result<Self, String> {
        let location = config.location.as_str();
        if location.is_empty() {
            return Err("registry: location: missing, expected a folder or `s3://…`".into());
        }
        if config.poll_seconds == 0 {
            return Err("registry: poll_seconds: 0 seconds, expected at least 1".into());
        }
        let (index, identity) = (config.index.clone(), config.identity);
        let options = Options { index, identity, ..Options::default() };
        let failed = |error: Error| format!("registry: {location}: {error}");
        let registry = block_on(Registry::open(location, options)).map_err(failed)?;
        let state = registry.state().map_err(failed)?;
        if let Some(stage) = standing::unknown_stage(&state, &config.stages) {
            return Err(format!("registry: stages: `{stage}`: no policy has this stage"));
        }
        let (seen, fault, refused) = Default::default();
        Ok(Self { registry, config: config.clone(), default, seen, fault, refused })
    }

    /// Reads what is new in the log, and serves what it lets be served. Blocks, so it is called on a thread
    /// of its own.
    ///
    /// When anything cannot be read, the models stay as they are, apart from those that verified entries
    /// revoke or take out of their stage.
    ///
    /// # Errors
    ///
    /// Why the registry cannot be read.
    pub fn update(&self, models: &Models, trust: &TrustPolicy) -> Result<Update, Failed> {
        let mut seen = lock(&self.seen);
        match self.read(seen.as_ref(), models, trust) {
            Ok((head, update)) => {
                *seen = Some((head, trust.clone()));
                *lock(&self.fault) = None;
                Ok(update)
            }
            Err(fault) => {
                if let Ok(state) = self.registry.state() {
                    catalog::withdraw(models, &state, &self.config);
                }
                let is_new = lock(&self.fault).replace(fault.clone()).as_ref() != Some(&fault);
                Err(Failed { fault, is_new })
            }
        }
    }

    /// Reads all versions anew, whether the log has new entries or not. Blocks.
    ///
    /// # Errors
    ///
    /// As [`Self::update`].
    pub fn read_again(&self, models: &Models, trust: &TrustPolicy) -> Result<(), Failed> {
        *lock(&self.seen) = None;
        self.update(models, trust).map(drop)
    }

    fn read(
        &self,
        seen: Option<&(Head, TrustPolicy)>,
        models: &Models,
        trust: &TrustPolicy,
    ) -> Result<(Head, Update), Fault> {
        let head = block_on(self.registry.refresh())?;
        let is_seen = seen.is_some_and(|(known, policy)| *known == head && policy == trust);
        if is_seen && self.fault().is_none() {
            return Ok((head, Update::Unchanged));
        }
        let previous = models.catalog();
        let (mut catalog, refused) = catalog::read(&self.registry, &self.config, trust, &previous)?;
        if let Some(name) = &self.default {
            catalog.prefer(name);
        }
        models.replace(catalog);
        *lock(&self.refused) = refused;
        Ok((head, Update::Read))
    }

    /// The versions that the policy of trust refused at the last look.
    #[must_use]
    pub fn refused(&self) -> Vec<RefusedBundle> {
        lock(&self.refused).clone()
    }

    /// Why the registry could not be read the last time; nothing when it was read.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        lock(&self.fault).clone()
    }

    /// The state after the last entry that was verified.
    ///
    /// # Errors
    ///
    /// When the index cannot be read; when the log was found damaged or rolled back.
    pub fn state(&self) -> Result<Arc<State>, Fault> {
        match self.fault().filter(|fault| fault.kind != FaultKind::Unavailable) {
            Some(fault) => Err(fault),
            None => Ok(self.registry.state()?),
        }
    }

    /// Reads a blob. Blocks, so it is called on a thread of its own.
    ///
    /// # Errors
    ///
    /// When it is damaged, was erased by order or cannot be read.
    pub fn blob(&self, digest: &Digest) -> Result<Bytes, Fault> {
        Ok(block_on(self.registry.blob(digest))?)
    }

    /// Seconds between two looks at the log.
    #[must_use]
    pub const fn poll_seconds(&self) -> u64 {
        self.config.poll_seconds
    }

    /// `current`, or the kind of fault.
    #[must_use]
    pub fn status(&self) -> &'static str {
        self.fault().map_or("current", |fault| fault.kind.name())
    }

    /// Writes metrics as `OpenMetrics` does.
    pub fn write_metrics(&self, text: &mut String) {
        let n_entries = self.registry.head().map_or(0, |head| head.n_entries);
        write_one(text, "nomogram_registry_current", u64::from(self.fault().is_none()));
        write_one(text, "nomogram_registry_entries", n_entries);
    }
}

/// Locks also after a panic: what is locked is replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
