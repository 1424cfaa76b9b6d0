//! An imported model: the parts of a bundle, and what the source predicts.

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::Array2;
use nomogram::{
    Branch, Combiner, Digest, EnsembleMember, Explanation, ForestShares, Intake, MAX_GOLDEN_CASES,
    MIN_GOLDEN_CASES, Manifest, Member, Model, Parts, Schema, Session, Value, seal,
};

use crate::comparison::{Comparison, Differences, Paths, Tolerance};
use crate::error::{Error, ErrorKind, Place};
use crate::probes;
use crate::ties::Ties;

/// How many probes become golden cases.
const N_PROBES: usize = 256;

/// A model of another library, as the parts of a bundle.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The parts: [`Imported::seal`] turns them into a bundle.
    pub parts: Parts,
    /// What a person must know, one sentence each.
    pub notes: Vec<String>,
    /// Rows whose predictions the file itself holds.
    pub expected: Vec<ExpectedRow>,
    /// How close margins must come.
    pub margin_tolerance: Tolerance,
    /// How close outputs must come.
    pub output_tolerance: Tolerance,
    /// The source's numbers of the leaves, of a model whose one member is a forest.
    pub leaf_numbers: Option<LeafNumbers>,
}

/// The source's number of each leaf: of tree after tree, leaf after leaf, as the member stores them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafNumbers(pub Vec<Vec<u32>>);

/// A row and what the source predicts for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpectedRow {
    /// One value per feature; NaN is missing.
    pub row: Vec<f64>,
    /// The margins of the first member; none if they are not known.
    pub margins: Option<Vec<f64>>,
    /// One probability per class, or the value; NaN for one that is not known.
    pub outputs: Option<Vec<f64>>,
    /// How much an output may differ from it, if it was printed with few digits.
    pub within: Option<f64>,
    /// The source's number of the leaf that each tree reaches.
    pub leaves: Option<Vec<u32>>,
    /// Whether the row becomes a golden case, which the bundle keeps. Rows of patients are compared only.
    pub is_golden: bool,
}

/// A sealed bundle, with the comparison that it passed.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The bytes of the bundle.
    pub bundle: Vec<u8>,
    /// How its predictions differ from those of the source.
    pub comparison: Comparison,
    /// The same, of the rows that were compared only; none if all became golden cases.
    pub checked: Option<Comparison>,
}

impl Imported {
    /// A model of one member that reads the features as they are.
    #[must_use]
    pub fn of_member(format: &str, file: &[u8], schema: Schema, member: Member) -> Self {
        let branch = Branch { name: "features".into(), source: None, steps: Vec::new() };
        let member = EnsembleMember { name: "model".into(), branch: 0, member };
        Self {
            parts: Parts {
                manifest: manifest(format, file),
                card: None,
                schema,
                branches: vec![branch],
                members: vec![member],
                combiner: Combiner::SoftVote { weights: vec![1.0] },
                calibrator: None,
                cutoffs: Vec::new(),
                explanation: None,
                uncertainty: None,
                profile: None,
            },
            notes: Vec::new(),
            expected: Vec::new(),
            margin_tolerance: Tolerance::Relative(1e-12),
            output_tolerance: Tolerance::Relative(1e-12),
            leaf_numbers: None,
        }
    }

    /// Keeps the shares of the training rows at the splits of forests. A forest with linear leaves has no
    /// use for them.
    pub(crate) fn keep_shares(&mut self, mut left_shares: Vec<ForestShares>) {
        let members = &self.parts.members;
        left_shares.retain(|shares| {
            let member = members.get(shares.member as usize).map(|member| &member.member);
            matches!(member, Some(Member::Forest(_)))
        });
        if !left_shares.is_empty() {
            let (background, weights, groups) = (Vec::new(), Vec::new(), Vec::new());
            self.parts.explanation = Some(Explanation { background, weights, groups, left_shares });
        }
    }

    /// Rows at which a wrong comparison, rounding or missing direction would show: at most `max_rows`,
    /// always the same. They are what a source library should predict for the comparison.
    ///
    /// # Errors
    ///
    /// `Model` when the schema contradicts itself.
    pub fn probes(&self, max_rows: usize) -> Result<Vec<Vec<f64>>, Error> {
        probes::rows(&self.parts, max_rows)
    }

