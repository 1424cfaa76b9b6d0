//! The models inside an ensemble: each turns an encoded row into margins.
//!
//! A kind of member is one file in `member/`. Its `check` proves, once, that every index is in
//! range and that no margin can overflow; its `margins` then checks nothing.

mod forest;
mod linear;
mod network;

use alloc::format;

use serde::{Deserialize, Serialize};

pub(crate) use forest::FlatForest;
pub use forest::{Forest, Node, Tree};
pub use linear::Linear;
pub use network::{Activation, Layer, Network};

use crate::error::Error;
use crate::link::Link;

/// One fitted model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Member {
    /// A linear model, for example logistic regression.
    Linear(Linear),
    /// A sum of decision trees, for example gradient boosting.
    Forest(Forest),
    /// A network of dense layers.
    Network(Network),
}

impl Member {
    /// How many encoded values it reads.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.n_inputs(),
            Self::Forest(forest) => forest.n_inputs(),
            Self::Network(network) => network.n_inputs(),
        }
    }

    /// How its margins become probabilities.
    #[must_use]
    pub fn link(&self) -> Link {
        match self {
            Self::Linear(linear) => linear.link(),
            Self::Forest(forest) => forest.link(),
            Self::Network(network) => network.link(),
        }
    }

    /// Checks it against what it will be given: `n_inputs` values of at most `magnitude`.
    pub(crate) fn check(
        &self,
        n_inputs: usize,
        magnitude: f64,
        n_classes: usize,
    ) -> Result<(), Error> {
        if self.n_inputs() != n_inputs {
            return Err(Error::invalid_model(format!(
                "reads {} values, but its branch gives {n_inputs}",
                self.n_inputs()
            )));
        }
        let n_margins = self.link().n_margins(n_classes)?;
        match self {
            Self::Linear(linear) => linear.check(n_margins, magnitude),
            Self::Forest(forest) => forest.check(n_margins),
            Self::Network(network) => network.check(n_margins, magnitude),
        }
    }

    /// The same member in the form that predicts fastest. Only for members that were checked.
    pub(crate) fn compile(self) -> CompiledMember {
        match self {
            Self::Linear(linear) => CompiledMember::Linear(linear),
            Self::Forest(forest) => CompiledMember::Forest(FlatForest::new(&forest)),
            Self::Network(network) => CompiledMember::Network(network),
        }
    }
}

/// A checked member, laid out in the order in which predicting reads it.
#[derive(Debug)]
pub(crate) enum CompiledMember {
    Linear(Linear),
    Forest(FlatForest),
    Network(Network),
}

impl CompiledMember {
    /// How much scratch space each of the two buffers of [`Self::margins`] needs.
    pub(crate) fn n_scratch(&self) -> usize {
        match self {
            Self::Network(network) => network.n_scratch(),
            Self::Linear(_) | Self::Forest(_) => 0,
        }
    }

    /// Writes the margins of an encoded row.
    pub(crate) fn margins(
        &self,
        encoded: &[f64],
        here: &mut [f64],
        there: &mut [f64],
        out: &mut [f64],
    ) {
        match self {
            Self::Linear(linear) => linear.margins(encoded, out),
            Self::Forest(forest) => forest.margins(encoded, out),
            Self::Network(network) => network.margins(encoded, here, there, out),
        }
    }
}

/// Refuses a parameter that is not finite.
fn check_finite(values: &[f64], what: &str) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::invalid_model(format!("{what} {index} is not a finite number"))),
    }
}
