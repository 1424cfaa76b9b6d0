//! False alarms and power of the wagers, beside those of common rules, on simulated patients.
//!
//! ```sh
//! cargo run --release -p nomogram-monitor --example simulate -- rows 1000 200
//! cargo run --release -p nomogram-monitor --example simulate -- outcomes 1000 200
//! cargo run --release -p nomogram-monitor --example simulate -- cusum 4000
//! cargo run --release -p nomogram-monitor --example simulate -- examples/data/wdbc.csv M 1000 200
//! ```
//!
//! The first number is how many histories without a change, the second how many with each change; 0
//! leaves them out. A history has 426 training rows, then periods of 50 patients: 52 without a change, 104
//! with one, which comes after 40. Of `rows`, patients have 30 normal features; of a table, they are its
//! rows, drawn with replacement, and the text is the outcome that is predicted. Outcomes alone have 104
//! periods.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a program that a person starts")]
#![allow(clippy::indexing_slicing, reason = "arrays of the sizes above")]
#![allow(clippy::cast_precision_loss, reason = "counts of patients")]

mod patients;

mod risk;

mod history;

use std::fs;
use std::process::ExitCode;

use nomogram::numeric::{exp, ln, logistic};
use nomogram_monitor::outcomes::{OutcomeBin, OutcomeTest};
use nomogram_monitor::{ALARM, charts};
use nomogram_stats::random::Random;

use history::{Alarms, Ward, history};
use patients::{Change, N_FEATURES, Patients, Source};

const TWO_YEARS: Ward = Ward { n_training: 426, n_periods: 104, per_period: 50, n_quiet: QUIET };
/// Without a change.
const YEAR: Ward = Ward { n_periods: 52, ..TWO_YEARS };
/// Patients before a change: 40 periods.
const QUIET: usize = 2000;
/// Outcomes of the periods of the horizon.
const N_OUTCOMES: usize = TWO_YEARS.n_periods * TWO_YEARS.per_period;
/// The bins of risk in which outcomes are counted.
const N_BINS: usize = 10;

/// Risks whose logit has a normal distribution.
#[derive(Clone, Copy)]
struct Risks {
    mean: f64,
    std_dev: f64,
}

const RISKS: Risks = Risks { mean: -0.8, std_dev: 1.5 };

impl Risks {
    fn next(self, patients: &mut Patients<'_>) -> f64 {
        logistic(self.mean + self.std_dev * patients.normal())
    }
}

/// Risks and outcomes of a history, in which the odds are multiplied after the quiet patients.
fn rows_of(seed: u64, risks: Risks, factor: f64) -> Vec<(f64, bool)> {
    let mut patients = Patients { random: Random::new(seed, 2), source: &Source::Normal };
    let next = |row: usize| {
        let p = risks.next(&mut patients);
        let factor = if row < QUIET { 1.0 } else { factor };
        let odds = factor * p / (1.0 - p);
        (p, patients.random.uniform() < odds / (1.0 + odds))
    };
    (0..N_OUTCOMES).map(next).collect()
}

/// The first outcome at which a CUSUM for doubled odds reaches 4.5.
fn cusum(rows: &[(f64, bool)]) -> Option<usize> {
    let sums = charts::cusum(rows, 2.0);
    sums.iter().position(|sum| *sum >= charts::Cusum::LIMIT).map(|row| row + 1)
}

/// The first alarms in outcomes: of the wager on rows, of the wager on bins of periods, and of a CUSUM for
/// doubled odds at 4.5.
fn outcomes(seed: u64, factor: f64) -> [Option<usize>; 3] {
    let rows = rows_of(seed, RISKS, factor);
    let mut test = OutcomeTest::new(N_OUTCOMES).unwrap();
    let is_alarm = |(p, came_true): &(f64, bool)| test.add(*p, *came_true).unwrap() >= ALARM;
    let one_by_one = rows.iter().position(is_alarm).map(|row| row + 1);
    let mut test = OutcomeTest::new(TWO_YEARS.n_periods).unwrap();
    let mut periods = rows.chunks(TWO_YEARS.per_period);
    let is_alarm = |rows: &[(f64, bool)]| test.add_bins(&bins_of(rows, N_BINS)).unwrap() >= ALARM;
    let in_bins = periods.position(is_alarm).map(|period| (period + 1) * TWO_YEARS.per_period);
    [one_by_one, in_bins, cusum(&rows)]
}

