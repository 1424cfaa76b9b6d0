//! Venn–Abers: isotonic regressions with one more row, for every place that it can have.

use std::collections::BTreeMap;

use nomogram::VennAbers;

use crate::count::number;

/// Steps of the grid from 0 to 1.
pub(super) const RESOLUTION: u32 = 512;

/// Fits it to probabilities of class 1 and whether it came true.
pub(super) fn fit(rows: impl Iterator<Item = (f64, bool)>) -> VennAbers {
    let mut by_step: BTreeMap<u32, Count> = BTreeMap::new();
    for (probability, is_positive) in rows {
        let count = by_step.entry(VennAbers::step(probability, RESOLUTION)).or_default();
        count.n += 1;
        count.positive += usize::from(is_positive);
    }
    let counts: Vec<Count> = by_step.values().copied().collect();
    let with = |positive: usize| -> Vec<f64> {
        (0..counts.len()).map(|place| regression_at(&counts, place, positive)).collect()
    };
    let (lows, highs) = (with(0), with(1));
    VennAbers { resolution: RESOLUTION, steps: by_step.into_keys().collect(), lows, highs }
}

/// Rows of a step, or of several that are pooled.
#[derive(Clone, Copy, Default)]
struct Count {
    n: usize,
    positive: usize,
}

impl Count {
    /// Whether its mean is at least that of `other`; by whole numbers, without rounding.
    fn is_at_least(self, other: Self) -> bool {
        self.positive * other.n >= other.positive * self.n
    }
}

/// The isotonic regression at a step, with one more row there, of which `positive` is the class.
fn regression_at(counts: &[Count], place: usize, positive: usize) -> f64 {
    let mut blocks: Vec<(usize, Count)> = Vec::new();
    for (step, count) in counts.iter().enumerate() {
        let mut block = *count;
        if step == place {
            block.n += 1;
            block.positive += positive;
        }
        while let Some((_, before)) = blocks.pop_if(|(_, before)| before.is_at_least(block)) {
            block.n += before.n;
            block.positive += before.positive;
        }
        blocks.push((step, block));
    }
    let block = blocks.iter().find(|(last_step, _)| *last_step >= place);
    block.map_or(f64::NAN, |(_, count)| number(count.positive) / number(count.n))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The isotonic regression of rows with one more, as the largest of smallest means (Barlow et al.
    /// 1972), without pooling.
    fn by_definition(rows: &[(u32, bool)], added: (u32, bool)) -> f64 {
        let mut all = rows.to_vec();
        all.push(added);
        let mut steps: Vec<u32> = all.iter().map(|(step, _)| *step).collect();
        steps.sort_unstable();
        steps.dedup();
        let mean = |low: u32, high: u32| {
            let between = || all.iter().filter(|(step, _)| (low..=high).contains(step));
            let positive = between().filter(|(_, is_positive)| *is_positive).count();
            number(positive) / number(between().count())
        };
        let lows = steps.iter().filter(|low| **low <= added.0);
        let smallest = |low: &u32| {
            let highs = steps.iter().filter(|high| **high >= added.0);
            highs.map(|high| mean(*low, *high)).fold(f64::INFINITY, f64::min)
        };
        lows.map(smallest).fold(f64::NEG_INFINITY, f64::max)
    }

    #[test]
    fn intervals_are_those_of_two_regressions_wherever_a_row_is() {
        for seed in 0..40_u32 {
            let row = |i: u32| {
                let mixed = (i + 1).wrapping_mul(2_654_435_761).wrapping_add(seed * 40_503);
                let step = (mixed >> 7) % 12 * 2 + 1;
                (step, (mixed >> 17) % 24 < step)
            };
            let rows: Vec<(u32, bool)> = (0..20).map(row).collect();
            let probability = |step: u32| f64::from(step) / f64::from(RESOLUTION);
            let fitted = fit(rows.iter().map(|(step, y)| (probability(*step), *y)));
            for step in 0..30 {
                let expected = [false, true].map(|y| by_definition(&rows, (step, y)));
                assert_eq!(fitted.interval(probability(step)), expected, "{seed} {step}");
            }
        }
    }
}
