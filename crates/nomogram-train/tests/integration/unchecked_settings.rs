//! Public functions return an error for settings and rows that nobody checked.

use ndarray::array;
use nomogram::Cutoff;
use nomogram_stats::cutoffs::CutoffRule;
use nomogram_train::ensemble::{CalibrationRows, CalibratorSpec, CutoffSpec};
use nomogram_train::learners::{
    BoostedTreesSpec, EarlyStopping, Learner, LogisticRegressionSpec, NaiveBayesSpec, NetworkSpec,
    TrainingRows,
};
use nomogram_train::split::{
    FoldsBy, FoldsSpec, Split, SplitSpec, each_group, grouped_folds, repeat_folds,
    stratified_folds, time_folds,
};
use nomogram_train::steps::{BinsSpec, ClipSpec, PcaSpec, SplineSpec, StepSpec};
use nomogram_train::training::config::SubgroupConfig;
use nomogram_train::{
    DataConfig, Dataset, PredictedRows, Predictions, Table, Trained, TrainingConfig,
    corrected_performance, fit_standard_scaler, fit_steps, learning_curve, permutation_importance,
    train, validate, warnings,
};

fn dataset() -> Dataset {
    let config = "{ target: { column: y, negative: a, positive: b }, features: [{ name: x }] }";
    let config: DataConfig = serde_saphyr::from_str(config).unwrap();
    let table = "x,y\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n";
    Dataset::from_csv("t.csv", table.as_bytes(), &config).unwrap()
}

#[test]
fn learners_refuse_settings_and_rows() {
    let values = array![[0.0], [1.0], [2.0], [3.0]];
    let rows = TrainingRows::binary(values.view(), &[0, 1, 0, 1]);
    let network = || NetworkSpec::new(vec![2]);
    let stopping = |fraction| Some(EarlyStopping { fraction, patience: 1 });
    let most = usize::MAX;
    let learners = [
        Learner::LogisticRegression(LogisticRegressionSpec::ridge(f64::NAN)),
        Learner::LogisticRegression(LogisticRegressionSpec::ridge(1e-320)),
        Learner::Network(NetworkSpec { n_seeds: 0, ..network() }),
        Learner::Network(NetworkSpec { n_seeds: most, ..network() }),
        Learner::Network(NetworkSpec::new(vec![most, most])),
        Learner::Network(NetworkSpec { early_stopping: stopping(f64::NAN), ..network() }),
        Learner::BoostedTrees(BoostedTreesSpec {
            max_depth: Some(1),
            ..BoostedTreesSpec::new(most, 0.1)
        }),
        Learner::BoostedTrees(BoostedTreesSpec::new(1, 0.1)),
        Learner::NaiveBayes(NaiveBayesSpec { var_smoothing: f64::NAN }),
    ];
    for learner in learners {
        let error = learner.fit(rows, 0).unwrap_err().to_string();
        assert!(error.starts_with("configuration: "), "{learner:?}: {error}");
    }
    let bad_rows = [
        TrainingRows { classes: &[0, 1], ..rows },
        TrainingRows { classes: &[0, 5, 0, 1], ..rows },
        TrainingRows { n_classes: most, ..rows },
        TrainingRows { n_classes: 0, ..rows },
        TrainingRows { weights: Some(&[]), ..rows },
        TrainingRows { groups: Some(&[1]), ..rows },
    ];
    let small = BoostedTreesSpec { max_depth: Some(1), ..BoostedTreesSpec::new(1, 0.1) };
    for learner in [
        Learner::LogisticRegression(LogisticRegressionSpec::ridge(1.0)),
        Learner::Network(NetworkSpec { max_epochs: 1, ..network() }),
        Learner::BoostedTrees(small),
        Learner::NaiveBayes(NaiveBayesSpec { var_smoothing: 1e-9 }),
    ] {
        assert!(learner.fit(rows, 0).is_ok(), "{learner:?}");
        for rows in bad_rows {
            assert!(learner.fit(rows, 0).is_err(), "{learner:?}: {rows:?}");
        }
    }
}

