//! Verification: do the parts of a bundle fit each other?

use alloc::string::String;
use alloc::vec::Vec;

use super::{Model, PlacedMember};
use crate::budget::{Budget, FUNCTION, times};
use crate::bundle::{Digest, FORMAT, Parts};
use crate::domain::Domain;
use crate::ensemble::{CombinerInputs, CompiledCombiner, EnsembleMember};
use crate::error::{Error, Place, is_printable, ordinal};
use crate::explanation::ForestShares;
use crate::intake::Intake;
use crate::lanes::best_level;
use crate::member::{LeftShares, Member};
use crate::memory;
use crate::pipeline::Pipeline;
use crate::schema::{Schema, check_names};
use crate::scratch::ScratchLayout;

impl Model {
    /// Checks the parts against each other and compiles them.
    ///
    /// # Errors
    ///
    /// `InvalidModel`, with the place.
    pub(crate) fn new(parts: Parts, digest: Digest, budget: &mut Budget) -> Result<Self, Error> {
        let Parts {
            manifest,
            card,
            schema,
            branches,
            members,
            combiner,
            calibrator,
            cutoffs,
            uncertainty,
            profile,
            mut explanation,
        } = parts;
        manifest.check()?;
        card.iter().try_for_each(|card| check_card(card))?;
        budget.take(manifest.json_len())?;
        schema.check()?;
        check_names(&branches, |branch| &branch.name, Place::Branch)?;
        check_names(&members, |member| &member.name, Place::Member)?;
        check_names(&cutoffs, |cutoff| &cutoff.name, Place::Cutoff)?;
        budget.take_list::<Domain>(schema.n_features())?;
        let row = memory::collect(schema.features().iter().map(|f| Ok(f.domain())))?;
        let mut pipeline = Pipeline::new(branches, row, budget)?;

        let in_explanation = |e: Error| e.within(Place::Section("explanation"));
        if let Some(explanation) = &mut explanation {
            explanation.check(&schema, budget).map_err(in_explanation)?;
        }
        let shares = explanation.as_mut().map(|e| core::mem::take(&mut e.left_shares));
        let shares = lay_out_shares(&members, &shares.unwrap_or_default(), budget);
        let shares = shares.map_err(in_explanation)?;
        let mut verified = VerifiedMembers::new(members, &schema, &pipeline, budget)?;
        for (placed, shares) in verified.placed.iter_mut().zip(shares) {
            placed.left_shares = shares;
        }
        let n_outputs = schema.n_outputs();
        let n_stack_inputs = times(verified.placed.len(), n_outputs as u64);
        budget.take(times(size_of::<Domain>(), n_stack_inputs + verified.margins.len() as u64))?;
        let inputs = CombinerInputs {
            target: schema.target(),
            outputs: &verified.outputs,
            margins: &verified.margins,
        };
        let in_combiner = |e: Error| e.within(Place::Section("combiner"));
        combiner.take_from(budget).map_err(in_combiner)?;
        let combiner = combiner.compile(&inputs, budget).map_err(in_combiner)?;
        verified.work = verified.work.saturating_add(combiner.work(n_outputs));
        let n_classes = schema.target().classes().len();
        if let Some(calibrator) = &calibrator {
            let checked = calibrator.check(n_classes);
            checked.map_err(|e| e.within(Place::Section("calibrator")))?;
            verified.work = verified.work.saturating_add(times(n_outputs, 4 * FUNCTION));
        }
        for (index, cutoff) in cutoffs.iter().enumerate() {
            let checked = cutoff.check(n_classes);
            checked.map_err(|e| e.within_named(Place::Cutoff(index), &cutoff.name))?;
        }
        if let Some(uncertainty) = &uncertainty {
            let checked = uncertainty.check(&schema, |branch| pipeline.domains(branch));
            checked.map_err(|e| e.within(Place::Section("uncertainty")))?;
            verified.work = verified.work.saturating_add(uncertainty.work());
        }
        if let Some(profile) = &profile {
            profile.check(&schema).map_err(|e| e.within(Place::Section("profile")))?;
        }
        pipeline.forget_domains();
        let scratch_layout = scratch_layout(&schema, &pipeline, &verified.placed, &combiner);
        budget.take(scratch_layout.n_bytes())?;
        let intake = Intake::new(schema, budget)?;
        let work = intake.work().saturating_add(pipeline.work()).saturating_add(verified.work);
        Ok(Self {
            digest,
            format: FORMAT,
            n_skipped_sections: 0,
            signatures: Vec::new(),
            manifest,
            card,
            intake,
            pipeline,
            members: verified.placed,
            combiner,
            calibrator,
            cutoffs,
            uncertainty,
            profile,
            explanation,
            golden_cases: Vec::new(),
            answers: None,
            uncertainty_answer: None,
            scratch_layout,
            level: best_level(),
            work,
        })
    }
}

