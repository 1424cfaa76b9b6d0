//! The prediction of one row.

use crate::intake::Flags;
use crate::link::most_probable;
use crate::uncertainty::Uncertain;

/// The prediction of one row, valid until the session predicts the next one.
///
/// Of classes: every probability is in `[0, 1]` and never NaN; a row's classes sum to 1 within
/// rounding. Of a number: its one output is finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction<'a> {
    pub(crate) is_of_classes: bool,
    pub(crate) outputs: &'a [f64],
    pub(crate) members: &'a [f64],
    pub(crate) margins: &'a [f64],
    pub(crate) row_flags: Flags,
    pub(crate) flags: &'a [Flags],
    pub(crate) broken: &'a [bool],
    pub(crate) uncertain: Option<Uncertain<'a>>,
}

impl<'a> Prediction<'a> {
    /// The index of the most probable class; of equally probable ones, the lowest. `None` when a
    /// number is predicted.
    #[must_use]
    pub fn class(&self) -> Option<usize> {
        self.is_of_classes.then(|| most_probable(self.outputs))
    }

    /// One probability per class, in the order of the target's classes; none when a number is
    /// predicted.
    #[must_use]
    pub fn probabilities(&self) -> &'a [f64] {
        if self.is_of_classes { self.outputs } else { &[] }
    }

    /// The predicted number; `None` when classes are predicted.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        if self.is_of_classes { None } else { self.outputs.first().copied() }
    }

    /// The probabilities of the classes, or the one predicted number.
    #[must_use]
    pub fn outputs(&self) -> &'a [f64] {
        self.outputs
    }

    /// The outputs of each member before they were combined, in the order of the members.
    #[must_use]
    pub fn members(&self) -> impl ExactSizeIterator<Item = &'a [f64]> {
        self.members.chunks_exact(self.outputs.len())
    }

    /// The margins of each member, one member after the other: raw sums on the scale of its link.
    #[must_use]
    pub fn margins(&self) -> &'a [f64] {
        self.margins
    }

    /// What was done to any value so that the row could be predicted, and whether it breaks a rule.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.row_flags
    }

    /// What was done to each value, one per feature.
    #[must_use]
    pub fn feature_flags(&self) -> &'a [Flags] {
        self.flags
    }

    /// Whether the row breaks each rule of the schema.
    #[must_use]
    pub fn broken_rules(&self) -> &'a [bool] {
        self.broken
    }

    /// How uncertain the prediction is; `None` when the bundle has no uncertainty. Computed when it is
    /// asked for.
    #[must_use]
    pub fn uncertain(&self) -> Option<Uncertain<'a>> {
        self.uncertain
    }

    /// How many values, or rules for [`Flags::RULE_BROKEN`], have this flag.
    #[must_use]
    pub fn n_flagged(&self, flag: Flags) -> usize {
        if flag == Flags::RULE_BROKEN {
            return self.broken.iter().filter(|broken| **broken).count();
        }
        self.flags.iter().filter(|flags| flags.contains(flag)).count()
    }
}
