//! Inputs whose steps are named in the configuration.

use nomogram::unseal;
use nomogram_train::steps::{StepSpec, fit_steps};
use nomogram_train::{Dataset, Predictions, TrainingConfig, train};

const CONFIG: &str = r#"
model: { name: inputs, version: "1" }
data:
  missing: [""]
  target: { column: y, negative: "no", positive: "yes" }
  features:
    - { name: a, policy: { missing: impute } }
    - { name: b, range: [0, 1000] }
    - { name: c, kind: category, levels: [x, y, z], policy: { missing: impute } }
seed: 1
validation: { n_folds: 3, min_auc: 0.5 }
inputs:
  curved: INPUT
members:
  - name: linear
    input: curved
    weight: 1.0
    learner: { logistic_regression: { c: 1.0, class_weight: equal } }
combiner: soft_vote
"#;

const CURVED: &str = "[{ impute: { statistic: mean, indicators: false } }, { one_hot: {} }, \
                      { clip: { of: [a] } }, { spline: { knots: 3, of: [a] } }, \
                      { log1p: { of: [b], keep: true } }, { standard_scale: {} }]";

fn config(input: &str) -> Result<TrainingConfig, nomogram_train::Error> {
    TrainingConfig::from_yaml(&CONFIG.replace("INPUT", input))
}

fn dataset(config: &TrainingConfig) -> Dataset {
    let mut table = String::from("y,a,b,c\n");
    for row in 0..60_u32 {
        let class = if (row * 7 % 10 > 4) == (row % 9 != 0) { "yes" } else { "no" };
        let a = if row % 11 == 3 { String::new() } else { (row * 7 % 10).to_string() };
        let c = ["x", "y", "z", "y", ""][(row % 5) as usize];
        table += &format!("{class},{a},{},{c}\n", row * row % 97);
    }
    Dataset::from_csv("table", table.as_bytes(), &config.data).unwrap()
}

#[test]
fn the_bundle_encodes_as_the_fitted_steps_do() {
    let config = config(CURVED).unwrap();
    let dataset = dataset(&config);
    let (steps, encoded) = fit_steps(&dataset, &config.inputs["curved"]).unwrap();
    // Two of the spline, b, three levels, the logarithm of b.
    assert_eq!(encoded.ncols(), 7);
    assert!(encoded.iter().all(|value| value.is_finite()));
    let trained = train(&config, &dataset, &mut |_: usize, _: usize, _: &str| {}).unwrap();
    let (parts, _) = unseal(&trained.bundle).unwrap();
    assert_eq!((parts.branches[0].name.as_str(), &parts.branches[0].steps), ("curved", &steps));
    let nomogram::Member::Linear(linear) = &parts.members[0].member else { panic!() };
    let predicted = Predictions::of(&trained.model, &dataset).unwrap();
    for (row, margin) in encoded.rows().into_iter().zip(predicted.margins.column(0)) {
        let terms = row.iter().zip(linear.weights());
        let expected = terms.fold(linear.intercepts()[0], |sum, (v, w)| sum + v * w);
        assert_eq!(expected.to_bits(), margin.to_bits());
    }
}

#[test]
fn categories_are_imputed_by_their_most_frequent_level() {
    let config = config("[{ impute: {} }]").unwrap();
    let (steps, encoded) = fit_steps(&dataset(&config), &config.inputs["curved"]).unwrap();
    // Numbers and categories have a step each, and an indicator each.
    assert_eq!((steps.len(), encoded.ncols()), (2, 5));
    assert_eq!((encoded[[4, 2]], encoded[[4, 4]]), (1.0, 1.0));
}

