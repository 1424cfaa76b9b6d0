//! Symbols: what the values of a graph are, before any row is known.

use nomogram::{Forest, Layer, Member};

use super::answer::{Answer, Part};
use super::labels::Labels;
use super::tensor::Tensor;
use super::tree_sums::TreeSums;
use crate::columns::Column;

/// A value of the graph.
#[derive(Clone, Debug)]
pub(super) enum Symbol<'d> {
    /// The same for every row.
    Constant(Tensor<'d>),
    /// Columns of the encoded row.
    Columns(Vec<Column>),
    /// Weighted sums of columns, after layers of a network.
    Dense(Dense),
    /// Which of these columns have no value.
    Missing(Vec<Column>),
    /// Sums of trees.
    TreeSums(TreeSums),
    /// What a model predicts.
    Answer(Answer),
    /// The sum of a model's probabilities.
    Total(Answer),
    /// The predicted class, or its number: it follows from the probabilities.
    Label(Labels),
}

/// The layers of a network, and the columns that the first one reads.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    pub(super) columns: Vec<Column>,
    pub(super) layers: Vec<Layer>,
}

impl Symbol<'_> {
    /// What it is, with its article.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Constant(_) => "a constant",
            Self::Columns(_) => "columns",
            Self::Dense(_) => "weighted sums",
            Self::Missing(_) => "marks of missing values",
            Self::TreeSums(_) => "sums of trees",
            Self::Answer(_) => "a prediction",
            Self::Total(_) => "a sum of probabilities",
            Self::Label(_) => "a predicted class",
        }
    }

    /// How much copying it costs.
    pub(super) fn size(&self) -> usize {
        let of_columns = |columns: &[Column]| columns.iter().map(Column::n_numbers).sum::<usize>();
        match self {
            Self::Constant(tensor) => tensor.len(),
            Self::Columns(columns) | Self::Missing(columns) => of_columns(columns),
            Self::TreeSums(sums) => of_columns(&sums.columns) + forest_size(&sums.forest),
            Self::Dense(dense) => {
                let weights = dense.layers.iter().map(|layer| layer.weights.len());
                of_columns(&dense.columns) + weights.sum::<usize>()
            }
            Self::Answer(answer) | Self::Total(answer) => {
                let of_part = |part: &Part| of_columns(&part.columns) + member_size(&part.member);
                answer.parts.iter().map(of_part).sum()
            }
            Self::Label(labels) => labels.names.len(),
        }
    }
}

fn forest_size(forest: &Forest) -> usize {
    forest.trees.iter().map(|tree| tree.nodes.len() + tree.leaves.len()).sum()
}

fn member_size(member: &Member) -> usize {
    match member {
        Member::Forest(forest) => forest_size(forest),
        Member::Linear(linear) => linear.weights().len(),
        Member::Network(network) => network.layers().iter().map(|layer| layer.weights.len()).sum(),
        Member::SupportVectors(machine) => machine.vectors.values.len(),
        // No graph becomes one of these.
        Member::LinearForest(_)
        | Member::LinearSingle(_)
        | Member::NaiveBayes(_)
        | Member::Neighbours(_)
        | Member::PointsScore(_) => 1,
    }
}
