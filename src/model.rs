//! A bundle opened and verified, ready to predict.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::bundle::{
    Bundle, Digest, GoldenCase, Limits, MAX_GOLDEN_CASES, MIN_GOLDEN_CASES, Manifest, Parts,
};
use crate::ensemble::{Combiner, EnsembleMember};
use crate::error::{Error, ErrorKind, Place};
use crate::link::Link;
use crate::member::CompiledMember;
use crate::pipeline::Branch;
use crate::prediction::Prediction;
use crate::schema::{Schema, check_name};

/// A verified model: immutable, shared by all threads.
///
/// Holding one is the proof that the bundle is unchanged, that every index in it is in range, that
/// no prediction can overflow, and that its golden cases came out bit for bit. To predict, give
/// each thread a [`Session`](crate::Session).
#[derive(Debug)]
pub struct Model {
    digest: Digest,
    manifest: Manifest,
    schema: Schema,
    branches: Vec<Branch>,
    members: Vec<PlacedMember>,
    combiner: Combiner,
}

/// A compiled member and where it stands.
#[derive(Debug)]
struct PlacedMember {
    name: String,
    branch: usize,
    link: Link,
    n_margins: usize,
    member: CompiledMember,
}

impl Model {
    /// Opens a bundle: checks its digests and structure, and replays its golden cases.
    ///
    /// # Errors
    ///
    /// Every kind of the classes `Format`, `Version`, `Integrity`, `Limit` and `SelfTest`, with the
    /// place in the bundle.
    ///
    /// ```
    /// let error = nomogram::Model::open(b"PK\x03\x04").unwrap_err();
    /// assert_eq!(error.kind(), nomogram::ErrorKind::Magic);
    /// ```
    pub fn open(bytes: &[u8]) -> Result<Self, Error> {
        Self::open_with(bytes, &Limits::default())
    }

    /// [`Self::open`] with limits of your own.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_with(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let bundle = Bundle::from_bytes(bytes, limits)?;
        let model = Self::new(bundle.parts, bundle.digest)?;
        model.replay(&bundle.golden_cases)?;
        Ok(model)
    }

    /// Opens a bundle from a file.
    ///
    /// # Errors
    ///
    /// As [`Self::open`], and `FileNotFound`, `FileRead` or `OutOfMemory`.
    #[cfg(feature = "std")]
    pub fn open_file(path: impl AsRef<std::path::Path>) -> Result<Self, Error> {
        Self::open_file_with(path, &Limits::default())
    }

    /// [`Self::open_file`] with limits of your own.
    ///
    /// # Errors
    ///
    /// As [`Self::open_file`].
    #[cfg(feature = "std")]
    pub fn open_file_with(
        path: impl AsRef<std::path::Path>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        Self::open_with(&read_file(path.as_ref(), limits)?, limits)
    }

    /// Checks the parts against each other and lays them out for predicting.
    pub(crate) fn new(parts: Parts, digest: Digest) -> Result<Self, Error> {
        let Parts { manifest, schema, branches, members, combiner } = parts;
        manifest.check()?;
        schema.check()?;
        combiner.check(members.len())?;
        let mut magnitudes = Vec::with_capacity(branches.len());
        for (index, branch) in branches.iter().enumerate() {
            let checked = branch.check(schema.n_features());
            magnitudes.push(checked.map_err(|e| e.within(Place::Branch(index)))?);
        }
        let mut names = BTreeSet::new();
        for (index, member) in members.iter().enumerate() {
            check_name(&member.name, &mut names).map_err(|e| e.within(Place::Member(index)))?;
        }
        let sources = Sources { schema: &schema, branches: &branches, magnitudes: &magnitudes };
        let mut placed = Vec::with_capacity(members.len());
        for (index, member) in members.into_iter().enumerate() {
            let member = PlacedMember::new(member, sources);
            placed.push(member.map_err(|e| e.within(Place::Member(index)))?);
        }
        Ok(Self { digest, manifest, schema, branches, members: placed, combiner })
    }

    /// The digest that names the bundle: log it to prove which model answered.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Where the model comes from.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What a row must look like and what is predicted.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The names of the members, in the order in which they are combined.
    #[must_use]
    pub fn member_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// Predicts a row that was checked; neither fails nor allocates.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(crate) fn predict<'s>(&self, row: &[f64], scratch: &'s mut Scratch) -> Prediction<'s> {
        let Scratch { here, there, encoded, margins, members, probabilities } = scratch;
        for (branch, encoded) in self.branches.iter().zip(encoded.iter_mut()) {
            branch.apply(row, here, there, encoded);
        }
        let outputs = members.chunks_exact_mut(self.schema.n_classes());
        for (placed, output) in self.members.iter().zip(outputs) {
            let margins = &mut margins[..placed.n_margins];
            let has_steps = !self.branches[placed.branch].steps.is_empty();
            let encoded = if has_steps { encoded[placed.branch].as_slice() } else { row };
            placed.member.margins(encoded, here, there, margins);
            placed.link.probabilities(margins, output);
        }
        self.combiner.combine(members, probabilities);
        Prediction::new(probabilities, members)
    }

    /// Predicts every golden case and compares bits.
    fn replay(&self, cases: &[GoldenCase]) -> Result<(), Error> {
        if !(MIN_GOLDEN_CASES..=MAX_GOLDEN_CASES).contains(&cases.len()) {
            return Err(Error::invalid_model(format!(
                "{} golden cases, expected {MIN_GOLDEN_CASES} to {MAX_GOLDEN_CASES}",
                cases.len()
            )));
        }
        let mut scratch = Scratch::new(self);
        for (index, expected) in cases.iter().enumerate() {
            self.replay_case(expected, &mut scratch)
                .map_err(|e| e.within(Place::GoldenCase(index)))?;
        }
        Ok(())
    }

    fn replay_case(&self, expected: &GoldenCase, scratch: &mut Scratch) -> Result<(), Error> {
        self.schema
            .check_row(expected.row.iter())
            .map_err(|e| Error::invalid_model(e.to_string()))?;
        let found = GoldenCase::of(&expected.row, &self.predict(&expected.row, scratch));
        let differs = |(found, expected): (&Vec<u64>, &Vec<u64>)| {
            found.len() != expected.len() || found.iter().zip(expected).any(|(a, b)| a != b)
        };
        let what = if differs((&found.members, &expected.members)) {
            "a member's probabilities are"
        } else if differs((&found.probabilities, &expected.probabilities)) {
            "the members' are right, but the combined probabilities are"
        } else {
            return Ok(());
        };
        let detail = format!(
            "{what} not the sealed ones: found bits {:#018x?}, expected {:#018x?}",
            found.probabilities, expected.probabilities
        );
        Err(Error::new(ErrorKind::GoldenCase, detail))
    }
}

