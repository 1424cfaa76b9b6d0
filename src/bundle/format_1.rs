//! Bundles of format 1, converted to the parts of the newest format.
//!
//! Its payloads are defined here as they were, and never change. Fields that format 1 did not have get
//! the values under which a model predicts as it did then.

use alloc::string::String;
use alloc::vec::Vec;

use super::container::{Container, SectionKind};
use super::{Bundle, GoldenCase, Parts, decode};
use crate::budget::Budget;
use crate::codec::{decode_enum, decode_struct};
use crate::ensemble::{Combiner, EnsembleMember};
use crate::error::Error;
use crate::link::Link;
use crate::pipeline::{self, Inputs};
use crate::schema::{self, Target};
use crate::{member, memory};

/// Reads a bundle of format 1.
#[cold]
#[inline(never)]
pub(super) fn read(container: &Container<'_>, budget: &mut Budget) -> Result<Bundle, Error> {
    let schema: Schema = decode(container, SectionKind::Schema, budget)?;
    let branches: Vec<Branch> = decode(container, SectionKind::Pipeline, budget)?;
    let members: Vec<PlacedMember> = decode(container, SectionKind::Members, budget)?;
    let combiner: Vote = decode(container, SectionKind::Combiner, budget)?;
    let golden_cases: Vec<Case> = decode(container, SectionKind::GoldenCases, budget)?;
    Ok(Bundle {
        format: 1,
        n_skipped_sections: container.n_skipped(),
        parts: Parts {
            manifest: decode(container, SectionKind::Manifest, budget)?,
            card: None,
            schema: schema.today(budget)?,
            branches: today(branches, budget, Branch::today)?,
            members: today(members, budget, PlacedMember::today)?,
            combiner: match combiner {
                Vote::Soft { weights } => Combiner::SoftVote { weights },
                Vote::Hard { weights } => Combiner::HardVote { weights },
            },
            calibrator: None,
            cutoffs: Vec::new(),
            uncertainty: None,
            profile: None,
            explanation: None,
        },
        golden_cases: today(golden_cases, budget, Case::today)?,
        answers: None,
        uncertainty_answer: None,
        digest: container.digest(),
        signatures: Vec::new(),
    })
}

/// Converts each item of a list.
fn today<Old, New>(
    olds: Vec<Old>,
    budget: &mut Budget,
    convert: impl Fn(Old, &mut Budget) -> Result<New, Error>,
) -> Result<Vec<New>, Error> {
    let n_items = olds.len();
    budget.take_list::<New>(n_items)?;
    let news = memory::collect(olds.into_iter().map(|old| convert(old, budget)))?;
    budget.return_list::<Old>(n_items);
    Ok(news)
}

struct Schema {
    features: Vec<Feature>,
    target_name: String,
    classes: Vec<String>,
}
decode_struct!(Schema { features, target_name, classes });

struct Feature {
    name: String,
    kind: FeatureKind,
    unit: Option<String>,
}
decode_struct!(Feature { name, kind, unit });

enum FeatureKind {
    Number,
}
decode_enum!(FeatureKind { Number });

impl Schema {
    fn today(self, budget: &mut Budget) -> Result<schema::Schema, Error> {
        let target = Target::Classes { name: self.target_name, classes: self.classes };
        schema::Schema::new(today(self.features, budget, Feature::today)?, target)
    }
}

impl Feature {
    fn today(self, _budget: &mut Budget) -> Result<schema::Feature, Error> {
        let FeatureKind::Number = self.kind;
        Ok(schema::Feature { unit: self.unit, ..schema::Feature::number(self.name) })
    }
}

struct Branch {
    name: String,
    steps: Vec<Step>,
}
decode_struct!(Branch { name, steps });

enum Step {
    StandardScale { means: Vec<f64>, std_devs: Vec<f64> },
}
decode_enum!(Step { StandardScale { means, std_devs } });

impl Branch {
    fn today(self, budget: &mut Budget) -> Result<pipeline::Branch, Error> {
        let steps = today(self.steps, budget, Step::today)?;
        Ok(pipeline::Branch { name: self.name, source: None, steps })
    }
}

