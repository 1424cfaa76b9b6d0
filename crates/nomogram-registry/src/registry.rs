//! A registry that is opened: reading what is approved.

// Layers, lowest first: a module uses only the blocks above its own.
mod blobs;
mod sync;

mod append;
mod checkpoint;

mod audit;
mod register;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use nomogram::{Digest, Limits, Model, Trust};

use crate::error::{Error, Refusal, Rule};
use crate::index::Index;
use crate::reference::{Reference, Selector};
use crate::state::{State, VersionRecord, revoked};
use crate::statement::Statement;
use crate::store::Store;
use crate::timestamp::Timestamp;

pub use append::Author;
pub use register::NewVersion;

/// How a registry is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The index of this client; without it, the log is read and verified anew, and a log that was
    /// rolled back since an earlier run is not noticed.
    pub index: Option<PathBuf>,
    /// The digest of the first entry, by which the registry is known.
    pub identity: Option<Digest>,
    /// The clock by which entries are dated, and signatures in bundles expire.
    pub clock: fn() -> Timestamp,
    /// The policy of trust that a bundle must satisfy to be registered or pulled; its time is that of
    /// the clock.
    pub trust: Option<Arc<Trust>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { index: None, identity: None, clock: Timestamp::now, trust: None }
    }
}

/// A registry in a folder or a bucket.
///
/// Methods that read or write objects are asynchronous. On disk they also run without a runtime, and
/// block; in a bucket they need the runtime of tokio. All others use the index and the memory alone.
#[derive(Debug)]
pub struct Registry {
    store: Store,
    options: Options,
    index: Mutex<Index>,
    /// The fold of the entries that the index holds; made when it is first needed.
    state: Mutex<Option<Arc<State>>>,
    /// Held while entries are read, so that one task does it.
    reading: futures_util::lock::Mutex<()>,
    is_probed: std::sync::atomic::AtomicBool,
}

/// The end of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of entries.
    pub n_entries: u64,
    /// The digest of the last one.
    pub digest: Option<Digest>,
}

/// A version that may be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The model.
    pub model: String,
    /// The number of the version.
    pub number: u32,
    /// What it consists of, its stage, and who approved it.
    pub record: VersionRecord,
}

impl Resolved {
    /// The digest by which the bundle names itself.
    #[must_use]
    pub const fn bundle(&self) -> Digest {
        self.record.registration.bundle
    }

    /// The digest of the file of the bundle.
    #[must_use]
    pub const fn blob(&self) -> Digest {
        self.record.registration.blob
    }
}

impl Registry {
    /// Opens a registry in a folder or at a URL `s3://bucket/path`, and verifies its log: every new
    /// entry's signature, author and place, and that the log still ends in what this client has seen.
    ///
    /// # Errors
    ///
    /// `Damaged` when an entry is not what was written. `RolledBack` when the log is shorter than, or
    /// differs from, what the index remembers. `NotFound` when no registry was founded there.
    pub async fn open(location: &str, options: Options) -> Result<Self, Error> {
        let registry = Self::prepare(location, options)?;
        if registry.refresh().await?.n_entries == 0 {
            return Err(Error::not_found(
                location,
                "found no registry, expected one that was founded",
            ));
        }
        Ok(registry)
    }

    fn prepare(location: &str, options: Options) -> Result<Self, Error> {
        Self::with_store(Store::open(location)?, options)
    }

    pub(crate) fn with_store(store: Store, options: Options) -> Result<Self, Error> {
        let index = Index::open(options.index.as_deref())?;
        Ok(Self {
            store,
            options,
            index: Mutex::new(index),
            state: Mutex::default(),
            reading: futures_util::lock::Mutex::default(),
            is_probed: std::sync::atomic::AtomicBool::new(false),
        })
    }

    /// The folder or the URL.
    #[must_use]
    pub fn location(&self) -> &str {
        self.store.place()
    }

    /// The end of the log when it was last read.
    ///
    /// # Errors
    ///
    /// `Index` when the index cannot be read.
    pub fn head(&self) -> Result<Head, Error> {
        let (n_entries, digest) = self.index().head()?;
        Ok(Head { n_entries, digest })
    }

    /// The digest of the first entry, by which the registry is known.
    ///
    /// # Errors
    ///
    /// `Index` when the index cannot be read.
    pub fn identity(&self) -> Result<Option<Digest>, Error> {
        self.index().first()
    }