    /// Seals the bundle and compares it with what the source predicts: for the rows of the file, and
    /// for those in `known`. Golden cases are probes, and of these rows those that are golden.
    ///
    /// # Errors
    ///
    /// `Different` when a prediction differs by more than the tolerance; `Model` when the core refuses
    /// the parts.
    pub fn seal(&self, known: &[ExpectedRow]) -> Result<Sealed, Error> {
        let sealed = self.seal_and_compare(known)?;
        if sealed.comparison.n_rows == 0 && sealed.comparison.n_tied > 0 {
            let n_tied = sealed.comparison.n_tied;
            let detail = format!(
                "nothing could be compared: ties among nearest neighbours decide the answer for all {n_tied} rows"
            );
            return Err(Error::new(ErrorKind::Different, detail));
        }
        if sealed.comparison.agrees() {
            return Ok(sealed);
        }
        let comparison = sealed.comparison;
        let detail = format!("the bundle predicts other numbers than the source\n{comparison}");
        Err(Error::new(ErrorKind::Different, detail))
    }

    /// As [`Imported::seal`], without the refusal: for reports.
    ///
    /// # Errors
    ///
    /// `Model` when the core refuses the parts.
    pub fn compare(&self, known: &[ExpectedRow]) -> Result<Comparison, Error> {
        self.seal_and_compare(known).map(|sealed| sealed.comparison)
    }

    fn seal_and_compare(&self, known: &[ExpectedRow]) -> Result<Sealed, Error> {
        let mut parts = self.parts.clone();
        for (index, note) in self.notes.iter().enumerate() {
            parts.manifest.notes.insert(format!("import {}", index + 1), note.clone());
        }
        let probes = self.probes(N_PROBES)?;
        let of_probes = seal_with(&parts, probes.clone())?;
        let mut session = Session::try_new(Arc::new(Model::open(&of_probes)?))?;
        let all: Vec<&ExpectedRow> = self.expected.iter().chain(known).collect();
        let (comparison, mut taken) = self.compare_rows(&mut session, &all)?;
        let checked: Vec<&ExpectedRow> =
            all.iter().copied().filter(|expected| !expected.is_golden).collect();
        let checked = match checked.as_slice() {
            [] => None,
            rows => Some(self.compare_rows(&mut session, rows)?.0),
        };
        taken.retain(|expected| expected.is_golden);
        if taken.is_empty() {
            return Ok(Sealed { bundle: of_probes, comparison, checked });
        }
        let n_known = MAX_GOLDEN_CASES - N_PROBES;
        let stride = taken.len().div_ceil(n_known).max(1);
        let mut golden: Vec<Vec<f64>> =
            taken.iter().step_by(stride).map(|expected| expected.row.clone()).collect();
        golden.extend(probes);
        let bundle = seal_with(&parts, golden)?;
        Ok(Sealed { bundle, comparison, checked })
    }

    /// Compares rows. Returns those that the schema takes.
    fn compare_rows<'r>(
        &self,
        session: &mut Session,
        rows: &[&'r ExpectedRow],
    ) -> Result<(Comparison, Vec<&'r ExpectedRow>), Error> {
        let mut margins = Differences::new(self.margin_tolerance);
        let mut outputs = Differences::new(self.output_tolerance);
        let mut paths = Paths::default();
        let mut taken = Vec::new();
        let ties = Ties::new(&self.parts);
        let mut n_tied = 0;
        let intake = Intake::of_schema(&self.parts.schema)?;
        for (index, expected) in rows.iter().enumerate() {
            let Ok(prediction) = session.predict_row(&expected.row) else { continue };
            let in_row = |error: Error| error.within(Place::Row(index));
            taken.push(*expected);
            let row = || taken_row(&intake, &expected.row).map_err(in_row);
            if !ties.is_empty() && ties.has(&row()?).map_err(in_row)? {
                n_tied += 1;
                continue;
            }
            let check = |name, found, known| check_len(name, found, known).map_err(in_row);
            if let Some(known) = &expected.margins {
                check("margins", known.len(), prediction.margins().len())?;
                for (found, known) in prediction.margins().iter().zip(known) {
                    margins.compare(index, *found, *known);
                }
            }
            if let Some(known) = &expected.outputs {
                check("outputs", known.len(), prediction.outputs().len())?;
                let known = prediction.outputs().iter().zip(known).filter(|(_, k)| !k.is_nan());
                for (found, known) in known {
                    outputs.compare_within(index, *found, *known, expected.within);
                }
            }
            if let Some(known) = &expected.leaves {
                self.compare_leaves(index, row()?, known, &mut paths).map_err(in_row)?;
            }
        }
        let some = |differences: Differences| Some(differences).filter(|d| d.n_compared > 0);
        let comparison = Comparison {
            n_rows: taken.len() - n_tied,
            n_refused: rows.len() - taken.len(),
            n_tied,
            margins: some(margins),
            outputs: some(outputs),
            paths: Some(paths).filter(|paths| paths.n_compared > 0),
        };
        Ok((comparison, taken))
    }

