//! The history of a ward: a model is trained, then its patients are counted period by period.
//!
//! What is watched is what the service and `nomogram monitor` watch: every feature, the predicted risk and
//! the predicted class by the wager on patients, the outcomes by the wager on outcomes. The profile of the
//! risk and of the class is that of models of five folds, as `nomogram train` makes it. Outcomes come true
//! as predicted, so the wager on outcomes never has a reason to alarm.

use nomogram::{Bins, Histogram, Profile, Statuses};
use nomogram_monitor::drift::{Bets, Drift};
use nomogram_monitor::outcomes::{OutcomeBin, OutcomeTest};
use nomogram_monitor::{ALARM, effect};
use nomogram_stats::bins::of_numbers;
use nomogram_stats::random::Random;

use crate::patients::{Change, N_FEATURES, Patient, Patients, Source};
use crate::risk::Risk;

const N_FOLDS: usize = 5;
/// Rows of a profile are multiplied by this for the rule that takes its shares as exactly known.
const AS_IF_KNOWN: u64 = 1_000_000;

/// The sizes of a ward.
#[derive(Clone, Copy)]
pub(crate) struct Ward {
    pub n_training: usize,
    pub n_periods: usize,
    pub per_period: usize,
    /// Patients before a change.
    pub n_quiet: usize,
}

/// The first alarm of each rule, in patients.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Alarms {
    /// The wager on patients.
    pub patients: Option<usize>,
    /// The wager on outcomes.
    pub outcomes: Option<usize>,
    /// The wager on patients with any shares as the only alternative.
    pub any: Option<usize>,
    /// The same, with the shares of the training rows taken as exactly known.
    pub plain: Option<usize>,
    /// PSI above .1 of any feature in a period.
    pub psi: Option<usize>,
}

impl Alarms {
    /// The first alarm of one of the two wagers that are watched.
    pub(crate) fn of_either(&self) -> Option<usize> {
        self.patients.into_iter().chain(self.outcomes).min()
    }
}

/// Counts of a period, per variable and stream.
type Counts = Vec<Vec<Vec<f64>>>;

/// The history of one ward.
pub(crate) fn history(source: &Source, ward: Ward, seed: u64, change: Change) -> Alarms {
    let mut patients = Patients { random: Random::new(seed, 1), source };
    let training: Vec<Patient> =
        (0..ward.n_training).map(|_| patients.next(Change::None)).collect();
    let risk = Risk::fit(training.iter());
    let profile = profile(&training);
    let known = as_if_known(&profile);
    let mut likely = Drift::new(&profile, ward.n_periods, Bets::Likely).unwrap();
    let mut any = Drift::new(&profile, ward.n_periods, Bets::Any).unwrap();
    let mut plain = Drift::new(&known, ward.n_periods, Bets::Any).unwrap();
    let mut test = OutcomeTest::new(ward.n_periods).unwrap();
    let mut alarms = Alarms::default();
    for period in 0..ward.n_periods {
        let is_quiet = period * ward.per_period < ward.n_quiet;
        let mut counts = nothing(&profile);
        let mut outcomes = vec![(0_u64, 0_u64, 0.0); profile.outputs[0].counts().len()];
        for _ in 0..ward.per_period {
            let (row, _) = patients.next(if is_quiet { Change::None } else { change });
            let p = risk.of(&row);
            count(&profile, &row, p, &mut counts);
            let bin = &mut outcomes[profile.outputs[0].bin(p)];
            bin.0 += 1;
            bin.1 += u64::from(patients.random.uniform() < p);
            bin.2 += p;
        }
        let now = (period + 1) * ward.per_period;
        let raise = |alarm: &mut Option<usize>, is_raised: bool| {
            *alarm = alarm.or(is_raised.then_some(now));
        };
        raise(&mut alarms.psi, psi_exceeds(&profile, &counts));
        let bins = outcomes.iter().map(|(n_rows, events, sum)| OutcomeBin {
            n_rows: *n_rows,
            events: *events,
            mean: if *n_rows == 0 { 0.0 } else { sum / *n_rows as f64 },
        });
        let owned = test.add_bins(&bins.collect::<Vec<_>>()).unwrap();
        raise(&mut alarms.outcomes, owned >= ALARM);
        let shares: Counts = counts.iter().map(|streams| vec![streams[0].clone()]).collect();
        for (drift, counts, alarm) in [
            (&mut likely, &counts, &mut alarms.patients),
            (&mut any, &shares, &mut alarms.any),
            (&mut plain, &shares, &mut alarms.plain),
        ] {
            // The first alarm is what counts, and later windows cost the most.
            if alarm.is_none() {
                raise(alarm, drift.add(counts).unwrap().value >= ALARM);
            }
        }
    }
    alarms
}

