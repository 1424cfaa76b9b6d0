//! Whole models: pipelines, votes, stacks and calibrated classifiers, to members and their combiner.

use nomogram::{
    Branch, Calibrator, Combiner, CombinerReads, EnsembleMember, ForestShares, Member, Precision,
};

use super::base::{self, Base};
use super::calibration::{self, OfMember};
use super::features::Inputs;
use super::layout::{Layout, unique};
use super::steps;
use crate::document::Cursor;
use crate::error::Error;
use crate::forests::number;
use crate::limits::{self, Limits};

/// The most members.
const MAX_MEMBERS: usize = 1024;

/// The parts of a bundle that a model becomes.
#[derive(Clone, Debug)]
pub(super) struct Ensemble {
    pub(super) branches: Vec<Branch>,
    pub(super) members: Vec<EnsembleMember>,
    pub(super) combiner: Combiner,
    pub(super) calibrator: Option<Calibrator>,
    /// Of a model of one forest.
    pub(super) leaf_numbers: Option<Vec<Vec<u32>>>,
    /// Of the members that are forests, where the description has them.
    pub(super) left_shares: Vec<ForestShares>,
}

impl Ensemble {
    /// Reads a model.
    ///
    /// # Errors
    ///
    /// `Unsupported`, `Malformed`, `TooLarge` or `Model`, with the place in the description.
    pub(super) fn read(
        model: &Cursor<'_>,
        inputs: &Inputs,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let mut reader = Reader {
            inputs,
            limits,
            branches: Vec::new(),
            members: Vec::new(),
            leaf_numbers: None,
            left_shares: Vec::new(),
        };
        let (combiner, calibrator) = reader.model(model, Layout::new(inputs, limits), "model")?;
        let Reader { branches, members, leaf_numbers, left_shares, .. } = reader;
        let leaf_numbers = leaf_numbers.filter(|_| members.len() == 1);
        Ok(Self { branches, members, combiner, calibrator, leaf_numbers, left_shares })
    }

    /// Whether trees round their inputs to single precision.
    pub(super) fn has_single_inputs(&self) -> bool {
        let mut members = self.members.iter().map(|member| &member.member);
        members.any(|member| {
            matches!(member, Member::Forest(forest) if forest.precision == Precision::SingleInputs)
        })
    }
}

/// The mean of members: of their outputs, or of what their calibrators make of them.
fn soft_vote(
    model: &Cursor<'_>,
    weights: Vec<f64>,
    members: Vec<Option<OfMember>>,
) -> Result<Combiner, Error> {
    if members.iter().all(Option::is_none) {
        return Ok(Combiner::SoftVote { weights });
    }
    let calibrated: Option<Vec<OfMember>> = members.into_iter().collect();
    let (inputs, calibrators): (Vec<CombinerReads>, Vec<Calibrator>) =
        calibrated.unwrap_or_default().into_iter().unzip();
    match inputs.as_slice() {
        [input, others @ ..] if others.iter().all(|other| other == input) => {
            Ok(Combiner::CalibratedVote { weights, input: *input, calibrators })
        }
        _ => Err(model.unsupported(
            "a vote whose calibrators do not all read margins or all read probabilities",
        )),
    }
}

fn check_uncalibrated(model: &Cursor<'_>, members: &[Option<OfMember>]) -> Result<(), Error> {
    if members.iter().all(Option::is_none) {
        return Ok(());
    }
    let what = "a calibrated member of another ensemble, except by a sigmoid of its margin";
    Err(model.unsupported(what))
}

struct Reader<'i> {
    inputs: &'i Inputs,
    limits: &'i Limits,
    branches: Vec<Branch>,
    members: Vec<EnsembleMember>,
    leaf_numbers: Option<Vec<Vec<u32>>>,
    left_shares: Vec<ForestShares>,
}

