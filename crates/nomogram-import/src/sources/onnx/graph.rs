//! The graph: every node evaluated once, on symbols.

mod arithmetic;
mod prediction;
mod shapes;

use std::collections::BTreeMap;

use nomogram::Activation;

use super::answer::Answer;
use super::encoders;
use super::features::Features;
use super::labels::Labels;
use super::linear;
use super::model::Model;
use super::node::Node;
use super::support_vectors;
use super::symbol::{Dense, Symbol};
use super::tensor::Tensor;
use super::trees;
use crate::columns::{Column, MAX_COLUMNS};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;

/// The values of a graph, so far.
pub(super) struct Graph<'d, 'f> {
    symbols: BTreeMap<&'d str, Symbol<'d>>,
    pub(super) features: &'f mut Features,
    /// The last names of classes.
    pub(super) classes: Option<Vec<String>>,
    /// The names of classes beside their probabilities.
    pub(super) zipped: Option<Vec<String>>,
    limits: &'f Limits,
    /// How many more columns, weights and nodes all values together may have.
    n_left: usize,
}

impl<'d, 'f> Graph<'d, 'f> {
    /// Evaluates the nodes. Returns the one output that predicts.
    ///
    /// # Errors
    ///
    /// `Unsupported` with the node, for operators without a counterpart; `Malformed`, `TooLarge`.
    pub(super) fn evaluate(
        model: &Model<'d>,
        features: &'f mut Features,
        limits: &'f Limits,
    ) -> Result<Answer, Error> {
        let n_left = limits.max_values;
        let symbols = BTreeMap::new();
        let mut graph = Self { symbols, features, classes: None, zipped: None, limits, n_left };
        for tensor in &model.constants {
            graph.symbols.insert(tensor.name, Symbol::Constant(tensor.clone()));
        }
        let mut first = 0;
        for input in &model.inputs {
            let n = input.width.unwrap_or(0);
            let columns = (first..first + n).map(Column::of_feature).collect();
            graph.symbols.insert(input.name, Symbol::Columns(columns));
            first += n;
        }
        for node in &model.nodes {
            let outputs = graph.node(node).map_err(|error| node.locate(error))?;
            for (name, symbol) in node.outputs.iter().zip(outputs) {
                graph.charge(symbol.size()).map_err(|error| node.locate(error))?;
                graph.symbols.insert(name, symbol);
            }
        }
        graph.prediction(model)
    }

    fn charge(&mut self, size: usize) -> Result<(), Error> {
        self.n_left = self.n_left.checked_sub(size).ok_or_else(|| {
            Error::new(ErrorKind::TooLarge, "the values of the graph hold too many numbers")
        })?;
        Ok(())
    }

