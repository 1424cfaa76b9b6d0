//! The models inside an ensemble: each turns an encoded row into margins.
//!
//! A kind of member is one file in `member/`. Its `check` proves once that every index is in range
//! and that no margin can overflow; its `margins` then checks nothing.

mod kind;

mod forest;
mod linear;
mod naive_bayes;
mod network;
mod points_score;
mod stored_rows;

mod linear_forest;
mod linear_single;
mod neighbours;
mod support_vectors;

use alloc::vec::Vec;

use fearless_simd::Level;
use serde::{Deserialize, Serialize};

pub(crate) use forest::{Against, FlatForest, ForestPaths, LeftShares, PathMemory, Tables};
pub use forest::{Aggregate, Comparison, Forest, Node, Precision, Side, Tree};
use forest::{Layouts, LeafRange};
pub use linear::Linear;
pub(crate) use linear_forest::CompiledLinearForest;
pub use linear_forest::LinearForest;
pub use linear_single::LinearSingle;
pub(crate) use naive_bayes::CompiledNaiveBayes;
pub use naive_bayes::{Likelihood, NaiveBayes};
pub use neighbours::{Metric, NeighbourTargets, NeighbourWeight, Neighbours};
use network::CompiledNetwork;
pub use network::{Activation, BatchNormalization, Layer, Network};
pub use points_score::{Points, PointsItem, PointsScore, PointsTotal, Tie};
pub use stored_rows::StoredRows;
pub use support_vectors::{Kernel, SupportVectors};

use crate::budget::{Budget, bytes_of};
use crate::codec::decode_enum;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Lanes;
use crate::link::Link;
use kind::{
    MemberKind, by_row, check_finite, check_inputs, check_no_probabilities, check_width,
    weighted_sum,
};

/// One fitted model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Member {
    /// A linear model, for example logistic regression.
    Linear(Linear),
    /// Decision trees, summed (gradient boosting) or averaged (random forest).
    Forest(Forest),
    /// A network of dense layers.
    Network(Network),
    /// Naive Bayes over numbers and levels.
    NaiveBayes(NaiveBayes),
    /// Whole points added up as on paper.
    PointsScore(PointsScore),
    /// A linear model that computes in single precision.
    LinearSingle(LinearSingle),
    /// Decision trees whose leaves are weighted sums.
    LinearForest(LinearForest),
    /// A support vector machine, which stores rows of the training data.
    SupportVectors(SupportVectors),
    /// Nearest neighbours among stored rows of the training data.
    Neighbours(Neighbours),
}
decode_enum!(Member {
    Linear(Linear),
    Forest(Forest),
    Network(Network),
    NaiveBayes(NaiveBayes),
    PointsScore(PointsScore),
    LinearSingle(LinearSingle),
    LinearForest(LinearForest),
    SupportVectors(SupportVectors),
    Neighbours(Neighbours),
});

impl Member {
    fn kind(&self) -> &dyn MemberKind {
        match self {
            Self::Linear(linear) => linear,
            Self::Forest(forest) => forest,
            Self::Network(network) => network,
            Self::NaiveBayes(naive_bayes) => naive_bayes,
            Self::PointsScore(score) => score,
            Self::LinearSingle(linear) => linear,
            Self::LinearForest(forest) => forest,
            Self::SupportVectors(machine) => machine,
            Self::Neighbours(neighbours) => neighbours,
        }
    }

    /// The rows of the training data that it stores. Only support vectors and nearest neighbours do: a bundle
    /// with such a member may contain data of patients.
    #[must_use]
    pub fn stored_rows(&self) -> Option<&StoredRows> {
        match self {
            Self::SupportVectors(machine) => Some(&machine.vectors),
            Self::Neighbours(neighbours) => Some(&neighbours.rows),
            Self::Linear(_)
            | Self::Forest(_)
            | Self::Network(_)
            | Self::NaiveBayes(_)
            | Self::PointsScore(_)
            | Self::LinearSingle(_)
            | Self::LinearForest(_) => None,
        }
    }

    /// How its margins become probabilities, or a value.
    #[must_use]
    pub fn link(&self) -> Link {
        self.kind().link()
    }

    /// Checks it for inputs of these domains, and that it has `n_margins`. Returns their domains.
    pub(crate) fn check(&self, inputs: &[Domain], n_margins: usize) -> Result<Vec<Domain>, Error> {
        let margins = self.kind().check(inputs)?;
        if margins.len() != n_margins {
            return Err(Error::invalid_model(format_args!(
                "{} margins, expected {n_margins}",
                margins.len()
            )));
        }
        Ok(margins)
    }

