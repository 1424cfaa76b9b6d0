//! Training from the table to the bundle, on small tables and on the reference data.

use std::fmt::Write as _;
use std::path::Path;

use nomogram::{Combiner, CombinerReads, Model, Session, Step, unseal};
use nomogram_train::ensemble::{CalibratorSpec, CombinerSpec};
use nomogram_train::learners::{ClassWeight, Learner, LogisticRegressionSpec};
use nomogram_train::split::{Split, stratified_folds};
use nomogram_train::training::config::Input;
use nomogram_train::{
    Dataset, Error, PredictedRows, Predictions, Trained, TrainingConfig, corrected_performance,
    cross_validate, cross_validate_tuned, metrics_table, recalibrate, tune,
};

const CONFIG: &str = r#"
model: { name: small, version: "1" }
data:
  row_id: id
  target: { column: y, negative: "no", positive: "yes" }
  features:
    - { name: a, unit: mg/dL }
    - { name: b }
seed: 5
validation: { n_folds: 3, min_auc: 0.6 }
members:
  - name: linear
    input: scaled
    weight: 1.0
    learner:
      logistic_regression: { c: 1.0, class_weight: equal }
  - name: trees
    input: raw
    weight: 2.0
    learner:
      boosted_trees: { n_trees: 5, learning_rate: 0.3, max_depth: 2, min_rows_per_leaf: 2, subsample: 0.8 }
  - name: network
    input: scaled
    weight: 1.0
    learner:
      network:
        hidden: [3]
        activation: tanh
        l2: 0.001
        learning_rate: 0.05
        batch_rows: 8
        max_epochs: 30
        early_stopping: { fraction: 0.2, patience: 5 }
combiner: soft_vote
"#;

/// Sixty rows; the class follows from feature `a` except in every seventh row, and does not depend on `b`.
fn table() -> String {
    let mut table = String::from("id,y,a,b\n");
    for row in 0..60 {
        let is_positive = (row % 2 == 1) != (row % 7 == 0);
        let a = if row % 2 == 1 { 5.0 } else { 2.0 } + f64::from(row * 37 % 11) / 10.0;
        let class = if is_positive { "yes" } else { "no" };
        writeln!(table, "{row},{class},{a},{}", row * 53 % 17).unwrap();
    }
    table
}

fn config() -> TrainingConfig {
    TrainingConfig::from_yaml(CONFIG).unwrap()
}

fn dataset() -> Dataset {
    Dataset::from_csv("table", table().as_bytes(), &config().data).unwrap()
}

fn train(config: &TrainingConfig, dataset: &Dataset) -> Result<Trained, Error> {
    nomogram_train::train(config, dataset, &mut |_: usize, _: usize, _: &str| {})
}

fn learner<'a>(config: &'a mut TrainingConfig, name: &str) -> &'a mut Learner {
    &mut config.members.iter_mut().find(|member| member.name == name).unwrap().learner
}

#[test]
fn the_same_data_configuration_and_seed_give_the_same_bytes() {
    let first = train(&config(), &dataset()).unwrap();
    assert_eq!(first.bundle, train(&config(), &dataset()).unwrap().bundle);
    let mut other = config();
    other.seed = 6;
    assert_ne!(first.bundle, train(&other, &dataset()).unwrap().bundle);
}

#[test]
fn the_manifest_has_the_origin_of_the_model() {
    let model = train(&config(), &dataset()).unwrap().model;
    let manifest = model.manifest();
    assert_eq!((manifest.name.as_str(), manifest.version.as_str()), ("small", "1"));
    assert_eq!(manifest.created_by, concat!("nomogram-train ", env!("CARGO_PKG_VERSION")));
    assert_eq!(manifest.training_data_digest, dataset().digest());
    assert_eq!(manifest.configuration_digest, config().digest().unwrap());
    assert_eq!(manifest.notes["training rows"], "60");
    assert_eq!(TrainingConfig::of_bundle(manifest).unwrap().unwrap(), config());
    assert_eq!(model.schema().features()[0].unit.as_deref(), Some("mg/dL"));
}

