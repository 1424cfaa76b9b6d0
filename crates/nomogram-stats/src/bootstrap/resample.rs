//! Drawing rows with replacement.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Serialize;

use crate::error::Error;
use crate::random::Random;
use crate::rows::Rows;

/// Stream of random numbers of this module.
const RESAMPLES: u64 = 0xB007;

/// How rows are drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BootstrapSpec {
    /// The number of replicates.
    pub n_replicates: usize,
    /// The seed of the random numbers.
    pub seed: u64,
    /// What every replicate has in common with all rows.
    pub strata: Strata,
    /// The number of threads; it does not change the result.
    pub n_threads: NonZeroUsize,
}

/// What every replicate has in common with all rows; where patients are drawn, the number of patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strata {
    /// Only the number of rows.
    None,
    /// The number of rows of each outcome.
    Outcome,
}

impl BootstrapSpec {
    /// `n_replicates` replicates from `seed`, stratified by outcome, on one thread.
    #[must_use]
    pub fn new(n_replicates: usize, seed: u64) -> Self {
        Self { n_replicates, seed, strata: Strata::Outcome, n_threads: NonZeroUsize::MIN }
    }

    /// The row indices of one replicate: as many as there are rows, drawn with replacement.
    /// Stratified, the positive rows are first.
    #[must_use]
    pub fn rows(&self, outcomes: &[bool], replicate: u64) -> Vec<usize> {
        let mut random = Random::new(stream_seed(self.seed, replicate), RESAMPLES);
        let mut draw = |from: &[usize]| -> Vec<usize> {
            let n = from.len() as u64;
            (0..n).filter_map(|_| from.get(place(random.below(n))).copied()).collect()
        };
        let of = |class: bool| -> Vec<usize> {
            let rows = outcomes.iter().enumerate();
            rows.filter(|(_, outcome)| **outcome == class).map(|(row, _)| row).collect()
        };
        match self.strata {
            Strata::None => draw(&(0..outcomes.len()).collect::<Vec<_>>()),
            Strata::Outcome => {
                let mut rows = draw(&of(true));
                rows.extend(draw(&of(false)));
                rows
            }
        }
    }

    /// The row indices of one replicate of patients: as many patients as there are, drawn with
    /// replacement, each with all of its rows. `patients` has the number of the patient of each row.
    /// Without strata: the rows of a patient may be of both classes.
    #[must_use]
    pub fn rows_of_patients(&self, patients: &[usize], replicate: u64) -> Vec<usize> {
        self.draw_groups(&groups(patients), replicate)
    }

    fn draw_groups(&self, groups: &[Vec<usize>], replicate: u64) -> Vec<usize> {
        let mut random = Random::new(stream_seed(self.seed, replicate), RESAMPLES);
        let n = groups.len() as u64;
        let drawn = (0..n).filter_map(|_| groups.get(place(random.below(n))));
        drawn.flatten().copied().collect()
    }
}

/// The rows of each patient, in the order in which patients first appear.
fn groups(patients: &[usize]) -> Vec<Vec<usize>> {
    let mut position = BTreeMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (row, patient) in patients.iter().enumerate() {
        let at = *position.entry(patient).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

pub(crate) fn check_spec(spec: &BootstrapSpec) -> Result<(), Error> {
    if spec.n_replicates == 0 {
        return Err(Error::Data("0 replicates, expected at least 1".into()));
    }
    Ok(())
}

/// `compute` applied to the rows of each replicate, in the order of replicates. Patients are drawn
/// where rows have them.
pub(crate) fn replicates<T, F>(rows: Rows<'_>, spec: &BootstrapSpec, compute: F) -> Vec<T>
where
    T: Send,
    F: Fn(&[usize]) -> T + Sync,
{
    let groups = rows.patients().map(groups);
    let one = |replicate: usize| match &groups {
        Some(groups) => compute(&spec.draw_groups(groups, replicate as u64)),
        None => compute(&spec.rows(rows.outcomes(), replicate as u64)),
    };
    let per_thread = spec.n_replicates.div_ceil(spec.n_threads.get()).max(1);
    let chunk = |first: usize| -> Vec<T> {
        (first..spec.n_replicates.min(first + per_thread)).map(one).collect()
    };
    if per_thread >= spec.n_replicates {
        return chunk(0);
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..spec.n_replicates)
            .step_by(per_thread)
            .map(|first| scope.spawn(move || chunk(first)))
            .collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Vec<T>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().flat_map(join).collect()
    })
}

/// The number `replicate + 1` of `SplitMix64` (Steele, Lea and Flood 2014) from `seed`: neighbouring
/// replicates and seeds begin far apart.
fn stream_seed(seed: u64, replicate: u64) -> u64 {
    let step = replicate.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut mixed = seed.wrapping_add(step);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[allow(clippy::cast_possible_truncation, reason = "an index below a length fits `usize`")]
fn place(below_length: u64) -> usize {
    below_length as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_seeds_are_those_of_splitmix64() {
        // The first three numbers of the generator's reference implementation from seed 1234567.
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([0, 1, 2].map(|replicate| stream_seed(1_234_567, replicate)), expected);
    }

    #[test]
    fn strata_keep_the_number_of_events() {
        let outcomes = [true, false, false, true, false];
        let spec = BootstrapSpec::new(1, 7);
        for replicate in 0..20 {
            let rows = spec.rows(&outcomes, replicate);
            let n_events = rows.iter().filter(|row| outcomes[**row]).count();
            assert_eq!((rows.len(), n_events), (5, 2));
        }
        let free = BootstrapSpec { strata: Strata::None, ..spec };
        let n_events = |replicate| {
            free.rows(&outcomes, replicate).iter().filter(|row| outcomes[**row]).count()
        };
        assert!((0..20).any(|replicate| n_events(replicate) != 2));
    }

    #[test]
    fn a_patient_is_drawn_with_all_of_its_rows() {
        let patients = [3, 1, 3, 7, 1, 3];
        let spec = BootstrapSpec::new(1, 5);
        for replicate in 0..20 {
            let rows = spec.rows_of_patients(&patients, replicate);
            let of = |patient: usize| rows.iter().filter(|row| patients[**row] == patient).count();
            assert_eq!((of(3) % 3, of(1) % 2), (0, 0), "{rows:?}");
            assert_eq!(of(3) / 3 + of(1) / 2 + of(7), 3, "{rows:?}");
        }
        let outcomes = [true, false, true, false, false, true];
        let rows = Rows::new(&outcomes, &[0.5; 6]).unwrap().of_patients(Some(&patients)).unwrap();
        let drawn = replicates(rows, &spec, <[usize]>::to_vec);
        assert_eq!(drawn, [spec.rows_of_patients(&patients, 0)]);
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let outcomes: Vec<bool> = (0..50).map(|row| row % 3 == 0).collect();
        let spec = BootstrapSpec::new(23, 1);
        let probabilities = vec![0.5; 50];
        let rows = Rows::new(&outcomes, &probabilities).unwrap();
        let one = replicates(rows, &spec, <[usize]>::to_vec);
        for n_threads in [2, 5, 23, 40] {
            let n_threads = NonZeroUsize::new(n_threads).unwrap();
            let spec = BootstrapSpec { n_threads, ..spec.clone() };
            assert_eq!(replicates(rows, &spec, <[usize]>::to_vec), one, "{n_threads}");
        }
    }
}