    /// An input of a node; copying it is charged.
    pub(super) fn take(&mut self, node: &Node<'d>, index: usize) -> Result<Symbol<'d>, Error> {
        let name = node.input(index)?;
        let symbol = self.symbols.get(name);
        let symbol = symbol
            .ok_or_else(|| Error::malformed(format!("input `{name}`, which nothing computes")))?;
        let size = symbol.size();
        let symbol = symbol.clone();
        self.charge(size)?;
        Ok(symbol)
    }

    /// An input that must be a constant.
    pub(super) fn constant(&mut self, node: &Node<'d>, index: usize) -> Result<Tensor<'d>, Error> {
        match self.take(node, index)? {
            Symbol::Constant(tensor) => Ok(tensor),
            other => Err(Error::unsupported(format!("{}, expected a constant", other.noun()))),
        }
    }

    fn columns(&mut self, node: &Node<'d>) -> Result<Vec<Column>, Error> {
        match self.take(node, 0)? {
            Symbol::Columns(columns) => Ok(columns),
            other => Err(Error::unsupported(format!("{}, expected columns", other.noun()))),
        }
    }

    /// Columns of numbers, all of them.
    fn numbers(&mut self, node: &Node<'d>) -> Result<Vec<Column>, Error> {
        let columns = self.columns(node)?;
        let is_text = |column: &Column| column.maps.is_empty() && self.features.is_text(column);
        if columns.iter().any(is_text) {
            return Err(Error::malformed("a text, expected numbers"));
        }
        if columns.is_empty() || columns.len() > MAX_COLUMNS {
            let detail = format!("{} columns, expected 1 to {MAX_COLUMNS}", columns.len());
            return Err(Error::malformed(detail));
        }
        Ok(columns)
    }

    /// Columns of numbers, or weighted sums of them.
    fn sums(&mut self, node: &Node<'d>) -> Result<Dense, Error> {
        match self.take(node, 0)? {
            Symbol::Dense(dense) => Ok(dense),
            _ => self.numbers(node).map(Dense::unweighted),
        }
    }

    /// The values of a node's outputs.
    fn node(&mut self, node: &Node<'d>) -> Result<Vec<Symbol<'d>>, Error> {
        let is_ml = match node.domain {
            "" | "ai.onnx" => false,
            "ai.onnx.ml" => true,
            other => return Err(Error::unsupported(format!("an operator of domain `{other}`"))),
        };
        if is_ml { self.ml_node(node) } else { self.core_node(node).map(|symbol| vec![symbol]) }
    }

    fn ml_node(&mut self, node: &Node<'d>) -> Result<Vec<Symbol<'d>>, Error> {
        let limits = self.limits;
        let columns = |columns| Ok(vec![Symbol::Columns(columns)]);
        // A classifier also gives the predicted class.
        let classified = |answer: Answer| {
            let names = answer.classes.clone().unwrap_or_default();
            Ok(vec![Symbol::Label(Labels::of_classes(names)), Symbol::Answer(answer)])
        };
        match node.op {
            "Scaler" => {
                let inputs = self.numbers(node)?;
                self.features.scale_to_single(&inputs);
                columns(encoders::scale(node, &inputs)?)
            }
            "Imputer" => columns(encoders::impute(node, &self.numbers(node)?)?),
            "OneHotEncoder" => {
                let inputs = self.columns(node)?;
                columns(encoders::one_hot(node, &inputs, self.features)?)
            }
            "LabelEncoder" => match self.take(node, 0)? {
                Symbol::Label(labels) => {
                    let labels = labels.encoded(node)?;
                    self.classes = Some(labels.names.clone());
                    Ok(vec![Symbol::Label(labels)])
                }
                Symbol::Columns(inputs) => columns(encoders::label(node, &inputs, self.features)?),
                other => Err(Error::unsupported(format!("{}, expected columns", other.noun()))),
            },
            "LinearClassifier" => classified(linear::classifier(node, self.sums(node)?)?),
            "LinearRegressor" => {
                Ok(vec![Symbol::Answer(linear::regressor(node, self.sums(node)?)?)])
            }
            "TreeEnsembleClassifier" => {
                let inputs = self.numbers(node)?;
                classified(trees::classifier(node, &inputs, self.features, limits)?)
            }
            "TreeEnsemble" => {
                let inputs = self.numbers(node)?;
                Ok(vec![Symbol::TreeSums(trees::sums(node, &inputs, self.features, limits)?)])
            }
            "TreeEnsembleRegressor" => {
                let inputs = self.numbers(node)?;
                let answer = trees::regressor(node, &inputs, self.features, limits)?;
                Ok(vec![Symbol::Answer(answer)])
            }
            "Normalizer" => self.normalize(node).map(|symbol| vec![symbol]),
            "ZipMap" => self.zip(node).map(|symbol| vec![symbol]),
            "ArrayFeatureExtractor" => self.extract(node).map(|symbol| vec![symbol]),
            "FeatureVectorizer" => self.concatenate(node).map(|symbol| vec![symbol]),
            "SVMRegressor" => {
                let answer = support_vectors::regressor(node, self.sums(node)?)?;
                Ok(vec![Symbol::Answer(answer)])
            }
            "SVMClassifier" => Err(Error::unsupported(
                "a classifier of support vectors, whose probabilities are computed by iteration",
            )),
            other => Err(Error::unsupported(format!("operator `{other}`"))),
        }
    }

    fn core_node(&mut self, node: &Node<'d>) -> Result<Symbol<'d>, Error> {
        match node.op {
            "Identity" | "Dropout" => self.take(node, 0),
            "Constant" => {
                let tensor = node.tensor("value")?;
                tensor.map(Symbol::Constant).ok_or_else(|| {
                    Error::unsupported("a constant that is not in attribute `value`")
                })
            }
            "Cast" => self.cast(node),
            "Add" | "Sub" | "Mul" | "Div" => self.arithmetic(node),
            "Sum" => self.sum(node),
            "ReduceSum" => self.reduce_sum(node),
            // Probabilities are not negative.
            "Abs" => match self.take(node, 0)? {
                Symbol::Dense(dense) if dense.activation() == Activation::Logistic => {
                    Ok(Symbol::Dense(dense))
                }
                Symbol::Answer(answer) if answer.is_of_classes() => Ok(Symbol::Answer(answer)),
                other => Err(Error::unsupported(format!("the magnitude of {}", other.noun()))),
            },
            "MatMul" => {
                let weights = self.constant(node, 1)?;
                self.product(node, &weights).map(Symbol::Dense)
            }
            "Gemm" => self.gemm(node).map(Symbol::Dense),
            "Relu" => self.activate(node, Activation::Relu),
            "Tanh" => self.activate(node, Activation::Tanh),
            "Sigmoid" => self.activate(node, Activation::Logistic),
            "LeakyRelu" => {
                let slope = node.number("alpha", 0.01);
                self.activate(node, Activation::LeakyRelu { slope })
            }
            "Gelu" => match node.text("approximate", "none")? {
                "none" => self.activate(node, Activation::Gelu),
                "tanh" => self.activate(node, Activation::GeluTanh),
                other => {
                    let expected = "expected `none` or `tanh`";
                    Err(Error::unsupported(format!("`approximate` `{other}`, {expected}")))
                }
            },
            "BatchNormalization" => self.normalize_batch(node),
            "IsNaN" => self.numbers(node).map(Symbol::Missing),
            "Where" => self.replace_missing(node),
            "Max" | "Min" => self.bound(node),
            "Exp" => match self.take(node, 0)? {
                Symbol::Answer(answer) => answer.exponential().map(Symbol::Answer),
                Symbol::Dense(dense) => dense.exponential().map(Symbol::Answer),
                Symbol::TreeSums(sums) => sums.exponential().map(Symbol::Answer),
                other => Err(Error::unsupported(format!("the exponential of {}", other.noun()))),
            },
            "Softmax" => self.softmax(node).map(Symbol::Answer),
            "ArgMax" => self.largest(node).map(Symbol::Label),
            "Concat" => self.concatenate(node),
            "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => self.reshape(node),
            "Gather" => self.extract(node),
            other => Err(Error::unsupported(format!("operator `{other}`"))),
        }
    }

    fn activate(&mut self, node: &Node<'d>, activation: Activation) -> Result<Symbol<'d>, Error> {
        match self.take(node, 0)? {
            Symbol::Dense(dense) => dense.activated(activation).map(Symbol::Dense),
            Symbol::TreeSums(sums) if activation == Activation::Logistic => {
                sums.logistic().map(Symbol::Answer)
            }
            Symbol::Answer(answer) if activation == Activation::Logistic => {
                answer.logistic().map(Symbol::Answer)
            }
            other => Err(Error::unsupported(format!("{activation} of {}", other.noun()))),
        }
    }

    fn softmax(&mut self, node: &Node<'d>) -> Result<Answer, Error> {
        node.check_axis(1)?;
        match self.take(node, 0)? {
            Symbol::TreeSums(sums) => sums.softmax(),
            Symbol::Dense(dense) => dense.softmax(),
            other => Err(Error::unsupported(format!("the softmax of {}", other.noun()))),
        }
    }

    fn largest(&mut self, node: &Node<'d>) -> Result<Labels, Error> {
        node.check_axis(0)?;
        let n = match self.take(node, 0)? {
            Symbol::Answer(answer) => answer.n_classes,
            Symbol::Dense(dense) => dense.n_outputs(),
            Symbol::TreeSums(sums) => sums.width(),
            other => {
                return Err(Error::unsupported(format!("the largest of {}", other.noun())));
            }
        };
        Ok(Labels::of_numbers(n))
    }

    fn product(&mut self, node: &Node<'d>, weights: &Tensor<'_>) -> Result<Dense, Error> {
        match self.take(node, 0)? {
            Symbol::Columns(_) => Dense::of_columns(self.numbers(node)?, weights),
            Symbol::Dense(dense) => dense.times(weights),
            other => Err(Error::unsupported(format!("a product with {}", other.noun()))),
        }
    }

    fn gemm(&mut self, node: &Node<'d>) -> Result<Dense, Error> {
        if node.integer("transA", 0) != 0 {
            return Err(Error::unsupported("`transA`"));
        }
        let mut weights = self.constant(node, 1)?;
        if node.integer("transB", 0) != 0 {
            weights = shapes::transposed(&weights)?;
        }
        let product = self.product(node, &weights)?;
        let (alpha, beta) = (node.number("alpha", 1.0), node.number("beta", 1.0));
        let addends = match node.inputs.get(2) {
            Some(name) if !name.is_empty() => self.constant(node, 2)?.row()?.to_vec(),
            Some(_) | None => vec![0.0],
        };
        let addends: Vec<f64> = addends.iter().map(|addend| beta * addend).collect();
        product.affine(&[alpha], &addends)
    }
}
