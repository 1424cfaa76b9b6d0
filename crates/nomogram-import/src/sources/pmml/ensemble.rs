//! Models by their element, and `MiningModel`: sums, means, votes and chains of models.

mod segments;

mod chain;

use std::borrow::Cow;

use nomogram::{Aggregate, Forest, Link, Member, Node, Precision, Tree};

use super::columns::with_local;
use super::fields::Fields;
use super::outcome::{Outcome, Part};
use super::tree::{self, Compiled, Scores};
use super::{additive, bayes, network, scorecard};
use crate::columns::steps;
use crate::document::xml::Element;
use crate::error::{Error, Place};
use crate::forests::number;
use crate::limits::Limits;
use chain::{chain, sum_of_trees};
use segments::{MAX_SEGMENTS, Segment, segments};

/// Reads a model.
///
/// # Errors
///
/// `Unsupported` with the element, `Malformed`, `TooLarge`.
pub(super) fn read(model: &Element, fields: &Fields, limits: &Limits) -> Result<Outcome, Error> {
    let fields = &*with_local(model, fields)?;
    if is_float_math(model) && model.name != "MiningModel" {
        return Err(model.unsupported("a `mathContext` of `float`, except of sums of trees"));
    }
    let outcome = match model.name.as_str() {
        "RegressionModel" => additive::regression(model, fields),
        "GeneralRegressionModel" => additive::general(model, fields),
        "TreeModel" => tree_model(model, fields),
        "NaiveBayesModel" => bayes::read(model, fields),
        "NeuralNetwork" => network::read(model, fields, limits),
        "Scorecard" => scorecard::read(model, fields),
        "MiningModel" => return mining(model, fields, limits),
        other => return Err(model.unsupported(format!("model `{other}`"))),
    }?;
    match rescaling(model)? {
        (1.0, 0.0) => Ok(outcome),
        (factor, constant) => rescaled(model, outcome, factor, constant),
    }
}

/// Whether a model computes in single precision.
fn is_float_math(model: &Element) -> bool {
    ["mathContext", "x-mathContext"].iter().any(|name| model.find(name) == Some("float"))
}

/// The factor and constant of `Targets`.
fn rescaling(model: &Element) -> Result<(f64, f64), Error> {
    let Some(target) = model.child("Targets").and_then(|targets| targets.child("Target")) else {
        return Ok((1.0, 0.0));
    };
    if model.child("Targets").is_some_and(|targets| targets.all("Target").count() > 1) {
        return Err(target.unsupported("several targets"));
    }
    for attribute in ["min", "max", "castInteger"] {
        if target.find(attribute).is_some() {
            return Err(target.unsupported(format!("`{attribute}`")));
        }
    }
    let factor = target.find_number("rescaleFactor")?.unwrap_or(1.0);
    Ok((factor, target.find_number("rescaleConstant")?.unwrap_or(0.0)))
}

fn rescaled(
    model: &Element,
    mut outcome: Outcome,
    factor: f64,
    constant: f64,
) -> Result<Outcome, Error> {
    let [Part { member, .. }] = outcome.parts.as_mut_slice() else {
        return Err(model.unsupported("`Targets` of several members"));
    };
    match member {
        Member::Forest(forest) if forest.link == Link::Identity => {
            scale(forest, factor, constant)?;
        }
        Member::Linear(linear) if linear.link() == Link::Identity => {
            let weights = linear.weights().iter().map(|weight| weight * factor).collect();
            let intercepts = linear.intercepts().iter().map(|i| i * factor + constant).collect();
            let scaled = nomogram::Linear::new(Link::Identity, intercepts, weights);
            *member = Member::Linear(scaled.map_err(|error| model.core(error))?);
        }
        _ => return Err(model.unsupported("`Targets` of such a model")),
    }
    Ok(outcome)
}

/// Multiplies the values of a forest, and adds a constant last, as one more tree.
fn scale(forest: &mut Forest, factor: f64, constant: f64) -> Result<(), Error> {
    if factor != 1.0 {
        let leaves = forest.trees.iter_mut().flat_map(|tree| tree.leaves.iter_mut());
        leaves.chain(&mut forest.base_margins).for_each(|value| *value *= factor);
    }
    if constant == 0.0 {
        return Ok(());
    }
    if forest.aggregate == Aggregate::Mean {
        forest.base_margins.iter_mut().for_each(|base| *base += constant);
        return Ok(());
    }
    let nodes = vec![Node::Leaf { leaf: 0 }];
    forest.trees.push(Tree { margin: Some(number(0)?), nodes, leaves: vec![constant] });
    Ok(())
}

/// The names of the classes: those of the dictionary, or of the scores.
fn classes(model: &Element, fields: &Fields) -> Result<Vec<String>, Error> {
    if let Some(classes) = &fields.classes {
        return Ok(classes.clone());
    }
    let mut names: Vec<String> = Vec::new();
    let mut pending = vec![model];
    while let Some(element) = pending.pop() {
        let name = match element.name.as_str() {
            "ScoreDistribution" => element.find("value"),
            "Node" => element.find("score"),
            _ => None,
        };
        if let Some(name) = name
            && names.len() < 1 << 10
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
        pending.extend(&element.children);
    }
    names.sort_unstable();
    if names.len() < 2 {
        return Err(model.unsupported(format!("{} classes, expected at least 2", names.len())));
    }
    Ok(names)
}

fn tree_model(model: &Element, fields: &Fields) -> Result<Outcome, Error> {
    forest_of(model, &[model], fields, false)
}

