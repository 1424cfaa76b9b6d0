//! How the outputs of members become one.

use ndarray::Array2;
use nomogram::{Combiner, CombinerReads};
use serde::{Deserialize, Serialize};

use super::weights::fit_weights;
use crate::data::Dataset;
use crate::error::Error;
use crate::invalid::{Invalid, require};
use crate::learners::{Learner, LogisticRegressionSpec, TrainingRows};
use crate::predictions::Predictions;

/// How the outputs of members become one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CombinerSpec {
    /// The mean of probabilities with the weights of the members.
    SoftVote,
    /// For each class, the share of the members that vote for it, with the weights of the members.
    HardVote,
    /// The mean of probabilities with the weights that have the lowest out-of-fold log loss.
    FittedSoftVote,
    /// A logistic regression on the members, fitted to out-of-fold predictions.
    Stack(StackSpec),
}

/// A logistic regression on the members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackSpec {
    /// What it reads of each member.
    pub reads: StackReads,
    /// The inverse of the strength of its L2 penalty.
    pub c: f64,
}

/// What a stacked model reads of each member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackReads {
    /// Its probabilities.
    Outputs,
    /// Its margins: of two classes, the logit.
    Margins,
}

impl CombinerSpec {
    /// Refuses invalid values.
    ///
    /// # Errors
    ///
    /// With the place within this spec.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::SoftVote | Self::HardVote | Self::FittedSoftVote => Ok(()),
            Self::Stack(StackSpec { c, .. }) => require(*c > 0.0 && c.is_finite(), || {
                Invalid::new(c, "a positive number").at("c").at("stack")
            }),
        }
    }

    /// Whether it is fitted to out-of-fold predictions.
    pub(crate) fn is_fitted(&self) -> bool {
        match self {
            Self::SoftVote | Self::HardVote => false,
            Self::FittedSoftVote | Self::Stack(_) => true,
        }
    }

    /// The combiner before there are out-of-fold predictions: one that is fitted to them begins as a
    /// soft vote.
    pub(crate) fn unfitted(&self, weights: Vec<f64>) -> Combiner {
        match self {
            Self::HardVote => Combiner::HardVote { weights },
            Self::SoftVote | Self::FittedSoftVote | Self::Stack(_) => {
                Combiner::SoftVote { weights }
            }
        }
    }

    /// The combiner, fitted to out-of-fold predictions of the rows of `dataset`, with the weights of the
    /// rows, where it depends on them; otherwise with these `weights` of the members.
    pub(crate) fn fit(
        &self,
        weights: Vec<f64>,
        out_of_fold: &Predictions,
        dataset: &Dataset,
        seed: u64,
    ) -> Result<Combiner, Error> {
        match self {
            Self::SoftVote | Self::HardVote => Ok(self.unfitted(weights)),
            Self::FittedSoftVote => Ok(Combiner::SoftVote {
                weights: fit_weights(out_of_fold, dataset.classes(), dataset.weights()),
            }),
            Self::Stack(stack) => stack.fit(out_of_fold, dataset, seed),
        }
    }
}

impl StackSpec {
    fn fit(
        &self,
        out_of_fold: &Predictions,
        dataset: &Dataset,
        seed: u64,
    ) -> Result<Combiner, Error> {
        let (input, values) = match self.reads {
            StackReads::Margins => (CombinerReads::Margins, out_of_fold.margins.clone()),
            StackReads::Outputs => (CombinerReads::Outputs, outputs(out_of_fold)),
        };
        let n_classes = out_of_fold.ensemble.ncols();
        let (classes, weights) = (dataset.classes(), dataset.weights());
        let (values, columns) = (values.view(), &[][..]);
        let rows = TrainingRows { values, classes, n_classes, weights, groups: None, columns };
        let learner = Learner::LogisticRegression(LogisticRegressionSpec::ridge(self.c));
        Ok(Combiner::Stack { input, member: Box::new(learner.fit(rows, seed)?) })
    }
}

/// What a stacked model reads of probabilities: of two classes, that of class 1 alone.
fn outputs(predictions: &Predictions) -> Array2<f64> {
    let (n_rows, n_classes) = predictions.ensemble.dim();
    let first = if n_classes == 2 { 1 } else { 0 };
    let width = n_classes - first;
    Array2::from_shape_fn((n_rows, width * predictions.members.len()), |(row, column)| {
        let member = predictions.members.get(column / width);
        member.map_or(f64::NAN, |member| member[[row, first + column % width]])
    })
}
