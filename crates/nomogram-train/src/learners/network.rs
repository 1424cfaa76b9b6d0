//! Multi-layer perceptron with log loss, fitted by mini-batch Adam.
//!
//! Loss, penalty, initial weights and Adam's constants are those of scikit-learn's
//! `MLPClassifier`: mean log loss of a batch plus `l2 · ‖W‖² / (2 · rows of the batch)`, biases not
//! penalised (Kingma and Ba 2015 for Adam, Glorot and Bengio 2010 for the initial weights). With
//! weights, the number of rows of a batch is their sum.
//!
//! Networks of several seeds become one: their hidden layers are side by side, and its margins are
//! the mean of theirs.

// Layers, lowest first: a file uses only the blocks above its own.
mod adam;
mod average;
mod spec;

mod rows;
mod start;

mod descent;

mod fit;

pub use spec::{NetworkSpec, Schedule};
pub use start::NetworkStart;
