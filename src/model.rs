//! A bundle opened and verified, ready to predict.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::bundle::{
    Bundle, Digest, GoldenCase, Limits, MAX_GOLDEN_CASES, MIN_GOLDEN_CASES, Manifest, Parts,
};
use crate::domain::Domain;
use crate::ensemble::{Below, Calibrator, CompiledCombiner, Cutoff, EnsembleMember};
use crate::error::{Error, ErrorKind, Place};
use crate::intake::{Cell, Flags, Intake};
use crate::link::Link;
use crate::member::CompiledMember;
use crate::pipeline::Pipeline;
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
    format: u32,
    n_skipped_sections: usize,
    manifest: Manifest,
    card: Option<String>,
    schema: Schema,
    intake: Intake,
    pipeline: Pipeline,
    members: Vec<PlacedMember>,
    combiner: CompiledCombiner,
    calibrator: Option<Calibrator>,
    cutoffs: Vec<Cutoff>,
    golden_cases: Vec<GoldenCase>,
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
        let model = Self::open_untested(bytes, limits)?;
        model.self_test()?;
        Ok(model)
    }

    /// [`Self::open_with`] without replaying the golden cases: for tests alone. What such a model
    /// predicts is not proved to be what was sealed.
    ///
    /// # Errors
    ///
    /// As [`Self::open`], without the class `SelfTest`.
    pub fn open_untested(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let bundle = Bundle::from_bytes(bytes, limits)?;
        let mut model = Self::new(bundle.parts, bundle.digest)?;
        model.format = bundle.format;
        model.n_skipped_sections = bundle.n_skipped_sections;
        model.golden_cases = bundle.golden_cases;
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
        Self::open_with(&Self::read_file(path, limits)?, limits)
    }

    /// The bytes of a file, at most as many as the limit allows.
    #[cfg(feature = "std")]
    pub(crate) fn read_file(
        path: impl AsRef<std::path::Path>,
        limits: &Limits,
    ) -> Result<Vec<u8>, Error> {
        read_file(path.as_ref(), limits)
    }

    /// Checks the parts against each other and lays them out for predicting.
    pub(crate) fn new(parts: Parts, digest: Digest) -> Result<Self, Error> {
        let Parts { manifest, card, schema, branches, members, combiner, calibrator, cutoffs } =
            parts;
        manifest.check()?;
        schema.check()?;
        check_names(branches.iter().map(|branch| branch.name.as_str()), Place::Branch)?;
        check_names(members.iter().map(|member| member.name.as_str()), Place::Member)?;
        check_names(cutoffs.iter().map(|cutoff| cutoff.name.as_str()), Place::Cutoff)?;
        let row: Vec<Domain> = schema.features().iter().map(|f| f.domain()).collect();
        let pipeline = Pipeline::new(branches, &row)?;

        let (mut placed, mut outputs, mut margins) = (Vec::new(), Vec::new(), Vec::new());
        for (index, member) in members.into_iter().enumerate() {
            let (member, output, own_margins) = PlacedMember::new(member, &schema, &pipeline)
                .map_err(|e| e.within(Place::Member(index)))?;
            placed.push(member);
            outputs.push(output);
            margins.extend(own_margins);
        }
        let below = Below { target: schema.target(), outputs: &outputs, margins: &margins };
        let in_combiner = |e: Error| e.within(Place::Section("combiner"));
        let combiner = combiner.compile(&below).map_err(in_combiner)?;
        let n_classes = schema.target().classes().len();
        if let Some(calibrator) = &calibrator {
            let checked = calibrator.check(n_classes);
            checked.map_err(|e| e.within(Place::Section("calibrator")))?;
        }
        for (index, cutoff) in cutoffs.iter().enumerate() {
            cutoff.check(n_classes).map_err(|e| e.within(Place::Cutoff(index)))?;
        }
        Ok(Self {
            digest,
            format: crate::bundle::FORMAT,
            n_skipped_sections: 0,
            manifest,
            card,
            intake: Intake::new(&schema),
            schema,
            pipeline,
            members: placed,
            combiner,
            calibrator,
            cutoffs,
            golden_cases: Vec::new(),
        })
    }

    /// The digest that names the bundle: log it to prove which model answered.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The number of the bundle's format.
    #[must_use]
    pub fn format(&self) -> u32 {
        self.format
    }

    /// How many optional sections of the bundle this version does not know, and left out. They do not
    /// change what is predicted.
    #[must_use]
    pub fn n_skipped_sections(&self) -> usize {
        self.n_skipped_sections
    }

    /// Where the model comes from.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The model card: Markdown for people, where the bundle has one.
    #[must_use]
    pub fn card(&self) -> Option<&str> {
        self.card.as_deref()
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

    /// How many margins each member has.
    #[must_use]
    pub fn member_margins(&self) -> impl ExactSizeIterator<Item = usize> {
        self.members.iter().map(|member| member.n_margins)
    }

    /// The named operating points.
    #[must_use]
    pub fn cutoffs(&self) -> &[Cutoff] {
        &self.cutoffs
    }

    /// How many golden cases the bundle has.
    #[must_use]
    pub fn n_golden_cases(&self) -> usize {
        self.golden_cases.len()
    }

    pub(crate) fn intake(&self) -> &Intake {
        &self.intake
    }

    /// Predicts every golden case and compares bits, as opening did.
    ///
    /// # Errors
    ///
    /// `GoldenCase` with the case that does not come out.
    pub fn self_test(&self) -> Result<(), Error> {
        let n_cases = self.golden_cases.len();
        if !(MIN_GOLDEN_CASES..=MAX_GOLDEN_CASES).contains(&n_cases) {
            return Err(Error::invalid_model(format!(
                "{n_cases} golden cases, expected {MIN_GOLDEN_CASES} to {MAX_GOLDEN_CASES}"
            )));
        }
        let mut buffers = Buffers::new(self);
        for (index, case) in self.golden_cases.iter().enumerate() {
            let place = Place::GoldenCase(index);
            self.replay(case, buffers.memory()).map_err(|e| e.within(place))?;
        }
        Ok(())
    }

    fn replay(&self, case: &GoldenCase, memory: Memory<'_>) -> Result<(), Error> {
        let refused = |error: Error| Error::invalid_model(error.to_string());
        self.intake.check_width(case.row.len()).map_err(refused)?;
        let cells = case.row.iter().map(|number| Cell::of_array(*number));
        let found = GoldenCase::of(&case.row, &self.predict(cells, memory).map_err(refused)?);
        let what = if found.flags != case.flags {
            "what was done to its values is"
        } else if found.members != case.members {
            "a member's outputs are"
        } else if found.outputs != case.outputs {
            "the members' are right, but the combined outputs are"
        } else {
            return Ok(());
        };
        let detail = format!(
            "{what} not as sealed: found bits {:#018x?}, expected {:#018x?}",
            found.outputs, case.outputs
        );
        Err(Error::new(ErrorKind::GoldenCase, detail))
    }

    /// Applies the policies to a row and says whether it can be predicted.
    ///
    /// # Errors
    ///
    /// As [`Intake::admit`].
    pub(crate) fn admit(
        &self,
        cells: impl Iterator<Item = Cell>,
        memory: &mut Memory<'_>,
    ) -> Result<Flags, Error> {
        let (row, _) = memory.numbers.split_at_mut(self.intake.n_features());
        self.intake.admit(cells, row, memory.flags, memory.broken)
    }

    /// Predicts a row; once it is admitted, nothing fails. Never allocates.
    ///
    /// # Errors
    ///
    /// As [`Self::admit`].
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(crate) fn predict<'m>(
        &self,
        cells: impl Iterator<Item = Cell>,
        mut memory: Memory<'m>,
    ) -> Result<Prediction<'m>, Error> {
        let happened = self.admit(cells, &mut memory)?;
        let (n_outputs, n_margins) = (self.schema.n_outputs(), self.n_margins());
        let (encoded, rest) = memory.numbers.split_at_mut(self.pipeline.n_encoded());
        let (members, rest) = rest.split_at_mut(self.members.len() * n_outputs);
        let (margins, rest) = rest.split_at_mut(n_margins);
        let (outputs, scratch) = rest.split_at_mut(n_outputs);

        self.pipeline.apply(encoded, &mut scratch[..self.pipeline.n_scratch()]);
        let mut start = 0;
        for (placed, outputs) in self.members.iter().zip(members.chunks_exact_mut(n_outputs)) {
            let own_margins = &mut margins[start..start + placed.n_margins];
            let encoded = self.pipeline.encoded(placed.branch, encoded);
            let scratch = &mut scratch[..placed.member.n_scratch()];
            placed.member.margins(encoded, scratch, own_margins);
            placed.link.outputs(own_margins, outputs);
            start += placed.n_margins;
        }
        self.combiner.combine(members, margins, &mut scratch[..self.combiner.n_scratch()], outputs);
        if let Some(calibrator) = &self.calibrator {
            calibrator.apply(outputs);
        }
        Ok(Prediction {
            is_of_classes: !self.schema.target().classes().is_empty(),
            outputs,
            members,
            margins,
            happened,
            flags: memory.flags,
            broken: memory.broken,
        })
    }

    /// How many margins the members have together.
    #[must_use]
    pub fn n_margins(&self) -> usize {
        self.members.iter().map(|placed| placed.n_margins).sum()
    }

    /// How many numbers the working memory has: the row and the branches, the members' outputs and
    /// margins, the outputs, and scratch space that steps, members and combiner use in turn.
    pub(crate) fn n_numbers(&self) -> usize {
        let of_members = self.members.iter().map(|placed| placed.member.n_scratch());
        let others = [self.pipeline.n_scratch(), self.combiner.n_scratch()];
        let n_scratch = of_members.chain(others).max().unwrap_or(0);
        let n_outputs = (self.members.len() + 1) * self.schema.n_outputs();
        self.pipeline.n_encoded() + n_outputs + self.n_margins() + n_scratch
    }
}

