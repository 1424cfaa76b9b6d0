//! Whole models: pipelines, votes, stacks and calibrated classifiers, to members and their combiner.

use nomogram::{
    Branch, CalibrationMap, Calibrator, Combiner, CombinerReads, EnsembleMember, ForestShares,
    Link, Member, Precision,
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

/// The mean of members: of their outputs, or of what their calibrators make of them. Where only some have one, the
/// others get one that changes nothing.
fn soft_vote(
    model: &Cursor<'_>,
    members: &[EnsembleMember],
    votes: Vec<Vote>,
    n_classes: usize,
) -> Result<Combiner, Error> {
    let weights: Vec<f64> = votes.iter().map(|vote| vote.weight).collect();
    let mut inputs = votes.iter().filter_map(|vote| vote.calibrator.as_ref()).map(|one| one.0);
    let Some(input) = inputs.next() else { return Ok(Combiner::SoftVote { weights }) };
    if inputs.any(|other| other != input) {
        return Err(model.unsupported(
            "a vote whose calibrators do not all read margins or all read probabilities",
        ));
    }
    let calibrators = votes.into_iter().zip(members).map(|(vote, member)| {
        let same = || without_effect(input, member.member.link(), n_classes);
        let calibrator = vote.calibrator.map(|(_, calibrator)| calibrator).or_else(same);
        calibrator.ok_or_else(|| {
            let name = &member.name;
            model.unsupported(format!("`{name}` in a vote whose calibrators read margins"))
        })
    });
    let calibrators: Result<Vec<Calibrator>, Error> = calibrators.collect();
    Ok(Combiner::CalibratedVote { weights, input, calibrators: calibrators? })
}

/// The calibrator of a member that has none; none where its outputs do not follow from a map of each margin.
fn without_effect(input: CombinerReads, link: Link, n_classes: usize) -> Option<Calibrator> {
    let map = match (input, link) {
        (CombinerReads::Outputs, _) => {
            CalibrationMap::Isotonic { probabilities: vec![0.0, 1.0], calibrated: vec![0.0, 1.0] }
        }
        (CombinerReads::Margins, Link::Logit | Link::OneVsRest) => {
            CalibrationMap::Sigmoid { slope: 1.0, intercept: 0.0 }
        }
        (CombinerReads::Margins, _) => return None,
    };
    Some(match n_classes {
        2 => Calibrator::Binary(map),
        n => Calibrator::PerClass(vec![map; n]),
    })
}

/// The weight of a member in a vote, and its calibrator.
#[derive(Clone, Debug)]
struct Vote {
    weight: f64,
    calibrator: Option<OfMember>,
}

fn check_uncalibrated(model: &Cursor<'_>, members: &[Option<OfMember>]) -> Result<(), Error> {
    if members.iter().all(Option::is_none) {
        return Ok(());
    }
    let what = "a calibrated member of another ensemble, except by a sigmoid of its margin";
    Err(model.unsupported(what))
}

/// The weights of a vote, one for each member.
fn weights(vote: &Cursor<'_>) -> Result<Vec<f64>, Error> {
    let list = vote.key("weights")?;
    let weights = list.doubles()?;
    let n_members = vote.key("members")?.n_items()?;
    if weights.len() != n_members {
        let found = weights.len();
        return Err(list.malformed(format!("{found} weights, expected {n_members}")));
    }
    Ok(weights)
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
                let mut votes = Vec::new();
                self.soft_votes(model, layout, None, &mut votes)?;
                Ok((soft_vote(model, &self.members, votes, self.inputs.n_classes())?, None))
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
                match calibrator {
                    Some((CombinerReads::Outputs, calibrator)) => {
                        Ok((Combiner::SoftVote { weights: vec![1.0] }, Some(calibrator)))
                    }
                    calibrator => {
                        let votes = vec![Vote { weight: 1.0, calibrator }];
                        let n_classes = self.inputs.n_classes();
                        Ok((soft_vote(model, &self.members, votes, n_classes)?, None))
                    }
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

    /// Adds the members of a soft vote, and those of soft votes within it. `weight` is that of the vote within
    /// another one: its members share it.
    fn soft_votes(
        &mut self,
        model: &Cursor<'_>,
        mut layout: Layout,
        weight: Option<f64>,
        votes: &mut Vec<Vote>,
    ) -> Result<(), Error> {
        layout.end(&mut self.branches, "shared")?;
        let weights = weights(model)?;
        let factor = weight.map_or(1.0, |weight| weight / weights.iter().sum::<f64>());
        for (member, weight) in model.key("members")?.items()?.zip(weights) {
            let layout = layout.copy(&member)?;
            let name = member.key("name")?.text()?;
            self.soft_vote_of(&member.key("model")?, layout, name, factor * weight, votes)?;
        }
        Ok(())
    }

    /// Adds a model of a soft vote, perhaps after steps.
    fn soft_vote_of(
        &mut self,
        model: &Cursor<'_>,
        mut layout: Layout,
        name: &str,
        weight: f64,
        votes: &mut Vec<Vote>,
    ) -> Result<(), Error> {
        match model.key("kind")?.text()? {
            "pipeline" => {
                let all = layout.all();
                steps::apply_all(&mut layout, all, &model.key("steps")?, self.inputs)?;
                self.soft_vote_of(&model.key("model")?, layout, name, weight, votes)
            }
            "soft_vote" => self.soft_votes(model, layout, Some(weight), votes),
            _ => {
                let (base, calibrator) = self.single(model, &mut layout)?;
                self.add(base, &mut layout, name)?;
                votes.push(Vote { weight, calibrator });
                Ok(())
            }
        }
    }

    /// The weights of the members of a hard vote, and their calibrators.
    fn vote(
        &mut self,
        model: &Cursor<'_>,
        layout: Layout,
    ) -> Result<(Vec<f64>, Vec<Option<OfMember>>), Error> {
        let weights = weights(model)?;
        Ok((weights, self.members(model, layout)?))
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
