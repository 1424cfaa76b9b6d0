//! Combiners: from the outputs of the members to those of the ensemble.

use alloc::boxed::Box;
use alloc::vec::Vec;

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8};
use serde::{Deserialize, Serialize};

use super::Calibrator;
use crate::budget::{Budget, FUNCTION, times};
use crate::codec::decode_enum;
use crate::domain::{Domain, affine};
use crate::error::{Error, Place, ordinal};
use crate::lanes::{Lanes, N_LANES, best_level, copy_lane, dispatch, set_lane};
use crate::link::{Link, most_probable};
use crate::member::{CompiledMember, Member};
use crate::memory;
use crate::schema::Target;

/// How the members' outputs become those of the ensemble.
///
/// Sums run over the members from the first to the last, and are then divided by the sum of the
/// weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Combiner {
    /// The weighted mean of the members' probabilities, or of their values.
    SoftVote {
        /// One weight per member.
        weights: Vec<f64>,
    },
    /// The share of the weight that voted for each class. A member votes for its most probable
    /// class; of equally probable ones, and of classes with equal shares, the lowest wins.
    HardVote {
        /// One weight per member.
        weights: Vec<f64>,
    },
    /// A member that reads the other members: stacking.
    Stack {
        /// The inputs that it reads of each member, one member after the other.
        input: CombinerReads,
        /// The fitted model.
        member: Box<Member>,
    },
    /// Each member has a calibrator of its own; then the weighted mean, as of the folds of scikit-learn's
    /// `CalibratedClassifierCV`.
    CalibratedVote {
        /// One weight per member.
        weights: Vec<f64>,
        /// What the calibrators read. With margins, each map reads one margin in place of a probability, of
        /// two classes one and of more one for each; the links of the members do not count.
        input: CombinerReads,
        /// One per member.
        calibrators: Vec<Calibrator>,
    },
}
decode_enum!(Combiner {
    SoftVote { weights },
    HardVote { weights },
    Stack { input, member },
    CalibratedVote { weights, input, calibrators }
});

/// Which numbers of the members a stacked member, or the members' calibrators, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CombinerReads {
    /// Their outputs; for two classes, only the probability of class 1.
    Outputs,
    /// Their margins.
    Margins,
}
decode_enum!(CombinerReads { Outputs, Margins });

/// The domains of the numbers that a combiner reads, and the target.
pub(crate) struct CombinerInputs<'a> {
    pub(crate) target: &'a Target,
    /// The domain of each member's outputs.
    pub(crate) outputs: &'a [Domain],
    /// The domains of every member's margins.
    pub(crate) margins: &'a [Domain],
}

/// A checked combiner in the form that predicts fastest.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one per model, and a box could not fail")]
pub(crate) enum CompiledCombiner {
    SoftVote(Vec<f64>),
    HardVote(Vec<f64>),
    Stack(Stack),
    Calibrated(CalibratedVote),
}

/// Members, each with a calibrator of its own.
#[derive(Debug)]
pub(crate) struct CalibratedVote {
    weights: Vec<f64>,
    input: CombinerReads,
    calibrators: Vec<Calibrator>,
    n_outputs: usize,
}

/// A member over members.
#[derive(Debug)]
pub(crate) struct Stack {
    input: CombinerReads,
    link: Link,
    n_inputs: usize,
    n_margins: usize,
    member: CompiledMember,
    level: Level,
}

impl Combiner {
    /// Takes what [`Self::compile`] costs, besides the domains of the members.
    ///
    /// # Errors
    ///
    /// `TooLarge`.
    pub(crate) fn take_from(&self, budget: &mut Budget) -> Result<(), Error> {
        match self {
            Self::SoftVote { .. } | Self::HardVote { .. } | Self::CalibratedVote { .. } => Ok(()),
            Self::Stack { member, .. } => member.take_from(budget),
        }
    }

