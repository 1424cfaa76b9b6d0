//! Verification: do the parts of a bundle fit each other?

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use fearless_simd::Level;

use super::{Model, PlacedMember};
use crate::bundle::{Digest, FORMAT, Parts};
use crate::domain::Domain;
use crate::ensemble::{CombinerInputs, CompiledCombiner, EnsembleMember};
use crate::error::{Error, Place};
use crate::intake::Intake;
use crate::pipeline::Pipeline;
use crate::schema::{Schema, check_name};
use crate::scratch::ScratchLayout;

impl Model {
    /// Checks the parts against each other and compiles them.
    ///
    /// # Errors
    ///
    /// `InvalidModel`, with the place.
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
            let name = member.name.clone();
            let (member, output, member_margins) = PlacedMember::new(member, &schema, &pipeline)
                .map_err(|e| e.within_named(Place::Member(index), name))?;
            placed.push(member);
            outputs.push(output);
            margins.extend(member_margins);
        }
        let inputs =
            CombinerInputs { target: schema.target(), outputs: &outputs, margins: &margins };
        let in_combiner = |e: Error| e.within(Place::Section("combiner"));
        let combiner = combiner.compile(&inputs).map_err(in_combiner)?;
        let n_classes = schema.target().classes().len();
        if let Some(calibrator) = &calibrator {
            let checked = calibrator.check(n_classes);
            checked.map_err(|e| e.within(Place::Section("calibrator")))?;
        }
        for (index, cutoff) in cutoffs.iter().enumerate() {
            let name = cutoff.name.as_str();
            cutoff.check(n_classes).map_err(|e| e.within_named(Place::Cutoff(index), name))?;
        }
        let scratch_layout = scratch_layout(&schema, &pipeline, &placed, &combiner);
        Ok(Self {
            digest,
            format: FORMAT,
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
            answers: None,
            scratch_layout,
            level: simd_level(),
        })
    }
}

impl PlacedMember {
    /// Checks a member against the branch that it reads, and compiles it. Also returns the domain of
    /// its outputs and the domains of its margins.
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

/// The best vector instructions of this processor; without `std`, those that every such processor has.
fn simd_level() -> Level {
    #[cfg(feature = "std")]
    return Level::new();
    #[cfg(not(feature = "std"))]
    Level::baseline()
}

/// The layout of the memory that [`Model::predict`] writes to.
fn scratch_layout(
    schema: &Schema,
    pipeline: &Pipeline,
    members: &[PlacedMember],
    combiner: &CompiledCombiner,
) -> ScratchLayout {
    let n_outputs = schema.n_outputs();
    let of_members = members.iter().map(|placed| placed.member.n_temporary());
    let others = [pipeline.n_temporary(), combiner.n_temporary()];
    ScratchLayout {
        n_features: schema.n_features(),
        n_rules: schema.rules().len(),
        n_encoded: pipeline.n_encoded(),
        n_member_outputs: members.len() * n_outputs,
        n_margins: members.iter().map(|placed| placed.n_margins).sum(),
        n_outputs,
        n_temporary: of_members.chain(others).max().unwrap_or(0),
    }
}

/// Checks the names of branches, members or cutoffs: printable, and each used once.
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
