//! Rows for the intervals of isotonic maps, searched between rows on both sides of each.

use nomogram::Error;

use super::Construction;
use crate::training::golden::bisection::{Interval, between};
use crate::training::golden::nearness::{NEAR, nearest};
use crate::training::golden::space::Needs;

/// How many rows are drawn on both sides of an interval of a calibrator, and how many pairs of them
/// are tried.
const N_AROUND: usize = 48;
const N_PAIRS: usize = 32;

impl Construction<'_> {
    /// Rows in the rising intervals of isotonic maps that no row has reached, however narrow they are.
    pub(super) fn bisect(&mut self, n_max: usize) -> Result<(), Error> {
        let mut missed = self.reach.rising_intervals();
        missed.retain(|rising| !self.reached.contains(&rising.target));
        if missed.is_empty() {
            return Ok(());
        }
        let mut around = self.rows.clone();
        for nth in 0..N_AROUND {
            let share = nth.is_multiple_of(2).then(|| self.random.uniform());
            around.extend(self.row(&Needs::new(), share));
        }
        let probabilities = |row: &Vec<f64>| self.reach.probabilities_before_calibration(row);
        let probabilities: Vec<Option<Vec<f64>>> = around.iter().map(probabilities).collect();
        for rising in missed {
            if self.rows.len() >= n_max {
                break;
            }
            let interval = Interval { low: rising.low, high: rising.high };
            let of_class =
                |p: &Option<Vec<f64>>| p.as_ref().and_then(|p| p.get(rising.class).copied());
            let p_of = |index: &usize| probabilities.get(*index).and_then(of_class);
            let (mut below, mut above) = (Vec::new(), Vec::new());
            for index in 0..around.len() {
                match p_of(&index) {
                    Some(p) if p < rising.low => below.push(index),
                    Some(p) if p >= rising.high => above.push(index),
                    Some(_) | None => {}
                }
            }
            self.random.shuffle(&mut below);
            self.random.shuffle(&mut above);
            let mut best: Option<(f64, Vec<f64>)> = None;
            for nth in 0..N_PAIRS {
                let one_of = |side: &[usize], nth: usize| {
                    side.get(nth % side.len().max(1)).and_then(|index| around.get(*index))
                };
                // Each below with several above.
                let pair = (one_of(&below, nth), one_of(&above, nth + nth / below.len().max(1)));
                let (Some(from), Some(to)) = pair else { break };
                let reach = &mut self.reach;
                let probability = |row: &[f64]| {
                    let probabilities = reach.probabilities_before_calibration(row)?;
                    probabilities.get(rising.class).copied()
                };
                let random = &mut self.random;
                let found = between((from, to), interval, &self.spaces, random, probability);
                let Some(row) = found else { continue };
                let distance = nearest(&self.spaces, self.training, &row);
                if best.as_ref().is_none_or(|(farthest, _)| distance > *farthest) {
                    best = Some((distance, row));
                }
                if distance >= NEAR {
                    break;
                }
            }
            let Some((_, row)) = best else { continue };
            if let Some(reached) = self.evaluate(&row)? {
                self.keep(row, reached);
            }
        }
        Ok(())
    }
}
