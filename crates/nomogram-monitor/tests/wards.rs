//! A year of simulated wards: false alarms, and how soon a slip of units is found.
//!
//! Each ward trains a model on patients of its own, predicts a year of patients through the core, counts
//! them in weeks, and looks at both wagers every evening. Outcomes become known after 30 days. In wards with
//! a slip, one laboratory value is in another unit from one morning on. A few wards run as a test; more with
//!
//! ```sh
//! NOMOGRAM_WARDS=400 cargo test -p nomogram-monitor --test wards -- --nocapture
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a simulation within its own sizes")]
#![allow(clippy::indexing_slicing, reason = "arrays of the sizes below")]
#![allow(clippy::cast_precision_loss, reason = "counts of patients")]

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::Array2;
use nomogram::numeric::{cos, exp, ln, sqrt};
use nomogram::{
    Bins, Branch, Combiner, Digest, EnsembleMember, Feature, Histogram, Inputs, Linear, Link,
    MIN_GOLDEN_CASES, Manifest, Member, Model, Monitor, Parts, Profile, Schema, Session,
    StandardScaler, Statuses, Step, Target, seal,
};
use nomogram_monitor::drift::{Bets, Drift};
use nomogram_monitor::outcomes::OutcomeTest;
use nomogram_monitor::{ALARM, Period};
use nomogram_stats::bins::of_numbers;
use nomogram_stats::random::Random;

const N_FEATURES: usize = 12;
const N_TRAINING: usize = 426;
const N_DAYS: usize = 365;
/// Weeks of a year, the horizon.
const N_WEEKS: usize = 53;
/// Days until an outcome is known.
const DELAY: usize = 30;
/// The largest number of patients until a slip must be found.
const SOON: usize = 50;
/// What a value is multiplied by in another unit: creatinine from mg/dL to µmol/L, glucose from mg/dL to
/// mmol/L, haemoglobin from g/dL to g/L.
const SLIPS: [f64; 3] = [88.42, 1.0 / 18.016, 10.0];

/// Patients of a ward: laboratory values with a log-normal distribution, in three correlated groups.
struct Patients(Random);

impl Patients {
    fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.0.uniform(), self.0.uniform());
        sqrt(-2.0 * ln(u)) * cos(std::f64::consts::TAU * v)
    }

    fn next(&mut self) -> [f64; N_FEATURES] {
        let groups = [self.normal(), self.normal(), self.normal()];
        let mut row = [0.0; N_FEATURES];
        for (index, value) in row.iter_mut().enumerate() {
            let usual = 1.0 + index as f64;
            *value = usual * exp(0.3 * (sqrt(0.5) * groups[index / 4] + sqrt(0.5) * self.normal()));
        }
        row
    }

    /// From 3 patients on a quiet day to 12 on a busy one; fewer at weekends.
    fn n_today(&mut self, day: usize) -> u64 {
        let most = if day % 7 < 5 { 10 } else { 4 };
        3 + self.0.below(most)
    }
}

/// A logistic model whose profile is that of `training`.
fn model(training: &[[f64; N_FEATURES]]) -> Arc<Model> {
    let n_rows = training.len() as f64;
    let mean = |feature: usize| training.iter().map(|row| row[feature]).sum::<f64>() / n_rows;
    let means: Vec<f64> = (0..N_FEATURES).map(mean).collect();
    let deviation = |feature: usize| {
        let squares = training
            .iter()
            .map(|row| row[feature] - means[feature])
            .map(|from_mean| from_mean * from_mean);
        sqrt(squares.sum::<f64>() / n_rows)
    };
    let deviations = (0..N_FEATURES).map(deviation).collect();
    let scaler = StandardScaler::new(Inputs::all(12), means, deviations).unwrap();
    let weights = (0..N_FEATURES).map(|feature| 0.4 - 0.05 * feature as f64).collect();
    let features = (0..N_FEATURES).map(|feature| Feature::number(format!("lab {}", feature + 1)));
    let schema =
        Schema::new(features.collect(), Target::of_classes("death", ["no", "yes"])).unwrap();
    let mut parts = Parts {
        manifest: Manifest {
            name: "ward".into(),
            version: "1".into(),
            created_by: "simulation".into(),
            training_data_digest: Digest::of(b"simulated"),
            configuration_digest: Digest::of(b"none"),
            notes: BTreeMap::new(),
        },
        schema,
        branches: vec![Branch {
            name: "scaled".into(),
            source: None,
            steps: vec![Step::StandardScale(scaler)],
        }],
        members: vec![EnsembleMember {
            name: "logistic".into(),
            branch: 0,
            member: Member::Linear(Linear::new(Link::Logit, vec![-1.5], weights).unwrap()),
        }],
        combiner: Combiner::SoftVote { weights: vec![1.0] },
        calibrator: None,
        profile: None,
        cutoffs: vec![],
        uncertainty: None,
        card: None,
        explanation: None,
    };
    let golden = Array2::from_shape_fn((MIN_GOLDEN_CASES, N_FEATURES), |(row, feature)| {
        training[row % training.len()][feature]
    });
    let bare = Model::open(&seal(&parts, golden.view()).unwrap()).unwrap();
    parts.profile = Some(profile(Arc::new(bare), training));
    Arc::new(Model::open(&seal(&parts, golden.view()).unwrap()).unwrap())
}

