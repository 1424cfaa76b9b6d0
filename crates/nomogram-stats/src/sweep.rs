//! Positive rows at every cutoff that makes a difference.

/// How many rows have at least the probability `cutoff`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AtCutoff {
    pub(super) cutoff: f64,
    pub(super) true_positive: usize,
    pub(super) false_positive: usize,
}

/// One entry per distinct probability, from the highest down; rows are checked.
pub(super) fn sweep(outcomes: &[bool], probabilities: &[f64]) -> Vec<AtCutoff> {
    // Adding 0 makes −0 the same number as 0 for `total_cmp`.
    let mut rows: Vec<(f64, bool)> = probabilities
        .iter()
        .zip(outcomes)
        .map(|(value, outcome)| (value + 0.0, *outcome))
        .collect();
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let (mut true_positive, mut false_positive) = (0, 0);
    rows.chunk_by(|a, b| a.0.to_bits() == b.0.to_bits())
        .map(|tied| {
            let n_positive = tied.iter().filter(|(_, outcome)| *outcome).count();
            true_positive += n_positive;
            false_positive += tied.len() - n_positive;
            let cutoff = tied.first().map_or(f64::NAN, |(cutoff, _)| *cutoff);
            AtCutoff { cutoff, true_positive, false_positive }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_one_cutoff() {
        let points = sweep(&[true, false, true, false], &[0.0, 0.7, 0.7, -0.0]);
        let expected = [
            AtCutoff { cutoff: 0.7, true_positive: 1, false_positive: 1 },
            AtCutoff { cutoff: 0.0, true_positive: 2, false_positive: 2 },
        ];
        assert_eq!(points, expected);
    }
}
