//! The scores of a number: those that its levels need, and no others.

use nomogram::Ranks;

use crate::error::Error;

/// The ranks of scores, for intervals of some levels alone.
///
/// The largest score within each level is kept. Every other score is raised to the next one that is kept,
/// or, above all of them, to a power of two that none exceeds. So each level has the same interval as with
/// all scores, and a bundle has the errors of as many rows as it has levels.
pub(super) fn ranks(scores: &[f64], levels: &[f64]) -> Result<Ranks, Error> {
    let all = Ranks::of(scores.to_vec())?;
    let within = levels.iter().map(|level| all.largest_within(*level));
    let kept: Vec<f64> = within.filter(|score| score.is_finite()).collect();
    let largest = scores.iter().copied().fold(0.0, f64::max);
    let mut above = f64::MIN_POSITIVE;
    while above < largest {
        above *= 2.0;
    }
    let raised = |score: &f64| {
        let next = kept.iter().copied().filter(|kept| score <= kept).fold(f64::INFINITY, f64::min);
        if next.is_finite() { next } else { above }
    };
    Ok(Ranks::of(scores.iter().map(raised).collect())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_the_bound_that_all_scores_give() {
        let levels = [0.5, 0.8, 0.9, 0.95, 0.999];
        for n in 1..60_u32 {
            let mixed = |i: u32| f64::from((i + n).wrapping_mul(2_654_435_761) >> 26) / 7.0;
            let scores: Vec<f64> = (0..n).map(mixed).collect();
            let all = Ranks::of(scores.clone()).unwrap();
            let ranks = ranks(&scores, &levels).unwrap();
            assert_eq!(ranks.n_rows(), n);
            assert!(ranks.n_distinct() <= levels.len() + 1);
            for level in levels {
                assert_eq!(ranks.largest_within(level), all.largest_within(level), "{n} {level}");
            }
        }
    }

    /// `tests/reference/make_numbers.py` made the bounds, with MAPIE 1.6.0.
    #[test]
    fn a_level_that_is_a_rank_has_the_bound_of_that_rank() {
        #[derive(serde::Deserialize)]
        struct Reference {
            bounds: Vec<Bound>,
        }
        #[derive(serde::Deserialize)]
        struct Bound {
            errors: Vec<f64>,
            level: f64,
            bound: f64,
        }
        let text = include_str!("../../tests/reference/numbers.json");
        let Reference { bounds } = serde_json::from_str(text).unwrap();
        assert_eq!(bounds.len(), 8);
        for Bound { errors, level, bound } in bounds {
            let ranks = ranks(&errors, &[level]).unwrap();
            assert_eq!(ranks.largest_within(level), bound, "{} {level}", errors.len());
        }
    }

    #[test]
    fn errors_beyond_all_levels_are_raised_to_a_power_of_two() {
        let mut scores = vec![1.0; 99];
        scores.push(100.3);
        let ranks = ranks(&scores, &[0.9]).unwrap();
        assert_eq!(ranks, Ranks::of([vec![1.0; 99], vec![128.0]].concat()).unwrap());
    }

    #[test]
    fn scores_that_are_not_finite_are_refused() {
        for score in [f64::NAN, f64::INFINITY, 1e101] {
            assert!(ranks(&[1.0, score], &[0.9]).is_err(), "{score}");
        }
        assert_eq!(ranks(&[0.0, 0.0], &[0.5]).unwrap().largest_within(0.5), 0.0);
    }
}
