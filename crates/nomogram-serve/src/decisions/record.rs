//! One record: a decision about a row.

use serde::{Deserialize, Serialize};

/// Who asked which model when with which answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The time in UTC.
    pub time: String,
    /// The id of the caller's key, or the subject of its token.
    pub caller: String,
    /// The id of the request.
    pub request: String,
    /// The row of the request, counted from 1.
    pub row: usize,
    /// The name of the model.
    pub model: String,
    /// Its version.
    pub version: String,
    /// The digest of its bundle.
    pub digest: String,
    /// What it answered.
    pub answer: Answer,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A prediction.
    Predicted {
        /// The probability of each class, or the number.
        outputs: Vec<f64>,
        /// The predicted class.
        class: Option<usize>,
        /// What to do with it.
        verdict: Option<String>,
    },
    /// The row was refused.
    Refused {
        /// The status, for example `value_missing`.
        status: String,
    },
}
