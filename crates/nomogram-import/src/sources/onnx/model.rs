//! The file: versions, and the graph with its inputs, constants and outputs.

use super::node::Node;
use super::tensor::Tensor;
use crate::document::protobuf::{Message, Wire};
use crate::error::{Error, Place};
use crate::limits::{self, Limits};

/// The last version of the format that is known.
const MAX_IR_VERSION: u64 = 13;
/// The last opsets that are known.
const MAX_OPSET: u64 = 26;
const MAX_ML_OPSET: u64 = 5;
/// The most nodes of a graph.
const MAX_GRAPH_NODES: usize = 4096;

/// A model's graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Model<'d> {
    pub(super) producer: &'d str,
    pub(super) opset: u64,
    pub(super) nodes: Vec<Node<'d>>,
    pub(super) constants: Vec<Tensor<'d>>,
    pub(super) inputs: Vec<Input<'d>>,
    pub(super) outputs: Vec<Input<'d>>,
}

/// An input or output of the graph.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Input<'d> {
    pub(super) name: &'d str,
    /// The type of its elements, by the number of the format; 0 if it is no tensor.
    pub(super) kind: u64,
    /// How many values a row has, if the shape has it.
    pub(super) width: Option<usize>,
}

impl<'d> Model<'d> {
    /// Reads a `ModelProto`.
    ///
    /// # Errors
    ///
    /// `Malformed`, `TooLarge`; `Unsupported` for versions that are not known.
    pub(super) fn read(bytes: &'d [u8], limits: &Limits) -> Result<Self, Error> {
        let mut model = Self::default();
        let mut graph = None;
        for field in Message::new(bytes).fields() {
            match field? {
                (1, Wire::Varint(version)) if version > MAX_IR_VERSION => {
                    let detail = format!("version {version}, expected at most {MAX_IR_VERSION}");
                    return Err(Error::unsupported(detail).within(key("ir_version")));
                }
                (2, Wire::Bytes(producer)) => model.producer = producer.text()?,
                (7, Wire::Bytes(message)) => graph = Some(message),
                (8, Wire::Bytes(message)) => model.read_opset(message)?,
                (25, _) => return Err(Error::unsupported("functions of the model")),
                _ => {}
            }
        }
        let graph = graph.ok_or_else(|| Error::malformed("no graph"))?;
        model.read_graph(graph, limits).map_err(|error| error.within(key("graph")))?;
        Ok(model)
    }

    fn read_opset(&mut self, message: Message<'d>) -> Result<(), Error> {
        let (mut domain, mut version) = ("", 0);
        for field in message.fields() {
            match field? {
                (1, Wire::Bytes(name)) => domain = name.text()?,
                (2, Wire::Varint(number)) => version = number,
                _ => {}
            }
        }
        let limit = match domain {
            "" | "ai.onnx" => {
                self.opset = self.opset.max(version);
                MAX_OPSET
            }
            "ai.onnx.ml" => MAX_ML_OPSET,
            // Operators of other domains are refused where they appear.
            _ => return Ok(()),
        };
        if version <= limit {
            return Ok(());
        }
        let detail = format!("opset {version} of domain `{domain}`, expected at most {limit}");
        Err(Error::unsupported(detail).within(key("opset_import")))
    }

    fn read_graph(&mut self, graph: Message<'d>, limits: &Limits) -> Result<(), Error> {
        let mut n_values = 0;
        for field in graph.fields() {
            match field? {
                (1, Wire::Bytes(message)) => {
                    limits::check(self.nodes.len() + 1, MAX_GRAPH_NODES, "nodes")?;
                    let index = self.nodes.len();
                    let node = Node::read(message, index);
                    self.nodes.push(node.map_err(|error| error.within(Place::Node(index)))?);
                }
                (5, Wire::Bytes(message)) => {
                    let index = self.constants.len();
                    let tensor = Tensor::read(message).map_err(|error| {
                        error.within(Place::Item(index)).within(key("initializer"))
                    })?;
                    n_values += tensor.len() + 1;
                    limits::check(n_values, limits.max_values, "values")?;
                    self.constants.push(tensor);
                }
                (11, Wire::Bytes(message)) => self.inputs.push(Input::read(message)?),
                (12, Wire::Bytes(message)) => self.outputs.push(Input::read(message)?),
                (15, _) => return Err(Error::unsupported("sparse constants")),
                _ => {}
            }
        }
        // Old files repeat the names of constants among the inputs.
        let constants = &self.constants;
        self.inputs.retain(|input| constants.iter().all(|tensor| tensor.name != input.name));
        Ok(())
    }
}

impl<'d> Input<'d> {
    /// Reads a `ValueInfoProto`.
    fn read(message: Message<'d>) -> Result<Self, Error> {
        let mut input = Self::default();
        for field in message.fields() {
            match field? {
                (1, Wire::Bytes(name)) => input.name = name.text()?,
                (2, Wire::Bytes(kind)) => {
                    for field in kind.fields() {
                        if let (1, Wire::Bytes(tensor)) = field? {
                            input.read_tensor(tensor)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(input)
    }

    fn read_tensor(&mut self, message: Message<'d>) -> Result<(), Error> {
        for field in message.fields() {
            match field? {
                (1, Wire::Varint(kind)) => self.kind = kind,
                (2, Wire::Bytes(shape)) => {
                    for (index, field) in shape.fields().enumerate() {
                        let (1, Wire::Bytes(dimension)) = field? else { continue };
                        let mut size = None;
                        for field in dimension.fields() {
                            if let (1, Wire::Varint(number)) = field? {
                                size = usize::try_from(number).ok();
                            }
                        }
                        match index {
                            0 => self.width = Some(1),
                            1 => self.width = size,
                            _ => self.width = None,
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

pub(super) fn key(name: &str) -> Place {
    Place::Key(name.to_owned())
}
