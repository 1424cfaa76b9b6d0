//! The model: objective, features and trees, to an imported model.

use nomogram::{
    Aggregate, Combiner, CombinerReads, Forest, ForestShares, Inputs, Linear, Link, MarkMissing,
    Member, Schema, Step, Target,
};

use super::columns;
use super::objective::Objective;
use super::random_forest::{self, Leaves};
use super::text::{self, Text};
use super::trees::{self, MissingType, Trees, ZERO};
use crate::comparison::Tolerance;
use crate::error::{Error, Place};
use crate::forests;
use crate::imported::{Imported, LeafNumbers};
use crate::limits::Limits;
use crate::options::{Options, Rounds, one_vs_rest};

/// Reads a model.
pub(crate) fn read(bytes: &[u8], options: &Options, limits: &Limits) -> Result<Imported, Error> {
    let text = text::split(bytes, limits)?;
    let header = &text.header;
    let highest: usize = header.number("max_feature_idx")?;
    let n_features = highest.saturating_add(1);
    limits.check_features(n_features).map_err(|error| header.at("max_feature_idx", error))?;
    let n_margins: usize = header.number("num_tree_per_iteration")?;
    limits.check_features(n_margins).map_err(|e| header.at("num_tree_per_iteration", e))?;
    let Some(line) = header.find("objective") else {
        return Err(Error::unsupported("a custom objective: the file names none")
            .within(Place::Key("objective".into())));
    };
    let at_objective = |error| header.at("objective", error);
    let objective = Objective::of_line(line).map_err(at_objective)?;
    let class = one_class(objective, n_margins, options).map_err(at_objective)?;
    let is_mean = header.find("average_output").is_some();
    let n_trees = match options.rounds {
        Rounds::First(n_rounds) => n_rounds.saturating_mul(n_margins).min(text.trees.len()),
        Rounds::AsSource | Rounds::All | Rounds::Best => text.trees.len(),
    };
    let (first, stride) = class.map_or((0, 1), |class| (class, n_margins));
    let n_margins = n_margins / stride;
    let blocks = text.trees.iter().enumerate().take(n_trees).skip(first).step_by(stride);
    let trees = trees::read(blocks, n_features, n_margins, options.tree_shares, limits)?;
    let (schema, mut notes) =
        schema(&text, n_features, n_margins, (objective, class), &trees, limits)?;
    let mask = mask(&trees)?;
    if mask.is_some() && trees.linear_leaves.is_some {
        let what = "linear leaves (`linear_tree`) where 0 is missing (`zero_as_missing`)";
        return Err(Error::unsupported(what));
    }
    let leaves = if is_mean {
        random_forest::leaves(&text, objective, &trees.trees)
            .map_err(|error| header.at("average_output", error))?
    } else {
        Leaves::Margins
    };
    let n_taken = trees.trees.len();
    let Trees { trees, leaf_numbers, left_shares, linear_leaves, .. } = trees;
    let width = forests::number(n_features)?;
    let forest = match leaves {
        Leaves::Margins => Forest::new(objective.link, width, vec![0.0; n_margins], trees)?,
        Leaves::Outputs if linear_leaves.is_some => {
            return Err(Error::unsupported("linear leaves (`linear_tree`) that are outputs"));
        }
        Leaves::Outputs => {
            notes
                .push("leaves are outputs, as versions before 2.2.3 trained random forests".into());
            random_forest::of_outputs(objective, width, trees)?
        }
    };
    let aggregate = if is_mean { Aggregate::Mean } else { Aggregate::Sum };
    let forest = Forest { aggregate, ..forest };
    let member = if linear_leaves.is_some {
        Member::LinearForest(linear_leaves.into_member(forest)?)
    } else {
        Member::Forest(forest)
    };
    let mut imported = Imported::of_member("LightGBM", bytes, schema, member);
    imported.leaf_numbers = Some(LeafNumbers(leaf_numbers));
    if options.tree_shares {
        imported.keep_shares(vec![ForestShares { member: 0, shares: left_shares }]);
    }
    // The same additions in the same order.
    imported.margin_tolerance = Tolerance::Bits;
    imported.output_tolerance = Tolerance::Relative(1e-12);
    if leaves == Leaves::Margins {
        imported.parts.combiner = combiner(objective)?;
    }
    if let (Some(step), Some(branch)) = (mask, imported.parts.branches.first_mut()) {
        branch.name = "zeros are missing".into();
        branch.steps.push(step);
        notes.push("0 counts as missing where LightGBM was trained so".into());
    }
    notes.insert(0, format!("objective {line}"));
    notes.insert(1, format!("{n_taken} of {} trees are taken", text.trees.len()));
    imported.notes = notes;
    Ok(imported)
}

/// The index of the one class that is taken, of a model with a logistic for each.
fn one_class(
    objective: Objective,
    n_classes: usize,
    options: &Options,
) -> Result<Option<usize>, Error> {
    if !objective.is_one_vs_rest {
        return options.check_no_class().map(|()| None);
    }
    let classes: Vec<String> = (0..n_classes).map(|class| class.to_string()).collect();
    options.index_of_class("objective `multiclassova`", &classes).map(Some)
}

/// The step that makes 0 missing, for the features that were trained so.
fn mask(trees: &Trees) -> Result<Option<Step>, Error> {
    let zeros = trees.missing_types.iter().filter(|(_, kind)| **kind == MissingType::Zero);
    let positions: Result<Vec<u32>, Error> =
        zeros.map(|(feature, _)| forests::number(*feature)).collect();
    let positions = positions?;
    if positions.is_empty() {
        return Ok(None);
    }
    let n = positions.len();
    let step = MarkMissing::new(Inputs::new(positions)?, vec![-ZERO; n], vec![ZERO; n])?;
    Ok(Some(Step::MarkMissing(step)))
}

/// The member itself, or the logit link of its margin times the sigmoid parameter.
fn combiner(objective: Objective) -> Result<Combiner, Error> {
    #[allow(clippy::float_cmp, reason = "a parameter")]
    if objective.sigmoid == 1.0 {
        return Ok(Combiner::SoftVote { weights: vec![1.0] });
    }
    let linear = Linear::new(Link::Logit, vec![0.0], vec![objective.sigmoid])?;
    Ok(Combiner::Stack { input: CombinerReads::Margins, member: Box::new(Member::Linear(linear)) })
}

fn schema(
    text: &Text<'_>,
    n_features: usize,
    n_margins: usize,
    (objective, class): (Objective, Option<usize>),
    trees: &Trees,
    limits: &Limits,
) -> Result<(Schema, Vec<String>), Error> {
    let (mut features, mut notes) = columns::features(text, n_features, trees, limits)?;
    if objective.link == Link::Log && trees.linear_leaves.refuse_beyond_range(&mut features) {
        notes.push(
            "values beyond those of the training data are refused: the exponential of a linear leaf has no bound"
                .into(),
        );
    }
    let n_classes = if objective.link == Link::Softmax { n_margins } else { 2 };
    let is_single = objective.link != Link::Softmax;
    if is_single != (n_margins == 1) {
        let detail = format!("{n_margins} trees per iteration do not fit the objective");
        return Err(text.header.at("num_tree_per_iteration", Error::malformed(detail)));
    }
    let target = if let Some(class) = class {
        Target::of_classes("target", one_vs_rest(&class.to_string()))
    } else if objective.is_of_classes {
        Target::of_classes("target", (0..n_classes).map(|class| class.to_string()))
    } else {
        Target::Number { name: "target".into(), unit: None }
    };
    Ok((Schema::new(features, target)?, notes))
}