/// Outcomes in bins of equal width.
fn bins_of(rows: &[(f64, bool)], n_bins: usize) -> Vec<OutcomeBin> {
    let mut bins = vec![OutcomeBin { n_rows: 0, events: 0, mean: 0.0 }; n_bins];
    for (p, came_true) in rows {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a bin")]
        let bin = &mut bins[((p * n_bins as f64) as usize).min(n_bins - 1)];
        bin.mean = (bin.mean * bin.n_rows as f64 + p) / (bin.n_rows + 1) as f64;
        bin.n_rows += 1;
        bin.events += u64::from(*came_true);
    }
    bins
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

/// The wagers on patients and on outcomes: `n_quiet` histories without a change, `n_changed` with each.
fn print_rows(source: &Source, n_quiet: u64, n_changed: u64) {
    for (name, n, change) in [
        ("none, 52 periods", n_quiet, Change::None),
        ("one feature by 0.5 sd", n_changed, Change::Shift(0.5)),
        ("one feature by 1 sd", n_changed, Change::Shift(1.0)),
        ("ten features by 0.5 sd", n_changed, Change::ShiftOfTen(0.5)),
        ("spread of one feature × 1.5", n_changed, Change::Spread(1.5)),
        ("one feature missing in 5 % of rows", n_changed, Change::Missing(0.05)),
    ] {
        if n == 0 {
            continue;
        }
        let ward = if change == Change::None { YEAR } else { TWO_YEARS };
        let alarms = histories(n, |seed| history(source, ward, seed, change));
        let of = |rule: fn(&Alarms) -> Option<usize>| alarms.iter().map(rule).collect::<Vec<_>>();
        row(name, "wager on patients", &of(|alarms| alarms.patients));
        row(name, "wager on outcomes", &of(|alarms| alarms.outcomes));
        row(name, "one of the two", &of(Alarms::of_either));
        row(name, "wager on any shares (½ per bin)", &of(|alarms| alarms.any));
        row(name, "the same, training shares as if known", &of(|alarms| alarms.plain));
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
        let of = |rule: usize| alarms.iter().map(|alarms| alarms[rule]).collect::<Vec<_>>();
        row(name, "wager on outcomes, one by one", &of(0));
        row(name, "wager on outcomes, in bins of 50", &of(1));
        row(name, "CUSUM for odds × 2 at 4.5", &of(2));
    }
}

/// How often a CUSUM alarms although risks are right, by the distribution of the risks.
fn print_cusums(n: u64) {
    println!("| logit of the risks | events | mean run length | alarms within 5,200 outcomes |");
    println!("|---|---|---|---|");
    for risks in [
        RISKS,
        Risks { std_dev: 0.0, ..RISKS },
        Risks { std_dev: 0.75, ..RISKS },
        Risks { std_dev: 3.0, ..RISKS },
        Risks { mean: 0.0, ..RISKS },
        Risks { mean: -3.0, ..RISKS },
    ] {
        let bins =
            bins_of(&(0..20).flat_map(|seed| rows_of(seed, risks, 1.0)).collect::<Vec<_>>(), 100);
        let n_rows: u64 = bins.iter().map(|bin| bin.n_rows).sum();
        let events: f64 = bins.iter().map(|bin| bin.n_rows as f64 * bin.mean).sum();
        let length = charts::Cusum::run_length(&bins).unwrap_or(f64::NAN);
        let alarms = histories(n, |seed| cusum(&rows_of(seed, risks, 1.0)));
        let share = alarms.iter().flatten().count() as f64 / n as f64;
        println!(
            "| mean {}, sd {} | {:.1} % | {length:.0} | {:.1} % |",
            risks.mean,
            risks.std_dev,
            100.0 * events / n_rows as f64,
            100.0 * share
        );
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    let head = "| change after 2,000 patients | rule | false alarms before it | found | median patients after it \
                | 90 % found within |\n|---|---|---|---|---|---|";
    let done = match arguments.as_slice() {
        ["cusum", n] => number(n).map(print_cusums),
        ["rows", quiet, changed] => number(quiet).zip(number(changed)).map(|(quiet, changed)| {
            println!("{head}");
            print_rows(&Source::Normal, quiet, changed);
        }),
        ["outcomes", quiet, changed] => {
            number(quiet).zip(number(changed)).map(|(quiet, changed)| {
                println!("{head}");
                print_outcomes(quiet, changed);
            })
        }
        [table, event, quiet, changed] => {
            let Some(source) =
                fs::read_to_string(table).ok().and_then(|text| Source::of_csv(&text, event))
            else {
                eprintln!(
                    "error: `{table}` is no table with an outcome, then {N_FEATURES} columns of numbers"
                );
                return ExitCode::from(2);
            };
            number(quiet).zip(number(changed)).map(|(quiet, changed)| {
                println!("{head}");
                print_rows(&source, quiet, changed);
            })
        }
        _ => None,
    };
    if done.is_none() {
        eprintln!(
            "usage: simulate rows|outcomes|TABLE EVENT N_WITHOUT_CHANGE N_WITH_EACH_CHANGE, or cusum N"
        );
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}
