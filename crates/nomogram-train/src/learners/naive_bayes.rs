//! Gaussian naive Bayes.
//!
//! As scikit-learn's `GaussianNB`: for each class its share of the rows, and for each input its mean and
//! variance within the class, plus a share of the largest variance of all inputs. A row of weight w
//! counts as w rows, except in that largest variance, in which each row counts 1.

// Layers, lowest first: a file uses only the blocks above its own.
mod spec;

mod fit;

pub use spec::NaiveBayesSpec;
