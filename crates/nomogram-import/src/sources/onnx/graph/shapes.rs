//! Operators that rearrange: concatenation, extraction, shapes and names.

use nomogram::Activation;

use super::super::answer::{Answer, Prediction};
use super::super::node::Node;
use super::super::symbol::Symbol;
use super::super::tensor::{Tensor, Values};
use super::Graph;
use crate::columns::MAX_COLUMNS;
use crate::error::Error;

impl<'d> Graph<'d, '_> {
    /// Columns side by side, or the probabilities of two classes.
    pub(super) fn concatenate(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        let axis = node.integer("axis", 1);
        if !matches!(axis, 1 | -1) {
            return Err(Error::unsupported(format!("axis {axis}, expected 1")));
        }
        let symbols: Result<Vec<Symbol<'d>>, Error> =
            (0..node.inputs.len()).map(|index| self.take(node, index)).collect();
        let mut symbols = symbols?;
        if let [first, second] = symbols.as_slice()
            && let Some(answer) = both_classes(first, second)?
        {
            return Ok(Symbol::Answer(answer));
        }
        if let [_] = symbols.as_slice() {
            return symbols.pop().ok_or_else(|| Error::malformed("no inputs"));
        }
        let mut all = Vec::new();
        for symbol in symbols {
            match symbol {
                Symbol::Columns(columns) => all.extend(columns),
                other => {
                    let what = format!("{} side by side with others", other.noun());
                    return Err(Error::unsupported(what));
                }
            }
            if all.len() > MAX_COLUMNS {
                return Err(Error::malformed(format!("more than {MAX_COLUMNS} columns")));
            }
        }
        Ok(Symbol::Columns(all))
    }

    /// Some columns; the probability of a class; or the name of the predicted class.
    pub(super) fn extract(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        if node.op == "Gather" && !matches!(node.integer("axis", 0), 1 | -1) {
            return Err(Error::unsupported("a choice of rows"));
        }
        match (self.take(node, 0)?, self.take(node, 1)?) {
            (Symbol::Constant(names), Symbol::Label(labels)) => {
                let labels = labels.chosen_from(&names.texts())?;
                self.classes = Some(labels.names.clone());
                Ok(Symbol::Label(labels))
            }
            (Symbol::Columns(columns), Symbol::Constant(chosen)) => {
                let n = columns.len();
                let chosen = chosen.numbers()?.iter().map(|position| {
                    let mut all = columns.iter().zip(0_u32..);
                    let found = all.find(|(_, nth)| f64::from(*nth) == *position);
                    let detail = || format!("column {position}, expected 0 to {}", n.max(1) - 1);
                    found
                        .map(|(column, _)| column.clone())
                        .ok_or_else(|| Error::malformed(detail()))
                });
                Ok(Symbol::Columns(chosen.collect::<Result<_, _>>()?))
            }
            (Symbol::Answer(mut answer), Symbol::Constant(chosen))
                if answer.prediction == Prediction::Probabilities && answer.n_classes == 2 =>
            {
                answer.prediction = match chosen.numbers()? {
                    [0.0] => Prediction::First,
                    [1.0] => Prediction::Second,
                    _ => return Err(Error::unsupported("several probabilities in another order")),
                };
                Ok(Symbol::Answer(answer))
            }
            (first, second) => {
                let (first, second) = (first.noun(), second.noun());
                Err(Error::unsupported(format!("{second} chosen from {first}")))
            }
        }
    }

    /// A shape that leaves rows as they are.
    pub(super) fn reshape(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        let symbol = self.take(node, 0)?;
        let width = match &symbol {
            Symbol::Label(_) | Symbol::Total(_) => return Ok(symbol),
            Symbol::Constant(_) => return Err(Error::unsupported("the shape of a constant")),
            Symbol::Columns(columns) | Symbol::Missing(columns) => columns.len(),
            Symbol::TreeSums(sums) => sums.width(),
            Symbol::Dense(dense) => dense.n_outputs(),
            Symbol::Answer(answer) if answer.prediction == Prediction::Probabilities => {
                answer.n_classes
            }
            Symbol::Answer(_) => 1,
        };
        match node.op {
            "Flatten" if node.integer("axis", 1) == 1 => return Ok(symbol),
            "Squeeze" | "Unsqueeze" if width == 1 => return Ok(symbol),
            "Reshape" => {
                let shape = self.constant(node, 1)?;
                #[allow(clippy::cast_precision_loss, reason = "columns are few")]
                let width = width as f64;
                let keeps = |columns: f64| columns == width || columns == -1.0;
                match shape.numbers()? {
                    [-1.0 | 0.0] if width == 1.0 => return Ok(symbol),
                    [-1.0, columns] if *columns == width => return Ok(symbol),
                    [0.0, columns] if keeps(*columns) => return Ok(symbol),
                    _ => {}
                }
            }
            _ => {}
        }
        Err(Error::unsupported(format!("another shape of {}", symbol.noun())))
    }

    /// Probabilities divided by their sum, which is 1.
    pub(super) fn normalize(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        let norm = node.text("norm", "MAX")?;
        match self.take(node, 0)? {
            Symbol::Answer(answer) if norm == "L1" && answer.is_whole() => {
                Ok(Symbol::Answer(answer))
            }
            other => Err(Error::unsupported(format!("norm `{norm}` of {}", other.noun()))),
        }
    }

    /// Probabilities with the names of their classes.
    pub(super) fn zip(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        let names = super::linear::class_names(node, "classlabels_int64s")?;
        match self.take(node, 0)? {
            Symbol::Answer(mut answer) if answer.n_classes == names.len() => {
                self.zipped = Some(names.clone());
                answer.classes = Some(names);
                Ok(Symbol::Answer(answer))
            }
            other => {
                let n = names.len();
                Err(Error::unsupported(format!("{n} class names of {}", other.noun())))
            }
        }
    }
}

/// The probabilities of two classes, from those of each.
fn both_classes<'d>(first: &Symbol<'d>, second: &Symbol<'d>) -> Result<Option<Answer>, Error> {
    let (Symbol::Answer(first), second) = (first, second) else { return Ok(None) };
    if first.prediction != Prediction::First {
        return Ok(None);
    }
    let second = match second {
        Symbol::Dense(dense) if dense.activation() == Activation::Logistic => {
            dense.clone().answer()?
        }
        Symbol::Answer(answer) => answer.clone(),
        _ => return Ok(None),
    };
    let is_same =
        first.parts.len() == second.parts.len()
            && first.parts.iter().zip(&second.parts).all(|(a, b)| {
                a.member == b.member && a.columns == b.columns && a.weight == b.weight
            });
    if second.prediction != Prediction::Second || !is_same {
        return Err(Error::unsupported("probabilities of two models side by side"));
    }
    Ok(Some(Answer { prediction: Prediction::Probabilities, ..second }))
}

/// A matrix with rows and columns exchanged.
///
/// # Errors
///
/// `Malformed` when it is no matrix.
pub(super) fn transposed<'d>(tensor: &Tensor<'d>) -> Result<Tensor<'d>, Error> {
    let [rows, columns] = tensor.shape.as_slice() else {
        let detail = format!("shape {:?}, expected a matrix", tensor.shape);
        return Err(Error::malformed(detail));
    };
    let numbers = tensor.numbers()?;
    let of_column = |column| numbers.iter().skip(column).step_by((*columns).max(1)).copied();
    let values = (0..*columns).flat_map(of_column).take(rows * columns).collect();
    let shape = vec![*columns, *rows];
    Ok(Tensor { name: tensor.name, kind: tensor.kind, shape, values: Values::Numbers(values) })
}