fn profile(model: Arc<Model>, training: &[[f64; N_FEATURES]]) -> Profile {
    let mut session = Session::new(model);
    let (mut risks, mut classes) = (Vec::new(), vec![0; 2]);
    for row in training {
        let prediction = session.predict_row(row).unwrap();
        risks.push(prediction.probabilities()[1]);
        classes[prediction.class().unwrap()] += 1;
    }
    let of_feature = |feature: usize| Histogram {
        bins: of_numbers(training.iter().map(|row| row[feature])),
        statuses: Statuses::default(),
    };
    let outputs: Vec<Bins> = vec![of_numbers(risks.into_iter())];
    let features = (0..N_FEATURES).map(of_feature).collect();
    Profile { n_rows: training.len() as u64, features, outputs, classes }
}

/// A slip: the day from which a feature is multiplied by a factor.
#[derive(Clone, Copy)]
struct Slip {
    day: usize,
    feature: usize,
    factor: f64,
}

/// What a year of a ward came to.
struct Year {
    /// Patients from the slip to the first alarm on patients; 0 for a false alarm.
    patients: Option<usize>,
    /// Whether the wager on outcomes raised an alarm.
    outcomes: bool,
}

fn year(seed: u64, slip: Option<Slip>) -> Year {
    let mut patients = Patients(Random::new(seed, 7));
    let training: Vec<_> = (0..N_TRAINING).map(|_| patients.next()).collect();
    let model = model(&training);
    let mut session = Session::new(Arc::clone(&model));
    let mut drift = Drift::new(model.profile().unwrap(), N_WEEKS, Bets::Likely).unwrap();
    let mut test = OutcomeTest::new(N_WEEKS).unwrap();
    let mut week = Monitor::new(Arc::clone(&model)).unwrap();
    let mut pending: Vec<(usize, f64, bool)> = Vec::new();
    let mut year = Year { patients: None, outcomes: false };
    let mut n_since_slip = 0;
    for day in 0..N_DAYS {
        session.attach(Monitor::new(Arc::clone(&model)).unwrap()).unwrap();
        for _ in 0..patients.n_today(day) {
            let truth = patients.next();
            let mut entered = truth;
            if let Some(slip) = slip.filter(|slip| day >= slip.day) {
                entered[slip.feature] *= slip.factor;
                n_since_slip += 1;
            }
            let risk = session.predict_row(&entered).unwrap().probabilities()[1];
            let came_true = patients.0.uniform() < risk;
            pending.push((day + DELAY, risk, came_true));
        }
        week.add(&session.detach().unwrap().to_bytes()).unwrap();
        pending.retain(|(known, risk, came_true)| {
            if *known == day {
                week.add_outcome(*risk, *came_true).unwrap();
            }
            *known > day
        });
        // Every evening: the week so far.
        let period = Period::of_monitor(week.clone());
        let (counts, outcomes) = (period.counts().unwrap(), period.outcomes().unwrap());
        let is_end_of_week = day % 7 == 6;
        let (wager, owned) = if is_end_of_week {
            week.clear();
            (drift.add(&counts).unwrap(), test.add_bins(&outcomes).unwrap())
        } else {
            (drift.clone().add(&counts).unwrap(), test.clone().add_bins(&outcomes).unwrap())
        };
        year.outcomes |= owned >= ALARM;
        if wager.value >= ALARM {
            year.patients = Some(n_since_slip);
            if slip.is_some() {
                return year;
            }
        }
    }
    year
}

fn n_wards() -> u64 {
    std::env::var("NOMOGRAM_WARDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

#[test]
fn quiet_wards_raise_few_false_alarms() {
    let n_wards = n_wards();
    let years: Vec<Year> = (0..n_wards).map(|ward| year(1000 + ward, None)).collect();
    let n_patients = years.iter().filter(|year| year.patients.is_some()).count();
    let n_outcomes = years.iter().filter(|year| year.outcomes).count();
    let percent = |n: usize| 100.0 * n as f64 / n_wards as f64;
    println!(
        "{n_wards} quiet wards: false alarms on patients {:.1} %, on outcomes {:.1} %",
        percent(n_patients),
        percent(n_outcomes)
    );
    // One in twenty for each wager.
    let most = usize::try_from(n_wards.div_ceil(20)).unwrap();
    assert!(n_patients <= most && n_outcomes <= most, "{n_patients}, {n_outcomes} of {n_wards}");
}

#[test]
fn a_slip_of_units_is_found_within_50_patients() {
    let n_wards = n_wards();
    let mut found: Vec<usize> = Vec::new();
    let mut n_false = 0;
    for ward in 0..n_wards {
        let index = usize::try_from(ward).unwrap();
        let slip = Slip {
            day: 60 + index * 17 % 250,
            feature: index % N_FEATURES,
            factor: SLIPS[index % SLIPS.len()],
        };
        match year(2000 + ward, Some(slip)).patients {
            Some(0) => n_false += 1,
            patients => found.push(patients.unwrap_or(usize::MAX)),
        }
    }
    found.sort_unstable();
    let at = |share: usize| found.get(found.len().saturating_sub(1) * share / 100).copied();
    println!(
        "{n_wards} wards with a slip: {n_false} false alarms before; patients until it is found: median {:?}, \
         90 % {:?}, at most {:?}",
        at(50),
        at(90),
        found.last()
    );
    assert!(found.last().is_some_and(|most| *most <= SOON), "{found:?}");
}