#[test]
fn the_held_out_rows_of_a_fold_do_not_reach_its_fit() {
    // A row whose values are absurd only in the held-out fold must not change the other folds'
    // models: its own prediction may change, predictions of its fold's other rows may not.
    let dataset = dataset();
    let config = config();
    let folds = stratified_folds(dataset.classes(), 3, config.seed).unwrap();
    let nobody = &mut |_: usize, _: usize, _: &str| {};
    let clean = cross_validate(&config, &dataset, &folds, nobody).unwrap();
    let spoiled_table = table().replacen("8,no,", "8,no,9999", 1);
    let spoiled = Dataset::from_csv("table", spoiled_table.as_bytes(), &config.data).unwrap();
    let row = (0..60).find(|row| spoiled.values()[[*row, 0]] > 999.0).unwrap();
    let changed = cross_validate(&config, &spoiled, &folds, nobody).unwrap();
    let own_fold = folds.iter().find(|fold| fold.test.contains(&row)).unwrap();
    for other in own_fold.test.iter().filter(|other| **other != row) {
        assert_eq!(
            clean.positive()[*other].to_bits(),
            changed.positive()[*other].to_bits(),
            "row {other}"
        );
    }
    let others = folds.iter().filter(|fold| !fold.test.contains(&row)).flat_map(|fold| &fold.test);
    assert!(others.clone().any(|other| clean.positive()[*other] != changed.positive()[*other]));
}

#[test]
fn a_member_with_one_answer_for_every_row_is_refused_unless_allowed() {
    let mut config = config();
    match learner(&mut config, "trees") {
        Learner::BoostedTrees(spec) => spec.min_rows_per_leaf = 1000,
        other => panic!("{other:?}"),
    }
    let error = train(&config, &dataset()).unwrap_err().to_string();
    assert!(
        error.starts_with("member `trees` is uninformative: it gives the probability 0.5")
            && error.contains("for each of the 60 training rows")
            && error.ends_with("set `allow_uninformative_members: true` to seal the model anyway"),
        "{error}"
    );
    config.allow_uninformative_members = true;
    assert!(train(&config, &dataset()).is_ok());
}

#[test]
fn a_member_that_does_not_separate_the_classes_is_refused_with_its_auc() {
    let mut config = config();
    config.data.features.remove(0);
    config.data.ignored.push("a".into());
    config.members.truncate(1);
    let dataset = Dataset::from_csv("table", table().as_bytes(), &config.data).unwrap();
    let error = train(&config, &dataset).unwrap_err().to_string();
    let start = "member `linear` is uninformative: its AUC on held-out folds is 0.";
    assert!(error.starts_with(start) && error.contains("expected at least 0.6"), "{error}");

    config.members.push(config.members[0].clone());
    config.members[1].name = "again".into();
    let error = train(&config, &dataset).unwrap_err().to_string();
    assert!(
        error.contains("; member `again` is uninformative: "),
        "all of them are named: {error}"
    );
}

#[test]
fn a_recalibration_is_evaluated_on_the_rows_that_its_folds_hold_out() {
    let text = CONFIG.replace("row_id: id", "row_id: id\n  time: day");
    let text = format!("{text}calibration: platt\nsplits: {{ folds: {{ n: 3, by: time }} }}\n");
    let later = TrainingConfig::from_yaml(&text).unwrap();
    let mut lines = table().lines().map(str::to_owned).collect::<Vec<_>>();
    lines[0] += ",day";
    for (row, line) in lines[1..].iter_mut().enumerate() {
        write!(line, ",2024-{:02}-{:02}", 1 + row / 28, 1 + row % 28).unwrap();
    }
    let rows = Dataset::from_csv("table", lines.join("\n").as_bytes(), &later.data).unwrap();
    let parent = train(&config(), &dataset()).unwrap();
    let child = recalibrate(&parent.bundle, &later, &rows).unwrap();
    // No fold holds out the first of four blocks.
    assert_eq!(child.rows, (15..60).collect::<Vec<usize>>());
    let of_parent = Predictions::of(&parent.model, &rows).unwrap();
    assert_eq!(child.before.ensemble, of_parent.select(&child.rows).ensemble);
    assert_eq!(child.after.ensemble.nrows(), 45);
    assert_ne!(child.after.ensemble, child.before.ensemble);

    let other = TrainingConfig::from_yaml(&text.replace("mg/dL", "umol/L")).unwrap();
    let rows = Dataset::from_csv("table", lines.join("\n").as_bytes(), &other.data).unwrap();
    let error = recalibrate(&parent.bundle, &other, &rows).unwrap_err().to_string();
    assert!(
        error.contains(
            "the table has `a`, number, unit `umol/L`, the model expects `a`, number, unit `mg/dL`"
        ),
        "{error}"
    );
}

