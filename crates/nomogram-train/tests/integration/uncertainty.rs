//! Uncertainty as `train` seals it: coverage, verdicts, and what is refused.

#![allow(clippy::cast_precision_loss, reason = "counts of a few thousand rows")]

#[path = "../../examples/shared/coverage.rs"]
mod coverage;

use nomogram::{Model, Scores, Session, Verdict, unseal};
use nomogram_train::{Dataset, Error, Trained, TrainingConfig, recalibrate, train};

const WDBC: &str = include_str!("../../../../examples/data/wdbc.csv");
const WINE: &str = include_str!("../reference/wine.csv");

fn config(table: &str, target: &str, names: &[&str], more: &str) -> TrainingConfig {
    let header = table.lines().next().unwrap().split(',');
    let features = header.filter(|name| !names.contains(name));
    let features: Vec<String> = features.map(|name| format!("{{ name: {name} }}")).collect();
    let yaml = format!(
        "
model: {{ name: m, version: '1' }}
data:
  {target}
  features: [{}]
seed: 3
validation: {{ n_folds: 5, min_auc: 0.6 }}
members:
  - name: linear
    input: scaled
    weight: 1.0
    learner: {{ logistic_regression: {{ c: 0.5, class_weight: equal }} }}
combiner: soft_vote
{more}
",
        features.join(", ")
    );
    TrainingConfig::from_yaml(&yaml).unwrap()
}

fn wdbc(more: &str) -> (TrainingConfig, Dataset) {
    let target = "row_id: row_id\n  target: { column: diagnosis, negative: B, positive: M }";
    let config = config(WDBC, target, &["row_id", "diagnosis"], more);
    let dataset = Dataset::from_csv("wdbc.csv", WDBC.as_bytes(), &config.data).unwrap();
    (config, dataset)
}

fn wine() -> (TrainingConfig, Dataset) {
    let target = "target: { column: cultivar, classes: [class_0, class_1, class_2] }";
    let config = config(WINE, target, &["cultivar"], "uncertainty: {}");
    let dataset = Dataset::from_csv("wine.csv", WINE.as_bytes(), &config.data).unwrap();
    (config, dataset)
}

fn trained(config: &TrainingConfig, dataset: &Dataset) -> Result<Trained, Error> {
    train(config, dataset, &mut |_: usize, _: usize, _: &str| {})
}

/// `examples/coverage.rs` does the same with 200 splits: docs/uncertainty.md has its numbers.
#[test]
fn sets_hold_the_class_as_often_as_their_level_says() {
    for (config, dataset) in [wdbc("uncertainty: {}"), wine()] {
        let measured = coverage::measure(&config, &dataset, 6, (7, 10)).unwrap();
        for (level, expected) in [(0, 0.9), (1, 0.95)] {
            let n_covered: usize = measured.n_covered[level].iter().sum();
            let (n, covered) = (measured.n_rows as f64, n_covered as f64);
            // Four standard errors of the calibration rows and the test rows of six splits.
            let error = 4.0 * (expected * (1.0 - expected) / n * 3.0).sqrt();
            assert!(covered / n >= expected - error, "{expected}: {}", covered / n);
            // Of scores that come from where the new ones come from, the share is known, not only bounded.
            let shares = &measured.shares[level];
            let mean = |shares: &[f64]| shares.iter().sum::<f64>() / shares.len() as f64;
            let (found, known) = (mean(&shares.held_out), mean(&shares.expected_held_out));
            let error = 4.0 * (expected * (1.0 - expected) / n * 3.0 * 3.0).sqrt();
            assert!((found - known).abs() <= error, "{expected}: {found}, expected {known}");
            // The measure of the example is that of the sealed section.
            assert!((mean(&shares.sealed) - covered / n).abs() < 1e-12);
        }
        let far = measured.n_far as f64 / measured.n_rows as f64;
        assert!((0.01..=0.10).contains(&far), "{far} of new rows are among the farthest 5 %");
        let (n_predicted, n_wrong) = measured.predicted;
        let of_all = measured.n_wrong as f64 / measured.n_rows as f64;
        assert!(n_wrong as f64 / n_predicted as f64 <= of_all, "{n_wrong} of {n_predicted}");
    }
}

#[test]
fn the_expected_coverage_is_the_share_of_ranks_within_the_level() {
    let found = [(0.9, 9), (0.9, 10), (0.9, 29), (0.95, 18), (0.95, 19), (0.5, 3)]
        .map(|(level, n)| coverage::expected_coverage(level, n));
    assert_eq!(found, [0.9, 10.0 / 11.0, 0.9, 1.0, 0.95, 0.5]);
}

