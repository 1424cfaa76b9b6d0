//! False alarms and power of the wagers, beside those of common rules, on simulated patients.
//!
//! ```sh
//! cargo run --release -p nomogram-monitor --example simulate -- rows 1000 200
//! cargo run --release -p nomogram-monitor --example simulate -- outcomes 1000 200
//! cargo run --release -p nomogram-monitor --example simulate -- examples/data/wdbc.csv 1000 200
//! ```
//!
//! The first number is how many histories without a change, the second how many with each change; 0
//! leaves them out. A history has 426 training rows, then 104 periods of 50 patients. Of `rows`, they have
//! 30 normal features; of a table, they are its rows, drawn with replacement.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a program that a person starts")]
#![allow(clippy::indexing_slicing, reason = "arrays of the sizes above")]
#![allow(clippy::cast_precision_loss, reason = "counts of patients")]

mod patients;

use std::fs;
use std::process::ExitCode;

use nomogram::numeric::{exp, ln, logistic};
use nomogram::{Histogram, Profile, Statuses};
use nomogram_monitor::drift::{Bets, Drift};
use nomogram_monitor::outcomes::OutcomeTest;
use nomogram_monitor::{ALARM, charts, effect};
use nomogram_stats::bins::of_numbers;
use nomogram_stats::random::Random;

use patients::{Change, N_FEATURES, Patients, Source};

const N_TRAINING: usize = 426;
const N_PERIODS: usize = 104;
const PER_PERIOD: usize = 50;
/// Patients before a change: 40 periods.
const QUIET: usize = 2000;

/// The first alarm of each rule, in patients.
struct Alarms {
    likely: Option<usize>,
    any: Option<usize>,
    psi: Option<usize>,
}

fn drift(source: &Source, seed: u64, change: Change) -> Alarms {
    let mut patients = Patients { random: Random::new(seed, 1), source };
    let training: Vec<_> = (0..N_TRAINING).map(|_| patients.next(Change::None)).collect();
    let features = (0..N_FEATURES).map(|feature| Histogram {
        bins: of_numbers(training.iter().map(|row| row[feature])),
        statuses: Statuses::default(),
    });
    let profile = Profile {
        n_rows: N_TRAINING as u64,
        features: features.collect(),
        outputs: vec![],
        classes: vec![],
    };
    let mut likely = Drift::new(&profile, N_PERIODS, Bets::Likely).unwrap();
    let mut any = Drift::new(&profile, N_PERIODS, Bets::Any).unwrap();
    let mut alarms = Alarms { likely: None, any: None, psi: None };
    for period in 0..N_PERIODS {
        let change = if period * PER_PERIOD < QUIET { Change::None } else { change };
        let mut counts: Vec<Vec<Vec<f64>>> = profile
            .features
            .iter()
            .map(|histogram| vec![vec![0.0; histogram.bins.counts().len()], vec![0.0; 6]])
            .collect();
        for _ in 0..PER_PERIOD {
            for ((value, counts), histogram) in
                patients.next(change).into_iter().zip(&mut counts).zip(&profile.features)
            {
                if value.is_nan() {
                    counts[1][1] += 1.0;
                } else {
                    counts[0][histogram.bins.bin(value)] += 1.0;
                    counts[1][0] += 1.0;
                }
            }
        }
        let now = (period + 1) * PER_PERIOD;
        if alarms.psi.is_none() {
            let exceeds = |(histogram, counts): (&Histogram, &Vec<Vec<f64>>)| {
                let reference: Vec<f64> =
                    histogram.bins.counts().iter().map(|count| *count as f64).collect();
                effect::psi(&reference, &counts[0]) > 0.1
            };
            if profile.features.iter().zip(&counts).any(exceeds) {
                alarms.psi = Some(now);
            }
        }
        if alarms.likely.is_none() && likely.add(&counts).unwrap().value >= ALARM {
            alarms.likely = Some(now);
        }
        let bins: Vec<Vec<Vec<f64>>> =
            counts.into_iter().map(|streams| streams.into_iter().take(1).collect()).collect();
        if alarms.any.is_none() && any.add(&bins).unwrap().value >= ALARM {
            alarms.any = Some(now);
        }
    }
    alarms
}

/// The first alarm of the wager on outcomes, and of a CUSUM for doubled odds at 4.5, in patients.
fn outcomes(seed: u64, factor: f64) -> (Option<usize>, Option<usize>) {
    let mut patients = Patients { random: Random::new(seed, 2), source: &Source::Normal };
    let horizon = N_PERIODS * PER_PERIOD;
    let mut test = OutcomeTest::new(horizon).unwrap();
    let (mut rows, mut alarm) = (Vec::with_capacity(horizon), None);
    for row in 0..horizon {
        let p = logistic(1.5 * patients.normal() - 0.8);
        let factor = if row < QUIET { 1.0 } else { factor };
        let odds = factor * p / (1.0 - p);
        let came_true = patients.random.uniform() < odds / (1.0 + odds);
        rows.push((p, came_true));
        if alarm.is_none() && test.add(p, came_true).unwrap() >= ALARM {
            alarm = Some(row + 1);
        }
    }
    let cusum = charts::cusum(&rows, 2.0);
    (alarm, cusum.iter().position(|sum| *sum >= 4.5).map(|row| row + 1))
}