    /// The same member in the form that predicts fastest. Only for members that were checked.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn compile(self, budget: &mut Budget) -> Result<CompiledMember, Error> {
        Ok(match self {
            Self::Linear(linear) => CompiledMember::Linear(linear),
            Self::Forest(forest) => {
                let mut flat = FlatForest::new(&forest)?;
                flat.add_tables(&forest, budget)?;
                CompiledMember::Forest(flat)
            }
            Self::Network(network) => CompiledMember::Network(network.compile()?),
            Self::NaiveBayes(naive_bayes) => CompiledMember::NaiveBayes(naive_bayes.compile()?),
            Self::PointsScore(score) => CompiledMember::PointsScore(score),
            Self::LinearSingle(linear) => CompiledMember::LinearSingle(linear),
            Self::LinearForest(forest) => CompiledMember::LinearForest(forest.compile()?),
            Self::SupportVectors(machine) => CompiledMember::SupportVectors(machine),
            Self::Neighbours(neighbours) => CompiledMember::Neighbours(neighbours),
        })
    }

    /// Takes what [`Self::check`] and [`Self::compile`] cost beyond a look at every parameter, besides
    /// the domains of inputs and margins.
    ///
    /// # Errors
    ///
    /// `TooLarge`.
    pub(crate) fn take_from(&self, budget: &mut Budget) -> Result<(), Error> {
        match self {
            Self::Linear(_) | Self::LinearSingle(_) | Self::SupportVectors(_) => Ok(()),
            Self::Forest(forest) => budget.take(FlatForest::bytes(forest, Layouts::All)),
            Self::Network(network) => {
                budget.take(2 * bytes_of::<Domain>(network.width()))?;
                budget.take(network.compiled_bytes())
            }
            Self::NaiveBayes(naive_bayes) => budget.take(naive_bayes.compiled_bytes()),
            Self::PointsScore(score) => score.take_from(budget),
            Self::LinearForest(forest) => budget.take(forest.compiled_bytes()),
            // `n_classes` is a bare number in the file, so the domains of the classes are charged here.
            Self::Neighbours(neighbours) => budget.take(bytes_of::<Domain>(neighbours.n_margins())),
        }
    }
}

/// A checked member, laid out in the order in which predicting reads it.
#[allow(
    clippy::large_enum_variant,
    reason = "a model has few members, and a box is allocated without the right to fail"
)]
#[derive(Debug)]
pub(crate) enum CompiledMember {
    Linear(Linear),
    Forest(FlatForest),
    Network(CompiledNetwork),
    NaiveBayes(CompiledNaiveBayes),
    PointsScore(PointsScore),
    LinearSingle(LinearSingle),
    LinearForest(CompiledLinearForest),
    SupportVectors(SupportVectors),
    Neighbours(Neighbours),
}

impl CompiledMember {
    /// How many temporary numbers [`Self::margins`] and each row of [`Self::block_margins`] need.
    pub(crate) fn n_temporary(&self) -> usize {
        match self {
            Self::Network(network) => 2 * network.width(),
            Self::Forest(forest) => forest.n_temporary(),
            Self::LinearForest(forest) => forest.n_temporary(),
            Self::SupportVectors(machine) => machine.n_temporary(),
            Self::Neighbours(neighbours) => neighbours.n_temporary(),
            Self::Linear(_)
            | Self::NaiveBayes(_)
            | Self::PointsScore(_)
            | Self::LinearSingle(_) => 0,
        }
    }

    /// What [`Self::margins`] computes for a row of `n_inputs` values, in steps of about a nanosecond.
    pub(crate) fn work(&self, n_inputs: usize) -> u64 {
        let work = match self {
            Self::Linear(linear) => linear.work(),
            Self::Forest(forest) => forest.work(),
            Self::Network(network) => network.work(),
            Self::NaiveBayes(naive_bayes) => naive_bayes.work(),
            Self::PointsScore(score) => score.work(),
            Self::LinearSingle(linear) => linear.linear().work(),
            Self::LinearForest(forest) => forest.work(),
            Self::SupportVectors(machine) => machine.work(),
            Self::Neighbours(neighbours) => neighbours.work(),
        };
        work.saturating_add(n_inputs as u64)
    }

    /// Writes the margins of an encoded row.
    #[inline]
    pub(crate) fn margins(
        &self,
        level: Level,
        encoded: &[f64],
        temporary: &mut [f64],
        out: &mut [f64],
    ) {
        match self {
            Self::Linear(linear) => linear.margins(encoded, out),
            Self::Forest(forest) => forest.margins(level, encoded, temporary, out),
            Self::Network(network) => network.margins(level, encoded, temporary, out),
            Self::NaiveBayes(naive_bayes) => naive_bayes.margins(encoded, out),
            Self::PointsScore(score) => score.margins(encoded, out),
            Self::LinearSingle(linear) => linear.margins(encoded, out),
            Self::LinearForest(forest) => forest.margins(encoded, out),
            Self::SupportVectors(machine) => machine.margins(encoded, out),
            Self::Neighbours(neighbours) => neighbours.margins(encoded, temporary, out),
        }
    }

    /// Writes the margins of a block of encoded rows: the bits of [`Self::margins`] in every lane.
    pub(crate) fn block_margins(
        &self,
        level: Level,
        encoded: &[Lanes],
        temporary: &mut [Lanes],
        out: &mut [Lanes],
    ) {
        match self {
            Self::Linear(linear) => linear.block_margins(level, encoded, out),
            Self::Forest(forest) => forest.block_margins(level, encoded, temporary, out),
            Self::Network(network) => network.block_margins(level, encoded, temporary, out),
            Self::NaiveBayes(naive_bayes) => naive_bayes.margins(encoded, out),
            Self::PointsScore(score) => score.margins(encoded, out),
            Self::LinearSingle(linear) => linear.margins(encoded, out),
            Self::LinearForest(_) | Self::SupportVectors(_) | Self::Neighbours(_) => {
                by_row(encoded, temporary, out, &|row, temporary, margins| {
                    self.margins(level, row, temporary, margins);
                });
            }
        }
    }
}

#[cfg(test)]
mod contributions;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod tests;
