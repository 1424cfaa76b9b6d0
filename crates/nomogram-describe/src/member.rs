//! One member: kind, link, size.

use nomogram::{Forest, Kernel, Linear, Member, Network, Node};
use serde::Serialize;
use serde_json::Value;

use crate::words::{count, variant_and_content};

/// A member of an ensemble.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberDescription {
    /// Its name in the ensemble; none for a stacked member.
    pub name: String,
    /// `linear`, `linear in single precision`, `forest`, `forest with linear leaves`, `network`,
    /// `naive bayes`, `points score`, `support vectors` or `nearest neighbours`.
    pub kind: String,
    /// The name of the branch that it reads; none for a stacked member.
    pub branch: String,
    /// What turns its margins into outputs: `logit`, `softmax`, `identity` or `probability`.
    pub link: &'static str,
    /// How large it is.
    pub size: Size,
    /// Every fitted parameter, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
}

/// How large a member is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// A forest of decision trees.
    Forest {
        /// Trees.
        n_trees: usize,
        /// Nodes of all trees, leaves included.
        n_nodes: usize,
        /// Leaves of all trees.
        n_leaves: usize,
        /// Splits on the longest path from a root to a leaf.
        depth: usize,
    },
    /// A multi-layer perceptron.
    Network {
        /// Values per layer, from the input to the margins.
        widths: Vec<usize>,
        /// The activation of each layer.
        activations: Vec<String>,
    },
    /// A linear model.
    Linear {
        /// Margins, each with an intercept.
        n_margins: usize,
        /// Weights of all margins.
        n_weights: usize,
    },
    /// Naive Bayes.
    NaiveBayes {
        /// Classes.
        n_classes: usize,
        /// Inputs.
        n_inputs: usize,
    },
    /// A points score.
    PointsScore {
        /// Items that give points.
        n_items: usize,
    },
    /// A support vector machine.
    SupportVectors {
        /// What compares a row with a vector.
        kernel: String,
        /// Stored rows of the training data.
        n_vectors: usize,
    },
    /// Nearest neighbours.
    Neighbours {
        /// Stored rows of the training data.
        n_rows: usize,
        /// How many of them count.
        n_neighbours: usize,
    },
}

impl MemberDescription {
    pub(crate) fn new(member: &Member, lists_parameters: bool) -> Self {
        let (kind, size) = match member {
            Member::Linear(linear) => ("linear".into(), size_of_linear(linear)),
            Member::LinearSingle(single) => {
                ("linear in single precision".into(), size_of_linear(single.linear()))
            }
            Member::Forest(forest) => ("forest".into(), size_of_forest(forest)),
            Member::LinearForest(linear) => {
                ("forest with linear leaves".into(), size_of_forest(linear.forest()))
            }
            Member::Network(network) => ("network".into(), size_of_network(network)),
            Member::NaiveBayes(naive_bayes) => {
                let n_classes = naive_bayes.log_priors().len();
                let n_inputs = naive_bayes.likelihoods().len();
                ("naive bayes".into(), Size::NaiveBayes { n_classes, n_inputs })
            }
            Member::PointsScore(score) => {
                ("points score".into(), Size::PointsScore { n_items: score.items().len() })
            }
            Member::SupportVectors(machine) => {
                let kernel = name_of_kernel(machine.kernel).into();
                let n_vectors = machine.vectors.n_rows();
                ("support vectors".into(), Size::SupportVectors { kernel, n_vectors })
            }
            Member::Neighbours(neighbours) => {
                let n_rows = neighbours.rows.n_rows();
                let n_neighbours = neighbours.n_neighbours as usize;
                ("nearest neighbours".into(), Size::Neighbours { n_rows, n_neighbours })
            }
        };
        Self {
            name: String::new(),
            kind,
            branch: String::new(),
            link: member.link().name(),
            size,
            parameters: lists_parameters.then(|| variant_and_content(member).1),
        }
    }

    pub(crate) fn named(mut self, name: &str, branch: &str) -> Self {
        (self.name, self.branch) = (name.into(), branch.into());
        self
    }

    /// Kind and size in one line.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}, {} link, {}", self.kind, self.link, self.size.text())
    }
}