#[test]
fn a_lasso_gives_an_input_without_values_no_weight() {
    let text = CONFIG
        .replace("{ name: b }", "{ name: b, policy: { missing: impute } }")
        .replace("c: 1.0,", "c: 1.0, l1_ratio: 1.0,");
    let config = TrainingConfig::from_yaml(&text).unwrap();
    let rows = Dataset::from_csv("table", table().as_bytes(), &config.data).unwrap();
    let (parts, _) = unseal(&train(&config, &rows).unwrap().bundle).unwrap();
    let nomogram::Member::Linear(linear) = &parts.members[0].member else { panic!() };
    assert_eq!(linear.weights().last(), Some(&0.0), "that of the indicator of `b`");
}

#[test]
fn samples_that_cannot_be_trained_on_count_as_undefined() {
    // Two rows of one class in each fold: most samples have fewer.
    let mut config = config();
    config.calibration = Some(CalibratorSpec::Platt);
    config.members.truncate(1);
    let classes = dataset().classes().to_vec();
    let of = |class| (0..60).filter(|row| classes[*row] == class).collect::<Vec<_>>();
    let rows = [of(0), of(1)[..4].to_vec()].concat();
    let few = dataset().select(&rows);
    let found = corrected_performance(&config, &few, 40).unwrap().auc.unwrap();
    assert_eq!(found.n_replicates + found.n_undefined, 40);
    assert!(found.n_undefined > 0 && found.n_replicates > 0, "{found:?}");
}

