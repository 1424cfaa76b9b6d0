//! Learning: rows and classes in, fitted members out.
//!
//! One learner is one file. Each gives the same bits on every platform: plain loops in a fixed
//! order, elementary functions from `nomogram::numeric`, random numbers from a seeded stream.

mod boosted_trees;
mod logistic_regression;
mod naive_bayes;
mod network;
mod random_forest;

use ndarray::ArrayView2;
use nomogram::{Member, numeric};

pub use boosted_trees::fit_boosted_trees;
pub use logistic_regression::fit_logistic_regression;
pub use naive_bayes::fit_naive_bayes;
pub use network::{NetworkStart, fit_network, fit_network_from};
pub use random_forest::{fit_random_forest, fit_random_forest_out_of_bag};

pub(crate) use nomogram_stats::count::number;

use crate::config::{ClassWeight, Learner};
use crate::error::Error;

/// What a member learns from.
#[derive(Clone, Copy, Debug)]
pub struct TrainingRows<'a> {
    /// The encoded rows, shape `(n_rows, n_inputs)`, finite; NaN is missing, for learners that say
    /// that they take it.
    pub values: ArrayView2<'a, f64>,
    /// The class of each row, below `n_classes`; each is there.
    pub classes: &'a [usize],
    /// How many classes there are, 2 or more.
    pub n_classes: usize,
    /// How much each row counts, positive; nothing where all count 1.
    pub weights: Option<&'a [f64]>,
}

impl Learner {
    /// Fits a member; `seed` decides every random choice.
    ///
    /// # Errors
    ///
    /// `Configuration` when the specification makes no sense; `Data` or `NotConverged`, as the
    /// learner says.
    pub fn fit(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Member, Error> {
        self.check().map_err(Error::Configuration)?;
        match self {
            Self::LogisticRegression(_) => rows.refuse_missing("logistic regression")?,
            Self::Network(_) => rows.refuse_missing("network")?,
            _ => {}
        }
        Ok(match self {
            Self::LogisticRegression(spec) => Member::Linear(fit_logistic_regression(spec, rows)?),
            Self::NaiveBayes(spec) => Member::NaiveBayes(fit_naive_bayes(spec, rows)?),
            Self::BoostedTrees(spec) => Member::Forest(fit_boosted_trees(spec, rows, seed)?),
            Self::Network(spec) => Member::Network(fit_network(spec, rows, seed)?),
            Self::RandomForest(spec) => Member::Forest(fit_random_forest(spec, rows, seed)?),
        })
    }
}

impl Learner {
    /// The same for rows whose columns come from these features, and tell whether their values are
    /// the numbers of levels.
    pub(crate) fn of_columns<'a>(
        &self,
        columns: impl Iterator<Item = (&'a str, bool)> + Clone,
    ) -> Result<Self, String> {
        match self {
            Self::BoostedTrees(spec) => spec.of_columns(columns).map(Self::BoostedTrees),
            _ => Ok(self.clone()),
        }
    }
}

impl<'a> TrainingRows<'a> {
    /// Rows of two classes, each of which counts 1.
    #[must_use]
    pub fn binary(values: ArrayView2<'a, f64>, classes: &'a [usize]) -> Self {
        Self { values, classes, n_classes: 2, weights: None }
    }

    fn refuse_missing(&self, learner: &str) -> Result<(), Error> {
        match self.values.indexed_iter().find(|(_, value)| value.is_nan()) {
            None => Ok(()),
            Some(((row, input), _)) => Err(Error::Data(format!(
                "{learner}: row {row} has no value of input {input}; read `scaled`, which fills in"
            ))),
        }
    }

    /// The values row by row, each row contiguous.
    fn row_major(&self) -> Vec<f64> {
        self.values.iter().copied().collect()
    }

    fn n_rows(&self) -> usize {
        self.classes.len()
    }

    fn n_inputs(&self) -> usize {
        self.values.ncols()
    }

    /// How much each row counts, by its own weight and by its class.
    #[allow(clippy::indexing_slicing, reason = "classes are below `n_classes`")]
    fn weights_by(&self, class_weight: ClassWeight) -> Vec<f64> {
        let mut weights = self.weights.map_or_else(|| vec![1.0; self.n_rows()], <[f64]>::to_vec);
        if class_weight == ClassWeight::Balanced {
            let mut of_class = vec![0.0; self.n_classes];
            for (class, weight) in self.classes.iter().zip(&weights) {
                of_class[*class] += weight;
            }
            let total = of_class.iter().fold(0.0, |sum, weight| sum + weight);
            for (class, weight) in self.classes.iter().zip(&mut weights) {
                *weight *= total / (number(self.n_classes) * of_class[*class]);
            }
        }
        weights
    }

    /// How many margins tell the classes apart.
    fn n_margins(&self) -> usize {
        if self.n_classes == 2 { 1 } else { self.n_classes }
    }

    /// The class of each row as the number that log loss compares with.
    fn targets(&self) -> Vec<f64> {
        self.classes.iter().map(|class| if *class == 1 { 1.0 } else { 0.0 }).collect()
    }
}

/// The negative logarithm of the probability that margins give a class: one margin of two classes,
/// else one of each.
#[allow(clippy::indexing_slicing, reason = "one margin, or one of each class")]
fn log_loss(margins: &[f64], class: usize) -> f64 {
    if let [margin] = margins {
        return numeric::softplus(if class == 1 { -margin } else { *margin });
    }
    let largest = margins.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
    let total = margins.iter().fold(0.0, |sum, margin| sum + numeric::exp(margin - largest));
    numeric::ln(total) + (largest - margins[class])
}

/// A position as a bundle stores it.
pub(crate) fn position(index: usize) -> Result<u32, Error> {
    u32::try_from(index).map_err(|_| Error::Data(format!("{index} does not fit a bundle")))
}
