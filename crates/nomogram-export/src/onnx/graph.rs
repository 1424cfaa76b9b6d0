//! A graph in the making: inputs, constants, nodes and outputs.

use nomogram::Feature;

use super::message::{Element, Message, tensor};

/// The graph so far. A value is the name of what computes it.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<Message>,
    constants: Vec<Message>,
    inputs: Vec<Message>,
    outputs: Vec<Message>,
    taken: Vec<String>,
    n_values: usize,
}

impl Graph {
    /// A graph with one input of double precision for each feature.
    pub(super) fn of_features(features: &[Feature]) -> Self {
        let mut graph = Self::default();
        for feature in features {
            let levels = feature.levels().iter().enumerate();
            let levels = levels.map(|(number, level)| format!("{number}: {level}"));
            let levels = levels.collect::<Vec<_>>().join("; ");
            graph.inputs.push(value(&feature.name, Element::Double, Some(1), &levels));
            graph.taken.push(feature.name.clone());
        }
        graph
    }

    /// A name that no value has, as close to `name` as possible.
    fn free(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        while self.taken.contains(&free) {
            free.push('\'');
        }
        self.taken.push(free.clone());
        free
    }

    fn new_value(&mut self) -> String {
        self.n_values += 1;
        self.free(&format!("value {}", self.n_values))
    }

    /// A constant of numbers.
    pub(super) fn constant(
        &mut self,
        element: Element,
        shape: &[usize],
        numbers: &[f64],
    ) -> String {
        let name = self.new_value();
        self.constants.push(tensor(&name, shape, element, numbers));
        name
    }

    /// A constant of positions.
    pub(super) fn positions(&mut self, positions: &[f64]) -> String {
        self.constant(Element::Whole, &[positions.len()], positions)
    }

    /// The value of a new node.
    pub(super) fn node(&mut self, op: &str, inputs: &[&str], attributes: &[Message]) -> String {
        self.node_of("", op, inputs, attributes)
    }

    /// The value of a new node of `ai.onnx.ml`.
    pub(super) fn ml_node(&mut self, op: &str, inputs: &[&str], attributes: &[Message]) -> String {
        self.node_of("ai.onnx.ml", op, inputs, attributes)
    }

    fn node_of(
        &mut self,
        domain: &str,
        op: &str,
        inputs: &[&str],
        attributes: &[Message],
    ) -> String {
        let name = self.new_value();
        let node = Message::default();
        let node = inputs.iter().fold(node, |node, input| node.text(1, input));
        let node = node.text(2, &name).text(4, op);
        let node = attributes.iter().fold(node, |node, attribute| node.message(5, attribute));
        self.nodes.push(if domain.is_empty() { node } else { node.text(7, domain) });
        name
    }

    /// Makes a value an output.
    pub(super) fn output(&mut self, name: &str, of: &str, element: Element, width: Option<usize>) {
        let name = self.free(name);
        self.nodes.push(Message::default().text(1, of).text(2, &name).text(4, "Identity"));
        self.outputs.push(value(&name, element, width, ""));
    }

    /// The `GraphProto`.
    pub(super) fn message(&self, name: &str) -> Message {
        let add = |graph: Message, field: u8, messages: &[Message]| {
            messages.iter().fold(graph, |graph, message| graph.message(field, message))
        };
        let graph = add(Message::default(), 1, &self.nodes).text(2, name);
        let graph = add(graph, 5, &self.constants);
        add(add(graph, 11, &self.inputs), 12, &self.outputs)
    }
}

/// A `ValueInfoProto`: rows of a width, or one value per row.
fn value(name: &str, element: Element, width: Option<usize>, comment: &str) -> Message {
    let rows = Message::default().message(1, &Message::default().text(2, "rows"));
    let shape = match width {
        Some(width) => rows.message(1, &Message::default().number(1, width as i64)),
        None => rows,
    };
    let tensor = Message::default().number(1, element as i64).message(2, &shape);
    let value =
        Message::default().text(1, name).message(2, &Message::default().message(1, &tensor));
    if comment.is_empty() { value } else { value.text(3, comment) }
}
