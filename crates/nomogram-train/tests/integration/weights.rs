//! Weights of rows in everything that follows the fit of the members.

use std::fmt::Write as _;

use ndarray::Array2;
use nomogram::{CalibrationMap, Calibrator};
use nomogram_train::ensemble::{
    CalibrationRows, CalibratorSpec, CombinerSpec, StackReads, StackSpec,
};
use nomogram_train::{
    Dataset, PredictedRows, Predictions, Trained, TrainingConfig, corrected_performance,
    recalibrate, rows_line, train,
};
use serde_json::Value;

const CONFIG: &str = r#"
model: { name: weighted, version: "1" }
data:
  row_id: id
  weight: w
  target: { column: died, negative: "no", positive: "yes" }
  features: [{ name: age }, { name: creatinine }]
seed: 1
validation: { n_folds: 5, min_auc: 0.55 }
members:
  - { name: lr, input: scaled, weight: 1.0, learner: { logistic_regression: { c: 1.0, class_weight: equal } } }
combiner: soft_vote
cutoffs: [{ name: youden, rule: youden }]
"#;

/// Two hundred rows; those that died count five times as much as the others, or `copies` of them are
/// written.
fn table(copies: bool) -> String {
    let mut table = String::from("id,age,creatinine,w,died\n");
    for row in 0..200_i32 {
        let (age, creatinine) = (30 + row * 37 % 51, f64::from(5 + row * 17 % 23) / 10.0);
        let died = f64::from(age) + 8.0 * creatinine + f64::from(row * 53 % 47) > 108.0;
        let (n, weight) = match (copies, died) {
            (true, true) => (5, 1),
            (false, true) => (1, 5),
            (_, false) => (1, 1),
        };
        let class = if died { "yes" } else { "no" };
        for copy in 0..n {
            writeln!(table, "p{row}-{copy},{age},{creatinine},{weight},{class}").unwrap();
        }
    }
    table
}

fn config(calibration: Option<CalibratorSpec>) -> TrainingConfig {
    TrainingConfig { calibration, ..TrainingConfig::from_yaml(CONFIG).unwrap() }
}

fn dataset(copies: bool) -> Dataset {
    Dataset::from_csv("table", table(copies).as_bytes(), &config(None).data).unwrap()
}

fn trained(config: &TrainingConfig) -> Trained {
    train(config, &dataset(false), &mut |_: usize, _: usize, _: &str| {}).unwrap()
}

fn mean(values: &[f64], weights: Option<&[f64]>) -> f64 {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let total: f64 = (0..values.len()).map(weight).sum();
    values.iter().enumerate().map(|(row, value)| weight(row) * value).sum::<f64>() / total
}

#[test]
fn platt_leaves_the_mean_prediction_of_weighted_rows_as_it_is() {
    let rows = dataset(false);
    let means = |calibration| {
        let trained = trained(&config(calibration));
        let positive = Predictions::of(&trained.model, &rows).unwrap().positive();
        [mean(&positive, None), mean(&positive, rows.weights())]
    };
    let before = means(None);
    for kind in [CalibratorSpec::Platt, CalibratorSpec::Beta] {
        for (before, after) in before.into_iter().zip(means(Some(kind))) {
            assert!((before - after).abs() < 0.01, "{kind:?}: {before}, {after}");
        }
    }
    let share = rows.classes().iter().map(|class| if *class == 1 { 1.0 } else { 0.0 });
    let share = mean(&share.collect::<Vec<f64>>(), rows.weights());
    assert!((before[1] - share).abs() < 1e-3, "the weighted mean is the weighted prevalence");
}

#[test]
fn metrics_and_observed_over_expected_are_weighted() {
    let (rows, trained) = (dataset(false), trained(&config(None)));
    let predictions = Predictions::of(&trained.model, &rows).unwrap();
    let of = |dataset: &Dataset, predictions: &Predictions| {
        let rows = PredictedRows { name: "all rows", dataset, predictions };
        rows.assess(trained.model.cutoffs(), &[]).unwrap().remove(0)
    };
    let weighted = of(&rows, &predictions);
    // As many copies have the same estimates; their intervals are narrower.
    let copies = dataset(true);
    let of_copies = Predictions::of(&trained.model, &copies).unwrap();
    let copied = of(&copies, &of_copies);
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a}, {b}");
    let ratio = |own: &nomogram_stats::assessment::Assessment| {
        own.calibration.observed_expected.clone().unwrap()
    };
    close(ratio(&weighted).ratio, ratio(&copied).ratio);
    assert!((ratio(&weighted).ratio - 1.0).abs() < 0.01, "{:?}", ratio(&weighted));
    let [first, second] = [&weighted, &copied].map(|own| own.discrimination.clone().unwrap());
    close(first.auc.auc, second.auc.auc);
    close(first.average_precision, second.average_precision);
    assert!(first.auc.standard_error > second.auc.standard_error);
    let [first, second] = [&weighted, &copied].map(|own| own.member_metrics.ensemble().clone());
    close(first.log_loss, second.log_loss);
    close(first.brier, second.brier);
    assert_eq!(first.confusion, second.confusion);
    assert_eq!(weighted.weighting.unwrap().sum, f64::from(u32::try_from(copies.n_rows()).unwrap()));
    let line = rows_line(&rows);
    assert!(line.starts_with("200 rows; metrics are weighted, the weights sum to "), "{line}");
}

