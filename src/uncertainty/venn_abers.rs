//! Venn–Abers: an interval for the probability of class 1, from two isotonic regressions.
//!
//! The regressions are fitted once, by the trainer, for every place that a new row can have among the
//! held-out rows. Predicting looks the two numbers up.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::codec::decode_struct;
use crate::error::Error;

/// The finest grid of probabilities.
const MAX_RESOLUTION: u32 = 1 << 16;

/// For each probability of a held-out row, the isotonic regression at a new row of the same
/// probability, once if that row is of class 0 and once if it is of class 1 (Vovk, Petej and Fedorova,
/// Large-scale probabilistic predictors with and without guarantees of validity, 2015).
///
/// Probabilities are rounded down to a grid first, those of held-out and new rows alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VennAbers {
    /// How many steps the grid has from 0 to 1.
    pub resolution: u32,
    /// The probabilities of held-out rows as steps of the grid, each once, ascending.
    pub steps: Vec<u32>,
    /// For each step, the regression at a new row of class 0.
    pub lows: Vec<f64>,
    /// For each step, the regression at a new row of class 1.
    pub highs: Vec<f64>,
}
decode_struct!(VennAbers { resolution, steps, lows, highs });

impl VennAbers {
    /// The step of the grid that a probability is rounded down to.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a probability times at most 65,536; the cast rounds down"
    )]
    pub fn step(probability: f64, resolution: u32) -> u32 {
        (probability * f64::from(resolution)) as u32
    }

    /// The interval of a probability of class 1.
    #[must_use]
    pub fn interval(&self, probability: f64) -> [f64; 2] {
        let step = Self::step(probability, self.resolution);
        // Between two steps, a row of class 0 is pooled with those below, one of class 1 with those above.
        let n_up_to = self.steps.partition_point(|known| *known <= step);
        let n_below = self.steps.partition_point(|known| *known < step);
        let low = n_up_to.checked_sub(1).and_then(|last| self.lows.get(last));
        let high = self.highs.get(n_below);
        [low.copied().unwrap_or(0.0), high.copied().unwrap_or(1.0)]
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let Self { resolution, steps, lows, highs } = self;
        if !(1..=MAX_RESOLUTION).contains(resolution) {
            let detail = format_args!("resolution {resolution}, expected 1 to {MAX_RESOLUTION}");
            return Err(Error::invalid_model(detail));
        }
        let n_steps = steps.len();
        if n_steps == 0 || lows.len() != n_steps || highs.len() != n_steps {
            return Err(Error::invalid_model(format_args!(
                "{n_steps} steps, {} lows and {} highs, expected equally many, and at least 1",
                lows.len(),
                highs.len()
            )));
        }
        let ascend = steps.is_sorted_by(|a, b| a < b) && steps.last() <= Some(resolution);
        let are_probabilities = |values: &[f64]| {
            values.is_sorted() && values.iter().all(|value| (0.0..=1.0).contains(value))
        };
        let are_intervals = lows.iter().zip(highs).all(|(low, high)| low <= high);
        if !ascend || !are_probabilities(lows) || !are_probabilities(highs) || !are_intervals {
            let detail = "its steps do not ascend within the grid, or its intervals within [0, 1]";
            return Err(Error::invalid_model(detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn two_steps() -> VennAbers {
        VennAbers { resolution: 10, steps: vec![2, 7], lows: vec![0.1, 0.6], highs: vec![0.3, 0.9] }
    }

    #[test]
    fn between_two_steps_the_interval_reaches_from_the_lower_to_the_upper_one() {
        let fitted = two_steps();
        assert!(fitted.check().is_ok());
        for (probability, expected) in [
            (0.0, [0.0, 0.3]),
            (0.25, [0.1, 0.3]),
            (0.5, [0.1, 0.9]),
            (0.75, [0.6, 0.9]),
            (0.8, [0.6, 1.0]),
            (1.0, [0.6, 1.0]),
        ] {
            assert_eq!(fitted.interval(probability), expected, "{probability}");
        }
    }

    #[test]
    fn intervals_that_are_not_monotone_are_refused() {
        let edits: [fn(&mut VennAbers); 8] = [
            |fitted| fitted.resolution = 0,
            |fitted| fitted.resolution = 6,
            |fitted| fitted.steps = vec![7, 7],
            |fitted| fitted.lows = vec![0.1],
            |fitted| fitted.lows = vec![0.2, 0.1],
            |fitted| fitted.highs = vec![0.3, 1.1],
            |fitted| fitted.highs = vec![0.05, 0.9],
            |fitted| fitted.highs = vec![0.3, f64::NAN],
        ];
        for (index, edit) in edits.into_iter().enumerate() {
            let mut fitted = two_steps();
            edit(&mut fitted);
            assert!(fitted.check().is_err(), "edit {index}");
        }
    }
}
