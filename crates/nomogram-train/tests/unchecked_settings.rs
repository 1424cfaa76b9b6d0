//! Public functions return an error for settings and rows that nobody checked.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use ndarray::array;
use nomogram_train::learners::{
    BoostedTreesSpec, EarlyStopping, Learner, LogisticRegressionSpec, NaiveBayesSpec, NetworkSpec,
    TrainingRows,
};
use nomogram_train::split::{
    FoldsBy, FoldsSpec, Split, SplitSpec, each_group, grouped_folds, repeat_folds,
    stratified_folds, time_folds,
};
use nomogram_train::steps::{BinsSpec, ClipSpec, PcaSpec, SplineSpec, StepSpec};
use nomogram_train::{DataConfig, Dataset, fit_standard_scaler, fit_steps};

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