#[test]
fn invalid_inputs_are_refused_with_the_reason() {
    let config_errors = [
        (
            "[{ clip: { quantiles: [0.9, 0.1] } }]",
            "1: clip: quantiles: 0.9 to 0.1, expected two ascending numbers from 0 to 1",
        ),
        ("[{ one_hot: {} }, { spline: { knots: 2 } }]", "2: spline: knots: 2, expected 3 to 7"),
        ("[{ bins: { n: 1 } }]", "1: bins: n: 1, expected at least 2"),
        ("[{ pca: { n_components: 0 } }]", "1: pca: n_components: 0, expected at least 1"),
    ];
    for (input, message) in config_errors {
        let error = config(input).unwrap_err().to_string();
        assert!(error.starts_with("configuration: line 13 column "), "{error}");
        assert!(error.contains(&format!(": inputs: curved: {message}\n")), "{error}");
    }
    let unknown = CONFIG.replace("INPUT", CURVED).replace("input: curved", "input: bent");
    let error = TrainingConfig::from_yaml(&unknown).unwrap_err().to_string();
    let message =
        "line 16 column 12: members: 1 (linear): input: `bent`, expected `raw`, `scaled`, `curved`";
    assert!(error.contains(message), "{error}");
    let taken = CONFIG.replace("INPUT", CURVED).replace("curved:", "raw:");
    let error = TrainingConfig::from_yaml(&taken).unwrap_err().to_string();
    assert!(error.contains("inputs: raw: the name is reserved"), "{error}");

    let data_errors = [
        ("[{ log1p: { of: [d] } }]", "step 1: log1p: of: `d`, expected a feature"),
        ("[{ log1p: { of: [c] } }]", "step 1: log1p: of: `c`, expected a feature of numbers"),
        ("[{ pca: { n_components: 2 } }]", "step 1: pca: row 4: `a` is missing; impute it first"),
        (
            "[{ impute: {} }, { pca: { n_components: 9 } }]",
            "step 2: pca: n_components: 9, expected at most 5, the number of columns",
        ),
    ];
    for (input, message) in data_errors {
        let config = config(input).unwrap();
        let error = fit_steps(&dataset(&config), &config.inputs["curved"]).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

/// Trees get the categories from the columns, and the directions of numbers by feature name.
#[test]
fn trees_are_constrained_by_feature_name() {
    let trees = "input: raw\n    weight: 1.0\n    learner: { boosted_trees: { n_trees: 30, learning_rate: 0.3, \
                 max_leaves: 8, min_rows_per_leaf: 2, subsample: 1.0, splits: { histogram: {} }KEYS } }\ncombiner";
    let with = |keys: &str| {
        let at = CONFIG.find("input: curved").unwrap();
        let end = CONFIG.find("\ncombiner").unwrap();
        let yaml = format!(
            "{}{}{}",
            &CONFIG[..at],
            trees.replace("KEYS", keys),
            &CONFIG[end + "\ncombiner".len()..]
        );
        TrainingConfig::from_yaml(&yaml.replace("INPUT", "[]")).unwrap()
    };
    let fit = |keys: &str| {
        let config = with(keys);
        let rows = dataset(&config);
        train(&config, &rows, &mut |_: usize, _: usize, _: &str| {}).map(|trained| (rows, trained))
    };
    let (rows, trained) = fit(", increasing: [a], decreasing: [b]").unwrap();
    let (parts, _) = unseal(&trained.bundle).unwrap();
    let forest = format!("{:?}", parts.members[0].member);
    assert!(forest.contains("SplitLevels { input: 2,"), "{forest}");
    let margins = |column: usize, value: f64| {
        let mut values = rows.values().clone();
        values.column_mut(column).fill(value);
        let mut session = nomogram::Session::new(trained.model.clone());
        let mut margins = Vec::new();
        session
            .predict_each(values.view(), |_, prediction| margins.push(prediction.margins()[0]))
            .unwrap();
        margins
    };
    for step in 0..9 {
        let (low, high) = (f64::from(step), f64::from(step + 1));
        assert!(margins(0, low).iter().zip(margins(0, high)).all(|(a, b)| *a <= b));
        assert!(margins(1, 10.0 * low).iter().zip(margins(1, 10.0 * high)).all(|(a, b)| *a >= b));
    }
    for (keys, message) in [
        (", increasing: [d]", "increasing: 1: `d`, expected a feature of the member's input"),
        (
            ", decreasing: [c]",
            "decreasing: 1: `c`, a category, which has no order, expected a number",
        ),
        (
            ", increasing: [a], decreasing: [a]",
            "decreasing: 1: `a` is constrained in both directions",
        ),
    ] {
        let error = fit(keys).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("configuration: members: 1 (linear): learner: boosted_trees: {message}")
        );
    }
}

#[test]
fn a_step_reads_its_own_name() {
    let steps: Vec<StepSpec> = serde_saphyr::from_str(CURVED).unwrap();
    let again: Vec<StepSpec> =
        serde_json::from_value(serde_json::to_value(&steps).unwrap()).unwrap();
    assert_eq!(steps, again);
}