#[test]
fn invalid_configurations_are_refused_with_place_and_reason() {
    let cases = [
        ("n_folds: 3", "n_folds: 1", "validation: n_folds: 1, expected at least 2"),
        (
            "c: 1.0",
            "c: -1",
            "members: 1 (linear): learner: logistic_regression: c: -1, expected a positive number",
        ),
        (
            "subsample: 0.8",
            "subsample: 1.5",
            "members: 2 (trees): learner: boosted_trees: subsample: 1.5, expected more than 0",
        ),
        (
            "max_epochs: 30",
            "max_epochs: 0",
            "members: 3 (network): learner: network: max_epochs: 0, expected at least 1",
        ),
        ("fraction: 0.2", "fraction: 1.0", "early_stopping: fraction: 1, expected between 0 and 1"),
        ("positive: \"yes\"", "positive: \"no\"", "data: target: both classes are `no`"),
        ("weight: 2.0", "weight: -2", "members: 2 (trees): weight: -2, expected 0 or more"),
        ("{ name: b }", "{ name: b, texts: [f, t] }", "`texts`, but it is no"),
        ("{ name: b }", "{ name: b, range: [2, 1] }", ": `b`: plausible range"),
        ("combiner: soft_vote", "combiner: loud", "loud"),
        ("seed: 5", "sede: 5", "sede"),
    ];
    for (right, wrong, message) in cases {
        assert!(CONFIG.contains(right), "{right}");
        let text = CONFIG.replace(right, wrong);
        let line = 1 + text.split(wrong).next().unwrap().matches('\n').count();
        let error = TrainingConfig::from_yaml(&text).unwrap_err().to_string();
        assert!(error.contains(message), "{wrong}: {error}");
        assert!(error.contains(&format!("--> configuration:{line}:")), "{wrong}: {error}");
    }
    for (right, wrong, message) in [
        ("name: trees", "name: linear", "members: 2 (linear): name: duplicate name"),
        ("l2: 0.001", "", "l2"),
    ] {
        let error = TrainingConfig::from_yaml(&CONFIG.replace(right, wrong)).unwrap_err();
        assert!(error.to_string().contains(message), "{wrong}: {error}");
    }
    let unknown = TrainingConfig::from_yaml(&CONFIG.replace("seed: 5", "sede: 5")).unwrap_err();
    assert!(unknown.to_string().starts_with("configuration: line 9 column 1"), "{unknown}");
    let added = [
        ("cutoffs: [{ name: x, rule: { sensitivity_at_least: 90 } }]", "sensitivity_at_least: 90,"),
        (
            "cutoffs: [{ name: x, rule: youden }, { name: x, rule: youden }]",
            "line 35 column 46: cutoffs: 2 (x): name: duplicate name",
        ),
        ("report: { subgroups: [c] }", "report: subgroups: 1: `c`, expected a feature"),
        (
            "report: { subgroups: [a] }",
            "`a` is a number, expected the bounds of groups: { feature: a, at",
        ),
        (
            "report: { subgroups: [{ feature: a, at: [2, 1] }] }",
            "at: [2.0, 1.0], expected ascending values",
        ),
        ("report: { learning_curve: [0.5, 2] }", "learning_curve: 2: 2, expected above 0"),
        (
            "tuning: { n_trials: 5, rungs: [3], space: { seed: { uniform: [2, 1] } } }",
            "line 35 column 62: tuning: space: seed: uniform: 2 to 1, expected",
        ),
    ];
    for (text, message) in added {
        let error = TrainingConfig::from_yaml(&format!("{CONFIG}{text}\n")).unwrap_err();
        assert!(error.to_string().contains(message), "{text}: {error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_where_the_line_is_shown() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("misspelt.yaml");
    std::fs::write(&path, CONFIG.replace("seed: 5", "sede: 5")).unwrap();
    let error = TrainingConfig::from_file(&path).unwrap_err().to_string();
    assert!(error.contains(&format!("--> {}:9:1", path.display())), "{error}");
    assert!(!error.contains("<input>"), "{error}");
}

#[test]
fn too_few_rows_are_refused() {
    let mut config = config();
    config.validation.n_folds = 40;
    let error = train(&config, &dataset()).unwrap_err().to_string();
    assert!(error.ends_with("rows, fewer than the 40 folds"), "{error}");

    config.validation.n_folds = 2;
    let few: Vec<usize> = (0..20).collect();
    let error = train(&config, &dataset().select(&few)).unwrap_err().to_string();
    assert_eq!(error, "fold 1: 10 rows to fit to, expected at least 16");
}

#[test]
fn a_hard_vote_counts_members() {
    let mut config = config();
    config.combiner = CombinerSpec::HardVote;
    let trained = train(&config, &dataset()).unwrap();
    let shares = Predictions::of(&trained.model, &dataset()).unwrap().positive();
    let possible = [0.0, 0.25, 0.5, 0.75, 1.0];
    assert!(shares.iter().all(|share| possible.contains(share)), "{shares:?}");
}

#[test]
fn weights_and_stacks_are_fitted_to_out_of_fold_predictions() {
    let combiners = [
        ("fitted_soft_vote", None),
        ("{ stack: { reads: margins, c: 1.0 } }", Some(CombinerReads::Margins)),
        ("{ stack: { reads: outputs, c: 0.5 } }", Some(CombinerReads::Outputs)),
    ];
    for (combiner, expected) in combiners {
        let text = CONFIG.replace("combiner: soft_vote", &format!("combiner: {combiner}"));
        let config = TrainingConfig::from_yaml(&text).unwrap();
        let trained = train(&config, &dataset()).unwrap();
        match &unseal(&trained.bundle).unwrap().0.combiner {
            Combiner::SoftVote { weights } => {
                assert_eq!(expected, None);
                assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{weights:?}");
            }
            Combiner::Stack { input, .. } => assert_eq!(expected, Some(*input)),
            other => panic!("{other:?}"),
        }
        let (name, predictions) = ("held-out folds", &trained.out_of_fold);
        let rows = PredictedRows { name, dataset: &dataset(), predictions };
        let evaluation = rows.member_metrics().unwrap();
        assert!(evaluation.ensemble().auc.unwrap() > 0.75, "{combiner}: {evaluation:?}");
    }
}

#[test]
fn calibrators_are_fitted_to_out_of_fold_predictions_and_sealed() {
    for kind in ["platt", "beta", "isotonic", "temperature", "chosen"] {
        let text = CONFIG
            .replace("combiner: soft_vote", &format!("combiner: soft_vote\ncalibration: {kind}"));
        let config = TrainingConfig::from_yaml(&text).unwrap();
        let trained = train(&config, &dataset()).unwrap();
        let calibrator = unseal(&trained.bundle).unwrap().0.calibrator;
        assert!(calibrator.is_some() || kind == "chosen", "{kind}");
        let plain = train(&self::config(), &dataset()).unwrap();
        assert_eq!(trained.out_of_fold.members, plain.out_of_fold.members, "{kind}");
    }
}

#[test]
fn missing_values_categories_and_weights_reach_every_member_that_supports_them() {
    let text = CONFIG
        .replace("{ name: a, unit: mg/dL }", "{ name: a, policy: { missing: impute } }")
        .replace("{ name: b }", "{ name: b, kind: category, levels: [low, high] }")
        .replace("row_id: id", "row_id: id\n  weight: w");
    let mut config = TrainingConfig::from_yaml(&text).unwrap();
    config.members.truncate(2);
    config.allow_uninformative_members = true;
    let mut table = String::from("id,y,a,b,w\n");
    for row in 0..120_u32 {
        let class = if (row % 2 == 1) != (row % 9 == 0) { "yes" } else { "no" };
        let a = if row % 5 == 0 { String::new() } else { (row % 2 * 3 + row % 7).to_string() };
        let level = if row % 3 == 0 { "low" } else { "high" };
        writeln!(table, "{row},{class},{a},{level},{}", 1 + row % 2).unwrap();
    }
    let dataset = Dataset::from_csv("table", table.as_bytes(), &config.data).unwrap();
    config.members[1].learner = serde_json::from_str(
        r#"{"boosted_trees": {"n_trees": 5, "learning_rate": 0.3, "max_depth": 2,
            "min_rows_per_leaf": 2, "subsample": 1.0, "splits": {"histogram": {}}}}"#,
    )
    .unwrap();
    let weighted = train(&config, &dataset).unwrap();
    let branches = unseal(&weighted.bundle).unwrap().0.branches;
    let scaled = branches.iter().find(|branch| branch.name == "scaled").unwrap();
    assert!(matches!(
        scaled.steps.as_slice(),
        [Step::Impute(_), Step::OneHot(_), Step::StandardScale(_)]
    ));
    let mut session = Session::new(weighted.model.clone());
    assert!(session.predict_row(&[f64::NAN, 1.0]).is_ok());

    let all_one = table.lines().enumerate().map(|(line, text)| match line {
        0 => format!("{text}\n"),
        _ => format!("{},1\n", text.rsplit_once(',').unwrap().0),
    });
    let all_one: String = all_one.collect();
    let plain = Dataset::from_csv("table", all_one.as_bytes(), &config.data).unwrap();
    let plain = train(&config, &plain).unwrap();
    for member in 0..2 {
        assert_ne!(weighted.out_of_fold.members[member], plain.out_of_fold.members[member]);
    }
    config.members[0].input = Input::Raw;
    let error = train(&config, &dataset).unwrap_err().to_string();
    assert!(error.contains("line 2: logistic regression: `a` is missing"), "{error}");
}