fn check_names<'a>(
    names: impl Iterator<Item = &'a str>,
    place: impl Fn(usize) -> Place,
) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        check_name(name, &mut seen).map_err(|e| e.within(place(index)))?;
    }
    Ok(())
}

impl PlacedMember {
    /// Checks a member against the branch that it reads, and compiles it; tells the domain of its
    /// outputs and the domains of its margins.
    fn new(
        placed: EnsembleMember,
        schema: &Schema,
        pipeline: &Pipeline,
    ) -> Result<(Self, Domain, Vec<Domain>), Error> {
        let EnsembleMember { name, branch, member } = placed;
        let branch = branch as usize;
        let inputs = pipeline.domains(branch)?;
        let link = member.link();
        let n_margins = link.n_margins(schema.target())?;
        let margins = member.check(inputs, n_margins)?;
        let outputs = link.check(&margins)?;
        Ok((Self { name, branch, link, n_margins, member: member.compile() }, outputs, margins))
    }
}

/// The working memory of one thread for one model, wherever it lies.
#[derive(Debug)]
pub(crate) struct Memory<'m> {
    /// [`Model::n_numbers`] numbers; the first ones are the admitted row.
    pub(crate) numbers: &'m mut [f64],
    /// One per feature.
    pub(crate) flags: &'m mut [Flags],
    /// One per rule.
    pub(crate) broken: &'m mut [bool],
}

/// Working memory of our own.
#[derive(Debug)]
pub(crate) struct Buffers {
    numbers: Vec<f64>,
    flags: Vec<Flags>,
    broken: Vec<bool>,
}

impl Memory<'_> {
    /// The same memory, lent for one row.
    pub(crate) fn lend(&mut self) -> Memory<'_> {
        Memory { numbers: self.numbers, flags: self.flags, broken: self.broken }
    }
}

impl Buffers {
    /// All the memory that predicting with `model` will ever need.
    pub(crate) fn new(model: &Model) -> Self {
        Self {
            numbers: alloc::vec![0.0; model.n_numbers()],
            flags: alloc::vec![Flags::default(); model.intake.n_features()],
            broken: alloc::vec![false; model.intake.n_rules()],
        }
    }

    pub(crate) fn memory(&mut self) -> Memory<'_> {
        Memory { numbers: &mut self.numbers, flags: &mut self.flags, broken: &mut self.broken }
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
