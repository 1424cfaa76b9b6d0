//! Which uncertainty a sealed model gets from rows that it never saw, and the fit for a number.

use nomogram::{Ambiguity, Difficulty, Distance, Referral, Scores, Target, Uncertainty};
use serde::{Deserialize, Serialize};

use super::independent::independent_rows;
use super::number_scores::ranks;
use super::spec::{ReferralSpec, UncertaintySpec, level_at};
use super::spreads::spreads;
use crate::data::NumberRows;
use crate::error::Error;
use crate::invalid::{Invalid, require};
use crate::predictions::NumberPredictions;

/// Which uncertainty a sealed model gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SealedUncertaintySpec {
    /// The levels of prediction sets, or of intervals of a number, ascending.
    pub levels: Vec<f64>,
    /// What errors of a number are divided by.
    pub difficulty: DifficultySpec,
    /// The branch whose encoded rows are compared; null for none.
    pub distance: Option<String>,
    /// Which rows are referred.
    pub refer: SealedReferralSpec,
}

/// What errors of a number are divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DifficultySpec {
    /// By 1.
    #[default]
    Constant,
    /// By half of the range of the members' numbers plus an offset.
    MemberRange {
        /// In the unit of the target, above 0, so that members that agree are not taken as certain.
        offset: f64,
    },
}

/// Which rows are referred to a person; by default, none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SealedReferralSpec {
    /// One of the levels. A row is ambiguous unless its prediction set of this level has one class, or
    /// when its interval of this level is wider than `max_width`.
    pub ambiguous: Option<f64>,
    /// The widest interval of a number that is not ambiguous, in the unit of the target.
    pub max_width: Option<f64>,
    /// A row is unlike the training rows when the p-value of its distance is at most this.
    pub unlike: Option<f64>,
}

impl Default for SealedUncertaintySpec {
    fn default() -> Self {
        Self {
            levels: UncertaintySpec::default().levels,
            difficulty: DifficultySpec::default(),
            distance: None,
            refer: SealedReferralSpec::default(),
        }
    }
}

impl SealedUncertaintySpec {
    /// Refuses invalid values.
    ///
    /// # Errors
    ///
    /// With the place within this spec.
    pub fn check(&self) -> Result<(), Invalid> {
        self.of_classes().check()?;
        if let DifficultySpec::MemberRange { offset } = self.difficulty {
            require((1e-100..=1e100).contains(&offset), || {
                let invalid = Invalid::new(offset, "1e-100 to 1e100").at("offset");
                invalid.at("member_range").at("difficulty")
            })?;
        }
        let max_width = self.refer.max_width;
        require(max_width.is_none_or(|width| (0.0..=1e100).contains(&width)), || {
            let found = max_width.unwrap_or(f64::NAN);
            Invalid::new(found, "0 to 1e100, or null").at("max_width").at("refer")
        })?;
        require(max_width.is_none() || self.refer.ambiguous.is_some(), || {
            let invalid = Invalid::because("no `ambiguous`, expected the level of the interval");
            invalid.at("max_width").at("refer")
        })
    }

    /// Refuses what does not fit a model of this target with so many members.
    pub(crate) fn check_for(&self, target: &Target, n_members: usize) -> Result<(), Invalid> {
        let (is_constant, refer) = (self.difficulty == DifficultySpec::Constant, self.refer);
        if target.classes().is_empty() {
            require(refer.ambiguous.is_none() || refer.max_width.is_some(), || {
                let invalid = Invalid::because("no `max_width`, expected the widest interval");
                invalid.at("ambiguous").at("refer")
            })?;
            return require(is_constant || n_members > 1, || {
                let found = "the model has 1 member";
                Invalid::new(found, "several, or `constant`").at("difficulty")
            });
        }
        let of_number = |is_absent: bool, place: fn(Invalid) -> Invalid| {
            require(is_absent, || place(Invalid::because("of a number, but the model has classes")))
        };
        of_number(is_constant, |invalid| invalid.at("difficulty"))?;
        of_number(refer.max_width.is_none(), |invalid| invalid.at("max_width").at("refer"))
    }

