//! Chooses the settings of the reference model by cross-validation on the training part alone.
//!
//! `cargo run --release --package nomogram-train --example choose -- CONFIG DATA SPLIT`
//!
//! Judged is what will be used, the vote: every combination of one candidate per member and of
//! weights, by its log loss on held-out stratified folds, averaged over several ways to draw the
//! folds. Of the test part nothing but its row ids is used.

use std::error::Error;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nomogram::Activation;
use nomogram_train::config::{
    BoostedTreesSpec, ClassWeight, Input, Learner, LogisticRegressionSpec, MemberConfig,
    NetworkSpec, Vote,
};
use nomogram_train::split::{Split, stratified_folds};
use nomogram_train::{Dataset, Metrics, Predictions, TrainingConfig, cross_validate};

/// Each seed draws other folds, other subsamples and other initial weights.
const SEEDS: [u64; 5] = [101, 102, 103, 104, 105];
const WEIGHTS: [[f64; 3]; 5] =
    [[1.0, 1.0, 1.0], [2.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 2.0], [2.0, 1.0, 2.0]];
/// How many of the best votes are printed.
const N_PRINTED: usize = 10;

/// A member's settings and, for each seed, its held-out probabilities.
struct Candidate {
    settings: String,
    held_out: Vec<Vec<f64>>,
}

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [config, data, split] = arguments.as_slice() else {
        eprintln!("usage: choose CONFIG.yaml DATA.csv SPLIT.csv");
        return ExitCode::from(2);
    };
    match run(config, data, split) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: &Path, data: &Path, split: &Path) -> Result<(), Box<dyn Error>> {
    let config = TrainingConfig::from_file(config)?;
    let dataset = Dataset::from_csv_file(data, &config.data)?;
    let training_part = dataset.select(&Split::from_csv_file(split, &dataset)?.train);
    drop(dataset);
    let mut members = Vec::new();
    for (name, input, learners) in [
        ("logistic_regression", Input::Scaled, logistic_regressions()),
        ("boosted_trees", Input::Raw, boosted_trees()),
        ("network", Input::Scaled, networks()),
    ] {
        println!("\n{name}\nlog loss  Brier   AUC     accuracy  settings");
        let mut candidates = Vec::new();
        for learner in learners {
            let member = MemberConfig { name: name.into(), input, weight: 1.0, learner };
            let candidate = judge(&config, &training_part, member)?;
            report(&candidate.held_out, training_part.classes(), &candidate.settings);
            candidates.push(candidate);
        }
        members.push(candidates);
    }
    choose_vote(&members, training_part.classes())
}

/// Predicts the rows of each fold by models fitted to the others, once for each seed.
fn judge(
    config: &TrainingConfig,
    dataset: &Dataset,
    member: MemberConfig,
) -> Result<Candidate, Box<dyn Error>> {
    let settings = serde_json::to_string(&member.learner)?;
    let held_out = |seed: u64| {
        let folds = stratified_folds(dataset.classes(), config.validation.n_folds, seed)?;
        let members = vec![member.clone()];
        let config = TrainingConfig { seed, members, vote: Vote::Soft, ..config.clone() };
        cross_validate(&config, dataset, &folds, &mut |_: usize, _: usize, _: &str| {})
    };
    let predictions: Result<Vec<Predictions>, _> = std::thread::scope(|scope| {
        let threads = SEEDS.map(|seed| scope.spawn(move || held_out(seed)));
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|p| resume_unwind(p)))
            .collect()
    });
    Ok(Candidate { settings, held_out: predictions?.into_iter().map(|p| p.positive()).collect() })
}

