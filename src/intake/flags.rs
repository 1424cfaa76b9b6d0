//! Flags: what was done to a row so that it could be predicted.

/// What was done to a value, or to a row, so that it could be predicted. Bits; 0 is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// It counts as missing, and the model filled it in.
    pub const IMPUTED: Self = Self(1);
    /// It was moved to the nearest end of its plausible range.
    pub const CLAMPED: Self = Self(2);
    /// It is not a level of its category.
    pub const UNSEEN_LEVEL: Self = Self(4);
    /// It lay outside of its plausible range.
    pub const OUT_OF_RANGE: Self = Self(8);
    /// The row breaks a rule. Never a flag of a single value.
    pub const RULE_BROKEN: Self = Self(16);
    /// Every flag, in the order of their bits.
    pub const ALL: [Self; 5] =
        [Self::IMPUTED, Self::CLAMPED, Self::UNSEEN_LEVEL, Self::OUT_OF_RANGE, Self::RULE_BROKEN];

    /// The flags as bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether every flag of `other` is among them.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
