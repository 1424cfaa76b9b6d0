//! Sums of trees, and chains that end with a regression over them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nomogram::{Forest, Link, Member, Node, Precision, Tree};

use super::super::additive;
use super::super::columns::with_local;
use super::super::fields::Fields;
use super::super::outcome::{Outcome, Part};
use super::super::tree::{self, Scores};
use super::{MAX_SEGMENTS, Segment, is_float_math, read, rescaling, scale, segments};
use crate::columns::steps;
use crate::document::xml::Element;
use crate::error::{Error, Place};
use crate::forests::number;
use crate::limits::Limits;

/// The sum of the trees of a model: of a `MiningModel` of `sum`, or of one `TreeModel`.
pub(super) fn sum_of_trees(model: &Element, fields: &Fields) -> Result<Forest, Error> {
    let is_float = is_float_math(model);
    let mut models = vec![model];
    if model.name == "MiningModel" {
        let segmentation = model.needed("Segmentation")?;
        let method = segmentation.attribute("multipleModelMethod")?;
        if method != "sum" {
            return Err(segmentation.unsupported(format!("`{method}` within a sum")));
        }
        models = segments(segmentation, fields)?.iter().map(|segment| segment.model).collect();
    }
    fields.set_float_math(is_float);
    let mut trees = Vec::new();
    for (nth, one) in models.iter().enumerate() {
        if one.name != "TreeModel" {
            return Err(one.unsupported(format!("`{}` within a sum of trees", one.name)));
        }
        if is_float_math(one) && !is_float {
            return Err(one.unsupported("a tree of single precision within a sum of double"));
        }
        let is_whole_model = std::ptr::eq(*one, model);
        let local = if is_whole_model { Cow::Borrowed(fields) } else { with_local(one, fields)? };
        let compiled = tree::compile(one, &local, &Scores::Value, Some(0));
        let (factor, constant) = if is_whole_model { (1.0, 0.0) } else { rescaling(one)? };
        check_scale(one, is_float, factor, constant)?;
        let mut tree = compiled.map_err(|error| error.within(Place::Tree(nth)))?.tree;
        if (factor, constant) != (1.0, 0.0) {
            tree.leaves.iter_mut().for_each(|leaf| *leaf = *leaf * factor + constant);
        }
        trees.push(tree);
    }
    fields.set_float_math(false);
    let forest = Forest::new(Link::Identity, number(fields.len())?, vec![0.0], trees);
    let mut forest = Forest {
        precision: if is_float { Precision::Single } else { Precision::Double },
        ..forest.map_err(|error| model.core(error))?
    };
    let (factor, constant) = rescaling(model)?;
    check_scale(model, is_float, factor, 0.0)?;
    scale(&mut forest, factor, constant)?;
    Ok(forest)
}

/// Refuses a scale that would be rounded in another place than in the source.
fn check_scale(here: &Element, is_float: bool, factor: f64, constant: f64) -> Result<(), Error> {
    if !is_float || (factor, constant) == (1.0, 0.0) {
        return Ok(());
    }
    Err(here.unsupported(format!(
        "the factor {factor} and constant {constant} of a sum of single precision"
    )))
}

/// Checks that a regression after a sum computes in the precision of the bundle.
fn check_math(model: &Element, link: Link, forest: &Forest) -> Result<(), Error> {
    match (is_float_math(model), forest.precision == Precision::Single, link) {
        (false, ..) | (true, true, Link::Identity) => Ok(()),
        (true, true, _) => Err(model.unsupported(format!(
            "normalization `{}` in single precision, expected the file of the library that trained the model",
            model.or("normalizationMethod", "none")
        ))),
        (true, false, _) => {
            Err(model.unsupported("a regression of single precision over sums of double"))
        }
    }
}

/// A sum of trees and a constant, as an output of a model within a chain.
fn transformed(output: &Element, sums: &BTreeMap<&str, Forest>) -> Result<Forest, Error> {
    let is_sum = |apply: &&Element| {
        let treats_missing =
            ["mapMissingTo", "defaultValue"].iter().any(|a| apply.find(a).is_some());
        apply.or("function", "") == "+" && !treats_missing
    };
    let is_double = output.or("dataType", "double") == "double";
    let apply = output.child("Apply").filter(is_sum).filter(|_| is_double);
    let terms =
        apply.map(|apply| (apply.children.len(), apply.child("FieldRef"), apply.child("Constant")));
    let Some((2, Some(field), Some(constant))) = terms else {
        return Err(output.unsupported("a value within a chain other than a sum and a constant"));
    };
    let name = field.attribute("field")?;
    let sum = sums.get(name);
    let mut sum = sum
        .ok_or_else(|| field.unsupported(format!("`{name}`, which is no sum of trees")))?
        .clone();
    let text = constant.text.trim();
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    let number =
        number.ok_or_else(|| constant.malformed(format!("`{text}`, expected a finite number")))?;
    check_scale(output, sum.precision == Precision::Single, 1.0, number)?;
    scale(&mut sum, 1.0, number)?;
    Ok(sum)
}

