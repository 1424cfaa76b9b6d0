//! Writes entries: one act, signed, at the end of the log.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::Ordering;

use nomogram::Digest;
use nomogram_signing::SecretKey;

use super::{Options, Registry};
use crate::act::Act;
use crate::entry::Entry;
use crate::error::{Error, Refusal, Rule};
use crate::layout;
use crate::state::State;
use crate::statement::{Sequence, Statement};
use crate::store::Put;
use crate::timestamp::Timestamp;

/// How far a clock may be behind the last entry, in seconds: an entry is then dated as that one.
const MAX_CLOCK_SKEW: i64 = 60;

/// Who writes an entry, and why.
#[derive(Clone, Debug)]
pub struct Author<'a> {
    /// The key of the person.
    pub key: &'a SecretKey,
    /// Why; some acts need a reason.
    pub reason: String,
    /// Blobs that support the act.
    pub evidence: Vec<Digest>,
}

impl<'a> Author<'a> {
    /// An author with no reason and no evidence.
    #[must_use]
    pub const fn new(key: &'a SecretKey) -> Self {
        Self { key, reason: String::new(), evidence: Vec::new() }
    }

    /// With a reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..self }
    }
}

impl Registry {
    /// Founds a registry in a folder, which is created if need be, or in a bucket. The author becomes
    /// its first administrator.
    ///
    /// # Errors
    ///
    /// `Refused` when a registry is there already. `Store` when the store does not refuse to replace an
    /// object.
    pub async fn found(
        location: &str,
        origin: &str,
        person: &str,
        author: &Author<'_>,
        options: Options,
    ) -> Result<Self, Error> {
        if !location.contains("://") {
            std::fs::create_dir_all(location).map_err(|cause| Error::store(location, cause))?;
        }
        let registry = Self::prepare(location, options)?;
        let act = Act::Found {
            origin: origin.to_owned(),
            person: person.to_owned(),
            public_key: public_key(author.key)?,
        };
        registry
            .append(author, |state| match state.n_entries() {
                0 => Ok(act.clone()),
                _ => {
                    let detail = format!("{location}: the registry `{}` is there", state.origin());
                    Err(Refusal::new(Rule::Founded, detail).into())
                }
            })
            .await?;
        Ok(registry)
    }

    /// Adds the act that `act` makes from the newest state to the log, and returns the number of its
    /// entry. When this returns, the entry is on the disk or in the bucket.
    ///
    /// `act` is called again if another writer was faster.
    ///
    /// # Errors
    ///
    /// `Refused` when a rule forbids the act; nothing is written then. Other errors as
    /// [`Self::refresh`] has them.
    pub async fn append(
        &self,
        author: &Author<'_>,
        act: impl Fn(&State) -> Result<Act, Error>,
    ) -> Result<Sequence, Error> {
        self.probe().await?;
        loop {
            self.refresh().await?;
            let state = self.state()?;
            let statement = Statement {
                seq: state.n_entries(),
                previous: state.head(),
                time: self.time_of_entry(&state),
                key: author.key.id().to_string(),
                nonce: nonce(),
                act: act(&state)?,
                reason: author.reason.clone(),
                evidence: author.evidence.clone(),
            };
            state.check(&statement)?;
            self.check_blobs(&statement).await?;
            self.check_claims(&state, &statement.act).await?;
            let entry = Entry::sign(statement, author.key)?;
            if self.write(&entry).await? {
                self.refresh().await?;
                return Ok(entry.statement.seq);
            }
        }
    }

    /// Erases a blob by order: first the entry is written, then the blob is deleted. After an
    /// interruption between the two, erasing again deletes it.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    pub async fn erase(&self, author: &Author<'_>, blob: Digest) -> Result<(), Error> {
        self.refresh().await?;
        if !self.state()?.erased().contains_key(&blob) {
            self.append(author, |_| Ok(Act::Erase { blob })).await?;
        }
        self.store.delete(&layout::blob(&blob)).await
    }

    /// Writes an entry, and returns whether it is this one that is there.
    async fn write(&self, entry: &Entry) -> Result<bool, Error> {
        let name = layout::entry(entry.statement.seq);
        match self.store.put_new(&name, entry.bytes.clone()).await? {
            Put::Created => Ok(true),
            // A bucket may have repeated a request whose answer was lost.
            Put::Exists => Ok(self.store.get(&name).await? == Some(entry.bytes.clone())),
        }
    }

    /// Refuses an act about blobs that are not stored.
    async fn check_blobs(&self, statement: &Statement) -> Result<(), Error> {
        for blob in statement.blobs() {
            self.blob(&blob).await?;
        }
        Ok(())
    }

    fn time_of_entry(&self, state: &State) -> Timestamp {
        let now = (self.options.clock)();
        match state.time() {
            Some(last) if now < last && last <= now.plus(MAX_CLOCK_SKEW) => last,
            Some(_) | None => now,
        }
    }

    /// Checks once that the store refuses to replace an object.
    pub(super) async fn probe(&self) -> Result<(), Error> {
        if !self.is_probed.load(Ordering::Relaxed) {
            self.store.probe().await?;
            self.is_probed.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The public key of a secret one, as the log has it.
fn public_key(key: &SecretKey) -> Result<String, Error> {
    key.public_key().to_pem().map_err(|cause| Error::invalid("key", cause.to_string()))
}

/// 64 random bits.
fn nonce() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
