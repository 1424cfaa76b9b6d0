//! Checkpoints and proofs, for auditors who trust nobody here.

use bytes::Bytes;
use nomogram_signing::SecretKey;

use super::Registry;
use crate::checks;
use crate::error::{Error, Refusal, Rule};
use crate::layout;
use crate::merkle;
use crate::note::Checkpoint;
use crate::proof::{Proof, check_covered, len};
use crate::role::Role;
use crate::statement::Sequence;
use crate::tiles;

impl Registry {
    /// Signs the size and the root of the log, and writes the tiles that auditors read.
    ///
    /// # Errors
    ///
    /// `Refused` when the key is not one that an administrator may sign with. `Damaged` when an
    /// earlier checkpoint does not fit the log.
    pub async fn publish_checkpoint(&self, key: &SecretKey) -> Result<Checkpoint, Error> {
        self.probe().await?;
        self.refresh().await?;
        let state = self.state()?;
        let id = key.id().to_string();
        let person = state.people().person_of(&id, (self.options.clock)())?;
        if !state.people().has_role(&person, Role::Administrator) {
            let detail =
                format!("{person} may not sign a checkpoint: needs the role administrator");
            return Err(Refusal::new(Rule::Role, detail).into());
        }
        let mut leaves = self.index().leaves()?;
        // Another program with the same index may have added entries meanwhile.
        leaves.truncate(usize::try_from(state.n_entries()).unwrap_or(usize::MAX));
        let size = leaves.len() as u64;
        let before = match self.checkpoint().await? {
            Some(earlier) => {
                check_covered(layout::CHECKPOINT, &earlier, &leaves)?;
                earlier.size
            }
            None => 0,
        };
        for (name, bytes) in tiles::tiles(&leaves, before) {
            self.store.put_new(&name, bytes).await?;
        }
        for bundle in tiles::entry_bundles(size, before) {
            let entries = self
                .read_files(bundle.entries.start, bundle.entries.end - bundle.entries.start)
                .await?;
            self.store.put_new(&bundle.name, tiles::bundle_bytes(entries.iter())).await?;
        }
        let checkpoint = Checkpoint::sign(state.origin(), size, merkle::root(&leaves), key);
        let bytes = Bytes::from(checkpoint.to_string());
        self.store.put_new(&layout::checkpoint(size), bytes.clone()).await?;
        // What is there may be newer by now.
        if self.checkpoint().await?.is_none_or(|newest| newest.size <= size) {
            self.store.put_copy(layout::CHECKPOINT, bytes).await?;
        }
        Ok(checkpoint)
    }

    /// The newest checkpoint.
    ///
    /// # Errors
    ///
    /// `Invalid` when its file is no checkpoint.
    pub async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        let Some(bytes) = self.store.get(layout::CHECKPOINT).await? else { return Ok(None) };
        Checkpoint::parse(layout::CHECKPOINT, &String::from_utf8_lossy(&bytes)).map(Some)
    }

    /// Checks that the log begins with the entries of a checkpoint that the caller kept, and that an
    /// administrator signed it.
    ///
    /// # Errors
    ///
    /// `RolledBack` when the log does not begin so. `Damaged` with `place` when no administrator signed the checkpoint.
    pub fn check_contains(&self, place: &str, checkpoint: &Checkpoint) -> Result<(), Error> {
        check_covered(place, checkpoint, &self.index().leaves()?)?;
        checks::check_signer(place, checkpoint, &self.state_after(checkpoint.size)?)
    }

    /// Proves that an entry is in the log of the newest checkpoint.
    ///
    /// # Errors
    ///
    /// `NotFound` when the newest checkpoint does not cover the entry.
    pub async fn prove(&self, seq: Sequence) -> Result<Proof, Error> {
        let name = layout::entry(seq);
        let checkpoint = self.checkpoint().await?.filter(|checkpoint| checkpoint.size > seq);
        let checkpoint = checkpoint.ok_or_else(|| {
            Error::not_found(&name, "no checkpoint covers it; an administrator makes one")
        })?;
        let leaves = self.index().leaves()?;
        check_covered(layout::CHECKPOINT, &checkpoint, &leaves)?;
        let missing = || Error::damaged(&name, "is missing");
        let entry = self.store.get(&name).await?.ok_or_else(missing)?;
        let covered = leaves.get(..len(&checkpoint)).unwrap_or_default();
        let index = usize::try_from(seq).unwrap_or(usize::MAX);
        let hashes = merkle::inclusion_proof(covered, index).ok_or_else(missing)?;
        Ok(Proof { entry: entry.to_vec(), index: seq, hashes, checkpoint })
    }
}