impl Step {
    fn today(self, budget: &mut Budget) -> Result<pipeline::Step, Error> {
        let Self::StandardScale { means, std_devs } = self;
        let width = u32::try_from(means.len()).unwrap_or(u32::MAX);
        budget.take_list::<u32>(means.len())?;
        let inputs = Inputs::new(memory::collect((0..width).map(Ok))?)?;
        let scaler = pipeline::StandardScaler::new(inputs, means, std_devs)?;
        Ok(pipeline::Step::StandardScale(scaler))
    }
}

struct PlacedMember {
    name: String,
    branch: u32,
    member: Member,
}
decode_struct!(PlacedMember { name, branch, member });

enum Member {
    Linear(member::Linear),
    Forest(Forest),
    Network(member::Network),
}
decode_enum!(Member { Linear(member::Linear), Forest(Forest), Network(member::Network) });

struct Forest {
    link: Link,
    n_inputs: u32,
    base_margins: Vec<f64>,
    trees: Vec<Tree>,
}
decode_struct!(Forest { link, n_inputs, base_margins, trees });

struct Tree {
    margin: u32,
    nodes: Vec<Node>,
}
decode_struct!(Tree { margin, nodes });

enum Node {
    Leaf { margin: f64 },
    Split { input: u32, threshold: f64, left: u32, right: u32 },
}
decode_enum!(Node { Leaf { margin }, Split { input, threshold, left, right } });

impl PlacedMember {
    fn today(self, budget: &mut Budget) -> Result<EnsembleMember, Error> {
        let member = match self.member {
            Member::Linear(linear) => member::Member::Linear(linear),
            Member::Forest(forest) => member::Member::Forest(forest.today(budget)?),
            Member::Network(network) => member::Member::Network(network),
        };
        Ok(EnsembleMember { name: self.name, branch: self.branch, member })
    }
}

impl Forest {
    fn today(self, budget: &mut Budget) -> Result<member::Forest, Error> {
        Ok(member::Forest {
            link: self.link,
            n_inputs: self.n_inputs,
            comparison: member::Comparison::AtMost,
            precision: member::Precision::Double,
            aggregate: member::Aggregate::Sum,
            base_margins: self.base_margins,
            trees: today(self.trees, budget, Tree::today)?,
        })
    }
}

impl Tree {
    fn today(self, budget: &mut Budget) -> Result<member::Tree, Error> {
        let n_leaves = self.nodes.iter().filter(|node| matches!(node, Node::Leaf { .. })).count();
        budget.take_list::<f64>(n_leaves)?;
        let mut leaves = memory::list(n_leaves)?;
        let node = |node: Node, _: &mut Budget| {
            Ok(match node {
                Node::Leaf { .. } => member::Node::Leaf { leaf: 0 },
                Node::Split { input, threshold, left, right } => {
                    let default_child = member::Side::Left;
                    member::Node::Split { input, threshold, left, right, default_child }
                }
            })
        };
        for node in &self.nodes {
            if let Node::Leaf { margin } = node {
                leaves.push(*margin);
            }
        }
        let mut nodes = today(self.nodes, budget, node)?;
        let leaf_numbers = nodes.iter_mut().filter_map(|node| match node {
            member::Node::Leaf { leaf } => Some(leaf),
            member::Node::Split { .. } | member::Node::SplitLevels { .. } => None,
        });
        leaf_numbers.zip(0..).for_each(|(leaf, number)| *leaf = number);
        Ok(member::Tree { margin: Some(self.margin), nodes, leaves })
    }
}

enum Vote {
    Soft { weights: Vec<f64> },
    Hard { weights: Vec<f64> },
}
decode_enum!(Vote { Soft { weights }, Hard { weights } });

struct Case {
    row: Vec<f64>,
    probabilities: Vec<u64>,
    members: Vec<u64>,
}
decode_struct!(Case { row, probabilities, members });

impl Case {
    fn today(self, budget: &mut Budget) -> Result<GoldenCase, Error> {
        budget.take_list::<u8>(self.row.len())?;
        let flags = memory::filled(0, self.row.len())?;
        Ok(GoldenCase { flags, row: self.row, outputs: self.probabilities, members: self.members })
    }
}