impl Reader<'_> {
    /// Reads a model of a row that is encoded so far. Returns what combines its members.
    fn model(
        &mut self,
        model: &Cursor<'_>,
        mut layout: Layout,
        name: &str,
    ) -> Result<(Combiner, Option<Calibrator>), Error> {
        match model.key("kind")?.text()? {
            "pipeline" => {
                let all = layout.all();
                steps::apply_all(&mut layout, all, &model.key("steps")?, self.inputs)?;
                self.model(&model.key("model")?, layout, name)
            }
            "soft_vote" => {
                let (weights, calibrators) = self.vote(model, layout)?;
                Ok((soft_vote(model, weights, calibrators)?, None))
            }
            "hard_vote" => {
                let (weights, calibrators) = self.vote(model, layout)?;
                check_uncalibrated(model, &calibrators)?;
                Ok((Combiner::HardVote { weights }, None))
            }
            "stack" => self.stack(model, layout).map(|combiner| (combiner, None)),
            "calibrated" => {
                let (base, calibrator) = self.calibrated(model, &mut layout)?;
                self.add(base, &mut layout, name)?;
                let weights = vec![1.0];
                match calibrator {
                    Some((CombinerReads::Outputs, calibrator)) => {
                        Ok((Combiner::SoftVote { weights }, Some(calibrator)))
                    }
                    other => Ok((soft_vote(model, weights, vec![other])?, None)),
                }
            }
            _ => {
                let base = base::read(model, &layout, self.inputs, self.limits)?;
                self.add(base, &mut layout, name)?;
                Ok((Combiner::SoftVote { weights: vec![1.0] }, None))
            }
        }
    }

    fn calibrated(
        &self,
        model: &Cursor<'_>,
        layout: &mut Layout,
    ) -> Result<(Base, Option<OfMember>), Error> {
        let inner = model.key("model")?;
        let (base, calibrator) = self.single(&inner, layout)?;
        check_uncalibrated(&inner, &[calibrator])?;
        calibration::apply(model, base, self.inputs.n_classes())
    }

    /// A model that is one member, perhaps after steps, and perhaps with a calibrator.
    fn single(
        &self,
        model: &Cursor<'_>,
        layout: &mut Layout,
    ) -> Result<(Base, Option<OfMember>), Error> {
        match model.key("kind")?.text()? {
            "pipeline" => {
                let all = layout.all();
                steps::apply_all(layout, all, &model.key("steps")?, self.inputs)?;
                self.single(&model.key("model")?, layout)
            }
            kind @ ("soft_vote" | "hard_vote" | "stack") => {
                Err(model.unsupported(format!("`{kind}` inside another ensemble")))
            }
            "calibrated" => self.calibrated(model, layout),
            _ => Ok((base::read(model, layout, self.inputs, self.limits)?, None)),
        }
    }

    fn add(&mut self, base: Base, layout: &mut Layout, name: &str) -> Result<(), Error> {
        limits::check(self.members.len() + 1, MAX_MEMBERS, "members")?;
        let name = unique(name, |name| self.members.iter().any(|member| member.name == name));
        let branch = layout.end(&mut self.branches, &name)?;
        if let Some(shares) = base.left_shares {
            let member = number(self.members.len())?;
            self.left_shares.push(ForestShares { member, shares });
        }
        self.members.push(EnsembleMember { name, branch, member: base.member });
        self.leaf_numbers = base.leaf_numbers;
        Ok(())
    }

    /// Adds the members of an ensemble. Returns their calibrators.
    fn members(
        &mut self,
        model: &Cursor<'_>,
        mut layout: Layout,
    ) -> Result<Vec<Option<OfMember>>, Error> {
        layout.end(&mut self.branches, "shared")?;
        let mut calibrators = Vec::new();
        for member in model.key("members")?.items()? {
            let mut layout = layout.copy(&member)?;
            let name = member.key("name")?.text()?;
            let (base, calibrator) = self.single(&member.key("model")?, &mut layout)?;
            self.add(base, &mut layout, name)?;
            calibrators.push(calibrator);
        }
        Ok(calibrators)
    }

    /// The weights of the members of a vote, and their calibrators.
    fn vote(
        &mut self,
        model: &Cursor<'_>,
        layout: Layout,
    ) -> Result<(Vec<f64>, Vec<Option<OfMember>>), Error> {
        let calibrators = self.members(model, layout)?;
        let list = model.key("weights")?;
        let weights = list.doubles()?;
        if weights.len() != calibrators.len() {
            let (found, expected) = (weights.len(), calibrators.len());
            return Err(list.malformed(format!("{found} weights, expected {expected}")));
        }
        Ok((weights, calibrators))
    }

    fn stack(&mut self, model: &Cursor<'_>, layout: Layout) -> Result<Combiner, Error> {
        let calibrators = self.members(model, layout)?;
        check_uncalibrated(model, &calibrators)?;
        let n_members = calibrators.len();
        let input = model.key("input")?;
        let input = match input.text()? {
            "outputs" => CombinerReads::Outputs,
            "margins" => CombinerReads::Margins,
            other => {
                let expected = "expected `outputs` or `margins`";
                return Err(input.malformed(format!("`{other}`, {expected}")));
            }
        };
        // Margins and outputs have one number for two classes and for a number, else one for each class.
        let n_each = if self.inputs.n_classes() > 2 { self.inputs.n_classes() } else { 1 };
        limits::check(n_members.saturating_mul(n_each), 1 << 16, "outputs of members")?;
        let mut outputs = self.stacked(n_members * n_each);
        outputs.rounds = Some("members, whose probabilities may round differently");
        let last = model.key("final")?;
        let member = base::read(&last, &outputs, self.inputs, self.limits)?.member;
        if matches!(member, Member::Neighbours(_)) {
            let what = "nearest neighbours as the final estimator of a stack";
            return Err(last.unsupported(format!("{what}: ties among them cannot be told")));
        }
        Ok(Combiner::Stack { input, member: Box::new(member) })
    }

    /// The row that the final model of a stack reads.
    fn stacked(&self, n_columns: usize) -> Layout {
        let mut layout = Layout::new(self.inputs, self.limits);
        let column = super::layout::Column { level_of: None, may_be_missing: false };
        layout.columns = vec![column; n_columns];
        layout
    }
}