const TUNING: &str = r#"
tuning:
  n_trials: 8
  rungs: [1, 4]
  space:
    members.linear.learner.logistic_regression.c: { log_uniform: [0.001, 100.0] }
    members.network.weight: { choice: [0, 1] }
"#;

#[test]
fn an_interrupted_search_has_the_result_of_an_uninterrupted_one() {
    let config = TrainingConfig::from_yaml(&format!("{CONFIG}{TUNING}")).unwrap();
    let (best, whole) = tune(&config, &dataset(), None).unwrap();
    let settings = &whole.best_trial().settings;
    let Learner::LogisticRegression(spec) = &best.members[0].learner else { panic!() };
    assert_eq!(Some(spec.c), settings["members.linear.learner.logistic_regression.c"].as_f64());
    assert_eq!(Some(best.members[2].weight), settings["members.network.weight"].as_f64());
    let reached: Vec<usize> = whole.trials.iter().map(|trial| trial.losses.len()).collect();
    assert_eq!(reached.iter().filter(|n| **n == 4).count(), 3, "{reached:?}");

    let path = std::env::temp_dir().join(format!("nomogram-tune-{}.jsonl", std::process::id()));
    let _absent = std::fs::remove_file(&path);
    assert_eq!(tune(&config, &dataset(), Some(&path)).unwrap().1, whole);
    let lines = std::fs::read(&path).unwrap();
    std::fs::write(&path, &lines[..lines.len() / 2]).unwrap();
    assert_eq!(tune(&config, &dataset(), Some(&path)).unwrap().1, whole);
    let mut other = config.clone();
    other.seed += 1;
    let error = tune(&other, &dataset(), Some(&path)).unwrap_err().to_string();
    assert!(error.contains("line 1: the journal of another search ("), "{error}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn settings_are_searched_within_the_rows_of_each_fold() {
    let config = TrainingConfig::from_yaml(&format!("{CONFIG}{TUNING}")).unwrap();
    let folds = stratified_folds(dataset().classes(), 3, 1).unwrap();
    let (predictions, settings) = cross_validate_tuned(&config, &dataset(), &folds).unwrap();
    for (fold, settings) in folds.iter().zip(settings) {
        let (tuned, found) = tune(&config, &dataset().select(&fold.train), None).unwrap();
        assert_eq!(found.best_trial().settings, settings);
        let trained = train(&tuned, &dataset().select(&fold.train)).unwrap();
        let held_out = Predictions::of(&trained.model, &dataset().select(&fold.test)).unwrap();
        assert_eq!(predictions.select(&fold.test), held_out);
    }
}

#[test]
fn the_table_of_metrics_has_a_line_per_member_and_one_for_the_ensemble() {
    let trained = train(&config(), &dataset()).unwrap();
    let predictions = Predictions::of(&trained.model, &dataset()).unwrap();
    let rows = PredictedRows { name: "all rows", dataset: &dataset(), predictions: &predictions };
    let evaluation = rows.member_metrics().unwrap();
    let table = metrics_table(&evaluation);
    for name in ["accuracy", "linear", "trees", "network", "ensemble"] {
        assert!(table.contains(name), "{table}");
    }
    let json = serde_json::to_value(&evaluation).unwrap();
    assert_eq!(json[3]["name"], "ensemble");
    assert_eq!(json[3]["auc"].as_f64(), evaluation.ensemble().auc);
    let few = dataset().select(&[0, 1]);
    assert!(PredictedRows { dataset: &few, ..rows }.member_metrics().is_err());
}

#[test]
fn the_bundle_predicts_what_the_fit_learned() {
    let config = config();
    let trained = train(&config, &dataset()).unwrap();
    let model = std::sync::Arc::new(Model::open(&trained.bundle).unwrap());
    let mut session = Session::new(model);
    // The class follows from `a`: far on either side there is no doubt.
    let low = session.predict_row(&[1.0, 8.0]).unwrap().probabilities()[1];
    let high = session.predict_row(&[7.0, 8.0]).unwrap().probabilities()[1];
    assert!(low < 0.3 && high > 0.7, "{low} {high}");
}

#[test]
fn a_given_split_names_every_row_once() {
    let dataset = dataset();
    let lines = |keep: &dyn Fn(usize) -> Option<String>| -> String {
        let rows: String = (0..60).filter_map(keep).collect();
        format!("row_id,part\n{rows}")
    };
    let part = |row: usize| if row < 45 { "train" } else { "test" };
    let cases = [
        (lines(&|row| Some(format!("{row},{}\n", part(row)))), Ok(45)),
        (lines(&|row| (row != 7).then(|| format!("{row},train\n"))), Err("no line for row id `7`")),
        (
            lines(&|row| Some(format!("{},train\n", row + 1))),
            Err("found `60`, expected the id of a row"),
        ),
        (
            lines(&|row| Some(format!("{row},both\n"))),
            Err("found `both`, expected `train` or `test`"),
        ),
        (
            lines(&|row| Some(format!("{},train\n", row / 2))),
            Err("expected a row id that appears only once"),
        ),
    ];
    let path = std::env::temp_dir().join(format!("nomogram-split-{}.csv", std::process::id()));
    for (text, expected) in cases {
        std::fs::write(&path, text).unwrap();
        let split = Split::from_csv_file(&path, &dataset);
        match (split, expected) {
            (Ok(split), Ok(n_train)) => assert_eq!(split.train.len(), n_train),
            (Err(error), Err(message)) => assert!(error.to_string().contains(message), "{error}"),
            (split, expected) => panic!("{split:?}, expected {expected:?}"),
        }
    }
    std::fs::remove_file(&path).unwrap();
    let error = Split::from_csv_file(&path, &dataset).unwrap_err();
    assert!(matches!(error, Error::File { .. }));
}

#[test]
fn a_member_may_read_either_input() {
    let mut config = config();
    config.members.truncate(1);
    config.members[0].input = Input::Raw;
    config.members[0].learner = Learner::LogisticRegression(LogisticRegressionSpec {
        class_weight: ClassWeight::Balanced,
        ..LogisticRegressionSpec::ridge(1.0)
    });
    let trained = train(&config, &dataset()).unwrap();
    assert_eq!(trained.model.member_names().collect::<Vec<_>>(), ["linear"]);
}
