//! How members learn, and the steps of their inputs.

mod inputs;
mod trees;

use nomogram::Activation;
use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, require};

pub use crate::data::{CsvConfig, Encoding};

pub use inputs::{
    BinsConfig, ClipConfig, ColumnsConfig, ImputeConfig, OneHotConfig, PcaConfig, SplineConfig,
    Statistic, StepConfig, TransformConfig,
};
pub use trees::{BoostedTreesSpec, HistogramSpec, Impurity, MaxFeatures, RandomForestSpec, Splits};

/// How a member learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Learner {
    /// Logistic regression.
    LogisticRegression(LogisticRegressionSpec),
    /// Gradient-boosted trees.
    BoostedTrees(BoostedTreesSpec),
    /// A multi-layer perceptron.
    Network(NetworkSpec),
    /// A random forest.
    RandomForest(RandomForestSpec),
    /// Gaussian naive Bayes.
    NaiveBayes(NaiveBayesSpec),
}

/// Logistic regression with a penalty on the weights, as scikit-learn defines it: `((1 − l1_ratio) / 2 ·
/// ‖w‖² + l1_ratio · ‖w‖₁) / c` is added to the sum of the rows' log losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogisticRegressionSpec {
    /// The inverse of the strength of the penalty, which leaves the intercept alone.
    pub c: f64,
    /// How much of the penalty is L1: 0 (ridge) to 1 (lasso), between them the elastic net.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub l1_ratio: f64,
    /// How much each row counts.
    pub class_weight: ClassWeight,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

impl LogisticRegressionSpec {
    /// An L2 penalty of this inverse strength; every row counts the same.
    #[must_use]
    pub fn ridge(c: f64) -> Self {
        Self { c, l1_ratio: 0.0, class_weight: ClassWeight::Equal }
    }
}

/// Gaussian naive Bayes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NaiveBayesSpec {
    /// This share of the largest variance of all inputs is added to each variance.
    #[serde(default = "smallest_variance")]
    pub var_smoothing: f64,
}

fn smallest_variance() -> f64 {
    1e-9
}

/// How much each row counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Every row counts the same.
    #[default]
    Equal,
    /// Rows of a class count `n_rows / (n_classes · n_rows of the class)`, with weights their sums.
    Balanced,
}

/// A multi-layer perceptron with log loss, fitted by Adam (Kingma and Ba 2015).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// The widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// The function at the end of each hidden layer.
    pub activation: Activation,
    /// The strength of the L2 penalty on the weights, per row of a batch.
    pub l2: f64,
    /// The step size of Adam.
    pub learning_rate: f64,
    /// The rows of a batch.
    pub batch_rows: usize,
    /// The largest number of passes over the rows.
    pub max_epochs: usize,
    /// Stops when held-out rows no longer gain; without it every epoch is run.
    #[serde(default)]
    pub early_stopping: Option<EarlyStopping>,
    /// How the step size changes from epoch to epoch; without it, not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How much each row counts.
    #[serde(default, skip_serializing_if = "ClassWeight::is_equal")]
    pub class_weight: ClassWeight,
    /// How many networks are fitted, from other initial weights and with other batches, whose
    /// margins are averaged.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub n_seeds: usize,
}

/// How the step size changes, counted from epoch 0; `e` is the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Schedule {
    /// `learning_rate · (1 + cos(π · e / max_epochs)) / 2` (Loshchilov and Hutter 2017).
    Cosine,
    /// `learning_rate · factor^e`.
    Exponential(f64),
    /// `learning_rate · factor^(e / every)`, rounded down.
    Step {
        /// Epochs between two changes.
        every: u32,
        /// What the step size is multiplied by, above 0 and at most 1.
        factor: f64,
    },
}

/// When to stop, judged on rows held out from the fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// The share of the rows that is held out, stratified.
    pub fraction: f64,
    /// The number of epochs or rounds without a lower log loss after which to stop.
    pub patience: usize,
}

impl ClassWeight {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn is_equal(&self) -> bool {
        *self == Self::Equal
    }
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_one(count: &usize) -> bool {
    *count == 1
}

impl NetworkSpec {
    /// Hidden layers of these widths, and the defaults of scikit-learn's `MLPClassifier`.
    #[must_use]
    pub fn new(hidden: Vec<usize>) -> Self {
        Self {
            hidden,
            activation: Activation::Relu,
            l2: 1e-4,
            learning_rate: 1e-3,
            batch_rows: 200,
            max_epochs: 200,
            early_stopping: None,
            schedule: None,
            class_weight: ClassWeight::Equal,
            n_seeds: 1,
        }
    }

    fn check(&self) -> Result<(), Invalid> {
        self.hidden.iter().try_for_each(|width| count(*width, "hidden"))?;
        require(self.l2 >= 0.0 && self.l2.is_finite(), || {
            Invalid::new(self.l2, "0 or more").at("l2")
        })?;
        positive(self.learning_rate, "learning_rate")?;
        count(self.batch_rows, "batch_rows")?;
        count(self.max_epochs, "max_epochs")?;
        count(self.n_seeds, "n_seeds")?;
        if let Some(Schedule::Exponential(factor) | Schedule::Step { factor, .. }) = self.schedule {
            require(factor > 0.0 && factor <= 1.0, || {
                Invalid::new(format!("factor {factor}"), "above 0 and at most 1").at("schedule")
            })?;
        }
        if let Some(Schedule::Step { every, .. }) = self.schedule {
            require(every >= 1, || Invalid::new("every 0", "at least 1").at("schedule"))?;
        }
        let Some(stopping) = &self.early_stopping else { return Ok(()) };
        count(stopping.patience, "patience").map_err(|invalid| invalid.at("early_stopping"))?;
        require(stopping.fraction > 0.0 && stopping.fraction < 1.0, || {
            Invalid::new(stopping.fraction, "between 0 and 1").at("fraction").at("early_stopping")
        })
    }
}

impl Learner {
    /// What it is called in a configuration.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::LogisticRegression(_) => "logistic_regression",
            Self::BoostedTrees(_) => "boosted_trees",
            Self::Network(_) => "network",
            Self::RandomForest(_) => "random_forest",
            Self::NaiveBayes(_) => "naive_bayes",
        }
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::LogisticRegression(spec) => {
                positive(spec.c, "c")?;
                require((0.0..=1.0).contains(&spec.l1_ratio), || {
                    Invalid::new(spec.l1_ratio, "0 to 1").at("l1_ratio")
                })
            }
            Self::NaiveBayes(spec) => positive(spec.var_smoothing, "var_smoothing"),
            Self::BoostedTrees(spec) => spec.check().map_err(Invalid::from),
            Self::RandomForest(spec) => spec.check().map_err(Invalid::from),
            Self::Network(spec) => spec.check(),
        }
    }
}

fn positive(value: f64, name: &str) -> Result<(), Invalid> {
    require(value > 0.0 && value.is_finite(), || Invalid::new(value, "a positive number").at(name))
}

fn count(value: usize, name: &str) -> Result<(), Invalid> {
    require(value >= 1, || Invalid::new(value, "at least 1").at(name))
}

fn demand(holds: bool, detail: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(detail()) }
}
