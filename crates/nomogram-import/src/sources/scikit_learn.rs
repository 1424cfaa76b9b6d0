//! scikit-learn: fitted estimators, as `nomogram_risk.from_sklearn` describes them.
//!
//! The description is JSON: fitted attributes of known classes, read in Python, with numbers that read
//! back to the same bits. It names what each estimator computes, not how it is written in Python;
//! docs/import.md lists its keys. Trees round values to single precision and compare them by `<=` with
//! thresholds of double precision. No pickle is read.

mod features;

mod layout;

mod forest;
mod steps;

mod base;

mod calibration;

mod ensemble;

use nomogram::Cutoff;

use crate::comparison::Tolerance;
use crate::document::{Cursor, json};
use crate::error::Error;
use crate::imported::{Imported, LeafNumbers};
use crate::limits::Limits;
use crate::options::Options;
use ensemble::Ensemble;
use features::Inputs;

/// The text that a description begins with.
pub(crate) const MARK: &str = "\"nomogram scikit-learn description 1\"";

/// Reads a description.
pub(crate) fn read(bytes: &[u8], options: &Options, limits: &Limits) -> Result<Imported, Error> {
    let document = json::read(bytes, limits)?;
    let root = Cursor::new(&document);
    let format = root.key("format")?;
    if format!("\"{}\"", format.text()?) != MARK {
        return Err(format.malformed(format!("`{}`, expected {MARK}", format.text()?)));
    }
    let inputs = Inputs::read(&root, limits)?;
    let ensemble = Ensemble::read(&root.key("model")?, &inputs, limits)?;
    let schema = inputs.schema(ensemble.has_single_inputs())?;
    let version = root.key("scikit_learn")?.text()?;
    let Some(first) = ensemble.members.first() else {
        return Err(root.key("model")?.malformed("no members, expected at least 1"));
    };
    let mut imported = Imported::of_member("scikit-learn", bytes, schema, first.member.clone());
    imported.parts.branches = ensemble.branches;
    imported.parts.members = ensemble.members;
    imported.parts.combiner = ensemble.combiner;
    imported.parts.calibrator = ensemble.calibrator;
    imported.parts.cutoffs = cutoffs(&root)?;
    if options.tree_shares {
        imported.keep_shares(ensemble.left_shares);
    }
    imported.notes.push(format!("estimator of scikit-learn {version}"));
    for note in root.find("notes").map_or(Ok(Vec::new()), |notes| notes.texts())? {
        imported.notes.push(note.to_owned());
    }
    let adds_in_order = root.key("adds_in_order")?.boolean()?;
    imported.leaf_numbers = ensemble.leaf_numbers.map(LeafNumbers);
    if adds_in_order && imported.leaf_numbers.is_some() {
        imported.margin_tolerance = Tolerance::Bits;
    }
    Ok(imported)
}

fn cutoffs(root: &Cursor<'_>) -> Result<Vec<Cutoff>, Error> {
    let Some(cutoffs) = root.find("cutoffs") else { return Ok(Vec::new()) };
    cutoffs
        .items()?
        .map(|cutoff| {
            Ok(Cutoff {
                name: cutoff.key("name")?.text()?.to_owned(),
                class: crate::forests::number(cutoff.key("class")?.whole()?)?,
                probability: cutoff.key("probability")?.double()?,
            })
        })
        .collect()
}
