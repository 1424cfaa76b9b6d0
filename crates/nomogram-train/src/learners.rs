//! Learners: rows and classes in, a fitted member out.
//!
//! Each learner is a folder: the settings (`spec`), the fit, and what the fit needs. Each gives the
//! same bits on every platform: plain loops in a fixed order, elementary functions from
//! `nomogram::numeric`, random numbers from a seeded stream.

// Layers, lowest first: a file uses only the blocks above its own.
mod checks;
mod class_weight;
mod log_loss;

mod training_rows;

mod early_stopping;

mod fit_member;

mod boosted_trees;
mod logistic_regression;
mod naive_bayes;
mod network;
mod random_forest;

use nomogram::Member;
use serde::{Deserialize, Serialize};

pub use boosted_trees::{BoostedTreesSpec, HistogramSpec, Splits};
pub use class_weight::ClassWeight;
pub use early_stopping::EarlyStopping;
pub use logistic_regression::LogisticRegressionSpec;
pub(crate) use logistic_regression::fit_unpenalised;
pub use naive_bayes::NaiveBayesSpec;
pub use network::{NetworkSpec, NetworkStart, Schedule};
pub use random_forest::{Impurity, MaxFeatures, RandomForestSpec};
pub use training_rows::TrainingRows;

use crate::error::Error;
use crate::invalid::{Invalid, Spec};
use fit_member::{FitMember as _, Smallest as _};

/// Makes the enum of all learners, and the places where each must be thought of.
macro_rules! learners {
    ($($(#[$doc:meta])* $variant:ident($spec:ty) = $key:literal),* $(,)?) => {
        /// How a member learns.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Learner {
            $($(#[$doc])* #[serde(rename = $key)] $variant($spec)),*
        }

        impl Learner {
            /// The name of the learner in a configuration.
            #[must_use]
            pub fn key(&self) -> &'static str {
                match self { $(Self::$variant(_) => $key),* }
            }

            /// The same learner with settings that take little time.
            pub(crate) fn smallest(&self) -> Self {
                match self { $(Self::$variant(spec) => Self::$variant(spec.clone().smallest())),* }
            }

            /// Checks the settings, then fits a member; `seed` decides every random choice.
            ///
            /// # Errors
            ///
            /// `Configuration` when a setting is invalid or does not fit the rows; else the errors of
            /// the learner, `Data` or `NotConverged`.
            pub fn fit(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Member, Error> {
                match self {
                    $(Self::$variant(spec) => spec.clone().check()?.fit_member(rows, seed)),*
                }
            }
        }

        impl Spec for Learner {
            fn validate(&self) -> Result<(), Invalid> {
                match self { $(Self::$variant(spec) => spec.validate()),* }
            }
        }
    };
}

learners! {
    /// Logistic regression.
    LogisticRegression(LogisticRegressionSpec) = "logistic_regression",
    /// Gradient-boosted trees.
    BoostedTrees(BoostedTreesSpec) = "boosted_trees",
    /// A multi-layer perceptron.
    Network(NetworkSpec) = "network",
    /// A random forest.
    RandomForest(RandomForestSpec) = "random_forest",
    /// Gaussian naive Bayes.
    NaiveBayes(NaiveBayesSpec) = "naive_bayes",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_names_each_learner_by_its_key() {
        let learners = [
            "logistic_regression: { c: 1.0, class_weight: equal }",
            "boosted_trees: { n_trees: 1, learning_rate: 0.1, max_depth: 1, min_rows_per_leaf: 1, \
             subsample: 1.0 }",
            "network: { hidden: [2], activation: tanh, l2: 0.0, learning_rate: 0.1, batch_rows: 8, \
             max_epochs: 1 }",
            "random_forest: { n_trees: 1, criterion: gini, max_features: { share: 0.3 }, \
             min_rows_per_leaf: 1, bootstrap: true }",
            "naive_bayes: {}",
        ];
        for yaml in learners {
            let learner: Learner = serde_saphyr::from_str(yaml).unwrap();
            assert_eq!(learner.validate(), Ok(()), "{yaml}");
            assert!(yaml.starts_with(&format!("{}: ", learner.key())), "{yaml}");
            let json = serde_json::to_string(&learner).unwrap();
            assert_eq!(serde_json::from_str::<Learner>(&json).unwrap(), learner);
        }
    }

    #[test]
    fn a_fit_checks_its_settings_first() {
        let values = ndarray::array![[0.0], [1.0]];
        let rows = TrainingRows::binary(values.view(), &[0, 1]);
        let learner = Learner::Network(NetworkSpec { batch_rows: 0, ..NetworkSpec::new(vec![2]) });
        let error = learner.fit(rows, 0).unwrap_err();
        assert_eq!(error.to_string(), "configuration: batch_rows: 0, expected at least 1");
    }
}