#[test]
fn steps_refuse_settings_and_positions() {
    let dataset = dataset();
    let most = usize::MAX;
    let steps = [
        StepSpec::Spline(SplineSpec { knots: 2, of: None }),
        StepSpec::Spline(SplineSpec { knots: most, of: None }),
        StepSpec::Bins(BinsSpec { n: 0, of: None }),
        StepSpec::Bins(BinsSpec { n: most, of: None }),
        StepSpec::Clip(ClipSpec { quantiles: [f64::NAN, 2.0], of: None }),
        StepSpec::Pca(PcaSpec { n_components: 0, whiten: false }),
        StepSpec::Pca(PcaSpec { n_components: most, whiten: true }),
    ];
    for step in steps {
        assert!(fit_steps(&dataset, std::slice::from_ref(&step)).is_err(), "{step:?}");
    }
    for position in [1, most] {
        let error = fit_standard_scaler(dataset.values().view(), &[position]).unwrap_err();
        assert!(
            error.to_string().ends_with("expected at most 1, the number of columns"),
            "{error}"
        );
    }
}

#[test]
fn splits_refuse_settings_and_rows() {
    let (dataset, most) = (dataset(), usize::MAX);
    let classes = dataset.classes();
    let groups: Vec<usize> = (0..6).collect();
    for n in [0, 1, 7, most] {
        assert!(stratified_folds(classes, n, 0).is_err(), "{n}");
        assert!(grouped_folds(classes, &groups, n, 0).is_err(), "{n}");
        assert!(time_folds(classes, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], n).is_err(), "{n}");
        for by in [FoldsBy::Stratified, FoldsBy::Patient, FoldsBy::Time] {
            let folds = FoldsSpec { n: Some(n), repeats: most, by };
            assert!(SplitSpec { test: None, folds }.repeats(&dataset, 0).is_err(), "{n}");
        }
    }
    for n in [2, most] {
        assert!(stratified_folds(&[], n, 0).is_err(), "{n}");
        assert!(grouped_folds::<usize>(&[], &[], n, 0).is_err(), "{n}");
        assert!(time_folds(&[], &[], n).is_err(), "{n}");
    }
    assert!(each_group::<usize>(&[], &[]).is_err());
    assert!(repeat_folds(0, 0, |_| Ok(Vec::new())).is_err());
    for share in [f64::NAN, -1.0, 0.0, 1.0, f64::INFINITY] {
        assert!(Split::stratified(classes, share, 0).is_err(), "{share}");
        assert!(Split::grouped(classes, &groups, share, 0).is_err(), "{share}");
        assert!(Split::latest(classes, &[1.0; 6], share).is_err(), "{share}");
    }
    assert!(Split::grouped(classes, &[1, 2], 0.5, 0).is_err());
}

const CONFIG: &str = r#"
model: { name: small, version: "1" }
data: { target: { column: y, negative: a, positive: b }, features: [{ name: x }] }
seed: 1
validation: { n_folds: 2, min_auc: 0.5 }
allow_uninformative_members: true
members:
  - { name: bayes, input: raw, weight: 1.0, learner: { naive_bayes: { var_smoothing: 1.0e-9 } } }
combiner: soft_vote
"#;

/// A configuration, forty rows, and the model of both.
fn trained() -> (TrainingConfig, Dataset, Trained) {
    let config = TrainingConfig::from_yaml(CONFIG).unwrap();
    let rows = (0..40).map(|row| format!("{},{}\n", row % 7, ["a", "b"][row % 7 / 4]));
    let table = format!("x,y\n{}", rows.collect::<String>());
    let dataset = Dataset::from_csv("t.csv", table.as_bytes(), &config.data).unwrap();
    let trained = train(&config, &dataset, &mut |_: usize, _: usize, _: &str| {}).unwrap();
    (config, dataset, trained)
}

#[test]
fn data_refuses_configurations_and_formats() {
    let good = TrainingConfig::from_yaml(CONFIG).unwrap().data;
    let changed = |change: fn(&mut DataConfig)| {
        let mut config = good.clone();
        change(&mut config);
        config
    };
    let configs = [
        changed(|config| config.target.classes.clear()),
        changed(|config| config.target.classes = vec!["a".into()]),
        changed(|config| config.target.classes = vec!["a".into(), "a".into()]),
        changed(|config| config.target.column.clear()),
        changed(|config| config.features.clear()),
        changed(|config| config.features[0].name = "y".into()),
        changed(|config| config.features[0].range = Some([f64::NAN, 1.0])),
        changed(|config| config.features[0].range = Some([2.0, 1.0])),
        changed(|config| config.features[0].levels = vec!["u".into()]),
        changed(|config| config.weight = Some("y".into())),
        changed(|config| config.csv.delimiter = Some('é')),
        changed(|config| config.ignored = vec!["x".into()]),
    ];
    let text = "x,y\n1,a\n2,b\n";
    let table = Table::from_csv("t.csv", text.as_bytes(), &good.table_format()).unwrap();
    for config in configs {
        assert!(Dataset::from_csv("t.csv", text.as_bytes(), &config).is_err(), "{config:?}");
        assert!(Dataset::from_table(&table, &config).is_err(), "{config:?}");
        assert!(validate(&table, &config).is_err(), "{config:?}");
        assert!(config.clone().ignore_other_columns(&table).is_err(), "{config:?}");
    }
}

