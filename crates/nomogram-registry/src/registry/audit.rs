//! Checks everything that is stored, without the index.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use nomogram::Digest;

use super::{Registry, blobs};
use crate::checks::{self, Claims, Log};
use crate::entry::Entry;
use crate::error::{Error, Refusal};
use crate::findings::Audit;
use crate::layout;
use crate::state::State;
use crate::statement::Sequence;
use crate::store::{PROBE, PROBE_BYTES};
use crate::tiles;

impl Registry {
    /// Reads and checks every object: entries, blobs, checkpoints and tiles. Compares the index with
    /// the log. Names every object whose bytes are not those that were written, and with a policy of trust
    /// every bundle with an alias that does not satisfy it.
    ///
    /// # Errors
    ///
    /// `Store` when an object cannot be read at all.
    pub async fn audit(&self) -> Result<Audit, Error> {
        let mut audit = Audit::default();
        let names = self.store.list().await?;
        let log = self.audit_log(&names, &mut audit).await?;
        self.audit_index(&log, &mut audit)?;
        self.audit_blobs(&names, &log, &mut audit).await?;
        let sizes = self.audit_checkpoints(&names, &log, &mut audit).await?;
        self.audit_tiles(&names, &log, &sizes, &mut audit).await?;
        for name in names {
            let is_known = ["log/", "blobs/sha256/", "checkpoints/", "tile/"]
                .iter()
                .any(|folder| name.starts_with(folder));
            if name == PROBE {
                if self.store.get(PROBE).await? != Some(PROBE_BYTES) {
                    audit.find(name, "is not what the registry writes there");
                }
            } else if !is_known && name != layout::CHECKPOINT {
                audit.find(name, "does not belong to the registry");
            }
        }
        Ok(audit)
    }

    async fn audit_log(&self, names: &[String], audit: &mut Audit) -> Result<Log, Error> {
        let mut log = Log {
            state: State::default(),
            statements: Vec::new(),
            files: Vec::new(),
            leaves: Vec::new(),
            digests: Vec::new(),
        };
        let stored: BTreeSet<&str> =
            names.iter().map(String::as_str).filter(|name| name.starts_with("log/")).collect();
        let expected: BTreeSet<String> = (0..stored.len() as Sequence).map(layout::entry).collect();
        for name in stored.iter().filter(|name| !expected.contains(**name)) {
            audit.find(*name, format!("is not one of the {} entries of the log", stored.len()));
        }
        for seq in 0..stored.len() as Sequence {
            let name = layout::entry(seq);
            let Some(bytes) = self.store.get(&name).await? else {
                audit.find(name, "is missing; entries after it were not checked");
                break;
            };
            let verified =
                Entry::read(seq, &bytes).and_then(|entry| entry.verify(&log.state).map(|()| entry));
            match verified {
                Ok(entry) => {
                    log.state.apply(&entry.statement, entry.digest);
                    log.files.push(bytes);
                    log.leaves.push(entry.leaf);
                    log.digests.push(entry.digest);
                    log.statements.push(entry.statement);
                }
                Err(failed) => {
                    audit.keep(&name, failed);
                    break;
                }
            }
        }
        audit.n_entries = log.state.n_entries();
        for (seq, Refusal { rule, detail }) in log.state.refused() {
            audit.remark(
                layout::entry(*seq),
                format!("changed nothing: refused ({rule}): {detail}"),
            );
        }
        Ok(log)
    }

    /// Compares the index, which this client trusts, with the log.
    fn audit_index(&self, log: &Log, audit: &mut Audit) -> Result<(), Error> {
        let place =
            self.options.index.as_ref().map_or("index".into(), |path| path.display().to_string());
        let index = self.index();
        let entries = index.entries(0)?;
        for entry in &entries {
            let seq = entry.statement.seq;
            let index = usize::try_from(seq).unwrap_or(usize::MAX);
            let hashes = log.digests.get(index).zip(log.leaves.get(index));
            if hashes.is_some_and(|found| found != (&entry.digest, &entry.leaf)) {
                let detail =
                    format!("{} is not the entry that this client has seen", layout::entry(seq));
                audit.find(&place, detail);
            } else if log.statements.get(index).is_some_and(|found| *found != entry.statement) {
                let detail = format!("does not have the statement of {}", layout::entry(seq));
                audit.find(&place, detail);
            }
        }
        if (entries.len() as u64) > log.state.n_entries() {
            let detail = format!(
                "this client has seen {} entries; {} of them are stored and verified",
                entries.len(),
                log.state.n_entries()
            );
            audit.find(&place, detail);
            return Ok(());
        }
        for blob in log.state.erased().keys() {
            if entries.len() as u64 == log.state.n_entries() && !index.is_erased(blob)? {
                audit.find(&place, format!("does not have that blob {blob} was erased by order"));
            }
        }
        let mut seen = State::default();
        entries.iter().for_each(|entry| seen.apply(&entry.statement, entry.digest));
        for (name, model) in seen.models() {
            for (number, version) in &model.versions {
                if index.version(name, Some(*number))?.as_ref() != Some(version) {
                    audit.find(
                        &place,
                        format!("version {number} of `{name}` is not that of the log"),
                    );
                }
            }
            for alias in model.aliases.keys() {
                if index.alias(name, alias)? != model.alias(alias) {
                    audit.find(
                        &place,
                        format!("alias `{alias}` of `{name}` is not that of the log"),
                    );
                }
            }
        }
        Ok(())
    }

