//! Conformal scores: how strange a class or a number is for a row, by rows that were held out.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::ranks::Ranks;
use crate::codec::decode_enum;
use crate::error::{Error, Place};
use crate::schema::Target;

/// The scores of held-out rows (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World,
/// 2005).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scores {
    /// Of classes: `1 − probability` of the class that came true, for each class apart.
    Classes {
        /// The held-out rows of each class.
        ranks: Vec<Ranks>,
    },
    /// Of a number: the absolute error, divided by how difficult the row is.
    Number {
        /// All held-out rows.
        ranks: Ranks,
        /// What errors are divided by.
        difficulty: Difficulty,
    },
}
decode_enum!(Scores { Classes { ranks }, Number { ranks, difficulty } });

/// How difficult a row is: the unit of its error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Difficulty {
    /// 1 for every row.
    Constant,
    /// Half of the range of the members' numbers, plus an offset.
    MemberRange {
        /// Above 0, so that members that agree are not taken as certain.
        offset: f64,
    },
}
decode_enum!(Difficulty { Constant, MemberRange { offset } });

impl Difficulty {
    /// Of a row, from the number of each member.
    #[must_use]
    pub fn of(self, members: &[f64]) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::MemberRange { offset } => {
                let low = members.iter().copied().fold(f64::INFINITY, f64::min);
                let high = members.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                (high - low) / 2.0 + offset
            }
        }
    }

    fn check(self) -> Result<(), Error> {
        match self {
            Self::Constant => Ok(()),
            Self::MemberRange { offset } if (1e-100..=1e100).contains(&offset) => Ok(()),
            Self::MemberRange { offset } => {
                let detail = format_args!("offset {offset}, expected 1e-100 to 1e100");
                Err(Error::invalid_model(detail))
            }
        }
    }
}

impl Scores {
    /// Checks the scores against the target.
    pub(super) fn check(&self, target: &Target) -> Result<(), Error> {
        let n_classes = target.classes().len();
        match self {
            Self::Classes { ranks } if ranks.len() != n_classes || n_classes == 0 => {
                let detail =
                    format_args!("scores of {} classes, expected {n_classes}", ranks.len());
                Err(Error::invalid_model(detail))
            }
            Self::Classes { ranks } => ranks.iter().enumerate().try_for_each(|(class, ranks)| {
                ranks.check().map_err(|e| e.within(Place::Class(class)))
            }),
            Self::Number { .. } if n_classes > 0 => {
                Err(Error::invalid_model("scores of a number, but the target has classes"))
            }
            Self::Number { ranks, difficulty } => {
                difficulty.check()?;
                ranks.check()
            }
        }
    }

    /// The p-value of each class, from their probabilities; none of a number.
    pub(super) fn p_values<'a>(
        &'a self,
        outputs: &'a [f64],
    ) -> impl ExactSizeIterator<Item = f64> + 'a {
        let ranks = match self {
            Self::Classes { ranks } => ranks.as_slice(),
            Self::Number { .. } => &[],
        };
        ranks.iter().zip(outputs).map(|(ranks, probability)| ranks.p_value(1.0 - probability))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn members_that_differ_make_a_row_difficult() {
        let difficulty = Difficulty::MemberRange { offset: 0.5 };
        assert_eq!(difficulty.of(&[3.0, 7.0, 4.0]), 2.5);
        assert_eq!(difficulty.of(&[3.0]), 0.5);
        assert_eq!(Difficulty::Constant.of(&[3.0, 7.0]), 1.0);
    }

    #[test]
    fn scores_must_be_those_of_the_target() {
        let ranks = Ranks::of(vec![0.5]).unwrap();
        let two = Target::of_classes("diagnosis", ["B", "M"]);
        let number = Target::Number { name: "days".into(), unit: None };
        let of_classes = |n| Scores::Classes { ranks: vec![ranks.clone(); n] };
        let of_number = |offset| Scores::Number {
            ranks: ranks.clone(),
            difficulty: Difficulty::MemberRange { offset },
        };
        assert!(of_classes(2).check(&two).is_ok());
        assert!(of_classes(3).check(&two).is_err());
        assert!(of_classes(0).check(&number).is_err());
        assert!(of_number(1.0).check(&number).is_ok());
        assert!(of_number(0.0).check(&number).is_err());
        assert!(of_number(1.0).check(&two).is_err());
    }
}
