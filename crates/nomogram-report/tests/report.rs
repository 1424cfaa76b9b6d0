//! A report of a model that was trained for it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fmt::Write as _;

use nomogram::unseal;
use nomogram_report::{EvaluatedFile, HELD_OUT_FOLDS, Inputs, Report, Training, nomograms};
use nomogram_train::{Dataset, PredictedRows, Predictions, Table, TrainingConfig, train, validate};

const CONFIG: &str = r#"
model: { name: "small <model>", version: "1" }
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
combiner: soft_vote
cutoffs:
  - { name: screening, rule: { sensitivity_at_least: 0.9 } }
  - { name: balanced, rule: youden }
"#;

/// Two hundred rows; feature `a` mostly determines the class, `b` is noise.
fn table() -> String {
    let mut table = String::from("id,y,a,b\n");
    for row in 0..200 {
        let is_positive = (row % 2 == 1) != (row % 7 == 0);
        let a = if row % 2 == 1 { 5.0 } else { 2.0 } + f64::from(row * 37 % 11) / 5.0;
        let class = if is_positive { "yes" } else { "no" };
        writeln!(table, "{row},{class},{a},{}", row * 53 % 17).unwrap();
    }
    table
}

fn dataset(config: &TrainingConfig) -> Dataset {
    Dataset::from_csv("table", table().as_bytes(), &config.data).unwrap()
}

fn report() -> Report {
    report_of(CONFIG, "all rows again", Dataset::clone)
}

/// A report of training, and of the rows that `others` makes of the training rows.
fn report_of(config: &str, name: &str, others: impl Fn(&Dataset) -> Dataset) -> Report {
    let text = config;
    let config = TrainingConfig::from_yaml(text).unwrap();
    let table = Table::from_csv("table", table().as_bytes(), &config.data.table_format()).unwrap();
    let dataset = dataset(&config);
    let trained = train(&config, &dataset, &mut |_: usize, _: usize, _: &str| {}).unwrap();
    let model = &trained.model;
    let others = others(&dataset);
    let predictions = Predictions::of(model, &others).unwrap();
    let (parts, _) = unseal(&trained.bundle).unwrap();
    let held_out = PredictedRows {
        name: HELD_OUT_FOLDS,
        dataset: &dataset,
        predictions: &trained.out_of_fold,
    };
    Report::new(&Inputs {
        model,
        parts: &parts,
        rows: &[held_out, PredictedRows { name, dataset: &others, predictions: &predictions }],
        config: &config,
        validation: &validate(&table, &config.data).unwrap(),
        training: Some(Training { rows: &dataset, configuration: text }),
        evaluated_file: None,
        known_rows: None,
    })
    .unwrap()
}

#[test]
fn prediction_sets_are_counted_on_rows_that_they_were_not_fitted_to() {
    let config = format!("{CONFIG}uncertainty: {{}}\n");
    let half: Vec<usize> = (0..100).collect();
    let report = report_of(&config, "half of the rows", |dataset| dataset.select(&half));
    let [coverage] = report.set_coverage.as_slice() else { panic!("one set of rows") };
    assert_eq!((coverage.rows.as_str(), coverage.n_rows), ("half of the rows", 100));
    assert_eq!(coverage.n_predicted + coverage.n_ambiguous + coverage.n_unlike, 100);
    let levels: Vec<f64> = coverage.levels.iter().map(|at| at.level).collect();
    assert_eq!(levels, [0.9, 0.95]);
    for at in &coverage.levels {
        assert_eq!(at.n_of_class.iter().sum::<usize>(), 100);
        assert!(
            at.n_covered.iter().zip(&at.n_of_class).all(|(n, all)| 10 * n >= 8 * all),
            "{at:?}"
        );
    }
    let html = report.to_html().unwrap();
    assert!(html.contains("Prediction sets, half of the rows"));
    let again = report_of(&config, "all rows again", Dataset::clone);
    assert!(again.set_coverage.is_empty(), "these are the training rows");
}

