//! Random forests: classification trees on drawn rows and inputs, averaged.
//!
//! Breiman (2001), in the form of scikit-learn's `RandomForestClassifier`: each leaf holds the shares
//! of the classes, a forest is the mean of its trees. Each tree has its own stream of random
//! numbers, so threads change no bit.
//!
//! Levels are read as numbers here; boosted trees split sets of levels.

// Layers, lowest first: a file uses only the blocks above its own.
mod spec;

mod classes;
mod out_of_bag;

mod grower;

mod fit;

pub use spec::{Impurity, MaxFeatures, RandomForestSpec};
