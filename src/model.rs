//! A bundle opened and verified, ready to predict.
//!
//! Every index in a [`Model`] is in range and no result can overflow: predicting checks nothing but
//! the caller's row.

#[cfg(feature = "std")]
mod file;
mod row;
mod uncertainty_answer;
mod verify;

mod block;

mod answers;
mod batch;

mod self_test;

mod evaluate;

mod open;

use alloc::string::String;
use alloc::vec::Vec;

use fearless_simd::Level;

pub use batch::OnRefusal;
pub(crate) use batch::{Each, Rows};
#[cfg_attr(not(feature = "ffi"), allow(unused_imports, reason = "only C takes blocks"))]
pub(crate) use batch::{Reads, Sink};
#[cfg_attr(not(feature = "ffi"), allow(unused_imports, reason = "only C reads blocks"))]
pub(crate) use block::Block;
pub(crate) use row::check_subnormals;
pub(crate) use uncertainty_answer::UncertaintyAnswer;

use crate::bundle::{Answers, Digest, GoldenCase, Manifest, Signature};
use crate::ensemble::{Calibrator, CompiledCombiner, Cutoff};
use crate::explanation::Explanation;
use crate::intake::Intake;
use crate::link::Link;
use crate::member::{CompiledMember, LeftShares};
use crate::pipeline::Pipeline;
use crate::profile::Profile;
use crate::schema::Schema;
use crate::scratch::ScratchLayout;
use crate::uncertainty::Uncertainty;

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
    signatures: Vec<Signature>,
    manifest: Manifest,
    card: Option<String>,
    intake: Intake,
    pipeline: Pipeline,
    members: Vec<PlacedMember>,
    combiner: CompiledCombiner,
    calibrator: Option<Calibrator>,
    cutoffs: Vec<Cutoff>,
    uncertainty: Option<Uncertainty>,
    profile: Option<Profile>,
    explanation: Option<Explanation>,
    golden_cases: Vec<GoldenCase>,
    answers: Option<Answers>,
    /// How uncertain the golden cases were when the bundle was sealed.
    uncertainty_answer: Option<Digest>,
    scratch_layout: ScratchLayout,
    /// The vector instructions of this processor.
    level: Level,
    /// What predicting a row computes, in steps of about a nanosecond.
    work: u64,
}

/// A compiled member with its name and the branch that it reads.
#[derive(Debug)]
struct PlacedMember {
    name: String,
    branch: usize,
    link: Link,
    n_margins: usize,
    member: CompiledMember,
    /// Where the training rows went in its trees.
    left_shares: Option<LeftShares>,
}

impl Model {
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

    /// The signatures that the bundle holds. Only a policy verifies them.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
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
        self.intake.schema()
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

    /// What is known of the uncertainty of predictions, where the bundle has it.
    #[must_use]
    pub fn uncertainty(&self) -> Option<&Uncertainty> {
        self.uncertainty.as_ref()
    }

    /// How the training rows were distributed, where the bundle states it.
    #[must_use]
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// What explaining predictions needs, where the bundle has it.
    #[must_use]
    pub fn explanation(&self) -> Option<&Explanation> {
        self.explanation.as_ref()
    }

    /// How many golden cases the bundle has.
    #[must_use]
    pub fn n_golden_cases(&self) -> usize {
        self.golden_cases.len()
    }

    /// Whether the bundle has golden answers, which bundles of earlier versions do not have.
    #[must_use]
    pub fn has_golden_answers(&self) -> bool {
        self.answers.is_some()
    }

    /// How many margins the members have together.
    #[must_use]
    pub fn n_margins(&self) -> usize {
        self.scratch_layout.n_margins
    }

    /// Whether it predicts classes, not a number.
    pub(crate) fn is_of_classes(&self) -> bool {
        !self.schema().target().classes().is_empty()
    }

    pub(crate) fn intake(&self) -> &Intake {
        &self.intake
    }

    /// The layout of the scratch memory that predicting needs.
    pub(crate) fn scratch_layout(&self) -> &ScratchLayout {
        &self.scratch_layout
    }
}
