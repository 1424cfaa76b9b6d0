//! Bundles of format 1, converted to the parts of the newest format.
//!
//! Its payloads are defined here as they were, and never change. Fields that format 1 did not have get
//! the values under which a model predicts as it did then.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde::Deserialize;

use super::container::{Container, SectionKind};
use super::{Bundle, GoldenCase, Parts, decode};
use crate::ensemble::{Combiner, EnsembleMember};
use crate::error::Error;
use crate::link::Link;
use crate::member;
use crate::pipeline::{self, Inputs};
use crate::schema::{self, Target};

/// Reads a bundle of format 1.
pub(super) fn read(container: &Container<'_>) -> Result<Bundle, Error> {
    let schema: Schema = decode(container, SectionKind::Schema)?;
    let branches: Vec<Branch> = decode(container, SectionKind::Pipeline)?;
    let members: Vec<PlacedMember> = decode(container, SectionKind::Members)?;
    let combiner: Vote = decode(container, SectionKind::Combiner)?;
    let golden_cases: Vec<Case> = decode(container, SectionKind::GoldenCases)?;
    Ok(Bundle {
        format: 1,
        n_skipped_sections: container.n_skipped(),
        parts: Parts {
            manifest: decode(container, SectionKind::Manifest)?,
            card: None,
            schema: schema.today()?,
            branches: branches.into_iter().map(Branch::today).collect::<Result<_, _>>()?,
            members: members.into_iter().map(PlacedMember::today).collect(),
            combiner: match combiner {
                Vote::Soft { weights } => Combiner::SoftVote { weights },
                Vote::Hard { weights } => Combiner::HardVote { weights },
            },
            calibrator: None,
            cutoffs: Vec::new(),
        },
        golden_cases: golden_cases.into_iter().map(Case::today).collect(),
        answers: None,
        digest: container.digest(),
    })
}

#[derive(Deserialize)]
struct Schema {
    features: Vec<Feature>,
    #[serde(deserialize_with = "crate::codec::text")]
    target_name: String,
    #[serde(deserialize_with = "crate::codec::texts")]
    classes: Vec<String>,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(deserialize_with = "crate::codec::text")]
    name: String,
    _kind: FeatureKind,
    #[serde(deserialize_with = "crate::codec::optional_text")]
    unit: Option<String>,
}

#[derive(Deserialize)]
enum FeatureKind {
    Number,
}

impl Schema {
    fn today(self) -> Result<schema::Schema, Error> {
        let feature =
            |old: Feature| schema::Feature { unit: old.unit, ..schema::Feature::number(old.name) };
        schema::Schema::new(
            self.features.into_iter().map(feature).collect(),
            Target::Classes { name: self.target_name, classes: self.classes },
        )
    }
}

#[derive(Deserialize)]
struct Branch {
    #[serde(deserialize_with = "crate::codec::text")]
    name: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
enum Step {
    StandardScale { means: Vec<f64>, std_devs: Vec<f64> },
}

impl Branch {
    fn today(self) -> Result<pipeline::Branch, Error> {
        let step = |Step::StandardScale { means, std_devs }: Step| {
            let width = u32::try_from(means.len()).unwrap_or(u32::MAX);
            let scaler = pipeline::StandardScaler::new(Inputs::all(width), means, std_devs)?;
            Ok(pipeline::Step::StandardScale(scaler))
        };
        let steps: Result<_, Error> = self.steps.into_iter().map(step).collect();
        Ok(pipeline::Branch { name: self.name, source: None, steps: steps? })
    }
}

#[derive(Deserialize)]
struct PlacedMember {
    #[serde(deserialize_with = "crate::codec::text")]
    name: String,
    branch: u32,
    member: Member,
}

#[derive(Deserialize)]
enum Member {
    Linear(member::Linear),
    Forest(Forest),
    Network(member::Network),
}

#[derive(Deserialize)]
struct Forest {
    link: Link,
    n_inputs: u32,
    base_margins: Vec<f64>,
    trees: Vec<Tree>,
}

#[derive(Deserialize)]
struct Tree {
    margin: u32,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
enum Node {
    Leaf { margin: f64 },
    Split { input: u32, threshold: f64, left: u32, right: u32 },
}

impl PlacedMember {
    fn today(self) -> EnsembleMember {
        let member = match self.member {
            Member::Linear(linear) => member::Member::Linear(linear),
            Member::Forest(forest) => member::Member::Forest(forest.today()),
            Member::Network(network) => member::Member::Network(network),
        };
        EnsembleMember { name: self.name, branch: self.branch, member }
    }
}

impl Forest {
    fn today(self) -> member::Forest {
        member::Forest {
            link: self.link,
            n_inputs: self.n_inputs,
            comparison: member::Comparison::AtMost,
            precision: member::Precision::Double,
            aggregate: member::Aggregate::Sum,
            base_margins: self.base_margins,
            trees: self.trees.into_iter().map(Tree::today).collect(),
        }
    }
}

impl Tree {
    fn today(self) -> member::Tree {
        let mut leaves = Vec::new();
        let mut node = |node| match node {
            Node::Leaf { margin } => {
                leaves.push(margin);
                let n_before = leaves.len() - 1;
                member::Node::Leaf { leaf: u32::try_from(n_before).unwrap_or(u32::MAX) }
            }
            Node::Split { input, threshold, left, right } => {
                let default_child = member::Side::Left;
                member::Node::Split { input, threshold, left, right, default_child }
            }
        };
        let nodes = self.nodes.into_iter().map(&mut node).collect();
        member::Tree { margin: Some(self.margin), nodes, leaves }
    }
}

#[derive(Deserialize)]
enum Vote {
    Soft { weights: Vec<f64> },
    Hard { weights: Vec<f64> },
}

#[derive(Deserialize)]
struct Case {
    row: Vec<f64>,
    probabilities: Vec<u64>,
    members: Vec<u64>,
}

impl Case {
    fn today(self) -> GoldenCase {
        let flags = vec![0; self.row.len()];
        GoldenCase { flags, row: self.row, outputs: self.probabilities, members: self.members }
    }
}
