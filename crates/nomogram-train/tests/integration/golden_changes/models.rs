//! Seven small models, trained.

use std::fmt::Write as _;

use nomogram_train::{Dataset, Trained, TrainingConfig};

const DATA: &str = r#"
model: { name: NAME, version: "1" }
data:
  missing: [""]
  target: { column: y, CLASSES }
  features: [FEATURES]
  RULES
  ignored: [IGNORED]
seed: 7
validation: { n_folds: 3, min_auc: 0.5 }
allow_uninformative_members: true
"#;

const LINEAR: &str = "logistic_regression: { c: 1.0, class_weight: equal }";
const TREES: &str = "boosted_trees: { n_trees: 8, learning_rate: 0.3, max_depth: 2, \
                     min_rows_per_leaf: 3, subsample: 1.0 }";
const HISTOGRAM: &str = "boosted_trees: { n_trees: 6, learning_rate: 0.3, max_depth: 2, \
                         min_rows_per_leaf: 3, subsample: 1.0, splits: { histogram: {} } }";
const FOREST: &str = "random_forest: { n_trees: 6, criterion: gini, max_features: sqrt, max_depth: 3, \
                      min_rows_per_leaf: 4, bootstrap: true }";
const NETWORK: &str = "network: { hidden: [3], activation: relu, l2: 0.01, learning_rate: 0.02, \
                       batch_rows: 16, max_epochs: 20 }";

const A: &str = "{ name: a, unit: mg/dL, alternative_units: [{ code: umol/L, divisor: 88.42 }] }";
const B: &str = "{ name: b }";
const C: &str = "{ name: c, kind: integer }";
const A_LIMITED: &str = "{ name: a, unit: mg/dL, alternative_units: [{ code: umol/L, divisor: 88.42 }], \
                         range: [0, 20], policy: { missing: impute, out_of_range: clamp } }";
const S: &str = "{ name: s, kind: boolean, policy: { missing: impute } }";
const G: &str = "{ name: g, kind: category, levels: [x, y, z], policy: { missing: impute } }";

/// Members as (name, input, learner).
fn members(members: &[(&str, &str, &str)]) -> String {
    let mut yaml = String::from("members:\n");
    for (name, input, learner) in members {
        writeln!(
            yaml,
            "  - {{ name: {name}, input: {input}, weight: 1.5, learner: {{ {learner} }} }}"
        )
        .unwrap();
    }
    yaml
}

fn config(name: &str) -> TrainingConfig {
    let shaped = "inputs: { shaped: [{ clip: {} }, { yeo_johnson: { keep: true } }, \
                  { standard_scale: {} }] }\n";
    let mixed = "inputs: { mixed: [{ impute: {} }, { one_hot: {} }, { clip: { of: [a, b] } }, \
                 { standard_scale: {} }] }\n";
    let cutoffs =
        "cutoffs:\n  - { name: refer, class: yes, rule: { specificity_at_least: 0.5 } }\n";
    let rules = "rules: [{ name: b below a, quantity: { difference: { minuend: a, subtrahend: b } }, \
                 low: -1, action: flag }, { name: c is small, quantity: { ratio: { factors: [c, b], \
                 divisors: [], constant: 2.0 } }, high: 1000, action: refuse }]";
    let two = [A, B, C].join(", ");
    let all = [A_LIMITED, B, C, S, G].join(", ");
    let (features, rules, rest) = match name {
        "linear" => (two, "", shaped.to_owned() + &members(&[("linear", "shaped", LINEAR)])),
        "boosted_trees" => (two, "", members(&[("trees", "raw", TREES)])),
        "random_forest" => (two, "", members(&[("forest", "raw", FOREST)])),
        "network" => (two, "", members(&[("network", "scaled", NETWORK)])),
        "naive_bayes" => {
            (all, "", members(&[("bayes", "raw", "naive_bayes: { var_smoothing: 1.0e-9 }")]))
        }
        "ensemble" => {
            let three = [
                ("linear", "mixed", LINEAR),
                ("trees", "raw", HISTOGRAM),
                ("net", "scaled", NETWORK),
            ];
            let rest = [mixed, &members(&three), "calibration: isotonic\n", cutoffs].concat();
            (all, rules, rest)
        }
        "three_classes" => {
            let two_members = [("linear", "scaled", LINEAR), ("trees", "raw", HISTOGRAM)];
            (two, "", members(&two_members) + "calibration: temperature\n" + cutoffs)
        }
        other => panic!("{other}: no such model"),
    };
    let classes = match name {
        "three_classes" => "classes: [\"no\", \"yes\", perhaps]",
        _ => "negative: \"no\", positive: \"yes\"",
    };
    let ignored = if features.contains("name: g") { "" } else { "s, g" };
    let yaml = DATA
        .replace("NAME", name)
        .replace("CLASSES", classes)
        .replace("FEATURES", &features)
        .replace("RULES", rules)
        .replace("IGNORED", ignored)
        + &rest.replace("class: yes", "class: \"yes\"")
        + "combiner: soft_vote\n";
    TrainingConfig::from_yaml(&yaml).unwrap()
}

/// Ninety-six rows of five features, whose class follows from all of them.
fn table(has_missing: bool, n_classes: usize) -> String {
    let mut table = String::from("y,a,b,c,s,g\n");
    for row in 0..96_u32 {
        let a = f64::from(row * 37 % 96) / 8.0;
        let b = f64::from(row * 53 % 89) / 20.0;
        let (c, s, g) = (row * 7 % 11, row * 5 % 3 / 2, row * 11 % 3);
        let score = a - b + f64::from(c) / 3.0 + f64::from(s) - f64::from(g) + f64::from(row % 5);
        let class = match n_classes {
            2 => usize::from(score > 7.0),
            _ => usize::from(score > 4.5) + usize::from(score > 9.0),
        };
        let class = ["no", "yes", "perhaps"][class];
        let known = |text: String, nth: u32| match has_missing && row % 13 == nth {
            true => String::new(),
            false => text,
        };
        let (a, s) = (known(a.to_string(), 3), known(s.to_string(), 5));
        let g = known(["x", "y", "z"][g as usize].to_owned(), 7);
        writeln!(table, "{class},{a},{b},{c},{s},{g}").unwrap();
    }
    table
}

/// Trains one of the models.
pub(crate) fn train(name: &str) -> Trained {
    let config = config(name);
    let has_missing = config.data.features.len() > 3;
    let table = table(has_missing, if name == "three_classes" { 3 } else { 2 });
    let dataset = Dataset::from_csv(name, table.as_bytes(), &config.data).unwrap();
    nomogram_train::train(&config, &dataset, &mut |_: usize, _: usize, _: &str| {}).unwrap()
}

/// A bundle of the model `ensemble`, recalibrated on rows of other patients, fewer of whom are `yes`.
pub(crate) fn recalibrated(parent: &[u8]) -> Vec<u8> {
    let config = config("ensemble");
    let mut n_yes = 0;
    let mut other = |line: &str| {
        n_yes += usize::from(line.starts_with("yes,"));
        let is_spared = line.starts_with("yes,") && n_yes % 3 == 0;
        let line = if is_spared { line.replacen("yes,", "no,", 1) } else { line.to_owned() };
        format!("{line}\n")
    };
    let table: String = table(true, 2).lines().map(&mut other).collect();
    let dataset = Dataset::from_csv("other", table.as_bytes(), &config.data).unwrap();
    nomogram_train::recalibrate(parent, &config, &dataset).unwrap().bundle
}
