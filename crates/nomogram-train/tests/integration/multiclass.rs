//! Training on more than two classes: the wines of `reference/wine.csv`, of three cultivars.

use nomogram::{Calibrator, Link, Member, Session, unseal};
use nomogram_train::ensemble::{CalibratorSpec, CombinerSpec, StackReads, StackSpec};
use nomogram_train::{Dataset, Error, PredictedRows, Trained, TrainingConfig, metrics_table};

const WINE: &str = include_str!("../reference/wine.csv");

const CONFIG: &str = r#"
model: { name: wine, version: "1" }
data:
  target: { column: cultivar, classes: [class_0, class_1, class_2] }
  features: FEATURES
seed: 3
validation: { n_folds: 4, min_auc: 0.6 }
members:
  - name: linear
    input: scaled
    weight: 1.0
    learner: { logistic_regression: { c: 0.5, class_weight: equal } }
  - name: bayes
    input: raw
    weight: 1.0
    learner: { naive_bayes: { var_smoothing: 1.0e-9 } }
  - name: trees
    input: raw
    weight: 1.0
    learner:
      boosted_trees:
        { n_trees: 20, learning_rate: 0.2, max_depth: 2, min_rows_per_leaf: 5, subsample: 1.0, splits: { histogram: {} } }
  - name: forest
    input: raw
    weight: 1.0
    learner:
      random_forest: { n_trees: 30, criterion: gini, min_rows_per_leaf: 2, max_features: sqrt, bootstrap: true }
combiner: soft_vote
cutoffs:
  - { name: surely the second, class: class_1, rule: { specificity_at_least: 0.95 } }
"#;

fn config() -> TrainingConfig {
    let names = WINE.lines().next().unwrap().split(',').skip(1);
    let features: Vec<String> = names.map(|name| format!("{{ name: {name} }}")).collect();
    let yaml = CONFIG.replace("FEATURES", &format!("[{}]", features.join(", ")));
    TrainingConfig::from_yaml(&yaml).unwrap()
}

fn train(config: &TrainingConfig) -> Result<(Dataset, Trained), Error> {
    let dataset = Dataset::from_csv("wine.csv", WINE.as_bytes(), &config.data)?;
    let trained = nomogram_train::train(config, &dataset, &mut |_: usize, _: usize, _: &str| {})?;
    Ok((dataset, trained))
}

#[test]
fn every_learner_tells_three_classes_apart() {
    let (dataset, trained) = train(&config()).unwrap();
    let (name, predictions) = ("held-out folds", &trained.out_of_fold);
    let evaluation =
        PredictedRows { name, dataset: &dataset, predictions }.member_metrics().unwrap();
    for row in evaluation.iter() {
        let metrics = &row.metrics;
        assert!(metrics.accuracy > 0.92, "{}: {}", row.name, metrics.accuracy);
        assert!(metrics.auc.unwrap() > 0.98, "{}: {:?}", row.name, metrics.auc);
        assert!(metrics.confusion.is_none() && metrics.sensitivity.is_none());
        let counts = metrics.counts.as_ref().unwrap();
        let of_class = |class| dataset.classes().iter().filter(|own| **own == class).count();
        for (class, predicted) in counts.iter().enumerate() {
            let expected = f64::from(u32::try_from(of_class(class)).unwrap());
            assert_eq!(predicted.iter().sum::<f64>(), expected);
        }
        let right: f64 = (0..3).map(|class| counts[class][class]).sum();
        assert_eq!(metrics.accuracy, right / 178.0);
    }
    let printed = metrics_table(&evaluation);
    assert!(printed.contains("log loss") && !printed.contains("sens."), "{printed}");

    let (parts, _) = unseal(&trained.bundle).unwrap();
    let Member::Linear(linear) = &parts.members[0].member else { panic!() };
    assert_eq!((linear.link(), linear.intercepts().len()), (Link::Softmax, 3));
    let mut session = Session::new(trained.model.clone());
    let values = dataset.values();
    session
        .predict_each(values.view(), |_, prediction| {
            let sum: f64 = prediction.probabilities().iter().sum();
            assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        })
        .unwrap();
}

#[test]
fn combiners_and_calibrators_are_fitted_for_every_class() {
    let stack = CombinerSpec::Stack(StackSpec { reads: StackReads::Margins, c: 1.0 });
    for (combiner, calibration) in [
        (CombinerSpec::FittedSoftVote, CalibratorSpec::Temperature),
        (stack, CalibratorSpec::Isotonic),
        (CombinerSpec::HardVote, CalibratorSpec::None),
    ] {
        let mut config = TrainingConfig { combiner, calibration: Some(calibration), ..config() };
        config.cutoffs.clear();
        // Of few features, so that the classes are not parted, which no calibrator can be fitted to.
        let others = config.data.features.split_off(4);
        config.data.ignored = others.into_iter().map(|feature| feature.name).collect();
        let (dataset, trained) = train(&config).unwrap();
        let (name, predictions) = ("held-out folds", &trained.out_of_fold);
        let rows = PredictedRows { name, dataset: &dataset, predictions };
        let evaluation = rows.member_metrics().unwrap();
        assert!(evaluation.ensemble().accuracy > 0.8, "{evaluation:?}");
        let (parts, _) = unseal(&trained.bundle).unwrap();
        match (calibration, parts.calibrator) {
            (CalibratorSpec::Isotonic, Some(Calibrator::PerClass(maps))) => {
                assert_eq!(maps.len(), 3)
            }
            (CalibratorSpec::Temperature, Some(Calibrator::Temperature { .. }))
            | (CalibratorSpec::None, None) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_cutoff_is_of_a_class() {
    let (_, trained) = train(&config()).unwrap();
    let (parts, _) = unseal(&trained.bundle).unwrap();
    assert_eq!((parts.cutoffs[0].name.as_str(), parts.cutoffs[0].class), ("surely the second", 1));
    for (class, found) in [(None, "none"), (Some("merlot".to_owned()), "`merlot`")] {
        let mut config = config();
        config.cutoffs[0].class = class;
        let error = train(&config).unwrap_err().to_string();
        let expected = format!(
            "cutoff `surely the second`: class: {found}, expected one of [\"class_0\", \"class_1\", \
             \"class_2\"]"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn exact_splits_take_two_classes() {
    let mut config = config();
    config.members.truncate(3);
    let yaml = "{ boosted_trees: { n_trees: 5, learning_rate: 0.1, max_depth: 2, \
                min_rows_per_leaf: 1, subsample: 1.0 } }";
    config.members[2].learner = serde_saphyr::from_str(yaml).unwrap();
    let error = train(&config).unwrap_err().to_string();
    let expected = "boosted trees: 3 classes, expected 2 with exact splits; `splits: { histogram: {} }` takes more";
    assert_eq!(error, expected);
}