    fn compare_leaves(
        &self,
        index: usize,
        row: Vec<f64>,
        known: &[u32],
        paths: &mut Paths,
    ) -> Result<(), Error> {
        let forest = match self.parts.members.first().map(|member| &member.member) {
            Some(Member::Forest(forest)) => forest,
            Some(Member::LinearForest(linear)) => linear.forest(),
            _ => return Ok(()),
        };
        let Some(LeafNumbers(numbers)) = &self.leaf_numbers else { return Ok(()) };
        // A bias that is added last is a tree that the source does not have.
        check_len("leaves", known.len(), numbers.len())?;
        let branch = self.parts.members.first().map_or(0, |member| member.branch as usize);
        let encoded = probes::encoded(&probes::steps(&self.parts, branch), row)?;
        for (tree, (numbers, known)) in numbers.iter().zip(known).enumerate() {
            let leaf = forest.leaf(tree, &encoded).and_then(|leaf| numbers.get(leaf));
            paths.n_compared += 1;
            if leaf != Some(known) {
                paths.n_different += 1;
                paths.first = paths.first.or(Some((index + 1, tree + 1)));
            }
        }
        Ok(())
    }
}

/// A row as the model gets it, after the policies of its features.
fn taken_row(intake: &Intake, row: &[f64]) -> Result<Vec<f64>, Error> {
    let value = |(feature, value): (usize, &f64)| {
        let value = if value.is_nan() { Value::Missing(None) } else { Value::Number(*value) };
        Ok(intake.take(feature, value)?.0)
    };
    row.iter().enumerate().map(value).collect()
}

fn check_len(name: &str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Table, format!("{found} {name}, expected {expected}")))
}

/// Seals a bundle with these golden cases. Where so few rows exist, for example of two booleans, each of
/// them is a golden case several times. Where opening the bundle would take too long, every second one is left
/// out, and so on.
fn seal_with(parts: &Parts, mut golden: Vec<Vec<f64>>) -> Result<Vec<u8>, Error> {
    let n_missing = MIN_GOLDEN_CASES.saturating_sub(golden.len());
    let repeated: Vec<Vec<f64>> = golden.iter().cycle().take(n_missing).cloned().collect();
    golden.extend(repeated);
    loop {
        let values: Vec<f64> = golden.iter().flatten().copied().collect();
        let rows = Array2::from_shape_vec((golden.len(), parts.schema.n_features()), values);
        match seal(parts, rows.map_err(shape)?.view()) {
            Err(error)
                if error.kind() == nomogram::ErrorKind::TooLarge
                    && golden.len() >= 2 * MIN_GOLDEN_CASES =>
            {
                golden = golden.into_iter().step_by(2).collect();
            }
            sealed => return Ok(sealed?),
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err needs it")]
fn shape(error: ndarray::ShapeError) -> Error {
    Error::new(ErrorKind::Model, error.to_string())
}

/// What the importer knows of a model's origin: the file itself, not the data that it was trained on.
fn manifest(format: &str, file: &[u8]) -> Manifest {
    let digest = Digest::of(file);
    Manifest {
        name: format.to_lowercase(),
        version: "1".into(),
        created_by: format!("nomogram-import {}", env!("CARGO_PKG_VERSION")),
        training_data_digest: Digest::of(b""),
        configuration_digest: digest,
        notes: BTreeMap::from([
            ("source format".into(), format.into()),
            ("source file".into(), format!("SHA-256 {digest}, {} bytes", file.len())),
            ("training data".into(), "not known to the importer".into()),
        ]),
    }
}
