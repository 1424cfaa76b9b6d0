//! Which uncertainty is fitted, and its fit.

use ndarray::Array2;
use nomogram::{Ambiguity, Distance, Ranks, Referral, Scores, Uncertainty};
use serde::{Deserialize, Serialize};

use super::independent::independent_rows;
use super::{spreads, venn_abers};
use crate::data::Dataset;
use crate::error::Error;
use crate::invalid::{Invalid, require};

/// Scores are rounded up to multiples of one over this.
const SCORE_STEPS: f64 = 512.0;
/// The same for distances.
const DISTANCE_STEPS: f64 = 16.0;

/// Which uncertainty a bundle has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UncertaintySpec {
    /// The levels of prediction sets, ascending.
    pub levels: Vec<f64>,
    /// The input whose rows are compared with the training rows: `scaled`, `raw` or one of the
    /// configuration; null for none.
    pub distance: Option<String>,
    /// Which rows are referred.
    pub refer: ReferralSpec,
}

/// Which rows are referred to a person.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReferralSpec {
    /// A row is ambiguous unless its prediction set of this level, which must be one of the levels, has
    /// one class; null for never.
    pub ambiguous: Option<f64>,
    /// A row is unlike the training rows when the p-value of its distance is at most this; null for
    /// never.
    pub unlike: Option<f64>,
}

impl Default for UncertaintySpec {
    fn default() -> Self {
        Self {
            levels: vec![0.9, 0.95],
            distance: Some("scaled".into()),
            refer: ReferralSpec::default(),
        }
    }
}

impl Default for ReferralSpec {
    fn default() -> Self {
        Self { ambiguous: Some(0.95), unlike: Some(0.01) }
    }
}

impl UncertaintySpec {
    /// Refuses invalid values.
    ///
    /// # Errors
    ///
    /// With the place within this spec.
    pub fn check(&self) -> Result<(), Invalid> {
        let are_levels = self.levels.iter().all(|level| (0.5..=0.999).contains(level))
            && self.levels.is_sorted_by(|a, b| a < b)
            && self.levels.len() <= 8;
        require(are_levels, || {
            let found = format!("{:?}", self.levels);
            Invalid::new(found, "at most 8, ascending, each 0.5 to 0.999").at("levels")
        })?;
        let ReferralSpec { ambiguous, unlike } = self.refer;
        require(ambiguous.is_none_or(|level| self.levels.contains(&level)), || {
            let level = ambiguous.unwrap_or(f64::NAN);
            let expected = format!("one of the levels {:?}, or null", self.levels);
            Invalid::new(level, expected).at("ambiguous").at("refer")
        })?;
        require(unlike.is_none_or(|p| p > 0.0 && p <= 0.2), || {
            let found = unlike.unwrap_or(f64::NAN);
            Invalid::new(found, "above 0, at most 0.2, or null").at("unlike").at("refer")
        })?;
        require(unlike.is_none() || self.distance.is_some(), || {
            Invalid::because("no `distance`, expected `unlike: null`").at("unlike").at("refer")
        })
    }

    /// Fits it to held-out rows: `probabilities`, shape `(n_rows, n_classes)`, are predictions by models
    /// that were not fitted to them, and `distance` has the ranks of held-out rows. Of each patient, one
    /// row counts.
    ///
    /// # Errors
    ///
    /// `Data` when rows have weights, or when a class has no row.
    pub(crate) fn fit(
        &self,
        held_out: &Dataset,
        probabilities: &Array2<f64>,
        distance: Option<Distance>,
        seed: u64,
    ) -> Result<Uncertainty, Error> {
        refuse_weights(held_out)?;
        let rows = independent_rows(held_out.feature_rows(), seed);
        let classes = held_out.classes();
        let of_class = |class: usize| {
            let of_class = rows.iter().filter(|row| classes.get(**row) == Some(&class));
            let score = |row: &usize| {
                probabilities.get((*row, class)).map(|p| rounded_up(1.0 - p, SCORE_STEPS))
            };
            Ranks::of(of_class.filter_map(score).collect())
                .map_err(|_| Error::rare_class("uncertainty: ", class, " has no held-out row"))
        };
        let venn_abers = (held_out.n_classes() == 2).then(|| {
            let row = |row: &usize| {
                let probability = probabilities.get((*row, 1))?;
                Some((*probability, classes.get(*row) == Some(&1)))
            };
            venn_abers::fit(rows.iter().filter_map(row))
        });
        Ok(Uncertainty {
            scores: Scores::Classes {
                ranks: (0..held_out.n_classes()).map(of_class).collect::<Result<_, _>>()?,
            },
            levels: self.levels.clone(),
            venn_abers,
            distance,
            spreads: spreads::spreads(held_out.feature_rows()),
            referral: self.referral()?,
        })
    }

    fn referral(&self) -> Result<Referral, Error> {
        let level = level_at(&self.levels, self.refer.ambiguous)?;
        Ok(Referral {
            ambiguous: level.map(|level| Ambiguity::NotOneClass { level }),
            unlike: self.refer.unlike,
        })
    }
}

/// The position of a level among others.
pub(super) fn level_at(levels: &[f64], level: Option<f64>) -> Result<Option<u32>, Error> {
    let position = level.and_then(|level| levels.iter().position(|other| *other == level));
    position.map(crate::count::position).transpose()
}

/// The ranks of the distances of held-out rows.
pub(crate) fn ranks_of_distances(distances: impl Iterator<Item = f64>) -> Result<Ranks, Error> {
    Ok(Ranks::of(distances.map(|distance| rounded_up(distance, DISTANCE_STEPS)).collect())?)
}

/// Refuses rows that count differently: the rank of a row among them would not be a p-value.
pub(crate) fn refuse_weights(dataset: &Dataset) -> Result<(), Error> {
    if dataset.weights().is_none() {
        return Ok(());
    }
    let detail = "uncertainty: the rows have weights, expected rows that count 1 each";
    Err(Error::Data(detail.into()))
}

/// The next multiple of `1 / n_steps` that is not below `value`.
fn rounded_up(value: f64, n_steps: f64) -> f64 {
    (value * n_steps).ceil() / n_steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_never_rounded_down() {
        for score in [0.0, 1e-9, 0.1, 0.5, 0.999_999, 1.0] {
            let rounded = rounded_up(score, SCORE_STEPS);
            assert!(rounded >= score && rounded - score < 1.0 / SCORE_STEPS, "{score}");
        }
    }

    #[test]
    fn settings_that_do_not_fit_are_refused_with_their_place() {
        let with = |edit: fn(&mut UncertaintySpec)| {
            let mut spec = UncertaintySpec::default();
            edit(&mut spec);
            spec.check().map_err(|invalid| invalid.to_string())
        };
        assert_eq!(with(|_| {}), Ok(()));
        for (edit, expected) in [
            ((|s| s.levels = vec![0.95, 0.9]) as fn(&mut UncertaintySpec), "levels"),
            (|s| s.levels = vec![0.4], "levels"),
            (|s| s.refer.ambiguous = Some(0.8), "refer: ambiguous"),
            (|s| s.refer.unlike = Some(0.0), "refer: unlike"),
            (|s| s.distance = None, "refer: unlike"),
        ] {
            let error = with(edit).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
