//! Golden cases prove every parameter: change one, keep the golden cases, and the bundle does not open.
//!
//! Seven models, every number, name and variant of each. A changed bundle has right digests and the
//! golden cases and golden answers of the unchanged one. `cargo test -p nomogram-train --test integration
//! golden_changes -- --nocapture` prints the shares and every change that nothing caught.

mod changes;
mod models;

use changes::{Change, changed, changes};
use nomogram::{Model, Parts, seal, unseal};
use nomogram_describe::Coverage;
use nomogram_testkit::with_sections_of;

/// The sections of golden cases and golden answers.
const GOLDEN: [u32; 2] = [6, 10];

/// What opening makes of a changed bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The bundle is not valid, whatever its golden cases.
    Invalid,
    /// The bits of a golden case differ.
    Bits,
    /// A golden answer differs.
    Answer,
    /// It opens.
    Missed,
}

/// Changes one parameter after the other; returns the shares in words, and what nothing explains.
fn audit(name: &str) -> (String, Vec<String>) {
    audit_bundle(name, &models::train(name).bundle)
}

fn audit_bundle(name: &str, bundle: &[u8]) -> (String, Vec<String>) {
    let (parts, rows) = unseal(bundle).unwrap();
    let few = rows.slice(ndarray::s![..nomogram::MIN_GOLDEN_CASES, ..]);
    let mut counts = [0_usize; 4];
    let (mut explained, mut unexplained) = (Vec::new(), Vec::new());
    for change in changes(&parts) {
        let Some(other) = changed(&parts, &change) else { continue };
        let outcome = match seal(&other, few) {
            Err(_) => Outcome::Invalid,
            Ok(sealed) => outcome(&with_sections_of(&sealed, bundle, &GOLDEN)),
        };
        counts[outcome as usize] += 1;
        if outcome == Outcome::Missed {
            match change.reason(&parts) {
                Some(reason) => explained.push(format!("{change}: {reason}")),
                None => unexplained.push(change.to_string()),
            }
        }
    }
    let [invalid, bits, answers, missed] = counts;
    let n: usize = counts.iter().sum();
    let line = format!(
        "{name}: {n} changes: {bits} caught by bits, {answers} by answers, {invalid} invalid, \
         {missed} missed, of which {} explained ({} cases, {} bytes)",
        explained.len(),
        rows.nrows(),
        bundle.len()
    );
    println!("{line}");
    explained.iter().for_each(|line| println!("  explained    {line}"));
    unexplained.iter().for_each(|line| println!("  unexplained  {line}"));
    (line, unexplained)
}

fn outcome(bundle: &[u8]) -> Outcome {
    match Model::open(bundle) {
        Ok(_) => Outcome::Missed,
        Err(error) if error.kind() != nomogram::ErrorKind::GoldenCase => Outcome::Invalid,
        Err(error) if error.to_string().contains("bits") => Outcome::Bits,
        Err(_) => Outcome::Answer,
    }
}

/// Every change is caught or has a reason.
fn assert_caught(name: &str) {
    assert_all_explained(audit(name));
}

fn assert_all_explained((line, unexplained): (String, Vec<String>)) {
    let n = line.split(' ').nth(1).and_then(|n| n.parse::<usize>().ok()).unwrap();
    assert!(n > 50, "{line}");
    assert!(unexplained.is_empty(), "{line}\n{}", unexplained.join("\n"));
}

#[test]
fn changes_of_a_linear_model_are_caught() {
    assert_caught("linear");
}

#[test]
fn changes_of_boosted_trees_are_caught() {
    assert_caught("boosted_trees");
}

#[test]
fn changes_of_a_forest_are_caught() {
    assert_caught("random_forest");
}

#[test]
fn changes_of_a_network_are_caught() {
    assert_caught("network");
}

#[test]
fn changes_of_an_ensemble_with_clips_units_rules_and_cutoffs_are_caught() {
    assert_caught("ensemble");
}

#[test]
fn changes_of_naive_bayes_are_caught() {
    assert_caught("naive_bayes");
}

#[test]
fn changes_of_three_classes_are_caught() {
    assert_caught("three_classes");
}

/// The child of a recalibration proves its new calibrator and its new cutoffs, too.
#[test]
fn changes_of_a_recalibrated_ensemble_are_caught() {
    let parent = models::train("ensemble").bundle;
    let child = models::recalibrated(&parent);
    let (of_parent, of_child) = (unseal(&parent).unwrap(), unseal(&child).unwrap());
    assert_ne!(of_parent.0.calibrator, of_child.0.calibrator);
    assert_ne!(of_parent.0.cutoffs, of_child.0.cutoffs);
    assert!(of_child.1.nrows() > of_parent.1.nrows(), "some cases are added");
    // With the golden cases of the parent alone, some changes pass.
    let few = seal(&of_child.0, of_parent.1.view()).unwrap();
    assert!(!audit_bundle("child with the parent's cases", &few).1.is_empty());
    assert_all_explained(audit_bundle("recalibrated", &child));
}

/// The helper sees what is missed: without its golden answers, a renamed class opens.
#[test]
fn a_change_that_nothing_proves_is_missed() {
    let bundle = models::train("linear").bundle;
    let (parts, rows) = unseal(&bundle).unwrap();
    let rename = |change: &Change| change.to_string().starts_with("schema.target.Classes.classes");
    let change = changes(&parts).into_iter().find(rename).unwrap();
    let other: Parts = changed(&parts, &change).unwrap();
    let sealed = seal(&other, rows.view()).unwrap();
    assert_eq!(outcome(&with_sections_of(&sealed, &bundle, &GOLDEN)), Outcome::Answer);
    assert_eq!(outcome(&with_sections_of(&sealed, &bundle, &GOLDEN[..1])), Outcome::Missed);
}

#[test]
fn constructed_cases_reach_the_whole_model() {
    for name in ["boosted_trees", "random_forest", "ensemble", "three_classes"] {
        let trained = models::train(name);
        let coverage = Coverage::of_bundle(&trained.bundle).unwrap();
        let lines: Vec<String> =
            coverage.lines.iter().map(|line| format!("{}: {}", line.name(), line.text())).collect();
        println!("{name}: {} cases\n  {}", coverage.n_cases, lines.join("\n  "));
        for line in &coverage.lines {
            // No value lies below a bound of 0, and some intervals are narrower than 0.003.
            let is_partial =
                line.what.starts_with("clip bounds") || line.what.contains("calibrator");
            let least = if is_partial { 75 } else { 95 };
            assert!(line.n_reached * 100 >= line.n * least, "{name}: {}", line.name());
        }
        for line in coverage.lines.iter().filter(|line| line.what == "leaves") {
            assert_eq!(line.n_reached, line.n, "{name}: {}", line.name());
        }
    }
}