/// What a member may read from.
#[derive(Clone, Copy)]
struct Sources<'a> {
    schema: &'a Schema,
    branches: &'a [Branch],
    /// The largest magnitude of an encoded value, by branch.
    magnitudes: &'a [f64],
}

impl PlacedMember {
    /// Checks a member against the branch that it reads, and compiles it.
    fn new(placed: EnsembleMember, sources: Sources<'_>) -> Result<Self, Error> {
        let EnsembleMember { name, branch, member } = placed;
        let branch = branch as usize;
        let Sources { schema, branches, magnitudes } = sources;
        let (Some(source), Some(magnitude)) = (branches.get(branch), magnitudes.get(branch)) else {
            let detail = format!("reads branch {branch} of {}", branches.len());
            return Err(Error::invalid_model(detail));
        };
        let n_classes = schema.n_classes();
        member.check(source.n_outputs(schema.n_features()), *magnitude, n_classes)?;
        let link = member.link();
        let n_margins = link.n_margins(n_classes)?;
        Ok(Self { name, branch, link, n_margins, member: member.compile() })
    }
}

/// Working memory for predicting with one model.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// Two buffers that steps and layers read and write in turn.
    here: Vec<f64>,
    there: Vec<f64>,
    /// The encoded row of each branch that has steps.
    encoded: Vec<Vec<f64>>,
    margins: Vec<f64>,
    /// The probabilities of each member, one member after the other.
    members: Vec<f64>,
    probabilities: Vec<f64>,
}

impl Scratch {
    /// All the memory that predicting with `model` will ever need.
    pub(crate) fn new(model: &Model) -> Self {
        let (n_features, n_classes) = (model.schema.n_features(), model.schema.n_classes());
        let of_steps = model.branches.iter().map(Branch::n_scratch);
        let of_layers = model.members.iter().map(|placed| placed.member.n_scratch());
        let n_scratch = of_steps.chain(of_layers).max().unwrap_or(0);
        let encoded = |branch: &Branch| {
            let width = if branch.steps.is_empty() { 0 } else { branch.n_outputs(n_features) };
            vec![0.0; width]
        };
        Self {
            here: vec![0.0; n_scratch],
            there: vec![0.0; n_scratch],
            encoded: model.branches.iter().map(encoded).collect(),
            margins: vec![0.0; n_classes],
            members: vec![0.0; model.members.len() * n_classes],
            probabilities: vec![0.0; n_classes],
        }
    }
}

#[cfg(feature = "std")]
fn read_file(path: &std::path::Path, limits: &Limits) -> Result<Vec<u8>, Error> {
    use std::io::{ErrorKind as IoKind, Read};

    let failed = |cause: std::io::Error| {
        let kind = match cause.kind() {
            IoKind::NotFound => ErrorKind::FileNotFound,
            IoKind::OutOfMemory => ErrorKind::OutOfMemory,
            _ => ErrorKind::FileRead,
        };
        Error::new(kind, format!("`{}`: {cause}", path.display()))
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    limits.check(length)?;
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))
        .map_err(|_| Error::new(ErrorKind::OutOfMemory, format!("no room for {length} bytes")))?;
    // A file may grow, and a pipe has no length: the limit holds for what is really read.
    file.take(limits.max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