/// The profile of the training rows, and of the predictions of folds.
fn profile(training: &[Patient]) -> Profile {
    let feature = |at: usize| Histogram {
        bins: of_numbers(training.iter().map(|(row, _)| row[at])),
        statuses: Statuses::default(),
    };
    let mut risks = vec![0.0; training.len()];
    for fold in 0..N_FOLDS {
        let is_held_out = |row: usize| row % N_FOLDS == fold;
        let others = training.iter().enumerate().filter(|(row, _)| !is_held_out(*row));
        let risk = Risk::fit(others.map(|(_, patient)| patient));
        for (row, (patient, _)) in training.iter().enumerate().filter(|(row, _)| is_held_out(*row))
        {
            risks[row] = risk.of(patient);
        }
    }
    let n_events = risks.iter().filter(|risk| **risk >= 0.5).count() as u64;
    let n_rows = training.len() as u64;
    Profile {
        n_rows,
        features: (0..N_FEATURES).map(feature).collect(),
        outputs: vec![of_numbers(risks.into_iter())],
        classes: vec![n_rows - n_events, n_events],
    }
}

/// The same shares, as if so many rows had shown them that they are exact.
fn as_if_known(profile: &Profile) -> Profile {
    let many = |counts: &[u64]| counts.iter().map(|count| AS_IF_KNOWN * count).collect();
    let known = |bins: &Bins| match bins {
        Bins::Gaps { edges, gaps } => Bins::Gaps { edges: edges.clone(), gaps: many(gaps) },
        Bins::Intervals { edges, counts } => {
            Bins::Intervals { edges: edges.clone(), counts: many(counts) }
        }
        other => other.clone(),
    };
    let feature =
        |own: &Histogram| Histogram { bins: known(&own.bins), statuses: Statuses::default() };
    Profile {
        n_rows: AS_IF_KNOWN * profile.n_rows,
        features: profile.features.iter().map(feature).collect(),
        outputs: profile.outputs.iter().map(known).collect(),
        classes: many(&profile.classes),
    }
}

fn nothing(profile: &Profile) -> Counts {
    let features = profile.features.iter();
    let features = features.map(|own| vec![vec![0.0; own.bins.counts().len()], vec![0.0; 6]]);
    let outputs = profile.outputs.iter().map(|bins| vec![vec![0.0; bins.counts().len()]]);
    features.chain(outputs).chain([vec![vec![0.0; profile.classes.len()]]]).collect()
}

fn count(profile: &Profile, row: &[f64; N_FEATURES], risk: f64, counts: &mut Counts) {
    for ((value, counts), histogram) in row.iter().zip(&mut *counts).zip(&profile.features) {
        if value.is_nan() {
            counts[1][1] += 1.0;
        } else {
            counts[0][histogram.bins.bin(*value)] += 1.0;
            counts[1][0] += 1.0;
        }
    }
    counts[N_FEATURES][0][profile.outputs[0].bin(risk)] += 1.0;
    counts[N_FEATURES + 1][0][usize::from(risk >= 0.5)] += 1.0;
}

fn psi_exceeds(profile: &Profile, counts: &Counts) -> bool {
    profile.features.iter().zip(counts).any(|(histogram, counts)| {
        let reference: Vec<f64> =
            histogram.bins.counts().iter().map(|count| *count as f64).collect();
        effect::psi(&reference, &counts[0]) > 0.1
    })
}