#[test]
fn ensembles_refuse_rows_and_rules() {
    let (_, dataset, trained) = trained();
    let cutoff = |rule: CutoffRule, class: Option<&str>| CutoffSpec {
        name: "c".into(),
        class: class.map(str::to_owned),
        rule,
    };
    let predictions = &trained.out_of_fold;
    for at_least in [f64::NAN, -1.0, 2.0, f64::INFINITY] {
        let spec = cutoff(CutoffRule::SensitivityAtLeast(at_least), None);
        assert!(spec.choose(&dataset, predictions).is_err(), "{at_least}");
    }
    assert!(cutoff(CutoffRule::Youden, Some("c")).choose(&dataset, predictions).is_err());
    let none = ndarray::Array2::zeros((40, 0));
    let others = [
        Predictions { ensemble: none.clone(), ..predictions.clone() },
        Predictions { members: vec![none.clone()], ..predictions.clone() },
        predictions.select(&[0, 1, 2]),
    ];
    for other in &others {
        let spec = cutoff(CutoffRule::Youden, Some("b"));
        assert!(spec.choose(&dataset, other).is_err(), "{other:?}");
        assert!(warnings(other, dataset.classes(), None).is_err(), "{other:?}");
        let rows = PredictedRows { name: "rows", dataset: &dataset, predictions: other };
        assert!(rows.member_metrics().is_err() && rows.assess(&[], &[]).is_err(), "{other:?}");
    }
    let probabilities = array![[0.3, 0.7], [0.6, 0.4], [f64::NAN, 0.5]];
    let kinds = [
        CalibratorSpec::Temperature,
        CalibratorSpec::Platt,
        CalibratorSpec::Beta,
        CalibratorSpec::Isotonic,
        CalibratorSpec::Chosen,
    ];
    for kind in kinds {
        for classes in [&[0, 1][..], &[0, 2, 1], &[0, 1, 1], &[]] {
            let rows = CalibrationRows::new(probabilities.view(), classes);
            assert!(kind.fit(rows, 0).is_err(), "{kind:?}: {classes:?}");
        }
        for rows in [array![[]], ndarray::Array2::zeros((0, 2)), ndarray::Array2::zeros((0, 0))] {
            let classes = vec![0; rows.nrows()];
            let fitted = kind.fit(CalibrationRows::new(rows.view(), &classes), 0);
            assert!(fitted.is_err(), "{kind:?}: {rows:?}");
        }
    }
}

#[test]
fn evaluations_refuse_numbers_and_rows() {
    let (config, dataset, trained) = trained();
    let most = usize::MAX;
    for n in [0, most] {
        assert!(permutation_importance(&trained.model, &dataset, n, 0).is_err(), "{n}");
    }
    let no_rows = dataset.select(&[]);
    assert!(permutation_importance(&trained.model, &no_rows, 1, 0).is_err());
    assert!(corrected_performance(&config, &dataset, most).is_err());
    assert!(corrected_performance(&config, &no_rows, 1).is_err());
    for share in [f64::NAN, -1.0, 0.0, 1.5, f64::INFINITY] {
        assert!(learning_curve(&config, &dataset, &[share]).is_err(), "{share}");
    }
    let mut config = config;
    config.validation.n_folds = most;
    assert!(learning_curve(&config, &dataset, &[0.5]).is_err());
    let predictions = &trained.out_of_fold;
    assert!(warnings(predictions, &[0, 1], None).is_err());
    assert!(warnings(predictions, &[7; 40], None).is_err());
    assert!(warnings(predictions, dataset.classes(), Some(&[])).is_err());
    let rows = PredictedRows { name: "rows", dataset: &dataset, predictions };
    let cutoff = Cutoff { name: "c".into(), class: 9, probability: f64::NAN };
    let of_nothing = SubgroupConfig::Levels("no such feature".into());
    assert!(rows.assess(&[], &[of_nothing]).is_err());
    // A cutoff of no class is about none of the classes that are assessed.
    assert_eq!(rows.assess(&[cutoff], &[]).unwrap()[0].cutoffs.len(), 1);
}
