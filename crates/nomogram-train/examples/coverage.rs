//! Measures the uncertainty of a configuration: coverage on random splits, and risk against coverage.
//!
//! `cargo run --package nomogram-train --example coverage -- CONFIG DATA SPLITS [SEED ...]`
//!
//! Trains on 7 of 10 rows, SPLITS times, and counts on the others how often a prediction set holds the
//! class that came true, beside how often that is expected. With seeds, also predicts all rows out of
//! fold, with folds of each seed, and prints the error of the rows that are left when the least sure ones
//! are referred, by several measures of how sure a prediction is.

#![allow(clippy::indexing_slicing, clippy::cast_precision_loss, reason = "an experiment")]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the rows")]

#[path = "shared/shuffled.rs"]
mod shuffled;

#[path = "shared/coverage.rs"]
mod coverage;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use nomogram_train::split::stratified_folds;
use nomogram_train::{Dataset, Predictions, TrainingConfig, cross_validate};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, data, splits, seeds @ ..] = arguments.as_slice() else {
        eprintln!("usage: coverage CONFIG.yaml DATA.csv SPLITS [SEED ...]");
        return ExitCode::from(2);
    };
    match run(config, data, splits, seeds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: &str, data: &str, splits: &str, seeds: &[String]) -> Result<(), Box<dyn Error>> {
    let config = TrainingConfig::from_file(Path::new(config))?;
    let dataset = Dataset::from_csv_file(Path::new(data), &config.data)?;
    let n_splits: u64 = splits.parse()?;
    if n_splits > 0 {
        print_coverage(&config, &dataset, n_splits)?;
    }
    if seeds.is_empty() {
        return Ok(());
    }
    let mut of_seeds = Vec::new();
    for seed in seeds {
        let folds = stratified_folds(dataset.classes(), 10, seed.parse()?)?;
        let nobody = &mut |_: usize, _: usize, _: &str| {};
        of_seeds.push(cross_validate(&config, &dataset, &folds, nobody)?);
    }
    for ranking in RANKINGS {
        println!("\nreferred  error of the others, least sure first by {}", ranking.name());
        for share in [0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2] {
            let without = |of: &Predictions| error_without(share, ranking, of, &dataset);
            let errors: Vec<f64> = of_seeds.iter().map(without).collect();
            let each: Vec<String> = errors.iter().map(|error| format!("{error:.4}")).collect();
            let mean = errors.iter().sum::<f64>() / errors.len() as f64;
            println!("{:>6.0} %  {}  mean {mean:.4}", share * 100.0, each.join(" "));
        }
    }
    Ok(())
}

fn print_coverage(
    config: &TrainingConfig,
    dataset: &Dataset,
    n_splits: u64,
) -> Result<(), Box<dyn Error>> {
    let levels = config.uncertainty.clone().unwrap_or_default().levels;
    let measured = coverage::measure(config, dataset, n_splits, (7, 10))?;
    let share = |n: usize, of: usize| n as f64 / of as f64;
    let n_rows = measured.n_rows;
    println!("{n_splits} splits, {n_rows} predictions of test rows");
    println!("level   covered  of each class        one class");
    for (index, level) in levels.iter().enumerate() {
        let covered = &measured.n_covered[index];
        let of_class = covered.iter().zip(&measured.n_of_class).map(|(n, of)| share(*n, *of));
        let of_class: Vec<String> = of_class.map(|share| format!("{share:.4}")).collect();
        println!(
            "{level:<7} {:.4}   {:<20} {:.4}",
            share(covered.iter().sum(), n_rows),
            of_class.join(" "),
            share(measured.n_single[index], n_rows)
        );
    }
    println!("\nshares of sets with the class, mean of the splits (standard error of the mean)");
    println!(
        "level   expected        as sealed       not rounded     | expected, found with scores of the sealed model"
    );
    for (level, shares) in levels.iter().zip(&measured.shares) {
        let of_folds = [&shares.expected, &shares.sealed, &shares.exact].map(|s| mean(s));
        let of_held_out = [&shares.expected_held_out, &shares.held_out].map(|s| mean(s));
        println!("{level:<7} {} | {}", of_folds.join("  "), of_held_out.join("  "));
    }
    println!("p-value of the distance at most 0.05: {:.4}", share(measured.n_far, n_rows));
    let (n_predicted, n_wrong) = measured.predicted;
    println!(
        "verdict `predicted`: {:.4} of the rows, error {:.4}; of all rows {:.4}",
        share(n_predicted, n_rows),
        share(n_wrong, n_predicted),
        share(measured.n_wrong, n_rows)
    );
    Ok(())
}

