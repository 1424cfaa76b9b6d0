//! Members in words: kind, link, size.

use nomogram::{Forest, Link, Member, Network, Node};
use serde::Serialize;
use serde_json::Value;

use super::words::{count, kind_and_parameters, n_numbers, of_camel_case};

/// A fitted model and where it stands.
#[derive(Debug, Serialize)]
pub(crate) struct MemberDescription {
    /// Its name in the ensemble; none for a stacked member.
    pub(crate) name: String,
    pub(crate) kind: String,
    /// The name of the branch that it reads; none for a stacked member.
    pub(crate) branch: String,
    pub(crate) link: &'static str,
    pub(crate) size: Size,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<Value>,
}

/// How large a member is.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Size {
    Forest {
        n_trees: usize,
        n_nodes: usize,
        n_leaves: usize,
        depth: usize,
    },
    /// The widths from the input to the margins, and the activation of each layer.
    Network {
        widths: Vec<usize>,
        activations: Vec<String>,
    },
    Linear {
        n_margins: usize,
        n_weights: usize,
    },
    NaiveBayes {
        n_classes: usize,
        n_inputs: usize,
    },
    PointsScore {
        n_items: usize,
    },
    Other {
        n_parameters: usize,
    },
}

impl MemberDescription {
    pub(super) fn new(member: &Member, has_parameters: bool) -> Self {
        let (kind, size) = match member {
            Member::Linear(linear) => {
                let (n_margins, n_weights) = (linear.intercepts().len(), linear.weights().len());
                ("linear".into(), Size::Linear { n_margins, n_weights })
            }
            Member::Forest(forest) => ("forest".into(), size_of_forest(forest)),
            Member::Network(network) => ("network".into(), size_of_network(network)),
            Member::NaiveBayes(naive_bayes) => {
                let n_classes = naive_bayes.log_priors().len();
                let n_inputs = naive_bayes.likelihoods().len();
                ("naive bayes".into(), Size::NaiveBayes { n_classes, n_inputs })
            }
            Member::PointsScore(score) => {
                ("points score".into(), Size::PointsScore { n_items: score.items().len() })
            }
            other => {
                let (kind, parameters) = kind_and_parameters(other);
                (kind, Size::Other { n_parameters: n_numbers(&parameters) })
            }
        };
        Self {
            name: String::new(),
            kind,
            branch: String::new(),
            link: link_name(member.link()),
            size,
            parameters: has_parameters.then(|| kind_and_parameters(member).1),
        }
    }

    pub(super) fn placed(mut self, name: &str, branch: &str) -> Self {
        (self.name, self.branch) = (name.into(), branch.into());
        self
    }

    /// Kind and size in one line.
    pub(crate) fn text(&self) -> String {
        format!("{}, {} link, {}", self.kind, self.link, self.size.text())
    }
}

impl Size {
    pub(crate) fn text(&self) -> String {
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
            Self::Other { n_parameters } => count(*n_parameters, "parameter"),
        }
    }
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

/// The number of splits on the longest way from the root, node 0, to a leaf.
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
    let activation = |layer: &nomogram::Layer| of_camel_case(&format!("{:?}", layer.activation));
    Size::Network { widths: widths.collect(), activations: layers.iter().map(activation).collect() }
}

fn link_name(link: Link) -> &'static str {
    match link {
        Link::Logit => "logit",
        Link::Softmax => "softmax",
        Link::Identity => "identity",
        Link::Probability => "probability",
        _ => "unknown",
    }
}
