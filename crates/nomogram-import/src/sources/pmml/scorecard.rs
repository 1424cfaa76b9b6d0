//! `Scorecard`: each characteristic is a tree whose leaves are the points of its attributes.

use nomogram::{Forest, Link, Member};

use super::fields::Fields;
use super::outcome::{Outcome, Part};
use super::predicate::Predicate;
use super::tree;
use crate::columns::steps;
use crate::document::xml::Element;
use crate::error::Error;
use crate::forests::number;

/// Reads a `Scorecard`.
///
/// # Errors
///
/// `Unsupported` for points that are expressions, `Malformed`, `TooLarge`.
pub(super) fn read(model: &Element, fields: &Fields) -> Result<Outcome, Error> {
    let initial = model.find_number("initialScore")?.unwrap_or(0.0);
    let (mut trees, mut leaf_numbers) = (Vec::new(), Vec::new());
    for characteristic in model.needed("Characteristics")?.all("Characteristic") {
        let mut cases = Vec::new();
        for attribute in characteristic.all("Attribute") {
            if let Some(complex) = attribute.child("ComplexPartialScore") {
                return Err(complex.unsupported("points that are an expression"));
            }
            let predicate = Predicate::within(attribute, fields)?;
            cases.push((predicate, attribute.number("partialScore")?));
        }
        let compiled = tree::compile_cases(characteristic, cases, fields, 0)?;
        trees.push(compiled.tree);
        leaf_numbers.push(compiled.leaf_numbers);
    }
    let n_inputs = number(fields.len())?;
    let forest = Forest::new(Link::Identity, n_inputs, vec![initial], trees);
    let forest = forest.map_err(|error| model.core(error))?;
    let steps = steps(&fields.treated(), fields.len()).map_err(|error| model.locate(error))?;
    let member = Member::Forest(forest);
    let part = Part { steps, member, weight: 1.0, leaf_numbers: Some(leaf_numbers) };
    let mut outcome = Outcome::of_part(part, None);
    if model.or("useReasonCodes", "true") == "true" {
        outcome.notes.push("reason codes are not part of the bundle".into());
    }
    Ok(outcome)
}
