//! What an audit compares of one object.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use nomogram::Digest;

use crate::act::{Evaluation, Registration};
use crate::error::Error;
use crate::findings::Audit;
use crate::layout;
use crate::limits::{Measures, measures};
use crate::note::Checkpoint;
use crate::proof::check_covered;
use crate::role::Role;
use crate::state::State;
use crate::statement::{Sequence, Statement};

/// The log as it is stored.
pub(crate) struct Log {
    pub(crate) state: State,
    pub(crate) statements: Vec<Statement>,
    pub(crate) files: Vec<Bytes>,
    pub(crate) leaves: Vec<Digest>,
    pub(crate) digests: Vec<Digest>,
}

/// What the entries that count state about blobs, those of replaced evaluations included.
#[derive(Default)]
pub(crate) struct Claims<'a> {
    /// Every blob that must be stored unless it was erased.
    pub(crate) blobs: BTreeSet<Digest>,
    pub(crate) registrations: BTreeMap<Digest, Vec<&'a Registration>>,
    pub(crate) evaluations: BTreeMap<Digest, Vec<&'a Evaluation>>,
}

impl<'a> Claims<'a> {
    pub(crate) fn of(log: &'a Log) -> Self {
        let refused: BTreeSet<Sequence> = log.state.refused().iter().map(|(seq, _)| *seq).collect();
        let mut claims = Self::default();
        for statement in &log.statements {
            if refused.contains(&statement.seq) {
                continue;
            }
            claims.blobs.extend(statement.blobs());
            if let Some(registration) = statement.registration() {
                claims.registrations.entry(registration.blob).or_default().push(registration);
            }
            if let Some(evaluation) = statement.evaluation() {
                claims.evaluations.entry(evaluation.blob).or_default().push(evaluation);
            }
        }
        claims
    }
}

/// Reads a checkpoint and compares it with the log; [`check_signer`] verifies its signature.
pub(crate) fn read_checkpoint(name: &str, bytes: &[u8], log: &Log) -> Result<Checkpoint, Error> {
    let text = str::from_utf8(bytes).map_err(|_| Error::damaged(name, "is no text"))?;
    let note = Checkpoint::parse(name, text)?;
    if note.to_string() != text {
        return Err(Error::damaged(name, "is not in the encoding that the registry writes"));
    }
    if name != layout::CHECKPOINT && name != layout::checkpoint(note.size) {
        return Err(Error::damaged(name, format!("covers {} entries", note.size)));
    }
    check_covered(name, &note, &log.leaves)?;
    Ok(note)
}

/// Verifies that an administrator signed a checkpoint; `then` is the state after its entries.
pub(crate) fn check_signer(place: &str, note: &Checkpoint, then: &State) -> Result<(), Error> {
    if note.origin != then.origin() {
        let detail = format!("is of `{}`, expected `{}`", note.origin, then.origin());
        return Err(Error::damaged(place, detail));
    }
    let key = then.people().keys().values().find(|key| note.is_signed_by(&key.public));
    let key = key.ok_or_else(|| Error::damaged(place, "is signed by no key of the registry"))?;
    note.verify(place, &key.public)?;
    let person = &key.person;
    if key.revoked.is_some() || !then.people().has_role(person, Role::Administrator) {
        let detail = format!(
            "is signed by key {} of {person}, which was not one of an administrator after {} entries",
            key.public.id(),
            note.size
        );
        return Err(Error::damaged(place, detail));
    }
    Ok(())
}

/// Compares a bundle with what its author registered.
pub(crate) fn check_bundle(
    name: &str,
    bytes: &[u8],
    registration: &Registration,
    audit: &mut Audit,
) {
    if bytes.len() as u64 != registration.len {
        audit.find(name, format!("{} bytes, registered with {}", bytes.len(), registration.len));
    }
    match nomogram::Model::open(bytes) {
        Ok(model) if model.digest() == registration.bundle => {}
        Ok(model) => {
            let detail =
                format!("is the bundle {}, registered as {}", model.digest(), registration.bundle);
            audit.find(name, detail);
        }
        Err(cause) => audit.find(name, format!("does not open as a bundle: {cause}")),
    }
}

/// Compares the measures of an evaluation, by which versions are promoted, with its report.
pub(crate) fn check_measures(name: &str, bytes: &[u8], evaluation: &Evaluation, audit: &mut Audit) {
    match measures(bytes) {
        Ok(found) if is_close(&found, &evaluation.measures) => {}
        Ok(_) => audit.find(name, "its measures are not those that were registered"),
        Err(failed) => audit.keep(name, failed),
    }
}

/// Whether measures agree but for the last digits, which writing and reading may change.
fn is_close(found: &Measures, registered: &Measures) -> bool {
    let is_same = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * a.abs().max(1.0);
    found.keys().eq(registered.keys()) && found.values().zip(registered.values()).all(is_same)
}