/// Prints the votes with the lowest log loss.
fn choose_vote(members: &[Vec<Candidate>], classes: &[usize]) -> Result<(), Box<dyn Error>> {
    let [linear, trees, networks] = members else { return Err("expected three members".into()) };
    let mut votes = Vec::new();
    for linear in linear {
        for trees in trees {
            for network in networks {
                for weights in WEIGHTS {
                    let members = [linear, trees, network];
                    let log_loss = mean(&vote(&members, weights), classes, |m| m.log_loss);
                    votes.push((log_loss, members, weights));
                }
            }
        }
    }
    votes.sort_by(|a, b| a.0.total_cmp(&b.0));
    println!("\nthe best of {} votes\nlog loss  Brier   AUC     accuracy  settings", votes.len());
    for (_, members, weights) in votes.iter().take(N_PRINTED) {
        let settings = members.map(|member| member.settings.as_str()).join(" ");
        report(&vote(members, *weights), classes, &format!("{weights:?} {settings}"));
    }
    Ok(())
}

/// For each seed, the weighted mean of the members' probabilities, row by row.
fn vote(members: &[&Candidate; 3], weights: [f64; 3]) -> Vec<Vec<f64>> {
    let total: f64 = weights.iter().sum();
    let mut votes = vec![Vec::new(); SEEDS.len()];
    for (seed, vote) in votes.iter_mut().enumerate() {
        for (member, weight) in members.iter().zip(weights) {
            let Some(held_out) = member.held_out.get(seed) else { continue };
            vote.resize(held_out.len(), 0.0);
            vote.iter_mut().zip(held_out).for_each(|(sum, p)| *sum += weight / total * p);
        }
    }
    votes
}

/// Prints the means over the seeds.
fn report(held_out: &[Vec<f64>], classes: &[usize], settings: &str) {
    let mean = |of| mean(held_out, classes, of);
    let (log_loss, brier) = (mean(|m| m.log_loss), mean(|m| m.brier));
    let (auc, accuracy) = (mean(|m| m.auc.unwrap_or(f64::NAN)), mean(|m| m.accuracy));
    println!("{log_loss:.4}    {brier:.4}  {auc:.4}  {accuracy:.4}    {settings}");
}

/// A metric, averaged over the seeds.
fn mean(held_out: &[Vec<f64>], classes: &[usize], of: fn(&Metrics) -> f64) -> f64 {
    let metrics = held_out.iter().map(|probabilities| of(&Metrics::new(classes, probabilities)));
    metrics.sum::<f64>() / SEEDS.iter().map(|_| 1.0).sum::<f64>()
}

fn logistic_regressions() -> Vec<Learner> {
    let mut candidates = Vec::new();
    for class_weight in [ClassWeight::Equal, ClassWeight::Balanced] {
        for c in [0.1, 0.3, 1.0, 3.0] {
            let spec = LogisticRegressionSpec { class_weight, ..LogisticRegressionSpec::ridge(c) };
            candidates.push(Learner::LogisticRegression(spec));
        }
    }
    candidates
}

fn boosted_trees() -> Vec<Learner> {
    let mut candidates = Vec::new();
    for (n_trees, learning_rate) in [(100, 0.1), (200, 0.1)] {
        for max_depth in [1, 2, 3] {
            for subsample in [1.0, 0.5] {
                let spec = BoostedTreesSpec {
                    max_depth: Some(max_depth),
                    subsample,
                    ..BoostedTreesSpec::new(n_trees, learning_rate)
                };
                candidates.push(Learner::BoostedTrees(spec));
            }
        }
    }
    candidates
}

fn networks() -> Vec<Learner> {
    let mut candidates = Vec::new();
    for (hidden, activation) in [
        (vec![16], Activation::Relu),
        (vec![64, 32], Activation::Relu),
        (vec![16], Activation::Tanh),
    ] {
        for l2 in [0.01, 0.3, 1.0] {
            for max_epochs in [50, 100, 200] {
                let spec = NetworkSpec {
                    hidden: hidden.clone(),
                    activation,
                    l2,
                    learning_rate: 0.003,
                    batch_rows: 64,
                    max_epochs,
                    early_stopping: None,
                };
                candidates.push(Learner::Network(spec));
            }
        }
    }
    candidates
}