    /// Checks it against the members that it combines, and compiles it.
    pub(crate) fn compile(
        self,
        members: &CombinerInputs<'_>,
        budget: &mut Budget,
    ) -> Result<CompiledCombiner, Error> {
        match self {
            Self::SoftVote { weights } => {
                check_weights(&weights, members.outputs.len())?;
                affine(0.0, weights.iter().zip(members.outputs))?;
                Ok(CompiledCombiner::SoftVote(weights))
            }
            Self::HardVote { .. } if members.target.classes().is_empty() => Err(
                Error::invalid_model("a hard vote, but the target is a number, expected classes"),
            ),
            Self::HardVote { weights } => {
                check_weights(&weights, members.outputs.len())?;
                Ok(CompiledCombiner::HardVote(weights))
            }
            Self::Stack { input, member } => {
                Ok(CompiledCombiner::Stack(Stack::new(input, *member, members, budget)?))
            }
            Self::CalibratedVote { weights, input, calibrators } => {
                check_weights(&weights, members.outputs.len())?;
                let n_outputs = members.target.classes().len();
                let vote = CalibratedVote { weights, input, calibrators, n_outputs };
                vote.check(members)?;
                Ok(CompiledCombiner::Calibrated(vote))
            }
        }
    }
}

impl CalibratedVote {
    fn check(&self, members: &CombinerInputs<'_>) -> Result<(), Error> {
        let (n_members, n_classes) = (members.outputs.len(), self.n_outputs);
        if self.calibrators.len() != n_members {
            let n_calibrators = self.calibrators.len();
            let detail = format_args!("{n_calibrators} calibrators, expected {n_members}");
            return Err(Error::invalid_model(detail));
        }
        let reads_margins = self.input == CombinerReads::Margins;
        // Of two classes, a member with two margins has none that a map could read.
        let n_margins = n_members * if n_classes == 2 { 1 } else { n_classes };
        if reads_margins && members.margins.len() != n_margins {
            let found = members.margins.len();
            let detail = format_args!(
                "{found} margins of all members for their calibrators, expected {n_margins}"
            );
            return Err(Error::invalid_model(detail));
        }
        for (member, calibrator) in self.calibrators.iter().enumerate() {
            let checked = if reads_margins {
                calibrator.check_of_margins(n_classes)
            } else {
                calibrator.check(n_classes)
            };
            checked.map_err(|e| e.within(Place::Member(member)))?;
        }
        Ok(())
    }

    /// Adds up the weighted calibrated probabilities of every member.
    #[allow(clippy::indexing_slicing, reason = "lengths were checked when the model was opened")]
    fn combine(&self, members: &[f64], margins: &[f64], temporary: &mut [f64], out: &mut [f64]) {
        let (n_outputs, n_margins) = (out.len(), margins.len() / self.weights.len());
        let calibrated = &mut temporary[..n_outputs];
        out.fill(0.0);
        let mut total = 0.0;
        for (index, (weight, calibrator)) in self.weights.iter().zip(&self.calibrators).enumerate()
        {
            match self.input {
                CombinerReads::Outputs => {
                    calibrated.copy_from_slice(&members[index * n_outputs..][..n_outputs]);
                    calibrator.apply(calibrated);
                }
                CombinerReads::Margins => {
                    let margins = &margins[index * n_margins..][..n_margins];
                    calibrator.apply_to_margins(margins, calibrated);
                }
            }
            for (sum, probability) in out.iter_mut().zip(&*calibrated) {
                *sum += weight * probability;
            }
            total += weight;
        }
        out.iter_mut().for_each(|share| *share /= total);
    }
}

fn check_weights(weights: &[f64], n_members: usize) -> Result<(), Error> {
    if weights.len() != n_members {
        let n_weights = weights.len();
        return Err(Error::invalid_model(format_args!(
            "{n_weights} weights, expected {n_members}"
        )));
    }
    // Their sum can neither overflow nor vanish.
    let is_usable = |weight: f64| weight == 0.0 || (1e-100..=1e100).contains(&weight);
    if let Some(index) = weights.iter().position(|weight| !is_usable(*weight)) {
        let weight = weights.get(index).copied().unwrap_or(f64::NAN);
        let detail =
            format_args!("weight {} is {weight}, expected 0, or 1e-100 to 1e100", ordinal(index));
        return Err(Error::invalid_model(detail));
    }
    if weights.iter().all(|weight| *weight <= 0.0) {
        return Err(Error::invalid_model("every weight is 0, expected at least 1 above 0"));
    }
    Ok(())
}