#[test]
fn cutoffs_and_stacks_follow_the_weights() {
    let light = Dataset::from_csv(
        "table",
        table(false).replace(",5,yes", ",1,yes").as_bytes(),
        &config(None).data,
    );
    let (light, heavy) = (light.unwrap(), dataset(false));
    let stack = CombinerSpec::Stack(StackSpec { reads: StackReads::Margins, c: 1.0 });
    for combiner in [CombinerSpec::SoftVote, stack] {
        let config = TrainingConfig { combiner, ..config(None) };
        let of = |rows: &Dataset| {
            let trained = train(&config, rows, &mut |_: usize, _: usize, _: &str| {}).unwrap();
            let positive = Predictions::of(&trained.model, &heavy).unwrap().positive();
            (mean(&positive, None), trained.model.cutoffs()[0].probability)
        };
        let (light, heavy) = (of(&light), of(&heavy));
        assert!(heavy.0 > light.0 + 0.1 && heavy.1 > light.1 + 0.1, "{light:?}, {heavy:?}");
    }
}

#[test]
fn recalibration_is_weighted() {
    let (rows, trained) = (dataset(false), trained(&config(None)));
    let config = config(Some(CalibratorSpec::Platt));
    let child = recalibrate(&trained.bundle, &config, &rows).unwrap();
    let positive = |model| Predictions::of(model, &rows).unwrap().positive();
    let [parent, child] = [&trained.model, &child.model].map(|model| mean(&positive(model), None));
    assert!((parent - child).abs() < 0.01, "{parent}, {child}");
}

#[test]
fn folds_that_are_calibrated_apart_are_ranked_before_calibration() {
    let rows = dataset(false);
    let auc = |trained: &Trained| {
        let predictions = &trained.out_of_fold;
        let rows = PredictedRows { name: "held-out folds", dataset: &rows, predictions };
        rows.member_metrics().unwrap().ensemble().auc.unwrap()
    };
    let plain = trained(&config(None));
    let calibrated = trained(&config(Some(CalibratorSpec::Isotonic)));
    assert_eq!(plain.out_of_fold.uncalibrated, None);
    assert_eq!(calibrated.out_of_fold.uncalibrated.as_ref(), Some(&plain.out_of_fold.ensemble));
    assert_eq!(auc(&plain), auc(&calibrated));
}

#[test]
fn a_bootstrap_of_the_training_draws_patients() {
    let text = CONFIG.replace("weight: w", "weight: w\n  patient: p");
    let config = TrainingConfig::from_yaml(&text.replace("n_folds: 5", "n_folds: 2")).unwrap();
    let with_patients = |line: (usize, &str)| match line {
        (0, header) => format!("{header},p\n"),
        (row, cells) => format!("{cells},patient {}\n", row / 2),
    };
    let text: String = table(false).lines().enumerate().map(with_patients).collect();
    let rows = Dataset::from_csv("table", text.as_bytes(), &config.data).unwrap();
    let found = corrected_performance(&config, &rows, 10).unwrap();
    assert_eq!(found.n_replicates, 10);
    let auc = found.auc.unwrap();
    assert_eq!((auc.n_replicates, auc.n_undefined), (10, 0));
    assert!(auc.apparent > 0.7 && auc.optimism.abs() < 0.1, "{auc:?}");
    assert!(rows_line(&rows).starts_with("200 rows of 101 patients; "), "{}", rows_line(&rows));
}

#[test]
fn weighted_calibrators_are_those_of_scikit_learn() {
    let fixture: Value =
        serde_json::from_str(include_str!("../reference/weighted_calibration.json")).unwrap();
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    };
    for case in fixture["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let close = |found: &[f64], expected: &[f64], tolerance: f64, what: &str| {
            assert_eq!(found.len(), expected.len(), "{name}: {what}");
            for (found, expected) in found.iter().zip(expected) {
                let is_close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
                assert!(is_close, "{name}: {what}: {found}, expected {expected}");
            }
        };
        let positive = numbers(&case["probabilities"]);
        let weights = numbers(&case["weights"]);
        let classes: Vec<usize> =
            numbers(&case["classes"]).iter().map(|y| usize::from(*y > 0.0)).collect();
        let rows = Array2::from_shape_fn((positive.len(), 2), |(row, class)| {
            if class == 1 { positive[row] } else { 1.0 - positive[row] }
        });
        let rows = CalibrationRows::new(rows.view(), &classes);
        let rows = CalibrationRows { weights: Some(&weights), ..rows };
        let fit = |kind: CalibratorSpec| kind.fit(rows, 0).unwrap().unwrap();
        match fit(CalibratorSpec::Temperature) {
            Calibrator::Temperature { temperature } => {
                close(
                    &[temperature],
                    &[case["temperature"].as_f64().unwrap()],
                    1e-6,
                    "temperature",
                );
            }
            other => panic!("{name}: {other:?}"),
        }
        for kind in [CalibratorSpec::Platt, CalibratorSpec::Beta, CalibratorSpec::Isotonic] {
            match fit(kind) {
                Calibrator::Binary(CalibrationMap::Platt { slope, intercept }) => {
                    close(&[slope, intercept], &numbers(&case["platt"]), 1e-6, "Platt");
                }
                Calibrator::Binary(CalibrationMap::Beta { a, b, c }) => {
                    close(&[a, b, c], &numbers(&case["beta"]), 1e-6, "beta");
                }
                Calibrator::Binary(CalibrationMap::Isotonic { probabilities, calibrated }) => {
                    let [x, y] = [0, 1].map(|nth| numbers(&case["isotonic"][nth]));
                    close(&probabilities, &x, 1e-12, "isotonic");
                    close(&calibrated, &y, 1e-12, "isotonic");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}