/// A forest of tree models, with the mean or the sum of their leaves.
fn forest_of(
    here: &Element,
    models: &[&Element],
    fields: &Fields,
    is_vote: bool,
) -> Result<Outcome, Error> {
    let is_classification = here.or("functionName", "regression") == "classification";
    let names = if is_classification { Some(classes(here, fields)?) } else { None };
    let scores = match &names {
        Some(names) if is_vote => Scores::Vote(names),
        Some(names) => Scores::Probabilities(names),
        None => Scores::Value,
    };
    let margin = if is_classification { None } else { Some(0) };
    let (mut trees, mut leaf_numbers) = (Vec::new(), Vec::new());
    for (nth, model) in models.iter().enumerate() {
        let is_segment = !std::ptr::eq(*model, here);
        let local = if is_segment { with_local(model, fields)? } else { Cow::Borrowed(fields) };
        let compiled = tree::compile(model, &local, &scores, margin);
        let Compiled { mut tree, leaf_numbers: numbers } =
            compiled.map_err(|error| error.within(Place::Tree(nth)))?;
        if is_segment {
            match rescaling(model)? {
                (1.0, 0.0) => {}
                (factor, constant) if !is_classification => {
                    tree.leaves.iter_mut().for_each(|leaf| *leaf = *leaf * factor + constant);
                }
                _ => return Err(model.unsupported("`Targets` of a classification")),
            }
            if is_float_math(model) {
                return Err(model.unsupported("a tree of single precision within a mean"));
            }
        } else if let Some(names) = &names {
            tree::check_winners(model, names)?;
        }
        trees.push(tree);
        leaf_numbers.push(numbers);
    }
    let n_margins = names.as_ref().map_or(1, Vec::len);
    let bases = vec![0.0; n_margins];
    let forest = Forest::new(Link::Identity, number(fields.len())?, bases, trees);
    let forest = Forest {
        link: if is_classification { Link::Probability } else { Link::Identity },
        aggregate: Aggregate::Mean,
        precision: Precision::Double,
        ..forest.map_err(|error| here.core(error))?
    };
    let steps = steps(&fields.treated(), fields.len()).map_err(|error| here.locate(error))?;
    let member = Member::Forest(forest);
    let part = Part { steps, member, weight: 1.0, leaf_numbers: Some(leaf_numbers) };
    Ok(Outcome::of_part(part, names))
}

fn mining(model: &Element, fields: &Fields, limits: &Limits) -> Result<Outcome, Error> {
    let segmentation = model.needed("Segmentation")?;
    let method = segmentation.attribute("multipleModelMethod")?;
    let segments = segments(segmentation, fields)?;
    let is_classification = model.or("functionName", "regression") == "classification";
    if is_float_math(model) && !["sum", "modelChain"].contains(&method) {
        return Err(model.unsupported(format!("`{method}` in single precision")));
    }
    let outcome = match (method, is_classification) {
        ("modelChain", _) => chain(segmentation, &segments, fields, limits)?,
        ("selectFirst" | "selectAll", _) if segments.len() == 1 || method == "selectFirst" => {
            let first = segments.first().map_or(model, |segment| segment.model);
            read(first, fields, limits)?
        }
        ("sum", false) => {
            let forest = sum_of_trees(model, fields)?;
            let leaf_numbers = None;
            let steps = steps(&fields.treated(), fields.len())?;
            let member = Member::Forest(forest);
            let part = Part { steps, member, weight: 1.0, leaf_numbers };
            return Ok(Outcome::of_part(part, None));
        }
        ("average" | "weightedAverage" | "majorityVote" | "weightedMajorityVote", _) => {
            let is_weighted = method.starts_with("weighted");
            let is_vote = method.ends_with("Vote");
            if is_vote && !is_classification {
                return Err(segmentation.malformed(format!("`{method}` of values")));
            }
            mean(model, &segments, fields, limits, is_weighted, is_vote)?
        }
        (other, _) => {
            return Err(segmentation.unsupported(format!("multipleModelMethod `{other}`")));
        }
    };
    match rescaling(model)? {
        (1.0, 0.0) => Ok(outcome),
        (factor, constant) => rescaled(model, outcome, factor, constant),
    }
}

fn mean(
    model: &Element,
    segments: &[Segment<'_>],
    fields: &Fields,
    limits: &Limits,
    is_weighted: bool,
    is_vote: bool,
) -> Result<Outcome, Error> {
    let is_equal = !is_weighted
        || segments
            .windows(2)
            .all(|pair| matches!(pair, [first, second] if first.weight == second.weight));
    if is_equal && segments.iter().all(|segment| segment.model.name == "TreeModel") {
        let models: Vec<&Element> = segments.iter().map(|segment| segment.model).collect();
        return forest_of(model, &models, fields, is_vote);
    }
    let mut all: Option<Outcome> = None;
    for segment in segments {
        let mut outcome = read(segment.model, fields, limits)?;
        let [part] = outcome.parts.as_mut_slice() else {
            return Err(segment.model.unsupported("several members within a mean"));
        };
        part.weight = if is_weighted { segment.weight } else { 1.0 };
        match &mut all {
            None => all = Some(outcome),
            Some(all) if all.classes == outcome.classes => all.parts.extend(outcome.parts),
            Some(_) => return Err(segment.model.unsupported("classes in another order")),
        }
    }
    let mut all = all.ok_or_else(|| model.unsupported("no segments"))?;
    all.is_hard = is_vote;
    Ok(all)
}