#[test]
fn a_page_needs_nothing_else_and_holds_what_the_json_holds() {
    let report = report();
    let (html, json) = (report.to_html().unwrap(), report.to_json().unwrap());
    assert_eq!(report.to_html().unwrap(), html);
    for (number, other) in [("http://", "http://www.w3.org/2000/svg"), ("https://", "")] {
        let strays = html
            .match_indices(number)
            .filter(|(at, _)| other.is_empty() || !html[*at..].starts_with(other));
        assert_eq!(strays.count(), 0, "{number}");
    }
    assert!(!html.contains("<script") && !html.contains("<link") && !html.contains("src="));
    assert!(html.contains("small &lt;model&gt;") && !html.contains("small <model>"));
    // Two sets of rows with six pictures each, the importance, the contributions, the dependence on two
    // features, and one nomogram.
    assert_eq!(html.matches("<svg").count(), 2 * 6 + 2 + 2 + 1);
    let contributions = report.contributions.as_ref().unwrap();
    assert!(contributions.is_exact && contributions.explained == "yes");
    assert_eq!(contributions.players[0].name, "a");
    assert!(contributions.players[0].mean_magnitude > 0.1);
    let dependence = &contributions.players[0].dependence;
    let means: Vec<f64> = dependence.iter().map(|point| point.mean).collect();
    assert!(means[0] < -0.1 && means[means.len() - 1] > 0.1, "{means:?}");
    assert!(dependence.iter().all(|point| point.n_rows >= 5));
    assert!(report.set_coverage.is_empty(), "the bundle has no prediction sets");

    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["model"]["digest"].as_str().unwrap().len(), 64);
    assert!(html.contains(json["model"]["digest"].as_str().unwrap()));
    for own in json["assessments"].as_array().unwrap() {
        let found = &own["discrimination"]["auc"];
        for number in
            [&found["auc"], &found["logit"]["lower"], &own["calibration"]["brier"]["score"]]
        {
            assert!(html.contains(&format!("{:.4}", number.as_f64().unwrap())), "{number}");
        }
        let names: Vec<&str> = own["cutoffs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|at| at["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["0.5", "screening", "balanced"]);
        let screening = &own["cutoffs"][1];
        if own["rows"] == "held-out folds" {
            assert!(screening["sensitivity"]["value"].as_f64().unwrap() >= 0.9);
        }
    }
    assert_eq!(json["tripod"].as_array().unwrap().len(), 52);
    assert_eq!(json["importance"][0]["feature"], "a");
    assert_eq!(json["nomograms"][0][0], "linear");
    assert_eq!(json["model"]["combiner"]["text"], "soft vote: linear 1, trees 2");
    assert_eq!(json["model"]["calibrator"], serde_json::Value::Null);
    assert_eq!(json["characteristics"][1]["n_seen"], 200);
    assert!(html.contains("200 of 200 rows have the same values"));
    assert!(html.contains("fitted to the other folds"), "held-out folds are explained");
    if let Some(folder) = std::env::var_os("NOMOGRAM_PICTURES") {
        std::fs::write(std::path::Path::new(&folder).join("report.html"), html).unwrap();
    }
}

#[test]
fn a_card_is_markdown_with_the_same_numbers() {
    let report = report();
    let card = report.to_markdown().unwrap();
    assert!(card.starts_with("# small <model> 1\n"), "{card}");
    let auc = report.assessments[0].discrimination.as_ref().unwrap().auc.auc;
    assert!(card.contains(&format!("| ensemble | {auc:.4} |")), "{card}");
    assert!(card.contains("- cutoff screening ("), "{card}");
    assert!(card.contains("**17** Ethical approval: *to be written*"), "{card}");
}

#[test]
fn the_nomogram_gives_the_probabilities_of_its_member() {
    let config = TrainingConfig::from_yaml(CONFIG).unwrap();
    let dataset = dataset(&config);
    let trained = train(&config, &dataset, &mut |_: usize, _: usize, _: &str| {}).unwrap();
    let scales = nomograms(&unseal(&trained.bundle).unwrap().0, &dataset);
    let [(_, chart)] = scales.as_slice() else { panic!("{scales:?}") };
    let points = |feature: usize, value: &str| {
        let axis = &chart.features[feature];
        let tick = axis.ticks.iter().find(|(label, _)| label == value);
        tick.unwrap_or_else(|| panic!("no {value} in {axis:?}")).1
    };
    assert_eq!(chart.features[0].name, "a (mg/dL)");
    let total = points(0, "4") + points(1, "8");
    // Between the two ticks around the sum, the logit is a straight line.
    let ticks = &chart.probabilities.ticks;
    let above = ticks.iter().position(|(_, at)| *at >= total).unwrap();
    let [(low, from), (high, to)] = [&ticks[above - 1], &ticks[above]];
    let logit = |text: &str| {
        let p: f64 = text.parse().unwrap();
        nomogram::numeric::ln(p / (1.0 - p))
    };
    let share = (total - from) / (to - from);
    let read = logit(low) + share * (logit(high) - logit(low));
    let mut session = nomogram::Session::new(trained.model.clone());
    let prediction = session.predict_row(&[4.0, 8.0]).unwrap();
    assert!((read - prediction.margins()[0]).abs() < 1e-9, "{read} {:?}", prediction.margins());
}

