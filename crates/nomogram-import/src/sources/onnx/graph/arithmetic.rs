//! Arithmetic with constants, and votes.

use std::rc::Rc;

use nomogram::{Activation, Curve};

use super::super::answer::Prediction;
use super::super::node::Node;
use super::super::symbol::Symbol;
use super::super::tensor::{self, spread};
use super::super::tree_sums::TreeSums;
use super::Graph;
use crate::columns::{Arithmetic, Column, Map, UNBOUNDED};
use crate::error::Error;

/// The value of a cast to single precision, and to double precision.
const SINGLE: i64 = 1;
const DOUBLE: i64 = 11;

impl<'d> Graph<'d, '_> {
    /// `Add`, `Sub`, `Mul` and `Div`.
    pub(super) fn arithmetic(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        let (first, second) = (self.take(node, 0)?, self.take(node, 1)?);
        for symbol in [&first, &second] {
            if let ("Div", Symbol::Constant(tensor)) = (node.op, symbol)
                && tensor.is_whole()
            {
                let what = "a division of whole numbers, which drops the remainder";
                return Err(Error::unsupported(what));
            }
        }
        match (node.op, first, second) {
            (_, Symbol::Columns(columns), Symbol::Constant(tensor))
            | ("Add" | "Mul", Symbol::Constant(tensor), Symbol::Columns(columns)) => {
                let numbers = spread(tensor.row()?, columns.len())?;
                if tensor.kind != tensor::SINGLE {
                    self.features.scale_beyond_single(&columns);
                }
                let columns = columns.iter().zip(numbers);
                let columns = columns.map(|(column, number)| combined(column, node.op, number));
                Ok(Symbol::Columns(columns.collect::<Result<_, _>>()?))
            }
            ("Mul", Symbol::Dense(dense), Symbol::Constant(tensor))
                if dense.n_outputs() == 1 && tensor.row()? == [-1.0, 1.0] =>
            {
                dense.with_both_signs().map(Symbol::Dense)
            }
            (op, Symbol::TreeSums(sums), Symbol::Constant(tensor))
            | (op @ ("Add" | "Mul"), Symbol::Constant(tensor), Symbol::TreeSums(sums)) => {
                combined_sums(op, sums, tensor.row()?)
            }
            (_, Symbol::Dense(dense), Symbol::Constant(tensor))
            | ("Add" | "Mul", Symbol::Constant(tensor), Symbol::Dense(dense)) => {
                let numbers = tensor.row()?;
                let changed: Vec<f64> = match node.op {
                    "Sub" => numbers.iter().map(|number| -number).collect(),
                    "Div" => numbers.iter().map(|number| number.recip()).collect(),
                    _ => numbers.to_vec(),
                };
                let (factors, addends) = match node.op {
                    "Add" | "Sub" => (vec![1.0], changed),
                    _ => (changed, vec![0.0]),
                };
                dense.affine(&factors, &addends).map(Symbol::Dense)
            }
            ("Sub", Symbol::Constant(one), Symbol::Dense(dense))
                if dense.activation() == Activation::Logistic && one.row()? == [1.0] =>
            {
                let mut answer = dense.answer()?;
                if answer.prediction != Prediction::Second {
                    return Err(Error::unsupported("1 minus several probabilities"));
                }
                (answer.prediction, answer.is_complement) = (Prediction::First, true);
                Ok(Symbol::Answer(answer))
            }
            ("Sub", Symbol::Constant(one), Symbol::Answer(mut answer))
                if answer.prediction == Prediction::Second && one.row()? == [1.0] =>
            {
                (answer.prediction, answer.is_complement) = (Prediction::First, true);
                Ok(Symbol::Answer(answer))
            }
            ("Mul" | "Div", Symbol::Answer(answer), Symbol::Constant(tensor))
            | ("Mul", Symbol::Constant(tensor), Symbol::Answer(answer)) => match tensor.row()? {
                [factor] => {
                    let factor = if node.op == "Div" { factor.recip() } else { *factor };
                    Ok(Symbol::Answer(answer.times(factor)))
                }
                numbers => {
                    let detail = format!("{} factors of a prediction, expected 1", numbers.len());
                    Err(Error::unsupported(detail))
                }
            },
            ("Div", Symbol::Dense(dense), Symbol::Total(_)) => {
                let answer = dense.answer()?;
                if !answer.is_whole() {
                    return Err(Error::unsupported(
                        "weighted sums divided by a sum of probabilities",
                    ));
                }
                Ok(Symbol::Answer(answer))
            }
            ("Div", Symbol::Answer(answer), Symbol::Total(_)) if answer.is_whole() => {
                Ok(Symbol::Answer(answer))
            }
            (
                "Add",
                first @ (Symbol::Answer(_) | Symbol::TreeSums(_)),
                second @ (Symbol::Answer(_) | Symbol::TreeSums(_)),
            ) => added(vec![first, second]),
            (op, first, second) => {
                let (first, second) = (first.noun(), second.noun());
                Err(Error::unsupported(format!("{op} of {first} and {second}")))
            }
        }
    }

    /// `Where`: a number in place of each missing value.
    pub(super) fn replace_missing(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        match (self.take(node, 0)?, self.constant(node, 1)?, self.take(node, 2)?) {
            (Symbol::Missing(missing), values, Symbol::Columns(columns)) if missing == columns => {
                let values = spread(values.row()?, columns.len())?;
                if let Some(value) = values.iter().find(|value| value.is_infinite()) {
                    let what = format!("{value} in place of a missing value");
                    return Err(Error::unsupported(what));
                }
                let columns = columns.iter().zip(values).map(|(column, value)| match value {
                    value if value.is_nan() => column.clone(),
                    value => column.then(Map::Impute(value)),
                });
                Ok(Symbol::Columns(columns.collect()))
            }
            (first, _, third) => {
                let (first, third) = (first.noun(), third.noun());
                Err(Error::unsupported(format!("a choice by {first} from {third}")))
            }
        }
    }

    /// `Max` and `Min` of columns and constants.
    pub(super) fn bound(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        let columns = self.numbers(node)?;
        let bounds = self.constant(node, 1)?;
        if node.inputs.len() != 2 {
            let what = format!("{} of {} values, expected 2", node.op, node.inputs.len());
            return Err(Error::unsupported(what));
        }
        let bounds = spread(bounds.row()?, columns.len())?;
        let columns = columns.iter().zip(bounds).map(|(column, bound)| match (node.op, bound) {
            ("Max", f64::NEG_INFINITY) | ("Min", f64::INFINITY) => Ok(column.clone()),
            ("Max", low) if low.is_finite() => Ok(column.then(Map::Clip { low, high: UNBOUNDED })),
            ("Min", high) if high.is_finite() => {
                Ok(column.then(Map::Clip { low: -UNBOUNDED, high }))
            }
            (op, bound) => Err(Error::unsupported(format!("{op} with {bound}"))),
        });
        Ok(Symbol::Columns(columns.collect::<Result<_, _>>()?))
    }

    /// The sum of predictions.
    pub(super) fn sum(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        let symbols: Result<Vec<_>, Error> =
            (0..node.inputs.len()).map(|index| self.take(node, index)).collect();
        added(symbols?)
    }

    /// A fitted batch normalization: `(value − mean) / √(variance + epsilon) · scale + shift`.
    pub(super) fn normalize_batch(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        if node.integer("training_mode", 0) != 0 {
            return Err(Error::unsupported("`training_mode` other than 0"));
        }
        let symbol = self.take(node, 0)?;
        let width = match &symbol {
            Symbol::Columns(columns) => columns.len(),
            Symbol::Dense(dense) => dense.n_outputs(),
            other => {
                let expected = "expected columns or weighted sums";
                return Err(Error::unsupported(format!("{}, {expected}", other.noun())));
            }
        };
        let mut parameters = Vec::new();
        for index in 1..=4 {
            let tensor = self.constant(node, index)?;
            parameters.push(spread(tensor.row()?, width)?);
        }
        let [scales, shifts, means, variances] = parameters.as_slice() else {
            return Err(Error::malformed("not four parameters"));
        };
        // A single, as all attributes.
        let epsilon = node.number("epsilon", f64::from(1e-5_f32));
        let deviations: Vec<f64> =
            variances.iter().map(|variance| (variance + epsilon).sqrt()).collect();
        let is_usable = |deviation: &f64| deviation.is_finite() && *deviation > 0.0;
        if let Some(nth) = deviations.iter().position(|deviation| !is_usable(deviation)) {
            let found = variances.get(nth).copied().unwrap_or_default();
            let detail = format!("variance {} is {found}, expected a positive number", nth + 1);
            return Err(Error::malformed(detail));
        }
        let factors: Vec<f64> =
            scales.iter().zip(&deviations).map(|(scale, deviation)| scale / deviation).collect();
        let addends = shifts.iter().zip(means.iter().zip(&factors));
        let addends: Vec<f64> =
            addends.map(|(shift, (mean, factor))| shift - mean * factor).collect();
        match symbol {
            Symbol::Dense(dense) => dense.affine(&factors, &addends).map(Symbol::Dense),
            Symbol::Columns(columns) => {
                // A curve: it rounds differently, so thresholds must not be moved before it.
                let lines = factors.iter().zip(&addends).map(|(factor, addend)| {
                    let (breaks, pieces) = (Vec::new(), vec![vec![*addend, *factor]]);
                    Map::Curve(Rc::new(Curve { breaks, pieces }))
                });
                let columns = columns.iter().zip(lines).map(|(column, line)| column.then(line));
                Ok(Symbol::Columns(columns.collect()))
            }
            other => Ok(other),
        }
    }

    /// The sum over the classes.
    pub(super) fn reduce_sum(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        #[allow(clippy::cast_precision_loss, reason = "axes are few")]
        let axes: Vec<f64> = match node.inputs.get(1) {
            Some(name) if !name.is_empty() => self.constant(node, 1)?.numbers()?.to_vec(),
            _ => node.integers("axes").iter().map(|axis| *axis as f64).collect(),
        };
        if !matches!(axes.as_slice(), [1.0 | -1.0]) {
            return Err(Error::unsupported(format!("a sum over the axes {axes:?}, expected 1")));
        }
        let answer = match self.take(node, 0)? {
            Symbol::Answer(answer) => answer,
            Symbol::Dense(dense) if dense.activation() == Activation::Logistic => dense.answer()?,
            other => return Err(Error::unsupported(format!("the sum of {}", other.noun()))),
        };
        if !answer.is_whole() {
            return Err(Error::unsupported(
                "a sum of other numbers than the probabilities of all classes",
            ));
        }
        Ok(Symbol::Total(answer))
    }

    /// `Cast`.
    pub(super) fn cast(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        let symbol = self.take(node, 0)?;
        let kind = node.integer("to", 0);
        let Symbol::Columns(columns) = &symbol else {
            return match (&symbol, kind) {
                (Symbol::Label(_), _) | (_, SINGLE | DOUBLE) => Ok(symbol),
                (other, kind) => {
                    Err(Error::unsupported(format!("a cast of {} to type {kind}", other.noun())))
                }
            };
        };
        let is_text = |column: &Column| column.maps.is_empty() && self.features.is_text(column);
        if columns.iter().any(is_text) {
            return Err(Error::unsupported("a cast of texts"));
        }
        match kind {
            SINGLE => {
                let is_exact = |column: &Column| {
                    let mut maps = column.maps.iter();
                    maps.all(|map| matches!(map, Map::Levels { .. } | Map::Impute(_)))
                };
                let is_single = self.features.arithmetic() == Arithmetic::Single;
                if !is_single && !columns.iter().all(is_exact) {
                    let what = "a cast of scaled values from double to single precision";
                    return Err(Error::unsupported(what));
                }
                self.features.cast_to_single(columns);
                Ok(symbol)
            }
            DOUBLE if self.features.arithmetic() == Arithmetic::Double => Ok(symbol),
            DOUBLE => Err(Error::unsupported("a cast of columns from single to double precision")),
            kind if columns.iter().all(|column| self.features.is_whole(column)) && kind == 7 => {
                Ok(symbol)
            }
            kind => Err(Error::unsupported(format!("a cast of columns to type {kind}"))),
        }
    }
}

