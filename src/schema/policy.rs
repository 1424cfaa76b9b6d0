//! Policies: what happens to values that cannot be used as they are.

use serde::{Deserialize, Serialize};

use crate::codec::{decode_enum, decode_struct};

/// What happens to a value that cannot be used as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// The row is refused.
    #[default]
    Refuse,
    /// The value counts as missing, and the model fills it in: by an impute step, or by the default
    /// child of its trees.
    Impute,
    /// The value is moved to the nearest end of the plausible range.
    Clamp,
    /// The value is used as it is, and the prediction is flagged. An unseen level counts as none of
    /// the known ones.
    Take,
}
decode_enum!(Action { Refuse, Impute, Clamp, Take });

impl Action {
    /// As configurations write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Impute => "impute",
            Self::Clamp => "clamp",
            Self::Take => "take",
        }
    }
}

/// What can be wrong with a value. A [`Policy`] has one action for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The caller did not set it.
    Unset,
    /// The caller declared it missing; in an array of numbers, NaN.
    Missing,
    /// The caller set it to NaN.
    NotANumber,
    /// An infinity.
    Infinite,
    /// Beyond the plausible range.
    OutOfRange,
    /// A text, or a number, that is no level of the category.
    UnseenLevel,
    /// Not of the feature's kind, for example 2.5 for an integer.
    WrongType,
}

/// What happens to the values of a feature that cannot be used as they are, by condition. The
/// default refuses them all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The caller did not set it: refuse or impute.
    pub unset: Action,
    /// The caller declared it missing: refuse or impute.
    pub missing: Action,
    /// The caller set it to NaN: refuse or impute.
    pub not_a_number: Action,
    /// An infinity: refuse, impute or clamp.
    pub infinite: Action,
    /// Beyond the plausible range: refuse, impute, clamp or take.
    pub out_of_range: Action,
    /// No level of the category: refuse, impute or take.
    pub unseen_level: Action,
    /// Not of the feature's kind: refuse or impute.
    pub wrong_type: Action,
}
decode_struct!(Policy {
    unset,
    missing,
    not_a_number,
    infinite,
    out_of_range,
    unseen_level,
    wrong_type
});

impl Policy {
    /// What happens to a value of this condition.
    #[must_use]
    pub fn action(&self, condition: Condition) -> Action {
        match condition {
            Condition::Unset => self.unset,
            Condition::Missing => self.missing,
            Condition::NotANumber => self.not_a_number,
            Condition::Infinite => self.infinite,
            Condition::OutOfRange => self.out_of_range,
            Condition::UnseenLevel => self.unseen_level,
            Condition::WrongType => self.wrong_type,
        }
    }
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 7] = [
        Self::Unset,
        Self::Missing,
        Self::NotANumber,
        Self::Infinite,
        Self::OutOfRange,
        Self::UnseenLevel,
        Self::WrongType,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Missing => "missing",
            Self::NotANumber => "not a number",
            Self::Infinite => "infinite",
            Self::OutOfRange => "out of range",
            Self::UnseenLevel => "an unseen level",
            Self::WrongType => "of the wrong type",
        }
    }

    /// Whether a policy may have this action for the condition.
    pub(super) fn allows(self, action: Action) -> bool {
        match action {
            Action::Refuse | Action::Impute => true,
            Action::Clamp => matches!(self, Self::Infinite | Self::OutOfRange),
            Action::Take => matches!(self, Self::OutOfRange | Self::UnseenLevel),
        }
    }
}
