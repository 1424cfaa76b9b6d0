//! Objectives: what a margin means, by name.

use nomogram::Link;

use crate::document::Cursor;
use crate::error::Error;

/// What the margins of a model mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Objective {
    /// The log odds of class 1.
    Logistic,
    /// Class 1 if the margin is above 0.
    Hinge,
    /// One margin per class.
    Softmax,
    /// The logarithm of a value.
    Log,
    /// A value.
    Value,
    /// The log odds, which are predicted themselves.
    RawLogistic,
}

impl Objective {
    /// The objective of a learner.
    ///
    /// # Errors
    ///
    /// `Unsupported`, with the name.
    pub(super) fn of_name(name: &Cursor<'_>) -> Result<Self, Error> {
        Ok(match name.text()? {
            "binary:logistic" | "reg:logistic" => Self::Logistic,
            "binary:logitraw" => Self::RawLogistic,
            "binary:hinge" => Self::Hinge,
            "multi:softmax" | "multi:softprob" => Self::Softmax,
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
                Self::Log
            }
            "reg:squarederror"
            | "reg:linear"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "reg:absoluteerror"
            | "reg:quantileerror" => Self::Value,
            ranking if ranking.starts_with("rank:") => {
                return Err(name.unsupported(format!(
                    "objective `{ranking}`, whose margins only order the rows of a query"
                )));
            }
            other => return Err(name.unsupported(format!("objective `{other}`"))),
        })
    }

    /// The link, in single precision as XGBoost computes it, or in double precision.
    pub(super) fn link(self, is_double: bool) -> Link {
        match (self, is_double) {
            // Only the sign of the margin counts.
            (Self::Hinge, _) | (Self::Logistic, true) => Link::Logit,
            (Self::Logistic, false) => Link::LogitSingle,
            (Self::Softmax, false) => Link::SoftmaxSingle,
            (Self::Softmax, true) => Link::Softmax,
            (Self::Log, false) => Link::LogSingle,
            (Self::Log, true) => Link::Log,
            (Self::Value | Self::RawLogistic, _) => Link::Identity,
        }
    }

    /// Whether a probability of classes is predicted.
    pub(super) fn is_of_classes(self) -> bool {
        match self {
            Self::Logistic | Self::Hinge | Self::Softmax => true,
            Self::Log | Self::Value | Self::RawLogistic => false,
        }
    }

    /// The margin of a `base_score`, which is stored as a prediction: in single precision.
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    pub(super) fn margin_of(self, base_score: f32) -> f32 {
        let ln = |value: f32| nomogram::numeric::ln(f64::from(value)) as f32;
        match self {
            Self::Logistic => -ln(1.0 / base_score - 1.0),
            Self::Log => ln(base_score),
            // The prediction of `binary:logitraw` is its margin, and so is its base score.
            Self::Hinge | Self::Softmax | Self::Value | Self::RawLogistic => base_score,
        }
    }
}