/// Members that were checked, with what the combiner must know of them.
struct VerifiedMembers {
    placed: Vec<PlacedMember>,
    /// The domain of each member's outputs.
    outputs: Vec<Domain>,
    /// The domains of every member's margins.
    margins: Vec<Domain>,
    /// What predicting a row computes, in steps of about a nanosecond.
    work: u64,
}

impl VerifiedMembers {
    fn new(
        members: Vec<EnsembleMember>,
        schema: &Schema,
        pipeline: &Pipeline,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let n_members = members.len();
        budget.take_list::<PlacedMember>(n_members)?;
        budget.take_list::<Domain>(n_members)?;
        let (placed, outputs) = (memory::list(n_members)?, memory::list(n_members)?);
        let mut verified = Self { placed, outputs, margins: Vec::new(), work: 0 };
        for (index, member) in members.into_iter().enumerate() {
            let EnsembleMember { name, branch, member } = member;
            let pushed = verified.push(branch as usize, member, schema, pipeline, budget);
            match pushed {
                Ok(member) => verified.placed.push(PlacedMember { name, ..member }),
                Err(e) => return Err(e.within_named(Place::Member(index), &name)),
            }
        }
        Ok(verified)
    }

    /// Checks a member against the branch that it reads, and compiles it; its name is left empty.
    fn push(
        &mut self,
        branch: usize,
        member: Member,
        schema: &Schema,
        pipeline: &Pipeline,
        budget: &mut Budget,
    ) -> Result<PlacedMember, Error> {
        let inputs = pipeline.domains(branch)?;
        let link = member.link();
        let n_margins = link.n_margins(schema.target())?;
        member.take_from(budget)?;
        // Domains are copied once, and lists that grow are twice as long for a time.
        budget.take_list::<Domain>(4 * n_margins)?;
        let margins = member.check(inputs, n_margins)?;
        self.outputs.push(link.check(&margins)?);
        self.margins.try_reserve(n_margins).map_err(|_| Error::out_of_memory())?;
        self.margins.extend_from_slice(&margins);
        let n_inputs = inputs.len();
        let member = member.compile(budget)?;
        let of_link = times(schema.n_outputs(), FUNCTION);
        self.work = self.work.saturating_add(member.work(n_inputs)).saturating_add(of_link);
        Ok(PlacedMember { name: String::new(), branch, link, n_margins, member, left_shares: None })
    }
}

/// A model card is printed as it is, so it may hold line ends and tabs, but nothing else that is not
/// printable.
fn check_card(card: &str) -> Result<(), Error> {
    match card.chars().find(|c| !is_printable(*c) && !matches!(c, '\n' | '\r' | '\t')) {
        None => Ok(()),
        Some(stray) => {
            let detail = format_args!("holds {stray:?}, expected printable text");
            Err(Error::invalid_model(detail).within(Place::Section("model card")))
        }
    }
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

/// Lays out the shares of the training rows: one list per member that has any.
fn lay_out_shares(
    members: &[EnsembleMember],
    shares: &[ForestShares],
    budget: &mut Budget,
) -> Result<Vec<Option<LeftShares>>, Error> {
    budget.take_list::<Option<LeftShares>>(members.len())?;
    let mut of_members = memory::list(members.len())?;
    of_members.resize_with(members.len(), || None);
    for (index, ForestShares { member, shares }) in shares.iter().enumerate() {
        let in_item = |e: Error| e.within(Place::Item(index));
        let at = *member as usize;
        let place = members.get(at).zip(of_members.get_mut(at));
        let Some((EnsembleMember { member: Member::Forest(forest), .. }, place @ None)) = place
        else {
            let detail = format_args!("shares of member {}, expected a forest, once", ordinal(at));
            return Err(in_item(Error::invalid_model(detail)));
        };
        *place = Some(LeftShares::new(forest, shares, budget).map_err(in_item)?);
    }
    Ok(of_members)
}
