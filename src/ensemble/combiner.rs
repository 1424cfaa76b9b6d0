//! Combiners: from the outputs of the members to those of the ensemble.

use alloc::boxed::Box;
use alloc::vec::Vec;

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8};
use serde::{Deserialize, Serialize};

use crate::budget::{Budget, FUNCTION, times};
use crate::codec::decode_enum;
use crate::domain::{Domain, affine};
use crate::error::{Error, format, ordinal};
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
        input: StackInput,
        /// The fitted model.
        member: Box<Member>,
    },
}
decode_enum!(Combiner { SoftVote { weights }, HardVote { weights }, Stack { input, member } });

/// Which numbers of the members a stacked member reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StackInput {
    /// Their outputs; for two classes, only the probability of class 1.
    Outputs,
    /// Their margins.
    Margins,
}
decode_enum!(StackInput { Outputs, Margins });

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
}

/// A member over members.
#[derive(Debug)]
pub(crate) struct Stack {
    input: StackInput,
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
            Self::SoftVote { .. } | Self::HardVote { .. } => Ok(()),
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
        }
    }
}

fn check_weights(weights: &[f64], n_members: usize) -> Result<(), Error> {
    if weights.len() != n_members {
        let n_weights = weights.len();
        return Err(Error::invalid_model(format!("{n_weights} weights, expected {n_members}")));
    }
    // Their sum can neither overflow nor vanish.
    let is_usable = |weight: f64| weight == 0.0 || (1e-100..=1e100).contains(&weight);
    if let Some(index) = weights.iter().position(|weight| !is_usable(*weight)) {
        let weight = weights.get(index).copied().unwrap_or(f64::NAN);
        let detail =
            format!("weight {} is {weight}, expected 0, or 1e-100 to 1e100", ordinal(index));
        return Err(Error::invalid_model(detail));
    }
    if weights.iter().all(|weight| *weight <= 0.0) {
        return Err(Error::invalid_model("every weight is 0, expected at least 1 above 0"));
    }
    Ok(())
}

impl Stack {
    fn new(
        input: StackInput,
        member: Member,
        members: &CombinerInputs<'_>,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let n_classes = members.target.classes().len();
        let inputs = match input {
            StackInput::Margins => memory::copy(members.margins)?,
            StackInput::Outputs if n_classes <= 2 => memory::copy(members.outputs)?,
            StackInput::Outputs => {
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
            StackInput::Margins => margins,
            StackInput::Outputs if out.len() == 2 => {
                for (input, outputs) in inputs.iter_mut().zip(members.chunks_exact(2)) {
                    *input = outputs[1];
                }
                inputs
            }
            StackInput::Outputs => members,
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
            Self::Stack(stack) => stack.n_margins + stack.n_inputs + stack.member.n_temporary(),
        }
    }

    /// What [`Self::combine`] computes for rows of `n_outputs`, in steps of about a nanosecond.
    pub(crate) fn work(&self, n_outputs: usize) -> u64 {
        match self {
            Self::SoftVote(weights) | Self::HardVote(weights) => {
                times(weights.len() + 4, 2).saturating_mul(n_outputs as u64)
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
            Self::HardVote(_) | Self::Stack(_) => {
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
        assert_eq!(stack(StackInput::Outputs), logistic(of_outputs));
        assert_eq!(stack(StackInput::Margins), logistic(0.25 - 2.0 + 2.0 * 0.5 + 4.0 * 1.5));
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
        let stack = Combiner::Stack { input: StackInput::Outputs, member };
        let expected = "reads 3 values, expected 2";
        assert_eq!(compile(stack, 2).unwrap_err().to_string(), expected);
    }
}