/// `share of histories with an alarm before the change · share after it · median patients after it`.
fn row(name: &str, rule: &str, alarms: &[Option<usize>]) {
    let quiet = if name.starts_with("none") { usize::MAX } else { QUIET };
    let early = |alarm: &&Option<usize>| alarm.is_some_and(|at| at <= quiet);
    let n_early = alarms.iter().filter(early).count();
    let mut delays: Vec<usize> =
        alarms.iter().flatten().filter(|at| **at > quiet).map(|at| at - quiet).collect();
    delays.sort_unstable();
    let n = alarms.len();
    let share = |count: usize| 100.0 * count as f64 / n as f64;
    let found = if quiet == QUIET { format!("{:.1} %", share(delays.len())) } else { "–".into() };
    let quantile =
        |q: usize| delays.get(delays.len() * q / 100).map_or("–".into(), usize::to_string);
    println!(
        "| {name} | {rule} | {:.1} % | {found} | {} | {} |",
        share(n_early),
        quantile(50),
        quantile(90)
    );
}

/// Runs histories on two threads, in the order of their seeds.
fn histories<T: Send>(n: u64, run: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let half = n / 2;
    std::thread::scope(|scope| {
        let first = scope.spawn(|| (0..half).map(&run).collect::<Vec<T>>());
        let second: Vec<T> = (half..n).map(&run).collect();
        let mut all = first.join().unwrap();
        all.extend(second);
        all
    })
}

/// The wager on patients: `n_quiet` histories without a change, `n_changed` with each change.
fn print_rows(source: &Source, n_quiet: u64, n_changed: u64) {
    for (name, n, change) in [
        ("none, 104 periods", n_quiet, Change::None),
        ("one feature by 0.5 sd", n_changed, Change::Shift(0.5)),
        ("one feature by 1 sd", n_changed, Change::Shift(1.0)),
        ("ten features by 0.5 sd", n_changed, Change::ShiftOfTen(0.5)),
        ("spread of one feature × 1.5", n_changed, Change::Spread(1.5)),
        ("one feature missing in 5 % of rows", n_changed, Change::Missing(0.05)),
    ] {
        if n == 0 {
            continue;
        }
        let alarms = histories(n, |seed| drift(source, seed, change));
        let of = |rule: fn(&Alarms) -> Option<usize>| alarms.iter().map(rule).collect::<Vec<_>>();
        row(name, "this wager", &of(|alarms| alarms.likely));
        row(name, "wager on any shares (½ per bin)", &of(|alarms| alarms.any));
        row(name, "PSI > .1 of any feature in a period", &of(|alarms| alarms.psi));
    }
}

/// The wager on outcomes, likewise.
fn print_outcomes(n_quiet: u64, n_changed: u64) {
    for (name, n, factor) in [
        ("none, 5,200 outcomes", n_quiet, 1.0),
        ("odds × 1.5", n_changed, 1.5),
        ("odds × 2", n_changed, 2.0),
        ("odds / 1.5", n_changed, exp(-ln(1.5))),
    ] {
        if n == 0 {
            continue;
        }
        let alarms = histories(n, |seed| outcomes(seed, factor));
        row(name, "this wager on outcomes", &alarms.iter().map(|a| a.0).collect::<Vec<_>>());
        row(name, "CUSUM for odds × 2 at 4.5", &alarms.iter().map(|a| a.1).collect::<Vec<_>>());
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = arguments.iter().skip(1).filter_map(|n| n.parse().ok()).collect();
    let (Some(table), [n_quiet, n_changed]) = (arguments.first(), numbers.as_slice()) else {
        eprintln!("usage: simulate rows|outcomes|TABLE N_WITHOUT_CHANGE N_WITH_EACH_CHANGE");
        return ExitCode::from(2);
    };
    println!(
        "| change after 2,000 patients | rule | false alarms before it | found | median patients after it | 90 % found within |"
    );
    println!("|---|---|---|---|---|---|");
    match table.as_str() {
        "rows" => print_rows(&Source::Normal, *n_quiet, *n_changed),
        "outcomes" => print_outcomes(*n_quiet, *n_changed),
        table => match fs::read_to_string(table).ok().and_then(|text| Source::of_csv(&text)) {
            Some(source) => print_rows(&source, *n_quiet, *n_changed),
            None => {
                eprintln!(
                    "error: `{table}` is no table whose last {N_FEATURES} columns are numbers"
                );
                return ExitCode::from(2);
            }
        },
    }
    ExitCode::SUCCESS
}
