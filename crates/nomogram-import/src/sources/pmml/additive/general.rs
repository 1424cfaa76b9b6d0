//! `GeneralRegressionModel`.

use std::collections::BTreeMap;

use nomogram::Link;

use super::super::columns::of_levels;
use super::super::fields::Fields;
use super::super::outcome::Outcome;
use super::{Terms, check_number, power};
use crate::columns::Column;
use crate::document::xml::Element;
use crate::error::Error;

/// Reads a `GeneralRegressionModel`.
///
/// # Errors
///
/// `Unsupported` for survival, ordinal models and links without a counterpart, `Malformed`.
pub(in super::super) fn general(model: &Element, fields: &Fields) -> Result<Outcome, Error> {
    let kind = model.attribute("modelType")?;
    let is_classification = model.or("functionName", "regression") == "classification";
    for attribute in ["offsetVariable", "offsetValue", "trialsVariable", "trialsValue"] {
        if model.find(attribute).is_some() {
            return Err(model.unsupported(format!("`{attribute}`")));
        }
    }
    let link = match (kind, model.or("linkFunction", "identity")) {
        ("regression" | "generalLinear", _) | ("generalizedLinear", "identity") => Link::Identity,
        ("generalizedLinear", "log") => Link::Log,
        ("generalizedLinear", "logit") => Link::Logit,
        ("generalizedLinear", "cloglog") => Link::ComplementaryLogLog,
        ("multinomialLogistic", _) => Link::Softmax,
        (kind, _) => {
            let link = model.find("linkFunction");
            let link = link.map(|link| format!(" with link `{link}`")).unwrap_or_default();
            return Err(model.unsupported(format!("model type `{kind}`{link}")));
        }
    };
    let predictors = model.child("FactorList").into_iter().flat_map(|list| list.all("Predictor"));
    if let Some(matrix) = predictors.filter_map(|factor| factor.child("Matrix")).next() {
        return Err(matrix.unsupported("a contrast matrix of a factor"));
    }
    let mut products: BTreeMap<&str, Vec<Column>> = BTreeMap::new();
    let list = model.needed("ParameterList")?;
    for parameter in list.all("Parameter") {
        products.insert(parameter.attribute("name")?, Vec::new());
    }
    let factors: Vec<&str> = model
        .child("FactorList")
        .map(|list| list.all("Predictor").filter_map(|predictor| predictor.find("name")).collect())
        .unwrap_or_default();
    for cell in model.child("PPMatrix").into_iter().flat_map(|matrix| matrix.all("PPCell")) {
        let name = cell.attribute("predictorName")?;
        let column = fields.column(name, cell)?;
        if let Some(category) = cell.find("targetCategory") {
            let what = format!("a predictor of the target category `{category}` alone");
            return Err(cell.unsupported(what));
        }
        let value = fields.canonical(column.feature, cell.attribute("value")?);
        let parameter = cell.attribute("parameterName")?;
        let product = products.get_mut(parameter);
        let product =
            product.ok_or_else(|| cell.malformed(format!("no parameter `{parameter}`")))?;
        if factors.contains(&name) {
            product.push(of_levels(cell, fields, column, 0.0, |level| {
                f64::from(u8::from(level == value))
            })?);
        } else {
            check_number(cell, fields, column)?;
            product.extend(power(cell, column, cell.number("value")?)?);
        }
    }
    let cells: Vec<&Element> = model.needed("ParamMatrix")?.all("PCell").collect();
    let mut categories: Vec<&str> = Vec::new();
    for cell in &cells {
        let category = cell.or("targetCategory", "");
        if !categories.contains(&category) {
            categories.push(category);
        }
        if categories.len() > 1 << 10 {
            return Err(model.too_large("more than 1024 target categories"));
        }
    }
    let classes = classes(model, fields, link, is_classification, &mut categories)?;
    let mut terms = Terms::default();
    for category in &categories {
        terms.sums.push((0.0, Vec::new()));
        let sum = terms.sums.len() - 1;
        for cell in cells.iter().filter(|cell| cell.or("targetCategory", "") == *category) {
            let name = cell.attribute("parameterName")?;
            let beta = cell.number("beta")?;
            let product = products.get(name);
            let product =
                product.ok_or_else(|| cell.malformed(format!("no parameter `{name}`")))?;
            match (product.is_empty(), terms.sums.last_mut()) {
                (true, Some((intercept, _))) => *intercept += beta,
                _ => terms.add(sum, product.clone(), beta),
            }
        }
    }
    let part = terms.part(link, fields, model)?;
    Ok(Outcome::of_part(part, classes))
}

/// The classes, after the categories were brought into the order of the margins.
fn classes<'e>(
    model: &'e Element,
    fields: &'e Fields,
    link: Link,
    is_classification: bool,
    categories: &mut Vec<&'e str>,
) -> Result<Option<Vec<String>>, Error> {
    let reference = model.find("targetReferenceCategory");
    match (link, is_classification) {
        (Link::Identity | Link::Log, false) if categories.len() == 1 => Ok(None),
        (Link::Logit | Link::ComplementaryLogLog, false) if categories.len() == 1 => {
            Ok(Some(vec!["0".into(), "1".into()]))
        }
        (Link::Logit | Link::ComplementaryLogLog, true) if categories.len() == 1 => {
            let classes = fields.classes.clone().unwrap_or_default();
            let [first, second] = classes.as_slice() else {
                return Err(model.unsupported("a binary model of a target without two values"));
            };
            // The formula is that of its category, or of the class that is not the reference.
            let category = categories.first().copied().filter(|category| !category.is_empty());
            let is_of_first = match (category, reference) {
                (Some(category), Some(reference)) if category == reference => {
                    let what = format!("parameters of the reference category `{reference}`");
                    return Err(model.malformed(what));
                }
                (Some(category), _) => category == first,
                (None, Some(reference)) => reference == second,
                (None, None) => {
                    return Err(model.malformed("no target category, expected that or a reference"));
                }
            };
            let (first, second) = (first.clone(), second.clone());
            Ok(Some(if is_of_first { vec![second, first] } else { vec![first, second] }))
        }
        (Link::Softmax, true) => {
            let declared = fields.classes.as_deref().unwrap_or_default();
            let without_cells = |categories: &[&str]| {
                declared.iter().find(|class| !categories.contains(&class.as_str()))
            };
            // The category without parameters is the reference, stated or not.
            match (reference, without_cells(categories)) {
                (Some(reference), _) if categories.contains(&reference) => {}
                (Some(reference), _) => categories.push(reference),
                (None, Some(class)) => categories.push(class),
                (None, None) if declared.is_empty() => {
                    return Err(model.malformed(
                        "no `targetReferenceCategory`, expected that or the values of the target",
                    ));
                }
                (None, None) => {}
            }
            if declared.is_empty() {
                return Ok(Some(categories.iter().map(|class| (*class).to_owned()).collect()));
            }
            let position = |category: &&str| declared.iter().position(|class| class == category);
            if categories.iter().any(|category| position(category).is_none()) {
                return Err(model.malformed("target categories that are no values of the target"));
            }
            if let Some(class) = without_cells(categories) {
                let what = format!("no parameters for the value `{class}` of the target");
                return Err(model.malformed(what));
            }
            categories.sort_by_key(position);
            Ok(Some(declared.to_vec()))
        }
        (link, _) => Err(model.unsupported(format!(
            "link {} with {} target categories for this function",
            link.name(),
            categories.len()
        ))),
    }
}