impl Stack {
    fn new(
        input: CombinerReads,
        member: Member,
        members: &CombinerInputs<'_>,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let n_classes = members.target.classes().len();
        let inputs = match input {
            CombinerReads::Margins => memory::copy(members.margins)?,
            CombinerReads::Outputs if n_classes <= 2 => memory::copy(members.outputs)?,
            CombinerReads::Outputs => {
                let mut inputs = memory::list(members.outputs.len() * n_classes)?;
                for domain in members.outputs {
                    inputs.resize(inputs.len() + n_classes, *domain);
                }
                inputs
            }
        };
        let link = member.link();
        let n_margins = link.n_margins(members.target)?;
        let margins = member.check(&inputs, n_margins)?;
        link.check(&margins)?;
        let (n_inputs, member) = (inputs.len(), member.compile(budget)?);
        Ok(Self { input, link, n_inputs, n_margins, member, level: best_level() })
    }

    #[allow(clippy::indexing_slicing, reason = "lengths were checked when the model was opened")]
    fn combine(&self, members: &[f64], margins: &[f64], temporary: &mut [f64], out: &mut [f64]) {
        let (stack_margins, temporary) = temporary.split_at_mut(self.n_margins);
        let (inputs, temporary) = temporary.split_at_mut(self.n_inputs);
        let inputs = match self.input {
            CombinerReads::Margins => margins,
            CombinerReads::Outputs if out.len() == 2 => {
                for (input, outputs) in inputs.iter_mut().zip(members.chunks_exact(2)) {
                    *input = outputs[1];
                }
                inputs
            }
            CombinerReads::Outputs => members,
        };
        self.member.margins(self.level, inputs, temporary, stack_margins);
        self.link.outputs(stack_margins, out);
    }
}

impl CompiledCombiner {
    /// How many temporary numbers [`Self::combine`] needs.
    pub(crate) fn n_temporary(&self) -> usize {
        match self {
            Self::SoftVote(_) | Self::HardVote(_) => 0,
            Self::Calibrated(vote) => vote.n_outputs,
            Self::Stack(stack) => stack.n_margins + stack.n_inputs + stack.member.n_temporary(),
        }
    }

    /// What [`Self::combine`] computes for rows of `n_outputs`, in steps of about a nanosecond.
    pub(crate) fn work(&self, n_outputs: usize) -> u64 {
        match self {
            Self::SoftVote(weights) | Self::HardVote(weights) => {
                times(weights.len() + 4, 2).saturating_mul(n_outputs as u64)
            }
            Self::Calibrated(vote) => {
                times(vote.weights.len(), 4 * FUNCTION).saturating_mul(n_outputs as u64)
            }
            Self::Stack(stack) => {
                stack.member.work(stack.n_inputs) + times(stack.n_margins, FUNCTION)
            }
        }
    }

    /// Combines the outputs and margins of the members, one member after the other, into `out`.
    #[allow(clippy::indexing_slicing, reason = "lengths were checked when the model was opened")]
    pub(crate) fn combine(
        &self,
        members: &[f64],
        margins: &[f64],
        temporary: &mut [f64],
        out: &mut [f64],
    ) {
        let (weights, is_soft) = match self {
            Self::SoftVote(weights) => (weights, true),
            Self::HardVote(weights) => (weights, false),
            Self::Stack(stack) => return stack.combine(members, margins, temporary, out),
            Self::Calibrated(vote) => return vote.combine(members, margins, temporary, out),
        };
        if let ([1.0], true) = (weights.as_slice(), is_soft) {
            // What is left of the formula for a single member.
            out.iter_mut().zip(members).for_each(|(sum, output)| *sum = 0.0 + output);
            return;
        }
        out.fill(0.0);
        let (mut total, mut rest) = (0.0, members);
        for weight in weights {
            total += weight;
            let (outputs, after) = rest.split_at(out.len());
            rest = after;
            if !is_soft {
                out[most_probable(outputs)] += weight;
                continue;
            }
            for (sum, output) in out.iter_mut().zip(outputs) {
                *sum += weight * output;
            }
        }
        // Dividing by 1 changes nothing.
        if total != 1.0 {
            out.iter_mut().for_each(|share| *share /= total);
        }
    }

