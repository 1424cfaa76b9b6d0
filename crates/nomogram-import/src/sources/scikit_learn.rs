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

use nomogram::{Cutoff, EnsembleMember, Kernel, Member};

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
    let tolerance = Tolerance::Relative(of_sums(&ensemble.members)?);
    (imported.margin_tolerance, imported.output_tolerance) = (tolerance, tolerance);
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

/// How close margins must come: of sums of kernels, what double precision leaves of them.
///
/// # Errors
///
/// `Unsupported` where that is less than nine digits.
fn of_sums(members: &[EnsembleMember]) -> Result<f64, Error> {
    let mut tolerance: f64 = USUAL;
    for member in members {
        if let Member::SupportVectors(machine) = &member.member {
            let n_margins = machine.intercepts.len().max(1);
            let terms = machine.vectors.iter().zip(machine.coefficients.chunks(n_margins));
            let sum = terms.fold(0.0, |sum, (vector, coefficients)| {
                let largest = coefficients.iter().map(|one| one.abs()).fold(0.0, f64::max);
                sum + largest * of_itself(machine.kernel, vector)
            });
            tolerance = tolerance.max(sum * f64::EPSILON);
        }
    }
    if tolerance <= LARGEST {
        return Ok(tolerance);
    }
    Err(Error::unsupported(format!(
        "sums of kernels that cancel each other: double precision leaves {tolerance:e} of them, expected at most \
         {LARGEST:e}"
    )))
}

/// How close margins usually come, and how close they must come at least.
const USUAL: f64 = 1e-12;
const LARGEST: f64 = 1e-9;

/// The magnitude of a kernel; of a polynomial one, that of a vector with itself, and at least 1.
fn of_itself(kernel: Kernel, vector: &[f64]) -> f64 {
    match kernel {
        Kernel::Radial { .. } | Kernel::Sigmoid { .. } => 1.0,
        Kernel::Polynomial { gamma, offset, degree } => {
            let product: f64 = vector.iter().map(|number| number * number).sum();
            let argument = (gamma * product + offset).abs();
            (0..degree.min(1000)).fold(1.0, |power, _| power * argument).max(1.0)
        }
    }
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