/// A column and a constant.
fn combined(column: &Column, op: &str, number: f64) -> Result<Column, Error> {
    Ok(match op {
        "Add" => column.then(Map::Affine { factor: 1.0, addend: number }),
        "Sub" => column.then(Map::Standardize { subtract: number, divide: 1.0 }),
        "Mul" => column.then(Map::Affine { factor: number, addend: 0.0 }),
        _ if number > 0.0 => column.then(Map::Standardize { subtract: 0.0, divide: number }),
        _ => return Err(Error::unsupported(format!("a division by {number}"))),
    })
}

/// Sums of trees and a constant.
fn combined_sums<'d>(op: &str, sums: TreeSums, numbers: &[f64]) -> Result<Symbol<'d>, Error> {
    match op {
        "Add" => return sums.plus(numbers).map(Symbol::TreeSums),
        "Mul" => {
            if let Some(both) = sums.clone().with_both_signs(numbers) {
                return Ok(Symbol::TreeSums(both));
            }
        }
        "Div" => {
            if let Some(mean) = sums.clone().averaged(numbers) {
                return Ok(Symbol::TreeSums(mean));
            }
        }
        _ => {}
    }
    match (op, numbers) {
        // A weight of the model in a mean of several.
        ("Mul", [factor]) => Ok(Symbol::Answer(sums.answer()?.times(*factor))),
        ("Div", [divisor]) => Ok(Symbol::Answer(sums.answer()?.times(divisor.recip()))),
        (op, _) => Err(Error::unsupported(format!("{op} of sums of trees and numbers"))),
    }
}

/// The sum of predictions of one kind.
fn added(symbols: Vec<Symbol<'_>>) -> Result<Symbol<'_>, Error> {
    let mut sum = None;
    for symbol in symbols {
        let answer = match symbol {
            Symbol::Answer(answer) => answer,
            Symbol::TreeSums(sums) => sums.answer()?,
            other => return Err(Error::unsupported(format!("a sum with {}", other.noun()))),
        };
        sum = Some(match sum {
            None => answer,
            Some(mut sum) => {
                let sum_of: &mut super::super::answer::Answer = &mut sum;
                if (sum_of.prediction, sum_of.n_classes) != (answer.prediction, answer.n_classes) {
                    return Err(Error::unsupported("a sum of different predictions"));
                }
                sum_of.parts.extend(answer.parts);
                sum
            }
        });
    }
    sum.map(Symbol::Answer).ok_or_else(|| Error::malformed("a sum of nothing"))
}
