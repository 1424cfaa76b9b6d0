//! The type of a target that is a number: the source rounds to it, or refuses the row.

use nomogram::{Aggregate, Forest, Link, Member, Precision};

use super::columns::single;
use super::fields::Fields;
use super::outcome::Outcome;
use crate::document::xml::Element;
use crate::error::Error;

/// Checks that the values of a model are of the type of its target.
///
/// # Errors
///
/// `Unsupported` with the type.
pub(super) fn check(model: &Element, fields: &Fields, outcome: &Outcome) -> Result<(), Error> {
    if model.or("functionName", "regression") != "regression" {
        return Ok(());
    }
    let forest = match outcome.parts.as_slice() {
        [part] => match &part.member {
            Member::Forest(forest) if forest.link == Link::Identity => Some(forest),
            _ => None,
        },
        _ => None,
    };
    match fields.target_type.as_deref() {
        Some("float") if !forest.is_some_and(is_single) => {
            Err(model.unsupported("a target of type `float`, expected `double`"))
        }
        Some("integer") if !forest.is_some_and(is_whole) => {
            Err(model.unsupported("a target of type `integer`, expected `double` or whole scores"))
        }
        _ => Ok(()),
    }
}

fn numbers(forest: &Forest) -> impl Iterator<Item = f64> {
    let leaves = forest.trees.iter().flat_map(|tree| tree.leaves.iter());
    leaves.chain(&forest.base_margins).copied()
}

fn is_single(forest: &Forest) -> bool {
    forest.precision == Precision::Single
        || (forest.trees.len() == 1 && numbers(forest).all(|number| single(number) == number))
}

fn is_whole(forest: &Forest) -> bool {
    (forest.trees.len() == 1 || forest.aggregate == Aggregate::Sum)
        && numbers(forest).all(|number| number.fract() == 0.0)
}
