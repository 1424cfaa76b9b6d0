//! Area, average precision and curves of one set of rows.

use serde::Serialize;

use crate::discrimination::{
    AucEstimate, PrecisionRecallPoint, RocPoint, auc_estimate, average_precision,
    precision_recall_curve, roc_curve, without_collinear,
};
use crate::error::Error;
use crate::interval::Confidence;
use crate::rows::Rows;

/// How well probabilities separate the classes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Discrimination {
    /// The area under the ROC curve.
    pub auc: AucEstimate,
    /// The area under the precision–recall curve, by steps.
    pub average_precision: f64,
    /// What areas and curves rank rows by; the cutoffs of the curves are on this scale.
    #[serde(skip_serializing_if = "Ranking::is_predicted")]
    pub ranking: Ranking,
    /// The ROC curve, without points on a straight line; empty where curves are left out.
    pub roc: Vec<RocPoint>,
    /// The precision–recall curve; empty where curves are left out.
    pub precision_recall: Vec<PrecisionRecallPoint>,
}

/// What rows are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Ranking {
    /// The predicted probabilities.
    #[serde(rename = "predicted probabilities")]
    Predicted,
    /// The probabilities before calibration: rows were calibrated by different calibrators, those of
    /// their folds, and a pooled area would compare these.
    #[serde(rename = "probabilities before calibration")]
    Uncalibrated,
}

impl Ranking {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_predicted(&self) -> bool {
        match self {
            Self::Predicted => true,
            Self::Uncalibrated => false,
        }
    }
}

impl Discrimination {
    /// All statistics of discrimination.
    ///
    /// # Errors
    ///
    /// `Data` when all rows are of one class.
    pub fn new(rows: Rows<'_>, confidence: Confidence) -> Result<Self, Error> {
        Ok(Self {
            roc: without_collinear(&roc_curve(rows)?),
            precision_recall: precision_recall_curve(rows)?,
            ..Self::without_curves(rows, confidence)?
        })
    }

    /// The numbers alone.
    ///
    /// # Errors
    ///
    /// `Data` when all rows are of one class.
    pub fn without_curves(rows: Rows<'_>, confidence: Confidence) -> Result<Self, Error> {
        let ranking =
            if rows.is_ranked_apart() { Ranking::Uncalibrated } else { Ranking::Predicted };
        Ok(Self {
            auc: auc_estimate(rows, confidence)?,
            average_precision: average_precision(rows)?,
            ranking,
            roc: Vec::new(),
            precision_recall: Vec::new(),
        })
    }
}