/// Sums of trees, whose values the last model reads: boosted classifiers.
pub(super) fn chain(
    segmentation: &Element,
    segments: &[Segment<'_>],
    fields: &Fields,
    limits: &Limits,
) -> Result<Outcome, Error> {
    let Some((last, before)) = segments.split_last() else {
        return Err(segmentation.unsupported("no segments"));
    };
    if before.is_empty() {
        return read(last.model, fields, limits);
    }
    let mut sums: BTreeMap<&str, Forest> = BTreeMap::new();
    for segment in before {
        let local = with_local(segment.model, fields)?;
        let forest = sum_of_trees(segment.model, &local)?;
        let outputs = segment.model.needed("Output")?;
        for output in outputs.all("OutputField") {
            let sum = match output.or("feature", "predictedValue") {
                "predictedValue" => forest.clone(),
                "transformedValue" => transformed(output, &sums)?,
                other => return Err(output.unsupported(format!("`{other}` within a chain"))),
            };
            sums.insert(output.attribute("name")?, sum);
        }
    }
    if last.model.name != "RegressionModel" {
        let what = format!("a chain that ends with `{}`", last.model.name);
        return Err(last.model.unsupported(what));
    }
    if rescaling(last.model)? != (1.0, 0.0) {
        return Err(last.model.unsupported("`Targets` of the regression that ends a chain"));
    }
    let normalization = additive::normalization(last.model, fields)?;
    let tables: Vec<&Element> = last.model.all("RegressionTable").collect();
    let mut whole: Option<Forest> = None;
    let n_margins = normalization.tables.len();
    for (margin, table) in normalization.tables.iter().enumerate() {
        let table = tables.get(*table).ok_or_else(|| last.model.malformed("no table"))?;
        let predictors: Vec<&Element> = table.all("NumericPredictor").collect();
        let n_terms = table.children.iter().filter(|child| child.name != "Extension").count();
        if predictors.len() != n_terms {
            return Err(table.unsupported("other terms than sums of trees"));
        }
        let intercept = table.find_number("intercept")?.unwrap_or(0.0);
        let (nth, mut forests) = (number(margin)?, Vec::new());
        for predictor in predictors {
            let name = predictor.attribute("name")?;
            let forest = sums.get(name);
            let forest = forest.ok_or_else(|| {
                predictor.unsupported(format!("`{name}`, which is no sum of trees"))
            })?;
            let mut forest = forest.clone();
            let coefficient = predictor.number("coefficient")?;
            let is_float = forest.precision == Precision::Single;
            check_scale(predictor, is_float, coefficient, intercept)?;
            if is_float && !forests.is_empty() {
                return Err(predictor.unsupported("a second sum of single precision"));
            }
            scale(&mut forest, coefficient, 0.0)?;
            forests.push(forest);
        }
        for forest in forests {
            let merged = whole.get_or_insert_with(|| Forest {
                base_margins: vec![0.0; n_margins],
                trees: Vec::new(),
                ..forest.clone()
            });
            if merged.precision != forest.precision {
                return Err(table.unsupported("sums of different precision"));
            }
            if merged.trees.len() + forest.trees.len() > 4 * MAX_SEGMENTS {
                return Err(table.too_large("too many trees"));
            }
            merged
                .trees
                .extend(forest.trees.into_iter().map(|tree| Tree { margin: Some(nth), ..tree }));
        }
        if intercept != 0.0
            && let Some(merged) = &mut whole
        {
            let nodes = vec![Node::Leaf { leaf: 0 }];
            merged.trees.push(Tree { margin: Some(nth), nodes, leaves: vec![intercept] });
        }
    }
    let mut forest = whole.ok_or_else(|| last.model.unsupported("a chain without sums"))?;
    check_math(last.model, normalization.link, &forest)?;
    forest.link = normalization.link;
    let steps = steps(&fields.treated(), fields.len())?;
    let member = Member::Forest(forest);
    let part = Part { steps, member, weight: 1.0, leaf_numbers: None };
    Ok(Outcome::of_part(part, normalization.classes))
}
