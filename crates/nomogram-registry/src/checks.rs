//! What an audit compares of one object.

use bytes::Bytes;
use nomogram::Digest;

use crate::error::Error;
use crate::findings::Audit;
use crate::layout;
use crate::limits::{Measures, measures};
use crate::note::Checkpoint;
use crate::proof::check_covered;
use crate::state::{State, VersionRecord};
use crate::statement::Statement;

/// The log as it is stored.
pub(crate) struct Log {
    pub(crate) state: State,
    pub(crate) statements: Vec<Statement>,
    pub(crate) files: Vec<Bytes>,
    pub(crate) leaves: Vec<Digest>,
    pub(crate) digests: Vec<Digest>,
}

/// Verifies a checkpoint and returns its size.
pub(crate) fn verify_checkpoint(name: &str, bytes: &[u8], log: &Log) -> Result<u64, Error> {
    let text = str::from_utf8(bytes).map_err(|_| Error::damaged(name, "is no text"))?;
    let note = Checkpoint::parse(name, text)?;
    if note.to_string() != text {
        return Err(Error::damaged(name, "is not in the encoding that the registry writes"));
    }
    if note.origin != log.state.origin() {
        return Err(Error::damaged(name, format!("is of `{}`", note.origin)));
    }
    if name != layout::CHECKPOINT && name != layout::checkpoint(note.size) {
        return Err(Error::damaged(name, format!("covers {} entries", note.size)));
    }
    let key = log.state.people().keys().values().find(|key| note.is_signed_by(&key.public));
    let key = key.ok_or_else(|| Error::damaged(name, "is signed by no key of the registry"))?;
    note.verify(name, &key.public)?;
    check_covered(name, &note, &log.leaves)?;
    Ok(note.size)
}

/// Compares a bundle with what its author registered.
pub(crate) fn check_bundle(name: &str, bytes: &[u8], version: &VersionRecord, audit: &mut Audit) {
    let registration = &version.registration;
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

/// Compares the measures of an evaluation, by which versions were promoted, with its report.
pub(crate) fn check_measures(
    name: &str,
    bytes: &[u8],
    digest: &Digest,
    state: &State,
    audit: &mut Audit,
) {
    let versions = state.models().values().flat_map(|model| model.versions.values());
    let evaluations = versions.filter_map(|version| version.registration.evaluation.as_ref());
    for evaluation in evaluations.filter(|evaluation| evaluation.blob == *digest) {
        match measures(bytes) {
            Ok(found) if is_close(&found, &evaluation.measures) => {}
            Ok(_) => audit.find(name, "its measures are not those that were registered"),
            Err(failed) => audit.keep(name, failed),
        }
    }
}

/// Whether measures agree but for the last digits, which writing and reading may change.
fn is_close(found: &Measures, registered: &Measures) -> bool {
    let is_same = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * a.abs().max(1.0);
    found.keys().eq(registered.keys()) && found.values().zip(registered.values()).all(is_same)
}
