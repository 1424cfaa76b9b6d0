//! Reads and verifies the entries that this client has not seen.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use nomogram::Digest;

use super::{Head, Registry, lock};
use crate::entry::Entry;
use crate::error::Error;
use crate::index::IndexedEntry;
use crate::layout;
use crate::statement::Sequence;

/// How many entries are read at once.
const MAX_READ_AT_ONCE: u64 = 64;

impl Registry {
    /// Reads the entries that were written since, and verifies them.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub async fn refresh(&self) -> Result<Head, Error> {
        let _reading = self.reading.lock().await;
        let (mut next, last) = self.index().head()?;
        if let Some(last) = last {
            self.check_last_seen(next - 1, last).await?;
        }
        let mut n_at_once = 1;
        loop {
            let files = self.read_files(next, n_at_once).await?;
            let n_read = files.len() as u64;
            if n_read > 0 {
                self.add(next, &files)?;
                next += n_read;
            }
            if n_read < n_at_once {
                break;
            }
            n_at_once = (8 * n_at_once).min(MAX_READ_AT_ONCE);
        }
        self.check_identity()?;
        self.head()
    }

    /// Compares the newest entry that this client has seen with what is stored now.
    async fn check_last_seen(&self, seq: Sequence, seen: Digest) -> Result<(), Error> {
        let name = layout::entry(seq);
        let Some(bytes) = self.store.get(&name).await? else {
            let detail =
                format!("{name} is missing, which this client has seen with the SHA-256 {seen}");
            return Err(Error::RolledBack { detail });
        };
        let found = Digest::of(&bytes);
        if found == seen {
            return Ok(());
        }
        let detail = format!("{name} has the SHA-256 {found}; this client has seen {seen}");
        Err(Error::RolledBack { detail })
    }

    /// The files of up to `n` entries from `first` on, until one is missing.
    pub(super) async fn read_files(&self, first: Sequence, n: u64) -> Result<Vec<Bytes>, Error> {
        let reads = stream::iter(first..first + n)
            .map(|seq| async move { self.store.get(&layout::entry(seq)).await });
        let files: Vec<Option<Bytes>> = reads.buffered(16).try_collect().await?;
        let mut found: Vec<Bytes> = Vec::new();
        let mut files = (first..).zip(files);
        for (seq, file) in files.by_ref() {
            match file {
                Some(file) => found.push(file),
                None => {
                    // A later one may have been written while these were read.
                    if let Some((later, _)) = files.find(|(_, file)| file.is_some())
                        && self.store.get(&layout::entry(seq)).await?.is_none()
                    {
                        let detail = format!("is missing, but {} exists", layout::entry(later));
                        return Err(Error::damaged(layout::entry(seq), detail));
                    }
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Verifies entries from `first` on and adds them to the state and the index.
    fn add(&self, first: Sequence, files: &[Bytes]) -> Result<(), Error> {
        let mut state = self.state()?;
        // No other task changes the state while this one reads.
        lock(&self.state).take();
        let folded = Arc::make_mut(&mut state);
        let mut entries = Vec::new();
        for (seq, bytes) in (first..).zip(files) {
            let entry = Entry::read(seq, bytes)?;
            entry.verify(folded)?;
            folded.apply(&entry.statement, entry.digest);
            let Entry { statement, digest, leaf, .. } = entry;
            entries.push(IndexedEntry { statement, digest, leaf });
        }
        self.index().add(&entries, folded)?;
        *lock(&self.state) = Some(state);
        Ok(())
    }

    fn check_identity(&self) -> Result<(), Error> {
        let Some(expected) = self.options.identity else { return Ok(()) };
        let first = self.index().first()?;
        if first.is_none_or(|first| first == expected) {
            return Ok(());
        }
        let found = first.map_or_else(String::new, |digest| digest.to_string());
        let detail =
            format!("has the SHA-256 {found}, expected {expected}: it is another registry");
        Err(Error::damaged(layout::entry(0), detail))
    }
}
