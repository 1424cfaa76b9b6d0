//! Modes of splits.

use crate::error::Error;

/// How a split compares a value with its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Mode {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
    Different,
    Member,
}

impl Mode {
    pub(in super::super) fn of_name(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "BRANCH_LEQ" => Self::AtMost,
            "BRANCH_LT" => Self::Below,
            "BRANCH_GTE" => Self::AtLeast,
            "BRANCH_GT" => Self::Above,
            "BRANCH_EQ" => Self::Equal,
            "BRANCH_NEQ" => Self::Different,
            other => return Err(Error::unsupported(format!("mode `{other}`"))),
        })
    }

    pub(in super::super) fn of_number(number: f64) -> Result<Self, Error> {
        let modes = [
            Self::AtMost,
            Self::Below,
            Self::AtLeast,
            Self::Above,
            Self::Equal,
            Self::Different,
            Self::Member,
        ];
        let mode = modes.into_iter().zip(0_u8..).find(|(_, nth)| f64::from(*nth) == number);
        let mode = mode.map(|(mode, _)| mode);
        mode.ok_or_else(|| Error::unsupported(format!("mode {number}")))
    }
}
