//! Splits: comparisons of the file, as those of the core.

use nomogram::Side;

use super::super::features::Features;
use super::{Input, Mode, Split};
use crate::columns::{Pulled, pull_back};
use crate::error::Error;
use crate::forests::{self, SourceNode};

impl Split {
    pub(super) fn node(&self, input: &Input, features: &Features) -> Result<SourceNode, Error> {
        if !self.threshold.is_finite() {
            return Err(Error::malformed("a threshold that is not a finite number"));
        }
        let position = forests::number(self.column)?;
        let (if_true, if_false) = (self.if_true, self.if_false);
        let default = if self.missing_is_true { if_true } else { if_false };
        let below = self.threshold.next_down();
        // A value goes to the left when it is at most the threshold.
        let (threshold, left, right) = match self.mode {
            Mode::AtMost => (self.threshold, if_true, if_false),
            Mode::Below => (below, if_true, if_false),
            Mode::Above => (self.threshold, if_false, if_true),
            Mode::AtLeast => (below, if_false, if_true),
            Mode::Equal | Mode::Different | Mode::Member => {
                return self.levels(input, features, position);
            }
        };
        let pulled = pull_back(&input.scaling, threshold, input.arithmetic);
        let (threshold, left, right) = match pulled {
            Some(Pulled::AtMost(bound)) => (bound, left, right),
            Some(Pulled::Above(bound)) => (bound, right, left),
            Some(Pulled::Always) => (f64::MAX, left, right),
            Some(Pulled::Never) => (f64::MAX, right, left),
            None => return Err(Error::unsupported("a split of such a column")),
        };
        let default_child = side(default == left);
        Ok(SourceNode::Split { input: position, threshold, left, right, default_child })
    }
}

impl Split {
    /// A comparison with one code, or with those of a set.
    fn levels(
        &self,
        input: &Input,
        features: &Features,
        position: u32,
    ) -> Result<SourceNode, Error> {
        let is_raw = input.scaling.is_empty() && input.column.maps.is_empty();
        let values = match self.mode {
            Mode::Member => self.members.as_slice(),
            _ => std::slice::from_ref(&self.threshold),
        };
        let levels: Option<Vec<u32>> = values.iter().map(|value| code_of(*value)).collect();
        let levels = levels.filter(|levels| is_raw && !levels.is_empty());
        let mut levels = levels.ok_or_else(|| {
            let what = "a comparison for equality that is not of a feature with a code";
            Error::unsupported(what)
        })?;
        levels.sort_unstable();
        levels.dedup();
        features.mark_coded(input.column.feature);
        let (left, right) = match self.mode {
            Mode::Different => (self.if_false, self.if_true),
            _ => (self.if_true, self.if_false),
        };
        // A missing value differs from every number, whatever `missing_value_tracks_true` is.
        let is_true = self.missing_is_true || self.mode == Mode::Different;
        let default = if is_true { self.if_true } else { self.if_false };
        let default_child = side(default == left);
        Ok(SourceNode::SplitLevels { input: position, levels, left, right, default_child })
    }
}

/// A threshold as the number of a level.
fn code_of(threshold: f64) -> Option<u32> {
    let is_code =
        (0.0..=f64::from(i32::MAX)).contains(&threshold) && threshold.trunc() == threshold;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, from 0 on")]
    is_code.then_some(threshold as u32)
}

fn side(is_left: bool) -> Side {
    if is_left { Side::Left } else { Side::Right }
}
