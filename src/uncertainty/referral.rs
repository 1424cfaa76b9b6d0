//! Verdicts: when a prediction is referred to a person, and why.

use serde::{Deserialize, Serialize};

use crate::codec::{decode_enum, decode_struct};
use crate::error::{Error, ordinal};

/// What to do with the prediction of a row that was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The predicted class or number can be used.
    Predicted,
    /// Refer: the row is like the training rows, but the model cannot decide.
    Ambiguous,
    /// Refer: the row is unlike the training rows, whatever the model predicts.
    Unlike,
}

/// The rules that refer a row. Without a rule, no row is referred for its reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Referral {
    /// When a row is ambiguous.
    pub ambiguous: Option<Ambiguity>,
    /// A row is unlike the training rows when the p-value of its distance is at most this.
    pub unlike: Option<f64>,
}
decode_struct!(Referral { ambiguous, unlike });

/// When a row is ambiguous. A level is named by its position among the levels, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ambiguity {
    /// The prediction set at a level does not consist of one class.
    NotOneClass {
        /// The level.
        level: u32,
    },
    /// The interval of the predicted number at a level is wider than allowed.
    TooWide {
        /// The level.
        level: u32,
        /// The widest interval that is not referred, in the unit of the target.
        max_width: f64,
    },
}
decode_enum!(Ambiguity { NotOneClass { level }, TooWide { level, max_width } });

impl Referral {
    /// Checks the rules against what is fitted.
    pub(super) fn check(
        &self,
        n_levels: usize,
        is_of_classes: bool,
        has_distance: bool,
    ) -> Result<(), Error> {
        match self.ambiguous {
            None => {}
            Some(Ambiguity::NotOneClass { level } | Ambiguity::TooWide { level, .. })
                if level as usize >= n_levels =>
            {
                let level = ordinal(level as usize);
                let detail = format_args!("refers by level {level}, expected 1 to {n_levels}");
                return Err(Error::invalid_model(detail));
            }
            Some(Ambiguity::NotOneClass { .. }) if is_of_classes => {}
            Some(Ambiguity::TooWide { max_width, .. })
                if !is_of_classes && (0.0..=1e100).contains(&max_width) => {}
            Some(Ambiguity::NotOneClass { .. } | Ambiguity::TooWide { .. }) => {
                let detail = "refers by a rule that does not fit the target, or by a width that is \
                              not 0 to 1e100";
                return Err(Error::invalid_model(detail));
            }
        }
        match self.unlike {
            None => Ok(()),
            Some(bound) if has_distance && (0.0..=1.0).contains(&bound) => Ok(()),
            Some(_) => {
                let detail = "refers by distance, but there is no distance, or the p-value is not 0 \
                              to 1";
                Err(Error::invalid_model(detail))
            }
        }
    }
}