impl Size {
    /// In one line.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Forest { n_trees, n_nodes, n_leaves, depth } => format!(
                "{}, {}, {n_leaves} of them leaves, depth {depth}",
                count(*n_trees, "tree"),
                count(*n_nodes, "node"),
            ),
            Self::Network { widths, activations } => {
                let widths: Vec<String> = widths.iter().map(usize::to_string).collect();
                format!("widths {}, {}", widths.join("–"), activations.join(", "))
            }
            Self::Linear { n_margins, n_weights } => {
                format!("{}, {}", count(*n_weights, "weight"), count(*n_margins, "intercept"))
            }
            Self::NaiveBayes { n_classes, n_inputs } => {
                format!("{}, {}", count(*n_inputs, "input"), count(*n_classes, "class"))
            }
            Self::PointsScore { n_items } => count(*n_items, "item"),
            Self::SupportVectors { kernel, n_vectors } => {
                format!("{kernel} kernel, stores {} of the training data", count(*n_vectors, "row"))
            }
            Self::Neighbours { n_rows, n_neighbours } => format!(
                "{}, stores {} of the training data",
                count(*n_neighbours, "neighbour"),
                count(*n_rows, "row")
            ),
        }
    }
}

fn name_of_kernel(kernel: Kernel) -> &'static str {
    match kernel {
        Kernel::Radial { .. } => "radial",
        Kernel::Polynomial { .. } => "polynomial",
        Kernel::Sigmoid { .. } => "sigmoid",
    }
}

fn size_of_linear(linear: &Linear) -> Size {
    Size::Linear { n_margins: linear.intercepts().len(), n_weights: linear.weights().len() }
}

fn size_of_forest(forest: &Forest) -> Size {
    let trees = &forest.trees;
    let is_leaf = |node: &&Node| matches!(node, Node::Leaf { .. });
    Size::Forest {
        n_trees: trees.len(),
        n_nodes: trees.iter().map(|tree| tree.nodes.len()).sum(),
        n_leaves: trees.iter().map(|tree| tree.nodes.iter().filter(is_leaf).count()).sum(),
        depth: trees.iter().map(|tree| depth(&tree.nodes)).max().unwrap_or(0),
    }
}

/// The number of splits on the longest path from the root, node 0, to a leaf.
fn depth(nodes: &[Node]) -> usize {
    let mut deepest = 0;
    let mut open = vec![(0_u32, 0)];
    while let Some((at, depth)) = open.pop() {
        deepest = deepest.max(depth);
        if let Some(Node::Split { left, right, .. } | Node::SplitLevels { left, right, .. }) =
            nodes.get(at as usize)
        {
            open.extend([(*left, depth + 1), (*right, depth + 1)]);
        }
    }
    deepest
}

fn size_of_network(network: &Network) -> Size {
    let layers = network.layers();
    let input = layers.first().map(nomogram::Layer::n_inputs);
    let widths = input.into_iter().chain(layers.iter().map(nomogram::Layer::n_outputs));
    let activation = |layer: &nomogram::Layer| layer.activation.to_string();
    Size::Network { widths: widths.collect(), activations: layers.iter().map(activation).collect() }
}

#[cfg(test)]
mod tests {
    use nomogram::{
        Link, Metric, NeighbourTargets, NeighbourWeight, Neighbours, StoredRows, SupportVectors,
    };

    use super::*;

    #[test]
    fn stored_rows_are_stated() {
        let kernel = Kernel::Radial { gamma: 1.0 };
        let vectors = StoredRows { n_inputs: 1, values: vec![0.5, 1.0] };
        let (coefficients, intercepts) = (vec![1.0, -1.0], vec![0.0]);
        let machine =
            SupportVectors { link: Link::Logit, kernel, vectors, coefficients, intercepts };
        let text = MemberDescription::new(&Member::SupportVectors(machine), false).text();
        let expected =
            "support vectors, logit link, radial kernel, stores 2 rows of the training data";
        assert_eq!(text, expected);
        let targets = NeighbourTargets::Numbers(vec![1.0]);
        let (metric, weight) = (Metric::Manhattan, NeighbourWeight::Uniform);
        let rows = StoredRows { n_inputs: 1, values: vec![0.5] };
        let nearest = Neighbours { metric, weight, n_neighbours: 1, rows, targets };
        let text = MemberDescription::new(&Member::Neighbours(nearest), false).text();
        let expected =
            "nearest neighbours, identity link, 1 neighbour, stores 1 row of the training data";
        assert_eq!(text, expected);
    }
}
