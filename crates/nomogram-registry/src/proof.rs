//! Proofs that an entry is in the log (C2SP tlog-proof), which need nothing but themselves.

use std::fmt;

use nomogram::Digest;
use nomogram_signing::PublicKey;

use crate::error::Error;
use crate::merkle;
use crate::note::{self, Checkpoint};
use crate::statement::Statement;

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// A proof that an entry is in the log of a checkpoint. It holds the entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The file of the entry.
    pub entry: Vec<u8>,
    /// The number of the entry.
    pub index: u64,
    /// The hashes from the leaf's sibling up.
    pub hashes: Vec<Digest>,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
}

impl Proof {
    /// Reads a proof.
    ///
    /// # Errors
    ///
    /// `Invalid` with `place` when it is none.
    pub fn parse(place: &str, text: &str) -> Result<Self, Error> {
        let invalid = |detail: &str| Error::invalid(place, detail);
        let (body, checkpoint) =
            text.split_once("\n\n").ok_or_else(|| invalid("found no empty line"))?;
        let mut lines = body.split('\n');
        let mut after = |start: &str| {
            let line = lines.next().and_then(|line| line.strip_prefix(start));
            line.ok_or_else(|| invalid(&format!("found no line that begins with `{start}`")))
        };
        if !after(HEAD)?.is_empty() {
            return Err(invalid(&format!("found another version, expected `{HEAD}`")));
        }
        let entry =
            note::decode(after("extra ")?).ok_or_else(|| invalid("the entry is no base64"))?;
        let index = after("index ")?.parse().map_err(|_| invalid("the index is no number"))?;
        let hash = |line| {
            let bytes: Option<[u8; 32]> =
                note::decode(line).and_then(|bytes| bytes.try_into().ok());
            bytes.map(Digest::from_bytes).ok_or_else(|| invalid("found a line that is no SHA-256"))
        };
        let hashes = lines.map(hash).collect::<Result<_, _>>()?;
        let checkpoint = Checkpoint::parse(place, checkpoint)?;
        Ok(Self { entry, index, hashes, checkpoint })
    }

    /// Verifies that the log of the checkpoint, which `key` signed, has the entry, and returns what the
    /// entry states. The signature of the entry itself is verified with the log, which has its key.
    ///
    /// # Errors
    ///
    /// `Damaged` with `place` when it does not.
    pub fn verify(&self, place: &str, key: &PublicKey) -> Result<Statement, Error> {
        self.checkpoint.verify(place, key)?;
        let index = usize::try_from(self.index).unwrap_or(usize::MAX);
        let size = usize::try_from(self.checkpoint.size).unwrap_or(usize::MAX);
        let leaf = merkle::leaf_hash(&self.entry);
        if merkle::root_of_inclusion(leaf, index, size, &self.hashes) != Some(self.checkpoint.root)
        {
            let detail =
                format!("its hashes do not lead from entry {index} to the root of the checkpoint");
            return Err(Error::damaged(place, detail));
        }
        let entry = crate::entry::Entry::read(self.index, &self.entry.clone().into())?;
        Ok(entry.statement)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}\nextra {}\nindex {}", note::encode(&self.entry), self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", note::encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Compares a checkpoint with the leaves of the log.
pub(crate) fn check_covered(
    place: &str,
    checkpoint: &Checkpoint,
    leaves: &[Digest],
) -> Result<(), Error> {
    let Some(covered) = leaves.get(..len(checkpoint)) else {
        let detail =
            format!("{place} covers {} entries, but the log has {}", checkpoint.size, leaves.len());
        return Err(Error::RolledBack { detail });
    };
    if merkle::root(covered) == checkpoint.root {
        return Ok(());
    }
    let detail = format!("the first {} entries do not have the root of {place}", checkpoint.size);
    Err(Error::RolledBack { detail })
}

/// The number of entries that a checkpoint covers.
pub(crate) fn len(checkpoint: &Checkpoint) -> usize {
    usize::try_from(checkpoint.size).unwrap_or(usize::MAX)
}
