//! One line of a score: from a value to its points.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::codec::{decode_enum, decode_struct};
use crate::domain::Domain;
use crate::error::{Error, ordinal};
use crate::member::kind::check_finite;
use crate::memory;
use crate::schema::count;

/// The most points of an item, either way: totals of them are exact.
const MAX_POINTS: u32 = 1_000_000;

/// One line of a score: reads one input and gives points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointsItem {
    /// The position of the value in the encoded row.
    pub input: u32,
    /// The points, by level or by bin.
    pub points: Points,
    /// The points of a missing value; `None` if the value must be present.
    pub if_missing: Option<i32>,
}
decode_struct!(PointsItem { input, points, if_missing });

/// The points of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Points {
    /// For levels, false and true among them.
    Levels {
        /// The points of level 0, 1, … Where the input may be an unseen level, the last ones are
        /// those of an unseen level.
        points: Vec<i32>,
    },
    /// For numbers, by the bin that they lie in.
    Bins {
        /// The bounds between the bins, ascending.
        thresholds: Vec<f64>,
        /// Where a value that equals a threshold belongs.
        tie: Tie,
        /// The points of each bin: one more than thresholds.
        points: Vec<i32>,
    },
}
decode_enum!(Points { Levels { points }, Bins { thresholds, tie, points } });

/// Which bin a value belongs to that equals a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tie {
    /// The bin below: one leaves it with `value > threshold`, as in "more than 100 per minute".
    Below,
    /// The bin above: one reaches it with `value >= threshold`, as in "75 years or older".
    Above,
}
decode_enum!(Tie { Below, Above });

impl PointsItem {
    /// The points of a value; NaN is missing.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn points_of(&self, value: f64) -> f64 {
        let points = if value.is_nan() {
            self.if_missing.unwrap_or(0)
        } else {
            self.points.each()[self.points.position(value)]
        };
        f64::from(points)
    }

    /// How many levels or bins have points.
    pub(super) fn n_points(&self) -> usize {
        self.points.each().len()
    }

    pub(super) fn check_parameters(&self) -> Result<(), Error> {
        if let Points::Bins { thresholds, points, .. } = &self.points {
            check_finite(thresholds, "threshold")?;
            if !thresholds.is_sorted_by(|previous, next| previous < next) {
                return Err(Error::invalid_model("its thresholds, expected them to ascend"));
            }
            if points.len() != thresholds.len() + 1 {
                return Err(Error::invalid_model(format_args!(
                    "{} thresholds and {} points, expected one more point than thresholds",
                    thresholds.len(),
                    points.len()
                )));
            }
        }
        let mut points = self.points.each().iter().chain(&self.if_missing);
        if let Some(points) = points.find(|points| points.unsigned_abs() > MAX_POINTS) {
            let detail = format_args!("{points} points, expected -{MAX_POINTS} to {MAX_POINTS}");
            return Err(Error::invalid_model(detail));
        }
        Ok(())
    }

    /// The points that values of `input` can give, ascending, each once. Only after
    /// [`Self::check_parameters`].
    pub(super) fn possible_points(&self, input: Domain) -> Result<Vec<i32>, Error> {
        let each = self.points.each();
        if let Points::Levels { .. } = self.points {
            if !(input.is_whole && input.low >= 0.0) {
                let detail = format_args!(
                    "input {} is not a level, expected one",
                    ordinal(self.input as usize)
                );
                return Err(Error::invalid_model(detail));
            }
            if input.high >= count(each.len()) {
                let (highest, n_levels) = (input.high + 1.0, each.len());
                let detail =
                    format_args!("may get level {highest}, but has points for {n_levels} levels");
                return Err(Error::invalid_model(detail));
            }
        }
        let (first, last) = (self.points.position(input.low), self.points.position(input.high));
        let mut possible = memory::list(each.len() + 1)?;
        possible.extend_from_slice(each.get(first..=last).unwrap_or(each));
        if input.may_be_missing {
            match self.if_missing {
                None => input.check_present()?,
                Some(points) => possible.push(points),
            }
        }
        let point = |index: u32| possible.get(index as usize).copied().unwrap_or(0);
        let order = memory::order(possible.len(), &|a, b| point(a).cmp(&point(b)))?;
        let mut ascending = memory::list(possible.len())?;
        ascending.extend(order.into_iter().map(point));
        ascending.dedup();
        Ok(ascending)
    }
}

impl Points {
    /// The points of each level or bin.
    fn each(&self) -> &[i32] {
        match self {
            Self::Levels { points } | Self::Bins { points, .. } => points,
        }
    }

    /// The level or bin of a value.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole levels")]
    fn position(&self, value: f64) -> usize {
        match self {
            Self::Levels { .. } => value as usize,
            Self::Bins { thresholds, tie: Tie::Below, .. } => {
                thresholds.partition_point(|threshold| value > *threshold)
            }
            Self::Bins { thresholds, tie: Tie::Above, .. } => {
                thresholds.partition_point(|threshold| value >= *threshold)
            }
        }
    }
}
