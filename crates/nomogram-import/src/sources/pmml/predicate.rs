//! Predicates: true, false or unknown, under what is known of a row.

mod facts;

use super::columns::single;
use super::fields::{Fields, words};
use crate::columns::{Arithmetic, Column, Map, Pulled, pull_back};
use crate::document::xml::Element;
use crate::error::Error;

use facts::{Fact, n_levels};
pub(super) use facts::{Facts, Question};

/// A predicate.
#[derive(Clone, Debug)]
pub(super) enum Predicate {
    Constant(bool),
    /// Whether the feature is missing.
    Missing(usize),
    /// `feature <= threshold`; unknown when it is missing.
    AtMost(usize, f64),
    /// Whether the level is one of these; unknown when it is missing.
    OneOf(usize, Vec<u32>),
    Not(Box<Predicate>),
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Xor(Vec<Predicate>),
    /// The first that is not unknown.
    Surrogate(Vec<Predicate>),
}

impl Predicate {
    /// Reads the predicate among the children of an element; true if there is none.
    pub(super) fn within(parent: &Element, fields: &Fields) -> Result<Self, Error> {
        let names = ["True", "False", "SimplePredicate", "SimpleSetPredicate", "CompoundPredicate"];
        let found = parent.children.iter().find(|child| names.contains(&child.name.as_str()));
        found.map_or(Ok(Self::Constant(true)), |element| Self::read(element, fields))
    }

    fn read(element: &Element, fields: &Fields) -> Result<Self, Error> {
        match element.name.as_str() {
            "True" => Ok(Self::Constant(true)),
            "False" => Ok(Self::Constant(false)),
            "SimplePredicate" => Self::simple(element, fields),
            "SimpleSetPredicate" => {
                let column = fields.column(element.attribute("field")?, element)?;
                let array = element.needed("Array")?;
                let values = words(&array.text);
                let values = values.iter().map(|value| fields.canonical(column.feature, value));
                let values: Vec<_> = values.collect();
                let is_in = match element.attribute("booleanOperator")? {
                    "isIn" => true,
                    "isNotIn" => false,
                    other => return Err(element.malformed(format!("operator `{other}`"))),
                };
                let one_of = Self::one_of(element, fields, column, |value| {
                    values.iter().any(|known| known == value)
                })?;
                Ok(if is_in { one_of } else { Self::Not(Box::new(one_of)) })
            }
            "CompoundPredicate" => {
                let operands: Result<Vec<Self>, Error> = element
                    .children
                    .iter()
                    .filter(|child| child.name != "Extension")
                    .map(|child| Self::read(child, fields))
                    .collect();
                let operands = operands?;
                Ok(match element.attribute("booleanOperator")? {
                    "and" => Self::And(operands),
                    "or" => Self::Or(operands),
                    "xor" => Self::Xor(operands),
                    "surrogate" => Self::Surrogate(operands),
                    other => return Err(element.malformed(format!("operator `{other}`"))),
                })
            }
            other => Err(element.unsupported(format!("predicate `{other}`"))),
        }
    }

    fn simple(element: &Element, fields: &Fields) -> Result<Self, Error> {
        let column = fields.column(element.attribute("field")?, element)?;
        let operator = element.attribute("operator")?;
        let not = |predicate: Self| Self::Not(Box::new(predicate));
        let is_missing = || {
            if column.keeps_missing() || column.maps.len() == fields.n_treatments(column.feature) {
                Self::Missing(column.feature)
            } else {
                Self::Constant(false)
            }
        };
        match operator {
            "isMissing" => return Ok(is_missing()),
            "isNotMissing" => return Ok(not(is_missing())),
            _ => {}
        }
        let value = element.attribute("value")?;
        let is_boolean = fields.is_boolean(column.feature);
        let is_category = !fields.levels(column.feature).is_empty() || is_boolean;
        if is_category && column.maps.len() == fields.n_treatments(column.feature) {
            if is_boolean && !["true", "false"].contains(&value) {
                let what = format!("the boolean value `{value}`, expected `true` or `false`");
                return Err(element.unsupported(what));
            }
            let value = fields.canonical(column.feature, value);
            let one_of = Self::one_of(element, fields, column, |level| level == value)?;
            return match operator {
                "equal" => Ok(one_of),
                "notEqual" => Ok(not(one_of)),
                other => Err(element.unsupported(format!("`{other}` of a category"))),
            };
        }
        let number = element.number("value")?;
        // Values of type float are compared in single precision.
        let number = if column.maps.last() == Some(&Map::Single) { single(number) } else { number };
        let at_most = |threshold: f64| Self::at_most(element, fields, column, threshold);
        let below = number.next_down();
        Ok(match operator {
            "lessOrEqual" => at_most(number)?,
            "lessThan" => at_most(below)?,
            "greaterThan" => not(at_most(number)?),
            "greaterOrEqual" => not(at_most(below)?),
            "equal" => Self::And(vec![at_most(number)?, not(at_most(below)?)]),
            "notEqual" => not(Self::And(vec![at_most(number)?, not(at_most(below)?)])),
            other => return Err(element.malformed(format!("operator `{other}`"))),
        })
    }