    /// The same for a model of classes.
    pub(crate) fn of_classes(&self) -> UncertaintySpec {
        let SealedReferralSpec { ambiguous, unlike, .. } = self.refer;
        UncertaintySpec {
            levels: self.levels.clone(),
            distance: self.distance.clone(),
            refer: ReferralSpec { ambiguous, unlike },
        }
    }

    /// Fits it to rows with known numbers and their predictions; `distance` has the ranks of these rows, or
    /// of others. Of each patient, one row counts.
    ///
    /// # Errors
    ///
    /// `Model` when a score is not finite.
    pub(crate) fn fit_number(
        &self,
        rows: &NumberRows,
        predictions: &NumberPredictions,
        distance: Option<Distance>,
        seed: u64,
    ) -> Result<Uncertainty, Error> {
        let difficulty = match self.difficulty {
            DifficultySpec::Constant => Difficulty::Constant,
            DifficultySpec::MemberRange { offset } => Difficulty::MemberRange { offset },
        };
        let score = |row: usize| {
            let (number, predicted) = (rows.numbers().get(row)?, predictions.ensemble.get(row)?);
            let members = predictions.members.row(row).to_vec();
            Some((number - predicted).abs() / difficulty.of(&members))
        };
        let independent = independent_rows(rows.feature_rows(), seed);
        let scores: Vec<f64> = independent.into_iter().filter_map(score).collect();
        let level = level_at(&self.levels, self.refer.ambiguous)?;
        let too_wide = |(level, max_width)| Ambiguity::TooWide { level, max_width };
        Ok(Uncertainty {
            scores: Scores::Number { ranks: ranks(&scores, &self.levels)?, difficulty },
            levels: self.levels.clone(),
            venn_abers: None,
            distance,
            spreads: spreads(rows.feature_rows()),
            referral: Referral {
                ambiguous: level.zip(self.refer.max_width).map(too_wide),
                unlike: self.refer.unlike,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_do_not_fit_are_refused_with_their_place() {
        let number = Target::Number { name: "days".into(), unit: None };
        let classes = Target::of_classes("y", ["no", "yes"]);
        type Edit = fn(&mut SealedUncertaintySpec);
        let checked = |edit: Edit, target: &Target, n_members| {
            let mut spec = SealedUncertaintySpec::default();
            edit(&mut spec);
            let checked = spec.check().and_then(|()| spec.check_for(target, n_members));
            checked.map_err(|invalid| invalid.to_string())
        };
        let range = |offset| DifficultySpec::MemberRange { offset };
        assert_eq!(range(0.5), serde_json::from_str(r#"{"member_range":{"offset":0.5}}"#).unwrap());
        for target in [&number, &classes] {
            assert_eq!(checked(|_| {}, target, 1), Ok(()));
        }
        let wide: Edit = |s| (s.refer.ambiguous, s.refer.max_width) = (Some(0.9), Some(2.0));
        let member_range: Edit = |s| s.difficulty = DifficultySpec::MemberRange { offset: 0.5 };
        assert_eq!(checked(wide, &number, 1), Ok(()));
        assert_eq!(checked(member_range, &number, 2), Ok(()));
        let cases: [(Edit, &Target, &str); 8] = [
            (wide, &classes, "refer: max_width: of a number, but the model has classes"),
            (member_range, &classes, "difficulty: of a number, but the model has classes"),
            (member_range, &number, "difficulty: the model has 1 member, expected several"),
            (|s| s.refer.ambiguous = Some(0.9), &number, "refer: ambiguous: no `max_width`"),
            (|s| s.refer.max_width = Some(1.0), &number, "refer: max_width: no `ambiguous`"),
            (|s| s.refer.max_width = Some(f64::NAN), &number, "refer: max_width: NaN, expected 0"),
            (|s| s.refer.unlike = Some(0.01), &number, "refer: unlike: no `distance`"),
            (
                |s| s.difficulty = DifficultySpec::MemberRange { offset: 0.0 },
                &number,
                "difficulty: member_range: offset: 0, expected 1e-100",
            ),
        ];
        for (edit, target, expected) in cases {
            let error = checked(edit, target, 1).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
