//! Area, average precision and curves of one set of rows.

use serde::Serialize;

use crate::discrimination::{
    AucEstimate, PrecisionRecallPoint, RocPoint, auc_estimate, average_precision,
    precision_recall_curve, roc_curve, without_collinear,
};
use crate::error::Error;
use crate::interval::Confidence;

/// How well probabilities separate the classes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Discrimination {
    /// The area under the ROC curve.
    pub auc: AucEstimate,
    /// The area under the precision–recall curve, by steps.
    pub average_precision: f64,
    /// The ROC curve, without points on a straight line.
    pub roc: Vec<RocPoint>,
    /// The precision–recall curve.
    pub precision_recall: Vec<PrecisionRecallPoint>,
}

impl Discrimination {
    /// All statistics of discrimination.
    ///
    /// # Errors
    ///
    /// `Data` when all rows are of one class, and as in [the crate's conventions](crate).
    pub fn new(
        outcomes: &[bool],
        probabilities: &[f64],
        confidence: Confidence,
    ) -> Result<Self, Error> {
        Ok(Self {
            auc: auc_estimate(outcomes, probabilities, confidence)?,
            average_precision: average_precision(outcomes, probabilities)?,
            roc: without_collinear(&roc_curve(outcomes, probabilities)?),
            precision_recall: precision_recall_curve(outcomes, probabilities)?,
        })
    }
}