#[test]
fn a_nomogram_has_scales_for_levels_and_for_curves() {
    let yaml = r#"
model: { name: mixed, version: "1" }
data:
  missing: [""]
  target: { column: y, negative: "no", positive: "yes" }
  features:
    - { name: age, kind: integer, unit: a, policy: { missing: impute } }
    - { name: stage, kind: category, levels: [I, II, III] }
    - { name: dose }
inputs:
  curved: [{ impute: {} }, { one_hot: {} }, { spline: { knots: 4, of: [age] } }, { standard_scale: {} }]
  mixed: [{ impute: {} }, { one_hot: {} }, { pca: { n_components: 2 } }]
seed: 5
validation: { n_folds: 3, min_auc: 0.6 }
members:
  - { name: curved, input: curved, weight: 1.0, learner: { logistic_regression: { c: 1.0, class_weight: equal } } }
  - { name: mixed, input: mixed, weight: 1.0, learner: { logistic_regression: { c: 1.0, class_weight: equal } } }
allow_uninformative_members: true
combiner: soft_vote
cutoffs: [{ name: balanced, rule: youden }]
"#;
    let config = TrainingConfig::from_yaml(yaml).unwrap();
    let mut table = String::from("y,age,stage,dose\n");
    for row in 0..300_i32 {
        let (age, stage) = (20 + row * 37 % 61, row * 7 % 3);
        // Risk is highest in the middle of the ages, and grows with the stage.
        let score = (age - 50) * (age - 50) - 200 * stage + row * 53 % 300;
        let class = if score < 300 { "yes" } else { "no" };
        let age = if row % 20 == 3 { String::new() } else { age.to_string() };
        let stage = ["I", "II", "III"][usize::try_from(stage).unwrap()];
        writeln!(table, "{class},{age},{stage},{}", row % 10).unwrap();
    }
    let dataset = Dataset::from_csv("table", table.as_bytes(), &config.data).unwrap();
    let trained = train(&config, &dataset, &mut |_: usize, _: usize, _: &str| {}).unwrap();
    let scales = nomograms(&unseal(&trained.bundle).unwrap().0, &dataset);
    let [(name, chart)] = scales.as_slice() else { panic!("the member of components has none") };
    assert_eq!(name, "curved");
    let names: Vec<&str> = chart.features.iter().map(|axis| axis.name.as_str()).collect();
    assert_eq!(names, ["age (a)", "age (a)", "stage", "dose"], "the curve of age turns once");
    let labels = |axis: usize| chart.features[axis].ticks.iter().map(|(label, _)| label.as_str());
    assert_eq!(labels(0).next_back(), labels(1).next(), "the turn is on both scales");
    assert_eq!(labels(2).collect::<Vec<_>>(), ["I", "II", "III"]);

    // Points are proportional to what a feature adds, whatever the other features are.
    let points = |label: &str, axis: usize| {
        chart.features[axis].ticks.iter().find(|(own, _)| own == label).unwrap().1
    };
    let mut session = nomogram::Session::new(trained.model.clone());
    let mut margin = |age: f64, stage: f64, dose: f64| {
        session.predict_row(&[age, stage, dose]).unwrap().margins()[0]
    };
    let young = labels(0).next().unwrap().to_owned();
    let by_age = margin(50.0, 0.0, 3.0) - margin(young.parse().unwrap(), 0.0, 3.0);
    let by_stage = margin(35.0, 2.0, 8.0) - margin(35.0, 0.0, 8.0);
    let age_points =
        points("50", usize::from(labels(1).any(|label| label == "50"))) - points(&young, 0);
    let ratio = (points("III", 2) - points("I", 2)) / age_points;
    assert!((ratio - by_stage / by_age).abs() < 1e-9, "{ratio}, {}", by_stage / by_age);
}

