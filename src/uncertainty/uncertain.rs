//! How uncertain the prediction of one row is. Computed when it is asked for, without memory.

use super::ranks::is_within;
use super::referral::{Ambiguity, Verdict};
use super::scores::Scores;
use super::spread::{Furthest, furthest};
use super::{Interval, Uncertainty};

/// How uncertain the prediction of one row is, valid as long as the prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uncertain<'a> {
    pub(crate) fitted: &'a Uncertainty,
    /// The outputs of the ensemble.
    pub(crate) outputs: &'a [f64],
    /// The outputs of each member.
    pub(crate) members: &'a [f64],
    /// The admitted row.
    pub(crate) row: &'a [f64],
    /// The row as the branch of the distance encodes it.
    pub(crate) encoded: &'a [f64],
    /// The distance, where it was measured for several results.
    pub(crate) distance: Option<f64>,
}

impl<'a> Uncertain<'a> {
    /// With its distance, for a caller of several results that need it.
    pub(crate) fn measured(self) -> Self {
        Self { distance: self.distance(), ..self }
    }

    /// One p-value per class, in the order of the target's classes: small where the class is strange for
    /// this row. None when a number is predicted.
    #[must_use]
    pub fn p_values(&self) -> impl ExactSizeIterator<Item = f64> + 'a {
        self.fitted.scores.p_values(self.outputs)
    }

    /// How many levels prediction sets and intervals have.
    #[must_use]
    pub fn n_levels(&self) -> usize {
        self.fitted.levels.len()
    }

    /// Whether each class is in the prediction set of a level, which is named by its position among the
    /// levels.
    #[must_use]
    pub fn set(&self, level: usize) -> impl ExactSizeIterator<Item = bool> + 'a {
        let level = self.fitted.level(level);
        self.p_values().map(move |p_value| is_within(p_value, level))
    }

    /// The intervals: of two classes, one of the probability of class 1, if it was fitted; of a number,
    /// one per level.
    #[must_use]
    pub fn intervals(&self) -> impl ExactSizeIterator<Item = Interval> + 'a {
        let uncertain = *self;
        (0..self.fitted.n_intervals()).map(move |index| uncertain.interval(index))
    }

    fn interval(&self, index: usize) -> Interval {
        match &self.fitted.scores {
            Scores::Classes { .. } => {
                let fitted = self.fitted.venn_abers.as_ref().zip(self.outputs.get(1));
                let [low, high] = fitted.map_or([0.0, 1.0], |(fitted, p)| fitted.interval(*p));
                Interval { low, high }
            }
            Scores::Number { ranks, difficulty } => {
                let bound = ranks.largest_within(self.fitted.level(index));
                let width = bound * difficulty.of(self.members);
                let value = self.outputs.first().copied().unwrap_or(f64::NAN);
                Interval { low: value - width, high: value + width }
            }
        }
    }

    /// How far the row is from the training rows, if a distance was fitted.
    #[must_use]
    pub fn distance(&self) -> Option<f64> {
        let fitted = self.fitted.distance.as_ref()?;
        Some(self.distance.unwrap_or_else(|| fitted.of(self.encoded)))
    }

    /// The p-value of the distance: small where the row is unlike the training rows.
    #[must_use]
    pub fn distance_p_value(&self) -> Option<f64> {
        let fitted = self.fitted.distance.as_ref()?;
        self.distance().map(|distance| fitted.ranks.p_value(distance))
    }

    /// The feature whose value is the furthest from what was seen in training, if features are compared.
    #[must_use]
    pub fn furthest(&self) -> Option<Furthest> {
        furthest(&self.fitted.spreads, self.row)
    }

    /// What to do with the prediction, by the rules of the bundle.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let referral = &self.fitted.referral;
        let is_unlike = || {
            let bound = referral.unlike?;
            self.distance_p_value().map(|p_value| p_value <= bound)
        };
        if is_unlike() == Some(true) {
            return Verdict::Unlike;
        }
        let is_ambiguous = match referral.ambiguous {
            None => false,
            Some(Ambiguity::NotOneClass { level }) => {
                self.set(level as usize).filter(|is_in_set| *is_in_set).count() != 1
            }
            Some(Ambiguity::TooWide { level, max_width }) => {
                let Interval { low, high } = self.interval(level as usize);
                high - low > max_width
            }
        };
        if is_ambiguous { Verdict::Ambiguous } else { Verdict::Predicted }
    }
}