/// The mean of splits, with its standard error as if they were independent.
fn mean(shares: &[f64]) -> String {
    let n = shares.len() as f64;
    let mean = shares.iter().sum::<f64>() / n;
    let variance = shares.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    format!("{mean:.4} ({:.4})", (variance / n).sqrt())
}

/// How sure a prediction is.
#[derive(Clone, Copy)]
enum Ranking {
    Probability,
    LeastMember,
    MemberRange,
    PValue,
    VennAbers,
}

const RANKINGS: [Ranking; 5] = [
    Ranking::Probability,
    Ranking::LeastMember,
    Ranking::MemberRange,
    Ranking::PValue,
    Ranking::VennAbers,
];

impl Ranking {
    fn name(self) -> &'static str {
        match self {
            Self::Probability => "the largest probability",
            Self::LeastMember => {
                "the probability of the predicted class by the member least sure of it"
            }
            Self::MemberRange => "the range of that probability among members",
            Self::PValue => "the p-value of the other class among the other rows",
            Self::VennAbers => "the width of the Venn-Abers interval among the other rows",
        }
    }

    /// Larger numbers for rows that are surer.
    fn sureness(self, of: &Predictions, dataset: &Dataset) -> Vec<f64> {
        let predicted = |row: usize| {
            let probabilities = of.ensemble.row(row);
            (0..probabilities.len()).fold(0, |best, class| {
                if probabilities[class] > probabilities[best] { class } else { best }
            })
        };
        let members = |row: usize| {
            let class = predicted(row);
            let own = of.members.iter().map(move |member| member[(row, class)]);
            own.fold((f64::INFINITY, 0.0_f64), |(low, high), p| (low.min(p), high.max(p)))
        };
        let p_of_other = |row: usize| {
            let class = predicted(row);
            let p = |other: usize| {
                let score = 1.0 - of.ensemble[(row, other)];
                let others = (0..dataset.n_rows())
                    .filter(|of_other| *of_other != row && dataset.classes()[*of_other] == other);
                let (n, n_above) = others.fold((0, 0), |(n, n_above), of_other| {
                    let is_above = 1.0 - of.ensemble[(of_other, other)] >= score;
                    (n + 1, n_above + usize::from(is_above))
                });
                (n_above + 1) as f64 / (n + 1) as f64
            };
            (0..dataset.n_classes()).filter(|other| *other != class).map(p).fold(0.0, f64::max)
        };
        let sureness = |row: usize| match self {
            Self::Probability => of.ensemble[(row, predicted(row))],
            Self::LeastMember => members(row).0,
            Self::MemberRange => members(row).0 - members(row).1,
            Self::PValue => -p_of_other(row),
            Self::VennAbers => -venn_abers_width(row, of, dataset),
        };
        (0..dataset.n_rows()).map(sureness).collect()
    }
}

/// The width of the Venn-Abers interval of a row of two classes, from the other rows.
fn venn_abers_width(row: usize, of: &Predictions, dataset: &Dataset) -> f64 {
    let mut rows: Vec<(f64, usize)> =
        (0..dataset.n_rows()).map(|other| (of.ensemble[(other, 1)], other)).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ends = [0, 1].map(|class| {
        let of_row = |other: usize| if other == row { class } else { dataset.classes()[other] };
        // Isotonic regression: neighbouring blocks whose means do not rise are pooled.
        let mut blocks: Vec<(f64, f64, bool)> = Vec::new();
        for (_, other) in &rows {
            blocks.push((of_row(*other) as f64, 1.0, *other == row));
            while let [.., before, last] = blocks[..] {
                if before.0 / before.1 < last.0 / last.1 {
                    break;
                }
                blocks.truncate(blocks.len() - 2);
                blocks.push((before.0 + last.0, before.1 + last.1, before.2 || last.2));
            }
        }
        blocks.iter().find(|block| block.2).map_or(f64::NAN, |block| block.0 / block.1)
    });
    ends[1] - ends[0]
}

/// The error of the rows that are left without the least sure ones.
fn error_without(
    share: f64,
    ranking: Ranking,
    predictions: &Predictions,
    dataset: &Dataset,
) -> f64 {
    let rows = predictions.ensemble.rows().into_iter().zip(dataset.classes());
    let is_wrong = rows.map(|(probabilities, class)| {
        probabilities[*class] < probabilities.iter().copied().fold(0.0, f64::max)
    });
    let mut rows: Vec<(f64, bool)> =
        ranking.sureness(predictions, dataset).into_iter().zip(is_wrong).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let n_kept = rows.len() - (rows.len() as f64 * share).round() as usize;
    rows[..n_kept].iter().filter(|(_, is_wrong)| *is_wrong).count() as f64 / n_kept as f64
}