#[test]
fn training_adds_a_section_that_changes_no_prediction() {
    let (with, dataset) = wdbc("uncertainty: { levels: [0.8, 0.9, 0.95] }");
    let (without, _) = wdbc("");
    let with = trained(&with, &dataset).unwrap();
    let without = trained(&without, &dataset).unwrap();
    assert!(with.bundle.len() < without.bundle.len() + 12_000, "{}", with.bundle.len());
    assert_eq!(with.out_of_fold, without.out_of_fold);
    let fitted = with.model.uncertainty().unwrap();
    assert_eq!(fitted.levels, [0.8, 0.9, 0.95]);
    let Scores::Classes { ranks } = &fitted.scores else { panic!("{:?}", fitted.scores) };
    let n_rows: Vec<u32> = ranks.iter().map(|ranks| ranks.n_rows()).collect();
    assert_eq!(n_rows, [357, 212]);
    assert_eq!(fitted.distance.as_ref().unwrap().ranks.n_rows(), 569);
    assert!(without.model.uncertainty().is_none());

    let mut sessions = [with, without].map(|trained| Session::new(trained.model));
    let mut unlike = dataset.values().row(0).to_vec();
    for row in dataset.values().rows() {
        let [a, b] = sessions.each_mut().map(|s| s.predict_row(&row.to_vec()).unwrap());
        assert_eq!(a.outputs(), b.outputs());
        assert!(a.uncertain().is_some() && b.uncertain().is_none());
    }
    // A mean radius of 0.4 with the area of a large nucleus.
    unlike[0] = 0.4;
    let prediction = sessions[0].predict_row(&unlike).unwrap();
    let uncertain = prediction.uncertain().unwrap();
    assert_eq!(uncertain.verdict(), Verdict::Unlike);
    assert_eq!(uncertain.furthest().unwrap().feature, 0);
}

#[test]
fn the_same_rows_give_the_same_bytes_and_unseal_again() {
    let (config, dataset) = wine();
    let (a, b) = (trained(&config, &dataset).unwrap(), trained(&config, &dataset).unwrap());
    assert!(a.bundle == b.bundle);
    let (parts, rows) = unseal(&a.bundle).unwrap();
    assert!(nomogram::seal(&parts, rows.view()).unwrap() == a.bundle);
    assert_eq!(parts.uncertainty.unwrap().venn_abers, None);
}

#[test]
fn a_section_that_was_changed_after_sealing_does_not_open() {
    let (config, dataset) = wine();
    let bundle = trained(&config, &dataset).unwrap().bundle;
    let (mut parts, rows) = unseal(&bundle).unwrap();
    let distance = parts.uncertainty.as_mut().unwrap().distance.as_mut().unwrap();
    distance.whitening[0] *= 1.000_001;
    let other = nomogram::seal(&parts, rows.view()).unwrap();
    // The changed section with the proof of the original.
    let forged = nomogram_testkit::reseal(&other, 12, |payload| {
        let original = nomogram_testkit::payload(&bundle, 12);
        let proof = payload.len() - 32;
        payload[proof..].copy_from_slice(&original[original.len() - 32..]);
    });
    let error = Model::open(&forged).unwrap_err().to_string();
    assert_eq!(
        error,
        "section `uncertainty`: the uncertainty of the golden cases differs from what was sealed"
    );
}

#[test]
fn rows_of_a_patient_count_once_and_weights_are_refused() {
    let mut table = String::from("p,w,x,y\n");
    for row in 0..240_u32 {
        let y = ["no", "yes"][usize::from(row % 2 == 1)];
        table += &format!(
            "p{},{},{},{y}\n",
            row / 4,
            1 + row % 3,
            f64::from(row * 7 % 13) + f64::from(row % 2) * 4.0
        );
    }
    let config = |data: &str| {
        let yaml = format!(
            "
model: {{ name: m, version: '1' }}
data: {{ {data}, target: {{ column: y, negative: 'no', positive: 'yes' }}, features: [{{ name: x }}] }}
seed: 3
validation: {{ n_folds: 5, min_auc: 0.5 }}
members:
  - {{ name: linear, input: scaled, weight: 1.0, learner: {{ logistic_regression: {{ c: 1.0, class_weight: equal }} }} }}
combiner: soft_vote
uncertainty: {{}}
"
        );
        TrainingConfig::from_yaml(&yaml).unwrap()
    };
    let run = |data: &str| {
        let config = config(data);
        let dataset = Dataset::from_csv("t", table.as_bytes(), &config.data).unwrap();
        trained(&config, &dataset)
    };
    let of_patients = run("patient: p, ignored: [w]").unwrap();
    let fitted = of_patients.model.uncertainty().unwrap();
    assert_eq!(fitted.distance.as_ref().unwrap().ranks.n_rows(), 60);
    let error = run("ignored: [p], weight: w").unwrap_err().to_string();
    assert_eq!(error, "uncertainty: the rows have weights, expected rows that count 1 each");
}

#[test]
fn recalibration_fits_the_scores_anew_and_keeps_the_distance() {
    let (config, dataset) = wdbc("uncertainty: {}\ncalibration: platt");
    let parent = trained(&config, &dataset).unwrap();
    let child = recalibrate(&parent.bundle, &config, &dataset).unwrap();
    let (parent, child) = (parent.model.uncertainty().unwrap(), child.model.uncertainty().unwrap());
    assert_eq!(parent.distance, child.distance);
    assert_ne!(parent.scores, child.scores);
}