/// Rows with weights and patients, evaluated by a model that was trained on twice as many.
fn external_report(many_classes: bool) -> Report {
    let classes = 12;
    let target = match many_classes {
        true => {
            let names: Vec<String> = (0..classes).map(|class| format!("c{class}")).collect();
            format!("{{ column: y, classes: [{}] }}", names.join(", "))
        }
        false => "{ column: y, negative: \"no\", positive: \"yes\" }".into(),
    };
    let yaml = format!(
        "
model: {{ name: small, version: '1' }}
data:
  weight: w
  patient: p
  target: {target}
  features:
    - {{ name: a }}
    - {{ name: stage, kind: category, levels: [II, missing, I], policy: {{ missing: impute }} }}
seed: 5
validation: {{ n_folds: 3, min_auc: 0.5 }}
members:
  - {{ name: bayes, input: scaled, weight: 1.0, learner: {{ naive_bayes: {{ var_smoothing: 1.0e-9 }} }} }}
combiner: soft_vote
allow_uninformative_members: true
report: {{ subgroups: [stage, {{ feature: a, at: [5, 10] }}] }}
"
    );
    let config = TrainingConfig::from_yaml(&yaml).unwrap();
    let mut table = String::from("y,a,stage,w,p\n");
    for row in 0..240_usize {
        let class = row * 7 % classes;
        let name = match (many_classes, class < 5) {
            (true, _) => format!("c{class}"),
            (false, true) => "yes".into(),
            (false, false) => "no".into(),
        };
        let stage = ["I", "II", "missing", ""][row % 4];
        let (a, weight) = (class + row * 3 % 4, if class < 5 { 2.5 } else { 1.0 });
        writeln!(table, "{name},{a},{stage},{weight},p{}", row / 2).unwrap();
    }
    let dataset = Dataset::from_csv("table", table.as_bytes(), &config.data).unwrap();
    let table = Table::from_csv("table", table.as_bytes(), &config.data.table_format()).unwrap();
    let trained = train(&config, &dataset, &mut |_: usize, _: usize, _: &str| {}).unwrap();
    let (parts, _) = unseal(&trained.bundle).unwrap();
    let half = dataset.select(&(0..120).collect::<Vec<_>>());
    let predictions = Predictions::of(&trained.model, &half).unwrap();
    let file = EvaluatedFile { name: "other.csv".into(), sha256: "ab12".into() };
    Report::new(&Inputs {
        model: &trained.model,
        parts: &parts,
        rows: &[PredictedRows { name: "all rows", dataset: &half, predictions: &predictions }],
        config: &config,
        validation: &validate(&table, &config.data).unwrap(),
        training: None,
        evaluated_file: Some(&file),
        known_rows: None,
    })
    .unwrap()
}

#[test]
fn an_external_validation_names_its_file_its_weights_and_its_patients() {
    let report = external_report(false);
    assert_eq!(report.title, "External validation of small 1 on other rows: other.csv");
    let (html, card) = (report.to_html().unwrap(), report.to_markdown().unwrap());
    assert!(html.contains("<h1>External validation of small 1"), "the title is on the page");
    assert!(html.contains("ab12") && card.contains("ab12"), "the digest of the file");
    let own = &report.assessments[0];
    let weighting = own.weighting.as_ref().unwrap();
    assert_eq!((own.n_rows, own.n_events, own.n_patients), (120, 50, Some(60)));
    assert_eq!((weighting.sum, weighting.sum_of_events), (195.0, 125.0));
    assert!(html.contains("120 rows of 60 patients, 50 of them"));
    assert!(html.contains("The weights sum to 195, of <code>yes</code> to 125"));
    assert!(html.contains("Unweighted: numbers of rows"), "what does not follow the weights");
    assert!(card.contains("Weights sum to 195;"), "{card}");
    assert!(html.contains("Percentile intervals of 500 bootstrap replicates"));
    assert!(html.contains("<td>no</td></tr>"), "the other class has its name");
    assert!(html.contains("at the cutoff 0.5."));
    assert_eq!(html.matches("0.5000 or more").count(), 1, "each cutoff once");
    let levels: Vec<(&str, bool)> = own.subgroups[0]
        .groups
        .iter()
        .map(|group| (group.level.as_str(), group.is_missing))
        .collect();
    let expected = [("II", false), ("missing", false), ("I", false), ("missing", true)];
    assert_eq!(levels, expected, "in the declared order");
    assert!(html.contains("<td><i>no value</i></td>"));
    let ranges: Vec<&str> =
        own.subgroups[1].groups.iter().map(|group| group.level.as_str()).collect();
    assert_eq!(ranges, ["below 5", "from 5 to below 10", "from 10 on"]);
}

#[test]
fn many_classes_have_one_table_each_and_no_curves() {
    let report = external_report(true);
    assert_eq!(report.assessments.len(), 12);
    let html = report.to_html().unwrap();
    assert_eq!(html.matches("<svg").count(), 3, "importance in two ways, and dependence");
    assert!(html.contains("With so many classes, curves"));
    for class in 0..12 {
        assert!(html.contains(&format!("Performance: all rows, c{class}<")), "{class}");
    }
}