    /// The state after the last entry that was read.
    ///
    /// # Errors
    ///
    /// `Index` when the index cannot be read.
    pub fn state(&self) -> Result<Arc<State>, Error> {
        let mut slot = lock(&self.state);
        let mut state = slot.take().unwrap_or_default();
        let n_folded = state.n_entries();
        let entries = {
            let index = self.index();
            if index.head()?.0 > n_folded { index.entries(n_folded)? } else { Vec::new() }
        };
        if !entries.is_empty() {
            let folded = Arc::make_mut(&mut state);
            entries.iter().for_each(|entry| folded.apply(&entry.statement, entry.digest));
        }
        *slot = Some(Arc::clone(&state));
        Ok(state)
    }

    /// Every entry's statement, in order.
    ///
    /// # Errors
    ///
    /// `Index` when the index cannot be read.
    pub fn statements(&self) -> Result<Vec<Statement>, Error> {
        Ok(self.index().entries(0)?.into_iter().map(|entry| entry.statement).collect())
    }

    /// The state as it was at a time: after all entries that are not later.
    ///
    /// # Errors
    ///
    /// `Index` when the index cannot be read.
    pub fn state_as_of(&self, time: Timestamp) -> Result<State, Error> {
        let mut state = State::default();
        let mut entries = self.index().entries(0)?;
        // Accepted entries are in the order of their times; others could have any.
        entries.retain(|entry| entry.statement.time <= time);
        entries.iter().for_each(|entry| state.apply(&entry.statement, entry.digest));
        Ok(state)
    }

    /// The state after the first `n` entries.
    fn state_after(&self, n: u64) -> Result<State, Error> {
        let mut state = State::default();
        let mut entries = self.index().entries(0)?;
        entries.truncate(usize::try_from(n).unwrap_or(usize::MAX));
        entries.iter().for_each(|entry| state.apply(&entry.statement, entry.digest));
        Ok(state)
    }

    /// The names of all models.
    ///
    /// # Errors
    ///
    /// `Index` when the index cannot be read.
    pub fn models(&self) -> Result<Vec<String>, Error> {
        Ok(self.state()?.models().keys().cloned().collect())
    }

    /// Finds a version that may be used.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such version. `Refused` when it was revoked: an alias never falls
    /// back to another version.
    pub fn resolve(&self, reference: &Reference) -> Result<Resolved, Error> {
        let Reference { model, selector } = reference;
        let found = {
            let index = self.index();
            let number = match selector {
                Selector::Number(number) => Some(*number),
                Selector::Latest => None,
                Selector::Alias(alias) => {
                    let number = index.alias(model, alias)?;
                    let missing = || {
                        let place = format!("model `{model}`");
                        Error::not_found(place, format!("no version has the alias `{alias}`"))
                    };
                    Some(number.ok_or_else(missing)?)
                }
            };
            index.version(model, number)?
        };
        let Some(record) = found else {
            let detail = "no such version is registered";
            return Err(Error::not_found(reference, detail));
        };
        let number = record.registration.version.number;
        match &record.revoked {
            Some(notice) => Err(revoked(model, number, notice).into()),
            None => Ok(Resolved { model: model.clone(), number, record }),
        }
    }

    /// Finds a version that may be used, and reads its bundle.
    ///
    /// # Errors
    ///
    /// As [`Self::resolve`] and [`Self::blob`]. `Refused` when the bundle does not satisfy the policy of
    /// trust.
    pub async fn pull(&self, reference: &Reference) -> Result<(Resolved, Bytes), Error> {
        let resolved = self.resolve(reference)?;
        let bytes = self.blob(&resolved.blob()).await?;
        if self.options.trust.is_some() {
            let refused = |cause| Refusal::new(Rule::Trust, format!("{reference}: {cause}"));
            self.open_bundle(&bytes).map_err(refused)?;
        }
        Ok((resolved, bytes))
    }

    /// Opens a bundle, under the policy of trust if there is one.
    fn open_bundle(&self, bytes: &[u8]) -> Result<Model, nomogram::Error> {
        let Some(trust) = &self.options.trust else { return Model::open(bytes) };
        let time = u64::try_from((self.options.clock)().unix()).unwrap_or(0);
        let trust = Trust { time, ..Trust::clone(trust) };
        Model::open_trusted(bytes, &Limits::default(), &trust)
    }

    pub(crate) fn index(&self) -> MutexGuard<'_, Index> {
        lock(&self.index)
    }
}

/// Locks also after a panic: what is locked is replaced as a whole, or is in a transaction.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