    /// As [`Self::combine`], for a block of rows. The outputs and margins of the members, and the outputs,
    /// have room in `row` for one row.
    pub(crate) fn combine_block(
        &self,
        level: Level,
        (members, margins): (&[Lanes], &[Lanes]),
        row: RowOfMembers<'_>,
        out: &mut [Lanes],
    ) {
        match self {
            Self::SoftVote(weights) => {
                dispatch!(level, simd => mean_of_lanes(simd, weights, members, out));
            }
            Self::HardVote(_) | Self::Stack(_) | Self::Calibrated(_) => {
                for lane in 0..N_LANES {
                    copy_lane(lane, members, row.members);
                    copy_lane(lane, margins, row.margins);
                    self.combine(row.members, row.margins, row.temporary, row.out);
                    set_lane(lane, row.out, out);
                }
            }
        }
    }
}

/// Room for what [`CompiledCombiner::combine`] reads and writes.
pub(crate) struct RowOfMembers<'a> {
    pub(crate) members: &'a mut [f64],
    pub(crate) margins: &'a mut [f64],
    pub(crate) temporary: &'a mut [f64],
    pub(crate) out: &'a mut [f64],
}

/// The weighted mean of the members' outputs in each lane.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "a block has N_LANES / 8 vectors")]
fn mean_of_lanes<S: Simd>(simd: S, weights: &[f64], members: &[Lanes], out: &mut [Lanes]) {
    let n_outputs = out.len();
    let total = weights.iter().fold(0.0, |total, weight| total + weight);
    for (output, shares) in out.iter_mut().enumerate() {
        for (part, shares) in shares.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let mut sum = f64x8::splat(simd, 0.0);
            for (lanes, weight) in members.iter().skip(output).step_by(n_outputs).zip(weights) {
                sum += f64x8::simd_from(simd, lanes.as_chunks::<8>().0[part]) * *weight;
            }
            *shares = sum.into();
        }
    }
    // Dividing by 1 changes nothing.
    if total != 1.0 {
        for shares in out.as_flattened_mut().as_chunks_mut::<8>().0 {
            *shares = (f64x8::simd_from(simd, *shares) / total).into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::CalibrationMap;
    use super::*;
    use crate::member::Linear;
    use alloc::string::ToString;
    use alloc::vec;

    const MEMBERS: [f64; 6] = [0.9, 0.1, 0.4, 0.6, 0.2, 0.8];

    fn compile(combiner: Combiner, n_members: usize) -> Result<CompiledCombiner, Error> {
        let members = CombinerInputs {
            target: &Target::of_classes("diagnosis", ["B", "M"]),
            outputs: &vec![Domain::new(0.0, 1.0); n_members],
            margins: &vec![Domain::new(-9.0, 9.0); n_members],
        };
        combiner.compile(&members, &mut Budget::unlimited())
    }

    fn combine(combiner: Combiner) -> [f64; 2] {
        let compiled = compile(combiner, 3).unwrap();
        let mut temporary = vec![0.0; compiled.n_temporary()];
        let mut out = [0.0; 2];
        compiled.combine(&MEMBERS, &[-2.0, 0.5, 1.5], &mut temporary, &mut out);
        out
    }

    #[test]
    fn a_soft_vote_is_the_weighted_mean() {
        let out = combine(Combiner::SoftVote { weights: vec![2.0, 1.0, 1.0] });
        assert_eq!(out, [(2.0 * 0.9 + 0.4 + 0.2) / 4.0, (2.0 * 0.1 + 0.6 + 0.8) / 4.0]);
    }

    #[test]
    fn a_hard_vote_is_the_share_of_the_weight() {
        assert_eq!(combine(Combiner::HardVote { weights: vec![1.0, 1.0, 3.0] }), [0.2, 0.8]);
    }

    #[test]
    fn a_member_of_weight_zero_does_not_count() {
        assert_eq!(combine(Combiner::SoftVote { weights: vec![0.0, 1.0, 0.0] }), [0.4, 0.6]);
    }

    #[test]
    fn a_stacked_member_reads_the_others() {
        let stack = |input| {
            let linear = Linear::new(Link::Logit, vec![0.25], vec![1.0, 2.0, 4.0]).unwrap();
            combine(Combiner::Stack { input, member: Box::new(Member::Linear(linear)) })
        };
        let logistic = |margin| {
            let (low, high) = crate::numeric::logistic_pair(margin);
            [low, high]
        };
        let of_outputs = 0.25 + 0.1 + 2.0 * 0.6 + 4.0 * 0.8;
        assert_eq!(stack(CombinerReads::Outputs), logistic(of_outputs));
        assert_eq!(stack(CombinerReads::Margins), logistic(0.25 - 2.0 + 2.0 * 0.5 + 4.0 * 1.5));
    }

    #[test]
    fn a_calibrated_vote_maps_each_member_before_the_mean() {
        let isotonic = |from: &[f64], to: &[f64]| {
            let (probabilities, calibrated) = (from.to_vec(), to.to_vec());
            Calibrator::Binary(CalibrationMap::Isotonic { probabilities, calibrated })
        };
        let level = |p| isotonic(&[0.5], &[p]);
        let vote = |input, calibrators| {
            combine(Combiner::CalibratedVote { weights: vec![1.0, 2.0, 1.0], input, calibrators })
        };
        let maps = vec![isotonic(&[0.0, 0.2], &[0.0, 0.4]), level(0.25), level(0.5)];
        let p = (0.2 + 2.0 * 0.25 + 0.5) / 4.0;
        assert_eq!(vote(CombinerReads::Outputs, maps), [(0.8 + 2.0 * 0.75 + 0.5) / 4.0, p]);
        // Of the margins -2, 0.5 and 1.5.
        let platt = CalibrationMap::Sigmoid { slope: 2.0, intercept: 4.0 };
        let maps = vec![Calibrator::Binary(platt), isotonic(&[-1.0, 2.0], &[0.0, 1.0]), level(0.5)];
        assert_eq!(vote(CombinerReads::Margins, maps), [0.5; 2]);
    }

    #[test]
    fn calibrators_that_do_not_fit_are_refused() {
        let platt = || CalibrationMap::Platt { slope: 1.0, intercept: 0.0 };
        let of_number = || CalibrationMap::Sigmoid { slope: 1.0, intercept: 0.0 };
        let vote = |input, calibrators: Vec<Calibrator>| {
            let weights = vec![1.0; 2];
            let refused = compile(Combiner::CalibratedVote { weights, input, calibrators }, 2);
            refused.map(drop).map_err(|error| error.to_string())
        };
        let two = |calibrator: Calibrator| vec![calibrator.clone(), calibrator];
        let margins = CombinerReads::Margins;
        assert_eq!(vote(margins, two(Calibrator::Binary(of_number()))), Ok(()));
        assert_eq!(vote(CombinerReads::Outputs, two(Calibrator::Binary(platt()))), Ok(()));
        for (input, calibrators, expected) in [
            (margins, vec![], "0 calibrators, expected 2"),
            (
                margins,
                two(Calibrator::Binary(platt())),
                "member 1: a map of a logit, expected an isotonic map",
            ),
            (
                margins,
                two(Calibrator::Temperature { temperature: 1.0 }),
                "member 1: a calibrator by temperature, expected maps: it reads margins",
            ),
            (margins, two(Calibrator::PerClass(vec![of_number()])), "member 1: 1 maps, expected 2"),
            (
                CombinerReads::Outputs,
                two(Calibrator::Binary(CalibrationMap::Isotonic {
                    probabilities: vec![-1.0, 2.0],
                    calibrated: vec![0.0, 1.0],
                })),
                "member 1: points of an isotonic map, expected ones that ascend from 0e0 to 1e0",
            ),
        ] {
            let refused = vote(input, calibrators).unwrap_err();
            assert!(refused.starts_with(expected), "{refused}");
        }
    }

    #[test]
    fn weights_and_shapes_that_do_not_fit_are_refused() {
        for weights in [vec![1.0], vec![0.0, 0.0], vec![1.0, -1.0], vec![1.0, f64::NAN]] {
            let refused = compile(Combiner::SoftVote { weights: weights.clone() }, 2);
            assert!(refused.is_err(), "{weights:?}");
        }
        let members = CombinerInputs {
            target: &Target::Number { name: "days".into(), unit: None },
            outputs: &[Domain::new(0.0, 1e250)],
            margins: &[],
        };
        let of_values =
            Combiner::SoftVote { weights: vec![1e100] }.compile(&members, &mut Budget::unlimited());
        assert!(of_values.unwrap_err().to_string().contains("could pass 1e300"));
        let linear = Linear::new(Link::Logit, vec![0.25], vec![1.0, 2.0, 4.0]).unwrap();
        let member = Box::new(Member::Linear(linear));
        let stack = Combiner::Stack { input: CombinerReads::Outputs, member };
        let expected = "reads 3 values, expected 2";
        assert_eq!(compile(stack, 2).unwrap_err().to_string(), expected);
    }
}