    /// `column <= threshold`, as a predicate of its feature.
    fn at_most(
        here: &Element,
        fields: &Fields,
        column: &Column,
        threshold: f64,
    ) -> Result<Self, Error> {
        let feature = column.feature;
        let maps = column.maps.get(fields.n_treatments(feature)..).unwrap_or_default();
        if let [Map::Levels { numbers, unseen }] | [Map::Levels { numbers, unseen }, Map::Single] =
            maps
        {
            let all = numbers.iter().chain(fields.takes_unseen(feature).then_some(unseen));
            let chosen = all.zip(0_u32..).filter(|(number, _)| **number <= threshold);
            return Ok(Self::OneOf(feature, chosen.map(|(_, level)| level).collect()));
        }
        if fields.is_float_math() && maps.first() != Some(&Map::Single) {
            let what = "a value that is not of type `float` within sums of single precision";
            return Err(here.unsupported(what));
        }
        match pull_back(maps, threshold, Arithmetic::Double) {
            Some(Pulled::AtMost(bound)) => Ok(Self::AtMost(feature, bound)),
            Some(Pulled::Above(bound)) => Ok(Self::Not(Box::new(Self::AtMost(feature, bound)))),
            Some(Pulled::Always) => Ok(Self::AtMost(feature, f64::MAX)),
            Some(Pulled::Never) => Ok(Self::Not(Box::new(Self::AtMost(feature, f64::MAX)))),
            None => Err(here.unsupported("a predicate of such a derived field")),
        }
    }

    fn one_of(
        here: &Element,
        fields: &Fields,
        column: &Column,
        is_chosen: impl Fn(&str) -> bool,
    ) -> Result<Self, Error> {
        let feature = column.feature;
        let levels = fields.levels(feature);
        let names: Vec<&str> = if fields.is_boolean(feature) {
            vec!["false", "true"]
        } else {
            levels.iter().map(String::as_str).collect()
        };
        if names.is_empty() || column.maps.len() != fields.n_treatments(feature) {
            return Err(here.unsupported("a set of values of a field that is no category"));
        }
        let same = |name: &str| is_chosen(&fields.canonical(feature, name));
        let chosen = names.into_iter().zip(0_u32..).filter(|(name, _)| same(name));
        Ok(Self::OneOf(feature, chosen.map(|(_, level)| level).collect()))
    }

    /// True, false or unknown (`None`); or the question that decides.
    pub(super) fn evaluate(
        &self,
        facts: &Facts,
        fields: &Fields,
    ) -> Result<Option<bool>, Question> {
        match self {
            Self::Constant(value) => Ok(Some(*value)),
            Self::Missing(feature) => match facts.of(*feature, fields).is_missing {
                Some(is_missing) => Ok(Some(is_missing)),
                None => Err(Question::Missing(*feature)),
            },
            Self::AtMost(feature, threshold) => {
                let fact = facts.of(*feature, fields);
                let question = Question::AtMost(*feature, *threshold);
                let answer = if fact.up_to <= *threshold {
                    Some(true)
                } else if fact.above >= *threshold {
                    Some(false)
                } else {
                    None
                };
                decided(&fact, answer, question)
            }
            Self::OneOf(feature, chosen) => {
                let fact = facts.of(*feature, fields);
                let n = n_levels(*feature, fields);
                let levels = fact.levels.clone().unwrap_or_else(|| vec![true; n]);
                let may = |inside: bool| {
                    let mut levels = levels.iter().zip(0_u32..);
                    levels.any(|(may, level)| *may && chosen.contains(&level) == inside)
                };
                let answer = match (may(true), may(false)) {
                    (true, true) => None,
                    (is_inside, _) => Some(is_inside),
                };
                decided(&fact, answer, Question::OneOf(*feature, chosen.clone()))
            }
            Self::Not(operand) => Ok(operand.evaluate(facts, fields)?.map(|value| !value)),
            Self::And(operands) => until(operands, facts, fields, false),
            Self::Or(operands) => until(operands, facts, fields, true),
            Self::Xor(operands) => {
                let mut result = Some(false);
                for operand in operands {
                    let value = operand.evaluate(facts, fields)?;
                    result = result.zip(value).map(|(result, value)| result != value);
                }
                Ok(result)
            }
            Self::Surrogate(operands) => {
                for operand in operands {
                    if let Some(value) = operand.evaluate(facts, fields)? {
                        return Ok(Some(value));
                    }
                }
                Ok(None)
            }
        }
    }
}

/// The answer, as far as the fact decides it.
fn decided(
    fact: &Fact,
    answer: Option<bool>,
    question: Question,
) -> Result<Option<bool>, Question> {
    match (fact.is_missing, answer) {
        (Some(true), _) => Ok(None),
        (Some(false), Some(answer)) => Ok(Some(answer)),
        (None, Some(_)) => {
            let (Question::Missing(feature)
            | Question::AtMost(feature, _)
            | Question::OneOf(feature, _)) = question;
            Err(Question::Missing(feature))
        }
        (_, None) => Err(question),
    }
}

/// A conjunction ends with the first false operand, a disjunction with the first true one.
fn until(
    operands: &[Predicate],
    facts: &Facts,
    fields: &Fields,
    end: bool,
) -> Result<Option<bool>, Question> {
    let mut result = Some(!end);
    for operand in operands {
        match operand.evaluate(facts, fields)? {
            Some(value) if value == end => return Ok(Some(end)),
            Some(_) => {}
            None => result = None,
        }
    }
    Ok(result)
}