    async fn audit_blobs(
        &self,
        names: &[String],
        log: &Log,
        audit: &mut Audit,
    ) -> Result<(), Error> {
        let (state, claims) = (&log.state, Claims::of(log));
        let mut in_use: BTreeSet<Digest> = BTreeSet::new();
        for model in state.models().values() {
            let numbers = model.aliases.keys().filter_map(|alias| model.alias(alias));
            let versions = numbers.filter_map(|number| model.versions.get(&number));
            in_use.extend(versions.map(|version| version.registration.blob));
        }
        for blob in claims.blobs.iter().filter(|blob| !state.erased().contains_key(blob)) {
            let name = layout::blob(blob);
            if names.binary_search(&name).is_err() {
                audit.find(name, "is missing");
            }
        }
        for name in names.iter().filter(|name| name.starts_with("blobs/sha256/")) {
            let digest = name.rsplit('/').next().and_then(|hex| hex.parse::<Digest>().ok());
            let Some(digest) = digest.filter(|digest| layout::blob(digest) == *name) else {
                audit.find(name, "is not named like a blob");
                continue;
            };
            let bytes = self.store.get(name).await?.unwrap_or_default();
            audit.n_blobs += 1;
            if let Err(failed) = blobs::check(name, &bytes, &digest) {
                audit.keep(name, failed);
                continue;
            }
            if state.erased().contains_key(&digest) {
                audit.find(name, "was erased by order, but is stored; erase it again");
            } else if !claims.blobs.contains(&digest) {
                audit.remark(name, "belongs to no entry");
            }
            let registrations = claims.registrations.get(&digest);
            for registration in registrations.into_iter().flatten() {
                checks::check_bundle(name, &bytes, registration, audit);
            }
            if self.options.trust.is_some()
                && in_use.contains(&digest)
                && let Err(cause) = self.open_bundle(&bytes)
            {
                audit.find(name, format!("has an alias, but the policy refuses it: {cause}"));
            }
            for evaluation in claims.evaluations.get(&digest).into_iter().flatten() {
                checks::check_measures(name, &bytes, evaluation, audit);
            }
        }
        Ok(())
    }

    /// Verifies the checkpoints and returns their sizes.
    async fn audit_checkpoints(
        &self,
        names: &[String],
        log: &Log,
        audit: &mut Audit,
    ) -> Result<BTreeSet<u64>, Error> {
        let mut checkpoints = Vec::new();
        let is_checkpoint =
            |name: &&String| name.starts_with("checkpoints/") || *name == layout::CHECKPOINT;
        for name in names.iter().filter(is_checkpoint) {
            let bytes = self.store.get(name).await?.unwrap_or_default();
            match checks::read_checkpoint(name, &bytes, log) {
                Ok(checkpoint) => checkpoints.push((name, checkpoint)),
                Err(failed) => audit.keep(name, failed),
            }
        }
        checkpoints.sort_by_key(|(_, checkpoint)| checkpoint.size);
        let mut sizes = BTreeSet::new();
        let mut then = State::default();
        let mut entries = log.statements.iter().zip(&log.digests);
        for (name, checkpoint) in checkpoints {
            while then.n_entries() < checkpoint.size
                && let Some((statement, digest)) = entries.next()
            {
                then.apply(statement, *digest);
            }
            match checks::check_signer(name, &checkpoint, &then) {
                Ok(()) => {
                    audit.n_checkpoints += 1;
                    sizes.insert(checkpoint.size);
                }
                Err(failed) => audit.keep(name, failed),
            }
        }
        Ok(sizes)
    }

    async fn audit_tiles(
        &self,
        names: &[String],
        log: &Log,
        sizes: &BTreeSet<u64>,
        audit: &mut Audit,
    ) -> Result<(), Error> {
        let mut expected: BTreeMap<String, Bytes> = BTreeMap::new();
        let mut before = 0;
        for size in sizes {
            let leaves = usize::try_from(*size).ok().and_then(|size| log.leaves.get(..size));
            expected.extend(tiles::tiles(leaves.unwrap_or_default(), before));
            for bundle in tiles::entry_bundles(*size, before) {
                let entries =
                    log.files.iter().skip(usize::try_from(bundle.entries.start).unwrap_or(0));
                let n = usize::try_from(bundle.entries.end - bundle.entries.start).unwrap_or(0);
                expected.insert(bundle.name, tiles::bundle_bytes(entries.take(n)));
            }
            before = *size;
        }
        for name in names.iter().filter(|name| name.starts_with("tile/")) {
            let Some(bytes) = expected.remove(name) else {
                // Tiles are written before the checkpoint that needs them.
                audit.remark(name, "belongs to no verified checkpoint");
                continue;
            };
            audit.n_tiles += 1;
            if self.store.get(name).await? != Some(bytes) {
                audit.find(name, "is not the tile that follows from the log");
            }
        }
        for name in expected.into_keys() {
            audit.find(name, "is missing");
        }
        Ok(())
    }
}
