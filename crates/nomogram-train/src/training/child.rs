//! What a recalibrated bundle has of its parent.

use nomogram::{Digest, Manifest, Model, Parts, Uncertainty};

/// The note of a manifest that has the digest of the rows that a calibrator or an uncertainty was fitted to.
pub const RECALIBRATION_DATA: &str = "recalibration data";

/// The note of a manifest that has the configuration of its uncertainty, as JSON.
pub(super) const UNCERTAINTY_CONFIGURATION: &str = "uncertainty settings";

/// The manifest of the parent with another version, and with notes of its digest and of the rows that the
/// child was fitted to. It has no configuration of the parent's uncertainty, which the child replaces.
pub(super) fn manifest_of_child(
    parent: &Model,
    version: &str,
    data: Digest,
    n_rows: usize,
) -> Manifest {
    let mut manifest = parent.manifest().clone();
    version.clone_into(&mut manifest.version);
    for (key, note) in [
        ("parent", parent.digest().to_string()),
        (RECALIBRATION_DATA, data.to_string()),
        ("recalibration rows", n_rows.to_string()),
    ] {
        manifest.notes.insert(key.into(), note);
    }
    manifest.notes.remove(UNCERTAINTY_CONFIGURATION);
    manifest
}

/// The same, comparing features with what the parent saw in training.
pub(super) fn with_spreads_of(parent: &Parts, fitted: Uncertainty) -> Uncertainty {
    let of_parent = parent.uncertainty.as_ref().map(|parent| parent.spreads.clone());
    let spreads = of_parent.filter(|spreads| !spreads.is_empty());
    Uncertainty { spreads: spreads.unwrap_or(fitted.spreads), ..fitted }
}
