//! The bundles that can be exported: those of one member.

use nomogram::{Combiner, Forest, Linear, LinearSingle, Link, Member, Parts, Schema, Step};

use crate::error::Error;

/// The member of a bundle that has one.
pub(crate) struct SingleMember<'p> {
    pub(crate) name: &'p str,
    pub(crate) schema: &'p Schema,
    /// The steps before the member, each with the name of its branch.
    pub(crate) steps: Vec<(&'p str, &'p Step)>,
    pub(crate) kind: Kind<'p>,
}

/// A member that can be exported.
pub(crate) enum Kind<'p> {
    Forest(&'p Forest),
    Linear(&'p Linear),
    LinearSingle(&'p LinearSingle),
}

impl Kind<'_> {
    pub(crate) fn link(&self) -> Link {
        match self {
            Self::Forest(forest) => forest.link,
            Self::Linear(linear) => linear.link(),
            Self::LinearSingle(single) => single.linear().link(),
        }
    }
}

impl<'p> SingleMember<'p> {
    /// Checks that nothing but the member makes the prediction.
    pub(crate) fn of(parts: &'p Parts) -> Result<Self, Error> {
        let [member] = parts.members.as_slice() else {
            let what = format!("{} members, expected 1", parts.members.len());
            return Err(Error::unsupported(what));
        };
        match &parts.combiner {
            // A mean of one is that one when the weight is 1.
            Combiner::SoftVote { weights } if weights.as_slice() == [1.0] => {}
            Combiner::SoftVote { .. } => {
                return Err(Error::unsupported("a member with a weight other than 1"));
            }
            Combiner::HardVote { .. } => return Err(Error::unsupported("a hard vote")),
            Combiner::Stack { .. } => return Err(Error::unsupported("a stack")),
            Combiner::CalibratedVote { .. } => {
                return Err(Error::unsupported("a calibrated vote"));
            }
        }
        if parts.calibrator.is_some() {
            return Err(Error::unsupported("a calibrator"));
        }
        let mut branch = parts.branches.get(member.branch as usize);
        let mut steps = Vec::new();
        for _ in 0..parts.branches.len() {
            let Some(here) = branch else { break };
            let of_branch = here.steps.iter().rev().map(|step| (here.name.as_str(), step));
            steps.extend(of_branch);
            branch = here.source.and_then(|source| parts.branches.get(source as usize));
        }
        steps.reverse();
        let kind = match &member.member {
            Member::Forest(forest) => Kind::Forest(forest),
            Member::Linear(linear) => Kind::Linear(linear),
            Member::LinearSingle(single) => Kind::LinearSingle(single),
            Member::LinearForest(_) => {
                return Err(Error::unsupported("a forest with linear leaves"));
            }
            Member::NaiveBayes(_) => return Err(Error::unsupported("a naive Bayes member")),
            Member::Network(_) => return Err(Error::unsupported("a network")),
            Member::PointsScore(_) => return Err(Error::unsupported("a points score")),
            Member::SupportVectors(_) => return Err(Error::unsupported("support vectors")),
            Member::Neighbours(_) => return Err(Error::unsupported("nearest neighbours")),
        };
        Ok(Self { name: &parts.manifest.name, schema: &parts.schema, steps, kind })
    }

    /// Checks that the member reads the features as they are.
    pub(crate) fn check_without_steps(&self) -> Result<(), Error> {
        match self.steps.first() {
            Some((branch, _)) => {
                let what = format!("the steps of branch `{branch}` before the member");
                Err(Error::unsupported(what))
            }
            None => Ok(()),
        }
    }
}
